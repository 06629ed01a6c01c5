//! A shared engine under swaps: no decision fails, mixes two bundles or goes back to an older one, none allocates or
//! frees an engine, and nothing is left in the end.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicIsize, AtomicU64, AtomicUsize, Ordering};

use camshaft_bundle::Bundle;
use camshaft_compiler::{Config, compile};
use camshaft_runtime::{Decision, Engine, Request, SharedEngine, Stamp};
use camshaft_tests::product::load_text;
use serde_json::{Value, json};

/// Counts the allocations of a thread, and the live blocks of watched sizes: those of bundles.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
    static LARGEST: Cell<usize> = const { Cell::new(0) };
    static BUNDLES_FREED: Cell<u64> = const { Cell::new(0) };
}

/// The block that holds each bundle, in bytes.
static WATCHED: [AtomicUsize; BUNDLES] = [const { AtomicUsize::new(0) }; BUNDLES];
static BUNDLES_LIVE: AtomicIsize = AtomicIsize::new(0);

fn is_bundle(layout: Layout) -> bool {
    WATCHED.iter().any(|size| size.load(Ordering::Relaxed) == layout.size())
}

// SAFETY: every call goes to the system allocator unchanged; the counters are atomics and plain thread-local cells
// that allocate nothing themselves.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        LARGEST.with(|largest| largest.set(largest.get().max(layout.size())));
        if is_bundle(layout) {
            BUNDLES_LIVE.fetch_add(1, Ordering::Relaxed);
        }
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        if is_bundle(layout) {
            BUNDLES_LIVE.fetch_sub(1, Ordering::Relaxed);
            BUNDLES_FREED.with(|count| count.set(count.get() + 1));
        }
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const BUNDLES: usize = 3;
const SWAPS: u64 = 1_000;
const REQUESTS: usize = 60;
const USER: &str = "qcs::cam::uin/100000000001:uin/100000000011";

/// The bundle of a world that says something else to every resource than the other worlds do. `padding` patterns that
/// no request meets make its literal filter, hence the scratch that it needs, as large as that.
fn bundle(number: usize, padding: usize) -> Vec<u8> {
    let statement = |effect: &str, needles: Vec<String>| {
        let resources: Vec<String> =
            needles.into_iter().map(|needle| format!("qcs::cvm:::*{needle}*")).collect();
        json!({ "effect": effect, "action": ["cvm:*"], "resource": resources })
    };
    let mut statements = Vec::new();
    for resource in 0..REQUESTS {
        match (resource + number) % BUNDLES {
            0 => statements.push(statement("allow", vec![format!("needle-{resource}-")])),
            1 => statements.push(statement("deny", vec![format!("needle-{resource}-")])),
            _ => {}
        }
    }
    let document = |statements: Vec<Value>| json!({ "version": "2.0", "statement": statements });
    let mut policies = serde_json::Map::from_iter([("p".to_string(), document(statements))]);
    for from in (0..padding).step_by(40) {
        let needles = (from..from + 40).map(|n| format!("padding-{n}-")).collect();
        policies.insert(format!("padding-{from}"), document(vec![statement("allow", needles)]));
    }
    let names: Vec<&String> = policies.keys().collect();
    let world = json!({
        "options": { "limits": { "LIM-1": 10_000_000, "LIM-2": 10_000_000 } },
        "accounts": [{ "uin": "100000000001", "appid": "1250000000",
            "users": [{ "uin": "100000000011", "policies": names }], "policies": policies }]
    });
    let loaded = load_text(&world.to_string());
    let set = loaded.set.unwrap_or_else(|| panic!("refused: {:#?}", loaded.diagnostics.first()));
    // No automaton but the literal filter, whose marks are what a scratch is sized for.
    let config = Config::default().path_anchors(false).action_anchors(false).dense_rows(0).state_budget(1);
    compile(&set, &config).expect("compiles").bytes
}

fn engine(bytes: &[u8]) -> Engine {
    Engine::new(Bundle::open(bytes).expect("opens"))
}

fn stamp(revision: u64) -> Stamp {
    Stamp { revision, created_s: Some(revision) }
}

fn resources() -> Vec<String> {
    (0..REQUESTS)
        .map(|n| format!("qcs::cvm:ap-beijing:uin/100000000001:instance/x-needle-{n}-y-needle-{n}-z"))
        .collect()
}

fn request<'a>(resources: &'a [&'a str]) -> Request<'a> {
    Request { principal: USER, action: "cvm:RunInstances", resources, ..Request::default() }
}

/// What each bundle says to each request, decided without sharing.
fn answers(bundles: &[Vec<u8>], resources: &[String]) -> Vec<Vec<Decision>> {
    let answer = |bytes: &Vec<u8>| {
        let engine = engine(bytes);
        let mut scratch = engine.scratch();
        resources.iter().map(|resource| engine.decide(&request(&[resource]), &mut scratch)).collect()
    };
    bundles.iter().map(answer).collect()
}

/// Decides until it is told to stop; how many decisions it made.
fn serve(shared: &SharedEngine, expected: &[Vec<Decision>], told: &Told<'_>, resources: &[String]) -> u64 {
    let mut reader = shared.reader();
    let (mut last, mut decided) = (reader.load().publication(), 0);
    let freed = BUNDLES_FREED.with(Cell::get);
    while !told.stop.load(Ordering::Relaxed) {
        for (number, resource) in resources.iter().enumerate() {
            let announced = told.announced.load(Ordering::Acquire);
            let before = ALLOCATIONS.with(Cell::get);
            let mut current = reader.load();
            let revision = current.publication();
            let loaded = ALLOCATIONS.with(Cell::get);
            let decision = current.decide(&request(&[resource]));
            assert_eq!(ALLOCATIONS.with(Cell::get), loaded, "a decision allocates");
            assert_eq!(
                loaded == before,
                revision == last,
                "a load makes a scratch for each new engine, and no other"
            );
            assert!(revision >= announced && revision >= last, "{revision} after {announced} and {last}");
            assert_eq!(current.stamp(), stamp(revision));
            assert_eq!(decision, expected[revision as usize % BUNDLES][number], "revision {revision}");
            last = revision;
            decided += 1;
        }
        told.seen.store(last, Ordering::Release);
    }
    assert_eq!(BUNDLES_FREED.with(Cell::get), freed, "a reader freed an engine");
    decided
}

/// What a publisher and a reader tell each other.
struct Told<'t> {
    /// A swap to this publication, or a later one, has returned.
    announced: &'t AtomicU64,
    stop: &'t AtomicBool,
    /// The publication that the reader had last.
    seen: &'t AtomicU64,
}

#[test]
fn swaps_under_full_load_mix_nothing_and_leave_nothing() {
    let bundles: Vec<Vec<u8>> = [200, 4_000, 0].iter().zip(0..).map(|(size, n)| bundle(n, *size)).collect();
    let resources = resources();
    let expected = answers(&bundles, &resources);
    for ((a, b), c) in expected[0].iter().zip(&expected[1]).zip(&expected[2]) {
        assert!(a != b && b != c && a != c, "the bundles agree: {a:?}, {b:?}, {c:?}");
    }
    for (watched, bytes) in WATCHED.iter().zip(&bundles) {
        LARGEST.with(|largest| largest.set(0));
        let _engine = engine(bytes);
        let block = LARGEST.with(Cell::get);
        assert!(block >= bytes.len() / 2, "{block} bytes for a bundle of {}", bytes.len());
        watched.store(block, Ordering::Relaxed);
    }
    // Those were freed after their size was watched.
    BUNDLES_LIVE.store(0, Ordering::Relaxed);
    let shared = SharedEngine::new(engine(&bundles[0]), stamp(0));
    assert_eq!(BUNDLES_LIVE.load(Ordering::Relaxed), 1, "the engine is watched");

    let (announced, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    let cores = std::thread::available_parallelism().map_or(2, usize::from).max(2);
    let seen: Vec<AtomicU64> = (0..cores).map(|_| AtomicU64::new(0)).collect();
    let decided: Vec<u64> = std::thread::scope(|scope| {
        let readers: Vec<_> = seen
            .iter()
            .map(|seen| {
                let told = Told { announced: &announced, stop: &stop, seen };
                let (shared, expected, resources) = (&shared, &expected, &resources);
                scope.spawn(move || serve(shared, expected, &told, resources))
            })
            .collect();
        let at_work = || readers.iter().all(|reader| !reader.is_finished());
        for revision in 1..=SWAPS {
            let next = engine(&bundles[revision as usize % BUNDLES]);
            assert_eq!(shared.swap(next, stamp(revision)), revision);
            announced.store(revision, Ordering::Release);
            // Kept: the current engine, and of a reader that is about to move on the old and the next.
            assert!(BUNDLES_LIVE.load(Ordering::Relaxed) <= 1 + 2 * cores as isize);
            if revision % 10 == 0 {
                while at_work() && seen.iter().any(|seen| seen.load(Ordering::Acquire) < revision) {
                    std::thread::yield_now();
                }
                assert!(!at_work() || shared.reap() == 0, "readers moved on, and something is kept");
            }
        }
        stop.store(true, Ordering::Relaxed);
        readers.into_iter().map(|reader| reader.join().expect("a reader failed")).collect()
    });
    assert!(decided.iter().all(|decided| *decided > SWAPS), "{decided:?}");
    assert_eq!((shared.publication(), shared.stamp()), (SWAPS, stamp(SWAPS)));
    assert_eq!(shared.reap(), 0);
    assert_eq!(BUNDLES_LIVE.load(Ordering::Relaxed), 1, "only the current engine is left");
    drop(shared);
    assert_eq!(BUNDLES_LIVE.load(Ordering::Relaxed), 0);
}

#[test]
fn an_idle_reader_keeps_its_engine_until_it_moves_on() {
    let bundles = [bundle(0, 80), bundle(1, 80)];
    let resources = resources();
    let expected = answers(&bundles, &resources);
    let ask = |current: &mut camshaft_runtime::Current<'_>| current.decide(&request(&[&resources[0]]));
    let shared = SharedEngine::new(engine(&bundles[0]), stamp(0));
    let (mut idle, mut busy) = (shared.reader(), shared.reader());
    // What was loaded before a swap is decided with to the end.
    let mut held = idle.load();
    shared.swap(engine(&bundles[1]), stamp(1));
    assert_eq!((ask(&mut held), held.publication()), (expected[0][0], 0));
    let mut moved = busy.load();
    assert_eq!((ask(&mut moved), moved.publication()), (expected[1][0], 1));
    assert_eq!(shared.reap(), 1);
    // Engines that nobody took up are freed by the next swap.
    shared.swap(engine(&bundles[0]), stamp(2));
    shared.swap(engine(&bundles[1]), stamp(3));
    assert_eq!(shared.reap(), 2);
    assert_eq!((idle.load().stamp(), idle.load().engine.bundle().length()), (stamp(3), bundles[1].len()));
    assert_eq!(shared.reap(), 1);
    drop(busy);
    assert_eq!(shared.reap(), 0);
    // Readers outlive the publisher.
    let other = shared.clone();
    drop(shared);
    other.swap(engine(&bundles[0]), stamp(4));
    drop(other);
    assert_eq!(ask(&mut idle.load()), expected[0][0]);
}

/// CITE REQ-14
#[test]
fn the_age_of_a_request_is_that_of_the_engine_that_decides() {
    let world = json!({
        "options": { "max_artifact_age_s": 60 },
        "accounts": [{ "uin": "100000000001", "users": [{ "uin": "100000000011", "policies": ["p"] }],
            "policies": { "p": { "version": "2.0",
                "statement": [{ "effect": "allow", "action": ["cvm:*"], "resource": ["*"] }] } } }]
    });
    let set = load_text(&world.to_string()).set.expect("accepted");
    let bytes = compile(&set, &Config::default()).expect("compiles").bytes;
    let shared = SharedEngine::new(engine(&bytes), Stamp { revision: 1, created_s: Some(1_000) });
    let mut reader = shared.reader();
    let mut code = |now_s| {
        let mut current = reader.load();
        let artifact_age_s = current.stamp().age_s(now_s);
        match current.decide(&Request { artifact_age_s, ..request(&["*"]) }) {
            Decision::Allow { .. } => 0,
            Decision::Error { code } => code.number(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!([code(990), code(1_060), code(1_061)], [0, 0, 607]);
    shared.swap(engine(&bytes), Stamp { revision: 2, created_s: Some(1_050) });
    assert_eq!(code(1_061), 0);
    shared.swap(engine(&bytes), Stamp { revision: 3, created_s: None });
    assert_eq!(code(1_061), 607);
}
