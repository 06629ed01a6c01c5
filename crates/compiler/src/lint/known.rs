//! The list of known actions (CITE ACT-9).

use core::ops::Bound;
use std::collections::BTreeMap;

use camshaft_value::action::Action;

/// Actions that exist, and which of them take no resource.
#[derive(Clone, Debug, Default)]
pub struct KnownActions {
    /// By text without `name/`: whether it takes no resource.
    actions: BTreeMap<Box<str>, bool>,
    /// Those in lower case, and how they are written.
    folded: BTreeMap<Box<str>, Box<str>>,
}

/// Why a list cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownFault {
    /// Line, from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

impl KnownActions {
    /// Reads a list: an action a line, `service:Operation`; a `*` behind it for one that takes no resource; `#` begins a
    /// remark.
    ///
    /// # Errors
    ///
    /// The first line that is something else.
    pub fn parse(text: &str) -> Result<Self, KnownFault> {
        let mut known = Self::default();
        for (line, text) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
            let text = text.split('#').next().unwrap_or_default();
            let mut words = text.split_whitespace();
            let Some(action) = words.next() else { continue };
            let fault = |message| Err(KnownFault { line, message });
            let Some(read) = Action::parse(action) else {
                return fault(format!("`{action}` is not an action"));
            };
            let without = match (words.next(), words.next()) {
                (None, _) => false,
                (Some("*"), None) => true,
                (Some(word), _) => return fault(format!("`{word}` stands behind an action")),
            };
            known.insert(format!("{}:{}", read.service, read.operation), without);
        }
        if known.actions.is_empty() {
            return Err(KnownFault { line: 1, message: "it names no action".into() });
        }
        Ok(known)
    }

    fn insert(&mut self, action: String, without: bool) {
        self.folded.insert(action.to_ascii_lowercase().into(), action.as_str().into());
        *self.actions.entry(action.into()).or_default() |= without;
    }

    /// The actions that begin with a text, and whether each takes no resource.
    pub(super) fn beginning<'k>(&'k self, head: &'k str) -> impl Iterator<Item = (&'k str, bool)> {
        let from = self.actions.range::<str, _>((Bound::Included(head), Bound::Unbounded));
        from.map(|(action, without)| (&**action, *without))
            .take_while(move |(action, _)| action.starts_with(head))
    }

    /// The first action that in lower case begins with a text and is as asked for, as it is written.
    pub(super) fn first_folded(&self, head: &str, good: impl Fn(&str) -> bool) -> Option<&str> {
        let from = self.folded.range::<str, _>((Bound::Included(head), Bound::Unbounded));
        let mut of_head = from.take_while(|(folded, _)| folded.starts_with(head));
        of_head.find(|(folded, _)| good(folded)).map(|(_, action)| &**action)
    }

    /// Whether an action takes no resource; `None` for one that is not known.
    pub(super) fn without_resource(&self, action: &str) -> Option<bool> {
        self.actions.get(action).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_line_by_line() {
        let known = KnownActions::parse("# x\ncvm:DescribeZones *\n\nname/cos:GetObject # y\r\n").unwrap();
        assert_eq!(known.without_resource("cvm:DescribeZones"), Some(true));
        assert_eq!(known.without_resource("cos:GetObject"), Some(false));
        assert_eq!(known.without_resource("cos:getobject"), None);
        assert_eq!(known.beginning("cos:").collect::<Vec<_>>(), [("cos:GetObject", false)]);
        assert_eq!(known.first_folded("cos:g", |action| action.ends_with("object")), Some("cos:GetObject"));
        let fault = |text| KnownActions::parse(text).unwrap_err();
        assert_eq!(fault("cos:GetObject\nGetObject").line, 2);
        assert_eq!(fault("cos:Get*").message, "`cos:Get*` is not an action");
        assert_eq!(fault("cos:A x").message, "`x` stands behind an action");
        assert_eq!(fault("# nothing").message, "it names no action");
    }
}
