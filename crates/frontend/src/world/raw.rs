//! A world as read from JSON: names and places, nothing resolved and no document opened.

use crate::options::WorldOptions;
use crate::source::Span;

/// Where something stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    /// Index of the source.
    pub(crate) source: u32,
    /// The range in it.
    pub(crate) span: Span,
}

/// A string of the world and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Name {
    pub(crate) text: Box<str>,
    pub(crate) at: Place,
}

/// A policy document, before it is read.
#[derive(Clone, Debug)]
pub(crate) enum Document {
    /// An object of the world.
    Inline(Place),
    /// A source that is nothing else.
    Whole(u32),
    /// A file in the world's folder.
    Path(Name),
    /// `{"text":"…"}`: a source of its own.
    Text {
        /// What the source is called.
        name: Box<str>,
        /// Its text.
        text: Box<str>,
    },
}

/// Names a policy, or is one.
#[derive(Clone, Debug)]
pub(crate) enum Reference {
    /// A policy of the account, else a preset.
    Name(Name),
    /// A document in place, and its index in the list.
    Document(usize, Document),
}

/// A named document.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    pub(crate) name: Name,
    pub(crate) document: Document,
}

#[derive(Clone, Debug)]
pub(crate) struct Account {
    /// Empty when it was missing or malformed.
    pub(crate) uin: Name,
    pub(crate) appid: Option<Name>,
    pub(crate) users: Vec<User>,
    pub(crate) groups: Vec<Group>,
    pub(crate) roles: Vec<Role>,
    pub(crate) policies: Vec<Policy>,
}

#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) uin: Name,
    pub(crate) name: Option<Box<str>>,
    pub(crate) collaborator: bool,
    pub(crate) groups: Vec<Name>,
    pub(crate) policies: Vec<Reference>,
    pub(crate) boundary: Option<Reference>,
}

#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) name: Name,
    pub(crate) id: Option<Name>,
    pub(crate) policies: Vec<Reference>,
}

#[derive(Clone, Debug)]
pub(crate) struct Role {
    pub(crate) name: Name,
    pub(crate) id: Option<Name>,
    pub(crate) policies: Vec<Reference>,
    pub(crate) boundary: Option<Reference>,
    pub(crate) trust: Option<Document>,
    pub(crate) service_linked: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct ResourcePolicy {
    pub(crate) name: Option<Name>,
    /// Index among the resource policies of the world.
    pub(crate) index: usize,
    pub(crate) scope: Option<Name>,
    pub(crate) document: Option<Document>,
}

#[derive(Clone, Debug)]
pub(crate) struct Organization {
    pub(crate) account: Name,
    pub(crate) levels: Vec<Vec<Reference>>,
}

#[derive(Clone, Debug)]
pub(crate) struct Prerequisite {
    pub(crate) action: Name,
    /// Actions and resources.
    pub(crate) needs: Vec<(Name, Name)>,
}

/// The whole world.
#[derive(Clone, Debug, Default)]
pub(crate) struct World {
    pub(crate) accounts: Vec<Account>,
    pub(crate) presets: Vec<Policy>,
    pub(crate) resource_policies: Vec<ResourcePolicy>,
    pub(crate) organization: Vec<Organization>,
    pub(crate) general: Vec<Reference>,
    /// Action sets and their entries.
    pub(crate) catalogue: Vec<(Name, Vec<Name>)>,
    pub(crate) parameters: Vec<(Name, Name)>,
    pub(crate) prerequisites: Vec<Prerequisite>,
    pub(crate) options: WorldOptions,
}

impl World {
    /// How many there are of everything that sources add to.
    pub(crate) fn lengths(&self) -> [usize; 8] {
        [
            self.accounts.len(),
            self.presets.len(),
            self.resource_policies.len(),
            self.organization.len(),
            self.general.len(),
            self.catalogue.len(),
            self.parameters.len(),
            self.prerequisites.len(),
        ]
    }

    /// Takes back what was added since there were so many.
    pub(crate) fn truncate(&mut self, lengths: [usize; 8]) {
        let [
            accounts,
            presets,
            resource_policies,
            organization,
            general,
            catalogue,
            parameters,
            prerequisites,
        ] = lengths;
        self.accounts.truncate(accounts);
        self.presets.truncate(presets);
        self.resource_policies.truncate(resource_policies);
        self.organization.truncate(organization);
        self.general.truncate(general);
        self.catalogue.truncate(catalogue);
        self.parameters.truncate(parameters);
        self.prerequisites.truncate(prerequisites);
    }
}
