//! `camshaft lsp`, driven as an editor drives it: over the standard input and output of the program.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use serde_json::{Value, json};

use crate::folder::Folder;

/// An editor.
struct Editor {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    next: i64,
    /// Messages that came while another was waited for.
    notices: Vec<Value>,
}

impl Editor {
    fn start(folder: &Folder, args: &[&str], options: Value) -> Self {
        let mut command = folder.command(&[&["lsp"], args].concat());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut child = command.spawn().expect("camshaft starts");
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let mut editor = Self { child, input, output: BufReader::new(output), next: 0, notices: Vec::new() };
        let snippets =
            json!({ "textDocument": { "completion": { "completionItem": { "snippetSupport": true } } } });
        let answer = editor.ask(
            "initialize",
            json!({ "processId": null, "rootUri": null, "capabilities": snippets, "initializationOptions": options }),
        );
        assert_eq!(answer["capabilities"]["positionEncoding"], "utf-16");
        assert_eq!(answer["serverInfo"]["name"], "camshaft");
        editor.tell("initialized", json!({}));
        editor
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len()).expect("it listens");
        self.input.flush().expect("it listens");
    }

    fn tell(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    fn read(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert!(self.output.read_line(&mut line).expect("it speaks") > 0, "it ended");
            match line.trim().split_once(": ") {
                Some(("Content-Length", number)) => length = number.parse().unwrap(),
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length];
        self.output.read_exact(&mut body).expect("it speaks");
        serde_json::from_slice(&body).expect("JSON")
    }

    /// The whole response to a request.
    fn request(&mut self, method: &str, params: Value) -> Value {
        self.next += 1;
        let id = self.next;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        loop {
            let message = self.read();
            if message["id"] == id {
                return message;
            }
            self.notices.push(message);
        }
    }

    fn ask(&mut self, method: &str, params: Value) -> Value {
        let mut response = self.request(method, params);
        assert!(response.get("error").is_none(), "{response}");
        response["result"].take()
    }

    /// The next findings of a text.
    fn findings(&mut self, uri: &str) -> Vec<Value> {
        loop {
            let at = self.notices.iter().position(|notice| {
                notice["method"] == "textDocument/publishDiagnostics" && notice["params"]["uri"] == uri
            });
            if let Some(at) = at {
                let mut notice = self.notices.remove(at);
                return serde_json::from_value(notice["params"]["diagnostics"].take()).unwrap();
            }
            let message = self.read();
            self.notices.push(message);
        }
    }

    fn open(&mut self, uri: &str, text: &str) -> Vec<Value> {
        let document = json!({ "uri": uri, "languageId": "json", "version": 1, "text": text });
        self.tell("textDocument/didOpen", json!({ "textDocument": document }));
        self.findings(uri)
    }

    fn change(&mut self, uri: &str, changes: Value) {
        let document = json!({ "uri": uri, "version": 2 });
        self.tell("textDocument/didChange", json!({ "textDocument": document, "contentChanges": changes }));
    }

    /// Markdown about the place of `|` in a line of a text.
    fn hover(&mut self, uri: &str, line: u32, character: usize) -> String {
        let hover = self.ask("textDocument/hover", place(uri, line, character));
        hover["contents"]["value"].as_str().unwrap_or_default().to_owned()
    }

    fn complete(&mut self, uri: &str, line: u32, character: usize) -> Vec<Value> {
        let mut list = self.ask("textDocument/completion", place(uri, line, character));
        serde_json::from_value(list["items"].take()).unwrap()
    }

    /// Ends it as editors do; the exit code.
    fn end(mut self) -> Option<i32> {
        assert_eq!(self.ask("shutdown", Value::Null), Value::Null);
        self.tell("exit", Value::Null);
        drop(self.input);
        self.child.wait().expect("it ends").code()
    }
}

fn place(uri: &str, line: u32, character: usize) -> Value {
    json!({ "textDocument": { "uri": uri }, "position": { "line": line, "character": character } })
}

fn labels(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["label"].as_str().unwrap()).collect()
}

/// The UTF-16 column of a text in a line.
fn column(text: &str, line: u32, what: &str) -> usize {
    let line = text.lines().nth(line as usize).unwrap();
    line[..line.find(what).unwrap_or_else(|| panic!("{what} in {line}"))].encode_utf16().count()
}

/// The text after edits, which are applied from the last to the first.
fn edited(text: &str, edits: &Value) -> String {
    let mut text = text.to_owned();
    for edit in edits.as_array().unwrap().iter().rev() {
        let byte = |position: &Value| {
            let line = position["line"].as_u64().unwrap() as usize;
            let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
            let mut units = position["character"].as_u64().unwrap();
            let inside = text[start..].chars().take_while(|c| {
                let more = units > 0;
                units = units.saturating_sub(c.len_utf16() as u64);
                more
            });
            start + inside.map(char::len_utf8).sum::<usize>()
        };
        let (start, end) = (byte(&edit["range"]["start"]), byte(&edit["range"]["end"]));
        text.replace_range(start..end, edit["newText"].as_str().unwrap());
    }
    text
}

const POLICY: &str = r#"{
  "version": "2.0",
  "statement": [
    {
      "effect": "allow",
      "action": ["name/cos:Get*", "cos:PutObject", "cos:PutObject"],
      "resource": ["qcs::cos:gz:uid/1250000000:密𝄞-1250000000/*"],
      "condition": { "ip_equal_if_exist": { "qcs:ip": ["10.0.0.0/8", "10.*.*.10/24"] } }
    }
  ]
}
"#;

const BARE: &str = "untitled:policy";

#[test]
fn an_editor_is_served() {
    let folder = Folder::new();
    fs::write(
        folder.path().join("actions.txt"),
        "cos:GetObject\ncos:GetBucket\ncos:PutObject\ncvm:RunInstances # one more\n",
    )
    .unwrap();
    let mut editor = Editor::start(
        &folder,
        &["--docs", "https://example.com/diagnostics.html"],
        json!({ "actions": folder.path().join("actions.txt") }),
    );

    let found = editor.open(BARE, POLICY);
    let codes: Vec<&str> = found.iter().map(|found| found["code"].as_str().unwrap()).collect();
    for code in ["CAM0224", "CAM0318", "CAM0408"] {
        assert!(codes.contains(&code), "{codes:?}");
    }
    let region = found.iter().find(|found| found["code"] == "CAM0318").unwrap();
    assert_eq!((&region["severity"], &region["source"]), (&json!(3), &json!("camshaft")));
    assert_eq!(region["codeDescription"]["href"], "https://example.com/diagnostics.html#cam0318");
    // The key has a character of one unit and one of two before the end of the entry.
    let (start, length) = (column(POLICY, 6, "\"qcs"), "\"qcs::cos:gz:uid/1250000000:密𝄞-1250000000/*\"");
    let end = start + length.encode_utf16().count();
    assert_eq!(
        region["range"],
        json!({ "start": { "line": 6, "character": start }, "end": { "line": 6, "character": end } })
    );

    let words = editor.hover(BARE, 5, column(POLICY, 5, "Get*"));
    assert!(words.contains("begins with `Get`") && words.contains("2 of the 4 known actions"), "{words}");
    assert!(words.contains("`cos:GetBucket`, `cos:GetObject`"), "{words}");
    let words = editor.hover(BARE, 6, column(POLICY, 6, "-1250000000/"));
    assert!(words.contains("CAM0318") && words.contains("begins with `密𝄞-1250000000/`"), "{words}");
    assert!(words.contains("`qcs::cos:ap-guangzhou:uid/1250000000:密𝄞-1250000000/a/b`"), "{words}");
    let words = editor.hover(BARE, 7, column(POLICY, 7, "ip_equal"));
    assert!(words.contains("**true**: `_if_exist`") && words.contains("several values"), "{words}");
    let words = editor.hover(BARE, 7, column(POLICY, 7, "qcs:ip"));
    assert!(words.contains("address of the caller") && words.contains("_if_exist"), "{words}");
    let words = editor.hover(BARE, 7, column(POLICY, 7, "10.*"));
    assert!(words.contains("| `10.0.0.0/8` | 10.0.0.0 | 10.255.255.255 | 16,777,216 |"), "{words}");
    assert!(editor.hover(BARE, 4, column(POLICY, 4, "allow")).contains("**allow** grants"));
    assert_eq!(editor.hover(BARE, 9, 0), "");

    let range =
        json!({ "start": { "line": 6, "character": start }, "end": { "line": 6, "character": start } });
    let asked = json!({ "textDocument": { "uri": BARE }, "range": range, "context": { "diagnostics": [] } });
    let actions = editor.ask("textDocument/codeAction", asked);
    let fix = actions
        .as_array()
        .unwrap()
        .iter()
        .find(|action| action["title"].as_str().unwrap().contains("CAM0318"));
    let fix = fix.unwrap_or_else(|| panic!("{actions}"));
    assert_eq!((&fix["kind"], &fix["isPreferred"]), (&json!("quickfix"), &json!(true)));
    let text = edited(POLICY, &fix["edit"]["changes"][BARE]);
    assert_eq!(text, POLICY.replace(":gz:", ":ap-guangzhou:"));
    let asked = json!({
        "textDocument": { "uri": BARE }, "range": range, "context": { "diagnostics": [], "only": ["source.fixAll"] }
    });
    let actions = editor.ask("textDocument/codeAction", asked);
    assert_eq!((actions.as_array().unwrap().len(), &actions[0]["kind"]), (1, &json!("source.fixAll")));
    let text = edited(POLICY, &actions[0]["edit"]["changes"][BARE]);
    assert!(
        !text.contains(":gz:")
            && !text.contains("\"cos:PutObject\", \"cos:PutObject\"")
            && text.contains("密𝄞"),
        "{text}"
    );

    let options = json!({ "tabSize": 2, "insertSpaces": true });
    let edits =
        editor.ask("textDocument/formatting", json!({ "textDocument": { "uri": BARE }, "options": options }));
    let formatted = edited(POLICY, &edits);
    fs::write(folder.path().join("policy.json"), POLICY).unwrap();
    let canonical = folder.run(&["fmt", "policy.json"]).stdout;
    assert_eq!(formatted.as_bytes(), canonical);

    let symbols = editor.ask("textDocument/documentSymbol", json!({ "textDocument": { "uri": BARE } }));
    assert_eq!(symbols[0]["name"], "#0 allow name/cos:Get*, cos:PutObject, cos:PutObject");
    assert_eq!(symbols[0]["range"]["start"], json!({ "line": 3, "character": 4 }));
    assert_eq!(editor.request("textDocument/rename", json!({}))["error"]["code"], -32601);
    assert_eq!(editor.request("textDocument/hover", json!({}))["error"]["code"], -32602);
    assert_eq!(editor.end(), Some(0));
}

#[test]
fn texts_are_completed_while_they_are_broken() {
    let folder = Folder::new();
    fs::write(folder.path().join("actions.txt"), "cos:GetObject\ncos:PutObject\ncvm:RunInstances\n").unwrap();
    let mut editor = Editor::start(&folder, &["--kind", "resource", "--actions", "actions.txt"], Value::Null);
    let mut number = 0;
    // The choices at `|`, and the text after the one of a label.
    let mut at = |editor: &mut Editor, text: &str, label: &str| {
        number += 1;
        let uri = format!("untitled:{number}");
        let before = text.split_once('|').unwrap().0;
        let (line, start) = (before.matches('\n').count() as u32, before.rfind('\n').map_or(0, |at| at + 1));
        let text = text.replacen('|', "", 1);
        editor.open(&uri, &text);
        let items = editor.complete(&uri, line, before[start..].encode_utf16().count());
        let all: Vec<String> = labels(&items).into_iter().map(String::from).collect();
        let item = items.iter().find(|item| item["label"] == label);
        let edit = item.map(|item| edited(&text, &json!([item["textEdit"]])));
        (all, edit.unwrap_or_default())
    };
    let (all, text) = at(&mut editor, "{|", "version");
    assert_eq!((all, text.as_str()), (vec!["version".into(), "statement".into()], "{\"version\": \"2.0\""));
    let (all, text) =
        at(&mut editor, "{\"version\":\"2.0\",\"statement\":[{\"effect\":\"allow\", \"|\"}]}", "condition");
    assert_eq!(all, ["principal", "action", "resource", "condition", "sid"]);
    assert!(text.ends_with("\"condition\"}]}"), "{text}");
    let (_, text) = at(&mut editor, "{\"statement\":[{\"eff|\n}]", "effect");
    assert_eq!(text, "{\"statement\":[{\"effect\": \"${1|allow,deny|}\"\n}]");
    let (all, _) = at(&mut editor, "{\"statement\":[{\"effect\": \"|\"", "");
    assert_eq!(all, ["allow", "deny"]);
    let (all, text) = at(&mut editor, "{\"statement\":[{\"action\": [\"密𝄞\", \"cos:G|", "cos:GetObject");
    assert!(all.contains(&"cos:GetObject".into()) && !all.contains(&"cvm:RunInstances".into()), "{all:?}");
    assert_eq!(text, "{\"statement\":[{\"action\": [\"密𝄞\", \"cos:GetObject\"");
    let (all, _) = at(&mut editor, "{\"statement\":[{\"action\": [|]", "");
    assert_eq!(all, ["*", "cos:*", "cvm:*", "cos:GetObject", "cos:PutObject", "cvm:RunInstances"]);
    let (all, _) =
        at(&mut editor, "{\"statement\":[{\"action\":\"cvm:RunInstances\",\"resource\": [\"|\"", "");
    assert_eq!(all[..2], ["*", "qcs::cvm:region::instance/*"]);
    assert_eq!(all.last().map(String::as_str), Some("qcs::service:region:account:resource"));
    let (all, text) = at(
        &mut editor,
        "{\"statement\":[{\"resource\": [\"qcs::cvm:ap-gu|::x\"]",
        "qcs::cvm:ap-guangzhou::x",
    );
    assert!(all.contains(&"qcs::cvm:ap-guangzhou::x".into()), "{all:?}");
    assert_eq!(text, "{\"statement\":[{\"resource\": [\"qcs::cvm:ap-guangzhou::x\"]");
    let (all, _) = at(&mut editor, "{\"statement\":[{\"condition\":{\"|", "");
    assert!(all.contains(&"for_any_value:string_like_if_exist".into()) && all.len() == 133, "{}", all.len());
    let (all, _) = at(&mut editor, "{\"statement\":[{\"condition\":{\"ip_equal\":{\"|", "");
    assert!(all[0] == "qcs:ip" && !all.contains(&"qcs:current_time".into()), "{all:?}");
    let (all, _) =
        at(&mut editor, "{\"statement\":[{\"condition\":{\"bool_equal\":{\"cos:secure-transport\":\"|", "");
    assert_eq!(all, ["true", "false"]);
    let (all, _) = at(
        &mut editor,
        "{\"accounts\":[{\"uin\":\"1\",\"policies\":{\"Dev\":{}},\"users\":[{\"policies\":[\"|\"]}]}],\"presets\":{\"P\":{}}}",
        "",
    );
    assert_eq!(all, ["Dev", "P"]);
    let (all, _) = at(&mut editor, "{\"accounts\":[{|", "");
    assert_eq!(all, ["uin", "appid", "users", "groups", "roles", "policies"]);
    assert_eq!(editor.end(), Some(0));
}

#[test]
fn policies_are_read_as_their_world_attaches_them() {
    let folder = Folder::new();
    let root = folder.path().canonicalize().unwrap();
    let uri = |path: &str| format!("file://{}", root.join(path).display());
    fs::create_dir_all(root.join("w/trust dir")).unwrap();
    let trust = r#"{"version":"2.0","statement":[{"effect":"allow","principal":{"service":["cvm.qcloud.com"]},"action":["sts:AssumeRole"]}]}"#;
    let world = r#"{"accounts":[{"uin":"100000000001","policies":{},
        "roles":[{"name":"r","policies":[],"trust":"trust dir/t.json"}]}]}"#;
    fs::write(root.join("w/trust dir/t.json"), trust).unwrap();
    fs::write(root.join("w/world.json"), world).unwrap();
    fs::write(root.join("alone.json"), trust).unwrap();

    let mut editor = Editor::start(&folder, &[], Value::Null);
    // Alone it is an identity policy, which has no principal; in its world it is sound.
    let found = editor.open(&uri("alone.json"), trust);
    assert!(found.iter().any(|found| found["code"] == "CAM0220"), "{found:?}");
    let below = uri("w/trust dir/t.json").replace(' ', "%20");
    assert_eq!(editor.open(&below, trust), Vec::<Value>::new());
    let words = editor.hover(&below, 0, column(trust, 0, "cvm.qcloud"));
    assert!(words.contains("cloud service `cvm.qcloud.com`"), "{words}");

    // What is wrong in a file shows with the world that names it, in the text of the editor.
    editor.change(&below, json!([{ "text": trust.replace("AssumeRole", "Assume Role") }]));
    assert_eq!(editor.findings(&below)[0]["code"], "CAM0303");
    assert_eq!(editor.open(&uri("w/world.json"), world), Vec::<Value>::new());
    assert_eq!(editor.findings(&below)[0]["code"], "CAM0303");
    editor.tell("textDocument/didClose", json!({ "textDocument": { "uri": below } }));
    assert_eq!(editor.findings(&below), Vec::<Value>::new());
    fs::write(root.join("w/trust dir/t.json"), "{").unwrap();
    editor.tell("workspace/didChangeWatchedFiles", json!({ "changes": [] }));
    // Once for the text on disk that was sound, once for the one that is not.
    let found = [editor.findings(&uri("w/world.json")), editor.findings(&uri("w/world.json"))];
    assert_eq!(found, [Vec::<Value>::new(), Vec::<Value>::new()]);
    assert_eq!(editor.findings(&below)[0]["code"], "CAM0105");

    // A change of the world in one place, in a line with characters of several units.
    let stream = "{\"account\":{\"uin\":\"100000000001\"}}\n{\"preset\":{\"name\":\"p\",\"policy\":{\"version\":\"2.0\",\"statement\":[{\"effect\":\"allow\",\"action\":[\"密𝄞\"],\"resource\":[\"*\"]}]}}}\n";
    let found = editor.open("untitled:w.ndjson", stream);
    let place = &found.iter().find(|found| found["code"] == "CAM0301").unwrap_or_else(|| panic!("{found:?}"))
        ["range"];
    let start = column(stream, 1, "\"密");
    assert_eq!(
        place,
        &json!({ "start": { "line": 1, "character": start }, "end": { "line": 1, "character": start + 5 } })
    );
    editor.change("untitled:w.ndjson", json!([{ "range": place, "text": "\"cos:Get*\"" }]));
    let found = editor.findings("untitled:w.ndjson");
    assert!(!found.iter().any(|found| found["code"] == "CAM0301"), "{found:?}");
    let words = editor.hover("untitled:w.ndjson", 1, start + 3);
    assert!(words.contains("begins with `Get`") && words.contains("Would match"), "{words}");
    assert_eq!(editor.end(), Some(0));
}

#[test]
fn lints_count_as_they_are_set() {
    let folder = Folder::new();
    let text = r#"{"version":"2.0","statement":[{"effect":"allow","action":["*"],"resource":["*"]}]}"#;
    let of = |found: &[Value], code: &str| {
        found.iter().find(|found| found["code"] == code).map(|found| found["severity"].clone())
    };
    let mut editor = Editor::start(&folder, &[], Value::Null);
    let found = editor.open(BARE, text);
    assert_eq!(of(&found, "CAM0508"), Some(json!(2)));
    let full = found.iter().find(|found| found["code"] == "CAM0508").unwrap();
    let place = full["range"]["start"]["character"].as_u64().unwrap() as usize;
    let words = editor.hover(BARE, 0, place);
    assert!(words.contains("**CAM0508 full-access**"), "{words}");
    // A world whose policy is attached to nobody, with the same statement.
    let world = format!("{{\"accounts\":[{{\"uin\":\"100000000001\",\"policies\":{{\"All\":{text}}}}}]}}");
    assert_eq!(of(&editor.open("untitled:world", &world), "CAM0540"), Some(json!(3)));
    assert_eq!(editor.end(), Some(0));

    fs::write(folder.path().join("camshaft.toml"), "[lints]\nfull-access = \"error\"\n").unwrap();
    let mut editor = Editor::start(&folder, &[], Value::Null);
    assert_eq!(of(&editor.open(BARE, text), "CAM0508"), Some(json!(1)));
    assert_eq!(editor.end(), Some(0));
    let mut editor = Editor::start(&folder, &[], json!({ "lints": { "all": "off" } }));
    assert_eq!(editor.open(BARE, text), Vec::<Value>::new());
    assert_eq!(editor.end(), Some(0));
}

#[test]
fn broken_texts_break_nothing() {
    let folder = Folder::new();
    let mut editor = Editor::start(&folder, &[], json!({ "what": 1 }));
    editor.open(BARE, "");
    let notice = &editor.notices[0];
    assert!(
        notice["method"] == "window/showMessage"
            && notice["params"]["message"].as_str().unwrap().contains("what")
    );
    // Every prefix of a policy, and every place in it; a step that is no divisor of anything.
    let ends: Vec<usize> = POLICY.char_indices().map(|(at, _)| at).step_by(7).collect();
    for end in ends {
        let text = &POLICY[..end];
        editor.change(BARE, json!([{ "text": text }]));
        let line = text.matches('\n').count() as u32;
        let character = text[text.rfind('\n').map_or(0, |at| at + 1)..].encode_utf16().count();
        for back in 0..3 {
            editor.hover(BARE, line, character.saturating_sub(back));
            editor.complete(BARE, line, character.saturating_sub(back));
        }
        editor.ask("textDocument/documentSymbol", json!({ "textDocument": { "uri": BARE } }));
        let range = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": 99, "character": 0 } });
        let asked =
            json!({ "textDocument": { "uri": BARE }, "range": range, "context": { "diagnostics": [] } });
        editor.ask("textDocument/codeAction", asked);
    }
    for text in [
        "\u{feff}{\r\n\"",
        "[[[[",
        "{\"statement\":{\"statement\":{\"action\":[{\"\\",
        "}{",
        "“",
        "\u{0}\u{7f}",
    ] {
        editor.change(BARE, json!([{ "text": text }]));
        for character in 0..5 {
            editor.hover(BARE, character, character as usize);
            editor.complete(BARE, 0, character as usize);
        }
    }
    let beyond = json!({ "start": { "line": 9, "character": 9 }, "end": { "line": 1, "character": 1 } });
    editor.change(BARE, json!([{ "text": "{}" }, { "range": beyond, "text": "x" }]));
    assert_eq!(editor.end(), Some(0));
}

#[test]
fn an_editor_that_leaves_without_a_word_is_a_negative_end() {
    let folder = Folder::new();
    let mut editor = Editor::start(&folder, &[], Value::Null);
    editor.tell("exit", Value::Null);
    drop(editor.input);
    assert_eq!(editor.child.wait().unwrap().code(), Some(1));
    let output = folder.run(&["lsp", "--actions", "world/world.json"]);
    assert_eq!(output.status.code(), Some(2));
}
