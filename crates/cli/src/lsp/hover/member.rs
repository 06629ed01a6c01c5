//! The members of policies and worlds.

/// A member of a document or a statement.
pub(super) fn of_policy(name: &str) -> Option<&'static str> {
    Some(match &*name.to_ascii_lowercase() {
        "version" => "**version**: the syntax; always `\"2.0\"`. *DOC-9*",
        "statement" => {
            "**statement**: the statements. Their order means nothing: a deny that matches is final. *DOC-10, EVA-5*"
        }
        "principal" => {
            "**principal**: whom the policy binds; in trust and resource policies only. All entries are alternatives. *PRI-1, PRI-3*"
        }
        "effect" => "**effect**: `allow` or `deny`. *DOC-11*",
        "action" => {
            "**action**: operations as `service:Operation`. `*` stands for any text, case counts, entries are alternatives. *ACT-1 to ACT-10*"
        }
        "resource" => {
            "**resource**: resources as `qcs::service:region:account:resource`, or `*`. Empty segments mean: every region, the own account. Entries are alternatives. *RES-1 to RES-25*"
        }
        "condition" => {
            "**condition**: operators, in them keys, in them values. Operators and keys must all hold, values of a key are alternatives. *CON-1, CON-2*"
        }
        "sid" => {
            "**sid**: a label of the statement, for reasons; it decides nothing. Resource policies only. *DOC-18*"
        }
        _ => return None,
    })
}

/// A member of a principal.
pub(super) fn of_principal(name: &str) -> Option<&'static str> {
    Some(match &*name.to_ascii_lowercase() {
        "qcs" => {
            "**qcs**: accounts, sub-accounts, groups, roles: `qcs::cam::uin/R:uin/S` and its like, or `*` for everyone. *PRI-4*"
        }
        "service" => "**service**: cloud services by their domain, `cvm.qcloud.com`. *PRI-4*",
        "federated" => "**federated**: identity providers, `qcs::cam::uin/R:saml-provider/N`. *PRI-4*",
        _ => return None,
    })
}

/// An effect.
pub(super) fn effect(text: &str) -> Option<&'static str> {
    Some(match text {
        "allow" => {
            "**allow** grants where principal, action, resource and condition all match, unless some deny matches. What cannot be decided grants nothing. *EVA-2, EVA-5*"
        }
        "deny" => {
            "**deny** is final, whatever else allows. It binds also where its condition cannot be decided. *EVA-2, EVA-5*"
        }
        _ => return None,
    })
}

/// A member of a world.
pub(super) fn of_world(name: &str) -> Option<&'static str> {
    Some(match name {
        "accounts" | "account" => "**accounts**: root accounts with their users, groups, roles and policies.",
        "presets" | "preset" => "**presets**: policies that every account may attach, by name.",
        "resource_policies" | "resource_policy" => {
            "**resource policies**: policies on a scope of resources of one owner. *EVA-9*"
        }
        "organization" => {
            "**organization**: for an account the levels above it with their service control policies; every level must allow. *EVA-17*"
        }
        "general_policies" | "general_policy" => {
            "**general policies**: bind every sub-account of every account. *EVA-8*"
        }
        "catalogue" => {
            "**catalogue**: action sets, `permid/…` and `actionName/…`, and the actions they stand for. *ACT-7*"
        }
        "parameters" => "**parameters**: values of `${Name}` in policies. *VAR-6*",
        "prerequisites" => {
            "**prerequisites**: what an action needs to be of use; for explanations, it changes no decision. *EVA-28*"
        }
        "options" => {
            "**options**: `strict`, `list_deny`, `cos_anyone_deny`, `resource_policy_services`, `legacy_project`, `builtin_parameters`, `max_artifact_age_s`, `limits`."
        }
        "uin" => "**uin**: the number of a root account or sub-account.",
        "appid" => "**appid**: the other number of a root account, the `uid/…` of COS resources. *RES-9*",
        "boundary" => "**boundary**: a policy that must allow as well; it grants nothing. *EVA-15*",
        "trust" => "**trust**: who may assume the role. *EVA-18*",
        "policies" => "**policies**: by name; as a reference a policy of the account, else a preset. *PRE-3*",
        "collaborator" | "kind" => {
            "**kind**: `collaborator` for another root account's uin that acts as a sub-account. *REQ-2*"
        }
        "service_linked" => {
            "**service_linked**: the role belongs to a service; boundary and organization do not bind it. *EVA-15, EVA-17*"
        }
        _ => return None,
    })
}
