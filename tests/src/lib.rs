//! Suites of camshaft: what they share.
//!
//! [`mod@case`] reads conformance cases, [`mod@generate`] makes random worlds and requests, [`mod@reference`] decides both the
//! plain way. Nothing here depends on the crates under test.

pub mod campaign;
pub mod case;
pub mod environment;
pub mod fuzz;
pub mod generate;
pub mod product;
pub mod reference;
