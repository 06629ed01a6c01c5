//! Condition keys.

use camshaft_frontend::operator::Operator;

use super::code;

/// What a known key holds.
pub(crate) fn words(key: &str) -> Option<&'static str> {
    let head = key.split_once('/').map_or(key, |(head, _)| head);
    Some(match head {
        "qcs:ip" => "the address of the caller",
        "qcs:current_time" => "the time of the request; derived, never supplied",
        "qcs:resource_tag" => {
            "a tag of the resource, `key&value`; with `/<key>` behind it the value of one tag"
        }
        "qcs:request_tag" => {
            "a tag that the request sets, `key&value`; with `/<key>` behind it the value of one tag"
        }
        "qcs:tag" => "a tag, `key&value`; the older form of `qcs:resource_tag`",
        "qcs:uin" => "the uin of the caller; derived, never supplied",
        "qcs:owner_uin" => "the uin of the caller's root account; derived, never supplied",
        "qcs:create_uin" => "the uin of who created the resource",
        "qcs:BindToken" => "supplied by the gateway; CAM names it without saying what it holds",
        "mfa" | "qcs:mfa" => "whether the caller passed multi-factor authentication, `\"0\"` if not",
        "qcs:vpc" => "the VPC that the request comes from",
        "qcs:read_only_action" => "`1` if the action only reads; the gateway says so",
        "qcs:except_cam_finance" => "`1` if the action is neither of CAM nor of billing; the gateway says so",
        "cos:secure-transport" => "whether the request came over HTTPS",
        "cos:tls-version" => "the version of TLS",
        "cos:host" => "the host that was addressed",
        "cos:x-cos-storage-class" => "the storage class that the request asks for",
        "cos:versionid" => "the version of the object, as the query encodes it",
        "cos:prefix" => "the prefix of a listing, as the query encodes it",
        "cos:x-cos-acl" => "the access control list that the request sets",
        "cos:content-type" => "the content type of the upload",
        "cos:response-content-type" => "the content type that the request asks for, as the query encodes it",
        "cos:content-length" => "the length of the upload in bytes",
        "cvm:region" => "the region of the instance",
        "cvm:zone" => "the zone of the instance",
        "cvm:instance_type" => "the type of the instance",
        "vpc:region" => "the region of the VPC",
        "vpc:vpc" => "the VPC",
        "vpc:requester_vpc" => "the VPC that asks for a peering connection",
        "vpc:accepter_vpc" => "the VPC that accepts a peering connection",
        "sts:external_id" => "the external id given when a role is assumed",
        "oidc:iss" => "the issuer of the OIDC token",
        "oidc:aud" => "the audience of the OIDC token",
        "oidc:sub" => "the subject of the OIDC token",
        "saml:aud" => "the audience of the SAML assertion",
        _ => return None,
    })
}

/// A key in one line.
pub(super) fn line(key: &str) -> String {
    match words(key) {
        Some(words) => format!("{}: {words}.", code(key)),
        None => format!(
            "{}: a key that the gateway must supply; unless it does it is absent. *CON-16*",
            code(key)
        ),
    }
}

/// A key below an operator: what it holds, and what happens where it is absent.
pub(super) fn hover(key: &str, operator: &str) -> String {
    let mut text = format!("**{}**", line(key).trim_end_matches('.'));
    if words(key).is_none() {
        text = line(key);
    }
    let Ok(operator) = Operator::parse(operator) else { return text };
    let absent = match (operator.if_exist, key) {
        _ if operator.base.name() == "null_equal" => return text,
        (true, _) => "A request without it passes: `_if_exist`.",
        (false, "qcs:ip" | "qcs:current_time") => {
            "A request without it is undecided: an allow does not grant, a deny binds. *CON-6*"
        }
        (false, _) => "For a request without it this is false, and so is the whole condition. *CON-6*",
    };
    text.push_str(&format!("\n\n{absent}"));
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_known_key_has_words() {
        for key in camshaft_frontend::condition::KNOWN_KEYS {
            assert!(super::words(key).is_some(), "{key}");
        }
        assert!(super::words("qcs:resource_tag/env").is_some());
        assert!(super::words("tke:cluster").is_none());
    }
}
