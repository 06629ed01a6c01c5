//! Policies of COS buckets, and the scopes that they are tied to.

use super::configuration;
use super::draft::ResourcePolicy;
use super::map::{Mapper, is_id, is_name};
use super::report::Effect;
use super::show::{Attribute, Resource};

/// A bucket's own name and the APPID that it ends in.
pub(super) fn split(bucket: &str) -> Option<(&str, &str)> {
    bucket.rsplit_once('-').filter(|(name, appid)| !name.is_empty() && is_id(appid))
}

/// A bucket or an object: a world has no ACLs, and one that is not private grants access.
pub(super) fn acl(mapper: &mut Mapper<'_>, own: &Resource) {
    let acl = own.text("acl").filter(|acl| !matches!(acl.as_str(), "private" | "default"));
    if own.text("acl_body").is_some() {
        mapper.miss_part(own, "its ACL, `acl_body`, grants access; a world has no ACLs", Effect::AllowsLess);
    } else if let Some(acl) = acl {
        mapper.miss_part(
            own,
            format!("its ACL `{acl}` grants access; a world has no ACLs"),
            Effect::AllowsLess,
        );
    }
}

/// The policy of a bucket.
pub(super) fn policy(mapper: &mut Mapper<'_>, own: &Resource) {
    let bucket = match own.get("bucket") {
        Attribute::Known(bucket) => bucket,
        Attribute::Unknown => match configuration::referred(mapper.show, own, "bucket")
            .and_then(|of| of.text("bucket"))
        {
            Some(bucket) => bucket,
            None => return mapper.miss(own, "its `bucket` is known only after apply", Effect::MoreOrLess),
        },
        Attribute::Absent => return mapper.miss(own, "it names no bucket", Effect::MoreOrLess),
    };
    let Some(document) = mapper.document(own, "policy", Effect::MoreOrLess) else { return };
    let Some((_, appid)) = split(&bucket) else {
        return mapper.miss(
            own,
            format!("the bucket `{bucket}` does not end in an APPID"),
            Effect::MoreOrLess,
        );
    };
    if appid != mapper.draft.appid {
        let reason = format!("the bucket `{bucket}` is of APPID {appid}, not of the account");
        return mapper.miss(own, reason, Effect::MoreOrLess);
    }
    let buckets =
        mapper.show.resources.iter().filter(|of| of.kind == "tencentcloud_cos_bucket" && !of.deposed);
    let of = buckets.clone().find(|of| of.text("bucket").as_deref() == Some(&bucket));
    let cluster = of.and_then(|of| of.text("cdc_id"));
    let name = cluster.map_or_else(|| bucket.clone(), |cluster| format!("cdc_{cluster}_{bucket}"));
    let (region, how) = region(mapper, own, of, &document.text, &bucket);
    let scope = format!("qcs::cos:{region}:uid/{appid}:{name}/*");
    if mapper.draft.resource_policies.iter().any(|other| other.scope == scope) {
        return mapper.miss(
            own,
            format!("there is another policy of the bucket `{bucket}`"),
            Effect::MoreOrLess,
        );
    }
    mapper.note(&own.address, format!("its scope is {scope}; {how}"));
    let draft = &mut mapper.draft;
    let mut policies = draft.policies.iter().chain(&draft.presets);
    // It may not be that of another policy (EVA-27).
    let name = Some(bucket).filter(|name| is_name(name) && !policies.any(|policy| policy.name == *name));
    draft.resource_policies.push(ResourcePolicy { name, scope, document });
}

/// The region of a bucket, and how it was found; empty, for every region, if it was not.
fn region(
    mapper: &Mapper<'_>,
    own: &Resource,
    of: Option<&Resource>,
    document: &str,
    bucket: &str,
) -> (String, String) {
    if let Some((of, region)) = of.and_then(|of| Some((of, region_of_url(&of.text("cos_bucket_url")?)?))) {
        return (region, format!("the region is in `cos_bucket_url` of {}", of.address));
    }
    if let Some(region) = &mapper.args.region {
        return (region.clone(), "the region is that of `--region`".into());
    }
    if let Some(region) = configuration::region(mapper.show, own) {
        return (region, "the region is that of the provider".into());
    }
    match region_of_document(document, bucket) {
        Some(region) => (region, "the region is the one that its statements name".into()),
        None => (String::new(), "the region is not known, so that it covers every region".into()),
    }
}

/// That of `https://b-1250000000.cos.ap-beijing.myqcloud.com`.
fn region_of_url(url: &str) -> Option<String> {
    let host = url.split("://").last()?.split('/').next()?;
    let mut labels = host.split('.').skip_while(|label| !matches!(*label, "cos" | "cos-cdc"));
    labels.nth(1).filter(|region| is_region(region)).map(str::to_owned)
}

/// The one region that resources of the bucket have in a policy.
fn region_of_document(document: &str, bucket: &str) -> Option<String> {
    let mut found: Option<&str> = None;
    for (at, start) in document.match_indices("qcs::cos:") {
        let rest = document[at + start.len()..].split('"').next()?;
        let mut segments = rest.splitn(3, ':');
        let (region, name) = (segments.next()?, segments.nth(1).unwrap_or(""));
        if !name.split('/').next()?.ends_with(bucket) {
            continue;
        }
        match found {
            _ if !is_region(region) => return None,
            Some(other) if other != region => return None,
            _ => found = Some(region),
        }
    }
    found.map(str::to_owned)
}

fn is_region(region: &str) -> bool {
    !region.is_empty()
        && region.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_found() {
        let url = |url| region_of_url(url).unwrap_or_default();
        assert_eq!(url("https://a-1.cos.ap-beijing.myqcloud.com"), "ap-beijing");
        assert_eq!(url("a-1.cluster-7.cos-cdc.ap-guangzhou.myqcloud.com/x"), "ap-guangzhou");
        assert_eq!(url("https://a-1.example.com"), "");
        let text = |text| region_of_document(text, "a-1").unwrap_or_default();
        assert_eq!(text(r#"["qcs::cos:ap-beijing:uid/1:a-1/*","qcs::cos:sh:uid/1:b-1/*"]"#), "ap-beijing");
        assert_eq!(text(r#"["qcs::cos:ap-beijing:uid/1:a-1/*","qcs::cos:sh:uid/1:a-1/x"]"#), "");
        assert_eq!(text(r#"["qcs::cos::uid/1:a-1/*"]"#), "");
        assert_eq!(text(r#"["*"]"#), "");
    }

    #[test]
    fn buckets_end_in_an_appid() {
        assert_eq!(split("logs-a-1250000000"), Some(("logs-a", "1250000000")));
        assert_eq!(split("logs"), None);
        assert_eq!(split("logs-x"), None);
    }
}
