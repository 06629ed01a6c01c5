//! Resources: CAM0526, CAM0527, and CAM0529 of resources.

use camshaft_frontend::diagnostic::{Fix, code};
use camshaft_frontend::outline::{Stated, Written};
use camshaft_frontend::policy::{ActionEntry, Piece, ResourceEntry, ResourcePattern};
use camshaft_value::region;

use super::Document;

impl Document<'_, '_> {
    pub(super) fn resources(&mut self, stated: &Stated) {
        for entry in &stated.resources {
            let ResourceEntry::Segments(segments) = &entry.means else { continue };
            self.foreign_service(stated, entry, segments);
            self.prefix(stated, entry, segments);
            self.dated(stated, entry, segments);
        }
    }

    /// CAM0526.
    fn foreign_service(
        &mut self,
        stated: &Stated,
        entry: &Written<ResourceEntry>,
        segments: &ResourcePattern,
    ) {
        let Some(service) = &segments.service else { return };
        let of_service = |action: &ActionEntry| match action {
            ActionEntry::All => true,
            ActionEntry::Operation { service: of, .. } => of == service,
        };
        if !stated.meaning.actions.iter().any(of_service) {
            let message = format!("a resource of `{service}`, of which the statement names no action");
            let found = self.found(stated, code::FOREIGN_RESOURCE, entry.span, message);
            found.help =
                Some("few services have actions on resources of others; is this one of them?".into());
        }
    }

    /// CAM0527.
    fn prefix(&mut self, stated: &Stated, entry: &Written<ResourceEntry>, segments: &ResourcePattern) {
        let pieces = &segments.path.0;
        if pieces.iter().any(|piece| matches!(piece, Piece::Star)) {
            return;
        }
        let text: String = pieces
            .iter()
            .map(|piece| match piece {
                Piece::Literal(text) => text,
                _ => "",
            })
            .collect();
        let service = segments.service.as_deref();
        // An entry without a service may be one of COS.
        let bucket = matches!(service, None | Some("cos"))
            && text.strip_suffix('/').is_some_and(|bucket| !bucket.contains('/'));
        let ends = text.ends_with('/') && !bucket;
        let single = !text.contains('/') && service.is_some_and(|service| !matches!(service, "cos" | "cam"));
        let help = if ends {
            "to cover what is below it, end it with `/*`"
        } else if single {
            "resources are written `type/id`, and all of a type `type/*`"
        } else {
            return;
        };
        let message = format!("`{}` covers one resource of just this name", entry.text);
        self.found(stated, code::LOOKS_LIKE_PREFIX, entry.span, message).help = Some(help.into());
    }

    /// CAM0529.
    fn dated(&mut self, stated: &Stated, entry: &Written<ResourceEntry>, segments: &ResourcePattern) {
        let retired =
            matches!(segments.path.0.first(), Some(Piece::Literal(text)) if text.starts_with("prefix/"));
        if retired && segments.service.as_deref() == Some("cos") {
            let message = format!("`{}` has a form that COS no longer uses", entry.text);
            let found = self.found(stated, code::DATED_FORM, entry.span, message);
            found.help = Some("write `<bucket>-<appid>/<key>`".into());
        }
        let written: Vec<&str> = entry.text.splitn(6, ':').collect();
        let [prefix, project, service, code, account, path] = written.as_slice() else { return };
        let canonical = region::canonical(code);
        if canonical != *code && segments.region.as_deref() == Some(canonical) {
            let message = format!("`{code}` is an old code of the region `{canonical}`");
            let mended = format!("{prefix}:{project}:{service}:{canonical}:{account}:{path}");
            let mut literal = String::new();
            camshaft_frontend::json::write_string(&mut literal, &mended);
            let found =
                self.found(stated, camshaft_frontend::diagnostic::code::DATED_FORM, entry.span, message);
            found.help = Some("the meaning is the same".into());
            found.fix = Some(Fix::machine(entry.span, literal));
        }
    }
}
