//! A line on the terminal while something takes longer than a second.

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
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
            bar.set_style(style);
        }
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
        self.bar.set_message(what.to_owned());
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        drop(self.done.take());
        self.bar.finish_and_clear();
    }
}
