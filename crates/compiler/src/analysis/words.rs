//! Entries and conditions as people read them.

use camshaft_frontend::normalize::{resource_text, values_text};
use camshaft_frontend::policy::{ActionEntry, Piece, ResourceEntry, Term, Values};
use camshaft_value::operator::{Base, Qualifier};

use super::layers::Grant;
use super::set::Standing;

/// `cos:Get*`.
pub(super) fn action(entry: &ActionEntry) -> String {
    let ActionEntry::Operation { service, operation } = entry else { return "*".to_owned() };
    let mut text = format!("{service}:");
    for piece in &operation.0 {
        match piece {
            Piece::Literal(literal) => text.push_str(literal),
            Piece::Star | Piece::Variable(_) => text.push('*'),
        }
    }
    text
}

/// The entries of a statement; those of a policy of resources lie inside its scope.
pub(super) fn resources(grant: &Grant<'_>) -> Vec<String> {
    let scope = match grant.standing {
        Standing::Scope(pattern, ..) => Some(resource_text(pattern)),
        Standing::Caller | Standing::Account(_) => None,
    };
    let text = |entry: &ResourceEntry| match (entry, &scope) {
        (ResourceEntry::All, None) => "*".to_owned(),
        (ResourceEntry::All, Some(scope)) => scope.clone(),
        (ResourceEntry::Segments(pattern), None) => resource_text(pattern),
        (ResourceEntry::Segments(pattern), Some(scope)) => {
            let own = resource_text(pattern);
            if own == *scope { own } else { format!("{own} inside {scope}") }
        }
    };
    grant.statement.resources.iter().map(text).collect()
}

/// `qcs:ip is in 10.0.0.0/8`.
pub(super) fn term(term: &Term) -> String {
    let key = &term.key;
    if let Values::Null(empty) = term.values {
        return if empty { format!("{key} is absent or empty") } else { format!("{key} is given") };
    }
    let whose = match term.operator.qualifier {
        Qualifier::None => key.to_string(),
        Qualifier::AnyValue => format!("some value of {key}"),
        Qualifier::AllValues => format!("every value of {key}"),
    };
    let relation = match term.operator.base {
        Base::StringEqual
        | Base::BinaryEqual
        | Base::BoolEqual
        | Base::NumericEqual
        | Base::DateEqual
        | Base::NullEqual => "is",
        Base::StringNotEqual | Base::NumericNotEqual | Base::DateNotEqual => "is not",
        Base::StringEqualIgnoreCase => "is, whatever the case,",
        Base::StringNotEqualIgnoreCase => "is not, whatever the case,",
        Base::StringLike => "is like",
        Base::StringNotLike => "is not like",
        Base::NumericLessThan => "is less than",
        Base::NumericLessThanEqual => "is at most",
        Base::NumericGreaterThan => "is greater than",
        Base::NumericGreaterThanEqual => "is at least",
        Base::DateLessThan => "is before",
        Base::DateLessThanEqual => "is not after",
        Base::DateGreaterThan => "is after",
        Base::DateGreaterThanEqual => "is not before",
        Base::IpEqual => "is in",
        Base::IpNotEqual => "is not in",
    };
    let values = values_text(term);
    // One value needs no brackets.
    let values = match values.strip_prefix('[').and_then(|values| values.strip_suffix(']')) {
        Some(inner) => inner.replace("\",\"", "\" or \""),
        None => values,
    };
    let absent = if term.operator.if_exist { ", or is absent" } else { "" };
    format!("{whose} {relation} {values}{absent}")
}
