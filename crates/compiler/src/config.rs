//! What the compiler may do. No switch changes any decision or reason (INVARIANT: the suites run all).

use camshaft_bundle::slots::MOST_LISTED;

/// Switches and budgets; every one has a default that [`Config::default`] leaves unset.
#[derive(Clone, Debug, Default)]
pub struct Config {
    anchors: Option<bool>,
    path_anchors: Option<bool>,
    action_anchors: Option<bool>,
    value_anchors: Option<bool>,
    tries: Option<bool>,
    automata: Option<bool>,
    literal_filter: Option<bool>,
    network_tries: Option<bool>,
    sharing: Option<bool>,
    merging: Option<bool>,
    places: Option<bool>,
    listed_keys: Option<usize>,
    dense_rows: Option<usize>,
    state_budget: Option<usize>,
    merge_rows: Option<usize>,
    light_rows: Option<usize>,
    replication: Option<usize>,
    fragments: Option<usize>,
    probes: Option<u64>,
    threads: Option<usize>,
    max_candidates: Option<u32>,
}

macro_rules! knobs {
    ($($(#[$doc:meta])* $name:ident $get:ident: $type:ty = $default:expr;)*) => {
        impl Config {
            $($(#[$doc])*
            pub fn $name(mut self, value: $type) -> Self {
                self.$name = Some(value);
                self
            }

            pub(crate) fn $get(&self) -> $type {
                self.$name.unwrap_or($default)
            }
            )*

            /// The knobs that are set to other than their default and that a bundle's bytes depend on, `name=value` each.
            pub(crate) fn influences(&self) -> Vec<String> {
                let mut set = Vec::new();
                $(
                    let bounds = ["threads", "max_candidates"].contains(&stringify!($name));
                    if !bounds && self.$get() != $default {
                        set.push(format!("{}={}", stringify!($name), self.$get()));
                    }
                )*
                set
            }
        }
    };
}

knobs! {
    /// Index rows by keys made of their parts. Off: every row of a block is tried.
    anchors get_anchors: bool = true;
    /// Split crowded keys by the literal beginning of the sixth segment.
    path_anchors get_path_anchors: bool = true;
    /// Split crowded keys by the action.
    action_anchors get_action_anchors: bool = true;
    /// Split crowded keys by the values that conditions ask for.
    value_anchors get_value_anchors: bool = true;
    /// Put tries over the literal beginnings and ends of the tails under a crowded key.
    tries get_tries: bool = true;
    /// Put one automaton over the infix patterns under a crowded key.
    automata get_automata: bool = true;
    /// Where the automaton would exceed its budget, filter by the longest literal of each pattern.
    literal_filter get_literal_filter: bool = true;
    /// Look addresses up in tries of all networks. Off: networks are tried one by one.
    network_tries get_network_tries: bool = true;
    /// Let identities with equal attachments share a block.
    sharing get_sharing: bool = true;
    /// Plan which blocks answer for an identity. Off: one for each of its sets (own, groups, general).
    merging get_merging: bool = true;
    /// Record line and column of every statement. Off by default: with places the bytes depend on how the
    /// sources are laid out, without them only on what they say.
    places get_places: bool = false;
    /// Keys up to which those of a block are a list to scan; at most 128.
    listed_keys get_listed_keys: usize = MOST_LISTED;
    /// Rows under one key from which on the key counts as crowded.
    dense_rows get_dense_rows: usize = 8;
    /// States of one automaton.
    state_budget get_state_budget: usize = 2_000;
    /// Rows up to which an identity has one block of its own, whoever shares its policies.
    merge_rows get_merge_rows: usize = 64;
    /// Rows up to which a policy stands in the block of everyone who holds it.
    light_rows get_light_rows: usize = 8;
    /// Different sets up to which a policy stands in the block of each, and times that shared sets may repeat
    /// their rows.
    replication get_replication: usize = 4;
    /// Large shared policies up to which an identity has a block for each; with more, its account has one for all
    /// and the identity a filter.
    fragments get_fragments: usize = 8;
    /// Slots that all lookups of a hash table may pass, for each of its slots: seeds that need more are not taken.
    probes get_probes: u64 = 32;
    /// Threads; 0 for one a core.
    threads get_threads: usize = 0;
    /// Refuse a bundle in which a decision may have to verify more rows than this for one spelling of one resource
    /// and a context of [`camshaft_bundle::Certificate::USUAL_VALUES`] values.
    max_candidates get_max_candidates: u32 = u32::MAX;
}

impl Config {
    /// Configurations that switch one strategy off each, with its name; the suites run all of them.
    pub fn variants() -> Vec<(&'static str, Self)> {
        let config = Self::default;
        vec![
            ("anchors off", config().anchors(false)),
            ("path anchors off", config().path_anchors(false)),
            ("action anchors off", config().action_anchors(false)),
            ("value anchors off", config().value_anchors(false)),
            ("tries off", config().tries(false)),
            ("automata off", config().automata(false)),
            ("literal filter off", config().automata(false).literal_filter(false)),
            ("network tries off", config().network_tries(false)),
            ("sharing off", config().sharing(false)),
            ("merging off", config().merging(false)),
            ("one block an account", { config().merge_rows(0).light_rows(0).replication(0).fragments(0) }),
            ("a block a policy", config().merge_rows(0).light_rows(0).replication(0).fragments(usize::MAX)),
            ("lists off", config().listed_keys(0)),
            ("every key crowded", config().dense_rows(0)),
            ("everything in groups", config().path_anchors(false).action_anchors(false).dense_rows(0)),
            (
                "literal filter only",
                config().path_anchors(false).action_anchors(false).dense_rows(0).state_budget(1),
            ),
            ("everything off", {
                config()
                    .anchors(false)
                    .tries(false)
                    .automata(false)
                    .literal_filter(false)
                    .network_tries(false)
                    .sharing(false)
                    .merging(false)
            }),
        ]
    }
}
