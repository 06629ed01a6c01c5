//! A finding about one string, before its place is known.

use crate::{
    diagnostic::{Applicability, Code, Diagnostic, Edit, Fix, Severity},
    json,
    source::Span,
};

/// What a reader of entries says; the list that holds the entry adds the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) code: Code,
    severity: Option<Severity>,
    message: String,
    help: Option<String>,
    /// What the whole string should be; several where one value becomes a list.
    replacement: Option<(Applicability, Vec<String>)>,
}

impl Finding {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, severity: None, message: message.into(), help: None, replacement: None }
    }

    pub(crate) fn severity(self, severity: Severity) -> Self {
        Self { severity: Some(severity), ..self }
    }

    pub(crate) fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    /// The same with a sure new text of the string.
    pub(crate) fn machine(self, text: impl Into<String>) -> Self {
        Self { replacement: Some((Applicability::Machine, vec![text.into()])), ..self }
    }

    /// The same with sure texts that take the place of the string.
    pub(crate) fn machine_list(self, texts: Vec<String>) -> Self {
        Self { replacement: Some((Applicability::Machine, texts)), ..self }
    }

    /// The same with a new text of the string that needs a look.
    pub(crate) fn suggest(self, text: impl Into<String>) -> Self {
        Self { replacement: Some((Applicability::Suggestion, vec![text.into()])), ..self }
    }

    pub(crate) fn into_message(self) -> String {
        self.message
    }

    /// The finding about the string at a place, an entry of a list.
    pub(crate) fn at(self, source: u32, span: Span) -> Diagnostic {
        self.place(source, span, false)
    }

    /// The finding about the string at a place, where a single value stands for a list.
    pub(crate) fn at_single(self, source: u32, span: Span) -> Diagnostic {
        self.place(source, span, true)
    }

    fn place(self, source: u32, span: Span, single: bool) -> Diagnostic {
        let mut found = Diagnostic::new(self.code, source, span, self.message);
        if let Some(severity) = self.severity {
            found.severity = severity;
        }
        if let Some(help) = self.help {
            found.help = Some(help);
        }
        found.fix = self.replacement.map(|(applicability, texts)| {
            let mut literals = String::new();
            for (index, text) in texts.iter().enumerate() {
                if index > 0 {
                    literals.push_str(", ");
                }
                json::write_string(&mut literals, text);
            }
            let text = if single && texts.len() > 1 { format!("[{literals}]") } else { literals };
            Fix { applicability, edits: vec![Edit { span, text }] }
        });
        found
    }
}
