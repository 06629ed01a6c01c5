//! What a compilation did.

use camshaft_bundle::Certificate;

/// How a tail or an index is realised, cheapest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Strategy {
    /// The whole sixth segment is free.
    Any,
    /// One literal.
    Exact,
    /// A literal, then anything.
    Prefix,
    /// Anything, then a literal.
    Suffix,
    /// One literal inside.
    Infix,
    /// Several stars.
    MultiStar,
    /// A pattern with variables.
    Variable,
}

impl Strategy {
    /// Every strategy.
    pub const ALL: [Self; 7] =
        [Self::Any, Self::Exact, Self::Prefix, Self::Suffix, Self::Infix, Self::MultiStar, Self::Variable];

    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Exact => "exact",
            Self::Prefix => "prefix",
            Self::Suffix => "suffix",
            Self::Infix => "infix",
            Self::MultiStar => "multi-star",
            Self::Variable => "variable",
        }
    }
}

/// Counts of one compilation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Root accounts.
    pub accounts: usize,
    /// Sub-accounts and roles.
    pub identities: usize,
    /// Attached documents (one for every account where a template is filled differently).
    pub policies: usize,
    /// Statements.
    pub statements: usize,
    /// Rows: one for every resource entry of a statement.
    pub rows: usize,
    /// Blocks.
    pub blocks: usize,
    /// Rows by [`Strategy`], in the order of [`Strategy::ALL`].
    pub tails: [usize; 7],
    /// Distinct conditions.
    pub guards: usize,
    /// Distinct requirements of conditions.
    pub terms: usize,
    /// Distinct network sets.
    pub network_sets: usize,
    /// Crowded keys that got tries or automata.
    pub groups: usize,
    /// Automata that track infix patterns state by state.
    pub automata: usize,
    /// Groups whose patterns were over the state budget and are filtered by their literals.
    pub literal_filters: usize,
    /// Most rows that a decision may have to verify for one spelling of one resource (CITE RES-21: objects of
    /// CAM have up to three).
    pub certificate: Certificate,
}
