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

/// Reads the file, if one is named: a JSON list of actions, a JSON object that has them as members, or one action a
/// line. A file of another form is refused.
pub(crate) fn load(path: Option<&Path>) -> Result<Known, Failure> {
    let Some(path) = path else { return Ok(Known::default()) };
    let malformed = || {
        Failure::usage_with(
            format!("`--actions {}` cannot be used: it is not a list of actions", path.display()),
            "it is a JSON list such as [\"cos:GetObject\"], an object with such members, or one action a line",
        )
    };
    let bytes = input::read(path)?;
    let text = core::str::from_utf8(&bytes).map_err(|_| malformed())?;
    let actions = parse(text).ok_or_else(malformed)?;
    Ok(Known { actions })
}

fn parse(text: &str) -> Option<Vec<String>> {
    let mut actions: Vec<String> = if text.trim_start().starts_with(['[', '{']) {
        match serde_json::from_str(text).ok()? {
            serde_json::Value::Array(entries) => {
                entries.iter().map(|entry| entry.as_str().map(str::to_owned)).collect::<Option<_>>()?
            }
            serde_json::Value::Object(members) => members.into_iter().map(|(name, _)| name).collect(),
            _ => return None,
        }
    } else {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        lines.map(str::to_owned).collect()
    };
    for action in &mut actions {
        if let Some(bare) = action.strip_prefix("name/") {
            *action = bare.to_owned();
        }
    }
    let sound = |action: &String| {
        action.split_once(':').is_some_and(|(service, operation)| {
            !service.is_empty()
                && !operation.is_empty()
                && !action.contains(|c: char| c == '*' || c.is_whitespace())
        })
    };
    actions.sort_unstable();
    actions.dedup();
    actions.iter().all(sound).then_some(actions)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read() {
        let expected = vec!["cos:A".to_owned(), "cvm:B".to_owned()];
        for text in
            [r#"["cvm:B","name/cos:A","cos:A"]"#, r#"{"cvm:B":{},"cos:A":1}"#, "# all\ncvm:B\n\ncos:A\n"]
        {
            assert_eq!(parse(text), Some(expected.clone()));
        }
        for text in ["[1]", "[\"cos\"]", "cos:*", "{", "one two:three"] {
            assert_eq!(parse(text), None, "{text}");
        }
        let known = Known { actions: expected };
        assert_eq!(known.services().collect::<Vec<_>>(), ["cos", "cvm"]);
    }
}
