//! camshaft itself: lines of JSON through the frontend, the compiler and the reader of bundles.

use camshaft_benches::product::{compiled, load_lines, ndjson, open};
use camshaft_benches::subject::Subject;
use camshaft_runtime::{Engine, Request, Scratch};

use crate::peer::{Load, Peer, Verdict};

struct Product {
    engine: Engine,
    scratch: Scratch,
}

/// The engine on a bundle made from text.
pub fn source(subject: &Subject) -> Load<'_> {
    let text = ndjson(&subject.world);
    Box::new(move |_| {
        let loaded = load_lines(text.clone());
        let Some(set) = loaded.set else { return Err(format!("refused: {:?}", loaded.diagnostics)) };
        let engine = Engine::new(open(&compiled(&set, 0).bytes));
        Ok(Box::new(Product { scratch: engine.scratch(), engine }))
    })
}

impl Peer for Product {
    fn decide(&mut self, request: &Request<'_>) -> Verdict {
        let answer: camshaft_benches::baseline::Answer =
            self.engine.decide(request, &mut self.scratch).into();
        answer.into()
    }
}
