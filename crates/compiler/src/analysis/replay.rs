//! One request asked of the statements of a set: what each comes to.

use camshaft_bundle::schema::key::{CURRENT_TIME, TEXTS};
use camshaft_value::resource::{Owner as Asked, Requested, lacks_slash};
use camshaft_value::truth::Truth;

use super::Witness;
use super::formula::Formula;
use super::set::{Item, Matcher, Member, Set};
use crate::prove::entry::{Owner, Project};
use crate::prove::glob::Glob;

impl Set<'_> {
    /// Whether a formula holds of a request.
    pub fn holds(&self, formula: &Formula, witness: &Witness) -> bool {
        let known = |atom| {
            let (at, least) = self.atom(atom);
            Some(self.matchers.get(at).is_some_and(|matcher| self.truth(matcher, witness) >= least))
        };
        formula.value(&known) == Some(true)
    }

    /// Whether a statement binds a request.
    pub fn is_bound(&self, member: Member, witness: &Witness) -> bool {
        let matcher = self.matchers.get(member.number);
        matcher.is_some_and(|matcher| self.truth(matcher, witness) >= member.least)
    }

    fn truth(&self, matcher: &Matcher<'_>, witness: &Witness) -> Truth {
        let Some((service, operation)) = witness.action.split_once(':') else { return Truth::False };
        let acts = matcher.everything
            || matcher
                .actions
                .iter()
                .any(|(own, pattern)| *own == Some(service) && Glob::of(pattern).matches(operation));
        if !acts {
            return Truth::False;
        }
        let covered = matcher.items.iter().map(|item| self.covers(matcher, item, service, &witness.resource));
        let mut truth = covered.fold(Truth::False, Truth::or).and(matcher.cap);
        for requirement in &matcher.terms {
            let time = || witness.time.clone().map(|time| vec![time]);
            let values = if requirement.key == TEXTS[CURRENT_TIME as usize] {
                time()
            } else {
                witness.context.get(requirement.key).cloned()
            };
            truth = truth.and(requirement.truth(values.as_deref()));
        }
        truth
    }

    fn covers(&self, matcher: &Matcher<'_>, item: &Item<'_>, service: &str, resource: &str) -> Truth {
        let entry = &item.entry;
        let asked = match Requested::parse(resource) {
            Some(Requested::Star) => {
                let star = matcher.star && entry.service.is_none_or(|own| own == service);
                return Truth::from(entry.scope.is_none() && (entry.all || star));
            }
            Some(Requested::Resource(asked)) => asked,
            None => return Truth::False,
        };
        let directory = self.directory(matcher.side);
        let own = self.caller().account.as_deref();
        let owner = match asked.owner {
            Asked::Caller => own.map(|own| format!("uin/{own}")).unwrap_or_default(),
            Asked::Uin(uin) => format!("uin/{uin}"),
            Asked::AppId(appid) => format!("uid/{appid}"),
        };
        let (uin, appid) = directory.owner(&owner);
        let slashed;
        let path = if lacks_slash(asked.service, asked.path) {
            slashed = format!("{}/", asked.path);
            &slashed
        } else {
            asked.path
        };
        let mut spellings = match asked.service {
            "cam" => directory.spellings(&owner, path),
            _ => Vec::new(),
        };
        if spellings.is_empty() {
            spellings.push(path.to_owned());
        }
        let matches = |glob: &Glob<'_>| spellings.iter().any(|text| glob.matches(text));
        if let Some(scope) = &entry.scope
            && (uin.is_none() || asked.region.is_empty() || !matches(scope))
        {
            return Truth::False;
        }
        if entry.all {
            return Truth::True;
        }
        let compared =
            |own: &str, known: Option<&str>| known.map_or(Truth::Unknown, |known| Truth::from(own == known));
        let service = Truth::from(entry.service.is_none_or(|own| own == asked.service));
        let given = Some(asked.region).filter(|region| !region.is_empty());
        let region = entry.region.map_or(Truth::True, |own| compared(own, given));
        let owner = match entry.owner {
            Owner::Any => Truth::True,
            Owner::Uin(own) => compared(own, uin),
            Owner::AppId(own) => compared(own, appid),
            Owner::Caller => own.map_or(Truth::Unknown, |own| compared(own, uin)),
            Owner::Unknown => Truth::Unknown,
        };
        let project = Truth::from(match entry.project {
            Project::Any => true,
            Project::Default => asked.project.is_empty() || asked.project == "0",
            Project::Id(id) => asked.project == id,
        });
        let path = if item.unvalued { Truth::Unknown } else { Truth::from(matches(&item.path)) };
        service.and(region).and(owner).and(project).and(path)
    }
}
