//! Entries of actions, resources and principals.

use camshaft_frontend::policy::{
    AccountPattern, ActionEntry, PrincipalEntry, ProjectPattern, ResourceEntry, ResourcePattern,
};
use camshaft_frontend::setting::Setting;

use super::super::known::Known;
use super::super::probe;
use super::{code, pattern};

/// Known actions that are shown.
const MOST_ACTIONS: usize = 8;

/// What an action entry covers.
pub(super) fn action(text: &str, setting: &Setting<'_>, known: &Known) -> Option<String> {
    let entries = probe::action(text, setting)?;
    let mut parts = vec![format!("**action** {}", code(text))];
    if let [entry] = entries.as_slice() {
        parts.push(match entry {
            ActionEntry::All => "Every action of every service. *ACT-5*".into(),
            ActionEntry::Operation { service, operation } => {
                let words = pattern::words(operation);
                format!(
                    "Operations of the service {} whose name {words}; case counts. *ACT-3, ACT-4*",
                    code(service)
                )
            }
        });
    } else {
        parts.push(format!("A set of {} entries of the catalogue. *ACT-7*", entries.len()));
    }
    let covers = |entry: &ActionEntry, action: &str| match entry {
        ActionEntry::All => true,
        ActionEntry::Operation { service, operation } => action
            .split_once(':')
            .is_some_and(|(of, name)| of == &**service && pattern::matches(operation, name)),
    };
    if known.actions.is_empty() {
        parts.extend(made_up(&entries));
        return Some(parts.join("\n\n"));
    }
    let matched: Vec<&str> = known
        .actions
        .iter()
        .map(String::as_str)
        .filter(|action| entries.iter().any(|entry| covers(entry, action)))
        .collect();
    let shown: Vec<String> = matched.iter().take(MOST_ACTIONS).map(|action| code(action)).collect();
    parts.push(match (matched.len(), known.actions.len()) {
        (0, all) => format!("Matches none of the {all} known actions."),
        (some, all) if some > shown.len() => {
            format!("Matches {some} of the {all} known actions: {} …", shown.join(", "))
        }
        (some, all) => format!("Matches {some} of the {all} known actions: {}", shown.join(", ")),
    });
    Some(parts.join("\n\n"))
}

/// Examples where no list of actions is at hand; nothing where the entry names one action.
fn made_up(entries: &[ActionEntry]) -> Option<String> {
    let [ActionEntry::Operation { service, operation }] = entries else { return None };
    let texts = pattern::examples(operation, &["Example", "AnythingElse"]);
    let open = operation.0.iter().any(|piece| !matches!(piece, camshaft_frontend::policy::Piece::Literal(_)));
    let texts: Vec<String> = texts.iter().map(|text| code(&format!("{service}:{text}"))).collect();
    (open && !texts.is_empty()).then(|| format!("Would match {}.", texts.join(", ")))
}

/// What a resource entry covers.
pub(super) fn resource(text: &str, setting: &Setting<'_>) -> Option<String> {
    let pattern = match probe::resource(text, setting)? {
        ResourceEntry::All => {
            return Some(
                "**resource** `*`\n\nEvery resource of every service, region and owner, and APIs that take no resource. *RES-16, RES-17*"
                    .into(),
            );
        }
        ResourceEntry::Segments(pattern) => pattern,
    };
    let owner = match &pattern.account {
        AccountPattern::Own => "the account that owns the policy (empty segment)".to_owned(),
        AccountPattern::Any => "**every** account".to_owned(),
        AccountPattern::Uin(uin) => format!("the account with the uin {}", code(uin)),
        AccountPattern::AppId(appid) => format!("the account with the APPID {}", code(appid)),
        AccountPattern::Unvalued => "depends on the account".to_owned(),
    };
    let or = |value: &Option<Box<str>>, all: &str| value.as_deref().map_or_else(|| all.to_owned(), code);
    let mut lines = vec![
        format!("**resource** {}", code(text)),
        String::new(),
        format!("- service: {}", or(&pattern.service, "**every** service")),
        format!("- region: {}", or(&pattern.region, "every region")),
        format!("- owner: {owner}"),
        format!("- resource: {}", pattern::words(&pattern.path)),
    ];
    if pattern.project != ProjectPattern::Any {
        lines.insert(2, "- project: one project (`legacy_project`)".into());
    }
    let own = setting.account.map_or("", |account| account.uin);
    let whole = |path: &String| code(&example(&pattern, path, own));
    let list = |texts: Vec<String>| texts.iter().map(whole).collect::<Vec<_>>().join(", ");
    let matched = pattern::examples(&pattern.path, &["example", "a/b", ""]);
    if !matched.is_empty() {
        lines.extend([String::new(), format!("Matches for example {}", list(matched))]);
    }
    let missed = pattern::near_misses(&pattern.path);
    if !missed.is_empty() {
        lines.extend([String::new(), format!("Does not match {}", list(missed))]);
    }
    lines.extend([String::new(), "*RES-4 to RES-14*".into()]);
    Some(lines.join("\n"))
}

/// A resource of a request.
fn example(pattern: &ResourcePattern, path: &str, own: &str) -> String {
    let service = pattern.service.as_deref().unwrap_or("cvm");
    let region = pattern.region.as_deref().unwrap_or("ap-guangzhou");
    let account = match &pattern.account {
        AccountPattern::Uin(uin) => format!("uin/{uin}"),
        AccountPattern::AppId(appid) => format!("uid/{appid}"),
        _ => format!("uin/{own}"),
    };
    format!("qcs::{service}:{region}:{account}:{path}")
}

/// Whom an entry of a principal admits.
pub(super) fn principal(member: &str, text: &str, setting: &Setting<'_>) -> Option<String> {
    use PrincipalEntry as P;
    let whom = match probe::principal(member, text, setting)? {
        P::Everyone => "Everyone, signed or not.".into(),
        P::Anyone => "Everyone, signed or not; see EVA-14.".into(),
        P::Anonymous => "Callers that do not sign their requests.".into(),
        P::Root { root } => format!(
            "The root account {}. In a trust policy, and in a resource policy of another owner, every identity of it. *PRI-6*",
            code(&root)
        ),
        P::SubAccount { root, uin } => {
            format!("The sub-account {} of {}, also through a federated session.", code(&uin), code(&root))
        }
        P::Group { root, id } => format!("Members of the group {} of {}. *PRI-9*", code(&id), code(&root)),
        P::RoleName { root, name } => format!("Sessions of the role {} of {}.", code(&name), code(&root)),
        P::RoleId { root, id } => {
            format!("Sessions of the role with the id {} of {}.", code(&id), code(&root))
        }
        P::ServiceRole { root, name } => {
            format!("Sessions of the service-linked role {} of {}.", code(&name), code(&root))
        }
        P::AccountService { root, name } => {
            format!("The service {} acting for {}.", code(&name), code(&root))
        }
        P::Service { domain } => format!("The cloud service {}.", code(&domain)),
        P::Provider { root, name, .. } => {
            format!("Assertions of the identity provider {} of {}.", code(&name), code(&root))
        }
    };
    Some(format!("**principal** {}\n\n{whom} *PRI-4*", code(text)))
}
