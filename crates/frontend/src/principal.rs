//! Entries of principals (CITE PRI-4, PRI-8), and in [`element`] where they stand.

mod element;

pub(crate) use element::{KINDS, Top};

use camshaft_value::{alphabet, principal::ProviderKind};

use crate::{
    diagnostic::code,
    finding::Finding,
    policy::PrincipalEntry,
    setting::Setting,
    template::{self, Filled, Variables, short},
};

/// The member of a principal object that an entry stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Member {
    Qcs,
    Service,
    Federated,
}

/// Reads one entry. `None` when it depends on a built-in parameter whose account is not known, which
/// happens in no kind of document that names principals.
pub(crate) fn read(
    text: &str,
    member: Member,
    setting: &Setting<'_>,
) -> Result<Option<PrincipalEntry>, Finding> {
    if text == "*" && member == Member::Qcs {
        return Ok(Some(PrincipalEntry::Everyone));
    }
    let parts = template::read(text, Variables::Nowhere, setting)?;
    let mut segments = Vec::with_capacity(6);
    for segment in template::split(&parts, ':', 6) {
        match template::fill(&segment)? {
            Filled::Text(segment) => segments.push(segment),
            Filled::Unvalued => return Ok(None),
        }
    }
    let segments: Vec<&str> = segments.iter().map(AsRef::as_ref).collect();
    let entry = match member {
        Member::Service => match segments.as_slice() {
            [domain] if alphabet::is_domain(domain) => {
                Some(PrincipalEntry::Service { domain: (*domain).into() })
            }
            _ => None,
        },
        Member::Qcs => qcs(&segments),
        Member::Federated => qcs(&segments).filter(|entry| matches!(entry, PrincipalEntry::Provider { .. })),
    };
    entry.map(Some).ok_or_else(|| fault(text, member, &segments))
}

/// `qcs::cam::…:…`.
fn qcs(segments: &[&str]) -> Option<PrincipalEntry> {
    let ["qcs", "", "cam", "", account, last] = *segments else { return None };
    match (account, last) {
        ("anyone", "anyone") => return Some(PrincipalEntry::Anyone),
        ("anonymous", "anonymous") => return Some(PrincipalEntry::Anonymous),
        _ => {}
    }
    let root = account.strip_prefix("uin/").filter(|root| alphabet::is_number(root))?;
    if last == "root" {
        return Some(PrincipalEntry::Root { root: root.into() });
    }
    let (kind, name) = last.split_once('/')?;
    let boxed: Box<str> = root.into();
    let number = || alphabet::is_number(name).then(|| Box::<str>::from(name));
    let named = || alphabet::is_name(name).then(|| Box::<str>::from(name));
    Some(match kind {
        "uin" if name == root => PrincipalEntry::Root { root: boxed },
        "uin" => PrincipalEntry::SubAccount { root: boxed, uin: number()? },
        "groupid" => PrincipalEntry::Group { root: boxed, id: number()? },
        "roleName" => PrincipalEntry::RoleName { root: boxed, name: named()? },
        "role" => match name.strip_prefix("tencentcloudServiceRoleName/") {
            Some(name) if alphabet::is_name(name) => {
                PrincipalEntry::ServiceRole { root: boxed, name: name.into() }
            }
            Some(_) => return None,
            None => PrincipalEntry::RoleId { root: boxed, id: number()? },
        },
        "service" => PrincipalEntry::AccountService { root: boxed, name: named()? },
        "saml-provider" => PrincipalEntry::Provider { root: boxed, kind: ProviderKind::Saml, name: named()? },
        "oidc-provider" => PrincipalEntry::Provider { root: boxed, kind: ProviderKind::Oidc, name: named()? },
        _ => return None,
    })
}

fn fault(text: &str, member: Member, segments: &[&str]) -> Finding {
    if text.contains('*') {
        let message = format!("the principal `{}` has a wildcard", short(text));
        return Finding::new(code::PRINCIPAL_WILDCARD, message);
    }
    let finding = Finding::new(code::PRINCIPAL_MALFORMED, format!("`{}` is not a principal", short(text)));
    if let Some(placeholder) = text.split_once('<').and_then(|(_, rest)| Some(rest.split_once('>')?.0)) {
        let help = format!("`<{}>` looks like a placeholder: replace it by a real id", short(placeholder));
        return finding.help(help);
    }
    match member {
        Member::Service => finding.help("name the domain of the service, such as `cdn.cloud.tencent.com`"),
        Member::Federated => finding.help(
            "write `qcs::cam::uin/<root>:saml-provider/<name>` or `qcs::cam::uin/<root>:oidc-provider/<name>`",
        ),
        Member::Qcs if segments.first() != Some(&"qcs") && text.chars().all(|c| c.is_ascii_digit()) => {
            finding.suggest(format!("qcs::cam::uin/{text}:root")).help("write `qcs::cam::uin/<root>:uin/<user>`")
        }
        Member::Qcs => finding.help(
            "write `qcs::cam::uin/<root>:` and then `root`, `uin/<user>`, `groupid/<id>`, `roleName/<name>`, \
             `role/<id>`, `service/<name>`, `saml-provider/<name>` or `oidc-provider/<name>`",
        ),
    }
}

/// The text of an entry of `qcs`, `service` or `federated`, and which of these it belongs to.
pub(crate) fn text(entry: &PrincipalEntry) -> (&'static str, String) {
    let of = |root: &str, last: &str, name: &str| format!("qcs::cam::uin/{root}:{last}/{name}");
    match entry {
        PrincipalEntry::Everyone => ("qcs", "*".to_owned()),
        PrincipalEntry::Anyone => ("qcs", "qcs::cam::anyone:anyone".to_owned()),
        PrincipalEntry::Anonymous => ("qcs", "qcs::cam::anonymous:anonymous".to_owned()),
        PrincipalEntry::Root { root } => ("qcs", of(root, "uin", root)),
        PrincipalEntry::SubAccount { root, uin } => ("qcs", of(root, "uin", uin)),
        PrincipalEntry::Group { root, id } => ("qcs", of(root, "groupid", id)),
        PrincipalEntry::RoleName { root, name } => ("qcs", of(root, "roleName", name)),
        PrincipalEntry::RoleId { root, id } => ("qcs", of(root, "role", id)),
        PrincipalEntry::ServiceRole { root, name } => {
            ("qcs", of(root, "role/tencentcloudServiceRoleName", name))
        }
        PrincipalEntry::AccountService { root, name } => ("qcs", of(root, "service", name)),
        PrincipalEntry::Service { domain } => ("service", domain.to_string()),
        PrincipalEntry::Provider { root, kind, name } => {
            let last = match kind {
                ProviderKind::Saml => "saml-provider",
                ProviderKind::Oidc => "oidc-provider",
            };
            ("federated", of(root, last, name))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{policy::Kind, testing::Fixture};

    fn code(text: &str, member: Member) -> Option<u16> {
        let fixture = Fixture::new();
        read(text, member, &fixture.setting(Kind::Trust)).err().map(|finding| finding.code.0)
    }

    #[test]
    fn reads_every_form_and_writes_it_again() {
        for (text, member) in [
            ("*", Member::Qcs),
            ("qcs::cam::anyone:anyone", Member::Qcs),
            ("qcs::cam::anonymous:anonymous", Member::Qcs),
            ("qcs::cam::uin/1:uin/1", Member::Qcs),
            ("qcs::cam::uin/1:uin/2", Member::Qcs),
            ("qcs::cam::uin/1:groupid/3", Member::Qcs),
            ("qcs::cam::uin/1:roleName/a.b", Member::Qcs),
            ("qcs::cam::uin/1:role/4", Member::Qcs),
            ("qcs::cam::uin/1:role/tencentcloudServiceRoleName/x", Member::Qcs),
            ("qcs::cam::uin/1:service/cdn", Member::Qcs),
            ("cdn.cloud.tencent.com", Member::Service),
            ("qcs::cam::uin/1:saml-provider/p", Member::Federated),
            ("qcs::cam::uin/1:oidc-provider/p", Member::Federated),
        ] {
            let fixture = Fixture::new();
            let entry = read(text, member, &fixture.setting(Kind::Trust)).unwrap().unwrap();
            assert_eq!(super::text(&entry).1, text);
        }
        assert_eq!(code("qcs::cam::uin/1:root", Member::Qcs), None);
        assert_eq!(code("qcs::cam::uin/1:saml-provider/p", Member::Qcs), None);
        assert_eq!(code("qcs::cam::uin/${OwnerUin}:roleName/${Name}", Member::Qcs), None);
    }

    #[test]
    fn refuses_everything_else() {
        for (text, expected) in [
            ("", 330),
            ("1", 330),
            ("qcs::cam::uin/1", 330),
            ("qcs::cam::uin/01:uin/2", 330),
            ("qcs::cam::uin/1:uin/", 330),
            ("qcs::cam::uin/1:role/x", 330),
            ("qcs::cam::uin/1:role/tencentcloudServiceRoleName/", 330),
            ("qcs::cam::uin/1:role/tencentcloudServiceRoleName/a b", 330),
            ("qcs::cam::uin/1:user/2", 330),
            ("qcs::sts:1:assumed-role/7", 330),
            ("qcs::cam::uin/1:uin/2:x", 330),
            ("qcs::cam::uin/*:uin/2", 332),
            ("qcs::cam::uin/${uin}:root", 431),
            ("qcs::cam::uin/${X}:root", 434),
        ] {
            assert_eq!(code(text, Member::Qcs), Some(expected), "{text}");
        }
        assert_eq!(code("*", Member::Service), Some(332));
        assert_eq!(code("CDN.x", Member::Service), Some(330));
        assert_eq!(code("qcs::cam::uin/1:root", Member::Federated), Some(330));
    }
}
