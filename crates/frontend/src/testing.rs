//! What the unit tests share: a setting to read in, and generated documents.

use crate::{
    diagnostic::Severity,
    document::{self, Reading},
    limits::Limits,
    policy::{Kind, Statement},
    setting::{Catalogue, Owner, Parameters, Setting},
    source::Source,
};

/// Owns what a [`Setting`] borrows.
pub(crate) struct Fixture {
    pub(crate) parameters: Parameters,
    pub(crate) catalogue: Catalogue,
    pub(crate) limits: Limits,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        let catalogue =
            [("permid/1".to_owned(), vec!["name/cos:Get*".to_owned(), "cvm:RunInstances".to_owned()])];
        Self {
            parameters: [("Name".to_owned(), "web".to_owned())].into(),
            catalogue: catalogue.into(),
            limits: Limits::default(),
        }
    }

    /// As in the counts of the semantics: account 100000000001 with APPID 1250000000.
    pub(crate) fn setting(&self, kind: Kind) -> Setting<'_> {
        Setting {
            kind,
            preset: false,
            account: Some(Owner { uin: "100000000001", appid: Some("1250000000") }),
            parameters: &self.parameters,
            builtin_parameters: true,
            catalogue: &self.catalogue,
            legacy_project: false,
            strict: false,
            limits: &self.limits,
            scope: None,
            unknown_account: false,
        }
    }
}

pub(crate) fn read(text: &str, setting: &Setting<'_>) -> Reading {
    let source = Source::new("test.json", text);
    document::parse_source(&source, 0).read(&source, setting)
}

/// The codes of a document, as `E210@1:5 N216@1:9`: severity, number, place.
pub(crate) fn codes(text: &str, kind: Kind) -> String {
    let fixture = Fixture::new();
    codes_in(text, &fixture.setting(kind))
}

pub(crate) fn codes_in(text: &str, setting: &Setting<'_>) -> String {
    let source = Source::new("test.json", text);
    let reading = document::parse_source(&source, 0).read(&source, setting);
    let show = |found: &crate::diagnostic::Diagnostic| {
        let place = source.position(found.span.start);
        let severity = match found.severity {
            Severity::Note => 'N',
            Severity::Warning => 'W',
            Severity::Error => 'E',
        };
        format!("{severity}{}@{}:{}", found.code.0, place.line, place.column)
    };
    reading.diagnostics.iter().map(show).collect::<Vec<_>>().join(" ")
}

/// A document with one statement of these members.
pub(crate) fn with(members: &str) -> String {
    format!("{{\"version\":\"2.0\",\"statement\":[{{{members}}}]}}")
}

/// An allow with this action, or resource, or condition; codes without their places.
pub(crate) fn entry_codes(action: &str, resource: &str, condition: &str) -> String {
    let text = with(&format!(
        "\"effect\":\"allow\",\"action\":[{action}],\"resource\":[{resource}],\"condition\":{{{condition}}}"
    ));
    let codes = codes(&text, Kind::Identity);
    // An empty condition is in the way of most tests.
    let words = codes.split(' ').filter_map(|word| word.split_once('@')).map(|(code, _)| code);
    words.filter(|code| !(condition.is_empty() && *code == "W217")).collect::<Vec<_>>().join(" ")
}

/// The only statement of a document that must be accepted.
pub(crate) fn statement(text: &str, setting: &Setting<'_>) -> Statement {
    let reading = read(text, setting);
    let statements = reading.statements.unwrap_or_else(|| panic!("{text}: {:?}", reading.diagnostics));
    assert_eq!(statements.len(), 1);
    statements.into_iter().next().unwrap()
}

/// Numbers that look random and are the same in every run.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n as u64) as usize
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    fn list(&mut self, from: &[&str]) -> String {
        let count = 1 + self.below(4);
        let entries: Vec<String> = (0..count).map(|_| format!("\"{}\"", self.pick(from))).collect();
        if count == 1 && self.below(2) == 0 {
            entries[0].clone()
        } else {
            format!("[{}]", entries.join(", "))
        }
    }

    /// A document of a resource policy that has warnings and notes, but no errors.
    pub(crate) fn document(&mut self) -> String {
        let statements: Vec<String> = (0..1 + self.below(4)).map(|_| self.statement()).collect();
        let name = self.pick(&["statement", "Statement"]);
        format!("{{\"version\": \"2.0\", \"{name}\": [{}]}}", statements.join(","))
    }

    fn statement(&mut self) -> String {
        let actions =
            ["*", "*:*", "name/cos:Get*", "cos:Get*", "name/*:*", "cvm:a*b*", "permid/1", "cvm:${Name}"];
        let resources = [
            "*",
            "qcs::cos:gz:uid/1250000000:b-1250000000",
            "qcs::cos:ap-guangzhou:uid/1250000000:b-1250000000/",
            "qcs::*:*:uin/*:x/*",
            "qcs::cvm::uid/*:instance/${uin}",
            "qcs::cvm:mars:uin/${OwnerUin}:${Name}/*",
            "qcs::cos::uin/1:${Name}",
        ];
        let principals =
            ["\"*\"", "{\"QCS\":\"*\"}", "{\"qcs\":[\"qcs::cam::uin/1:uin/2\",\"qcs::cam::uin/1:root\"]}"];
        let conditions = [
            "\"ip_equal\":{\"qcs:ip\":[\"10.0.0.0/9\",\"10.128.0.7/9\",\"10.*.*.10/24\"]}",
            "\"numeric_equal\":{\"x:n\":[1.50,\"01.5\",\"-0\"]}",
            "\"date_less_than\":{\"qcs:current_time\":\"2022-05-31 00:00:00\"}",
            "\"bool_equal_if_exist\":{\"x:b\":[true,\"true\"]}",
            "\"for_any_value:string_like\":{\"x:s\":[\"a*\",\"${uin}*\",\"\\u0007\\\"\"]}",
            "\"null_equal\":{\"x:k\":false}",
        ];
        let mut members = vec![
            format!("\"effect\": \"{}\"", self.pick(&["allow", "deny", "Allow", "Deny"])),
            format!("\"principal\": {}", self.pick(&principals)),
            format!("\"Action\": {}", self.list(&actions)),
            format!("\"resource\": {}", self.list(&resources)),
        ];
        match self.below(4) {
            0 => members.push("\"condition\": []".to_owned()),
            1 => members.push(format!("\"condition\": {{{}}}", self.pick(&conditions))),
            2 => {
                let first = self.below(conditions.len() - 1);
                members.push(format!("\"condition\": {{{}, {}}}", conditions[first], conditions[first + 1]));
            }
            _ => {}
        }
        if self.below(3) == 0 {
            members.push(format!("\"sid\": \"{}\"", self.pick(&["one", "two"])));
        }
        let turn = self.below(members.len());
        members.rotate_left(turn);
        format!("{{{}}}", members.join(", "))
    }
}
