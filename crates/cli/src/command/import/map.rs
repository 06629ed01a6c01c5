//! Resources to the parts of a world, in order: `entity` makes policies, users, groups and roles, `attach` ties them
//! together, `bucket` adds what buckets hold. What does not fit is listed.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;

use super::attach;
use super::class::Class;
use super::draft::{Document, Draft};
use super::report::{Counts, Effect, Found, Note, Unmapped};
use super::show::{Resource, Show, scalar};
use super::{account, bucket, entity};
use crate::args::ImportTerraform;
use crate::exit::Failure;
use crate::input;
use crate::load;
use crate::render::diagnostic::Findings;
use camshaft_frontend::json;

/// What became of a file.
pub(super) struct Mapped {
    pub(super) draft: Draft,
    pub(super) account: Found,
    pub(super) appid: Found,
    pub(super) counts: Counts,
    pub(super) not_mapped: Vec<Unmapped>,
    pub(super) notes: Vec<Note>,
}

/// What a resource became.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Entity {
    User(usize),
    Group(usize),
    Role(usize),
    /// A policy of the account or a preset, by name.
    Policy(String),
}

/// The work on a file.
pub(super) struct Mapper<'s> {
    pub(super) show: &'s Show,
    pub(super) args: &'s ImportTerraform,
    pub(super) draft: Draft,
    /// By address.
    pub(super) entities: HashMap<&'s str, Entity>,
    /// By every name and id under which something may refer to them.
    pub(super) users: HashMap<String, usize>,
    pub(super) groups: HashMap<String, usize>,
    pub(super) roles: HashMap<String, usize>,
    /// Policies by id: the name, and whether it is a preset.
    pub(super) policy_ids: HashMap<String, (String, bool)>,
    /// Presets that have a document; those that something refers to go into the world.
    pub(super) presets: BTreeMap<String, Document>,
    /// Names that several differing resources have.
    pub(super) ambiguous: HashSet<(&'static str, String)>,
    not_mapped: Vec<Unmapped>,
    notes: Vec<Note>,
}

/// Maps a file.
pub(super) fn map(show: &Show, args: &ImportTerraform) -> Result<Mapped, Failure> {
    let name = input::name(&args.file);
    let account = account::account(show, args, &name)?;
    let appid = account::appid(show, args, &name, &account.value)?;
    let draft = Draft { uin: account.value.clone(), appid: appid.value.clone(), ..Draft::default() };
    let mut mapper = Mapper {
        show,
        args,
        draft,
        entities: HashMap::new(),
        users: HashMap::new(),
        groups: HashMap::new(),
        roles: HashMap::new(),
        policy_ids: HashMap::new(),
        presets: BTreeMap::new(),
        ambiguous: entity::ambiguous(show),
        not_mapped: Vec::new(),
        notes: Vec::new(),
    };
    mapper.presets()?;
    let mut counts = Counts { other: show.others, ..Counts::default() };
    let (mut ties, mut silent) = (Vec::new(), BTreeSet::new());
    for own in &show.resources {
        let class = Class::of(&own.kind);
        if own.deposed && !matches!(class, Class::Other | Class::Silent) {
            let reason = "it was replaced and waits to be destroyed; until then it is still in force";
            mapper.miss(own, reason, Effect::MoreOrLess);
            continue;
        }
        match class {
            Class::Policy => mapper.policy(own),
            Class::User => mapper.user(own),
            Class::Group => mapper.group(own),
            Class::Role => mapper.role(own),
            Class::ServiceLinkedRole => mapper.service_linked_role(own),
            Class::Tie(tie) => ties.push((own, tie)),
            // Names of policies must be known before names are given to these.
            Class::BucketPolicy | Class::PolicyVersion => {}
            Class::Acl => {
                bucket::acl(&mut mapper, own);
                silent.insert(own.address.as_str());
            }
            Class::Silent => drop(silent.insert(own.address.as_str())),
            Class::Foreign(reason, effect) => mapper.miss(own, reason, effect),
            Class::Other => counts.other += 1,
        }
    }
    for (own, tie) in ties {
        attach::tie(&mut mapper, own, tie);
    }
    for own in show.resources.iter().filter(|own| !own.deposed) {
        match Class::of(&own.kind) {
            Class::BucketPolicy => bucket::policy(&mut mapper, own),
            Class::PolicyVersion => mapper.policy_version(own),
            _ => {}
        }
    }
    mapper.unused_presets();
    let foreign = show.data_of("tencentcloud_user_info").filter_map(|info| info.text("owner_uin"));
    if foreign.into_iter().any(|owner| owner != mapper.draft.uin) {
        mapper.note(&name, "it knows other accounts too; every resource is taken as one of this account");
    }
    if show.errored {
        mapper.note(&name, "the plan stopped on an error and may be incomplete");
    }
    let missed: BTreeSet<&str> = mapper.not_mapped.iter().map(|one| &*one.address).collect();
    counts.not_mapped = missed.len();
    counts.without_permissions = silent.difference(&missed).count();
    counts.mapped =
        show.resources.len() + show.others - counts.other - counts.not_mapped - counts.without_permissions;
    let Mapper { mut draft, not_mapped, notes, .. } = mapper;
    draft.sort();
    Ok(Mapped { draft, account, appid, counts, not_mapped, notes })
}

impl<'s> Mapper<'s> {
    /// Lists something that is not in the world.
    pub(super) fn miss(&mut self, own: &Resource, reason: impl Into<String>, effect: Effect) {
        self.list(own, false, reason.into(), effect);
    }

    /// Lists something of which a part is not in the world.
    pub(super) fn miss_part(&mut self, own: &Resource, reason: impl Into<String>, effect: Effect) {
        self.list(own, true, reason.into(), effect);
    }

    fn list(&mut self, own: &Resource, partly: bool, reason: String, effect: Effect) {
        let (address, kind) = (own.address.clone(), own.kind.clone());
        self.not_mapped.push(Unmapped { address, kind, partly, reason, effect });
    }

    /// Says how something was found out.
    pub(super) fn note(&mut self, address: &str, note: impl Into<String>) {
        self.notes.push(Note { address: address.into(), note: note.into() });
    }

    /// Documents of presets: those of the command line, and those that Terraform looked up.
    fn presets(&mut self) -> Result<(), Failure> {
        for list in self.show.data_of("tencentcloud_cam_policies").flat_map(|own| own.objects("policy_list"))
        {
            let entry = |name: &str| list.get(name).and_then(scalar);
            if let (Some(id), Some(name)) = (entry("policy_id"), entry("name")) {
                self.policy_ids.insert(id, (name, entry("type").as_deref() == Some("2")));
            }
        }
        for own in self.show.data_of("tencentcloud_cam_policy_detail") {
            for info in own.objects("policy_info") {
                let entry = |name: &str| info.get(name).and_then(scalar);
                let (Some(name), Some(text)) = (entry("policy_name"), entry("policy_document")) else {
                    continue;
                };
                let preset = entry("type").as_deref() == Some("2");
                if let Some(id) = own.text("policy_id") {
                    self.policy_ids.insert(id, (name.clone(), preset));
                }
                if preset {
                    self.presets.insert(name, Document { origin: own.address.clone(), text });
                }
            }
        }
        for (name, path) in &self.args.presets {
            if !is_name(name) {
                return Err(Failure::usage(format!("`{name}` of `--preset` is not a name for a policy")));
            }
            let path = Path::new(path);
            let origin = input::name(path);
            let (source, fault) = json::decode(&origin, 0, input::read(path)?);
            if let Some(fault) = fault {
                return Err(load::rejected(&origin, Findings::of(source, vec![fault])));
            }
            self.presets.insert(name.clone(), Document { origin, text: source.text().to_owned() });
        }
        Ok(())
    }

    fn unused_presets(&mut self) {
        let used: BTreeSet<String> = self.draft.presets.iter().map(|own| own.name.clone()).collect();
        for (name, _) in self.args.presets.iter().filter(|(name, _)| !used.contains(name)) {
            self.note(&format!("--preset {name}"), "nothing refers to it; it is not in the world");
        }
    }
}

/// Whether a world can have this name.
pub(super) fn is_name(name: &str) -> bool {
    let good = |byte: u8| byte.is_ascii_alphanumeric() || b"_.@=+-".contains(&byte);
    (1..=128).contains(&name.len()) && name.bytes().all(good)
}

/// Whether this is a number as a world has them.
pub(super) fn is_id(id: &str) -> bool {
    !id.is_empty() && !id.starts_with('0') && id.bytes().all(|byte| byte.is_ascii_digit())
}
