//! The questions that are asked most.

use super::set::{Member, Set};
use super::{Answer, Budget, Contexts, Formula};

/// How a question is to be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asking {
    /// The contexts that it is about.
    pub contexts: Contexts,
    /// How much work it may take.
    pub budget: Budget,
}

impl Default for Asking {
    fn default() -> Self {
        Self { contexts: Contexts::All, budget: Budget::default() }
    }
}

impl Asking {
    /// About contexts whose every value can be read, as lints are.
    pub fn well_typed() -> Self {
        Self { contexts: Contexts::WellTyped, ..Self::default() }
    }
}

impl Set<'_> {
    /// A request of which a formula holds.
    pub fn ask(&self, formula: &Formula, asking: Asking) -> Answer {
        self.find(formula, asking.contexts, asking.budget)
    }

    /// A request that a statement binds.
    pub fn bound(&mut self, member: Member, asking: Asking) -> Answer {
        let formula = self.binds(member);
        self.ask(&formula, asking)
    }

    /// A request that a statement binds and none of the others does: [`Answer::None`] when the others cover it.
    pub fn uncovered(&mut self, member: Member, by: &[Member], asking: Asking) -> Answer {
        let formula = self.binds(member) & !self.any(by);
        self.ask(&formula, asking)
    }

    /// Some of the statements bind.
    pub fn any(&mut self, members: &[Member]) -> Formula {
        Formula::any(members.iter().map(|member| self.binds(*member)).collect::<Vec<_>>())
    }

    /// What statements that stand together come to: an allow binds and no deny. Layers and other grants are for the
    /// caller to add.
    pub fn allowed(&mut self, members: &[Member]) -> Formula {
        let (denies, allows): (Vec<Member>, Vec<Member>) =
            members.iter().copied().partition(|member| self.is_deny(*member));
        self.any(&allows) & !self.any(&denies)
    }

    /// Some deny binds.
    pub fn denied(&mut self, members: &[Member]) -> Formula {
        let denies: Vec<Member> = members.iter().copied().filter(|member| self.is_deny(*member)).collect();
        self.any(&denies)
    }
}

#[cfg(test)]
mod tests {
    use camshaft_frontend::policy::Statement;
    use camshaft_frontend::world::{self, NoFiles, Overrides, WorldInput};

    use super::super::{Caller, Directory, Standing, Witness};
    use super::*;

    fn statements(text: &str) -> Vec<Statement> {
        let policy = world::BarePolicy {
            name: "p".into(),
            path: "p.json".into(),
            text: format!(r#"{{"version":"2.0","statement":[{text}]}}"#),
        };
        let loaded = world::load(WorldInput::policies(vec![policy]), &NoFiles, &Overrides::default());
        let set = loaded.set.unwrap_or_else(|| panic!("{:?}", loaded.diagnostics));
        set.policies.into_iter().flat_map(|policy| policy.statements).collect()
    }

    fn asked(text: &str, ask: impl Fn(&mut Set<'_>, &[Member]) -> Answer) -> Answer {
        let statements = statements(text);
        let mut set = Set::new(Caller::implicit(), Directory::implicit());
        let members: Vec<Member> =
            statements.iter().map(|statement| set.add(statement, Standing::Caller)).collect();
        ask(&mut set, &members)
    }

    fn found(answer: Answer) -> Witness {
        match answer {
            Answer::Found(witness) => witness,
            other => panic!("{other:?}"),
        }
    }

    const READ: &str =
        r#"{"effect":"allow","action":"cos:Get*","resource":"qcs::cos::uid/1250000000:b-1250000000/*"}"#;

    #[test]
    fn the_shortest_request_that_binds() {
        let witness = found(asked(READ, |set, all| set.bound(all[0], Asking::default())));
        assert_eq!(witness.action, "cos:Get");
        assert_eq!(witness.resource, "qcs::cos:ap-guangzhou:uin/100000000001:b-1250000000/");
        assert!(witness.context.is_empty() && witness.time.is_none());
    }

    #[test]
    fn cover_is_exact() {
        let whole = r#"{"effect":"allow","action":["cos:GetObject","cos:PutObject"],"resource":"*"},
            {"effect":"allow","action":"cos:Get*","resource":"*"},{"effect":"allow","action":"cos:P*Object","resource":"*"}"#;
        let answer = asked(whole, |set, all| set.uncovered(all[0], &all[1..], Asking::default()));
        assert!(answer.is_none());
        let witness = found(asked(whole, |set, all| set.uncovered(all[1], &all[..1], Asking::default())));
        assert_eq!(witness.action, "cos:Get");
    }

    #[test]
    fn conditions_are_cut_into_classes() {
        let split = r#"{"effect":"allow","action":"*","resource":"*","condition":{"numeric_less_than":{"k":"5"}}},
            {"effect":"allow","action":"*","resource":"*","condition":{"numeric_less_than_equal":{"k":"4"}}}"#;
        let witness = found(asked(split, |set, all| set.uncovered(all[0], &all[1..], Asking::default())));
        assert_eq!(witness.context["k"], ["4.5"]);
        let never = r#"{"effect":"allow","action":"*","resource":"*",
            "condition":{"numeric_less_than":{"k":"5"},"numeric_greater_than":{"k":"5"}}}"#;
        assert!(asked(never, |set, all| set.bound(all[0], Asking::default())).is_none());
        // With several values one is below and one above.
        let never = never.replace("numeric", "for_any_value:numeric");
        let witness = found(asked(&never, |set, all| set.bound(all[0], Asking::default())));
        assert_eq!(witness.context["k"].len(), 2);
    }

    #[test]
    fn a_budget_ends_a_search_aloud() {
        let answer = asked(READ, |set, all| {
            set.bound(
                all[0],
                Asking { budget: Budget { steps: 10, ..Budget::default() }, ..Asking::default() },
            )
        });
        assert!(matches!(answer, Answer::Unknown { budget: 10, .. }));
    }

    #[test]
    fn well_typed_contexts_have_no_other_values() {
        let both = r#"{"effect":"deny","action":"*","resource":"*","condition":{"bool_equal":{"k":["true","false"]}}},
            {"effect":"deny","action":"*","resource":"*","condition":{"null_equal":{"k":"false"}}}"#;
        let ask = |asking| {
            asked(both, |set, all| {
                let present = set.binds(all[1]);
                let formula = present & !set.binds(all[0]);
                set.ask(&formula, asking)
            })
        };
        assert!(ask(Asking::well_typed()).is_none());
        assert!(ask(Asking::default()).is_none(), "what cannot be read is unknown, and a deny binds");
    }
}
