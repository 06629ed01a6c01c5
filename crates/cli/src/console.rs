//! Where results and messages go: standard output or a file, and standard error; in colour or not.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;

use anstream::{AutoStream, ColorChoice};

use crate::args::{Color, Common, Format};
use crate::exit::Failure;

/// Bytes of results that are written at once.
const BUFFER: usize = 1 << 16;

/// The two outputs of a command.
pub(crate) struct Console {
    /// What results look like.
    pub(crate) format: Format,
    out: Box<dyn Write>,
    /// Whether results are coloured.
    pub(crate) out_color: bool,
    /// Whether messages are coloured.
    pub(crate) err_color: bool,
    /// Columns of the terminal that messages go to.
    pub(crate) width: usize,
}

impl Console {
    /// Opens the outputs that the command line names.
    pub(crate) fn open(common: &Common) -> Result<Self, Failure> {
        let mut console = Self::messages(common);
        if let Some(path) = &common.output {
            console.out = Box::new(BufWriter::with_capacity(BUFFER, create(path)?));
            console.out_color = common.color == Color::Always;
        }
        Ok(console)
    }

    /// Standard output and standard error.
    pub(crate) fn messages(common: &Common) -> Self {
        Self {
            format: common.format,
            out: Box::new(BufWriter::with_capacity(BUFFER, io::stdout())),
            out_color: colored(common.color, AutoStream::choice(&io::stdout())),
            err_color: colored(common.color, AutoStream::choice(&io::stderr())),
            width: width(),
        }
    }

    /// Where results go.
    pub(crate) fn out(&mut self) -> &mut dyn Write {
        &mut *self.out
    }

    /// Whether results are JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    /// Writes a report as JSON.
    pub(crate) fn json(&mut self, report: &impl serde::Serialize) -> Result<(), Failure> {
        serde_json::to_writer_pretty(&mut self.out, report).map_err(io::Error::from)?;
        self.out.write_all(b"\n")?;
        Ok(())
    }

    /// Writes a report as one line of JSON.
    pub(crate) fn json_line(&mut self, report: &impl serde::Serialize) -> Result<(), Failure> {
        serde_json::to_writer(&mut self.out, report).map_err(io::Error::from)?;
        self.out.write_all(b"\n")?;
        Ok(())
    }

    /// Writes a message for people. That it cannot be written changes nothing.
    pub(crate) fn message(&self, text: &str) {
        let _ = io::stderr().write_all(text.as_bytes());
    }

    /// Whether somebody may look at messages as they come.
    pub(crate) fn is_watched(&self) -> bool {
        io::stderr().is_terminal()
    }

    /// Everything that was written is out.
    pub(crate) fn finish(&mut self) -> Result<(), Failure> {
        Ok(self.out.flush()?)
    }
}

fn create(path: &Path) -> Result<File, Failure> {
    File::create(path).map_err(|error| Failure::write(path, error))
}

fn colored(asked: Color, found: ColorChoice) -> bool {
    match asked {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => found != ColorChoice::Never,
    }
}

/// Columns that excerpts are fitted to. Output that is not for a terminal is the same everywhere.
fn width() -> usize {
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    columns.filter(|columns| *columns >= 40).unwrap_or(120)
}
