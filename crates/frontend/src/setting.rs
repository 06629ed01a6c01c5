//! What a document is read with: where it is attached, parameters, catalogue, options.

use std::collections::BTreeMap;

use crate::{
    limits::Limits,
    policy::{Kind, ResourcePattern},
};

/// Template parameters by name (CITE VAR-6).
pub type Parameters = BTreeMap<String, String>;

/// Action sets by name, `permid/280655`, and the actions they stand for (CITE ACT-7).
pub type Catalogue = BTreeMap<String, Vec<String>>;

/// The root account that a document is attached in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner<'a> {
    /// Its uin.
    pub uin: &'a str,
    /// Its APPID, where it is known.
    pub appid: Option<&'a str>,
}

/// How a document is to be read.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    /// What it is attached to (CITE DOC-6).
    pub kind: Kind,
    /// Whether it is a preset, which may name `uin/-1` (CITE RES-11).
    pub preset: bool,
    /// The account it is attached in; `None` where none is known.
    pub account: Option<Owner<'a>>,
    /// Template parameters; every value was checked with [`crate::template::check_parameters`].
    pub parameters: &'a Parameters,
    /// Whether `OwnerUin` and `OwnerAppid` are offered (CITE VAR-7).
    pub builtin_parameters: bool,
    /// Action sets; every entry was checked with [`crate::action::check_catalogue`].
    pub catalogue: &'a Catalogue,
    /// Whether the project segment is read (CITE RES-3).
    pub legacy_project: bool,
    /// Whether every warning is an error (CITE GEN-2).
    pub strict: bool,
    /// The configurable limits.
    pub limits: &'a Limits,
    /// The scope of a resource policy (CITE EVA-9).
    pub scope: Option<&'a ResourcePattern>,
    /// Whether this is a general policy as it binds sub-accounts of accounts that are not known: the
    /// built-in parameters have no value, and what depends on them is U (CITE EVA-8). The statements are
    /// good for their denies only.
    pub unknown_account: bool,
}

/// The two parameters that the frontend itself fills (CITE VAR-7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Builtin {
    /// `OwnerUin`.
    Uin,
    /// `OwnerAppid`.
    AppId,
}

impl Builtin {
    pub(crate) fn by_name(name: &str) -> Option<Self> {
        match name {
            "OwnerUin" => Some(Self::Uin),
            "OwnerAppid" => Some(Self::AppId),
            _ => None,
        }
    }
}

/// What a parameter stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filling<'a> {
    Value(&'a str),
    /// A built-in one whose account is not known.
    Unvalued,
    Missing,
}

impl<'a> Setting<'a> {
    pub(crate) fn parameter(&self, name: &str) -> Filling<'a> {
        if let Some(value) = self.parameters.get(name) {
            return Filling::Value(value);
        }
        let Some(builtin) = Builtin::by_name(name).filter(|_| self.builtin_parameters) else {
            return Filling::Missing;
        };
        if self.unknown_account {
            return Filling::Unvalued;
        }
        let value = self.account.and_then(|owner| match builtin {
            Builtin::Uin => Some(owner.uin),
            Builtin::AppId => owner.appid,
        });
        value.map_or(Filling::Missing, Filling::Value)
    }
}
