//! What `explain` says would allow a request does: with the statements that it proposes added to the world the request is
//! allowed, and no other request with another action or another resource is decided otherwise.

use camshaft::remedy::{self, Remedy};
use camshaft_compiler::Config;
use camshaft_frontend::request::{self, Request};
use camshaft_runtime::{Obstacle, Part};
use camshaft_tests::generate::{Features, Random, Requests, world};
use camshaft_tests::product::{Product, load_text};
use camshaft_tests::reference::{self, Reference};
use serde_json::json;

#[test]
fn what_is_proposed_allows_the_request_and_little_else() {
    let (mut helped, mut parts, mut hopeless) = (0, [0; 5], 0);
    for seed in 80_000..80_150 {
        let value = world(seed, Features::all());
        let loaded = load_text(&value.to_string());
        let mut product = Product::new(&loaded, &Config::default());
        let maker = Requests::new(&value, Features::all());
        let mut random = Random::new(seed);
        let mut requests = || request::parse(&maker.next(&mut random).to_string()).ok();
        let requests: Vec<Request> = (0..40).filter_map(|_| requests()).collect();
        for request in &requests {
            let (explanation, answer) = product.explain(request);
            let needs: Vec<&Part> = explanation.resources.iter().flat_map(|one| &one.need.parts).collect();
            let denied = answer.decision == "explicit_deny";
            match answer.decision {
                "allow" => assert!(needs.is_empty(), "{needs:?} {value}\n{request:?}"),
                "implicit_deny" => assert!(!needs.is_empty(), "{value}\n{request:?}"),
                _ => {}
            }
            if answer.decision != "implicit_deny" || needs.contains(&&Part::Session) || denied {
                continue;
            }
            let remedy = Remedy::new(&explanation, request);
            assert!(remedy.denies.is_empty());
            if remedy.obstacle.is_some() || remedy.grants.iter().any(|grant| grant.statement.is_none()) {
                hopeless += 1;
                continue;
            }
            for grant in &remedy.grants {
                let number = match grant.part {
                    Part::Scp(_) => 0,
                    Part::Boundary => 1,
                    Part::Identity => 2,
                    Part::Trust => 3,
                    _ => 4,
                };
                parts[number] += 1;
            }
            let set = remedy::applied(&remedy, loaded.set.as_ref().unwrap(), request);
            let set = set.unwrap_or_else(|| panic!("{:?}\n{value}\n{request:?}", remedy.grants));
            let mut changed = load_text(&value.to_string());
            changed.set = Some(set);
            let mut changed = Product::new(&changed, &Config::default());
            let (after, _) = changed.answer_parsed(request);
            assert_eq!(after.decision, "allow", "{:?}\n{value}\n{request:?}", remedy.grants);
            helped += 1;
            for other in &requests {
                // An object of CAM has several spellings, a bucket two.
                let elsewhere = other.resources.iter().all(|one| {
                    let path = |resource: &str| {
                        resource.rsplit(':').next().unwrap_or("").trim_end_matches('/').to_owned()
                    };
                    let cam = |resource: &str| resource.split(':').nth(2) == Some("cam");
                    let apart = |two: &String| {
                        path(one) != path(two) && !two.contains('*') && !(cam(one) && cam(two))
                    };
                    request.resources.iter().all(apart)
                });
                let action = |request: &Request| request.action.trim_start_matches("name/").to_owned();
                if action(other) != action(request) || elsewhere {
                    let (now, then) = (product.answer_parsed(other).0, changed.answer_parsed(other).0);
                    let layer = now.blocked_by != then.blocked_by;
                    assert!(
                        now.decision == then.decision && (elsewhere || !layer),
                        "{:?}\n{value}\n{request:?}\n{other:?}",
                        remedy.grants
                    );
                }
            }
        }
    }
    println!("{helped} requests helped, grants by part {parts:?}, {hopeless} hopeless");
    assert!(helped > 500 && parts.iter().all(|count| *count > 5), "{helped} {parts:?}");
}

/// What nothing can help is denied by the reference too, whatever the caller's policies say.
#[test]
fn obstacles_are_real() {
    let mut met = [0; 4];
    for seed in 81_000..81_100 {
        let value = world(seed, Features::all());
        let loaded = load_text(&value.to_string());
        let mut product = Product::new(&loaded, &Config::default());
        let maker = Requests::new(&value, Features::all());
        let mut random = Random::new(seed);
        for _ in 0..60 {
            let asked = maker.next(&mut random);
            let Ok(request) = request::parse(&asked.to_string()) else { continue };
            let (explanation, answer) = product.explain(&request);
            let Some(obstacle) = explanation.resources.iter().find_map(|one| one.need.obstacle) else {
                continue;
            };
            if answer.decision == "error" {
                continue;
            }
            met[match obstacle {
                Obstacle::UnknownCaller => 0,
                Obstacle::NoResourcePolicies => 1,
                Obstacle::UnknownOwner => 2,
                Obstacle::Unsigned => 3,
            }] += 1;
            // An identity policy that allows everything to everyone of every account does not help.
            let mut generous = value.clone();
            let all =
                json!({"version":"2.0","statement":[{"effect":"allow","action":["*"],"resource":["*"]}]});
            let general = generous["general_policies"].as_array().cloned().unwrap_or_default();
            generous["general_policies"] = general.into_iter().chain([all]).collect();
            let decision = Reference::new(&generous).decide(&asked).decision;
            assert!(decision != reference::Decision::Allow, "{obstacle:?} {value}\n{asked}");
        }
    }
    assert!(met.iter().all(|count| *count > 5), "{met:?}");
}
