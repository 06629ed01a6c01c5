//! Every table of a bundle, with the shape of its records.
//!
//! One line a table: section, name, type. `Words` are little-endian u32, `Text` is UTF-8. A record of
//! `n` integers stands at `n × number`; "ends" arrays give the end of item `n` in another array, the
//! start being the end of item `n-1` (0 for the first). FORMAT.md says the same for readers in other
//! languages.

use rkyv::{Archive, Serialize};

use crate::dictionary::{Dictionary, Pairs};
use crate::slots::Slots;
use crate::words::{Range, Text, Words};

/// What a table is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Section {
    /// Read by decisions.
    Hot,
    /// Names of policies, for reasons.
    Names,
    /// Canonical statements and their places, for explanations.
    Explain,
    /// Where the bundle came from.
    Provenance,
}

impl Section {
    /// Every section, in the order of reports.
    pub const ALL: [Self; 4] = [Self::Hot, Self::Names, Self::Explain, Self::Provenance];

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hot => "hot",
            Self::Names => "names",
            Self::Explain => "explain",
            Self::Provenance => "provenance",
        }
    }
}

macro_rules! schema {
    (@own Words) => { Vec<u32> };
    (@own Text) => { Vec<u8> };
    (@view $a:lifetime Words) => { Words<$a> };
    (@view $a:lifetime Text) => { Text<$a> };
    (@read Words $root:ident $name:ident) => { Words(&$root.$name) };
    (@read Text $root:ident $name:ident) => {
        Text(core::str::from_utf8(&$root.$name).map_err(|_| stringify!($name))?)
    };
    (@copy Words $table:expr) => { $table.iter().collect() };
    (@copy Text $table:expr) => { $table.all().as_bytes().to_vec() };
    (@size Words $table:expr) => { $table.len().saturating_mul(4) };
    (@size Text $table:expr) => { $table.len() };
    ($($(#[$doc:meta])* $section:ident $name:ident $type:ident,)*) => {
        /// The tables as the compiler fills them.
        #[derive(Archive, Serialize, Clone, Debug, Default)]
        pub struct Root {
            $($(#[$doc])* pub $name: schema!(@own $type),)*
        }

        /// The tables of an opened bundle.
        #[derive(Clone, Copy, Debug)]
        pub struct Tables<'a> {
            seed: u64,
            kinds: u32,
            $($(#[$doc])* pub $name: schema!(@view 'a $type),)*
        }

        impl<'a> Tables<'a> {
            /// The views; the name of the table that is not UTF-8 otherwise.
            pub(crate) fn new(root: &'a ArchivedRoot) -> Result<Self, &'static str> {
                let scalar = |index: u32| Words(&root.scalars).get(index).map_or(0, u64::from);
                let seed = scalar(scalar::SEED_HIGH) << 32 | scalar(scalar::SEED_LOW);
                let kinds = Words(&root.block_kinds).iter_records::<2>().fold(0, |all, [kind, _]| all | kind);
                Ok(Self { seed, kinds, $($name: schema!(@read $type root $name),)* })
            }

            /// The tables as the compiler fills them, for whoever wants to change some.
            pub fn to_root(&self) -> Root {
                Root { $($name: schema!(@copy $type self.$name),)* }
            }
        }

        impl Root {
            /// Name, section and bytes of every table.
            pub fn sizes(&self) -> Vec<(&'static str, Section, usize)> {
                vec![$((stringify!($name), Section::$section, schema!(@size $type self.$name)),)*]
            }
        }

        impl ArchivedRoot {
            /// Name, section and bytes of every table.
            pub fn sizes(&self) -> Vec<(&'static str, Section, usize)> {
                vec![$((stringify!($name), Section::$section, schema!(@size $type self.$name)),)*]
            }
        }
    };
}

schema! {
    /// Scalars, by the constants of [`scalar`].
    Hot scalars Words,
    /// Literals of tails and condition values, spellings of resources.
    Hot text Text,

    /// Services and regions: slots `[tag, id + 1]`. Segment 0 is the empty text.
    Hot segment_slots Words,
    /// Ends of the segments in `segment_text`.
    Hot segment_ends Words,
    /// The segments.
    Hot segment_text Text,
    /// Uins: slots. The known root accounts come first: their uin id is their account number.
    Hot uin_slots Words,
    /// Ends in `uin_text`.
    Hot uin_ends Words,
    /// The uins.
    Hot uin_text Text,
    /// APPIDs: slots.
    Hot appid_slots Words,
    /// Ends in `appid_text`.
    Hot appid_ends Words,
    /// The APPIDs.
    Hot appid_text Text,
    /// By APPID id: the account number, or `NONE`.
    Hot appid_accounts Words,
    /// Exact actions: slots.
    Hot action_slots Words,
    /// Ends in `action_text`.
    Hot action_ends Words,
    /// The actions, `service:Operation`.
    Hot action_text Text,
    /// By action id: its rank.
    Hot action_ranks Words,
    /// By action id: segment id of its service.
    Hot action_services Words,
    /// Prefixes of actions, sorted by bytes: `[text start, length, parent, rank]`; the rank is that of
    /// an action of which no longer prefix and no exact entry is known. Prefix 0 is the empty text.
    Hot action_prefixes Words,
    /// Action patterns that are not prefixes: `[text start, length]`, a glob over the whole action.
    Hot action_globs Words,
    /// Ends of the action sets in `action_set_words`.
    Hot action_set_ends Words,
    /// An action set: `[intervals, then per interval first and one past the last rank, then glob ids]`.
    Hot action_set_words Words,
    /// By action set: `[least rank, one past the greatest, 1 when all between belong]`; `[0, NONE, 0]` with globs.
    Hot action_hulls Words,
    /// Condition keys: slots. The first are those of [`key`].
    Hot key_slots Words,
    /// Ends in `key_text`.
    Hot key_ends Words,
    /// The keys.
    Hot key_text Text,
    /// Names and ids of roles, groups, providers and services: slots.
    Hot name_slots Words,
    /// Ends in `name_text`.
    Hot name_ends Words,
    /// The names.
    Hot name_text Text,

    /// By account number: `[APPID id, general block, first level, levels + 1 or 0, block of the resource policies of
    /// its resources]`.
    Hot accounts Words,
    /// Organization levels: block numbers.
    Hot levels Words,
    /// Sub-accounts and roles: `[first holding, holdings, boundary block, account, uin id or NONE, first
    /// group, groups, flags]`; the holdings stand in `identity_blocks`.
    Hot identities Words,
    /// What identities hold: `[block, filter or NONE]`.
    Hot identity_blocks Words,
    /// Which policies of a block an identity holds: `[first policy, words, a bit for each policy from it on …]`.
    Hot filters Words,
    /// Name ids of the ids of groups.
    Hot identity_groups Words,
    /// `(account, uin id)` → identity: slots `[a, b, value + 1]`.
    Hot user_index Words,
    /// Sub-accounts as most requests name them, `qcs::cam::uin/ROOT:uin/OWN`: slots.
    Hot caller_slots Words,
    /// Ends in `caller_text`.
    Hot caller_ends Words,
    /// The texts.
    Hot caller_text Text,
    /// By caller id: the identity.
    Hot caller_identities Words,
    /// Roles: `[identity, name id, id's name id, trust block, three spellings as text start and length]`.
    Hot roles Words,
    /// `(account, name id of the name)` → role.
    Hot role_names Words,
    /// `(account, name id of the id)` → role.
    Hot role_ids Words,

    /// Blocks: `[first kind, kinds, first slot, slots, flags, first policy, policies, candidates, candidates of a
    /// value, candidates of a key without values]`.
    Hot blocks Words,
    /// Anchor kinds of blocks: `[kind, one past its last slot]`; the slots of a list stand kind by kind. 0 in a table.
    Hot block_kinds Words,
    /// Slots of blocks that are hash tables: `[tag, posting]`.
    Hot block_slots Words,
    /// Slots of blocks that are lists: 16-bit tags, two to an integer, the first in the low half,
    /// filled up with 0 to a multiple of eight; then the postings.
    Hot block_lists Words,
    /// Policy numbers of blocks.
    Hot block_policies Words,
    /// Postings: `[count, rows …]`.
    Hot postings Words,
    /// Groups of many rows under one key: `[always posting, forward trie, backward trie, automaton]`.
    Hot groups Words,
    /// Trie nodes: `[label start, length, first child, children, prefix posting, exact posting]`.
    Hot trie_nodes Words,
    /// Children: `[first byte, node]`, sorted by byte.
    Hot trie_children Words,
    /// Automata: `[first class word, integers of a state, first transition, states, first accept, mode]`.
    Hot automata Words,
    /// Byte classes, four to an integer, 64 integers an automaton.
    Hot automaton_classes Words,
    /// Transitions: state × classes.
    Hot automaton_next Words,
    /// Postings of states.
    Hot automaton_accept Words,

    /// Rows: see [`row`].
    Hot rows Words,
    /// What few rows need: `[principal set, scope pattern, project kind, text start, length]`.
    Hot extras Words,
    /// Ends of the principal sets in `principals`, counted in entries.
    Hot principal_set_ends Words,
    /// Entries: `[kind, account uin id, id]`.
    Hot principals Words,
    /// Ends of the patterns in `pieces`, counted in pieces.
    Hot pattern_ends Words,
    /// Pieces: `[kind, text start, length]`.
    Hot pieces Words,
    /// Ends of the guards in `guard_terms`.
    Hot guard_ends Words,
    /// Term numbers of guards.
    Hot guard_terms Words,
    /// Terms: `[operator code, key, first value word, value words, flags]`.
    Hot terms Words,
    /// Values of terms, by the type of the operator.
    Hot values Words,
    /// Nodes of the network tries: `[eight bitmap words, first entry]`.
    Hot network_nodes Words,
    /// Entries: a class, or a node with the top bit set.
    Hot network_entries Words,
    /// Ends of the classes in `network_class_sets`.
    Hot network_class_ends Words,
    /// Numbers of the network sets that contain a class, sorted.
    Hot network_class_sets Words,

    /// Policies: `[first row, rows, first statement, statements, name start, length, kind, source]`.
    Names policies Words,
    /// Names of policies.
    Names policy_text Text,
    /// By statement: `[policy, index in its source]`.
    Names statements Words,

    /// By statement: `[text start, length, line, column]`; line and column are 0 where not recorded.
    Explain statement_places Words,
    /// Canonical statements as JSON.
    Explain statement_text Text,
    /// By term: `[text start, length]` of its values as a JSON array.
    Explain term_places Words,
    /// The values.
    Explain term_text Text,
    /// Names of sources: `[start, length]`.
    Explain sources Words,
    /// The names.
    Explain source_text Text,
    /// Prerequisites: `[action start, length, needed action start, length, resource start, length]`.
    Explain prerequisites Words,
    /// Their texts.
    Explain prerequisite_text Text,
    /// By policy: `[start, length]` of the scope of a resource policy, length 0 for other kinds.
    Explain policy_scopes Words,
    /// The scopes, six segments each.
    Explain scope_text Text,

    /// One `name=value` a line: compiler version, semantics, digest of policy names and statements.
    Provenance provenance Text,
}

/// Indices of `scalars`.
pub mod scalar {
    /// Low half of the hash seed.
    pub const SEED_LOW: u32 = 0;
    /// High half of the hash seed.
    pub const SEED_HIGH: u32 = 1;
    /// Number of known root accounts.
    pub const ACCOUNTS: u32 = 2;
    /// Block of the general policies for unknown accounts.
    pub const GENERAL_UNKNOWN: u32 = 3;
    /// Bits of [`super::option`].
    pub const OPTIONS: u32 = 4;
    /// Greatest artifact age in seconds, low half.
    pub const MAX_AGE_LOW: u32 = 5;
    /// High half.
    pub const MAX_AGE_HIGH: u32 = 6;
    /// Root node of the IPv4 trie, or `NONE`.
    pub const V4_ROOT: u32 = 7;
    /// Root node of the IPv6 trie, or `NONE`.
    pub const V6_ROOT: u32 = 8;
    /// Greatest number of rows that a decision can have to verify for one spelling of one resource, whatever the
    /// context.
    pub const MAX_CANDIDATES: u32 = 9;
    /// How many more for each value of the context.
    pub const MAX_VALUE_CANDIDATES: u32 = 10;
    /// How many more for each key of the context that has no value.
    pub const MAX_EMPTY_CANDIDATES: u32 = 11;
    /// First of the segment ids of the services that take resource policies; the rest follow.
    pub const CAPABLE_SERVICES: u32 = 12;
}

/// Bits of the scalar `OPTIONS`.
pub mod option {
    /// `list_deny=cam`.
    pub const LIST_DENY_CAM: u32 = 1;
    /// There is a greatest artifact age.
    pub const MAX_AGE: u32 = 2;
    /// `cos_anyone_deny=unsigned`. Rows say whom they bind; this says why.
    pub const ANYONE_DENY_UNSIGNED: u32 = 4;
}

/// Key ids that every bundle has.
pub mod key {
    /// `qcs:ip`.
    pub const IP: u32 = 0;
    /// `qcs:current_time`.
    pub const CURRENT_TIME: u32 = 1;
    /// `qcs:uin`.
    pub const UIN: u32 = 2;
    /// `qcs:owner_uin`.
    pub const OWNER_UIN: u32 = 3;
    /// Their texts, by id.
    pub const TEXTS: [&str; 4] = ["qcs:ip", "qcs:current_time", "qcs:uin", "qcs:owner_uin"];
}

/// The layout of a row: one resource entry of one statement, with every test it needs.
pub mod row {
    /// Integers of a row.
    pub const WORDS: usize = 10;
    /// Bits of [`flag`].
    pub const FLAGS: usize = 0;
    /// Segment id of the service, `NONE` for every service.
    pub const SERVICE: usize = 1;
    /// Segment id of the region, `NONE` for every region.
    pub const REGION: usize = 2;
    /// Uin or APPID id.
    pub const ACCOUNT: usize = 3;
    /// Action set.
    pub const ACTIONS: usize = 4;
    /// Text start of the tail's literal, or its pattern.
    pub const TAIL: usize = 5;
    /// Length of the literal.
    pub const TAIL_LENGTH: usize = 6;
    /// Guard + 1, 0 for none.
    pub const GUARD: usize = 7;
    /// Statement.
    pub const STATEMENT: usize = 8;
    /// Extra + 1, 0 for none.
    pub const EXTRA: usize = 9;

    /// Bits of the first integer.
    pub mod flag {
        /// The statement denies.
        pub const DENY: u32 = 1;
        /// The entry is `*`: every resource and the request for `*`.
        pub const ALL: u32 = 2;
        /// Shift of the tail kind (three bits).
        pub const TAIL_SHIFT: u32 = 2;
        /// Shift of the account kind (three bits).
        pub const ACCOUNT_SHIFT: u32 = 5;
    }

    /// Kinds of tails.
    pub mod tail {
        /// Any text.
        pub const ANY: u32 = 0;
        /// The literal.
        pub const EXACT: u32 = 1;
        /// Begins with the literal.
        pub const PREFIX: u32 = 2;
        /// Ends with the literal.
        pub const SUFFIX: u32 = 3;
        /// A pattern of pieces without variables.
        pub const PATTERN: u32 = 4;
        /// A pattern with variables.
        pub const VARIABLE: u32 = 5;
    }

    /// Kinds of accounts.
    pub mod account {
        /// Every owner.
        pub const ANY: u32 = 0;
        /// The caller's root account.
        pub const OWN: u32 = 1;
        /// A uin.
        pub const UIN: u32 = 2;
        /// An APPID.
        pub const APPID: u32 = 3;
        /// Never known.
        pub const UNVALUED: u32 = 4;
    }

    /// Kinds of projects in `extras`.
    pub mod project {
        /// Every project.
        pub const ANY: u32 = 0;
        /// Project 0 or none.
        pub const DEFAULT: u32 = 1;
        /// The digits.
        pub const ID: u32 = 2;
    }
}

/// Kinds of pieces.
pub mod piece {
    /// Literal text.
    pub const LITERAL: u32 = 0;
    /// Any text.
    pub const STAR: u32 = 1;
    /// `${uin}`.
    pub const UIN: u32 = 2;
    /// `${owner_uin}`.
    pub const OWNER_UIN: u32 = 3;
    /// `${app_id}`.
    pub const APP_ID: u32 = 4;
    /// A variable that never has a value.
    pub const UNVALUED: u32 = 5;
}

/// Kinds of entries in `principals`: `[kind, root account's uin id, id]`.
pub mod principal {
    /// Everyone, signed or not.
    pub const EVERYONE: u32 = 0;
    /// Unsigned callers only.
    pub const ANONYMOUS: u32 = 1;
    /// The root account alone.
    pub const ROOT: u32 = 2;
    /// Every identity of the root account.
    pub const ACCOUNT: u32 = 3;
    /// A sub-account: its uin id.
    pub const SUB_ACCOUNT: u32 = 4;
    /// A group: name id of its id.
    pub const GROUP: u32 = 5;
    /// A role: name id of its name.
    pub const ROLE_NAME: u32 = 6;
    /// A role: name id of its id.
    pub const ROLE_ID: u32 = 7;
    /// A service-linked role: name id of its name.
    pub const SERVICE_ROLE: u32 = 8;
    /// A service acting for an account: name id.
    pub const ACCOUNT_SERVICE: u32 = 9;
    /// A service: name id of its domain.
    pub const SERVICE: u32 = 10;
    /// A SAML provider: name id.
    pub const SAML: u32 = 11;
    /// An OIDC provider: name id.
    pub const OIDC: u32 = 12;
}

/// Bits of identities.
pub mod identity {
    /// Integers of a record.
    pub const WORDS: usize = 8;
    /// A service-linked role.
    pub const SERVICE_LINKED: u32 = 1;
}

/// Integers of a record of `accounts`.
pub const ACCOUNT_WORDS: usize = 5;
/// Integers of a record of `roles`.
pub const ROLE_WORDS: usize = 10;

/// Policies.
pub mod policy {
    /// Integers of a record.
    pub const WORDS: usize = 8;
    /// Attached to identities.
    pub const IDENTITY: u32 = 0;
    /// A permissions boundary.
    pub const BOUNDARY: u32 = 1;
    /// The policy of a session.
    pub const SESSION: u32 = 2;
    /// A level of an organization.
    pub const SCP: u32 = 3;
    /// The trust policy of a role.
    pub const TRUST: u32 = 4;
    /// A policy of resources.
    pub const RESOURCE: u32 = 5;
}

/// Operator codes: `base << 3 | qualifier << 1 | if_exist`, qualifiers 0 none, 1 `for_any_value`,
/// 2 `for_all_value`. The numbers are those of `camshaft_value::operator`; a suite holds them together.
pub mod operator {
    /// How the values of a term are stored.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Values {
        /// `[literals, patterns, start and length of each literal, pattern numbers]`.
        Text {
            /// The literals are lower-case, and ASCII letters compare in either case.
            fold: bool,
        },
        /// Nine integers each: sign, integer part, fraction in units of 10⁻³⁸.
        Number {
            /// One at most.
            bound: bool,
        },
        /// Two integers each: milliseconds since 1970 in two's complement.
        Date {
            /// One at most.
            bound: bool,
        },
        /// A mask: 1 for `false`, 2 for `true`.
        Bool,
        /// A set's number, or `NONE` and five integers a network.
        Network,
        /// 1 when the key must be empty.
        Null,
    }

    /// By base operator.
    pub const BASES: [Values; 23] = {
        use Values::{Bool, Date, Network, Null, Number, Text};
        let (exact, fold) = (Text { fold: false }, Text { fold: true });
        let (number, number_bound) = (Number { bound: false }, Number { bound: true });
        let (date, date_bound) = (Date { bound: false }, Date { bound: true });
        [
            exact,
            exact,
            fold,
            fold,
            exact,
            exact,
            number,
            number,
            number_bound,
            number_bound,
            number_bound,
            number_bound,
            date,
            date,
            date_bound,
            date_bound,
            date_bound,
            date_bound,
            Bool,
            exact,
            Network,
            Network,
            Null,
        ]
    };

    /// How the values of a code's terms are stored; `None` for a code without operator.
    pub fn values(code: u32) -> Option<Values> {
        let values = *BASES.get((code >> 3) as usize)?;
        let sound = if values == Values::Null { code & 7 == 0 } else { code & 6 != 6 };
        sound.then_some(values)
    }
}

/// Bits of terms.
pub mod term {
    /// Integers of a record.
    pub const WORDS: usize = 5;
    /// A further value is never known (U).
    pub const UNVALUED: u32 = 1;

    /// `string_equal`, `string_like` and `binary_equal`.
    const EQUALITIES: [u32; 3] = [0, 4, 19];
    /// `for_any_value:`.
    const ANY_VALUE: u32 = 1;

    /// Whether a statement with this term matches only where its key is in the context, with one of its literals or
    /// [without values](takes_none): then these select its rows. An absent key gives F (CITE CON-6), and so does a value
    /// that none of the literals equals.
    pub fn selects(code: u32, key: u32, flags: u32, patterns: u32) -> bool {
        EQUALITIES.contains(&(code >> 3))
            && code & 1 == 0
            && flags & UNVALUED == 0
            && patterns == 0
            && key as usize >= super::key::TEXTS.len()
    }

    /// Whether the statement also matches where the key has no values: that gives U, but F to `for_any_value:`
    /// (CITE CON-14), and a deny takes U (CITE EVA-2).
    pub fn takes_none(code: u32, denies: bool) -> bool {
        denies && code >> 1 & 3 != ANY_VALUE
    }
}

/// Blocks.
pub mod block {
    /// Integers of a record.
    pub const WORDS: usize = 10;
    /// The slots are a list to scan, not a hash table; the first stands at a place in `block_lists`.
    pub const LIST: u32 = 1;
    /// Some row denies.
    pub const DENIES: u32 = 2;
}

/// Anchor kinds: which parts of a row its key is made of. A request makes the same key from its own
/// parts and finds the row; the row then tests everything, so a collision decides nothing.
pub mod anchor {
    /// The resource entry is `*`.
    pub const ALL: u32 = 1;
    /// Six segments, asked for a resource.
    pub const SEGMENTS: u32 = 1 << 1;
    /// Six segments, asked for `*` (RES-18).
    pub const STAR: u32 = 1 << 2;
    /// One of the three above.
    pub const SUBJECT: u32 = 7;
    /// The service of the resource.
    pub const SERVICE: u32 = 1 << 3;
    /// The region.
    pub const REGION: u32 = 1 << 4;
    /// The owner is the caller's account.
    pub const OWN: u32 = 1 << 5;
    /// The owner's uin.
    pub const UIN: u32 = 1 << 6;
    /// The owner's APPID.
    pub const APPID: u32 = 1 << 7;
    /// At most one of the three above.
    pub const ACCOUNT: u32 = 7 << 5;
    /// The sixth segment up to its first slash.
    pub const PATH_1: u32 = 1 << 8;
    /// Up to its second slash.
    pub const PATH_2: u32 = 1 << 9;
    /// All of it.
    pub const PATH: u32 = 1 << 10;
    /// At most one of the three above.
    pub const PATH_BITS: u32 = 7 << 8;
    /// The action's service.
    pub const ACTION_SERVICE: u32 = 1 << 11;
    /// The action.
    pub const ACTION: u32 = 1 << 12;
    /// At most one of the two above.
    pub const ACTION_BITS: u32 = 3 << 11;
    /// A value of the context (see [`term::selects`](super::term::selects)): a request has a key of such a kind for
    /// each of its values.
    pub const VALUE: u32 = 1 << 13;
    /// A key of the context that has no values (see [`term::takes_none`](super::term::takes_none)).
    pub const EMPTY: u32 = 1 << 14;
    /// At most one of the two above.
    pub const CONTEXT: u32 = 3 << 13;
    /// One past the greatest kind.
    pub const END: u32 = 1 << 15;
    /// Id of a uin or APPID that the request's owner does not have; denies are indexed under it too.
    pub const MISSING: u32 = u32::MAX - 1;

    /// Whether the kind names one subject and at most one part of each sort.
    pub fn is_kind(kind: u32) -> bool {
        let most = |bits: u32| (kind & bits).count_ones() <= 1;
        kind < END
            && kind & SUBJECT != 0
            && most(SUBJECT)
            && most(ACCOUNT)
            && most(PATH_BITS)
            && most(ACTION_BITS)
            && most(CONTEXT)
    }

    /// The parts of a key; those that the kind does not name are ignored.
    #[derive(Clone, Copy, Debug, Default)]
    pub struct Parts {
        /// Segment id of the service.
        pub service: u32,
        /// Segment id of the region.
        pub region: u32,
        /// Uin or APPID id.
        pub account: u32,
        /// Hash of the part of the sixth segment that the kind names.
        pub path: u64,
        /// Segment id of the action's service, or id of the action.
        pub action: u32,
        /// A [`value`] of the context or a key [without any](empty), 0 for neither.
        pub context: u64,
    }

    /// The part of a key that a value of the context is, given the id of its key.
    #[inline]
    pub fn value(seed: u64, key: u32, text: &str) -> u64 {
        crate::hash::fold(part(seed, VALUE, key), crate::hash::text(seed, text))
    }

    /// One part of a key, by the bit of its sort: parts are mixed on their own, so that a request mixes each
    /// of its parts once for the keys of all kinds.
    #[inline]
    pub fn part(seed: u64, bit: u32, id: u32) -> u64 {
        crate::hash::fold(seed, u64::from(bit) << 32 | u64::from(id))
    }

    /// The part of a key that a key of the context without values is, given its id.
    #[inline]
    pub fn empty(seed: u64, key: u32) -> u64 {
        part(seed, EMPTY, key)
    }

    /// The key of a kind from its parts, xored; the hash of a path and what is of the context are parts as they are.
    #[inline]
    pub fn join(seed: u64, kind: u32, parts: u64) -> u64 {
        crate::hash::fold(seed ^ u64::from(kind), parts)
    }

    /// The key of a kind.
    pub fn key(seed: u64, kind: u32, parts: &Parts) -> u64 {
        let mut joined = if kind & PATH_BITS == 0 { 0 } else { parts.path };
        if kind & CONTEXT != 0 {
            joined ^= parts.context;
        }
        for (bit, id) in [
            (SERVICE, parts.service),
            (REGION, parts.region),
            (UIN, parts.account),
            (APPID, parts.account),
            (ACTION_SERVICE, parts.action),
            (ACTION, parts.action),
        ] {
            if kind & bit != 0 {
                joined ^= part(seed, bit, id);
            }
        }
        join(seed, kind, joined)
    }
}

/// Automata.
pub mod automaton {
    /// Integers of a record.
    pub const WORDS: usize = 6;
    /// Integers of the byte classes of one automaton.
    pub const CLASS_WORDS: u32 = 64;
    /// The posting of the last state counts.
    pub const AT_END: u32 = 0;
    /// The posting of every state on the way counts, and of those that links lead to: behind its transitions a state
    /// has the number of a state before it, or 0 for none.
    pub const ON_THE_WAY: u32 = 1;
}

/// A posting that is a single row carries this bit; one that is a group carries [`GROUP`].
pub const SINGLE: u32 = 1 << 31;
/// See [`SINGLE`].
pub const GROUP: u32 = 1 << 30;
/// An entry of a network trie that is a node carries this bit.
pub const NODE: u32 = 1 << 31;

impl<'a> Tables<'a> {
    /// The scalar at an index of [`scalar`].
    #[inline]
    pub fn scalar(&self, index: u32) -> u32 {
        self.scalars.get(index).unwrap_or(crate::NONE)
    }

    /// The seed of every hash in the bundle.
    #[inline]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The record of `action_hulls` for the words of an action set.
    pub fn hull_of(set: impl IntoIterator<Item = u32>) -> Option<[u32; 3]> {
        let mut words = set.into_iter();
        let intervals = words.next()?;
        let (mut first, mut end) = (crate::NONE, 0);
        for at in 0..intervals {
            let (from, to) = (words.next()?, words.next()?);
            if at == 0 {
                first = from;
            }
            end = to;
        }
        Some(match words.next() {
            Some(_) => [0, crate::NONE, 0],
            None => [first, end, u32::from(intervals == 1)],
        })
    }

    /// The kinds of a block, each with the range of its slots in a list.
    #[inline]
    pub fn kinds_of(&self, first: u32, kinds: u32) -> Option<impl Iterator<Item = (u32, Range)> + use<'a>> {
        let start = first.checked_mul(2)?;
        let words =
            self.block_kinds.slice(Range { start, end: start.checked_add(kinds.checked_mul(2)?)? })?;
        let mut start = 0;
        Some(words.iter_records::<2>().map(move |[kind, end]| {
            let range = Range { start, end };
            start = end;
            (kind, range)
        }))
    }

    /// The slots of a block, given the last three of its first five integers.
    #[inline]
    pub fn slots_of(&self, first: u32, slots: u32, flags: u32) -> Option<Slots<'a>> {
        if flags & block::LIST == 0 {
            let start = first.checked_mul(2)?;
            let end = start.checked_add(slots.checked_mul(2)?)?;
            return Some(Slots::Table(self.block_slots.slice(Range { start, end })?));
        }
        let middle = first.checked_add(crate::slots::tag_words(slots))?;
        Some(Slots::List {
            tags: self.block_lists.slice(Range { start: first, end: middle })?,
            postings: self.block_lists.slice(Range { start: middle, end: middle.checked_add(slots)? })?,
        })
    }

    /// What a term that [selects](term::selects) asks for.
    pub fn selecting(&self, number: u32, denies: bool) -> Option<Selecting<'a>> {
        let [code, key, start, length, flags] = self.terms.record::<{ term::WORDS }>(number)?;
        let text = matches!(operator::values(code), Some(operator::Values::Text { .. }));
        let words = self.values.slice(Range { start, end: start.checked_add(length)? })?;
        let (literals, patterns) = (words.get(0)?, words.get(1)?);
        if !text || literals == 0 || !term::selects(code, key, flags, patterns) {
            return None;
        }
        let literals = words.slice(Range { start: 2, end: literals.checked_mul(2)?.checked_add(2)? })?;
        Some(Selecting { key, takes_none: term::takes_none(code, denies), text: self.text, literals })
    }

    /// The bits of all anchor kinds in use.
    #[inline]
    pub fn kinds(&self) -> u32 {
        self.kinds
    }

    fn dictionary(&self, slots: Words<'a>, ends: Words<'a>, text: Text<'a>) -> Dictionary<'a> {
        Dictionary { seed: self.seed(), slots, ends, text }
    }

    /// Services and regions.
    pub fn segments(&self) -> Dictionary<'a> {
        self.dictionary(self.segment_slots, self.segment_ends, self.segment_text)
    }

    /// Uins.
    pub fn uins(&self) -> Dictionary<'a> {
        self.dictionary(self.uin_slots, self.uin_ends, self.uin_text)
    }

    /// APPIDs.
    pub fn appids(&self) -> Dictionary<'a> {
        self.dictionary(self.appid_slots, self.appid_ends, self.appid_text)
    }

    /// Exact actions.
    pub fn actions(&self) -> Dictionary<'a> {
        self.dictionary(self.action_slots, self.action_ends, self.action_text)
    }

    /// Condition keys.
    pub fn keys(&self) -> Dictionary<'a> {
        self.dictionary(self.key_slots, self.key_ends, self.key_text)
    }

    /// Names of roles, groups, providers and services.
    pub fn names(&self) -> Dictionary<'a> {
        self.dictionary(self.name_slots, self.name_ends, self.name_text)
    }

    /// `(account, uin id)` → identity.
    pub fn users(&self) -> Pairs<'a> {
        Pairs { seed: self.seed(), slots: self.user_index }
    }

    /// Whether a filter holds a policy; `NONE` holds all.
    #[inline]
    pub fn filter_holds(&self, filter: u32, policy: u32) -> Option<bool> {
        if filter == crate::NONE {
            return Some(true);
        }
        let [first, words] = self.filters.record_at::<2>(filter)?;
        let Some(bit) = policy.checked_sub(first) else { return Some(false) };
        if bit >> 5 >= words {
            return Some(false);
        }
        let word = self.filters.get(filter.checked_add(2)?.checked_add(bit >> 5)?)?;
        Some(word >> (bit & 31) & 1 != 0)
    }

    /// Sub-accounts by `qcs::cam::uin/ROOT:uin/OWN`; `caller_identities` has their identities.
    pub fn callers(&self) -> Dictionary<'a> {
        self.dictionary(self.caller_slots, self.caller_ends, self.caller_text)
    }

    /// `(account, name id)` → role.
    pub fn roles_by_name(&self) -> Pairs<'a> {
        Pairs { seed: self.seed(), slots: self.role_names }
    }

    /// `(account, name id of the role's id)` → role.
    pub fn roles_by_id(&self) -> Pairs<'a> {
        Pairs { seed: self.seed(), slots: self.role_ids }
    }
}

/// What a condition asks of a key of the context, where rows are found by it.
#[derive(Clone, Copy, Debug)]
pub struct Selecting<'a> {
    /// Id of the key.
    pub key: u32,
    /// Whether no values will do as well.
    pub takes_none: bool,
    text: Text<'a>,
    literals: Words<'a>,
}

impl<'a> Selecting<'a> {
    /// The values, at least one.
    pub fn values(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let text = self.text;
        self.literals.iter_records::<2>().filter_map(move |[start, length]| text.get(start, length))
    }
}
