//! A document that raises each lint, and the mended one: for `camshaft help`, the page of lints and the tests of both.

use camshaft_frontend::diagnostic::{Code, code};
use camshaft_frontend::policy::Kind;

/// What an example is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// The statements of a policy.
    Policy(Kind),
    /// A world.
    World,
    /// A configuration of `check`.
    Configuration,
}

/// A pair of examples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Example {
    /// The lint.
    pub code: Code,
    /// What the two texts are.
    pub shape: Shape,
    /// The list of known actions that they are checked with.
    pub actions: Option<&'static str>,
    /// This raises the lint.
    pub raises: &'static str,
    /// This does not.
    pub mended: &'static str,
}

impl Example {
    /// The example of a lint.
    pub fn of(code: Code) -> Option<&'static Self> {
        EXAMPLES.iter().find(|example| example.code == code)
    }

    /// A text of the example as a file has it.
    pub fn document(&self, text: &str) -> String {
        match self.shape {
            Shape::Policy(_) => format!(
                "{{\n  \"version\": \"2.0\",\n  \"statement\": [\n    {}\n  ]\n}}\n",
                text.replace('\n', "\n    ")
            ),
            Shape::World | Shape::Configuration => format!("{text}\n"),
        }
    }
}

const IDENTITY: Shape = Shape::Policy(Kind::Identity);
const RESOURCE: Shape = Shape::Policy(Kind::Resource);
const TRUST: Shape = Shape::Policy(Kind::Trust);

const fn example(code: Code, shape: Shape, raises: &'static str, mended: &'static str) -> Example {
    Example { code, shape, actions: None, raises, mended }
}

const fn listed(code: Code, actions: &'static str, raises: &'static str, mended: &'static str) -> Example {
    Example { code, shape: IDENTITY, actions: Some(actions), raises, mended }
}

/// Every lint once, in order.
pub static EXAMPLES: [Example; 41] = [
    example(
        code::NEVER_MATCHES,
        IDENTITY,
        r#"{ "effect": "allow", "action": ["sts:AssumeRole"], "resource": ["qcs::cam:::RoleName/Reader"] }"#,
        r#"{ "effect": "allow", "action": ["sts:AssumeRole"], "resource": ["qcs::cam:::roleName/Reader"] }"#,
    ),
    example(
        code::REDUNDANT_STATEMENT,
        IDENTITY,
        r#"{ "effect": "allow", "action": ["cvm:Describe*"], "resource": ["*"] },
{ "effect": "allow", "action": ["cvm:DescribeInstances"], "resource": ["*"] }"#,
        r#"{ "effect": "allow", "action": ["cvm:Describe*"], "resource": ["*"] }"#,
    ),
    example(
        code::REDUNDANT_ACTION,
        IDENTITY,
        r#"{ "effect": "allow", "action": ["cos:Get*", "cos:GetObject"], "resource": ["qcs::cos:::logs-1250000000/*"] }"#,
        r#"{ "effect": "allow", "action": ["cos:Get*"], "resource": ["qcs::cos:::logs-1250000000/*"] }"#,
    ),
    example(
        code::REDUNDANT_RESOURCE,
        IDENTITY,
        r#"{ "effect": "allow", "action": ["cos:GetObject"],
  "resource": ["qcs::cos:::logs-1250000000/*", "qcs::cos:ap-beijing::logs-1250000000/2026/*"] }"#,
        r#"{ "effect": "allow", "action": ["cos:GetObject"], "resource": ["qcs::cos:::logs-1250000000/*"] }"#,
    ),
    example(
        code::REDUNDANT_VALUE,
        IDENTITY,
        r#"{ "effect": "allow", "action": ["cvm:*"], "resource": ["qcs::cvm:::instance/*"],
  "condition": { "ip_equal": { "qcs:ip": ["203.0.113.0/24", "203.0.113.7"] } } }"#,
        r#"{ "effect": "allow", "action": ["cvm:*"], "resource": ["qcs::cvm:::instance/*"],
  "condition": { "ip_equal": { "qcs:ip": ["203.0.113.0/24"] } } }"#,
    ),
    example(
        code::SHADOWED_ALLOW,
        IDENTITY,
        r#"{ "effect": "allow", "action": ["cos:DeleteObject"], "resource": ["qcs::cos:::logs-1250000000/*"] },
{ "effect": "deny", "action": ["cos:Delete*"], "resource": ["*"] }"#,
        r#"{ "effect": "allow", "action": ["cos:DeleteObject"], "resource": ["qcs::cos:::logs-1250000000/*"] },
{ "effect": "deny", "action": ["cos:DeleteBucket*"], "resource": ["*"] }"#,
    ),
    example(
        code::IDLE_DENY,
        Shape::World,
        r#"{ "accounts": [{ "uin": "100000000001", "users": [{ "uin": "100000000011", "policies": ["Dev"] }],
  "policies": { "Dev": { "version": "2.0", "statement": [
    { "effect": "allow", "action": ["cvm:*"], "resource": ["qcs::cvm:::instance/*"] },
    { "effect": "deny", "action": ["cos:DeleteBucket"], "resource": ["*"] } ] } } }] }"#,
        r#"{ "accounts": [{ "uin": "100000000001", "users": [{ "uin": "100000000011", "policies": ["Dev"] }],
  "policies": { "Dev": { "version": "2.0", "statement": [
    { "effect": "allow", "action": ["cvm:*"], "resource": ["qcs::cvm:::instance/*"] },
    { "effect": "deny", "action": ["cvm:TerminateInstances"], "resource": ["qcs::cvm:::instance/ins-1"] } ] } } }] }"#,
    ),
    example(
        code::FULL_ACCESS,
        IDENTITY,
        r#"{ "effect": "allow", "action": ["*"], "resource": ["*"] }"#,
        r#"{ "effect": "allow", "action": ["cvm:*"], "resource": ["qcs::cvm:::instance/*"] }"#,
    ),
    example(
        code::EFFECTIVELY_EVERYTHING,
        IDENTITY,
        r#"{ "effect": "allow", "action": ["cos:GetObject"], "resource": ["*"] }"#,
        r#"{ "effect": "allow", "action": ["cos:GetObject"], "resource": ["qcs::cos:::logs-1250000000/*"] }"#,
    ),
    example(
        code::SERVICE_WIDE,
        IDENTITY,
        r#"{ "effect": "allow", "action": ["cos:*"], "resource": ["*"] }"#,
        r#"{ "effect": "allow", "action": ["cos:*"], "resource": ["qcs::cos:::logs-1250000000/*"] }"#,
    ),
    example(
        code::PASS_ROLE_STAR,
        IDENTITY,
        r#"{ "effect": "allow", "action": ["cam:PassRole"], "resource": ["qcs::cam:::roleName/*"] }"#,
        r#"{ "effect": "allow", "action": ["cam:PassRole"], "resource": ["qcs::cam:::roleName/Monitor"] }"#,
    ),
    example(
        code::ASSUME_ROLE_STAR,
        IDENTITY,
        r#"{ "effect": "allow", "action": ["sts:AssumeRole"], "resource": ["qcs::cam:::roleName/*"] }"#,
        r#"{ "effect": "allow", "action": ["sts:AssumeRole"], "resource": ["qcs::cam:::roleName/Reader"] }"#,
    ),
    example(
        code::PUBLIC,
        RESOURCE,
        r#"{ "effect": "allow", "principal": "*", "action": ["cos:GetObject"],
  "resource": ["qcs::cos:ap-beijing:uid/1250000000:site-1250000000/*"] }"#,
        r#"{ "effect": "allow", "principal": { "qcs": ["qcs::cam::uin/100000000001:uin/100000000011"] },
  "action": ["cos:GetObject"], "resource": ["qcs::cos:ap-beijing:uid/1250000000:site-1250000000/*"] }"#,
    ),
    example(
        code::OPEN_TRUST,
        TRUST,
        r#"{ "effect": "allow", "principal": "*", "action": ["sts:AssumeRole"] }"#,
        r#"{ "effect": "allow", "principal": { "service": ["cvm.cloud.tencent.com"] }, "action": ["sts:AssumeRole"] }"#,
    ),
    example(
        code::BYPASSABLE_DENY,
        IDENTITY,
        r#"{ "effect": "deny", "action": ["cos:PutObject"], "resource": ["*"],
  "condition": { "bool_equal": { "cos:secure-transport": ["false"] } } }"#,
        r#"{ "effect": "deny", "action": ["cos:PutObject"], "resource": ["*"],
  "condition": { "bool_equal_if_exist": { "cos:secure-transport": ["false"] } } }"#,
    ),
    example(
        code::OPEN_WHEN_ABSENT,
        IDENTITY,
        r#"{ "effect": "allow", "action": ["vpc:*"], "resource": ["qcs::vpc:::vpc/*"],
  "condition": { "string_equal_if_exist": { "vpc:region": ["ap-beijing"] } } }"#,
        r#"{ "effect": "allow", "action": ["vpc:*"], "resource": ["qcs::vpc:::vpc/*"],
  "condition": { "string_equal": { "vpc:region": ["ap-beijing"] } } }"#,
    ),
    example(
        code::FOR_ALL_EMPTY,
        IDENTITY,
        r#"{ "effect": "allow", "action": ["cvm:*"], "resource": ["qcs::cvm:::instance/*"],
  "condition": { "for_all_value:string_equal": { "qcs:request_tag": ["env&test"] } } }"#,
        r#"{ "effect": "allow", "action": ["cvm:*"], "resource": ["qcs::cvm:::instance/*"],
  "condition": { "for_all_value:string_equal": { "qcs:request_tag": ["env&test"] }, "null_equal": { "qcs:request_tag": "false" } } }"#,
    ),
    example(
        code::NEEDS_QUALIFIER,
        IDENTITY,
        r#"{ "effect": "allow", "action": ["cvm:*"], "resource": ["qcs::cvm:::instance/*"],
  "condition": { "string_equal": { "qcs:resource_tag": ["env&test"] } } }"#,
        r#"{ "effect": "allow", "action": ["cvm:*"], "resource": ["qcs::cvm:::instance/*"],
  "condition": { "for_any_value:string_equal": { "qcs:resource_tag": ["env&test"] } } }"#,
    ),
    example(
        code::UNKNOWN_KEY,
        IDENTITY,
        r#"{ "effect": "allow", "action": ["cvm:*"], "resource": ["qcs::cvm:::instance/*"],
  "condition": { "string_equal": { "cvm:instancetype": ["S5"] } } }"#,
        r#"{ "effect": "allow", "action": ["cvm:*"], "resource": ["qcs::cvm:::instance/*"],
  "condition": { "string_equal": { "cvm:instance_type": ["S5"] } } }"#,
    ),
    example(
        code::KEY_OF_OTHER_SERVICE,
        IDENTITY,
        r#"{ "effect": "allow", "action": ["cos:GetObject"], "resource": ["qcs::cos:::logs-1250000000/*"],
  "condition": { "string_equal": { "vpc:region": ["ap-beijing"] } } }"#,
        r#"{ "effect": "allow", "action": ["cos:GetObject"], "resource": ["qcs::cos:ap-beijing::logs-1250000000/*"] }"#,
    ),
    example(
        code::CONSTANT_CONDITION,
        IDENTITY,
        r#"{ "effect": "allow", "action": ["cos:GetObject"], "resource": ["qcs::cos:::logs-1250000000/*"],
  "condition": { "string_equal": { "cos:prefix": ["a/"] }, "string_not_equal": { "cos:prefix": ["a/"] } } }"#,
        r#"{ "effect": "allow", "action": ["cos:GetObject"], "resource": ["qcs::cos:::logs-1250000000/*"],
  "condition": { "string_equal": { "cos:prefix": ["a/"] } } }"#,
    ),
    example(
        code::STAR_IN_EQUALITY,
        IDENTITY,
        r#"{ "effect": "allow", "action": ["cos:GetBucket"], "resource": ["qcs::cos:::logs-1250000000/"],
  "condition": { "string_equal": { "cos:prefix": ["2026/*"] } } }"#,
        r#"{ "effect": "allow", "action": ["cos:GetBucket"], "resource": ["qcs::cos:::logs-1250000000/"],
  "condition": { "string_like": { "cos:prefix": ["2026/*"] } } }"#,
    ),
    listed(
        code::UNKNOWN_ACTION,
        "cvm:RunInstances\ncvm:StartInstances\n",
        r#"{ "effect": "allow", "action": ["cvm:RunInstance"], "resource": ["qcs::cvm:::instance/*"] }"#,
        r#"{ "effect": "allow", "action": ["cvm:RunInstances"], "resource": ["qcs::cvm:::instance/*"] }"#,
    ),
    listed(
        code::ACTION_CASE,
        "cvm:RunInstances\n",
        r#"{ "effect": "allow", "action": ["cvm:runInstances"], "resource": ["qcs::cvm:::instance/*"] }"#,
        r#"{ "effect": "allow", "action": ["cvm:RunInstances"], "resource": ["qcs::cvm:::instance/*"] }"#,
    ),
    listed(
        code::NEEDS_STAR,
        "cvm:DescribeZones *\ncvm:RunInstances\n",
        r#"{ "effect": "allow", "action": ["cvm:DescribeZones"], "resource": ["qcs::cvm:::zone/*"] }"#,
        r#"{ "effect": "allow", "action": ["cvm:DescribeZones"], "resource": ["*"] }"#,
    ),
    example(
        code::FOREIGN_RESOURCE,
        IDENTITY,
        r#"{ "effect": "allow", "action": ["cdb:RestartDBInstances"], "resource": ["qcs::cvm:::instance/*"] }"#,
        r#"{ "effect": "allow", "action": ["cdb:RestartDBInstances"], "resource": ["qcs::cdb:::instanceId/*"] }"#,
    ),
    example(
        code::LOOKS_LIKE_PREFIX,
        IDENTITY,
        r#"{ "effect": "allow", "action": ["cos:GetObject"], "resource": ["qcs::cos:::logs-1250000000/2026/"] }"#,
        r#"{ "effect": "allow", "action": ["cos:GetObject"], "resource": ["qcs::cos:::logs-1250000000/2026/*"] }"#,
    ),
    example(
        code::PRIVATE_ADDRESS,
        IDENTITY,
        r#"{ "effect": "allow", "action": ["cvm:*"], "resource": ["qcs::cvm:::instance/*"],
  "condition": { "ip_equal": { "qcs:ip": ["10.0.0.0/8"] } } }"#,
        r#"{ "effect": "allow", "action": ["cvm:*"], "resource": ["qcs::cvm:::instance/*"],
  "condition": { "ip_equal": { "qcs:ip": ["203.0.113.0/24"] } } }"#,
    ),
    example(
        code::DATED_FORM,
        IDENTITY,
        r#"{ "effect": "allow", "action": ["cvm:*"], "resource": ["qcs::cvm:gz::instance/*"] }"#,
        r#"{ "effect": "allow", "action": ["cvm:*"], "resource": ["qcs::cvm:ap-guangzhou::instance/*"] }"#,
    ),
    example(
        code::MIXED_PREFIX,
        IDENTITY,
        r#"{ "effect": "allow", "action": ["name/cvm:RunInstances", "cvm:StartInstances"], "resource": ["qcs::cvm:::instance/*"] }"#,
        r#"{ "effect": "allow", "action": ["cvm:RunInstances", "cvm:StartInstances"], "resource": ["qcs::cvm:::instance/*"] }"#,
    ),
    example(
        code::ESCALATION,
        IDENTITY,
        r#"{ "effect": "allow", "action": ["cam:Attach*"], "resource": ["*"] }"#,
        r#"{ "effect": "allow", "action": ["cam:List*", "cam:Get*"], "resource": ["*"] }"#,
    ),
    example(
        code::POLICY_WRITE,
        IDENTITY,
        r#"{ "effect": "allow", "action": ["cos:PutBucketPolicy"], "resource": ["qcs::cos:::logs-1250000000/"] }"#,
        r#"{ "effect": "allow", "action": ["cos:PutBucketPolicy"], "resource": ["qcs::cos:::logs-1250000000/"] },
{ "effect": "allow", "action": ["cos:GetObject", "cos:PutObject"], "resource": ["qcs::cos:::logs-1250000000/*"] }"#,
    ),
    example(
        code::MFA_BY_ABSENCE,
        IDENTITY,
        r#"{ "effect": "deny", "action": ["cam:*"], "resource": ["*"], "condition": { "string_equal": { "mfa": ["0"] } } }"#,
        r#"{ "effect": "deny", "action": ["cam:*"], "resource": ["*"], "condition": { "string_equal_if_exist": { "mfa": ["0"] } } }"#,
    ),
    example(
        code::SELF_CONTRADICTION,
        IDENTITY,
        r#"{ "effect": "allow", "action": ["cvm:RunInstances"], "resource": ["qcs::cvm:::instance/*"] },
{ "effect": "deny", "action": ["name/cvm:RunInstances"], "resource": ["qcs::cvm:::instance/*"] }"#,
        r#"{ "effect": "allow", "action": ["cvm:RunInstances"], "resource": ["qcs::cvm:::instance/*"] },
{ "effect": "deny", "action": ["cvm:RunInstances"], "resource": ["qcs::cvm:ap-beijing::instance/*"] }"#,
    ),
    example(
        code::COMPACTABLE,
        IDENTITY,
        r#"{ "effect": "allow", "action": ["cvm:RunInstances"], "resource": ["qcs::cvm:::instance/*"] },
{ "effect": "allow", "action": ["cvm:StartInstances"], "resource": ["qcs::cvm:::instance/*"] },
{ "effect": "allow", "action": ["cvm:StopInstances"], "resource": ["qcs::cvm:::instance/*"] }"#,
        r#"{ "effect": "allow", "action": ["cvm:RunInstances", "cvm:StartInstances", "cvm:StopInstances"],
  "resource": ["qcs::cvm:::instance/*"] }"#,
    ),
    example(
        code::CROSS_ACCOUNT,
        RESOURCE,
        r#"{ "effect": "allow", "principal": "*", "action": ["cos:GetObject"],
  "resource": ["qcs::cos:ap-beijing:uid/1250000000:site-1250000000/*"] }"#,
        r#"{ "effect": "allow", "principal": { "qcs": ["qcs::cam::uin/100000000001:uin/100000000011"] },
  "action": ["cos:GetObject"], "resource": ["qcs::cos:ap-beijing:uid/1250000000:site-1250000000/*"] }"#,
    ),
    example(
        code::ANYONE_DENY,
        RESOURCE,
        r#"{ "effect": "deny", "principal": { "qcs": ["qcs::cam::anyone:anyone"] }, "action": ["cos:DeleteObject"],
  "resource": ["qcs::cos:ap-beijing:uid/1250000000:site-1250000000/*"] }"#,
        r#"{ "effect": "deny", "principal": "*", "action": ["cos:DeleteObject"],
  "resource": ["qcs::cos:ap-beijing:uid/1250000000:site-1250000000/*"] }"#,
    ),
    example(
        code::EMPTY_WINDOW,
        IDENTITY,
        r#"{ "effect": "allow", "action": ["cvm:*"], "resource": ["qcs::cvm:::instance/*"], "condition": {
  "date_greater_than": { "qcs:current_time": ["2026-12-31T00:00:00Z"] },
  "date_less_than": { "qcs:current_time": ["2026-01-01T00:00:00Z"] } } }"#,
        r#"{ "effect": "allow", "action": ["cvm:*"], "resource": ["qcs::cvm:::instance/*"], "condition": {
  "date_greater_than": { "qcs:current_time": ["2026-01-01T00:00:00Z"] },
  "date_less_than": { "qcs:current_time": ["2026-12-31T00:00:00Z"] } } }"#,
    ),
    example(
        code::NARROW_LIST_DENY,
        IDENTITY,
        r#"{ "effect": "deny", "action": ["cvm:DescribeInstances"], "resource": ["qcs::cvm:::instance/ins-1"] }"#,
        r#"{ "effect": "deny", "action": ["cvm:DescribeInstances"], "resource": ["*"] }"#,
    ),
    example(
        code::UNUSED_POLICY,
        Shape::World,
        r#"{ "accounts": [{ "uin": "100000000001", "users": [{ "uin": "100000000011" }],
  "policies": { "Dev": { "version": "2.0", "statement": [
    { "effect": "allow", "action": ["cvm:*"], "resource": ["qcs::cvm:::instance/*"] } ] } } }] }"#,
        r#"{ "accounts": [{ "uin": "100000000001", "users": [{ "uin": "100000000011", "policies": ["Dev"] }],
  "policies": { "Dev": { "version": "2.0", "statement": [
    { "effect": "allow", "action": ["cvm:*"], "resource": ["qcs::cvm:::instance/*"] } ] } } }] }"#,
    ),
    example(
        code::UNUSED_SUPPRESSION,
        Shape::Configuration,
        r#"[[suppress]]
lint = "full-access"
path = "policies/gone.json"
reason = "break-glass role""#,
        r#"[lints]
full-access = "error""#,
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_lint_has_an_example() {
        let lints: Vec<Code> = Code::all().filter(|code| (501..600).contains(&code.0)).collect();
        let shown: Vec<Code> = EXAMPLES.iter().map(|example| example.code).collect();
        assert_eq!(lints, shown);
    }
}
