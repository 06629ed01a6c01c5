//! What conditions read: the context and the derived keys.

use core::cell::Cell;

use camshaft_bundle::schema::key;
use camshaft_bundle::{NONE, Tables};
use camshaft_value::address::Address;
use camshaft_value::date::Instant;

use crate::request::MAX_KEYS;
use crate::view::View;

/// The context of one request against one bundle.
pub(crate) struct Context<'r, 's> {
    entries: &'r [(&'r str, &'r [&'r str])],
    time: Option<Instant>,
    ids: Cell<Option<&'s mut [u32; MAX_KEYS]>>,
    resolved: Cell<Option<&'s [u32]>>,
    address: Cell<Option<Option<Address>>>,
}

/// The values of one key.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Values<'r> {
    Absent,
    Instant(Instant),
    One(&'r str),
    Many(&'r [&'r str]),
}

impl<'r, 's> Context<'r, 's> {
    pub(crate) fn new(
        entries: &'r [(&'r str, &'r [&'r str])],
        time: Option<Instant>,
        ids: Option<&'s mut [u32; MAX_KEYS]>,
    ) -> Self {
        Self { entries, time, ids: Cell::new(ids), resolved: Cell::new(None), address: Cell::new(None) }
    }

    /// The values of a key, by its id in the bundle.
    pub(crate) fn values(&self, tables: &Tables<'_>, id: u32, view: View<'_, 'r>) -> Values<'r> {
        let derived = |value: Option<&'r str>| value.map_or(Values::Absent, Values::One);
        match id {
            key::CURRENT_TIME => return self.time.map_or(Values::Absent, Values::Instant),
            key::UIN => return derived(view.uin()),
            key::OWNER_UIN => return derived(view.owner_uin()),
            _ => {}
        }
        let at = self.ids(tables).iter().position(|known| *known == id);
        match at.and_then(|at| self.entries.get(at)) {
            Some((_, values)) => Values::Many(values),
            None => Values::Absent,
        }
    }

    /// The entries, each with the id of its key in the bundle, `NONE` for a key that no condition names.
    pub(crate) fn entries(
        &self,
        tables: &Tables<'_>,
    ) -> impl Iterator<Item = (u32, &'r [&'r str])> + use<'_, 'r> {
        self.ids(tables).iter().copied().zip(self.entries.iter().map(|(_, values)| *values))
    }

    /// The id of every entry's key; looked up on the first condition of a request.
    fn ids(&self, tables: &Tables<'_>) -> &'s [u32] {
        if let Some(ids) = self.resolved.get() {
            return ids;
        }
        let Some(ids) = self.ids.take() else { return &[] };
        let keys = tables.keys();
        for (id, (text, _)) in ids.iter_mut().zip(self.entries) {
            *id = keys.find(text).unwrap_or(NONE);
        }
        let ids: &'s [u32] = ids.get(..self.entries.len()).unwrap_or(&[]);
        self.resolved.set(Some(ids));
        ids
    }

    /// The address in a value, read once for the first value of `qcs:ip`.
    pub(crate) fn address(&self, id: u32, value: &str, first: bool) -> Option<Address> {
        if id != key::IP || !first {
            return Address::parse(value);
        }
        match self.address.get() {
            Some(address) => address,
            None => {
                let address = Address::parse(value);
                self.address.set(Some(address));
                address
            }
        }
    }
}
