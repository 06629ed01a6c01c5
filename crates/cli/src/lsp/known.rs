//! The list of known actions (CITE ACT-9): for completion and examples, never for a decision.

use std::path::Path;

use crate::exit::Failure;
use crate::input;

/// Actions and their services, sorted, each once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    /// `cos:GetObject`.
    pub(crate) actions: Vec<String>,
}

impl Known {
    /// The services of the actions, each once.
    pub(crate) fn services(&self) -> impl Iterator<Item = &str> {
        let mut last = "";
        let services =
            self.actions.iter().filter_map(|action| action.split_once(':')).map(|(service, _)| service);
        services.filter(move |service| core::mem::replace(&mut last, service) != *service)
    }
}

/// Reads the file, if one is named. Its lines are those that lints take; what is wrong with them is said there.
pub(crate) fn load(path: Option<&Path>) -> Result<Known, Failure> {
    let Some(path) = path else { return Ok(Known::default()) };
    let text = String::from_utf8_lossy(&input::read(path)?).into_owned();
    Ok(Known { actions: parse(&text) })
}

fn parse(text: &str) -> Vec<String> {
    let lines = text.trim_start_matches('\u{feff}').lines().map(|line| line.split('#').next().unwrap_or(""));
    let actions = lines.filter_map(|line| line.split_whitespace().next());
    let mut actions: Vec<String> =
        actions.map(|action| action.strip_prefix("name/").unwrap_or(action).to_owned()).collect();
    actions.sort_unstable();
    actions.dedup();
    actions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read() {
        let actions = parse("# all\ncvm:B *\n\nname/cos:A # one\ncos:A\n");
        assert_eq!(actions, ["cos:A", "cvm:B"]);
        let known = Known { actions };
        assert_eq!(known.services().collect::<Vec<_>>(), ["cos", "cvm"]);
    }
}
