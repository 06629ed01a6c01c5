//! What ties users, groups, roles and policies together: memberships, attachments, permission boundaries.

use super::configuration;
use super::draft::Policy;
use super::map::{Entity, Mapper};
use super::report::Effect;
use super::show::{Attribute, Resource};

/// The preset that needs no document.
const BUILT_IN: &str = "FullQcloudAccess";

/// Who holds a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    User,
    Group,
    Role,
}

impl Holder {
    fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
            Self::Role => "role",
        }
    }

    /// The attributes that name the holder.
    fn attributes(self) -> &'static [&'static str] {
        match self {
            Self::User => &["user_name", "user_id", "target_uin"],
            Self::Group => &["group_id", "group_name"],
            Self::Role => &["role_id", "role_name"],
        }
    }
}

/// What a resource ties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tie {
    Membership,
    Policy(Holder),
    Boundary(Holder),
}

impl Tie {
    /// That of a type, without the prefix of the provider.
    pub(super) fn of(name: &str) -> Option<Self> {
        Some(match name {
            "cam_group_membership" => Self::Membership,
            "cam_user_policy_attachment" => Self::Policy(Holder::User),
            "cam_group_policy_attachment" => Self::Policy(Holder::Group),
            "cam_role_policy_attachment" | "cam_role_policy_attachment_by_name" => Self::Policy(Holder::Role),
            "cam_user_permission_boundary_attachment" => Self::Boundary(Holder::User),
            "cam_role_permission_boundary_attachment" => Self::Boundary(Holder::Role),
            _ => return None,
        })
    }
}

/// Puts a tie into the draft, or lists it.
pub(super) fn tie(mapper: &mut Mapper<'_>, own: &Resource, tie: Tie) {
    match tie {
        Tie::Membership => membership(mapper, own),
        Tie::Policy(holder) => {
            let tied = find_holder(mapper, own, holder).and_then(|at| Ok((at, policy(mapper, own)?)));
            match tied {
                Ok((at, policy)) => drop(match holder {
                    Holder::User => mapper.draft.users[at].policies.insert(policy),
                    Holder::Group => mapper.draft.groups[at].policies.insert(policy),
                    Holder::Role => mapper.draft.roles[at].policies.insert(policy),
                }),
                Err(reason) => mapper.miss(own, reason, Effect::MoreOrLess),
            }
        }
        Tie::Boundary(holder) => {
            let tied = find_holder(mapper, own, holder).and_then(|at| Ok((at, policy(mapper, own)?)));
            if let Err(reason) = tied.and_then(|(at, policy)| bound(mapper, holder, at, policy)) {
                mapper.miss(own, reason, Effect::AllowsMore);
            }
        }
    }
}

fn bound(mapper: &mut Mapper<'_>, holder: Holder, at: usize, policy: String) -> Result<(), String> {
    let draft = &mut mapper.draft;
    let (linked, boundary) = match holder {
        Holder::User => (false, &mut draft.users[at].boundary),
        _ => (draft.roles[at].service_linked, &mut draft.roles[at].boundary),
    };
    match boundary {
        _ if linked => Err("a service-linked role takes no boundary".into()),
        Some(other) if *other != policy => {
            Err(format!("the {} has the boundary `{other}` already", holder.name()))
        }
        _ => {
            *boundary = Some(policy);
            Ok(())
        }
    }
}

/// The holder that a resource names: by an attribute, else by its id, else by what the configuration refers to.
fn find_holder(mapper: &mut Mapper<'_>, own: &Resource, holder: Holder) -> Result<usize, String> {
    let by_key = match holder {
        Holder::User => &mapper.users,
        Holder::Group => &mapper.groups,
        Holder::Role => &mapper.roles,
    };
    let (mut missing, mut unknown) = (None, None);
    let imported =
        || (holder == Holder::User).then(|| Some(own.text("id")?.split_once('#')?.0.to_owned())).flatten();
    let named = holder.attributes().iter().map(|name| (*name, own.get(name)));
    let named = named.chain([("id", imported().map_or(Attribute::Absent, Attribute::Known))]);
    for (attribute, value) in named {
        match value {
            Attribute::Known(key) => match by_key.get(&key) {
                Some(at) => return Ok(*at),
                None => drop(missing.get_or_insert(key)),
            },
            Attribute::Unknown => unknown = unknown.or(Some(attribute)),
            Attribute::Absent => {}
        }
    }
    let noun = holder.name();
    if let Some(attribute) = unknown {
        return match referred(mapper, own, attribute)? {
            Entity::User(at) | Entity::Group(at) | Entity::Role(at) => Ok(at),
            Entity::Policy(name) => Err(format!("`{attribute}` names the policy `{name}`, not a {noun}")),
        };
    }
    Err(match missing {
        Some(key) => format!("the {noun} `{key}` is not in the world"),
        None => format!("it names no {noun}"),
    })
}

/// What an attribute refers to that is known only after apply.
fn referred(mapper: &mut Mapper<'_>, own: &Resource, attribute: &str) -> Result<Entity, String> {
    let Some(target) = configuration::referred(mapper.show, own, attribute) else {
        return Err(format!(
            "`{attribute}` is known only after apply, and the configuration does not tell what it is"
        ));
    };
    let Some(entity) = mapper.entities.get(target.address.as_str()).cloned() else {
        return Err(format!("{} is not in the world", target.address));
    };
    let note =
        format!("`{attribute}` is known only after apply; the configuration refers to {}", target.address);
    mapper.note(&own.address, note);
    Ok(entity)
}

/// The name of the policy that a resource ties.
fn policy(mapper: &mut Mapper<'_>, own: &Resource) -> Result<String, String> {
    let (id, name) = (own.get("policy_id"), own.text("policy_name"));
    let mut preset_only = own.text("policy_type").as_deref() == Some("QCS");
    let names = match &id {
        Attribute::Known(id) => {
            let of_id = mapper.policy_ids.get(id).cloned();
            preset_only |= of_id.as_ref().is_some_and(|(_, preset)| *preset);
            [of_id.map(|(name, _)| name), name, Some(id.clone())]
        }
        // Where the name is known it is enough.
        Attribute::Unknown if name.is_none() => match referred(mapper, own, "policy_id")? {
            Entity::Policy(name) => [Some(name), None, None],
            _ => return Err("`policy_id` does not name a policy".into()),
        },
        _ if matches!(own.get("policy_name"), Attribute::Unknown) => {
            match referred(mapper, own, "policy_name")? {
                Entity::Policy(name) => [Some(name), None, None],
                _ => return Err("`policy_name` does not name a policy".into()),
            }
        }
        _ => [name, None, None],
    };
    let names: Vec<String> = names.into_iter().flatten().collect();
    for name in &names {
        if !preset_only && mapper.draft.policies.iter().any(|policy| policy.name == *name) || name == BUILT_IN
        {
            return Ok(name.clone());
        }
        if let Some(document) = mapper.presets.get(name) {
            if !mapper.draft.presets.iter().any(|preset| preset.name == *name) {
                mapper.draft.presets.push(Policy { name: name.clone(), document: document.clone() });
            }
            return Ok(name.clone());
        }
    }
    Err(match names.first() {
        None => "it names no policy".into(),
        Some(name) if preset_only => {
            format!("the preset `{name}` has no document here; pass `--preset {name}=FILE`")
        }
        Some(name) => {
            format!("the policy `{name}` is not in this file; if it is a preset, pass `--preset {name}=FILE`")
        }
    })
}

fn membership(mapper: &mut Mapper<'_>, own: &Resource) {
    let group = match find_holder(mapper, own, Holder::Group) {
        Ok(at) => mapper.draft.groups[at].name.clone(),
        Err(reason) => return mapper.miss(own, reason, Effect::MoreOrLess),
    };
    let lists = [own.list("user_names"), own.list("user_ids")];
    if lists.iter().any(|(_, unknown)| *unknown) {
        mapper.miss_part(own, "some of its members are known only after apply", Effect::MoreOrLess);
    }
    let mut keys: Vec<String> = lists.into_iter().flat_map(|(known, _)| known).collect();
    keys.sort();
    keys.dedup();
    for key in keys {
        match mapper.users.get(&key) {
            Some(at) => drop(mapper.draft.users[*at].groups.insert(group.clone())),
            None => {
                let reason = format!("its member `{key}` is not in the world");
                mapper.miss_part(own, reason, Effect::MoreOrLess);
            }
        }
    }
}
