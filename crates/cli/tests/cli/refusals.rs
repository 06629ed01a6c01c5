//! Refusals that need more than files: devices, pipes, and what others do meanwhile.

use std::fs;

use crate::folder::Folder;
use crate::json::json;

#[cfg(target_os = "linux")]
#[test]
fn input_that_breaks_and_output_that_is_full_are_said() {
    let folder = Folder::new();
    let ends = |args: &[&str], message: &str| {
        let error = json(&folder, args, 74, "error.json");
        assert_eq!(error["error"]["message"], message, "{args:?}");
    };
    ends(&["help", "CAM0319", "--output", "/dev/full"], "cannot write the result: no space left");
    ends(&["check", "slips.json", "--output", "/dev/full"], "cannot write the result: no space left");
    ends(&["build", "world", "-o", "/dev/full"], "cannot write `/dev/full`: no space left");
    // A file that opens and then cannot be read.
    ends(&["build", "/proc/self/mem", "-o", "x.cam"], "cannot read `/proc/self/mem`: input/output error");
    ends(&["verify", "/proc/self/mem"], "cannot read `/proc/self/mem`: input/output error");
    assert!(!folder.path().join("x.cam").exists());
}

/// A request of the command line has the limits of any other.
#[test]
fn a_request_that_is_too_large_is_no_deny() {
    let folder = Folder::new();
    let ask = |context: &str, exit, schema| {
        let request =
            ["decide", "-p", "world/policies/dev.json", "--action", "cos:GetObject", "--resource", "*"];
        json(&folder, &[&request[..], &["--context", context]].concat(), exit, schema)
    };
    ask(&format!("k={}", "x".repeat(4_096)), 1, "decision.json");
    let error = ask(&format!("k={}", "x".repeat(4_097)), 5, "error.json");
    assert!(error["error"]["message"].as_str().is_some_and(|text| text.contains("(CAM0608)")), "{error}");
}

/// Of very many findings the first are shown, and how many there are.
#[test]
fn a_flood_of_findings_is_cut() {
    let folder = Folder::new();
    let statement = r#"{"effect":"Allow","action":["cos:*"],"resource":["*"]}"#;
    let policy = format!(r#"{{"version":"2.0","statement":[{}]}}"#, vec![statement; 103].join(","));
    fs::write(folder.path().join("flood.json"), policy).expect("the file");
    let output = folder.run(&["build", "flood.json", "-o", "x.cam"]);
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert_eq!(text.matches("error[CAM0212]").count(), 100);
    assert!(text.contains("… 3 more findings; `camshaft check` shows all"), "{text}");
    assert!(text.ends_with("error: `flood.json` is rejected: 103 errors, 1 warning\n"), "{text}");
}

/// Between reading a world and writing it back somebody else writes it: theirs stays.
#[cfg(unix)]
#[test]
fn a_world_that_was_changed_meanwhile_is_left_alone() {
    let folder = Folder::new();
    let pipe = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    if !made.is_ok_and(|status| status.success()) {
        eprintln!("there is no mkfifo here");
        return;
    }
    let world = fs::read(folder.path().join("refused/group.json")).expect("the world");
    // The first to read the pipe finds a world in it, whoever reads it again finds nothing. The thread waits for a
    // further reader when the test is over, and nobody waits for the thread.
    let writer = pipe.clone();
    std::thread::spawn(move || {
        if fs::write(&writer, &world).is_ok() {
            while fs::OpenOptions::new().write(true).open(&writer).is_ok() {}
        }
    });
    let attach = ["world", "attach", "pipe", "--to", "100000000001/100000000011", "Read", "--write"];
    let error = json(&folder, &attach, 74, "error.json");
    assert_eq!(error["error"]["message"], "cannot write `pipe`: it was changed by somebody else just now");
}

#[cfg(target_os = "linux")]
#[test]
fn threads_that_cannot_be_started_are_a_bound() {
    let folder = Folder::new();
    // Memory for the program, but not for the stack of a single thread: with many small ones, those that have started
    // race for what is left with the one that cannot.
    let output = std::process::Command::new("sh")
        .args(["-c", "ulimit -v 2000000; exec \"$0\" build world -o x.cam --threads 4"])
        .env("RUST_MIN_STACK", "3000000000")
        .arg(env!("CARGO_BIN_EXE_camshaft"))
        .current_dir(folder.path())
        .output()
        .expect("sh runs");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(6), "{text}");
    assert!(
        text.starts_with("error: the threads of the compiler cannot be started (")
            && text.contains("ask for fewer"),
        "{text}"
    );
}
