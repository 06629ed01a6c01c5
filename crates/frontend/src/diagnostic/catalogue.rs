//! Every diagnostic of semantics §13: number, severity, title, rules, cause and help.
//!
//! In a help `…` stands for something of the input; such a help is for `camshaft help` only, and the
//! place that reports the finding writes its own.

use super::{Code, Severity};

/// What is known about a code.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The code.
    pub code: Code,
    /// The severity unless the place or an option says otherwise.
    pub severity: Severity,
    /// The name of the finding.
    pub title: &'static str,
    /// The rules it rests on.
    pub rules: &'static str,
    /// When the severity is another one; may be empty.
    pub exception: &'static str,
    /// When it is raised, and why.
    pub cause: &'static str,
    /// What to do; may be empty.
    pub help: &'static str,
}

macro_rules! catalogue {
    ($($name:ident $number:literal $severity:ident $title:literal $rules:literal $exception:literal $cause:literal $help:literal;)*) => {
        /// The codes by name.
        pub mod code {
            use super::Code;
            $(#[doc = concat!("`CAM0", $number, "`: ", $title, ".")] pub const $name: Code = Code($number);)*
        }

        /// INVARIANT: sorted by code.
        pub(super) static ENTRIES: &[Entry] = &[$(Entry {
            code: Code($number),
            severity: Severity::$severity,
            title: $title,
            rules: $rules,
            exception: $exception,
            cause: $cause,
            help: $help,
        },)*];
    };
}

catalogue! {
    NOT_UTF8 101 Error "not UTF-8" "DOC-5" ""
        "the source holds bytes that are not UTF-8; nothing of it can be read with certainty"
        "save the file as UTF-8";
    BYTE_ORDER_MARK 102 Warning "byte-order mark" "DOC-2" ""
        "the document begins with U+FEFF, which RFC 8259 does not allow; it is skipped"
        "remove the mark at the start";
    TRAILING_COMMA 103 Warning "trailing comma" "DOC-2" ""
        "a comma stands before a closing bracket; it is skipped"
        "CAM rejects it; remove the comma";
    COMMENT 104 Warning "comment" "DOC-2" ""
        "JSON has no comments; this one is skipped"
        "CAM rejects comments; remove it";
    MALFORMED_JSON 105 Error "malformed JSON" "DOC-3" ""
        "the token cannot stand where it does; mending it would mean guessing what was meant"
        "expected … here";
    TYPOGRAPHIC 106 Error "typographic punctuation" "DOC-3" ""
        "a word processor or an input method has put a curly quote, a full-width sign or a wide space where JSON has an ASCII character"
        "replace with the ASCII character";
    TEXT_AFTER_DOCUMENT 107 Error "text after the document" "DOC-3" ""
        "something follows the object that is the policy"
        "one document per file";
    REPEATED_MEMBER 108 Error "repeated member" "DOC-4" ""
        "an object has two members of one name, and parsers disagree on which one wins; in a resource policy names that differ only in the capital count as one"
        "keep one `…`; the other is at …";
    NESTED_TOO_DEEPLY 109 Error "nested too deeply" "LIM-13" ""
        "arrays and objects are nested more deeply than any policy needs"
        "no policy needs this depth";
    SOURCE_TOO_LARGE 110 Error "source too large" "LIM-12" ""
        "the source is larger than what is read at all"
        "split the policy";
    INVALID_STRING 111 Error "invalid string" "DOC-5" ""
        "a string holds a raw control character, an unknown escape or half of a surrogate pair"
        "escape or remove the character";
    NOT_AN_OBJECT 112 Error "not an object" "DOC-1" ""
        "the document is JSON, but not an object"
        "a policy is one JSON object";
    VERSION_MISSING 201 Error "version missing" "DOC-9" ""
        "a policy without a version does not say by which rules it is to be read"
        "add `\"version\": \"2.0\"`";
    VERSION_UNSUPPORTED 202 Error "version not supported" "DOC-9" ""
        "only version 2.0 has published rules"
        "use `\"2.0\"`; `…` has other or no known rules";
    VERSION_3 203 Error "version 3.0" "DOC-9" ""
        "policies of version 3.0 are known to exist; what they mean is not public"
        "3.0 exists, but its semantics are not published; we will not guess them";
    UNKNOWN_ELEMENT 204 Error "unknown element" "DOC-7" ""
        "the member is not an element of the policy language; ignoring it could ignore a restriction"
        "`…` is not CAM syntax; did you mean `…`? A restriction must be written as a deny statement";
    KEYWORD_CASE 205 Error "keyword not lower-case" "DOC-8" ""
        "keywords are lower-case; only in resource policies an initial capital is read"
        "write `…`";
    KEYWORD_CAPITALISED 206 Warning "capitalised keyword" "DOC-8" ""
        "old bucket policies capitalise their keywords; the meaning is the same"
        "COS asks for lower case now";
    STATEMENT_MISSING 207 Error "statement missing" "DOC-10" ""
        "a policy without statements says nothing"
        "add `\"statement\": [ … ]`";
    STATEMENT_BARE 208 Warning "statement is a bare object" "DOC-10" ""
        "the statement stands without the array round it"
        "wrap it in `[ ]`";
    LIST_EMPTY 209 Error "empty list" "DOC-14" ""
        "an empty list would match nothing: it grants nothing in an allow and hides a deny"
        "an empty list matches nothing; name an entry or remove the statement";
    WRONG_TYPE 210 Error "wrong JSON type" "DOC-20" ""
        "the grammar asks for another JSON type here"
        "`…` must be …";
    EFFECT_MISSING 211 Error "effect missing" "DOC-11" ""
        "the statement does not say whether it grants or forbids"
        "add `\"effect\": \"allow\"` or `\"deny\"`";
    EFFECT_INVALID 212 Error "invalid effect" "DOC-11" ""
        "an effect is exactly `allow` or `deny`"
        "use `allow` or `deny`, lower-case";
    EFFECT_CAPITALISED 213 Warning "capitalised effect" "DOC-8" ""
        "old bucket policies write `Allow` and `Deny`; the meaning is the same"
        "write it in lower case";
    ACTION_MISSING 214 Error "action missing" "DOC-12" ""
        "the statement does not say which operations it is about"
        "name the operations";
    RESOURCE_MISSING 215 Error "resource missing" "DOC-12" ""
        "the statement does not say which resources it is about; only a trust policy may leave that out"
        "name the resources; `*` means all";
    SINGLE_VALUE 216 Note "single value without brackets" "DOC-13" ""
        "a single value stands where the grammar has a list; that is legal"
        "legal; the canonical form is an array";
    CONDITION_EMPTY 217 Warning "empty condition" "DOC-16" ""
        "a condition without requirements is always met"
        "it restricts nothing; remove it";
    PRINCIPAL_TWICE 218 Error "principal at both levels" "PRI-2" ""
        "the principal stands both at the top and in a statement; whether one replaces or narrows the other is not defined"
        "keep one of the two";
    PRINCIPAL_TOP 219 Warning "principal at top level" "PRI-2" ""
        "the principal stands once at the top and binds every statement"
        "current samples put it in each statement";
    PRINCIPAL_FORBIDDEN 220 Error "principal not allowed here" "PRI-1, PRI-10" ""
        "only trust and resource policies name principals"
        "who is bound follows from the attachment; remove it";
    PRINCIPAL_MISSING 221 Error "principal required" "DOC-12" ""
        "a trust or resource policy binds those whom it names, and here it names nobody"
        "a trust or resource policy must say whom it binds";
    PRINCIPAL_VACUOUS 222 Warning "vacuous session principal" "PRI-10" ""
        "the principal of a session policy can only be everyone, and restricts nothing"
        "it has no effect in a session policy; remove it";
    STRING_EMPTY 223 Error "empty string" "DOC-14" ""
        "an empty entry matches nothing"
        "write `*` if you mean everything";
    ENTRY_REPEATED 224 Warning "repeated entry" "DOC-15" ""
        "the same entry stands twice in one list and counts once"
        "remove the second `…`";
    LABEL 225 Warning "statement label" "DOC-18" ""
        "the label names the statement in reasons and has no effect on decisions"
        "`sid` is kept as a label only";
    LABEL_REPEATED 226 Warning "repeated label" "DOC-18" ""
        "two statements of the document carry the same label"
        "labels should differ";
    ACTION_WITHOUT_SERVICE 301 Error "action without service" "ACT-8" ""
        "an operation belongs to a service, whose name stands before the colon"
        "write `service:Operation`; did you mean `…`?";
    ACTION_SERVICE_WILDCARD 302 Error "wildcard in service" "ACT-6" ""
        "a star in the service is documented nowhere, and a slip would cover foreign services"
        "name the service, or use `*` for all";
    ACTION_BLANK 303 Error "blank in action" "ACT-8" ""
        "a blank stands in an action"
        "remove the blank";
    ACTION_CHARACTER 304 Error "illegal character in action" "ACT-8" ""
        "the action has a character that no operation has"
        "only letters, digits and `_ * . / -` may follow the colon";
    SERVICE_CASE 305 Error "upper-case service" "ACT-3, RES-4" ""
        "comparison is case-sensitive, so an upper-case service could never match"
        "services are lower-case";
    ACTION_SET_UNKNOWN 306 Error "unknown action set" "ACT-7" ""
        "the entry names a set of operations that the catalogue does not define"
        "supply a catalogue that defines `…`";
    RESOURCE_SEGMENTS 310 Error "not six segments" "RES-1" ""
        "a resource has six segments divided by colons"
        "`qcs::service:region:account:resource`; empty segments keep their colon";
    RESOURCE_PREFIX 311 Error "not a `qcs` resource" "RES-1" ""
        "the first segment of every resource is `qcs`"
        "a resource starts with `qcs:` or is `*`";
    PROJECT 312 Error "project not empty" "RES-3" ""
        "the project segment belongs to an older grammar"
        "leave the second segment empty";
    RESOURCE_SERVICE 313 Error "invalid service segment" "RES-4" ""
        "the third segment is not the short name of a service"
        "use the service's short name";
    RESOURCE_EVERY_SERVICE 314 Warning "every service" "RES-4" ""
        "without a service the entry covers the resources of all services"
        "the entry covers all services; name one";
    REGION_INVALID 315 Error "invalid region" "RES-5" ""
        "a region is compared whole: parts of it cannot be left open"
        "name one region or leave it empty";
    REGION_STAR 316 Warning "region `*`" "RES-5" ""
        "all regions are written as an empty segment"
        "leave it empty for all regions";
    REGION_UNKNOWN 317 Warning "unknown region code" "RES-5" ""
        "the region is in no published list; it may be a slip"
        "`…` is in no published list; it is compared as written; did you mean `…`?";
    REGION_OLD 318 Note "old region code" "RES-6" ""
        "the short code is an older name of a region and is read as the current one"
        "read as `…`";
    ACCOUNT_INVALID 319 Error "invalid account" "RES-7" ""
        "the account segment is a root account by uin or APPID, or empty for one's own"
        "use `uin/<digits>`, or `uid/<appid>` for COS; `…` looks like a placeholder";
    ACCOUNT_EVERY 320 Warning "every account" "RES-10" ""
        "the account segment leaves the owner open"
        "the entry covers resources of all owners";
    ACCOUNT_APPID 321 Warning "APPID on this service" "RES-9" ""
        "the APPID form of the account is documented for COS and CAS only"
        "only COS and CAS document `uid/`; use `uin/`";
    ACCOUNT_PRESET 322 Error "`uin/-1` outside a preset" "RES-11" ""
        "`uin/-1` stands for the caller's root account in presets only"
        "leave the account empty";
    PATH_EMPTY 323 Error "empty resource segment" "DOC-14, RES-12" ""
        "the sixth segment says which resources are meant; empty it matches none"
        "write `*` for all";
    RESOURCE_BLANK 324 Error "blank or control character in resource" "RES-23" ""
        "no resource has a blank or control character here"
        "remove it";
    PATH_QUESTION_MARK 325 Warning "`?` is literal" "RES-23" ""
        "a question mark stands for itself"
        "only `*` is a wildcard";
    PATH_RETIRED 326 Warning "retired COS form" "RES-22" "an error in a deny"
        "the form with `prefix/` is no longer used in requests, so that a deny would never bind"
        "write `<bucket>-<appid>/<key>`; as written it matches no current request";
    PATH_PLACEHOLDER 327 Warning "documentation placeholder" "RES-23" ""
        "the segment looks as if it was copied from documentation without filling it in"
        "replace `…` by a real id";
    PATH_BLANK 328 Warning "blank in object key" "RES-23" ""
        "an object key may have blanks, but few have"
        "check that it is intended";
    PATH_BUCKET 329 Note "COS bucket without slash" "RES-24" ""
        "a bucket and the same with a slash are one resource"
        "read as `…/`";
    PRINCIPAL_MALFORMED 330 Error "malformed principal" "PRI-3, PRI-4, PRI-8" ""
        "the entry has none of the forms in which a principal is written"
        "see the table of accepted forms";
    PRINCIPAL_KIND 331 Error "unknown principal kind" "PRI-3" ""
        "principals are listed by kind, and there are three"
        "use `qcs`, `service` or `federated`";
    PRINCIPAL_WILDCARD 332 Error "wildcard in principal" "PRI-8" ""
        "a star inside a principal is documented nowhere"
        "name each principal, or use `*` for everyone";
    SCOPE_SERVICE 334 Error "service takes no resource policy" "EVA-12" ""
        "policies can be attached to resources of some services only"
        "only … do; grant through identity policies, or list the service in `resource_policy_services`";
    SCOPE_INVALID 335 Error "invalid scope" "EVA-9" ""
        "a resource policy is attached to the resources of one service and one owner"
        "give service and owner of a known account";
    SCOPE_OUTSIDE 336 Warning "outside the scope" "EVA-9" ""
        "no resource of the scope matches the entry"
        "`…` can never apply under `…`";
    BOUNDARY_SERVICE_ROLE 337 Error "boundary on a service-linked role" "EVA-15" ""
        "roles that belong to a service take no boundary"
        "remove the boundary";
    REFERENCE_UNKNOWN 340 Error "unknown reference" "PRE-3" ""
        "the name refers to nothing; a deny behind it would be lost"
        "no policy, group, role or account `…`; did you mean `…`?";
    OPERATOR_UNKNOWN 401 Error "unknown operator" "CON-3" ""
        "the condition uses an operator that does not exist"
        "did you mean `…`?";
    CONDITION_BLANK 402 Error "blank in operator or key" "CON-16" ""
        "a blank stands in the name of an operator or key"
        "remove it";
    OPERATOR_MODIFIER 403 Error "modifier not allowed" "CON-4" ""
        "`null_equal` asks whether a key is there, so qualifiers make no sense on it"
        "`null_equal` takes no qualifier and no `_if_exist`";
    OPERATOR_KEY 404 Error "wrong operator for key" "CON-17" ""
        "the key has values of one type, and the operator compares another"
        "`…` takes …";
    CONDITION_LIST_EMPTY 405 Error "empty operator or value list" "CON-1" ""
        "an operator without keys or a key without values would be void"
        "name a key and a value";
    VALUE_TYPE 406 Error "wrong type of value" "LIT-1" ""
        "values are strings; numbers and booleans may stand for themselves with their own operators"
        "write it as a string";
    ADDRESS_INVALID 407 Error "invalid IP value" "LIT-9, LIT-12" ""
        "the value is neither an address nor a network"
        "an address, or address/length";
    ADDRESS_WILDCARD 408 Warning "octet wildcard" "LIT-11" ""
        "whole octets are left open; the value is read as a union of networks"
        "`…` means …, … and … more: … addresses";
    ADDRESS_WIDE 409 Error "octet wildcard too wide" "LIM-10, LIM-17" ""
        "the open octets stand for more networks than are read"
        "it would expand to … networks; shorten the prefix or list them";
    ADDRESS_MASKED 410 Note "host bits masked" "LIT-10" ""
        "bits behind the length are ignored"
        "read as `…`";
    ADDRESS_PARTIAL 411 Error "partial octet, range or IPv6 wildcard" "LIT-11" ""
        "only whole octets of an IPv4 address can be left open"
        "use CIDR; `***` looks like redaction";
    DATE_INVALID 412 Error "invalid date" "LIT-6" ""
        "the value is not a date"
        "`YYYY-MM-DDThh:mm:ssZ`";
    DATE_LOOSE 413 Warning "date without zone or with a blank" "LIT-6" ""
        "the date is read as UTC"
        "read as UTC: `…`";
    NUMBER_INVALID 414 Error "invalid number" "LIT-5" ""
        "the value is not a decimal of at most 38 digits on either side of the point"
        "a plain decimal";
    BOOLEAN_INVALID 415 Error "invalid boolean" "LIT-7" ""
        "the value is neither `true` nor `false`"
        "`\"true\"` or `\"false\"`";
    NULL_OPERAND 416 Error "invalid `null_equal` operand" "CON-15" ""
        "`null_equal` is told whether the key has to be absent"
        "exactly one `\"true\"` or `\"false\"`";
    LIKE_INNER_STAR 417 Error "inner `*` for a COS key" "LIT-4" ""
        "COS patterns are prefixes, suffixes or both"
        "COS allows `*` first or last";
    CASE_NON_ASCII 418 Warning "non-ASCII letter, case ignored" "LIT-3" ""
        "upper and lower case are one for ASCII letters only"
        "only ASCII case is folded";
    TAG_WITHOUT_AMPERSAND 419 Warning "tag without `&`" "LIT-14" ""
        "a tag is compared as one text of its key, `&` and its value"
        "tags are `key&value`";
    KEY_MALFORMED 420 Error "malformed key" "CON-16, VAR-9" ""
        "a condition key is empty or has characters that no key has"
        "a key is plain text";
    KEY_CASE 421 Warning "key differs in case" "CON-16" ""
        "the key equals a known one but for case, and then it is another key"
        "keys are case-sensitive; did you mean `…`?";
    VARIABLE_UNSUPPORTED 430 Error "unsupported variable" "VAR-5" ""
        "variables that begin with `qcs:` exist without a published meaning"
        "`…` exists, but its meaning is not published";
    VARIABLE_PLACE 431 Error "variable not allowed here" "VAR-2, VAR-6" ""
        "a variable is replaced for each request, which works in the resource segment and in text values only"
        "only in the resource segment and in string values; for an account use `${OwnerUin}`";
    VARIABLE_COS 432 Error "variable in a COS path" "VAR-10" ""
        "COS compares object keys as they stand in the policy"
        "CAM does not substitute here";
    VARIABLE_MALFORMED 433 Error "malformed `${…}`" "VAR-9" ""
        "`${` begins a variable or parameter, and there is no way to escape it"
        "close the brace and use a plain name";
    PARAMETER_MISSING 434 Error "parameter not supplied" "VAR-6" ""
        "the text has a parameter and no value was given for it"
        "pass a value for `…`";
    PARAMETER_VALUE 435 Error "parameter value not allowed" "VAR-8" ""
        "a parameter supplies a name and must not widen a pattern"
        "values are literal names: no `*`, `$`, braces or blanks";
    PARAMETER_NAME 436 Error "parameter hides a variable" "VAR-8" ""
        "the name belongs to a variable that is replaced for each request"
        "rename `…`";
    VARIABLE_OPERATOR 437 Error "variable with this operator" "VAR-2" ""
        "numbers, dates, booleans and addresses are read when the policy is built"
        "only string and binary operators take variables";
    DOCUMENT_LONG 440 Warning "long document" "LIM-1" ""
        "the platform's older limit on the length of a policy is exceeded"
        "… of 4,096 characters; some consoles refuse it";
    DOCUMENT_TOO_LONG 441 Error "document too long" "LIM-2" ""
        "the platform's limit on the length of a policy is exceeded"
        "… of 6,144 characters; split it";
    ACCOUNT_LIMIT 442 Error "account limit exceeded" "LIM-3..LIM-9, LIM-11" ""
        "the platform's limit on what one account may hold is exceeded"
        "… has … of …";
    TOO_MANY_STARS 443 Error "too many wildcards" "LIM-14" ""
        "the pattern has more stars than any real one"
        "simplify the pattern";
    NEVER_MATCHES 501 Warning "never-matches" "GEN-2" "reported by `check` only; can be set off, or to another severity"
        "for no request is an allow T; for no request is a deny T or U"
        "correct the pattern or condition, or remove the statement";
    REDUNDANT_STATEMENT 502 Warning "redundant-statement" "EVA-2" "reported by `check` only; can be set off, or to another severity"
        "removing the statement changes no decision of any request, and one other statement of the same effect and policy kind matches (EVA-2) every request that it matches"
        "remove the statement";
    REDUNDANT_ACTION 503 Note "redundant-action" "GEN-2" "reported by `check` only; can be set off, or to another severity"
        "one entry of the list is covered by another"
        "remove the narrower entry";
    REDUNDANT_RESOURCE 504 Note "redundant-resource" "GEN-2" "reported by `check` only; can be set off, or to another severity"
        "one entry of the list is covered by another"
        "remove the narrower entry";
    REDUNDANT_VALUE 505 Note "redundant-value" "GEN-2" "reported by `check` only; can be set off, or to another severity"
        "one value of a key is covered by another: a network inside another, a string matched by a like pattern, a bound implied by another"
        "remove the implied value";
    SHADOWED_ALLOW 506 Warning "shadowed-allow" "GEN-2" "reported by `check` only; can be set off, or to another severity"
        "some request makes the allow T, and every such request is matched by a deny of the set"
        "remove the allow, or narrow the deny";
    IDLE_DENY 507 Note "idle-deny" "EVA-6" "reported by `check` only; can be set off, or to another severity"
        "no request matched by the deny would be allowed by the set without it, ownership (EVA-6) and resource policies of the world included"
        "remove the deny, or keep it as a safeguard and set the lint off";
    FULL_ACCESS 508 Warning "full-access" "GEN-2" "reported by `check` only; can be set off, or to another severity"
        "an unconditional allow with the action `*` and the resource `*`"
        "name the services that are needed";
    EFFECTIVELY_EVERYTHING 509 Warning "effectively-everything" "GEN-2" "reported by `check` only; can be set off, or to another severity"
        "an unconditional allow, not CAM0508, that for each of its action entries covers the resource entry `*` of that service"
        "name the resources that are needed";
    SERVICE_WIDE 510 Note "service-wide" "GEN-2" "reported by `check` only; can be set off, or to another severity"
        "an unconditional allow with an action `<service>:*` and a resource that covers all of that service"
        "name the operations or resources that are needed";
    PASS_ROLE_STAR 511 Warning "pass-role-star" "GEN-2" "reported by `check` only; can be set off, or to another severity"
        "an allow is T for `cam:PassRole` on two different roles, one of which no entry names without `*`"
        "name the roles that may be passed";
    ASSUME_ROLE_STAR 512 Warning "assume-role-star" "GEN-2" "reported by `check` only; can be set off, or to another severity"
        "an allow is T for `sts:AssumeRole` on two different roles, one of which no entry names without `*`"
        "name the roles that may be assumed";
    PUBLIC 513 Warning "public" "GEN-2" "reported by `check` only; can be set off, or to another severity"
        "some unsigned request is allowed by the resource policies of the scope"
        "name principals, unless the data is meant to be public";
    OPEN_TRUST 514 Warning "open-trust" "GEN-2" "reported by `check` only; can be set off, or to another severity"
        "an allow of a trust policy admits everyone, or a root account other than the role's without a `string_equal` on `sts:external_id`, or a provider without a positive string operator on `oidc:aud` or `saml:aud`"
        "name identities, or ask for `sts:external_id`, `oidc:aud` or `saml:aud`";
    BYPASSABLE_DENY 515 Warning "bypassable-deny" "CON-6" "reported by `check` only; can be set off, or to another severity"
        "a deny has a term without `_if_exist`, other than `null_equal`, on an optional key: leaving the key out makes it F (CON-6). For `qcs:ip` and `qcs:current_time` leaving it out makes the term U, and the deny holds"
        "add `_if_exist`, or a `null_equal` deny for the absent key";
    OPEN_WHEN_ABSENT 516 Warning "open-when-absent" "CON-7" "reported by `check` only; can be set off, or to another severity"
        "an allow has a condition and every term has `_if_exist`: a context without these keys is unrestricted (CON-7)"
        "drop `_if_exist` from a term, or add a `null_equal` `\"false\"`";
    FOR_ALL_EMPTY 517 Warning "for-all-empty" "CON-14" "reported by `check` only; can be set off, or to another severity"
        "`for_all_value:` without a `null_equal` `\"false\"` on the same key in the statement: U on an empty list (CON-14)"
        "add `null_equal` `\"false\"` on the key";
    NEEDS_QUALIFIER 518 Warning "needs-qualifier" "CON-13" "reported by `check` only; can be set off, or to another severity"
        "`qcs:resource_tag`, `qcs:request_tag` or `qcs:tag` without a set qualifier: U when only some values match (CON-13)"
        "add `for_any_value:` or `for_all_value:`";
    UNKNOWN_KEY 519 Note "unknown-key" "CON-18" "reported by `check` only; can be set off, or to another severity"
        "the key is not in CON-18"
        "check the spelling; keep it if a gateway supplies the key";
    KEY_OF_OTHER_SERVICE 520 Warning "key-of-other-service" "GEN-2" "reported by `check` only; can be set off, or to another severity"
        "the key has a prefix `<service>:` other than `qcs`, `sts`, `oidc`, `saml`, no action entry of the statement is `*`, and none is of that service"
        "use a key of the service, or of `qcs`";
    CONSTANT_CONDITION 521 Warning "constant-condition" "GEN-2" "reported by `check` only; can be set off, or to another severity"
        "over all well-typed contexts the condition of an allow is always T or never T, or that of a deny never F or always F"
        "remove the condition, or correct its values";
    STAR_IN_EQUALITY 522 Note "star-in-equality" "LIT-2" "reported by `check` only; can be set off, or to another severity"
        "a value of an equality operator on strings contains `*` (LIT-2)"
        "use `string_like` if the star is meant as a wildcard";
    UNKNOWN_ACTION 523 Note "unknown-action" "GEN-2" "reported by `check` only; can be set off, or to another severity"
        "the entry matches none of the known actions"
        "check the spelling, or update the list of known actions";
    ACTION_CASE 524 Warning "action-case" "ACT-3" "reported by `check` only; can be set off, or to another severity"
        "CAM0523, and after ASCII case folding of both it matches one (ACT-3); replaces CAM0523"
        "write the action in its documented case";
    NEEDS_STAR 525 Warning "needs-star" "RES-17, RES-18" "reported by `check` only; can be set off, or to another severity"
        "the known actions mark every action the statement matches as one without resources, yet no entry is `*` (RES-17); a deny then binds the whole API (RES-18)"
        "use the resource `*` for these actions";
    FOREIGN_RESOURCE 526 Note "foreign-resource" "GEN-2" "reported by `check` only; can be set off, or to another severity"
        "the resource's service is not empty and no action entry is `*` or of that service (legal for a few services, e.g. `tat` on `cvm`)"
        "check that resource and actions belong together";
    LOOKS_LIKE_PREFIX 527 Note "looks-like-prefix" "RES-13, RES-14, RES-24" "reported by `check` only; can be set off, or to another severity"
        "the sixth segment has no `*` and ends in `/` without being a bucket alone (RES-24), or has neither `*` nor `/` in a service other than `cos` and `cam` (RES-13, RES-14)"
        "append `*` if everything below is meant";
    PRIVATE_ADDRESS 528 Note "private-address" "GEN-2" "reported by `check` only; can be set off, or to another severity"
        "every network of an `ip_equal` on `qcs:ip` is private (RFC 1918, RFC 4193), loopback or link-local"
        "requests from the internet never have such an address; check the network";
    DATED_FORM 529 Note "dated-form" "RES-6" "reported by `check` only; can be set off, or to another severity"
        "a resource `prefix/…` of `cos`, an old region code (RES-6), the keys `qcs:tag`, `qcs:mfa`"
        "write the current form";
    MIXED_PREFIX 530 Note "mixed-prefix" "GEN-2" "reported by `check` only; can be set off, or to another severity"
        "both `name/x:y` and `x:y` in one document"
        "use one of the two spellings";
    ESCALATION 531 Warning "escalation" "GEN-2" "reported by `check` only; can be set off, or to another severity"
        "the set (boundary and denies included) allows, for some context, one of these on a resource of the identity's own account: `cam:AttachUserPolicy`, `cam:AttachGroupPolicy`, `cam:AttachRolePolicy`, `cam:CreatePolicyVersion`, `cam:SetDefaultPolicyVersion`, `cam:UpdatePolicy`, `cam:AddUserToGroup`, `cam:UpdateAssumeRolePolicy`, `cam:DeleteUserPermissionsBoundary`, `cam:DeleteRolePermissionsBoundary`, `cam:PutUserPermissionsBoundary`, `cam:PutRolePermissionsBoundary`, `cam:DetachUserPolicy`, `cam:DetachGroupPolicy`, `cam:DetachRolePolicy`, `cam:CreateAccessKey`; unless the set is CAM0508"
        "deny these actions, or set a boundary";
    POLICY_WRITE 532 Warning "policy-write" "GEN-2" "reported by `check` only; can be set off, or to another severity"
        "the set allows `cos:PutBucketPolicy`, `cos:PutBucketACL` or `cos:PutObjectACL` on some bucket or object, for some context, where it never allows `cos:GetObject` and `cos:PutObject` below that bucket"
        "keep the right to write policies to those who may read and write the data";
    MFA_BY_ABSENCE 533 Warning "mfa-by-absence" "GEN-2" "reported by `check` only; can be set off, or to another severity"
        "an allow has a term on `mfa` or `qcs:mfa` that is T when the key is absent, or a deny one that is F then"
        "choose the operator so that an absent key means no MFA";
    SELF_CONTRADICTION 534 Warning "self-contradiction" "GEN-2" "reported by `check` only; can be set off, or to another severity"
        "an allow and a deny of one policy are equal in canonical form but for `effect` and `sid`"
        "remove one of the two";
    COMPACTABLE 535 Note "compactable" "CAN-4, DOC-19" "reported by `check` only; can be set off, or to another severity"
        "the canonical or merged (CAN-4) form is at least 10 % shorter (DOC-19) than the document with blanks removed"
        "write the canonical or merged form (`fmt`)";
    CROSS_ACCOUNT 536 Warning "cross-account" "GEN-2" "reported by `check` only; can be set off, or to another severity"
        "an allow of a resource policy admits an identity of a root account other than the owner, or an allow of an identity policy names one in an account segment"
        "check that the other account is meant";
    ANYONE_DENY 537 Note "anyone-deny" "EVA-14" "reported by `check` only; can be set off, or to another severity"
        "a deny for `qcs::cam::anyone:anyone` in a `cos` scope: COS documents a narrower effect (EVA-14)"
        "decide by `cos_anyone_deny`, or name `*`";
    EMPTY_WINDOW 538 Warning "empty-window" "GEN-2" "reported by `check` only; can be set off, or to another severity"
        "the date terms of the statement on `qcs:current_time` leave no instant, or only instants before a build date given by the caller"
        "correct the dates, or remove the statement";
    NARROW_LIST_DENY 539 Note "narrow-list-deny" "RES-18" "reported by `check` only; can be set off, or to another severity"
        "a deny without the resource `*` whose actions all begin with `Describe`, `Get` or `List` after the colon: CAM documents that it may not take effect in lists (NOEFF, RES-18)"
        "deny the resource `*`, or restrict the allow";
    UNUSED_POLICY 540 Note "unused-policy" "GEN-2" "reported by `check` only; can be set off, or to another severity"
        "a policy or preset of the world is attached to nothing"
        "attach it or remove it";
    UNUSED_SUPPRESSION 541 Warning "unused-suppression" "GEN-2" "reported by `check` only; can be set off, or to another severity"
        "a suppression of the configuration hits no finding of what was checked"
        "remove it: what it was for is gone";
    REQUEST_MALFORMED 600 Error "malformed request" "REQ-15" ""
        "the request is not JSON, or a member is unknown, repeated, missing or of the wrong type"
        "send one JSON object with the members of a request";
    REQUEST_PRINCIPAL 601 Error "malformed or unusable principal" "REQ-2, REQ-3" ""
        "the principal is not one that can send requests"
        "name the caller in one of the forms of REQ-3, such as `qcs::cam::uin/100000000001:uin/100000000011`";
    REQUEST_ACTION 602 Error "malformed action" "REQ-4" ""
        "a request names exactly one operation of one service"
        "write `service:Operation`, without `*`";
    REQUEST_RESOURCE 603 Error "malformed resource" "REQ-5" ""
        "a request names concrete resources in six segments, or `*`"
        "write six segments; services that take resource policies, such as `cos`, need region and account";
    REQUEST_RESOURCES 604 Error "no resource, or too many" "REQ-5, REQ-15, LIM-15" ""
        "a request names at least one resource and at most 64"
        "send 1 to 64 resources";
    REQUEST_DERIVED_KEY 605 Error "derived key supplied" "REQ-8" ""
        "the engine derives this key from the caller and the time, and a caller must not choose it"
        "leave `qcs:current_time`, `qcs:uin` and `qcs:owner_uin` out";
    REQUEST_SESSION_POLICY 606 Error "session policy missing, misplaced or invalid" "REQ-11" ""
        "the session policy is missing where it is required, stands where it cannot, or is not accepted"
        "send a valid session policy exactly where REQ-11 wants one: always of a federated caller, never of the anonymous one";
    ARTIFACT_AGE 607 Error "artifact too old, or its age unknown" "REQ-14" ""
        "the bundle is older than the configured maximum, or nobody knows how old it is"
        "load a newer bundle, and send `artifact_age_s`";
    REQUEST_CONTEXT 608 Error "malformed context value, or a request too large" "REQ-7, LIM-16, LIM-18" ""
        "a context value has the wrong type, or the request is larger than what is read"
        "send strings, numbers or booleans, within LIM-16 and LIM-18";
    REQUEST_SIGNED 609 Error "signed flag contradicts principal" "REQ-9" ""
        "exactly the anonymous caller sends unsigned requests"
        "leave `signed` out; it follows from the principal";
    REQUEST_TIME 610 Error "malformed time" "REQ-10" ""
        "the time is a date with `T`, seconds and a zone"
        "write `YYYY-MM-DDThh:mm:ssZ`";
    REQUEST_ROLE 611 Error "not exactly one known role" "EVA-18" ""
        "assuming a role names exactly one role of the directory"
        "name one role that the world holds as the only resource";
    WORLD_MALFORMED 701 Error "malformed world" "REQ-15, EVA-27, ACT-7, REQ-4, REQ-5" ""
        "the world is not strict JSON, or a member is missing, repeated, or of the wrong type or form"
        "";
    WORLD_MEMBER 702 Error "unknown member" "REQ-15" ""
        "the world has a member that means nothing; a slip in its name would lose what it says"
        "";
    WORLD_REPEATED 703 Error "repeated name or id" "EVA-27" ""
        "two things of the world share a name or id, or a name has a form that is reserved"
        "rename one of the two, or give it another id";
    WORLD_HIDES_PRESET 704 Error "account policy hides a preset" "EVA-27" ""
        "a policy of an account has the name of a preset, so that a reference could mean either"
        "rename the policy of the account";
    WORLD_OWN_ROOT 705 Error "user is its own root" "§13.7" ""
        "a user has the uin of its root account"
        "give the user a uin of its own";
    WORLD_FILE 706 Error "unreadable file" "§13.7" ""
        "a file cannot be read, or lies outside the folder of the world"
        "put the file inside the folder of the world";
    WORLD_LEVEL_EMPTY 707 Error "empty organization level" "EVA-17" ""
        "an organization level without policies would deny everything; name `FullQcloudAccess`"
        "attach `FullQcloudAccess` to the level";
    WORLD_OPTION 708 Error "invalid option or limit" "§10" ""
        "the option or limit does not exist, or does not take this value"
        "use an option and value of section 10";
}
