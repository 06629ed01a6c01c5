//! `camshaft world`: who holds what in a world, and changes to it.
//!
//! `list` and `show` read the loaded world. `edit` works on the JSON that stands in the file (`sheet`), so that
//! documents in place keep their text, and has the result loaded before anything is written.

mod change;
mod edit;
mod identity;
mod layers;
mod list;
mod reach;
mod rows;
mod shape;
mod sheet;
mod show;

use std::path::{Path, PathBuf};

use camshaft_frontend::diagnostic::{Diagnostic, code};
use camshaft_frontend::json;
use camshaft_frontend::world::{Loaded, Overrides};

use crate::args::{World, WorldCommand};
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::input::{self, Content};
use crate::load;
use crate::render::diagnostic::Findings;
use sheet::Sheet;

/// The preset that is built in (CITE PRE-1).
const FULL_ACCESS: &str = "FullQcloudAccess";

/// Runs it.
pub(crate) fn run(args: &World, console: &mut Console) -> Result<Exit, Failure> {
    match &args.command {
        WorldCommand::List(args) => list::run(args, console),
        WorldCommand::Show(args) => show::run(args, console),
        WorldCommand::Attach(args) => edit::attach(args, console),
        WorldCommand::Detach(args) => edit::detach(args, console),
        WorldCommand::Revoke(args) => edit::revoke(args, console),
    }
}

/// The text of a world, and what it holds.
struct Opened {
    /// The file.
    file: PathBuf,
    /// What it said.
    text: String,
    /// What stands in it.
    sheet: Sheet,
    /// The world, sound or not; its findings name the file as the command line does.
    loaded: Loaded,
}

/// Reads a world whose JSON is sound and has no members but those of worlds. References and policies may still be
/// wrong: a change may be what mends them.
fn open(path: &Path, overrides: &Overrides) -> Result<Opened, Failure> {
    let file = load::existing(path)?;
    let name = input::name(&file);
    let (source, fault) = json::decode(&name, 0, input::read(&file)?);
    if let Some(fault) = fault {
        return Err(load::rejected(&name, Findings::of(source, vec![fault])));
    }
    let text = source.text().to_owned();
    if input::content(&text) == Content::Cases {
        return Err(load::cases(&name));
    }
    let loaded = load::world_of(&file, text.clone(), overrides)?.loaded;
    let unreadable = |found: &Diagnostic| {
        [code::WORLD_MALFORMED, code::WORLD_MEMBER].contains(&found.code) && found.is_error()
    };
    let sound = !loaded.diagnostics.iter().any(unreadable);
    match Sheet::parse(&text).filter(|_| sound) {
        Some(sheet) => Ok(Opened { file, text, sheet, loaded }),
        None => Err(load::rejected(&name, findings(loaded))),
    }
}

/// What was found in a world.
fn findings(loaded: Loaded) -> Findings {
    let Loaded { diagnostics, sources, notes_left_off, .. } = loaded;
    Findings { diagnostics, sources, notes_left_off }
}

/// The name that was probably meant.
fn did_you_mean<'c>(text: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<String> {
    let near = camshaft_frontend::spelling::nearest(text, candidates)?;
    Some(format!("did you mean `{near}`?"))
}
