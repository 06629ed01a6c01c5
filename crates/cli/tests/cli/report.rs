//! `camshaft report`: the page as text, and in a browser.

#[cfg(unix)]
mod browser;

use std::fs;

use serde_json::{Value, json};

use crate::folder::Folder;
use crate::json::json;

/// Text that would be script, markup or the end of an element if it were not escaped.
const HOSTILE: &str =
    "</script><script>window.hacked=1</script><!--<img src=x onerror=window.hacked=1>'\"&\u{202e}";

fn policy(statements: Value) -> Value {
    json!({ "version": "2.0", "statement": statements })
}

/// A world with something of every kind, and hostile text wherever the grammar lets it stand.
fn hostile_world() -> Value {
    let path = format!("qcs::cos:ap-beijing:uid/1250000000:b-1250000000/{}", HOSTILE.replace(' ', "%20"));
    json!({
        "accounts": [
            {
                "uin": "100000000001", "appid": "1250000000",
                "users": [
                    { "uin": "100000000011", "policies": ["Admin", "Odd"], "boundary": "Edge" },
                    { "uin": "100000000012", "policies": ["Odd", "Cam"] }
                ],
                "roles": [{ "name": "Ops", "policies": ["Odd"], "trust": policy(json!([
                    { "effect": "allow", "principal": { "qcs": ["qcs::cam::uin/100000000002:root"] }, "action": ["sts:AssumeRole"] }
                ])) }],
                "policies": {
                    "Admin": policy(json!([{ "effect": "allow", "action": ["*"], "resource": ["*"] }])),
                    "Odd": policy(json!([
                        { "effect": "allow", "action": ["cos:Get*"], "resource": [path],
                          "condition": { "string_equal": { "<svg/onload=window.hacked=1>": [HOSTILE] } } },
                        { "effect": "deny", "action": ["cvm:*"], "resource": ["*"] }
                    ])),
                    "Cam": policy(json!([
                        { "effect": "allow", "action": ["cam:Attach*"], "resource": ["*"] },
                        { "effect": "allow", "action": ["cdb:*"], "resource": ["qcs::cdb:::*"] }
                    ])),
                    "Edge": policy(json!([{ "effect": "allow", "action": ["*"], "resource": ["*"] }]))
                }
            },
            { "uin": "100000000002", "users": [] }
        ],
        "resource_policies": [{
            "resource": "qcs::cos:ap-beijing:uid/1250000000:b-1250000000/*",
            "policy": policy(json!([{ "effect": "allow", "principal": "*", "action": ["cos:GetObject"],
                "resource": ["qcs::cos:ap-beijing:uid/1250000000:b-1250000000/*"], "sid": HOSTILE }]))
        }]
    })
}

/// A world of so many statements, a hundred a policy.
fn large_world(statements: usize) -> String {
    let mut world = String::from(r#"{"accounts":[{"uin":"100000000001","appid":"1250000000","policies":{"#);
    let policies = statements / 20;
    for policy in 0..policies {
        world.push_str(&format!(
            "{}\"P{policy}\":{{\"version\":\"2.0\",\"statement\":[",
            if policy > 0 { "," } else { "" }
        ));
        for at in 0..20 {
            world.push_str(&format!(
                r#"{}{{"effect":"allow","action":["s{}:Get*","s{}:Describe*"],"resource":["qcs::s{}:ap-beijing::thing{policy}/{at}/*"]}}"#,
                if at > 0 { "," } else { "" }, policy % 40, policy % 40, policy % 40
            ));
        }
        world.push_str("]}");
    }
    world.push_str(r#"},"users":["#);
    for user in 0..500 {
        let own: Vec<String> = (0..12).map(|at| format!("\"P{}\"", (user * 12 + at) % policies)).collect();
        let comma = if user > 0 { "," } else { "" };
        world.push_str(&format!(
            "{comma}{{\"uin\":\"{}\",\"policies\":[{}]}}",
            200_000_000_000u64 + user as u64,
            own.join(",")
        ));
    }
    world.push_str(r#"]}],"options":{"limits":{"LIM-4":100000}}}"#);
    world
}

/// A folder with a bundle and its page.
fn reported(world: &str, args: &[&str]) -> (Folder, String) {
    let folder = Folder::new();
    fs::write(folder.path().join("odd.json"), world).unwrap();
    let built = folder.run(&["build", "odd.json", "-o", "odd.cam"]);
    assert_eq!(built.status.code(), Some(0), "{}", String::from_utf8_lossy(&built.stderr));
    let args = [&["report", "-b", "odd.cam", "-o", "odd.html"], args].concat();
    json(&folder, &args, 0, "report.json");
    let page = fs::read_to_string(folder.path().join("odd.html")).unwrap();
    (folder, page)
}

/// Whether tags open and close in pairs; the names of the elements.
fn elements(page: &str) -> Vec<String> {
    const VOID: [&str; 7] = ["meta", "input", "br", "rect", "line", "link", "hr"];
    let (mut open, mut all, mut rest): (Vec<String>, Vec<String>, &str) = (Vec::new(), Vec::new(), page);
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        let end = rest.find('>').unwrap_or_else(|| panic!("a tag is not closed: {rest:.80}"));
        let (tag, after) = (&rest[..end], &rest[end + 1..]);
        rest = after;
        let name: String =
            tag.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect();
        if tag.starts_with('!') {
            continue;
        }
        if tag.starts_with('/') {
            assert_eq!(open.pop().as_deref(), Some(name.as_str()), "before {after:.80}");
            continue;
        }
        all.push(name.clone());
        if matches!(name.as_str(), "script" | "style") {
            let end = format!("</{name}>");
            rest = &rest[rest.find(&end).expect("its end") + end.len()..];
        } else if !tag.ends_with('/') && !VOID.contains(&name.as_str()) {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
    all
}

fn data(page: &str) -> Value {
    let (_, rest) = page.split_once("<script type=\"application/json\" id=\"data\">").expect("the data");
    serde_json::from_str(rest.split_once("</script>").expect("its end").0).expect("JSON")
}

#[test]
fn a_page_is_one_file_with_everything_escaped() {
    let (folder, page) = reported(&hostile_world().to_string(), &[]);
    let all = elements(&page);
    assert_eq!(all.iter().filter(|name| *name == "script").count(), 2, "the data and ours");
    for absent in ["img", "iframe", "link", "object", "svg onload"] {
        assert!(!all.iter().any(|name| name == absent), "{absent}");
    }
    assert!(page.contains(
        "http-equiv=\"Content-Security-Policy\" content=\"default-src &#39;none&#39;; script-src &#39;sha256-"
    ));
    let script = page.rfind("<script>").unwrap();
    assert!(!page[..script].contains("http://") && !page[..script].contains("https://"));
    assert!(!page.contains(" style=") && !page.contains("window.hacked=1<") && !page.contains('\u{202e}'));
    let data = data(&page);
    assert_eq!((data["statements"].as_array().unwrap().len(), data["total"].as_u64()), (8, Some(8)));
    assert!(
        data["texts"].as_array().unwrap().iter().any(|text| text.as_str().unwrap().contains(&HOSTILE[..20]))
    );

    let again = json(&folder, &["report", "-b", "odd.cam", "-o", "again.html"], 0, "report.json");
    assert_eq!(fs::read_to_string(folder.path().join("again.html")).unwrap(), page, "the same bytes");
    let risks =
        json!({ "full_access": 1, "public": 1, "escalation": 1, "cross_account": 1, "service_wide": 1 });
    assert_eq!((&again["risks"], &again["searchable"]), (&risks, &json!(8)));
    let cut =
        json(&folder, &["report", "-b", "odd.cam", "-o", "cut.html", "--statements", "3"], 0, "report.json");
    assert_eq!((&cut["searchable"], &cut["statements"]), (&json!(3), &json!(8)));
    let page = fs::read_to_string(folder.path().join("cut.html")).unwrap();
    assert!(page.contains("holds the first 3 of 8 statements"));
    assert_eq!(self::data(&page)["statements"].as_array().unwrap().len(), 3);
}

#[test]
fn measurements_become_a_plot() {
    let (folder, _) = reported(&hostile_world().to_string(), &[]);
    let request = r#"{"principal":"qcs::cam::uin/100000000001:uin/100000000011","action":"cvm:RunInstances","resource":["*"]}"#;
    fs::write(folder.path().join("asked.jsonl"), request).unwrap();
    let bench = folder.run(&[
        "bench",
        "-b",
        "odd.cam",
        "--requests",
        "asked.jsonl",
        "--rounds",
        "1",
        "--format",
        "json",
    ]);
    fs::write(folder.path().join("bench.json"), bench.stdout).unwrap();
    json(&folder, &["report", "-b", "odd.cam", "-o", "odd.html", "--bench", "bench.json"], 0, "report.json");
    let page = fs::read_to_string(folder.path().join("odd.html")).unwrap();
    elements(&page);
    assert!(
        page.contains("<figure class=\"plot\">")
            && page.contains("explicit deny")
            && !page.contains("of another bundle")
    );
    // Figures of another bundle are shown as such, and what are no figures are refused.
    let other = fs::read_to_string(folder.path().join("bench.json")).unwrap();
    let digest = serde_json::from_str::<Value>(&other).unwrap()["digest"].as_str().unwrap().to_owned();
    fs::write(folder.path().join("other.json"), other.replace(&digest, &"<b>".repeat(20))).unwrap();
    json(&folder, &["report", "-b", "odd.cam", "-o", "odd.html", "--bench", "other.json"], 0, "report.json");
    let page = fs::read_to_string(folder.path().join("odd.html")).unwrap();
    assert!(page.contains("of another bundle: <code>&lt;b&gt;"));
    json(&folder, &["report", "-b", "odd.cam", "-o", "odd.html", "--bench", "odd.json"], 2, "error.json");
    json(&folder, &["report", "-b", "odd.json", "-o", "odd.html"], 4, "error.json");
    json(&folder, &["report", "-b", "odd.cam", "-o", "no/such/odd.html"], 74, "error.json");
}

#[cfg(unix)]
#[test]
fn the_page_works_in_a_browser() {
    let Some(program) = browser::program() else { return };
    let mut browser = browser::Browser::start(&program);
    let (folder, _) = reported(&hostile_world().to_string(), &[]);
    let url = format!("file://{}", folder.path().join("odd.html").display());
    let count = "document.getElementById('count').textContent";
    let rows = "document.querySelectorAll('.row').length";
    let overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth";

    browser.screen(1280, 900, false, false);
    browser.open(&url);
    assert_eq!((browser.value(count), browser.value(rows)), (json!("8 statements"), json!(8)));
    assert_eq!(browser.value(overflow), 0);
    browser.picture("desktop.png");
    browser.type_into("q", "ATTACH cam");
    assert_eq!((browser.value(count), browser.value(rows)), (json!("1 of 8 statements"), json!(1)));
    browser.type_into("q", "</SCRIPT><script>");
    assert_eq!(browser.value(rows), 1, "hostile text is only text");
    browser.type_into("q", "no such thing");
    assert_eq!(
        (browser.value(count), browser.value("document.querySelector('.empty') !== null")),
        (json!("0 of 8 statements"), json!(true))
    );
    browser.type_into("q", "");
    browser.type_into("who", "100000000001/100000000012");
    // Two of Odd, two of Cam, and the resource policy that admits everyone.
    assert_eq!(browser.value(count), "5 of 8 statements");
    browser.value("{ const e = document.getElementById('effect'); e.value = 'deny'; e.dispatchEvent(new Event('input', { bubbles: true })); }");
    browser.settle();
    assert_eq!(browser.value(count), "1 of 8 statements");
    assert_eq!(browser.value("location.hash"), "#?who=100000000001%2F100000000012&effect=deny");
    // A view can be passed on.
    browser.value("location.hash = '#?service=cdb'");
    browser.settle();
    assert_eq!(browser.value(count), "1 of 8 statements");
    browser.reload();
    assert_eq!(browser.value(count), "1 of 8 statements");
    browser.value("document.querySelector('#filters button').click()");
    browser.settle();
    assert_eq!(browser.value(count), "8 statements");
    browser.value("document.querySelector('.row:nth-child(2)').click()");
    assert_eq!(browser.value("document.getElementById('detail').open"), true);
    let detail = browser.value("document.getElementById('detail-body').textContent");
    assert!(
        detail.as_str().unwrap().contains("Actions") || detail.as_str().unwrap().contains("Kind"),
        "{detail}"
    );
    browser.picture("detail.png");
    browser.value("document.getElementById('detail').close()");
    browser.value("document.querySelector('a.holder').click()");
    assert_ne!(browser.value("document.getElementById('who').value"), "");

    browser.screen(1280, 900, false, true);
    browser.open(&url);
    let page = browser.value("getComputedStyle(document.body).backgroundColor");
    assert_eq!(page, "rgb(15, 18, 23)", "it is dark where the reader is");
    browser.picture("dark.png");
    for dark in [false, true] {
        browser.screen(375, 812, true, dark);
        browser.open(&url);
        assert_eq!(browser.value(overflow), 0, "nothing is wider than a phone");
        let wide = browser.value(
            "[...document.querySelectorAll('main *')].filter((e) => e.getBoundingClientRect().right > 376 && !e.closest('.scroll, .plot, nav')).map((e) => e.tagName + '.' + e.className).join(' ')",
        );
        assert_eq!(wide, "");
        browser.value("document.getElementById('statements').scrollIntoView({ behavior: 'instant' })");
        browser.settle();
        browser.picture(if dark { "phone-dark.png" } else { "phone.png" });
    }
    browser.screen(800, 1100, false, false);
    browser.call("Emulation.setEmulatedMedia", json!({ "media": "print" }));
    browser.value("dispatchEvent(new Event('beforeprint'))");
    assert_eq!(browser.value("document.querySelectorAll('#printed tbody tr').length"), 8);
    assert_eq!(browser.value("getComputedStyle(document.getElementById('table')).display"), "none");
    browser.value("document.getElementById('printed').scrollIntoView({ behavior: 'instant' })");
    browser.picture("print.png");

    assert_eq!(browser.value("window.hacked"), Value::Null);
    assert_eq!(browser.errors, Vec::<String>::new(), "a quiet console");

    // A hundred thousand statements: a page of some megabytes, few rows at a time, and answers while one types.
    let (folder, page) = reported(&large_world(100_000), &[]);
    assert!(page.len() < 16 << 20, "{} bytes", page.len());
    browser.screen(375, 812, true, false);
    browser.open(&format!("file://{}", folder.path().join("odd.html").display()));
    assert_eq!(browser.value(count), "100,000 statements");
    browser.type_into("q", "thing4321/7");
    browser.settle();
    assert_eq!(browser.value(count), "1 of 100,000 statements");
    let took = browser.value(
        "{ const q = document.getElementById('q'); const begin = performance.now(); q.value = 's39:get thing'; document.getElementById('filters').dispatchEvent(new Event('input', { bubbles: true })); new Promise((done) => { const look = () => document.getElementById('count').textContent.startsWith('2,500') ? done(performance.now() - begin) : setTimeout(look, 5); look(); }) }",
    );
    eprintln!("a search among 100,000 statements: {took} ms; the page has {} bytes", page.len());
    assert!(took.as_f64().unwrap() < 5_000.0, "{took} ms");
    browser.value("document.getElementById('view').scrollTop = 1e6");
    browser.settle();
    let drawn = browser.value(rows).as_u64().unwrap();
    assert!((5..60).contains(&drawn), "{drawn} rows");
    assert_eq!(browser.errors, Vec::<String>::new());
}
