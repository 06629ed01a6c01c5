//! What the cases reach of the worlds that they share.

use camshaft::coverage::{Covered, Points, Probes, Tally, percent};
use camshaft_compiler::Config;
use camshaft_frontend::parallel::{Workers, chunks};
use serde::Serialize;

use super::of_subject;
use super::run::Ran;
use super::suite::{Subject, Suite};
use crate::exit::Failure;

/// Cases that one thread asks at a time.
const RUN: usize = 32;

/// What is reached, of how much.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Share {
    pub(super) reached: usize,
    pub(super) of: usize,
    pub(super) percent: f64,
}

impl From<(usize, usize)> for Share {
    fn from(points: (usize, usize)) -> Self {
        Self { reached: points.0, of: points.1, percent: percent(points) }
    }
}

/// The parts of a share.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Shares {
    pub(super) statements: Share,
    pub(super) entries: Share,
    pub(super) conditions: Share,
    pub(super) total: Share,
}

impl From<Points> for Shares {
    fn from(points: Points) -> Self {
        Self {
            statements: points.statements.into(),
            entries: points.entries.into(),
            conditions: points.terms.into(),
            total: points.total().into(),
        }
    }
}

/// What all cases reach.
#[derive(Debug, Serialize)]
pub(super) struct Coverage {
    pub(super) shares: Shares,
    pub(super) worlds: Vec<World>,
}

impl Coverage {
    /// The share of everything.
    pub(super) fn percent(&self) -> f64 {
        self.shares.total.percent
    }
}

/// What they reach of one world.
#[derive(Debug, Serialize)]
pub(super) struct World {
    pub(super) world: String,
    pub(super) cases: usize,
    pub(super) shares: Shares,
    pub(super) statements: Vec<Statement>,
    /// By file, in the order of the statements.
    #[serde(skip)]
    pub(super) files: Vec<(String, Shares)>,
}

/// A statement and how often it is reached.
#[derive(Debug, Serialize)]
pub(super) struct Statement {
    pub(super) name: String,
    pub(super) effect: &'static str,
    pub(super) path: String,
    pub(super) line: u32,
    pub(super) column: u32,
    /// Cases whose request it matches.
    pub(super) matched: usize,
    /// Those of them in which it is not known whether it holds: a deny then matches too.
    pub(super) unknown: usize,
    /// Cases that it decides.
    pub(super) decided: usize,
    pub(super) entries: Vec<Entry>,
    pub(super) conditions: Vec<Term>,
}

/// An entry of one of its lists.
#[derive(Debug, Serialize)]
pub(super) struct Entry {
    pub(super) element: &'static str,
    pub(super) text: String,
    /// Cases whose request the statement matches through it.
    pub(super) matched: usize,
}

/// A term of its condition.
#[derive(Debug, Serialize)]
pub(super) struct Term {
    pub(super) operator: String,
    pub(super) key: String,
    pub(super) values: String,
    /// Cases in which everything else but the condition met the request and the term was true.
    pub(super) held: usize,
    /// Those in which it was not.
    pub(super) failed: usize,
}

/// Measures it.
pub(super) fn measure(suite: &Suite, ran: &[Ran], workers: &Workers) -> Result<Coverage, Failure> {
    let (mut points, mut worlds) = (Points::default(), Vec::new());
    for (number, subject) in suite.subjects.iter().enumerate() {
        let Some((set, reading)) = &subject.world else { continue };
        let probes = Probes::new(set, reading.clone(), &Config::default()).map_err(Failure::Compile)?;
        let cases: Vec<_> = of_subject(suite, ran, number).collect();
        let tallies = workers.map(chunks(&cases, RUN, |_| 1), |cases| {
            let (mut tally, mut scratch) = (Tally::new(set), probes.scratch());
            for (_, given, ran) in cases {
                if let Some(Ok(request)) = given.case.request(&subject.options.resource_policy_services) {
                    tally.ask(set, &probes, &request, &ran.outcome.reasons, &mut scratch);
                }
            }
            tally
        });
        let mut tally = Tally::new(set);
        tallies.iter().for_each(|other| tally.add(other));
        let covered = tally.report(set);
        let of_world = covered.iter().fold(Points::default(), |sum, one| sum.plus(one.points()));
        points = points.plus(of_world);
        worlds.push(World {
            world: subject.name.clone(),
            cases: cases.len(),
            shares: of_world.into(),
            files: files(&covered, subject),
            statements: covered.into_iter().map(|one| statement(one, subject)).collect(),
        });
    }
    if worlds.is_empty() {
        return Err(Failure::usage_with(
            "no case asks a world that could be measured",
            "`--coverage` measures the world of `--world`, or the one beside the case files",
        ));
    }
    Ok(Coverage { shares: points.into(), worlds })
}

fn files(covered: &[Covered], subject: &Subject) -> Vec<(String, Shares)> {
    covered
        .chunk_by(|a, b| a.source == b.source)
        .map(|of_file| {
            let points = of_file.iter().fold(Points::default(), |sum, one| sum.plus(one.points()));
            let name = of_file.first().map(|one| subject.shown(&one.source)).unwrap_or_default();
            (name, points.into())
        })
        .collect()
}

fn statement(covered: Covered, subject: &Subject) -> Statement {
    let Covered { policy, source, position, index, denies, entries, terms, reach } = covered;
    Statement {
        name: format!("{policy}#{index}"),
        effect: if denies { "deny" } else { "allow" },
        path: subject.shown(&source),
        line: position.line,
        column: position.column,
        matched: reach.matched,
        unknown: reach.unknown,
        decided: reach.decided,
        entries: entries
            .into_iter()
            .zip(reach.entries)
            .map(|((element, text), matched)| Entry { element: element.name(), text, matched })
            .collect(),
        conditions: terms
            .into_iter()
            .zip(reach.terms)
            .map(|([operator, key, values], (held, failed))| Term { operator, key, values, held, failed })
            .collect(),
    }
}

impl Statement {
    /// What no case reaches of it, in words.
    pub(super) fn gaps(&self) -> Vec<String> {
        if self.matched == 0 {
            return vec!["no case matches it".into()];
        }
        let mut gaps = Vec::new();
        for of_list in self.entries.chunk_by(|a, b| a.element == b.element) {
            let unused = of_list.iter().filter(|entry| entry.matched == 0);
            let unused: Vec<String> = unused.map(|entry| format!("`{}`", entry.text)).collect();
            if let Some(entry) = of_list.first().filter(|_| !unused.is_empty()) {
                gaps.push(format!("no case matches it by {} {}", entry.element, unused.join(", ")));
            }
        }
        for Term { operator, key, values, held, failed } in &self.conditions {
            let term = format!("{operator} `{key}` {values}");
            match (held, failed) {
                (0, 0) => gaps.push(format!("no case asks for {term}")),
                (0, _) => gaps.push(format!("in no case is {term} true")),
                (_, 0) => gaps.push(format!("in no case is {term} not true")),
                _ => {}
            }
        }
        if gaps.is_empty() && self.unknown == self.matched {
            gaps.push("it matches only where it is not known whether it holds".into());
        }
        gaps
    }
}
