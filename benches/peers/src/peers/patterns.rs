//! Statements as regular expressions over `action⏎resource`, and what is left to host code of them: the effect,
//! and conditions, which no pattern can express.

use camshaft_benches::baseline::Test;
use camshaft_benches::world::{Statement, World};
use camshaft_runtime::Request;

use crate::peer::Verdict;
use crate::text::{self, Entry};

/// What a match of a pattern means.
pub struct Rule<'w> {
    deny: bool,
    tests: Vec<Test<'w>>,
}

/// One pattern for each statement.
pub fn of<'w>(world: &World, statements: impl Iterator<Item = &'w Statement>) -> Vec<String> {
    statements.map(|statement| pattern(world, statement)).collect()
}

/// The rule of each statement.
pub fn rules<'w>(statements: impl Iterator<Item = &'w Statement>) -> Vec<Rule<'w>> {
    let tests = |statement: &'w Statement| statement.terms.iter().map(Test::new).collect();
    statements.map(|statement| Rule { deny: statement.deny, tests: tests(statement) }).collect()
}

fn pattern(world: &World, statement: &Statement) -> String {
    let actions: Vec<String> = statement.actions.iter().map(|action| glob(&text::action(action))).collect();
    let mut resources: Vec<String> = text::entries(world, statement).iter().map(resource).collect();
    if statement.deny {
        // A deny on any resource of a service holds for the request for all of them.
        resources.push(r"\*".into());
    }
    format!("^(?:{})\n(?:{})$", actions.join("|"), resources.join("|"))
}

fn resource(entry: &Entry<'_>) -> String {
    match entry {
        Entry::All => ".*".into(),
        Entry::Segments { service, region, account, path } => {
            let region = region.map_or("[^:]*".into(), regex::escape);
            let (service, account) = (regex::escape(service), regex::escape(account));
            format!("qcs::{service}:{region}:{account}:{}", glob(path))
        }
    }
}

fn glob(pattern: &str) -> String {
    pattern.split('*').map(regex::escape).collect::<Vec<_>>().join(".*")
}

/// Writes the text that patterns are matched against.
pub fn haystack(request: &Request<'_>, into: &mut String) {
    into.clear();
    into.push_str(request.action);
    into.push('\n');
    into.push_str(request.resources.first().copied().unwrap_or(""));
}

/// The verdict of the rules whose pattern matched.
pub fn verdict<'a>(rules: impl Iterator<Item = &'a Rule<'a>>, request: &Request<'_>) -> Verdict {
    let mut verdict = Verdict::Nothing;
    for rule in rules {
        if (rule.deny || verdict == Verdict::Nothing) && rule.tests.iter().all(|test| test.holds(request)) {
            if rule.deny {
                return Verdict::Deny;
            }
            verdict = Verdict::Allow;
        }
    }
    verdict
}
