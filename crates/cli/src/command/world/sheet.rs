//! The JSON of a world as it stands in its file, to be edited and written in canonical form.
//!
//! In: the text of a world whose JSON is sound. Out: the same world with members and lists in order (`shape`), and
//! every document in place as it was: reflowed, or kept byte for byte where it has comments.

use camshaft_frontend::diagnostic::code;
use camshaft_frontend::json::{self, Bounds, write_string};
use camshaft_frontend::source::{Source, Span};
use camshaft_frontend::world;

use super::shape::{self, Shaper};

/// A value to be edited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Json {
    /// A string, escapes resolved.
    String(Box<str>),
    /// A number, `true`, `false`, `null`, or a document with comments: as it stood.
    Raw(Box<str>),
    /// An array.
    List(Vec<Json>),
    /// An object.
    Object(Vec<(Box<str>, Json)>),
}

impl Json {
    /// The text, if this is a string.
    pub(super) fn as_str(&self) -> Option<&str> {
        if let Self::String(text) = self { Some(text) } else { None }
    }

    /// The entries, if this is an array.
    pub(super) fn items(&self) -> &[Self] {
        if let Self::List(items) = self { items } else { &[] }
    }

    /// The members, if this is an object.
    pub(super) fn members(&self) -> &[(Box<str>, Self)] {
        if let Self::Object(members) = self { members } else { &[] }
    }

    /// A member of this object.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        self.members().iter().find(|(own, _)| &**own == name).map(|(_, value)| value)
    }

    /// The string of a member of this object.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }

    /// The entries of a member of this object.
    pub(super) fn list(&self, name: &str) -> &[Self] {
        self.get(name).map_or(&[], Self::items)
    }

    /// Sets a member of this object, in its place among those of `order`, or removes it.
    pub(super) fn put(&mut self, name: &str, value: Option<Self>, order: &[&str]) {
        let Self::Object(members) = self else { return };
        members.retain(|(own, _)| &**own != name);
        let Some(value) = value else { return };
        let rank = |name: &str| order.iter().position(|own| *own == name).unwrap_or(order.len());
        let at = members.iter().position(|(own, _)| rank(own) > rank(name)).unwrap_or(members.len());
        members.insert(at, (name.into(), value));
    }

    /// With one member or entry a line.
    fn pretty(&self, out: &mut String, depth: usize) {
        let line = |out: &mut String, depth: usize| {
            out.push('\n');
            (0..depth).for_each(|_| out.push_str("  "));
        };
        let (open, close, empty) = match self {
            Self::String(text) => return write_string(out, text),
            Self::Raw(text) => return out.push_str(text),
            Self::List(items) => ('[', ']', items.is_empty()),
            Self::Object(members) => ('{', '}', members.is_empty()),
        };
        out.push(open);
        for (at, (name, value)) in self.parts().enumerate() {
            out.push_str(if at > 0 { "," } else { "" });
            line(out, depth + 1);
            if let Some(name) = name {
                write_string(out, name);
                out.push_str(": ");
            }
            value.pretty(out, depth + 1);
        }
        if !empty {
            line(out, depth);
        }
        out.push(close);
    }

    /// Without blanks.
    fn compact(&self, out: &mut String) {
        let (open, close) = match self {
            Self::String(text) => return write_string(out, text),
            Self::Raw(text) => return out.push_str(text),
            Self::List(_) => ('[', ']'),
            Self::Object(_) => ('{', '}'),
        };
        out.push(open);
        for (at, (name, value)) in self.parts().enumerate() {
            out.push_str(if at > 0 { "," } else { "" });
            if let Some(name) = name {
                write_string(out, name);
                out.push(':');
            }
            value.compact(out);
        }
        out.push(close);
    }

    /// Members with their names, or entries.
    fn parts(&self) -> impl Iterator<Item = (Option<&str>, &Self)> {
        let members = self.members().iter().map(|(name, value)| (Some(&**name), value));
        members.chain(self.items().iter().map(|item| (None, item)))
    }
}

/// A whole world.
#[derive(Clone, Debug)]
pub(super) enum Sheet {
    /// In one text.
    Text(Json),
    /// Line by line.
    Lines(Vec<Json>),
}

impl Sheet {
    /// Reads a world; `None` when its JSON is unsound.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if !world::is_stream(text) {
            return value(text, &shape::WORLD).map(Self::Text);
        }
        let lines = text.lines().filter(|line| !line.trim_ascii().is_empty());
        lines.map(|line| value(line, &shape::LINE)).collect::<Option<_>>().map(Self::Lines)
    }

    /// The canonical text.
    pub(super) fn write(&self) -> String {
        let mut out = String::new();
        match self {
            Self::Text(world) => {
                world.pretty(&mut out, 0);
                out.push('\n');
            }
            Self::Lines(lines) => {
                for line in lines {
                    line.compact(&mut out);
                    out.push('\n');
                }
            }
        }
        out
    }

    /// The accounts.
    pub(super) fn accounts(&self) -> Vec<&Json> {
        match self {
            Self::Text(world) => world.list("accounts").iter().collect(),
            Self::Lines(lines) => lines.iter().filter_map(|line| line.get("account")).collect(),
        }
    }

    /// An account, to be edited.
    pub(super) fn account_mut(&mut self, uin: &str) -> Option<&mut Json> {
        let (members, name): (Vec<&mut (Box<str>, Json)>, _) = match self {
            Self::Text(Json::Object(members)) => (members.iter_mut().collect(), "accounts"),
            Self::Text(_) => return None,
            Self::Lines(lines) => (lines.iter_mut().filter_map(only_member).collect(), "account"),
        };
        let found = members.into_iter().filter(|(own, _)| &**own == name).map(|(_, value)| value);
        let mut accounts = found.flat_map(|value| match value {
            Json::List(accounts) => accounts.iter_mut().collect::<Vec<_>>(),
            account => vec![account],
        });
        accounts.find(|account| account.text("uin") == Some(uin))
    }

    /// Presets by name, with their documents.
    pub(super) fn presets(&self) -> Vec<(&str, &Json)> {
        match self {
            Self::Text(world) => world
                .get("presets")
                .map_or(&[][..], Json::members)
                .iter()
                .map(|(name, document)| (&**name, document))
                .collect(),
            Self::Lines(lines) => {
                let presets = lines.iter().filter_map(|line| line.get("preset"));
                presets.filter_map(|preset| Some((preset.text("name")?, preset.get("policy")?))).collect()
            }
        }
    }
}

fn only_member(line: &mut Json) -> Option<&mut (Box<str>, Json)> {
    if let Json::Object(members) = line { members.first_mut() } else { None }
}

fn value(text: &str, shape: &'static shape::Shape) -> Option<Json> {
    let source = Source::new("", text);
    let parsed = json::parse(&source, 0, Span::new(0, text.len()), Bounds::WORLD);
    let comments = parsed.tolerated.iter().filter(|found| found.code == code::COMMENT);
    let mut comments: Vec<usize> = comments.map(|found| found.span.start).collect();
    comments.sort_unstable();
    Some(Shaper { source: &source, comments: &comments }.shaped(&parsed.value?, shape))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_canonical_form_is_its_own() {
        let text = r#"{ "presets": {"b": "b.json", "a": {"text": "{ /* é */\n}"}},
            "options": {"limits": {"LIM-2": 9e3}, "strict": true},
            "accounts": [ {"users": [], "uin": "2"}, {"policies": {"p": { // why
   "version": "2.0", }, "o": {"b":[], "a": {"y": 1.50,}}}, "uin": "1",
   "users": [{"policies": ["b", "a", "b"], "uin": "9"}, {"policies": ["b", {"version": "2.0"}, "a"], "uin": "8"}]} ] }"#;
        let sheet = Sheet::parse(text).unwrap();
        let written = sheet.write();
        assert_eq!(Sheet::parse(&written).unwrap().write(), written);
        let starts = |part: &str| written.find(part).unwrap_or_else(|| panic!("{part} in {written}"));
        assert!(
            starts("\"accounts\"") < starts("\"presets\"") && starts("\"presets\"") < starts("\"options\"")
        );
        assert!(starts("\"uin\": \"1\"") < starts("\"uin\": \"2\"") && starts("\"8\"") < starts("\"9\""));
        assert!(starts("\"a\": {\n      \"text\": \"{ /* é */\\n}\"") < starts("\"b\": \"b.json\""));
        starts("\"p\": { // why\n   \"version\": \"2.0\", }");
        starts("\"y\": 1.50\n");
        assert_eq!(written.matches("\"users\"").count(), 1);
        let user = |at: usize| sheet.accounts()[0].list("users")[at].list("policies").len();
        assert_eq!((user(0), user(1)), (3, 2), "a document in place keeps its index");
    }

    #[test]
    fn lines_stay_lines() {
        let text = "{\"settings\":{\"parameters\":{\"b\":\"1\",\"a\":\"2\"}}}\n\n{ \"account\": {\"appid\":\"3\", \"uin\":\"1\"} }";
        let written = "{\"settings\":{\"parameters\":{\"a\":\"2\",\"b\":\"1\"}}}\n{\"account\":{\"uin\":\"1\",\"appid\":\"3\"}}\n";
        assert_eq!(Sheet::parse(text).unwrap().write(), written);
        assert!(Sheet::parse(text).unwrap().account_mut("1").is_some());
    }
}
