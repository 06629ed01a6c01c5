//! Types of resources: which become part of a world, which have no say in decisions, which have and are listed.

use super::attach::Tie;
use super::report::Effect;

/// What a type of resource is to a world.
pub(super) enum Class {
    Policy,
    User,
    Group,
    Role,
    ServiceLinkedRole,
    Tie(Tie),
    BucketPolicy,
    /// A bucket or an object, which may have an ACL.
    Acl,
    PolicyVersion,
    /// Of CAM, without a say in decisions.
    Silent,
    /// It has a say, and a world has no place for it.
    Foreign(&'static str, Effect),
    Other,
}

impl Class {
    /// That of a type.
    pub(super) fn of(kind: &str) -> Self {
        const SCP: &str =
            "policies of organizations are not imported; write them into `organization` of the world";
        let name = kind.strip_prefix("tencentcloud_").unwrap_or(kind);
        if let Some(tie) = Tie::of(name) {
            return Self::Tie(tie);
        }
        match name {
            "cam_policy" | "cam_policy_by_name" => Self::Policy,
            "cam_user" => Self::User,
            "cam_group" => Self::Group,
            "cam_role" | "cam_role_by_name" => Self::Role,
            "cam_service_linked_role" => Self::ServiceLinkedRole,
            "cam_policy_version" => Self::PolicyVersion,
            "cos_bucket_policy" => Self::BucketPolicy,
            "cos_bucket" | "cos_bucket_object" => Self::Acl,
            "cam_access_key"
            | "cam_message_receiver"
            | "cam_mfa_flag"
            | "cam_oidc_sso"
            | "cam_role_sso"
            | "cam_saml_provider"
            | "cam_tag_role_attachment"
            | "cam_user_saml_config" => Self::Silent,
            "cam_set_policy_version_config" => Self::Foreign(
                "it chooses the version of a policy that is in force; the document of the policy's own resource was taken",
                Effect::MoreOrLess,
            ),
            "organization_org_manage_policy"
            | "organization_org_manage_policy_config"
            | "organization_org_manage_policy_target" => Self::Foreign(SCP, Effect::AllowsMore),
            "organization_org_member_policy_attachment"
            | "organization_policy_sub_account_attachment"
            | "organization_member_auth_policy_attachment" => {
                Self::Foreign("access to members of an organization is not imported", Effect::AllowsLess)
            }
            _ if name.starts_with("identity_center_role_") => {
                Self::Foreign("access through the identity center is not imported", Effect::AllowsLess)
            }
            _ if name.starts_with("cam_") => {
                Self::Foreign("this type of resource is not known", Effect::MoreOrLess)
            }
            _ => Self::Other,
        }
    }
}
