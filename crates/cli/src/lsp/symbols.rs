//! The statements of policies, and the policies of worlds, for the outline of an editor.

use camshaft_frontend::source::Span;
use gen_lsp_types::{DocumentSymbol, SymbolKind};

use super::documents::Document;
use super::outline::{Item, Member, Shape};

/// Entries of a list that are shown.
const MOST_ENTRIES: usize = 3;

/// The symbols of a text, whether it is sound or not.
pub(crate) fn of(document: &Document) -> Vec<DocumentSymbol> {
    let symbols = Symbols { document };
    match &document.outline.shape {
        _ if !document.is_world() => symbols.statements(&document.outline),
        Shape::Array(lines) => lines.iter().flat_map(|line| symbols.members(line)).collect(),
        _ => symbols.members(&document.outline),
    }
}

struct Symbols<'d> {
    document: &'d Document,
}

impl Symbols<'_> {
    fn statements(&self, policy: &Item) -> Vec<DocumentSymbol> {
        let list = policy.member("statement").and_then(|member| member.value.as_ref());
        let objects = list.map(Item::entries).unwrap_or(&[]).iter().enumerate();
        objects.filter_map(|(index, item)| self.statement(index, item)).collect()
    }

    fn statement(&self, index: usize, item: &Item) -> Option<DocumentSymbol> {
        if !matches!(item.shape, Shape::Object(_)) {
            return None;
        }
        let list = |name: &str| {
            let value = item.member(name).and_then(|member| member.value.as_ref());
            entries(value.map(Item::entries).unwrap_or(&[]))
        };
        let mut name = format!("#{index} {} {}", list("effect"), list("action"));
        let label = list("sid");
        if !label.is_empty() {
            name.push_str(&format!(" ({label})"));
        }
        let resources = list("resource");
        Some(self.symbol(name, SymbolKind::Object, item.span, item.span, Some(resources), Vec::new()))
    }

    /// The members of a world, below them what has a name, below that the statements of policies in place.
    fn members(&self, object: &Item) -> Vec<DocumentSymbol> {
        object.members().iter().filter_map(|member| self.member(member)).collect()
    }

    fn member(&self, member: &Member) -> Option<DocumentSymbol> {
        let value = member.value.as_ref()?;
        let children = match &value.shape {
            Shape::Object(_) if value.member("statement").is_some() => self.statements(value),
            Shape::Object(_) => self.members(value),
            Shape::Array(items) => {
                items.iter().enumerate().filter_map(|(at, item)| self.element(at, item)).collect()
            }
            _ if matches!(member.name(), "boundary" | "trust") => Vec::new(),
            _ => return None,
        };
        let kind = if value.member("statement").is_some() { SymbolKind::Class } else { SymbolKind::Field };
        let name = if member.name().is_empty() { "\"\"".to_owned() } else { member.name().to_owned() };
        Some(self.symbol(name, kind, member.span(), member.name.span, None, children))
    }

    fn element(&self, at: usize, item: &Item) -> Option<DocumentSymbol> {
        if !matches!(item.shape, Shape::Object(_)) {
            return None;
        }
        if item.member("statement").is_some() {
            let statements = self.statements(item);
            return Some(self.symbol(
                format!("#{at}"),
                SymbolKind::Class,
                item.span,
                item.span,
                None,
                statements,
            ));
        }
        let named = ["name", "uin", "resource", "account"].into_iter().find_map(|name| {
            let value = item.member(name)?.value.as_ref()?;
            value.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
        });
        let children = self.members(item);
        let name = named.unwrap_or_else(|| format!("#{at}"));
        Some(self.symbol(name, SymbolKind::Object, item.span, item.span, None, children))
    }

    fn symbol(
        &self,
        name: String,
        kind: SymbolKind,
        span: Span,
        selection: Span,
        detail: Option<String>,
        children: Vec<DocumentSymbol>,
    ) -> DocumentSymbol {
        let children = (!children.is_empty()).then_some(children);
        let (range, selection) = (self.document.range(span), self.document.range(selection));
        DocumentSymbol::new(name, detail, kind, None, None, range, selection, children)
    }
}

/// The first few texts of a list.
fn entries(items: &[Item]) -> String {
    let texts: Vec<&str> = items.iter().filter_map(Item::as_str).collect();
    let mut shown = texts.iter().take(MOST_ENTRIES).copied().collect::<Vec<_>>().join(", ");
    if texts.len() > MOST_ENTRIES {
        shown.push_str(", …");
    }
    shown
}
