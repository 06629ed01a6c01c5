//! Who holds what: accounts, identities and roles, and the attachment sets that become blocks.

use std::collections::HashMap;

use camshaft_bundle::NONE;
use camshaft_bundle::schema::{ACCOUNT_WORDS, identity};
use camshaft_frontend::policy::{Account, PolicyId, PolicySet, Role, User};

use crate::config::Config;
use crate::holdings::{self, Holding};
use crate::intern::number;
use crate::lower::{Attachment, Lowering};

/// The directory as the bundle stores it; block numbers index `sets`.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    /// Policy numbers of each block, sorted.
    pub(crate) sets: Vec<Vec<u32>>,
    pub(crate) accounts: Vec<[u32; ACCOUNT_WORDS]>,
    pub(crate) levels: Vec<u32>,
    pub(crate) identities: Vec<[u32; identity::WORDS]>,
    /// Block and filter.
    pub(crate) identity_blocks: Vec<[u32; 2]>,
    /// `[first policy, words, bits …]`.
    pub(crate) filters: Vec<u32>,
    pub(crate) identity_groups: Vec<u32>,
    /// `(account, uin id, identity)`.
    pub(crate) users: Vec<(u32, u32, u32)>,
    pub(crate) roles: Vec<[u32; 10]>,
    /// `(account, name id, role)`.
    pub(crate) role_names: Vec<(u32, u32, u32)>,
    pub(crate) role_ids: Vec<(u32, u32, u32)>,
    pub(crate) general_unknown: u32,
    numbers: HashMap<Vec<u32>, u32>,
}

impl Directory {
    /// The block of an attachment set, `NONE` for an empty one.
    fn block(&mut self, set: Vec<u32>, sharing: bool) -> u32 {
        if set.is_empty() {
            return NONE;
        }
        if sharing && let Some(block) = self.numbers.get(&set) {
            return *block;
        }
        let block = number(self.sets.len());
        self.sets.push(set.clone());
        self.numbers.insert(set, block);
        block
    }
}

/// Lowers every attached policy and lays out who holds it.
pub(crate) fn build(world: &PolicySet, lowering: &mut Lowering<'_>, config: &Config) -> Directory {
    let mut builder = Builder {
        lowering,
        directory: Directory::default(),
        held: Vec::new(),
        sharing: config.get_sharing(),
    };
    let general = builder.set(&world.general_unknown, Attachment::Caller);
    builder.directory.general_unknown = builder.block(general);
    for (account_number, account) in (0u32..).zip(&world.accounts) {
        builder.account(account_number, account);
    }
    builder.scopes(world);
    builder.holdings(config);
    builder.directory
}

struct Builder<'b, 'w> {
    lowering: &'b mut Lowering<'w>,
    directory: Directory,
    /// What each identity holds, set by set.
    held: Vec<Vec<Vec<u32>>>,
    sharing: bool,
}

impl Builder<'_, '_> {
    /// Policy numbers of a list of references, sorted and once each.
    fn set(&mut self, policies: &[PolicyId], attachment: Attachment) -> Vec<u32> {
        let mut set: Vec<u32> = policies.iter().map(|id| self.lowering.policy(*id, attachment)).collect();
        set.sort_unstable();
        set.dedup();
        set
    }

    /// The block of an attachment set, `NONE` for an empty one.
    fn block(&mut self, set: Vec<u32>) -> u32 {
        self.directory.block(set, self.sharing)
    }

    /// The resource policies of each account's resources.
    fn scopes(&mut self, world: &PolicySet) {
        let mut sets: Vec<Vec<u32>> = vec![Vec::new(); world.accounts.len()];
        for (index, policy) in (0u32..).zip(&world.resource_policies) {
            let number = self.lowering.policy(policy.policy, Attachment::Scope(index));
            if let Some(set) = sets.get_mut(policy.account as usize) {
                set.push(number);
            }
        }
        for (account, mut set) in sets.into_iter().enumerate() {
            set.sort_unstable();
            let block = self.block(set);
            if let Some([.., resource]) = self.directory.accounts.get_mut(account) {
                *resource = block;
            }
        }
    }

    /// Decides which blocks answer for each identity.
    fn holdings(&mut self, config: &Config) {
        let policies = &self.lowering.policies;
        let rows: Vec<usize> =
            policies.iter().map(|policy| (policy.rows.1 - policy.rows.0) as usize).collect();
        let accounts: Vec<u32> = self.directory.identities.iter().map(|identity| identity[3]).collect();
        let plan = holdings::plan(&self.held, &accounts, &rows, config);
        let mut filters: HashMap<Vec<u32>, u32> = HashMap::new();
        for (identity, parts) in plan.into_iter().enumerate() {
            let first = number(self.directory.identity_blocks.len());
            for Holding { set, filter } in parts {
                let block = self.directory.block(set, self.sharing);
                let filter = filter.map_or(NONE, |filter| {
                    let place = number(self.directory.filters.len());
                    *filters.entry(filter).or_insert_with_key(|filter| {
                        self.directory.filters.extend(filter);
                        place
                    })
                });
                self.directory.identity_blocks.push([block, filter]);
            }
            let end = number(self.directory.identity_blocks.len());
            if let Some(record) = self.directory.identities.get_mut(identity) {
                (record[0], record[1]) = (first, end - first);
            }
        }
    }

    fn account(&mut self, account_number: u32, account: &Account) {
        let general = self.set(&account.general, Attachment::Caller);
        let general_block = self.block(general.clone());
        let groups: Vec<Vec<u32>> =
            account.groups.iter().map(|group| self.set(&group.policies, Attachment::Caller)).collect();
        for user in &account.users {
            self.user(account_number, account, user, &groups, &general);
        }
        for role in &account.roles {
            self.role(account_number, role);
        }
        let first_level = number(self.directory.levels.len());
        for level in account.levels.iter().flatten() {
            let set = self.set(level, Attachment::Caller);
            let block = self.block(set);
            self.directory.levels.push(block);
        }
        let levels = account.levels.as_ref().map_or(0, |levels| number(levels.len()) + 1);
        let appid =
            account.appid.as_deref().and_then(|appid| self.lowering.appids.find(appid)).unwrap_or(NONE);
        // Resource policies are numbered behind all others.
        self.directory.accounts.push([appid, general_block, first_level, levels, NONE]);
    }

    fn user(
        &mut self,
        account_number: u32,
        account: &Account,
        user: &User,
        groups: &[Vec<u32>],
        general: &[u32],
    ) {
        let own = self.set(&user.policies, Attachment::Caller);
        let of_groups = user.groups.iter().filter_map(|group| groups.get(*group as usize).cloned());
        let held = core::iter::once(own).chain(of_groups).chain([general.to_vec()]).collect();
        let first_group = number(self.directory.identity_groups.len());
        for group in &user.groups {
            if let Some(id) = account.groups.get(*group as usize).and_then(|group| group.id.as_deref()) {
                let id = self.lowering.names.id(id);
                self.directory.identity_groups.push(id);
            }
        }
        let uin = self.lowering.uins.id(&user.uin);
        let identity = self.identity(account_number, held, user.boundary, uin, first_group, 0);
        self.directory.users.push((account_number, uin, identity));
    }

    fn identity(
        &mut self,
        account: u32,
        held: Vec<Vec<u32>>,
        boundary: Option<PolicyId>,
        uin: u32,
        first_group: u32,
        flags: u32,
    ) -> u32 {
        let boundary = match boundary {
            Some(policy) => {
                let set = self.set(&[policy], Attachment::Caller);
                // A boundary without statements cannot exist, so its block is never `NONE`.
                self.block(set)
            }
            None => NONE,
        };
        self.held.push(held);
        let directory = &mut self.directory;
        let groups = number(directory.identity_groups.len()) - first_group;
        let identity = number(directory.identities.len());
        // Holdings are planned when all are known.
        directory.identities.push([0, 0, boundary, account, uin, first_group, groups, flags]);
        identity
    }

    fn role(&mut self, account_number: u32, role: &Role) {
        let held = vec![self.set(&role.policies, Attachment::Caller)];
        let flags = if role.service_linked { identity::SERVICE_LINKED } else { 0 };
        let first_group = number(self.directory.identity_groups.len());
        let identity = self.identity(account_number, held, role.boundary, NONE, first_group, flags);
        let trust = match role.trust {
            Some(policy) => {
                let set = self.set(&[policy], Attachment::Account(account_number));
                self.block(set)
            }
            None => NONE,
        };
        let lowering = &mut *self.lowering;
        let name = lowering.names.id(&role.name);
        let id = role.id.as_deref().map_or(NONE, |id| lowering.names.id(id));
        // CITE RES-21: the spellings of one role.
        let by_name = lowering.heap.place(&format!("roleName/{}", role.name));
        let by_id = role.id.as_deref().map_or((0, 0), |id| lowering.heap.place(&format!("role/{id}")));
        let linked = if role.service_linked {
            lowering.heap.place(&format!("role/tencentcloudServiceRoleName/{}", role.name))
        } else {
            (0, 0)
        };
        let number = number(self.directory.roles.len());
        self.directory
            .roles
            .push([identity, name, id, trust, by_name.0, by_name.1, by_id.0, by_id.1, linked.0, linked.1]);
        self.directory.role_names.push((account_number, name, number));
        if id != NONE {
            self.directory.role_ids.push((account_number, id, number));
        }
    }
}
