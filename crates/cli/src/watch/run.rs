//! When to look: when the system tells of a change, and from time to time.

use std::io;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use camshaft_runtime::SharedEngine;
use notify::event::{AccessKind, AccessMode};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::{Event, SETTLES_S, Shown, Status, Watch, shown};

/// How long nothing must happen until it is time to look: a file that is written comes in many changes.
const QUIET: Duration = Duration::from_millis(30);

/// How long to wait for that at most.
const PATIENCE: Duration = Duration::from_secs(1);

enum Wake {
    Changed,
    Stop,
}

/// A [`Watch`] in a thread of its own, which ends when this is dropped.
#[derive(Debug)]
pub struct Watching {
    shown: Arc<Mutex<Shown>>,
    wake: Sender<Wake>,
    thread: Option<JoinHandle<()>>,
}

impl Watching {
    /// The engine, from the first good bundle on. It stays the same and is swapped from within.
    pub fn engine(&self) -> Option<SharedEngine> {
        shown(&self.shown).engine.clone()
    }

    /// What is served, what was refused and why.
    pub fn status(&self) -> Status {
        shown(&self.shown).status.clone()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.wake.send(Wake::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Watch {
    /// Looks once before it returns, then in a thread of its own: when something in the folder changes, and whenever `poll`
    /// has passed, for folders whose changes nobody tells. `heard` gets every event as it happens.
    pub fn spawn(
        mut self,
        poll: Duration,
        mut heard: impl FnMut(&Event) + Send + 'static,
    ) -> io::Result<Watching> {
        let (wake, woken) = channel();
        let shown = Arc::clone(&self.shown);
        let notices = Notices::new(wake.clone());
        self.look(now_s()).iter().for_each(&mut heard);
        let thread = std::thread::Builder::new().name("camshaft-watch".into());
        let thread = thread.spawn(move || self.run(poll, &woken, notices, &mut heard))?;
        Ok(Watching { shown, wake, thread: Some(thread) })
    }

    fn run(
        &mut self,
        poll: Duration,
        woken: &Receiver<Wake>,
        mut notices: Notices,
        heard: &mut dyn FnMut(&Event),
    ) {
        loop {
            // Once more each time: the folder may be another by now, or may not have been there before. First this and then
            // the look, so that no change falls between.
            let folder = self.source.folder().to_owned();
            notices.of(&folder);
            self.look(now_s()).iter().for_each(&mut *heard);
            if self.source.folder() != folder {
                continue;
            }
            let soon = Duration::from_secs(SETTLES_S);
            let patience = if self.is_unsettled() { poll.min(soon) } else { poll };
            match woken.recv_timeout(patience) {
                Ok(Wake::Changed) => {
                    if !settled(woken) {
                        return;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Ok(Wake::Stop) | Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }
}

/// Waits until nothing happens; false if it is to stop.
fn settled(woken: &Receiver<Wake>) -> bool {
    let begin = Instant::now();
    while begin.elapsed() < PATIENCE {
        match woken.recv_timeout(QUIET) {
            Ok(Wake::Changed) => {}
            Err(RecvTimeoutError::Timeout) => return true,
            Ok(Wake::Stop) | Err(RecvTimeoutError::Disconnected) => return false,
        }
    }
    true
}

/// Word from the system. Where it gives none, looking from time to time has to do.
struct Notices(Option<RecommendedWatcher>);

impl Notices {
    fn new(wake: Sender<Wake>) -> Self {
        let heard = move |event: notify::Result<notify::Event>| {
            let kind = event.map_or(EventKind::Any, |event| event.kind);
            // That somebody reads is no change; we do ourselves.
            let read =
                matches!(kind, EventKind::Access(access) if access != AccessKind::Close(AccessMode::Write));
            if !read {
                let _ = wake.send(Wake::Changed);
            }
        };
        Self(notify::recommended_watcher(heard).ok())
    }

    /// Asks for word of a folder.
    fn of(&mut self, folder: &Path) {
        if let Some(watcher) = &mut self.0 {
            let _ = watcher.watch(folder, RecursiveMode::NonRecursive);
        }
    }
}

fn now_s() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
