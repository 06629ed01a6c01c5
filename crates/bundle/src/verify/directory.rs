//! Accounts, identities and roles, and the tables by which callers find them.

use crate::dictionary::caller_text;
use crate::schema::{ACCOUNT_WORDS, ROLE_WORDS, Tables, block, identity, policy, row, scalar};
use crate::verify::dictionaries::pairs;
use crate::verify::{Bits, Checked, Layout, fault, is_block, records, text};
use crate::words::{NONE, Range};

/// The whole directory.
pub(super) fn check(tables: &Tables<'_>) -> Checked {
    accounts(tables)?;
    let (users, roles) = identities(tables)?;
    let with_ids = self::roles(tables, roles)?;
    lookups(tables, users, roles, with_ids)
}

fn accounts(tables: &Tables<'_>) -> Checked {
    const TABLE: &str = "accounts";
    let (uins, appids) = (tables.uins(), tables.appids());
    let count = tables.scalar(scalar::ACCOUNTS);
    if tables.accounts.records::<ACCOUNT_WORDS>() != count || count > uins.len() {
        return Err(fault(TABLE, count, "the number of accounts is another than the scalar says"));
    }
    let mut levels = Layout::new("levels", tables.levels.len());
    for (number, record) in records::<ACCOUNT_WORDS>(TABLE, tables.accounts)? {
        let [appid, general, first, above, resource] = record;
        if appid != NONE && tables.appid_accounts.get(appid) != Some(number) {
            return Err(fault(TABLE, number, "the APPID is that of another account"));
        }
        if !is_block(tables, general, policy::IDENTITY) {
            return Err(fault(TABLE, number, "the block does not exist or is of another kind"));
        }
        if !is_block(tables, resource, policy::RESOURCE) {
            return Err(fault(TABLE, number, "the resource policies do not exist or are of another kind"));
        }
        levels.take(number, first, above.saturating_sub(1))?;
    }
    levels.end(count)?;
    for (number, block) in (0u32..).zip(tables.levels.iter()) {
        if !is_block(tables, block, policy::SCP) {
            return Err(fault("levels", number, "the block does not exist or is of another kind"));
        }
    }
    if tables.appid_accounts.records::<1>() != appids.len() {
        return Err(fault("appid_accounts", appids.len(), "there is not one record for each APPID"));
    }
    for (appid, account) in (0u32..).zip(tables.appid_accounts.iter()) {
        let own = tables.accounts.record::<ACCOUNT_WORDS>(account).map(|[own, ..]| own);
        if account != NONE && own != Some(appid) {
            return Err(fault("appid_accounts", appid, "the account has another APPID"));
        }
    }
    Ok(())
}

/// Each resource policy stands once, in the block of the account that owns what its rows are about: a request
/// looks nowhere else.
pub(super) fn scopes(tables: &Tables<'_>) -> Checked {
    const TABLE: &str = "accounts";
    let mut seen = Bits::new(tables.policies.len());
    let mut count = 0usize;
    for (number, [.., resource]) in records::<ACCOUNT_WORDS>(TABLE, tables.accounts)? {
        let policies = tables.blocks.record::<{ block::WORDS }>(resource).and_then(|record| {
            let [_, _, _, _, _, first, policies, ..] = record;
            tables.block_policies.slice(Range { start: first, end: first.checked_add(policies)? })
        });
        for policy in policies.iter().flat_map(|policies| policies.iter()) {
            let own = owns(tables, number, policy);
            if seen.has(policy) || own != Some(true) {
                return Err(fault(TABLE, number, "a resource policy is about another account's resources"));
            }
            seen.set(policy);
            count = count.saturating_add(1);
        }
    }
    let all = records::<{ policy::WORDS }>("policies", tables.policies)?;
    let all = all.filter(|(_, [_, _, _, _, _, _, kind, _])| *kind == policy::RESOURCE).count();
    if all == count { Ok(()) } else { Err(fault(TABLE, 0, "a resource policy is no account's")) }
}

/// Whether all rows of a policy are about resources of the account.
fn owns(tables: &Tables<'_>, account: u32, policy: u32) -> Option<bool> {
    let [first, rows, ..] = tables.policies.record::<{ policy::WORDS }>(policy)?;
    for number in first..first.checked_add(rows)? {
        let [flags, _, _, owner, ..] = tables.rows.record::<{ row::WORDS }>(number)?;
        if flags >> row::flag::ACCOUNT_SHIFT & 7 != row::account::UIN || owner != account {
            return Some(false);
        }
    }
    Some(true)
}

/// Returns how many are sub-accounts and how many are roles.
fn identities(tables: &Tables<'_>) -> Checked<(u32, u32)> {
    const TABLE: &str = "identities";
    let (uins, accounts) = (tables.uins().len(), tables.scalar(scalar::ACCOUNTS));
    let mut blocks = Layout::new("identity_blocks", tables.identity_blocks.records::<2>() as usize);
    let filters = filters(tables)?;
    let mut groups = Layout::new("identity_groups", tables.identity_groups.len());
    let (mut users, mut roles) = (0u32, 0u32);
    for (number, record) in records::<{ identity::WORDS }>(TABLE, tables.identities)? {
        let [first_block, own, boundary, account, uin, first_group, members, flags] = record;
        blocks.take(number, first_block, own)?;
        groups.take(number, first_group, members)?;
        if !is_block(tables, boundary, policy::BOUNDARY) {
            return Err(fault(TABLE, number, "the boundary does not exist or is of another kind"));
        }
        if account >= accounts || uin >= uins && uin != NONE {
            return Err(fault(TABLE, number, "the account or uin does not exist"));
        }
        let known = if uin == NONE { identity::SERVICE_LINKED } else { 0 };
        if flags & !known != 0 {
            return Err(fault(TABLE, number, "a flag is unknown"));
        }
        let count = if uin == NONE { &mut roles } else { &mut users };
        *count = count.saturating_add(1);
    }
    let end = users.saturating_add(roles);
    blocks.end(end)?;
    groups.end(end)?;
    for (number, [block, filter]) in records::<2>("identity_blocks", tables.identity_blocks)? {
        if block == NONE || !is_block(tables, block, policy::IDENTITY) {
            return Err(fault("identity_blocks", number, "the block does not exist or is of another kind"));
        }
        if filter != NONE && !filters.has(filter) {
            return Err(fault("identity_blocks", number, "the filter does not exist"));
        }
    }
    for (number, name) in (0u32..).zip(tables.identity_groups.iter()) {
        if name >= tables.names().len() {
            return Err(fault("identity_groups", number, "the name does not exist"));
        }
    }
    Ok((users, roles))
}

/// Each sub-account has the text that names it. (That each text is found is checked with the dictionaries.)
fn callers(tables: &Tables<'_>, users: u32) -> Checked {
    const TABLE: &str = "caller_identities";
    if tables.caller_identities.records::<1>() != users || tables.callers().len() != users {
        return Err(fault(TABLE, users, "there is not one text for each sub-account"));
    }
    let uins = tables.uins();
    let mut last = None;
    for (id, number) in (0u32..).zip(tables.caller_identities.iter()) {
        let identity = tables.identities.record::<{ identity::WORDS }>(number);
        let text = identity
            .and_then(|[_, _, _, account, uin, ..]| Some(caller_text(uins.get(account)?, uins.get(uin)?)));
        if text.is_none() || tables.callers().get(id) != text.as_deref() || last >= Some(number) {
            return Err(fault(TABLE, id, "the text is not that of the sub-account"));
        }
        last = Some(number);
    }
    Ok(())
}

/// Where filters begin. Each follows the one before it.
fn filters(tables: &Tables<'_>) -> Checked<Bits> {
    const TABLE: &str = "filters";
    let mut starts = Bits::new(tables.filters.len());
    let mut words = tables.filters.iter();
    let mut place = 0u32;
    while let Some(first) = words.next() {
        starts.set(place);
        let Some(count) = words.next().filter(|count| words.len() >= *count as usize) else {
            return Err(fault(TABLE, place, "a filter runs off the table"));
        };
        let policies = tables.policies.records::<{ policy::WORDS }>();
        let end = u64::from(first).saturating_add(u64::from(count).saturating_mul(32));
        if count == 0 || end > u64::from(policies).saturating_add(31) {
            return Err(fault(TABLE, place, "a filter is empty or holds policies that do not exist"));
        }
        words.by_ref().take(count as usize).for_each(drop);
        place = place.saturating_add(count).saturating_add(2);
    }
    Ok(starts)
}

/// One record for each identity that is a role, in their order. Returns how many have an id.
fn roles(tables: &Tables<'_>, count: u32) -> Checked<u32> {
    const TABLE: &str = "roles";
    if tables.roles.records::<ROLE_WORDS>() != count {
        return Err(fault(TABLE, count, "there is not one record for each role"));
    }
    let names = tables.names();
    let (mut last, mut with_ids) = (None, 0u32);
    for (number, record) in records::<ROLE_WORDS>(TABLE, tables.roles)? {
        let [identity, name, id, trust, spellings @ ..] = record;
        let uin = tables.identities.record::<{ identity::WORDS }>(identity).map(|[_, _, _, _, uin, ..]| uin);
        if uin != Some(NONE) || last.is_some_and(|last| identity <= last) {
            return Err(fault(TABLE, number, "the identity is not the role's own"));
        }
        last = Some(identity);
        if name >= names.len() || id >= names.len() && id != NONE {
            return Err(fault(TABLE, number, "the name or id does not exist"));
        }
        if !is_block(tables, trust, policy::TRUST) {
            return Err(fault(TABLE, number, "the trust policy does not exist or is of another kind"));
        }
        let linked = tables
            .identities
            .record::<{ identity::WORDS }>(identity)
            .is_some_and(|[.., flags]| flags & identity::SERVICE_LINKED != 0);
        let expected = [
            ("roleName/", names.get(name)),
            ("role/", names.get(id)),
            ("role/tencentcloudServiceRoleName/", names.get(name).filter(|_| linked)),
        ];
        for (place, (head, expected)) in spellings.as_chunks::<2>().0.iter().zip(expected) {
            let [start, length] = *place;
            let spelled = text(TABLE, number, tables.text, start, length)?;
            let sound = match expected {
                Some(expected) => spelled.strip_prefix(head) == Some(expected),
                None => spelled.is_empty(),
            };
            if !sound {
                return Err(fault(TABLE, number, "a spelling is not that of the role"));
            }
        }
        with_ids = with_ids.saturating_add(u32::from(id != NONE));
    }
    Ok(with_ids)
}

/// Each sub-account and role is found by its account and name.
fn lookups(tables: &Tables<'_>, users: u32, roles: u32, with_ids: u32) -> Checked {
    let identity = |number: u32| tables.identities.record::<{ identity::WORDS }>(number);
    pairs("user_index", &tables.users(), users, |account, uin, number| {
        uin != NONE && identity(number).is_some_and(|[_, _, _, a, b, ..]| (a, b) == (account, uin))
    })?;
    callers(tables, users)?;
    let role = |number: u32, account: u32| {
        let record = tables.roles.record::<ROLE_WORDS>(number)?;
        let [own, ..] = record;
        let [_, _, _, of, ..] = identity(own)?;
        (of == account).then_some(record)
    };
    pairs("role_names", &tables.roles_by_name(), roles, |account, name, number| {
        role(number, account).is_some_and(|[_, own, ..]| own == name)
    })?;
    pairs("role_ids", &tables.roles_by_id(), with_ids, |account, id, number| {
        id != NONE && role(number, account).is_some_and(|[_, _, own, ..]| own == id)
    })
}
