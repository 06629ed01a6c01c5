//! Bytes as worlds and requests: engine and reference agree.

use std::cell::RefCell;
use std::collections::HashMap;

use camshaft_bundle::verify_full;
use camshaft_compiler::{Config, prove};
use camshaft_frontend::request;
use serde_json::Value;

use super::bundles::small_budget;
use crate::campaign::config_of;
use crate::generate::{Features, Random, Requests, world};
use crate::product::{Answer, Product, load_text};
use crate::reference::Reference;

/// A world as JSON text: refused, or compiled to a bundle that opens, verifies, is not disproven, and decides a few
/// requests alike with its index and without.
///
/// # Panics
///
/// If it is not.
pub fn build_world(bytes: &[u8]) {
    let Ok(text) = core::str::from_utf8(bytes) else { return };
    let loaded = load_text(text);
    let refused = loaded.diagnostics.iter().any(|found| found.is_error());
    assert_eq!(loaded.set.is_none(), refused, "{:#?}", loaded.diagnostics);
    let Some(set) = &loaded.set else { return };
    let mut product = Product::new(&loaded, &Config::default());
    let bundle = product.decider().engine().bundle();
    verify_full(bundle).unwrap_or_else(|error| panic!("{error}"));
    let proof = prove(bundle, Some(set), &small_budget());
    assert_eq!(proof.faults, [], "a sound bundle");
    let callers = set.accounts.iter().flat_map(|account| {
        let users =
            account.users.iter().map(|user| format!("qcs::cam::uin/{}:uin/{}", account.uin, user.uin));
        users.take(2).chain([format!("qcs::cam::uin/{}:root", account.uin)])
    });
    let callers: Vec<String> = callers.take(4).chain(["qcs::cam::anonymous:anonymous".into()]).collect();
    let resources = ["*", "qcs::cos:ap-beijing:uid/1250000000:b-1250000000/a", "qcs::cvm:::instance/a"];
    for (caller, resource) in callers.iter().flat_map(|caller| resources.map(|resource| (caller, resource))) {
        let text = serde_json::json!({ "principal": caller, "action": "cos:GetObject", "resource": resource,
            "context": { "qcs:ip": "10.1.2.3", "ks": ["a", "b"] } });
        let request = request::parse(&text.to_string()).expect("a request");
        let (answer, _) = product.answer_parsed(&request);
        assert_eq!(product.explain(&request).1, answer, "{text}");
    }
}

/// A generated world and requests on it: engine and reference agree. Eight bytes of seed, then one byte a
/// request.
///
/// # Panics
///
/// If they do not.
pub fn differential(bytes: &[u8]) {
    let Some((seed, requests)) = bytes.split_first_chunk::<8>() else { return };
    let seed = u64::from_le_bytes(*seed);
    let value = world(seed, Features::all());
    let loaded = load_text(&value.to_string());
    let mut product = Product::new(&loaded, &Config::default());
    let reference = Reference::new(&value);
    let maker = Requests::new(&value, Features::all());
    for byte in requests.iter().take(64) {
        let request = maker.next(&mut Random::new(seed ^ u64::from(*byte)));
        let expected = Answer::from(reference.decide(&request));
        assert_eq!(product.answer(&request.to_string()), expected, "world {seed}\n{value}\n{request}");
    }
}

/// Worlds that requests are tried on; the first byte of an input says on which.
pub const WORLDS: u8 = 32;

/// A world and its two evaluators.
struct Both {
    product: Product,
    reference: Reference,
}

/// A request as JSON text on one of the generated worlds: engine and reference agree, also on what is malformed.
///
/// The reference reads what the parser of JSON in the tests makes of the text, and takes session policies on trust: where
/// that parser refuses the text or rounds a number, or the engine refuses a session policy, there is nothing to compare.
///
/// # Panics
///
/// If they do not.
pub fn decide(bytes: &[u8]) {
    thread_local! {
        static WORLDS_MADE: RefCell<HashMap<u8, Both>> = RefCell::default();
    }
    let Some((which, text)) = bytes.split_first() else { return };
    let which = which % WORLDS;
    let Ok(text) = core::str::from_utf8(text) else { return };
    WORLDS_MADE.with_borrow_mut(|made| {
        let both = made.entry(which).or_insert_with(|| {
            let value = world(u64::from(which), Features::all());
            let (_, config) = config_of(u64::from(which));
            let product = Product::new(&load_text(&value.to_string()), &config);
            Both { product, reference: Reference::new(&value) }
        });
        let answer = both.product.answer(text);
        let value = match serde_json::from_str::<Value>(text) {
            Ok(value) if !has_fraction(&value) => value,
            Ok(_) => return,
            Err(error) => {
                let malformed = ["CAM0600", "CAM0608"].map(|code| Some(code.to_owned()));
                let beyond = error.to_string().starts_with("number out of range");
                // Inside a policy more than JSON is read (CITE DOC-2).
                let tolerant = request::parse(text).is_ok_and(|request| request.session_policy.is_some());
                assert!(beyond || tolerant || malformed.contains(&answer.code), "{answer:?}, {error}");
                return;
            }
        };
        // Repeated members are gone, and with them what the engine refuses.
        let unread = ["CAM0600", "CAM0606"];
        if !answer.code.as_deref().is_some_and(|code| unread.contains(&code)) {
            assert_eq!(answer, Answer::from(both.reference.decide(&value)), "world {which}\n{text}");
        }
    });
}

/// A number that is not kept digit by digit.
fn has_fraction(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_f64(),
        Value::Array(all) => all.iter().any(has_fraction),
        Value::Object(members) => members.values().any(has_fraction),
        _ => false,
    }
}
