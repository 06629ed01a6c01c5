//! Values and entries of lists.

use camshaft_frontend::operator::{Operator, ValueType};
use camshaft_frontend::region;
use gen_lsp_types::CompletionItemKind as ItemKind;

use super::super::cursor::{Cursor, Element, Step};
use super::super::documents::Document;
use super::super::outline::{Item, Shape};
use super::super::settings::Settings;
use super::Choice;
use super::slot::{Slot, literal};

fn value(text: &str, detail: &str) -> Choice {
    Choice::new(text, ItemKind::Value).detail(detail)
}

/// What a value of a policy may be.
pub(super) fn of_policy(
    element: Element<'_>,
    document: &Document,
    cursor: &Cursor<'_>,
    slot: &Slot,
    settings: &Settings,
) -> Vec<Choice> {
    match element {
        Element::Version => vec![value("2.0", "the only version there are rules for")],
        Element::Effect => {
            vec![value("allow", "grants, unless a deny matches"), value("deny", "final, whatever allows")]
        }
        Element::Action => actions(document, slot, settings),
        Element::Resource => resources(document, cursor, slot, settings),
        Element::Principal => vec![value("*", "everyone, signed or not")],
        Element::PrincipalEntries("qcs" | "QCS") => principals(),
        Element::PrincipalEntries("federated") => vec![
            skeleton("qcs::cam::uin/${1:100000000001}:saml-provider/${2:name}", "a SAML provider"),
            skeleton("qcs::cam::uin/${1:100000000001}:oidc-provider/${2:name}", "an OIDC provider"),
        ],
        Element::Values(operator, key) => of_condition(operator, key),
        _ => Vec::new(),
    }
}

/// A text with places to fill.
fn skeleton(snippet: &str, detail: &str) -> Choice {
    let label = super::slot::without_places(snippet);
    Choice::new(label, ItemKind::Snippet).snippet(snippet).detail(detail)
}

fn actions(document: &Document, slot: &Slot, settings: &Settings) -> Vec<Choice> {
    let mut choices = Vec::new();
    let known = &settings.known;
    match slot.typed.strip_prefix("name/").unwrap_or(&slot.typed).split_once(':') {
        None => {
            choices.push(value("*", "every action of every service"));
            for service in known.services() {
                choices
                    .push(Choice::new(format!("{service}:*"), ItemKind::Module).detail("all of the service"));
            }
            if let Some((_, around)) = &document.attached {
                choices.extend(around.catalogue.keys().map(|set| Choice::new(set, ItemKind::Enum)));
            }
            choices.extend(known.actions.iter().map(|action| Choice::new(action, ItemKind::Function)));
        }
        Some((service, _)) => {
            choices.push(Choice::new(format!("{service}:*"), ItemKind::Module).detail("all of the service"));
            for prefix in ["Describe", "Get", "List"] {
                let label = format!("{service}:{prefix}*");
                choices.push(
                    Choice::new(label, ItemKind::Value).detail(format!("all that begin with {prefix}")),
                );
            }
            let of_service = |action: &&String| action.split_once(':').is_some_and(|(of, _)| of == service);
            let of_service = known.actions.iter().filter(of_service);
            choices.extend(of_service.map(|action| Choice::new(action, ItemKind::Function)));
        }
    }
    choices
}

fn resources(document: &Document, cursor: &Cursor<'_>, slot: &Slot, settings: &Settings) -> Vec<Choice> {
    let (index, segment) = slot.segment(document);
    if index == 0 || !slot.is_quoted() {
        let mut choices = vec![value("*", "every resource, and APIs that take none")];
        for service in services(cursor, settings) {
            choices.push(of_service(&service));
        }
        let general = "qcs::${1:service}:${2:region}:${3:account}:${4:resource}";
        choices.push(skeleton(general, "six segments; empty ones mean every region, the own account"));
        return choices;
    }
    // The choice replaces the whole entry, so that it is written with what stands around the segment.
    let text = document.text.get(slot.span.start..slot.span.end).unwrap_or("");
    let head = text.get(..segment.span.start - slot.span.start).unwrap_or("");
    let tail = text.get(segment.span.end - slot.span.start..).unwrap_or("");
    let colons = tail.matches(':').count() + index;
    let rest = if colons < 5 { ":".repeat(5 - colons) } else { String::new() };
    let whole = |choice: &str, detail: &str| {
        let label = format!("{head}{choice}{tail}{rest}");
        let choice = Choice::new(label.clone(), ItemKind::Value).detail(detail.to_owned());
        choice.snippet(literal(&label))
    };
    match index {
        2 => services(cursor, settings).iter().map(|service| whole(service, "service")).collect(),
        3 => region::known().map(|code| whole(code, "region")).collect(),
        4 => {
            let mut accounts = vec![whole("", "the own account")];
            let own = settings.of_document(document).account;
            accounts.extend(own.map(|own| whole(&format!("uin/{}", own.uin), "by uin")));
            let appid = own.and_then(|own| own.appid);
            accounts.extend(appid.map(|appid| whole(&format!("uid/{appid}"), "by APPID, for COS")));
            accounts
        }
        _ => Vec::new(),
    }
}

/// The services of the statement's actions, then the known ones.
fn services(cursor: &Cursor<'_>, settings: &Settings) -> Vec<String> {
    let mut services: Vec<String> = Vec::new();
    let actions = cursor.objects.last().and_then(|statement| statement.member("action")?.value.as_ref());
    let entries = actions.map(Item::entries).unwrap_or(&[]).iter().filter_map(Item::as_str);
    let named = entries.filter_map(|entry| entry.strip_prefix("name/").unwrap_or(entry).split_once(':'));
    let named = named.map(|(service, _)| service).filter(|service| !service.is_empty() && *service != "*");
    for service in named.chain(settings.known.services()) {
        if !services.iter().any(|known| known == service) {
            services.push(service.to_owned());
        }
    }
    services
}

/// A resource of a service.
fn of_service(service: &str) -> Choice {
    let name = literal(service);
    match service {
        "cos" => skeleton(
            "qcs::cos:${1:ap-guangzhou}:uid/${2:1250000000}:${3:bucket}-${2:1250000000}/${4:*}",
            "objects of a bucket",
        ),
        _ => skeleton(&format!("qcs::{name}:${{1:region}}:${{2:}}:${{3:instance/*}}"), "of the own account"),
    }
}

fn principals() -> Vec<Choice> {
    vec![
        value("*", "everyone, signed or not"),
        skeleton("qcs::cam::uin/${1:100000000001}:uin/${2:100000000011}", "a sub-account"),
        skeleton("qcs::cam::uin/${1:100000000001}:root", "a root account"),
        skeleton("qcs::cam::uin/${1:100000000001}:groupid/${2:1}", "the members of a group"),
        skeleton("qcs::cam::uin/${1:100000000001}:roleName/${2:name}", "the sessions of a role"),
        value("qcs::cam::anyone:anyone", "everyone, signed or not"),
        value("qcs::cam::anonymous:anonymous", "callers that do not sign"),
    ]
}

fn of_condition(operator: &str, key: &str) -> Vec<Choice> {
    let Ok(operator) = Operator::parse(operator) else { return Vec::new() };
    match operator.base.value_type() {
        ValueType::Bool | ValueType::Null => vec![value("true", ""), value("false", "")],
        ValueType::Address => vec![
            value("10.0.0.0/8", "private, 16,777,216 addresses"),
            value("172.16.0.0/12", "private, 1,048,576 addresses"),
            value("192.168.0.0/16", "private, 65,536 addresses"),
        ],
        ValueType::Date => {
            vec![skeleton("${1:2030}-${2:01}-${3:01}T${4:00}:00:00Z", "an instant in UTC")]
        }
        ValueType::String if key == "mfa" || key == "qcs:mfa" => {
            vec![value("0", "without"), value("1", "with")]
        }
        ValueType::String => {
            let variables = [
                ("${uin}", "the caller's uin"),
                ("${owner_uin}", "the root account"),
                ("${app_id}", "its APPID"),
            ];
            variables.into_iter().map(|(name, detail)| value(name, detail)).collect()
        }
        ValueType::Number => Vec::new(),
    }
}

/// What a value of a world may be: names that the same world defines.
pub(super) fn of_world(steps: &[Step<'_>], document: &Document, cursor: &Cursor<'_>) -> Vec<Choice> {
    let member = |name: &str| {
        let objects = cursor.objects.iter().rev();
        objects.filter_map(|object| object.member(name)?.value.as_ref()).find(|value| {
            matches!(&value.shape, Shape::Object(_))
                || matches!(&value.shape, Shape::Array(items) if items.iter().any(|item| item.member("name").is_some()))
        })
    };
    let names = |item: Option<&Item>| -> Vec<String> {
        let members = item.map(Item::members).unwrap_or(&[]);
        members.iter().map(|member| member.name().to_owned()).collect()
    };
    let found = match steps {
        [.., Step::Member("policies" | "general_policies"), Step::Index]
        | [.., Step::Member("levels"), Step::Index, Step::Index]
        | [.., Step::Member("boundary")] => {
            let mut found = names(member("policies"));
            let presets = document.outline.member("presets").and_then(|member| member.value.as_ref());
            found.extend(names(presets));
            found
        }
        [.., Step::Member("users"), Step::Index, Step::Member("groups"), Step::Index] => {
            let groups = member("groups").map(Item::entries).unwrap_or(&[]).iter();
            groups
                .filter_map(|group| Some(group.member("name")?.value.as_ref()?.as_str()?.to_owned()))
                .collect()
        }
        [.., Step::Member("kind")] => vec!["collaborator".into()],
        [.., Step::Member("list_deny")] => vec!["strict".into(), "cam".into()],
        [.., Step::Member("cos_anyone_deny")] => vec!["strict".into(), "unsigned".into()],
        _ => Vec::new(),
    };
    found.into_iter().map(|name| Choice::new(name, ItemKind::Reference)).collect()
}
