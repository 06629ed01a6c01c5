//! How each peer takes a world, and how it is asked.

pub mod automaton;
pub mod casbin;
pub mod cedar;
pub mod iam;
pub mod patterns;
pub mod product;
pub mod regex_set;
pub mod rego;
pub mod scan;
