//! The words that worlds and requests are made of.

/// (uin, APPID) of the root accounts; the last exists in no world.
pub(super) const ACCOUNTS: [(&str, &str); 4] = [
    ("100000000001", "1250000000"),
    ("200000000001", "1300000000"),
    ("300000000001", "1350000000"),
    ("900000000001", "1900000000"),
];
pub(super) const UNKNOWN: (&str, &str) = ACCOUNTS[3];
pub(super) const SERVICES: [&str; 4] = ["cos", "cvm", "cam", "cdb"];
pub(super) const OPERATIONS: [&str; 7] =
    ["GetObject", "PutObject", "GetObjectAcl", "GetBucket", "Get", "DeleteObject", "List"];
pub(super) const OPERATION_PATTERNS: [&str; 8] =
    ["Get*", "*Object*", "*", "*Object", "G*t", "Get*Acl", "*e*t*", "Put*"];
pub(super) const REGIONS: [&str; 6] = ["ap-guangzhou", "gz", "cn-south", "ap-beijing", "bj", "zz-nowhere"];
pub(super) const DOMAINS: [&str; 2] = ["cdn.example.com", "scf.example.com"];
pub(super) const ASSUME: [&str; 3] =
    ["sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"];

/// Sixth segments of other services than `cos`; the last three have variables.
pub(super) const OBJECTS: [&str; 16] = [
    "instance/a",
    "instance/ab",
    "instance/a*",
    "instance/*",
    "*",
    "*/a",
    "*b",
    "instance/a*b",
    "*a*",
    "*a*b*",
    "i*/b/*",
    "disk/*",
    "disk/a",
    "instance/${uin}",
    "instance/${owner_uin}/*",
    "*/${app_id}",
];
pub(super) const CAM_OBJECTS: [&str; 12] = [
    "roleName/r0",
    "roleName/r1",
    "role/4611",
    "role/4612",
    "role/*",
    "roleName/*",
    "uin/*",
    "root",
    "groupid/18",
    "role/tencentcloudServiceRoleName/r1",
    "*/r0",
    "uin/${uin}",
];
pub(super) const COS_KEYS: [&str; 14] =
    ["", "/", "/*", "/a", "/ab", "/a/b", "/a*", "/*b", "/a*b", "/*a*", "/a/*", "*", "/*a*b*", "*b"];

/// Families of operators, their keys, and the values policies compare with. Keys of `cos:` take no inner `*`.
pub(super) const FAMILIES: [(&[&str], &[&str], &[&str]); 8] = [
    (
        &["string_equal", "string_not_equal", "string_equal_ignore_case", "string_not_equal_ignore_case"],
        &["ks", "cos:host", "qcs:uin", "qcs:owner_uin"],
        &[
            "a",
            "b",
            "ab",
            "A",
            "",
            "a*",
            "100000000001",
            "100000000011",
            "${uin}",
            "x${owner_uin}",
            "${app_id}",
        ],
    ),
    (
        &["string_like", "string_not_like"],
        &["ks", "qcs:uin"],
        &["a*", "*b", "a*b", "*a*", "*", "1*1", "*${uin}", "a"],
    ),
    (
        &["string_equal", "string_like", "string_not_equal"],
        &["qcs:resource_tag", "qcs:tag", "cos:host"],
        &["k&v", "k&w", "k&", "K&v", "k*", "*v"],
    ),
    (
        &[
            "numeric_equal",
            "numeric_not_equal",
            "numeric_less_than",
            "numeric_less_than_equal",
            "numeric_greater_than",
            "numeric_greater_than_equal",
        ],
        &["kn", "cos:content-length"],
        &[
            "1.2",
            "1.20",
            "1",
            "-0",
            "0",
            "0.5",
            "-1.5",
            "10",
            "100000000000000000000",
            "100000000000000000000.0000000001",
        ],
    ),
    (
        &[
            "date_equal",
            "date_not_equal",
            "date_less_than",
            "date_less_than_equal",
            "date_greater_than",
            "date_greater_than_equal",
        ],
        &["qcs:current_time", "kd"],
        &[
            "2026-01-01T00:00:00Z",
            "2026-01-01T08:00:00+08:00",
            "2026-01-01T00:00:00.001Z",
            "2025-12-31T23:59:59.999Z",
            "2024-02-29T12:00:00Z",
            "2026-01-01T00:00:00",
            "2026-01-01 00:00:00",
        ],
    ),
    (&["bool_equal"], &["kb"], &["true", "false"]),
    (&["binary_equal"], &["ks", "qcs:tag"], &["YQ==", "a", "k&v", "${uin}"]),
    (
        &["ip_equal", "ip_not_equal"],
        &["qcs:ip", "ki"],
        &[
            "10.0.0.0/8",
            "10.1.0.0/16",
            "10.1.2.3",
            "10.1.2.3/24",
            "10.*.*.10/24",
            "10.*.5.0/24",
            "*.1.2.3",
            "0.0.0.0/0",
            "::/0",
            "::1",
            "2001:db8::/32",
            "2001:db8::1/128",
            "::ffff:10.1.2.3",
            "::ffff:10.1.0.0/112",
            "192.168.0.0/30",
        ],
    ),
];

/// Values of contexts: those that policies compare with are joined by their neighbours and by unreadable ones.
pub(super) const STRINGS: [&str; 22] = [
    "",
    "a",
    "b",
    "ab",
    "A",
    "aab",
    "ba",
    "a*",
    "k&v",
    "k&w",
    "K&v",
    "k&",
    "k",
    "YQ==",
    "100000000001",
    "100000000011",
    "100000000012",
    "x100000000001",
    "1250000000",
    "${uin}",
    "11",
    "é",
];
pub(super) const NUMBERS: [&str; 20] = [
    "1.2",
    "1.20",
    "1.2000000000000000000000000001",
    "1.19999999",
    "1",
    "1.0",
    "-0",
    "0",
    "0.0",
    "-0.0001",
    "0.5",
    "00.5",
    "-1.5",
    "-1.49",
    "10",
    "9.999",
    "100000000000000000000",
    "100000000000000000000.0000000001",
    "1e1",
    "+1",
];
pub(super) const DATES: [&str; 15] = [
    "2025-12-31T23:59:59.999Z",
    "2025-12-31T23:59:59.998Z",
    "2026-01-01T00:00:00Z",
    "2026-01-01T00:00:00.000Z",
    "2026-01-01T00:00:00.001Z",
    "2026-01-01T00:00:00.0019Z",
    "2026-01-01T00:00:00.002Z",
    "2026-01-01T08:00:00+08:00",
    "2025-12-31T19:00:00.001-05:00",
    "2024-02-29T12:00:00Z",
    "2024-02-29T11:59:59.999Z",
    "2024-02-29T12:00:00.001Z",
    "2023-02-29T12:00:00Z",
    "2026-01-01T00:00:00",
    "2026-01-01 00:00:00Z",
];
pub(super) const ADDRESSES: [&str; 24] = [
    "9.255.255.255",
    "10.0.0.0",
    "10.255.255.255",
    "11.0.0.0",
    "10.1.0.0",
    "10.1.255.255",
    "10.2.0.0",
    "10.0.255.255",
    "10.1.2.3",
    "10.1.2.2",
    "10.1.2.4",
    "10.1.2.255",
    "10.1.3.0",
    "10.7.5.0",
    "10.7.5.255",
    "10.7.6.0",
    "7.1.2.3",
    "::1",
    "::2",
    "2001:db8::1",
    "2001:db9::",
    "::ffff:10.1.2.3",
    "192.168.0.3",
    "192.168.0.4",
];
pub(super) const FLAGS: [&str; 3] = ["true", "false", "True"];
/// What the `*` of a pattern may stand for.
pub(super) const FILLINGS: [&str; 10] = ["", "a", "b", "/", "ab", "a/b", "/b/", ".", "*", "ab/ab"];

/// Values to try for a context key.
pub(super) fn pool_of(key: &str) -> &'static [&'static str] {
    match key {
        "kn" | "cos:content-length" => &NUMBERS,
        "kd" | "qcs:current_time" => &DATES,
        "ki" | "qcs:ip" => &ADDRESSES,
        "kb" => &FLAGS,
        _ => &STRINGS,
    }
}
