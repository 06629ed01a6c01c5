//! Callers, as requests spell them (CITE REQ-2, REQ-3).

use crate::alphabet::{is_domain, is_name, is_number, is_session_name, split_number};

/// How a role is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RoleName<'a> {
    /// `role/ID` and `assumed-role/ID`.
    Id(&'a str),
    /// `roleName/N`.
    Name(&'a str),
    /// `role/tencentcloudServiceRoleName/N`: service-linked roles only.
    ServiceName(&'a str),
}

/// The protocol of an identity provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProviderKind {
    /// `saml-provider`.
    Saml,
    /// `oidc-provider`.
    Oidc,
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Caller<'a> {
    /// A root account.
    Root {
        /// Its uin.
        uin: &'a str,
    },
    /// A sub-user or collaborator.
    SubAccount {
        /// Uin of the root account.
        root: &'a str,
        /// Its own uin.
        uin: &'a str,
    },
    /// A session of a role.
    Role {
        /// Uin of the role's root account.
        root: &'a str,
        /// The role.
        role: RoleName<'a>,
    },
    /// A federated session; `uin` may be the root account itself.
    Federated {
        /// Uin of the root account.
        root: &'a str,
        /// The user it stands for.
        uin: &'a str,
    },
    /// A cloud service.
    Service {
        /// Its domain.
        domain: &'a str,
    },
    /// A cloud service that acts for one account.
    AccountService {
        /// Uin of the root account.
        root: &'a str,
        /// The service's name.
        name: &'a str,
    },
    /// An assertion of an identity provider.
    Provider {
        /// Uin of the root account.
        root: &'a str,
        /// Its protocol.
        kind: ProviderKind,
        /// Its name.
        name: &'a str,
    },
    /// An unsigned request.
    Anonymous,
}

impl<'a> Caller<'a> {
    /// Reads the principal of a request; `None` when it is malformed (CAM0601).
    pub fn parse(text: &'a str) -> Option<Self> {
        if let Some(domain) = text.strip_prefix("service/") {
            return is_domain(domain).then_some(Self::Service { domain });
        }
        if let Some(rest) = text.strip_prefix("qcs::sts:") {
            return Self::session(rest);
        }
        let rest = text.strip_prefix("qcs::cam:")?;
        if let Some(rest) = rest.strip_prefix(":uin/") {
            let (root, rest) = split_number(rest)?;
            return Self::identity(root, rest.strip_prefix(':')?);
        }
        if rest == ":anonymous:anonymous" {
            return Some(Self::Anonymous);
        }
        let (root, last) = rest.split_once(':')?;
        let uin = last.strip_prefix("uin/")?;
        if is_number(root) { Self::user(root, uin) } else { None }
    }

    /// The uins of root account and sub-account in a text that is known to be `qcs::cam::uin/R:uin/U`;
    /// `length` is that of the first.
    #[inline]
    pub fn uins_of_known(text: &'a str, length: usize) -> Option<(&'a str, &'a str)> {
        let (root, uin) = text.get("qcs::cam::uin/".len()..)?.split_at_checked(length)?;
        Some((root, uin.get(":uin/".len()..)?))
    }

    /// What follows `qcs::cam::uin/R:`.
    fn identity(root: &'a str, last: &'a str) -> Option<Self> {
        if last == "root" {
            return Some(Self::Root { uin: root });
        }
        // PERF: most callers are sub-accounts.
        if let Some(uin) = last.strip_prefix("uin/") {
            return Self::user(root, uin);
        }
        let (kind, name) = last.split_once('/')?;
        match kind {
            "role" => match name.strip_prefix("tencentcloudServiceRoleName/") {
                Some(name) => is_name(name).then_some(Self::Role { root, role: RoleName::ServiceName(name) }),
                None => is_number(name).then_some(Self::Role { root, role: RoleName::Id(name) }),
            },
            "roleName" => is_name(name).then_some(Self::Role { root, role: RoleName::Name(name) }),
            "service" => is_name(name).then_some(Self::AccountService { root, name }),
            "saml-provider" => {
                is_name(name).then_some(Self::Provider { root, kind: ProviderKind::Saml, name })
            }
            "oidc-provider" => {
                is_name(name).then_some(Self::Provider { root, kind: ProviderKind::Oidc, name })
            }
            _ => None,
        }
    }

    fn user(root: &'a str, uin: &'a str) -> Option<Self> {
        is_number(uin).then_some(if root == uin {
            Self::Root { uin }
        } else {
            Self::SubAccount { root, uin }
        })
    }

    /// What follows `qcs::sts:`.
    fn session(rest: &'a str) -> Option<Self> {
        let (root, last) = rest.split_once(':')?;
        if !is_number(root) {
            return None;
        }
        let (kind, name) = last.split_once('/')?;
        match kind {
            "assumed-role" => {
                let (id, session) = name.split_once('/').map_or((name, None), |(id, s)| (id, Some(s)));
                let sound = is_number(id) && session.is_none_or(is_session_name);
                sound.then_some(Self::Role { root, role: RoleName::Id(id) })
            }
            "federated-user" => is_number(name).then_some(Self::Federated { root, uin: name }),
            _ => None,
        }
    }

    /// Whether it is a root account, also through a federated session of it (CITE EVA-7).
    pub fn is_root(self) -> bool {
        match self {
            Self::Root { .. } => true,
            Self::Federated { root, uin } => root == uin,
            _ => false,
        }
    }

    /// The uin of the root account that the caller belongs to or acts for, where there is one.
    pub fn root(self) -> Option<&'a str> {
        match self {
            Self::AccountService { root, .. } | Self::Provider { root, .. } => Some(root),
            caller => caller.account(),
        }
    }

    /// The uin of the root account of which the caller is an identity; services and providers are none.
    pub fn account(self) -> Option<&'a str> {
        match self {
            Self::Root { uin: root }
            | Self::SubAccount { root, .. }
            | Self::Role { root, .. }
            | Self::Federated { root, .. } => Some(root),
            Self::AccountService { .. } | Self::Service { .. } | Self::Provider { .. } | Self::Anonymous => {
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_spelling() {
        let read = |text| Caller::parse(text).unwrap_or_else(|| panic!("{text}"));
        for text in ["qcs::cam::uin/1:uin/1", "qcs::cam::uin/1:root", "qcs::cam:1:uin/1"] {
            assert_eq!(read(text), Caller::Root { uin: "1" });
        }
        for text in ["qcs::cam::uin/1:uin/2", "qcs::cam:1:uin/2"] {
            assert_eq!(read(text), Caller::SubAccount { root: "1", uin: "2" });
        }
        for text in ["qcs::sts:1:assumed-role/7", "qcs::sts:1:assumed-role/7/s,x", "qcs::cam::uin/1:role/7"] {
            assert_eq!(read(text), Caller::Role { root: "1", role: RoleName::Id("7") });
        }
        assert_eq!(read("qcs::sts:1:federated-user/1"), Caller::Federated { root: "1", uin: "1" });
        assert_eq!(
            read("service/cdn.cloud.tencent.com"),
            Caller::Service { domain: "cdn.cloud.tencent.com" }
        );
        assert_eq!(read("qcs::cam::anonymous:anonymous"), Caller::Anonymous);
        for bad in [
            "",
            "*",
            "qcs::cam::anyone:anyone",
            "qcs::cam::uin/01:uin/2",
            "qcs::cam::uin/1:groupid/3",
            "service/CDN.x",
            "service/cdn",
            "qcs::cam::uin/1:uin/",
            "qcs::cam::uin/1",
            "qcs::sts:1:assumed-role/7/",
            "qcs::cam:1:root",
        ] {
            assert_eq!(Caller::parse(bad), None, "{bad}");
        }
    }
}
