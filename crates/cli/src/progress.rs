//! A line on the terminal while something takes longer than a second.

use std::io::Read;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::console::Console;

/// How long work takes before it is worth a line.
const PATIENCE: Duration = Duration::from_secs(1);

/// Shows what is done, from a second on and only on a terminal. Gone when dropped.
pub(crate) struct Progress {
    bar: ProgressBar,
    done: Option<std::sync::mpsc::Sender<()>>,
}

impl Progress {
    /// Begins.
    pub(crate) fn begin(console: &Console, what: &str) -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::hidden());
        style(&bar, "{spinner} {msg} {elapsed}");
        bar.set_message(what.to_owned());
        if !console.is_watched() || console.is_json() {
            return Self { bar, done: None };
        }
        let (done, wait) = std::sync::mpsc::channel::<()>();
        let late = bar.clone();
        std::thread::spawn(move || {
            if wait.recv_timeout(PATIENCE) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                late.set_draw_target(ProgressDrawTarget::stderr());
                late.enable_steady_tick(Duration::from_millis(120));
            }
        });
        Self { bar, done: Some(done) }
    }

    /// Goes on with something else.
    pub(crate) fn next(&self, what: &str) {
        style(&self.bar, "{spinner} {msg} {elapsed}");
        self.bar.set_message(what.to_owned());
    }

    /// Shows how much of a file is read, how fast, and how long the rest will take where its length is known.
    pub(crate) fn reading(&self, file: Box<dyn Read>, length: Option<u64>) -> Box<dyn Read> {
        if self.done.is_none() {
            return file;
        }
        match length {
            Some(length) => {
                self.bar.set_length(length);
                style(&self.bar, "{spinner} {msg} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left");
            }
            None => style(&self.bar, "{spinner} {msg} {bytes}, {bytes_per_sec}"),
        }
        Box::new(self.bar.wrap_read(file))
    }
}

fn style(bar: &ProgressBar, template: &str) {
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        drop(self.done.take());
        self.bar.finish_and_clear();
    }
}
