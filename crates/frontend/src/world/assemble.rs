//! From a [`raw::World`] to a [`PolicySet`]: references resolved, documents read where they are attached.
//!
//! A document is read once for each kind it is attached as, and once for each account only where its
//! reading depends on the account (CITE VAR-7). Nothing stops at an error; the caller drops the result if
//! there is one.

use std::collections::HashMap;

use super::account;
use super::library::{Ahead, Library};
use super::memory::Origin;
use super::names::{FULL_ACCESS, Qualified};
use super::scope::{self, Owners};
use super::{raw, shared::Shared};
use crate::diagnostic::{Diagnostic, code};
use crate::document::Document;
use crate::outline::Outline;
use crate::parallel;
use crate::policy::{self, Kind, PolicyId, PolicySet, ResourcePattern};
use crate::setting::{Catalogue, Owner, Parameters, Setting};
use crate::spelling;

/// How many unknown references get a suggestion; to look for one takes time.
const MOST_SUGGESTIONS: usize = 100;

/// Among how many names it is looked for.
const MOST_CANDIDATES: usize = 5_000;

/// How many policies are read ahead at a time; what becomes of them is kept, their trees are not.
const BATCH: usize = 4_096;

/// What is known of the world beside its accounts.
pub(crate) struct Ground<'w> {
    pub(super) world: &'w raw::World,
    pub(super) parameters: Parameters,
    pub(super) catalogue: Catalogue,
}

impl<'w> Ground<'w> {
    fn setting<'s>(&'s self, attachment: Attachment<'w>, scope: Option<&'s ResourcePattern>) -> Setting<'s> {
        let Attachment { kind, preset, account, unknown } = attachment;
        let options = &self.world.options;
        let account = account.filter(|account| !account.uin.text.is_empty());
        Setting {
            kind,
            preset,
            account: account.map(|account| Owner {
                uin: &account.uin.text,
                appid: account.appid.as_ref().map(|appid| &*appid.text),
            }),
            parameters: &self.parameters,
            builtin_parameters: options.builtin_parameters,
            catalogue: &self.catalogue,
            legacy_project: options.legacy_project,
            strict: options.strict,
            limits: &options.limits,
            scope,
            unknown_account: unknown || account.is_none(),
        }
    }
}

/// Where a document is read.
#[derive(Clone, Copy)]
pub(super) struct Attachment<'w> {
    pub(super) kind: Kind,
    pub(super) preset: bool,
    pub(super) account: Option<&'w raw::Account>,
    /// As it binds sub-accounts of accounts that are not known (CITE EVA-8).
    pub(super) unknown: bool,
}

impl<'w> Attachment<'w> {
    pub(super) fn own(kind: Kind, account: &'w raw::Account) -> Self {
        Self { kind, preset: false, account: Some(account), unknown: false }
    }
}

/// The policies in the making. Ids are provisional until [`Assembly::finish`] sorts them.
pub(super) struct Bench<'w, 'f> {
    pub(super) ground: Ground<'w>,
    pub(super) library: Library<'f>,
    /// Each with the uin of the account it was read for, empty where that makes no difference.
    policies: Vec<(policy::Policy, Box<str>)>,
    /// What a memory knows each of them by.
    origins: Vec<Option<Origin>>,
    /// Of accepted documents, with provisional ids.
    pub(super) outlines: Vec<Outline>,
    pub(super) statements: usize,
}

impl<'w, 'f> Bench<'w, 'f> {
    pub(super) fn new(ground: Ground<'w>, library: Library<'f>) -> Self {
        Self {
            ground,
            library,
            policies: Vec::new(),
            origins: Vec::new(),
            outlines: Vec::new(),
            statements: 0,
        }
    }

    /// Reads a document and reports on it.
    pub(super) fn read(
        &mut self,
        document: &Document,
        attachment: Attachment<'w>,
        scope: Option<&ResourcePattern>,
    ) -> Option<Vec<policy::Statement>> {
        let setting = self.ground.setting(attachment, scope);
        let statements = self.library.read(document, &setting)?;
        // What has no value in an unknown account is not what its author wrote.
        if !(attachment.unknown && document.uses_template()) {
            self.outlines.extend(self.library.outline(document, &setting));
        }
        Some(statements)
    }

    /// Reads documents in place on all threads, each of which will be asked for in this setting.
    pub(super) fn read_ahead<'s>(
        &mut self,
        documents: impl Iterator<Item = (raw::Place, Attachment<'w>, Option<&'s ResourcePattern>)>,
    ) {
        let ground = &self.ground;
        let documents =
            documents.map(|(at, attachment, scope)| Ahead { at, setting: ground.setting(attachment, scope) });
        self.library.read_ahead(ground, documents.collect());
    }

    /// Takes accepted statements under a name.
    pub(super) fn keep(
        &mut self,
        name: Box<str>,
        kind: Kind,
        document: &Document,
        statements: Vec<policy::Statement>,
        uin: &str,
    ) -> PolicyId {
        let id = PolicyId(u32::try_from(self.policies.len()).unwrap_or(u32::MAX));
        self.statements += statements.len();
        let source = self.library.source_name(document);
        let origin = document.origin.as_ref().filter(|(of, _)| *of == kind);
        self.origins.push(origin.map(|(_, origin)| origin.clone()));
        // The document was read just now.
        if let Some(outline) = self.outlines.last_mut()
            && (outline.source, outline.span) == (document.index, document.span)
        {
            (outline.policy, outline.name) = (Some(id), name.clone());
        }
        self.policies.push((policy::Policy { name, kind, source, statements }, uin.into()));
        id
    }

    /// A document in place, of an account.
    pub(super) fn inline(
        &mut self,
        name: String,
        document: &raw::Document,
        attachment: Attachment<'w>,
    ) -> Option<PolicyId> {
        let document = self.library.open(document)?;
        let statements = self.read(&document, attachment, None)?;
        let uin = attachment.account.map_or("", |account| &account.uin.text);
        Some(self.keep(name.into(), attachment.kind, &document, statements, uin))
    }
}

/// Assembles a world.
pub(super) struct Assembly<'w, 'f> {
    pub(super) bench: Bench<'w, 'f>,
    pub(super) qualified: Qualified<'w>,
    pub(super) presets: Vec<Shared<'w>>,
    pub(super) preset_by_name: HashMap<&'w str, usize>,
    /// General policies: presets, and documents in place.
    general: Vec<General<'w>>,
    pub(super) levels: HashMap<&'w str, &'w [Vec<raw::Reference>]>,
    unattached: Vec<Diagnostic>,
    suggestions_left: usize,
    set: PolicySet,
}

/// What is left when everything is read.
pub(super) struct Finished<'f> {
    pub(super) set: PolicySet,
    pub(super) library: Library<'f>,
    pub(super) parameters: Parameters,
    pub(super) catalogue: Catalogue,
    /// CAM0540.
    pub(super) unattached: Vec<Diagnostic>,
    pub(super) outlines: Vec<Outline>,
}

enum General<'w> {
    Preset(usize),
    Inline(Box<Shared<'w>>),
}

impl<'w, 'f> Assembly<'w, 'f> {
    pub(super) fn new(ground: Ground<'w>, library: Library<'f>) -> Self {
        let world = ground.world;
        let mut presets = vec![Shared::builtin()];
        presets.extend(world.presets.iter().map(Shared::preset));
        let mut preset_by_name = HashMap::with_capacity(presets.len());
        for (at, preset) in presets.iter().enumerate() {
            preset_by_name.entry(preset.name()).or_insert(at);
        }
        let levels = world.organization.iter().map(|entry| (&*entry.account.text, &*entry.levels)).collect();
        let set = PolicySet { options: (&world.options).into(), ..PolicySet::default() };
        Self {
            bench: Bench::new(ground, library),
            qualified: Qualified::new(world),
            presets,
            preset_by_name,
            general: Vec::new(),
            levels,
            unattached: Vec::new(),
            suggestions_left: MOST_SUGGESTIONS,
            set,
        }
    }

    /// Reads everything. The order of the parts decides only which place reports a finding that several share.
    pub(super) fn run(&mut self) {
        let world = self.bench.ground.world;
        let mut accounts: Vec<&raw::Account> = world.accounts.iter().collect();
        accounts.sort_by_key(|account| &account.uin.text);
        self.general();
        for batch in
            parallel::chunks(&accounts, BATCH, |account| account.policies.len() + account.users.len())
        {
            self.bench.read_ahead(batch.iter().flat_map(|account| account::in_place(account)));
            for account in batch {
                let read = self.account(account);
                self.set.accounts.push(read);
            }
        }
        self.organization(&accounts);
        self.resource_policies(&accounts);
        self.leftover_presets();
        self.set.prerequisites = world.prerequisites.iter().map(prerequisite).collect();
        self.set.prerequisites.sort_by(|a, b| a.action.cmp(&b.action));
    }

    // ------------------------------------------------------------------------------------------ references

    fn suggestion<'c>(&mut self, name: &str, candidates: impl Iterator<Item = &'c str>) -> Option<&'c str> {
        self.suggestions_left = self.suggestions_left.checked_sub(1)?;
        spelling::nearest(name, candidates.take(MOST_CANDIDATES))
    }

    /// CAM0340, with the nearest name there is.
    pub(super) fn unknown<'c>(
        &mut self,
        what: &str,
        name: &raw::Name,
        candidates: impl Iterator<Item = &'c str>,
    ) {
        let near = self.suggestion(&name.text, candidates).map(String::from);
        let message = format!("there is no {what} `{}`", name.text);
        let diagnostic = self.bench.library.report(code::REFERENCE_UNKNOWN, name.at, message);
        if let Some(near) = near {
            let mut literal = String::new();
            crate::json::write_string(&mut literal, &near);
            diagnostic.fix = Some(crate::diagnostic::Fix::suggestion(name.at.span, literal));
            diagnostic.help = Some(format!("did you mean `{near}`?"));
        }
    }

    pub(super) fn unattached(&mut self, name: &raw::Name, what: &str) {
        let message = format!("the {what} `{}` is attached to nothing", name.text);
        self.unattached.push(Diagnostic::new(code::UNUSED_POLICY, name.at.source, name.at.span, message));
    }

    // ----------------------------------------------------------------------------------- beside the accounts

    fn general(&mut self) {
        for reference in &self.bench.ground.world.general {
            let name = match reference {
                raw::Reference::Document(index, document) => {
                    let shared = Shared::general(format!("general.{index}").into(), document);
                    self.general.push(General::Inline(Box::new(shared)));
                    continue;
                }
                raw::Reference::Name(name) => name,
            };
            match self.preset_by_name.get(&*name.text) {
                Some(at) => self.general.push(General::Preset(*at)),
                None => {
                    let presets = self.bench.ground.world.presets.iter().map(|preset| &*preset.name.text);
                    self.unknown("preset", name, presets.chain([FULL_ACCESS]));
                }
            }
        }
        self.set.general_unknown = self.general_policies(None);
    }

    /// The general policies as they bind sub-accounts of an account, or of one that is not known.
    pub(super) fn general_policies(&mut self, account: Option<&'w raw::Account>) -> Vec<PolicyId> {
        let mut ids = Vec::with_capacity(self.general.len());
        for general in &mut self.general {
            let shared = match general {
                General::Preset(at) => &mut self.presets[*at],
                General::Inline(shared) => shared,
            };
            ids.extend(shared.attach(&mut self.bench, Kind::Identity, account));
        }
        ids
    }

    /// Entries for accounts that do not exist; the others were read with their account.
    fn organization(&mut self, accounts: &[&'w raw::Account]) {
        for entry in &self.bench.ground.world.organization {
            let uin = &entry.account;
            let known = accounts.binary_search_by(|account| account.uin.text.cmp(&uin.text)).is_ok();
            if known || uin.text.is_empty() {
                continue;
            }
            self.unknown("account", uin, accounts.iter().map(|account| &*account.uin.text));
            for document in entry.levels.iter().flatten() {
                if let raw::Reference::Document(_, document) = document {
                    let nowhere = Attachment { kind: Kind::Scp, preset: false, account: None, unknown: true };
                    if let Some(document) = self.bench.library.open(document) {
                        self.bench.read(&document, nowhere, None);
                    }
                }
            }
        }
    }

    fn resource_policies(&mut self, accounts: &[&'w raw::Account]) {
        let owners = Owners::new(accounts);
        for batch in self.bench.ground.world.resource_policies.chunks(BATCH) {
            let scopes: Vec<_> = batch.iter().map(|policy| self.scope(policy, &owners)).collect();
            let scoped = batch.iter().zip(&scopes).filter_map(|(policy, scope)| {
                let (scope, account) = scope.as_ref()?;
                let account = accounts.get(usize::try_from(*account).ok()?).copied();
                let attachment =
                    Attachment { kind: Kind::Resource, preset: false, account, unknown: account.is_none() };
                match &policy.document {
                    Some(raw::Document::Inline(at)) => Some((*at, attachment, Some(scope))),
                    _ => None,
                }
            });
            self.bench.read_ahead(scoped);
            for (read, scope) in batch.iter().zip(scopes) {
                self.resource_policy(read, scope, accounts);
            }
        }
    }

    fn scope(&mut self, policy: &raw::ResourcePolicy, owners: &Owners<'w>) -> Option<(ResourcePattern, u32)> {
        let ground = &self.bench.ground;
        let scope = policy.scope.as_ref()?;
        scope::read(scope, owners, &ground.parameters, &ground.world.options, &mut self.bench.library)
    }

    fn resource_policy(
        &mut self,
        read: &'w raw::ResourcePolicy,
        scope: Option<(ResourcePattern, u32)>,
        accounts: &[&'w raw::Account],
    ) {
        let Some(document) = &read.document else { return };
        let Some(document) = self.bench.library.open(document) else { return };
        let owner = scope.as_ref().map(|(_, at)| *at);
        let account = owner.and_then(|at| accounts.get(usize::try_from(at).ok()?)).copied();
        let attachment =
            Attachment { kind: Kind::Resource, preset: false, account, unknown: account.is_none() };
        let statements = self.bench.read(&document, attachment, scope.as_ref().map(|(scope, _)| scope));
        let (Some(statements), Some((scope, account))) = (statements, scope) else { return };
        let name = match &read.name {
            Some(name) => name.text.clone(),
            None => format!("rp{}", read.index).into(),
        };
        let policy = self.bench.keep(name, Kind::Resource, &document, statements, "");
        self.set.resource_policies.push(policy::ResourcePolicy { scope, account, policy });
    }

    /// Presets that nothing refers to are read too.
    fn leftover_presets(&mut self) {
        let mut presets = core::mem::take(&mut self.presets);
        for (preset, raw) in presets.iter_mut().skip(1).zip(&self.bench.ground.world.presets) {
            if !preset.is_attached() {
                self.unattached(&raw.name, "preset");
                preset.validate(&mut self.bench);
            }
        }
        self.presets = presets;
    }

    // ---------------------------------------------------------------------------------------------- the end

    /// The policies in an order that does not depend on that of the input, and what was found on the way.
    pub(super) fn finish(mut self) -> Finished<'f> {
        let policies = core::mem::take(&mut self.bench.policies);
        let mut sorted: Vec<_> = (0u32..).zip(policies).collect();
        sorted.sort_by(|(_, (a, a_uin)), (_, (b, b_uin))| {
            (&a.name, a.kind, a_uin).cmp(&(&b.name, b.kind, b_uin))
        });
        let mut new = vec![PolicyId(0); sorted.len()];
        for (at, (old, _)) in (0u32..).zip(&sorted) {
            if let Some(id) = usize::try_from(*old).ok().and_then(|old| new.get_mut(old)) {
                *id = PolicyId(at);
            }
        }
        let mut origins = core::mem::take(&mut self.bench.origins);
        let of = |old: u32| origins.get_mut(usize::try_from(old).ok()?)?.take();
        self.bench.library.set_origins(sorted.iter().map(|(old, _)| *old).map(of).collect());
        self.set.policies = sorted.into_iter().map(|(_, (policy, _))| policy).collect();
        renumber(&mut self.set, &new);
        let Bench { ground: Ground { parameters, catalogue, .. }, library, mut outlines, .. } = self.bench;
        for policy in outlines.iter_mut().filter_map(|outline| outline.policy.as_mut()) {
            *policy = usize::try_from(policy.0).ok().and_then(|old| new.get(old)).copied().unwrap_or(*policy);
        }
        Finished { set: self.set, library, parameters, catalogue, unattached: self.unattached, outlines }
    }
}

fn prerequisite(prerequisite: &raw::Prerequisite) -> policy::Prerequisite {
    let strip = |action: &str| camshaft_value::action::strip_name(action).into();
    let need = |(action, resource): &(raw::Name, raw::Name)| (strip(&action.text), resource.text.clone());
    policy::Prerequisite {
        action: strip(&prerequisite.action.text),
        needs: prerequisite.needs.iter().map(need).collect(),
    }
}

/// Gives every provisional id its final number and makes each list a set.
fn renumber(set: &mut PolicySet, new: &[PolicyId]) {
    let id = |old: PolicyId| usize::try_from(old.0).ok().and_then(|old| new.get(old)).copied().unwrap_or(old);
    let list = |ids: &mut Vec<PolicyId>| {
        ids.iter_mut().for_each(|old| *old = id(*old));
        ids.sort_unstable();
        ids.dedup();
    };
    list(&mut set.general_unknown);
    for policy in &mut set.resource_policies {
        policy.policy = id(policy.policy);
    }
    set.resource_policies.sort_by_key(|policy| policy.policy);
    for account in &mut set.accounts {
        list(&mut account.general);
        account.levels.iter_mut().flatten().for_each(&list);
        account.groups.iter_mut().for_each(|group| list(&mut group.policies));
        for user in &mut account.users {
            list(&mut user.policies);
            user.boundary = user.boundary.map(id);
        }
        for role in &mut account.roles {
            list(&mut role.policies);
            (role.boundary, role.trust) = (role.boundary.map(id), role.trust.map(id));
        }
    }
}
