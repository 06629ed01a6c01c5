//! The last part of a request: values for keys, so that what is left of a formula holds.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use camshaft_bundle::schema::key::{CURRENT_TIME, TEXTS};
use camshaft_value::operator::ValueType;
use camshaft_value::truth::Truth;

use super::formula::{Atom, Formula};
use super::search::{Flow, Search, Spent, Steps, Stop, within};
use super::value::{self, Requirement};
use super::{Contexts, Witness};

impl<'a> Search<'_, 'a> {
    /// Contexts in which what is left of a formula holds.
    pub(super) fn contexts(&self, formula: &Formula, action: &str, resource: &str) -> Flow {
        let found = |context: Vec<(String, Vec<String>)>| {
            let mut context: BTreeMap<String, Vec<String>> = context.into_iter().collect();
            let time =
                context.remove(TEXTS[CURRENT_TIME as usize]).and_then(|values| values.into_iter().next());
            let (action, resource) = (action.to_owned(), resource.to_owned());
            let principal = self.set.caller().principal.clone();
            Flow::Break(Stop::Found(Box::new(Witness { principal, action, resource, context, time })))
        };
        let mut atoms = BTreeSet::new();
        formula.atoms(&mut atoms);
        if formula.value(&|_| None) == Some(true) {
            return found(Vec::new());
        }
        let mut keys: BTreeMap<&str, Key<'_, 'a>> = BTreeMap::new();
        let mut atoms_of: BTreeMap<Atom, Vec<(&str, usize, Truth)>> = BTreeMap::new();
        for atom in &atoms {
            let (matcher, least) = self.set.atom(*atom);
            let Some(matcher) = self.set.matchers.get(matcher) else { continue };
            for requirement in &matcher.terms {
                let key = keys.entry(requirement.key).or_default();
                let place = key.requirements.iter().position(|known| **known == *requirement);
                let place = place.unwrap_or_else(|| {
                    key.requirements.push(requirement);
                    key.requirements.len() - 1
                });
                atoms_of.entry(*atom).or_default().push((requirement.key, place, least));
            }
        }
        for deep in [false, true] {
            let mut all: Vec<(&str, Vec<Outcome>)> = Vec::with_capacity(keys.len());
            let mut same = true;
            for (name, key) in &mut keys {
                let types = match self.contexts {
                    Contexts::All => None,
                    Contexts::WellTyped => Some(self.set.types.get(*name).map_or(&[][..], Vec::as_slice)),
                };
                let (outcomes, more) = within(key.outcomes(name, types, deep, &self.steps))?;
                same &= !more;
                if !key.exact {
                    self.vague.replace(Some((*name).to_owned()));
                }
                all.push((name, outcomes));
            }
            // What decides most comes first.
            all.sort_by_key(|(_, outcomes)| outcomes.len());
            let mut chosen: Vec<(&str, &Outcome)> = Vec::with_capacity(all.len());
            if within(self.choose(&all, &atoms_of, formula, &mut chosen))? {
                let context = chosen
                    .iter()
                    .filter_map(|(key, outcome)| Some(((*key).to_owned(), outcome.values.clone()?)))
                    .collect();
                return found(context);
            }
            if same {
                break;
            }
        }
        Flow::Continue(())
    }

    fn choose<'o>(
        &self,
        all: &'o [(&'o str, Vec<Outcome>)],
        atoms: &BTreeMap<Atom, Vec<(&str, usize, Truth)>>,
        formula: &Formula,
        chosen: &mut Vec<(&'o str, &'o Outcome)>,
    ) -> Result<bool, Spent> {
        self.steps.take(1 + atoms.len(), "contexts")?;
        let known = |atom: Atom| {
            let Some(terms) = atoms.get(&atom) else { return Some(true) };
            let mut open = false;
            for (key, place, least) in terms {
                let outcome = chosen.iter().find(|(name, _)| name == key);
                match outcome.and_then(|(_, outcome)| outcome.truths.get(*place)) {
                    Some(truth) if truth < least => return Some(false),
                    Some(_) => {}
                    None => open = true,
                }
            }
            if open { None } else { Some(true) }
        };
        match formula.value(&known) {
            Some(value) => return Ok(value),
            None if chosen.len() == all.len() => return Ok(false),
            None => {}
        }
        let Some((key, outcomes)) = all.get(chosen.len()) else { return Ok(false) };
        for outcome in outcomes {
            chosen.push((key, outcome));
            if self.choose(all, atoms, formula, chosen)? {
                return Ok(true);
            }
            chosen.pop();
        }
        Ok(false)
    }
}

/// A value of a key, or several, or none, and what that comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Outcome {
    /// `None` where the key is left out.
    values: Option<Vec<String>>,
    /// By requirement.
    truths: Vec<Truth>,
}

/// A key that conditions look at.
#[derive(Default)]
struct Key<'s, 'a> {
    requirements: Vec<&'s Requirement<'a>>,
    /// Whether the classes of its values are known to be all.
    exact: bool,
    classes: Vec<(String, Vec<Truth>)>,
    is_read: bool,
}

impl Key<'_, '_> {
    /// What the key can come to, one for each that is told apart, and whether several values could come to more.
    fn outcomes(
        &mut self,
        name: &str,
        types: Option<&[ValueType]>,
        deep: bool,
        steps: &Steps,
    ) -> Result<(Vec<Outcome>, bool), Spent> {
        let is_time = name == TEXTS[CURRENT_TIME as usize];
        if !self.is_read {
            // A time is always one.
            let types = if is_time { Some(&[ValueType::Date][..]) } else { types };
            let classes = value::classes(&self.requirements, types, steps)?;
            (self.classes, self.exact, self.is_read) = (classes.each, classes.exact, true);
        }
        let mut outcomes: Vec<Outcome> = Vec::new();
        let mut known: HashSet<Vec<Truth>> = HashSet::new();
        let mut add = |values: Option<Vec<String>>, truths: Vec<Truth>| {
            if known.insert(truths.clone()) {
                outcomes.push(Outcome { values, truths });
            }
        };
        let whole = |values: Option<&[String]>| -> Vec<Truth> {
            self.requirements.iter().map(|requirement| requirement.truth(values)).collect()
        };
        add(None, whole(None));
        let list = |least: &[Truth], greatest: &[Truth]| -> Vec<Truth> {
            let bounds = least.iter().zip(greatest);
            let each = self.requirements.iter().zip(bounds);
            each.map(|(requirement, (least, greatest))| value::of_list(requirement, *least, *greatest))
                .collect()
        };
        for (value, truths) in &self.classes {
            add(Some(vec![value.clone()]), list(truths, truths));
        }
        if is_time {
            return Ok((outcomes, false));
        }
        add(Some(Vec::new()), whole(Some(&[])));
        if self.classes.len() < 2 {
            return Ok((outcomes, false));
        }
        if !deep {
            return Ok((outcomes, true));
        }
        // Lists are told apart by the least and the greatest of their values.
        type Bounds = (Vec<Truth>, Vec<Truth>);
        let mut states: Vec<(Bounds, Vec<usize>)> = Vec::new();
        let mut seen: HashSet<Bounds> = HashSet::new();
        for (place, (_, truths)) in self.classes.iter().enumerate() {
            let bounds = (truths.clone(), truths.clone());
            if seen.insert(bounds.clone()) {
                states.push((bounds, vec![place]));
            }
        }
        let mut number = 0;
        while let Some(((least, greatest), places)) = states.get(number).cloned() {
            number += 1;
            if places.len() >= camshaft_frontend::limits::CONTEXT_VALUES {
                continue;
            }
            for (place, (_, truths)) in self.classes.iter().enumerate() {
                steps.take(truths.len() + 1, "lists of values")?;
                let least: Vec<Truth> = least.iter().zip(truths).map(|(a, b)| *a.min(b)).collect();
                let greatest: Vec<Truth> = greatest.iter().zip(truths).map(|(a, b)| *a.max(b)).collect();
                if !seen.insert((least.clone(), greatest.clone())) {
                    continue;
                }
                let mut places = places.clone();
                places.push(place);
                let values = places
                    .iter()
                    .filter_map(|place| self.classes.get(*place))
                    .map(|(value, _)| value.clone());
                add(Some(values.collect()), list(&least, &greatest));
                states.push(((least, greatest), places));
            }
        }
        Ok((outcomes, false))
    }
}
