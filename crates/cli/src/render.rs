//! Everything that people and programs read: findings, tables, figures.

pub(crate) mod diagnostic;
mod excerpt;
pub(crate) mod github;
pub(crate) mod json;
pub(crate) mod layout;
pub(crate) mod proof;
pub(crate) mod sarif;
pub(crate) mod table;
pub(crate) mod text;
