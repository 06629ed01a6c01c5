//! Bundles as they arrive, good and bad: what is served then, and what the status says. Looks are made by hand with a
//! time of the test's own; only the last tests wait for the system.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use camshaft::watch::{Event, Refused, Source, Status, Watch};
use camshaft_bundle::schema::row;
use camshaft_bundle::{Bundle, ENVELOPE_BYTES, OpenErrorKind, SecretKey, Trust, sign, write};
use camshaft_compiler::{Budget, Config, compile};
use camshaft_runtime::{Decision, EngineReader, ErrorCode, Request};
use camshaft_tests::product::load_text;

/// The time of the first look.
const NOW_S: u64 = 1_767_225_600;

/// A folder that is gone when dropped.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("camshaft-watch-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// As whoever publishes: beside, then renamed.
    fn publish(&self, name: &str, bytes: &[u8]) {
        let beside = self.path(&format!(".{name}.tmp"));
        fs::write(&beside, bytes).expect("writes");
        fs::rename(&beside, self.path(name)).expect("renames");
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A bundle that allows `cos:GetObject` on one object only; its number tells one from another.
fn bundle(number: usize) -> Vec<u8> {
    let resource = object(number);
    let loaded = load_text(&format!(
        r#"{{"accounts":[{{"uin":"100000000001","appid":"1250000000",
            "users":[{{"uin":"100000000011","policies":["p"]}}],
            "policies":{{"p":{{"version":"2.0","statement":[{{"effect":"allow","action":["cos:GetObject"],"resource":["{resource}"]}}]}}}}}}]}}"#
    ));
    compile(loaded.set.as_ref().expect("accepted"), &Config::default()).expect("compiles").bytes
}

fn object(number: usize) -> String {
    format!("qcs::cos:ap-beijing:uid/1250000000:data-1250000000/{number}")
}

fn key(number: u8) -> SecretKey {
    SecretKey::from_bytes(&[number; 32])
}

fn signed(number: usize, revision: u64) -> Vec<u8> {
    sign(&bundle(number), &key(1), revision, NOW_S).expect("signs")
}

fn trust() -> Trust {
    Trust::new([key(1).public()])
}

/// Which of the bundles answers; `None` if requests are refused for the bundle's age.
fn served(reader: &mut EngineReader, now_s: u64) -> Option<usize> {
    let allowed = (0..10).filter(|number| {
        let mut current = reader.load();
        let request = Request {
            principal: "qcs::cam::uin/100000000001:uin/100000000011",
            action: "cos:GetObject",
            resources: &[&object(*number)],
            artifact_age_s: current.stamp().age_s(now_s),
            ..Request::default()
        };
        match current.decide(&request) {
            Decision::Allow { .. } => true,
            Decision::ImplicitDeny { .. } | Decision::Error { code: ErrorCode::Age } => false,
            other => panic!("{other:?}"),
        }
    });
    let allowed: Vec<usize> = allowed.collect();
    assert!(allowed.len() <= 1, "{allowed:?}");
    allowed.first().copied()
}

/// What happened, in a word each: the number of the publication, or why a file is refused.
fn words(events: &[Event]) -> Vec<String> {
    let word = |event: &Event| match event {
        Event::Loaded(serving) => format!("loaded {}", serving.publication),
        Event::Refused(refusal) => refusal.reason.kind().to_owned(),
        Event::Stale(_) => "stale".to_owned(),
    };
    events.iter().map(word).collect()
}

fn reasons(status: &Status) -> Vec<(String, Refused)> {
    let name = |file: &Path| file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    status.refused.iter().map(|refusal| (name(&refusal.file), refusal.reason.clone())).collect()
}

/// A watch of one file, with a first bundle served.
fn begun(folder: &Folder, first: &[u8]) -> (Watch, EngineReader) {
    folder.publish("now.cam", first);
    let mut watch = Watch::new(Source::new(folder.path("now.cam")).trust(trust()));
    assert_eq!(words(&watch.look(NOW_S)), ["loaded 0"]);
    let reader = watch.engine().expect("it is served").reader();
    (watch, reader)
}

#[test]
fn a_bad_bundle_changes_nothing_and_says_why() {
    let folder = Folder::new();
    let (mut watch, mut reader) = begun(&folder, &signed(1, 5));
    let good = watch.status().serving;
    let next = signed(2, 6);
    let damaged = |at: usize| {
        let mut bytes = next.clone();
        bytes[at] ^= 1;
        bytes
    };
    let foreign = sign(&bundle(2), &key(2), 6, NOW_S).expect("signs");
    let swapped = [&next[..ENVELOPE_BYTES], &bundle(3)[..]].concat();
    let bad = [
        ("damaged", damaged(next.len() - 1)),
        ("damaged", damaged(ENVELOPE_BYTES + 70)),
        ("damaged", next[..next.len() - 1].to_vec()),
        ("damaged", next[..next.len() / 2].to_vec()),
        ("damaged", next[..ENVELOPE_BYTES - 1].to_vec()),
        ("damaged", [&next[..], b"x"].concat()),
        ("unsigned", Vec::new()),
        ("unsigned", bundle(2)),
        ("unsigned", b"{\"version\":\"2.0\"}".to_vec()),
        ("untrusted", foreign),
        ("signature", damaged(20)),
        ("signature", damaged(150)),
        ("signature", swapped),
        ("version", damaged(8)),
        ("revision", signed(2, 4)),
        ("same_revision", signed(2, 5)),
        ("same_revision", sign(&bundle(1), &key(1), 5, NOW_S - 1).expect("signs")),
    ];
    for (at, (kind, bytes)) in bad.into_iter().enumerate() {
        folder.publish("now.cam", &bytes);
        let now_s = NOW_S + at as u64;
        assert_eq!(words(&watch.look(now_s)), [kind], "number {at}");
        let status = watch.status();
        assert_eq!((&status.serving, status.looked_s), (&good, now_s));
        assert_eq!(status.refused.len(), 1);
        assert_eq!(status.refused[0].reason.kind(), kind);
        assert_eq!(served(&mut reader, NOW_S), Some(1), "number {at}");
        // It is said once.
        assert_eq!(words(&watch.look(now_s)), [""; 0]);
        assert_eq!(watch.status().refused.len(), 1);
    }
    // The good one that comes at last is served, and nothing is wrong any more.
    folder.publish("now.cam", &next);
    assert_eq!(words(&watch.look(NOW_S)), ["loaded 1"]);
    assert_eq!((served(&mut reader, NOW_S), watch.status().refused), (Some(2), vec![]));
    // What is gone is missing, and served all the same.
    fs::remove_file(folder.path("now.cam")).expect("it was there");
    assert_eq!(words(&watch.look(NOW_S)), ["missing"]);
    assert_eq!(served(&mut reader, NOW_S), Some(2));
    // Back again, the same: no event, and no refusal is left.
    folder.publish("now.cam", &next);
    assert_eq!(words(&watch.look(NOW_S)), [""; 0]);
    assert_eq!(watch.status().refused, []);
}

/// What a forger changes and the index does not show: whoever asks for a proof keeps what was served.
#[test]
fn only_proven_bundles_are_served_if_asked_for() {
    let folder = Folder::new();
    let forged = {
        let mut root = Bundle::open(&bundle(2)).expect("opens").tables().to_root();
        root.rows[row::FLAGS] ^= row::flag::DENY;
        root.blocks[4] ^= 2;
        sign(&write(root).expect("its index is sound"), &key(1), 6, NOW_S).expect("signs")
    };
    // Without a proof it is served, and denies what its statement allows.
    let (mut trusting, mut reader) = begun(&folder, &signed(1, 5));
    let source = Source::new(folder.path("now.cam")).trust(trust());
    let mut proving = Watch::new(source.clone().prove(Budget::default()));
    let mut hurried = Watch::new(source.prove(Budget { states: 0, memberships: 0, threads: 1 }));
    assert_eq!(words(&proving.look(NOW_S)), ["loaded 0"]);
    let mut guarded = proving.engine().expect("it is served").reader();
    folder.publish("now.cam", &forged);
    assert_eq!(words(&trusting.look(NOW_S)), ["loaded 1"]);
    let request = Request {
        principal: "qcs::cam::uin/100000000001:uin/100000000011",
        action: "cos:GetObject",
        resources: &[&object(2)],
        ..Request::default()
    };
    assert!(matches!(reader.load().decide(&request), Decision::ExplicitDeny { .. }));
    assert_eq!(words(&proving.look(NOW_S)), ["not_proven"]);
    assert_eq!(served(&mut guarded, NOW_S), Some(1));
    let [(_, reason)] = &reasons(&proving.status())[..] else { panic!("{:?}", proving.status()) };
    assert!(matches!(reason, Refused::NotProven { differences: 1.., .. }), "{reason:?}");
    folder.publish("now.cam", &signed(2, 6));
    assert_eq!(words(&proving.look(NOW_S)), ["loaded 1"]);
    assert_eq!(served(&mut guarded, NOW_S), Some(2));
    // Exact paths take no walk: nothing is over a budget of none.
    assert_eq!(words(&hurried.look(NOW_S)), ["loaded 0"]);
}

/// Whatever length has been written when somebody looks, only the whole is served.
#[test]
fn a_file_that_is_half_written_is_not_served() {
    let folder = Folder::new();
    for (first, next, trusts) in [(bundle(1), bundle(2), false), (signed(1, 5), signed(2, 6), true)] {
        let path = folder.path("now.cam");
        fs::write(&path, &first).expect("writes");
        let source = Source::new(&path);
        let mut watch = Watch::new(if trusts { source.trust(trust()) } else { source });
        assert_eq!(words(&watch.look(NOW_S)), ["loaded 0"]);
        let mut reader = watch.engine().expect("served").reader();
        for length in (0..next.len()).step_by(101) {
            fs::write(&path, &next[..length]).expect("writes");
            assert!(
                words(&watch.look(NOW_S)).iter().all(|word| !word.starts_with("loaded")),
                "{length} bytes"
            );
            assert_eq!(served(&mut reader, NOW_S), Some(1));
            assert_eq!(watch.status().refused.len(), 1);
        }
        fs::write(&path, &next).expect("writes");
        assert_eq!(words(&watch.look(NOW_S)), ["loaded 1"]);
        assert_eq!(served(&mut reader, NOW_S), Some(2));
    }
}

#[test]
fn of_a_folder_the_greatest_revision_is_served() {
    let folder = Folder::new();
    folder.publish("c.cam", &signed(1, 5));
    folder.publish("b.cam", &signed(2, 7));
    folder.publish("a.cam", &signed(3, 6));
    fs::write(folder.path("notes.txt"), "no bundle").expect("writes");
    fs::write(folder.path(".hidden.cam"), "no bundle").expect("writes");
    // It claims to be the last, but whoever signed it is not trusted.
    folder.publish("z.cam", &sign(&bundle(9), &key(2), u64::MAX, NOW_S).expect("signs"));
    let mut watch = Watch::new(Source::new(&folder.0).trust(trust()));
    assert_eq!(words(&watch.look(NOW_S)), ["loaded 0", "untrusted"]);
    let mut reader = watch.engine().expect("served").reader();
    assert_eq!(served(&mut reader, NOW_S), Some(2));
    assert_eq!(reasons(&watch.status()).len(), 1);
    // What was there before and is older is no attack; looking again and again finds nothing new.
    for later_s in [0, 1, 5, 10] {
        assert_eq!(words(&watch.look(NOW_S + later_s)), [""; 0], "{later_s} seconds later");
    }
    // What comes back later is.
    folder.publish("d.cam", &signed(1, 5));
    assert_eq!(words(&watch.look(NOW_S)), ["revision"]);
    // Of two at a time the better one.
    folder.publish("e.cam", &signed(4, 8));
    folder.publish("f.cam", &signed(5, 9));
    assert_eq!(words(&watch.look(NOW_S)), ["loaded 1"]);
    assert_eq!(served(&mut reader, NOW_S), Some(5));
    // The file that is served may go, and damage to it is told; it is served on.
    fs::write(folder.path("f.cam"), "gone").expect("writes");
    assert_eq!(words(&watch.look(NOW_S)), ["unsigned"]);
    fs::remove_file(folder.path("f.cam")).expect("it was there");
    assert_eq!(words(&watch.look(NOW_S)), [""; 0]);
    assert_eq!(served(&mut reader, NOW_S), Some(5));
    let names: Vec<String> = reasons(&watch.status()).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["d.cam", "z.cam"]);
}

#[test]
fn unsigned_bundles_of_a_folder_go_by_their_names() {
    let folder = Folder::new();
    folder.publish("0001.cam", &bundle(1));
    folder.publish("0002.cam", b"bad");
    let mut watch = Watch::new(Source::new(&folder.0));
    assert_eq!(words(&watch.look(NOW_S)), ["loaded 0", "damaged"]);
    let mut reader = watch.engine().expect("served").reader();
    assert_eq!(served(&mut reader, NOW_S), Some(1));
    folder.publish("0003.cam", &bundle(3));
    folder.publish("0000.cam", &bundle(4));
    assert_eq!(words(&watch.look(NOW_S)), ["loaded 1"]);
    assert_eq!(served(&mut reader, NOW_S), Some(3));
    // Signed ones are for those who trust a key.
    folder.publish("0004.cam", &signed(5, 5));
    assert_eq!(words(&watch.look(NOW_S)), ["signed"]);
    assert_eq!(served(&mut reader, NOW_S), Some(3));
}

#[test]
fn a_stale_bundle_makes_the_engine_refuse_until_it_is_renewed() {
    let folder = Folder::new();
    folder.publish("now.cam", &signed(1, 5));
    let mut watch = Watch::new(Source::new(folder.path("now.cam")).trust(trust()).max_age_s(60));
    assert_eq!(words(&watch.look(NOW_S + 60)), ["loaded 0"]);
    let mut reader = watch.engine().expect("served").reader();
    assert_eq!((served(&mut reader, NOW_S + 60), watch.status().stale), (Some(1), None));
    assert_eq!(words(&watch.look(NOW_S + 61)), ["stale"]);
    assert_eq!(words(&watch.look(NOW_S + 62)), [""; 0]);
    let stale = watch.status().stale.expect("it is");
    assert_eq!((stale.age_s, stale.greatest_s), (Some(62), 60));
    assert_eq!(served(&mut reader, NOW_S + 61), None);
    // The same bundle, signed again.
    folder.publish("now.cam", &sign(&signed(1, 5), &key(1), 5, NOW_S + 60).expect("signs"));
    assert_eq!(words(&watch.look(NOW_S + 63)), ["loaded 1"]);
    assert_eq!((served(&mut reader, NOW_S + 63), watch.status().stale), (Some(1), None));
    // The time of an unsigned one nobody knows.
    folder.publish("plain.cam", &bundle(2));
    let mut watch = Watch::new(Source::new(folder.path("plain.cam")).max_age_s(60));
    assert_eq!(words(&watch.look(NOW_S)), ["loaded 0", "stale"]);
    assert_eq!(served(&mut watch.engine().expect("served").reader(), NOW_S), None);
}

#[test]
fn the_least_revision_is_the_callers_or_the_one_that_was_served() {
    let folder = Folder::new();
    folder.publish("now.cam", &signed(1, 5));
    let mut watch = Watch::new(Source::new(folder.path("now.cam")).trust(trust().with_least_revision(6)));
    assert_eq!(words(&watch.look(NOW_S)), ["revision"]);
    assert!(watch.engine().is_none() && watch.status().serving.is_none());
    assert!(matches!(
        &reasons(&watch.status())[..],
        [(_, Refused::Bundle(error))] if *error.kind() == OpenErrorKind::Revision { found: 5, least: 6 }
    ));
    folder.publish("now.cam", &signed(1, 6));
    assert_eq!(words(&watch.look(NOW_S)), ["loaded 0"]);
}

/// A change that leaves size and time of a file as they were is found by reading it again a little later.
#[test]
fn a_change_that_does_not_show_is_found() {
    let folder = Folder::new();
    let path = folder.path("now.cam");
    let good = signed(1, 5);
    let mut bad = good.clone();
    bad[200] ^= 1;
    fs::write(&path, &bad).expect("writes");
    let time = fs::metadata(&path).and_then(|metadata| metadata.modified()).expect("a time");
    let mut watch = Watch::new(Source::new(&path).trust(trust()));
    assert_eq!(words(&watch.look(NOW_S)), ["damaged"]);
    fs::write(&path, &good).expect("writes");
    let file = fs::File::options().write(true).open(&path).expect("opens");
    file.set_modified(time).expect("sets the time");
    assert_eq!(words(&watch.look(NOW_S + 1)), [""; 0]);
    assert_eq!(words(&watch.look(NOW_S + 3)), ["loaded 0"]);
    assert_eq!(watch.status().refused, []);
}

#[cfg(unix)]
#[test]
fn links_are_followed_and_what_is_no_file_is_refused() {
    use std::os::unix::fs::symlink;
    let folder = Folder::new();
    folder.publish("one", &signed(1, 5));
    folder.publish("two", &signed(2, 6));
    let link = |to: &str| {
        let _ = fs::remove_file(folder.path("new"));
        symlink(folder.path(to), folder.path("new")).expect("links");
        fs::rename(folder.path("new"), folder.path("now.cam")).expect("renames");
    };
    link("one");
    let mut watch = Watch::new(Source::new(folder.path("now.cam")).trust(trust()));
    assert_eq!(words(&watch.look(NOW_S)), ["loaded 0"]);
    link("two");
    assert_eq!(words(&watch.look(NOW_S)), ["loaded 1"]);
    link("nowhere");
    assert_eq!(words(&watch.look(NOW_S)), ["missing"]);
    symlink("/dev/null", folder.path("device.cam")).expect("links");
    let mut watch = Watch::new(Source::new(folder.path("device.cam")).trust(trust()));
    assert_eq!(words(&watch.look(NOW_S)), ["not_a_file"]);
    // Nobody reads so much: its size alone decides.
    let file = fs::File::create(folder.path("large.cam")).expect("creates");
    file.set_len(1 << 32).expect("a file with a hole");
    let mut watch = Watch::new(Source::new(folder.path("large.cam")).trust(trust()));
    assert_eq!(words(&watch.look(NOW_S)), ["too_large"]);
}

/// The next events, each with patience enough for a machine that does something else.
fn next(events: &Receiver<Event>) -> Vec<String> {
    let event = events.recv_timeout(Duration::from_secs(60)).expect("something happens within a minute");
    words(&[event])
}

/// In a thread of its own; `poll` long enough that only the system's word can be why, or short.
fn watched(poll: Duration) {
    let folder = Folder::new();
    let source = Source::new(folder.path("bundles")).trust(trust());
    let (told, events) = channel();
    let watching =
        Watch::new(source).spawn(poll, move |event| drop(told.send(event.clone()))).expect("a thread");
    assert_eq!(next(&events), ["missing"]);
    assert!(watching.engine().is_none());
    let bundles = folder.path("bundles");
    fs::create_dir(&bundles).expect("a folder");
    let publish = |name: &str, bytes: &[u8]| {
        fs::write(bundles.join("beside"), bytes).expect("writes");
        fs::rename(bundles.join("beside"), bundles.join(name)).expect("renames");
    };
    publish("a.cam", &signed(1, 5));
    // The folder may be seen empty first, which is no other event than before.
    assert_eq!(next(&events), ["loaded 0"]);
    let mut reader = watching.engine().expect("served").reader();
    assert_eq!(served(&mut reader, NOW_S), Some(1));
    publish("b.cam", b"bad");
    assert_eq!(next(&events), ["unsigned"]);
    publish("b.cam", &signed(2, 6));
    assert_eq!(next(&events), ["loaded 1"]);
    assert_eq!((served(&mut reader, NOW_S), watching.status().refused), (Some(2), vec![]));
    publish("c.cam", &signed(3, 4));
    assert_eq!(next(&events), ["revision"]);
    assert_eq!(served(&mut reader, NOW_S), Some(2));
    assert_eq!(reasons(&watching.status()).len(), 1);
    // Dropped, it tells nothing more.
    drop(watching);
    assert!(events.recv().is_err());
}

#[test]
fn a_thread_looks_from_time_to_time() {
    watched(Duration::from_millis(20));
}

#[cfg(any(target_os = "linux", target_os = "macos", target_os = "windows"))]
#[test]
fn a_thread_looks_when_something_changes() {
    watched(Duration::from_secs(3_600));
}
