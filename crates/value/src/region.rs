//! Region codes: the old short names and the codes they stand for (CITE RES-6).

/// Old code → current code, sorted by the old code.
const OLD: &[(&str, &str)] = &[
    ("bj", "ap-beijing"),
    ("bjjr", "ap-beijing-fsi"),
    ("ca", "na-toronto"),
    ("cd", "ap-chengdu"),
    ("cn-east", "ap-shanghai"),
    ("cn-north", "ap-beijing-1"),
    ("cn-south", "ap-guangzhou"),
    ("cn-southwest", "ap-chengdu"),
    ("cq", "ap-chongqing"),
    ("de", "eu-frankfurt"),
    ("ger", "eu-frankfurt"),
    ("gz", "ap-guangzhou"),
    ("gzopen", "ap-guangzhou-open"),
    ("hk", "ap-hongkong"),
    ("in", "ap-mumbai"),
    ("jkt", "ap-jakarta"),
    ("jp", "ap-tokyo"),
    ("kr", "ap-seoul"),
    ("nj", "ap-nanjing"),
    ("sao", "sa-saopaulo"),
    ("sg", "ap-singapore"),
    ("sgp", "ap-singapore"),
    ("sh", "ap-shanghai"),
    ("shjr", "ap-shanghai-fsi"),
    ("szjr", "ap-shenzhen-fsi"),
    ("szx", "ap-shenzhen"),
    ("th", "ap-bangkok"),
    ("tj", "ap-beijing-1"),
    ("tpe", "ap-taipei"),
    ("tsn", "ap-tianjin"),
    ("use", "na-ashburn"),
    ("usw", "na-siliconvalley"),
];

/// The current code of a region: the text itself unless it is one of the old short names.
pub fn canonical(code: &str) -> &str {
    // PERF: every request carries a region. Old codes are short or Chinese; nothing else is looked up.
    if code.len() > 6 && !code.starts_with("cn-") {
        return code;
    }
    match OLD.binary_search_by(|(old, _)| (*old).cmp(code)) {
        Ok(at) => OLD.get(at).map_or(code, |(_, current)| current),
        Err(_) => code,
    }
}

/// Whether the code is a current one of the published lists.
pub fn is_known(code: &str) -> bool {
    known().any(|current| current == code)
}

/// Every current code, with repetitions.
pub fn known() -> impl Iterator<Item = &'static str> {
    OLD.iter().map(|(_, current)| *current).chain(core::iter::once("eu-moscow"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_is_sorted_and_closed() {
        assert!(OLD.windows(2).all(|w| w[0].0 < w[1].0));
        for (old, current) in OLD {
            assert_eq!(canonical(old), *current);
            assert_eq!(canonical(current), *current);
            assert!(is_known(current) && !is_known(old));
            assert!(old.len() <= 6 || old.starts_with("cn-"));
        }
    }
}
