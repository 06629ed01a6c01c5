//! What the reference sees on the way to a decision, for statistics and for suites that ask about single statements.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{F, Ids, Reference, Truth};

impl Reference {
    /// Operator, key and truth of the caller's conditions that count for the first resource.
    pub fn conditions(&self, request: &Value) -> Vec<(&str, &str, Truth)> {
        let Ok((mut ask, mut targets, _)) = self.query(request) else { return Vec::new() };
        ask.target = targets.swap_remove(0);
        let own = self.tied.iter().filter(|(holder, _)| ask.names.iter().any(|name| holder.ends_with(name)));
        let all = own.map(|(_, policy)| policy).chain(self.scoped.iter().map(|(_, policy)| policy)).flatten();
        let terms = all.filter(|s| self.meets(s, &ask) != F).flat_map(|s| &s.conditions);
        terms.map(|term| (term.0.as_str(), term.1.as_str(), ask.term(term))).collect()
    }

    /// The statements of the caller's own policies and groups that match a request for one resource, whatever they come
    /// to together; `None` for a malformed request.
    pub fn matching(&self, request: &Value) -> Option<BTreeSet<String>> {
        let (mut ask, targets, _) = self.query(request).ok()?;
        ask.target = targets.into_iter().next()?;
        let (mut denies, policies) = (Ids::new(), self.tied.get(&format!("identity {}", ask.names[0])));
        let allows = policies.map_or_else(Ids::new, |policies| self.run(policies, &ask, &mut denies));
        Some(&allows | &denies)
    }
}
