//! Scopes of resource policies (CITE EVA-9). The world loader calls it for `resource_policies[].resource`.

use crate::{
    diagnostic::{Code, Diagnostic, code},
    limits::Limits,
    policy::{AccountPattern, Kind, Piece, ResourcePattern},
    resource,
    setting::{Catalogue, Parameters, Setting},
    source::Span,
    template::short,
};

/// A scope as far as it could be read.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// The pattern, with a concrete service and an account that is `Uin` or `AppId`; none if there is an
    /// error. Whether the account is known and the service takes policies (CAM0334) is the caller's to
    /// say.
    pub pattern: Option<ResourcePattern>,
    /// Every finding, at the span that was given.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads the scope that stands at `span` of source `index`. Template parameters of the world are filled;
/// built-in ones are not offered, since it is the scope that says which account is meant.
pub fn read_scope(
    text: &str,
    index: u32,
    span: Span,
    parameters: &Parameters,
    legacy_project: bool,
) -> Scope {
    let (catalogue, limits) = (Catalogue::new(), Limits::default());
    let setting = Setting {
        kind: Kind::Resource,
        preset: false,
        account: None,
        parameters,
        builtin_parameters: false,
        catalogue: &catalogue,
        legacy_project,
        strict: false,
        limits: &limits,
        scope: None,
        unknown_account: false,
    };
    let found = |code: Code, message: String| Diagnostic::new(code, index, span, message);
    if text == "*" || text.is_empty() {
        let message = format!("the scope `{text}` names neither service nor owner");
        return Scope { pattern: None, diagnostics: vec![found(code::SCOPE_INVALID, message)] };
    }
    let mut remarks = Vec::new();
    // A retired form would void the denies of the policy: refused as in a deny (CITE RES-22).
    let pattern = match resource::read_segments(text, &setting, true, &mut remarks) {
        Ok(pattern) => pattern,
        Err(finding) => return Scope { pattern: None, diagnostics: vec![finding.at(index, span)] },
    };
    let variable = pattern.path.0.iter().any(|piece| matches!(piece, Piece::Variable(_)));
    let fault = match &pattern.account {
        _ if pattern.service.is_none() => Some("names no service"),
        AccountPattern::Own => Some("names no owner"),
        AccountPattern::Any | AccountPattern::Unvalued => Some("leaves the owner open"),
        _ if variable => Some("depends on the caller"),
        AccountPattern::Uin(_) | AccountPattern::AppId(_) => None,
    };
    match fault {
        Some(fault) => {
            let message = format!("the scope `{}` {fault}", short(text));
            Scope { pattern: None, diagnostics: vec![found(code::SCOPE_INVALID, message)] }
        }
        None => Scope {
            pattern: Some(pattern),
            diagnostics: remarks.into_iter().map(|remark| remark.at(index, span)).collect(),
        },
    }
}
