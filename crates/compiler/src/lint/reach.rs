//! What a set lets its holder, or anybody, reach: CAM0513, CAM0531, CAM0532.

use std::collections::BTreeMap;

use camshaft_frontend::diagnostic::code;
use camshaft_frontend::outline::{Outline, Written};
use camshaft_frontend::policy::{
    AccountPattern, ActionEntry, Effect, Options, Pattern, Piece, PolicyId, PrincipalEntry, ProjectPattern,
    ResourceEntry, ResourcePattern, Statement,
};
use camshaft_frontend::world::IMPLICIT_ACCOUNT;

use super::holding::{Holding, Together};
use super::set::Analyst;
use super::{Document, Input, Report, cover};
use crate::analysis::{Answer, Caller, Directory, Member, Set, Standing};

impl<'a> Analyst<'_, 'a> {
    /// CAM0531, CAM0532 of an identity.
    pub(super) fn reach(
        &mut self,
        holding: &Holding,
        caller: &Caller,
        by_policy: &BTreeMap<PolicyId, &'a Outline>,
        input: &Input<'a>,
        report: &mut Report,
    ) {
        let together = Together::of(self.world, holding, caller, None);
        for policy in &holding.identity {
            let Some(outline) = by_policy.get(policy) else { continue };
            let mut document =
                Document { lints: self.lints, outline, owned: input.owned, report: &mut *report };
            self.escalation(&mut document, &together, Some(*policy));
            self.policy_write(&mut document, &together, Some(*policy));
        }
    }

    /// CAM0531.
    pub(super) fn escalation(
        &mut self,
        document: &mut Document<'_, 'a>,
        together: &Together<'a>,
        policy: Option<PolicyId>,
    ) {
        let own = [own_resources()];
        let full = |statement: &Statement| {
            statement.effect == Effect::Allow
                && statement.condition.is_empty()
                && statement.actions.contains(&ActionEntry::All)
                && statement.resources.contains(&ResourceEntry::All)
        };
        if together.own.iter().any(|(_, statement, _)| full(statement)) {
            return;
        }
        for stated in &document.outline.statements {
            let Some(member) = together.member(policy, stated.meaning.index) else { continue };
            if stated.meaning.effect != Effect::Allow {
                continue;
            }
            for entry in &stated.actions {
                let mut reached: Vec<(&str, String)> = Vec::new();
                for action in ESCALATING {
                    let covers = entry.means.iter().any(|one| cover::action_glob(one).matches(action));
                    if !covers {
                        continue;
                    }
                    match self.allowed(together, &[member], &[exactly(action)], &own, &[]) {
                        Some(Answer::Found(witness)) => reached.push((action, witness.resource)),
                        Some(Answer::None) => {}
                        Some(Answer::Unknown { .. }) | None => document.gave_up(),
                    }
                }
                let Some((first, resource)) = reached.first() else { continue };
                let more = match reached.len() {
                    1 => String::new(),
                    some => format!(" and {} others", some - 1),
                };
                let message =
                    format!("`{}` lets whoever holds this widen permissions: `{first}`{more}", entry.text);
                let found = document.found(stated, code::ESCALATION, entry.span, message);
                found.help =
                    Some(format!("deny these actions or set a boundary; it reaches `{resource}`, for one"));
            }
        }
    }

    /// CAM0532.
    pub(super) fn policy_write(
        &mut self,
        document: &mut Document<'_, 'a>,
        together: &Together<'a>,
        policy: Option<PolicyId>,
    ) {
        for stated in &document.outline.statements {
            let Some(member) = together.member(policy, stated.meaning.index) else { continue };
            if stated.meaning.effect != Effect::Allow {
                continue;
            }
            for entry in &stated.actions {
                let globs: Vec<_> = entry.means.iter().map(cover::action_glob).collect();
                let covered =
                    WRITING.into_iter().filter(|action| globs.iter().any(|glob| glob.matches(action)));
                let actions: Vec<ActionEntry> = covered.map(exactly).collect();
                if actions.is_empty() {
                    continue;
                }
                match self.unreadable(together, member, &actions) {
                    Some(Some(bucket)) => {
                        let message = format!(
                            "`{}` lets its holder open data that the set keeps from them",
                            entry.text
                        );
                        let found = document.found(stated, code::POLICY_WRITE, entry.span, message);
                        found.help = Some(format!(
                            "who writes the policy or the list of `{bucket}` can allow anything there; only `cos:GetObject` and `cos:PutObject` below it are not allowed now"
                        ));
                    }
                    Some(None) => {}
                    None => document.gave_up(),
                }
            }
        }
    }

    /// A bucket whose policy or list the set allows to be written by one of the actions, and below which it allows neither
    /// reading nor writing. `None` if nobody knows, or after too many buckets.
    fn unreadable(
        &mut self,
        together: &Together<'a>,
        member: Member,
        actions: &[ActionEntry],
    ) -> Option<Option<String>> {
        let objects = [exactly("cos:GetObject"), exactly("cos:PutObject")];
        let own: Vec<Member> = together.own.iter().map(|(.., member)| *member).collect();
        // Buckets whose objects some allow names are not looked for.
        let reads = |statement: &Statement| {
            let globs: Vec<_> = statement.actions.iter().map(cover::action_glob).collect();
            ["cos:GetObject", "cos:PutObject"]
                .iter()
                .any(|action| globs.iter().any(|glob| glob.matches(action)))
        };
        let mut except: Vec<ResourceEntry> = together
            .own
            .iter()
            .filter(|(_, statement, _)| statement.effect == Effect::Allow && reads(statement))
            .flat_map(|(_, statement, _)| statement.resources.iter().cloned())
            .collect();
        for round in 0..MOST_BUCKETS {
            // Any bucket at first, if there is nothing special about it.
            let within = match round {
                0 => of_cos(&[Piece::Literal(format!("{ANY_BUCKET}/").into()), Piece::Star]),
                _ => of_cos(&[
                    Piece::Star,
                    Piece::Literal("-".into()),
                    Piece::Star,
                    Piece::Literal("/".into()),
                    Piece::Star,
                ]),
            };
            let witness = match self.allowed(together, &[member], actions, &[within], &except)? {
                Answer::Found(witness) => witness,
                Answer::None if round == 0 => continue,
                Answer::None => return Some(None),
                Answer::Unknown { .. } => return None,
            };
            let path = witness.resource.splitn(6, ':').last().unwrap_or_default();
            let bucket = path.split('/').next().unwrap_or_default().to_owned();
            let below = of_cos(&[Piece::Literal(format!("{bucket}/").into()), Piece::Star]);
            match self.allowed(together, &own, &objects, core::slice::from_ref(&below), &[])? {
                Answer::None if is_bucket(&bucket) => return Some(Some(bucket)),
                Answer::None | Answer::Found(_) => except.push(below),
                Answer::Unknown { .. } => return None,
            }
        }
        None
    }

    /// A request for one of the actions on one of the resources that the set allows, by one of the statements; `None` when
    /// there are no questions left.
    fn allowed(
        &mut self,
        together: &Together<'a>,
        by: &[Member],
        actions: &[ActionEntry],
        resources: &[ResourceEntry],
        except: &[ResourceEntry],
    ) -> Option<Answer> {
        const EVERYTHING: &[ActionEntry] = &[ActionEntry::All];
        let mut set: Set<'_> = together.set.clone();
        let region = set.add_region(actions, resources);
        let by: Vec<Member> = by.iter().copied().filter(|member| !set.is_deny(*member)).collect();
        let mut formula = set.binds(region) & set.any(&by) & together.capped(&mut set);
        if !except.is_empty() {
            let except = set.add_region(EVERYTHING, except);
            formula = formula & !set.binds(except);
        }
        self.ask(&set, &formula)
    }

    /// CAM0513.
    pub(super) fn public(&mut self, document: &mut Document<'_, 'a>) {
        let outline = document.outline;
        let world = self.world;
        let anonymous = |statement: &Statement| {
            statement.principals.iter().flatten().any(|entry| {
                matches!(entry, PrincipalEntry::Everyone | PrincipalEntry::Anyone | PrincipalEntry::Anonymous)
            })
        };
        if !outline
            .statements
            .iter()
            .any(|stated| stated.meaning.effect == Effect::Allow && anonymous(&stated.meaning))
        {
            return;
        }
        // Without a scope it is that of the buckets that the document names, if they are all of one owner.
        let assumed;
        let (scope, uin, appid, directory) = match (&outline.scope, &outline.account) {
            (Some(scope), Some((uin, appid))) => (scope, &**uin, appid.as_deref(), world.directory()),
            _ => {
                let Some((scope, uin, appid)) = assumed_scope(outline) else { return };
                assumed = (scope, uin, appid);
                let (scope, uin, appid) = &assumed;
                let mut directory = Directory::with(&Options::default());
                directory.add(uin.clone().into(), appid.clone().map(Into::into), Vec::new());
                (scope, uin.as_str(), appid.as_deref(), directory)
            }
        };
        let mut set = Set::new(Caller::anonymous(), directory);
        let mut denies = Vec::new();
        let attached = world.set.map_or(&[][..], |set| &set.resource_policies);
        for other in attached.iter().filter(|other| Some(other.policy) != outline.policy) {
            let Some(owner) = world.set.and_then(|set| set.accounts.get(other.account as usize)) else {
                continue;
            };
            let standing = Standing::Scope(&other.scope, &owner.uin, owner.appid.as_deref());
            for statement in world.statements(other.policy) {
                if statement.effect == Effect::Deny && anonymous(statement) {
                    denies.push(set.add(statement, standing));
                }
            }
        }
        let standing = Standing::Scope(scope, uin, appid);
        let mut allows = Vec::new();
        for stated in outline.statements.iter().filter(|stated| anonymous(&stated.meaning)) {
            let member = set.add(&stated.meaning, standing);
            match stated.meaning.effect {
                Effect::Deny => denies.push(member),
                Effect::Allow => allows.push((stated, member)),
            }
        }
        for (stated, member) in allows {
            let formula = set.binds(member) & !set.any(&denies);
            match self.ask(&set, &formula) {
                Some(Answer::Found(witness)) => {
                    let open = |entry: &&Written<PrincipalEntry>| {
                        matches!(
                            entry.means,
                            PrincipalEntry::Everyone | PrincipalEntry::Anyone | PrincipalEntry::Anonymous
                        )
                    };
                    let span =
                        stated.principals.iter().find(open).map_or(stated.effect_span, |entry| entry.span);
                    let message = "callers without a signature are allowed in";
                    let found = document.found(stated, code::PUBLIC, span, message);
                    let when = match witness.context.is_empty() && witness.time.is_none() {
                        true => "",
                        false => ", in some contexts",
                    };
                    found.help = Some(format!(
                        "anybody may `{}` on `{}`{when}; name principals unless it is meant to be public",
                        witness.action, witness.resource
                    ));
                }
                Some(Answer::None) => {}
                Some(Answer::Unknown { .. }) | None => document.gave_up(),
            }
        }
    }
}

/// Buckets that are looked at before a question is given up.
const MOST_BUCKETS: usize = 6;

/// A bucket that documents do not name.
const ANY_BUCKET: &str = "some-bucket-1000000001";

/// What opens a bucket (CAM0532).
const WRITING: [&str; 3] = ["cos:PutBucketPolicy", "cos:PutBucketACL", "cos:PutObjectACL"];

/// What widens permissions (CAM0531).
const ESCALATING: [&str; 16] = [
    "cam:AttachUserPolicy",
    "cam:AttachGroupPolicy",
    "cam:AttachRolePolicy",
    "cam:CreatePolicyVersion",
    "cam:SetDefaultPolicyVersion",
    "cam:UpdatePolicy",
    "cam:AddUserToGroup",
    "cam:UpdateAssumeRolePolicy",
    "cam:DeleteUserPermissionsBoundary",
    "cam:DeleteRolePermissionsBoundary",
    "cam:PutUserPermissionsBoundary",
    "cam:PutRolePermissionsBoundary",
    "cam:DetachUserPolicy",
    "cam:DetachGroupPolicy",
    "cam:DetachRolePolicy",
    "cam:CreateAccessKey",
];

/// One action.
fn exactly(action: &str) -> ActionEntry {
    let (service, operation) = action.split_once(':').unwrap_or((action, ""));
    let operation = Pattern(vec![Piece::Literal(operation.into())]);
    ActionEntry::Operation { service: service.into(), operation }
}

fn segments(service: Option<&str>, account: AccountPattern, path: &[Piece]) -> ResourceEntry {
    ResourceEntry::Segments(ResourcePattern {
        project: ProjectPattern::Any,
        service: service.map(Into::into),
        region: None,
        account,
        path: Pattern(path.to_vec()),
    })
}

/// Whatever the caller's account owns.
fn own_resources() -> ResourceEntry {
    segments(None, AccountPattern::Own, &[Piece::Star])
}

fn of_cos(path: &[Piece]) -> ResourceEntry {
    segments(Some("cos"), AccountPattern::Any, path)
}

/// `<name>-<appid>`.
fn is_bucket(text: &str) -> bool {
    text.rsplit_once('-')
        .is_some_and(|(name, appid)| !name.is_empty() && camshaft_value::alphabet::is_number(appid))
}

/// The scope of everything of COS that the one owner whom a document names has; with the ids of the owner.
fn assumed_scope(outline: &Outline) -> Option<(ResourcePattern, String, Option<String>)> {
    let entries = outline.statements.iter().flat_map(|stated| &stated.resources);
    let mut owners = entries.filter_map(|entry| match &entry.means {
        ResourceEntry::Segments(segments) if segments.service.as_deref() == Some("cos") => {
            Some(&segments.account)
        }
        _ => None,
    });
    let account = owners.next()?.clone();
    if owners.any(|other| *other != account) {
        return None;
    }
    let (uin, appid) = match &account {
        AccountPattern::Uin(uin) => (uin.to_string(), None),
        AccountPattern::AppId(id) => (IMPLICIT_ACCOUNT.to_owned(), Some(id.to_string())),
        _ => return None,
    };
    let ResourceEntry::Segments(scope) = segments(Some("cos"), account, &[Piece::Star]) else { return None };
    Some((scope, uin, appid))
}
