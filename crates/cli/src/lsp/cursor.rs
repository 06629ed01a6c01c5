//! Where a cursor stands: on which member, entry or value of which policy.

use camshaft_frontend::policy::Kind;

use super::outline::{Item, Member, Shape};

/// One step from the top of a text down to a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step<'o> {
    /// Into the member of this name.
    Member(&'o str),
    /// Into an element.
    Index,
}

/// What is under a cursor.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Spot<'o> {
    /// The name of a member.
    Name(&'o Member),
    /// Between the members of an object: a name may stand here.
    NameGap,
    /// A string, number or word.
    Value(&'o Item),
    /// Behind a colon or between elements: a value may stand here.
    ValueGap,
    /// Anything else.
    Nothing,
}

/// A cursor in an outline.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'o> {
    /// From the top down to the object or list that the spot is in; for a value to the value itself.
    pub(crate) steps: Vec<Step<'o>>,
    /// The objects that the steps lead through, the outermost first.
    pub(crate) objects: Vec<&'o Item>,
    /// What is there.
    pub(crate) spot: Spot<'o>,
}

/// Finds a place.
pub(crate) fn at(top: &Item, byte: usize) -> Cursor<'_> {
    let mut cursor = Cursor { steps: Vec::new(), objects: Vec::new(), spot: Spot::Nothing };
    let mut item = top;
    loop {
        match &item.shape {
            Shape::Object(members) if item.holds(byte) => {
                cursor.objects.push(item);
                if let Some(name) = members.iter().find(|member| touches(&member.name, byte)) {
                    cursor.spot = Spot::Name(name);
                    return cursor;
                }
                // The last member that begins before the place; it is in its value, waits for it, or is behind it.
                let before = members.iter().rev().find(|member| member.name.span.end <= byte);
                let Some(member) = before.filter(|member| member.colon) else {
                    cursor.spot = Spot::NameGap;
                    return cursor;
                };
                match &member.value {
                    Some(value) if byte <= value.span.end && reaches(value, byte) => {
                        cursor.steps.push(Step::Member(member.name()));
                        item = value;
                    }
                    Some(value) if byte >= value.span.end => {
                        cursor.spot = Spot::NameGap;
                        return cursor;
                    }
                    _ => {
                        cursor.steps.push(Step::Member(member.name()));
                        cursor.spot = Spot::ValueGap;
                        return cursor;
                    }
                }
            }
            Shape::Array(items) if item.holds(byte) => {
                cursor.steps.push(Step::Index);
                match items.iter().find(|item| reaches(item, byte)) {
                    Some(inner) => item = inner,
                    None => {
                        cursor.spot = Spot::ValueGap;
                        return cursor;
                    }
                }
            }
            Shape::String(_) | Shape::Word if touches(item, byte) => {
                cursor.spot = Spot::Value(item);
                return cursor;
            }
            _ => return cursor,
        }
    }
}

/// Whether a place is at or in a scalar.
fn touches(item: &Item, byte: usize) -> bool {
    item.span.start <= byte && byte <= item.span.end
}

/// Whether a place belongs to a value: in a container, or at a scalar.
fn reaches(item: &Item, byte: usize) -> bool {
    match item.shape {
        Shape::Object(_) | Shape::Array(_) => item.holds(byte),
        Shape::String(_) | Shape::Word => touches(item, byte),
    }
}

/// What a policy is attached as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Attachment {
    /// As what.
    pub(crate) kind: Kind,
    /// Whether it is a preset.
    pub(crate) preset: bool,
}

impl Attachment {
    fn of(kind: Kind) -> Self {
        Self { kind, preset: false }
    }
}

/// Where in a world the steps enter a policy, and as what it is attached there.
pub(crate) fn policy_in_world(steps: &[Step<'_>]) -> Option<(usize, Attachment)> {
    let identity = Attachment::of(Kind::Identity);
    for (at, step) in steps.iter().enumerate() {
        let Step::Member(name) = step else { continue };
        let below = steps.get(at + 1..).unwrap_or(&[]);
        let found = match (*name, below) {
            ("policies", [_, ..]) => Some((2, identity)),
            ("presets", [_, ..]) => Some((2, Attachment { preset: true, ..identity })),
            ("general_policies", [_, ..]) => Some((2, identity)),
            ("levels", [_, _, ..]) => Some((3, Attachment::of(Kind::Scp))),
            ("general_policy", _) => Some((1, identity)),
            ("boundary", _) => Some((1, Attachment::of(Kind::Boundary))),
            ("trust", _) => Some((1, Attachment::of(Kind::Trust))),
            ("policy", _) => {
                let resource = steps
                    .iter()
                    .any(|step| matches!(step, Step::Member("resource_policies" | "resource_policy")));
                let kind = if resource { Kind::Resource } else { Kind::Identity };
                Some((1, Attachment { kind, preset: !resource }))
            }
            _ => None,
        };
        if let Some((length, attachment)) = found {
            return Some((at + length, attachment));
        }
    }
    None
}

/// A part of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Element<'o> {
    /// The document.
    Policy,
    /// The value of `version`.
    Version,
    /// A statement.
    Statement,
    /// The value of `effect`.
    Effect,
    /// The list of `action` or an entry of it.
    Action,
    /// The list of `resource` or an entry of it.
    Resource,
    /// `principal`, or the object in it.
    Principal,
    /// The entries of this member of a principal.
    PrincipalEntries(&'o str),
    /// The object of operators.
    Condition,
    /// The object of keys below this operator.
    Keys(&'o str),
    /// The values of this key below this operator.
    Values(&'o str, &'o str),
    /// The value of something else.
    Other,
}

/// The part of a policy that steps from its top lead to.
pub(crate) fn element<'o>(steps: &[Step<'o>]) -> Element<'o> {
    let mut names = steps.iter().filter_map(|step| match step {
        Step::Member(name) => Some(*name),
        Step::Index => None,
    });
    let lower = |name: &str| name.to_ascii_lowercase();
    let Some(first) = names.next() else { return Element::Policy };
    let mut inside = match &*lower(first) {
        "statement" => match names.next() {
            None => return Element::Statement,
            Some(name) => lower(name),
        },
        "version" => return Element::Version,
        "principal" => lower(first),
        _ => return Element::Other,
    };
    inside.make_ascii_lowercase();
    let rest: Vec<&'o str> = names.collect();
    match (inside.as_str(), rest.as_slice()) {
        ("effect", _) => Element::Effect,
        ("action", _) => Element::Action,
        ("resource", _) => Element::Resource,
        ("principal", []) => Element::Principal,
        ("principal", [kind, ..]) => Element::PrincipalEntries(kind),
        ("condition", []) => Element::Condition,
        ("condition", [operator]) => Element::Keys(operator),
        ("condition", [operator, key, ..]) => Element::Values(operator, key),
        _ => Element::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::super::outline;
    use super::*;

    /// The element and the spot at `|`.
    fn found(text: &str) -> String {
        let byte = text.find('|').expect("a cursor");
        let top = outline::read(&text.replacen('|', "", 1), false);
        let cursor = at(&top, byte);
        let spot = match cursor.spot {
            Spot::Name(member) => format!("name {}", member.name()),
            Spot::NameGap => "name".into(),
            Spot::Value(item) => format!("value {}", item.as_str().unwrap_or("_")),
            Spot::ValueGap => "value".into(),
            Spot::Nothing => "nothing".into(),
        };
        format!("{:?}: {spot}", element(&cursor.steps))
    }

    #[test]
    fn places_are_found_while_typing() {
        assert_eq!(found("{|"), "Policy: name");
        assert_eq!(found("{\"version\": |"), "Version: value");
        assert_eq!(found("{\"statement\":[{\"effect\":\"al|\n"), "Effect: value al");
        assert_eq!(found("{\"statement\":[{\"eff|ect\":\"allow\""), "Statement: name effect");
        assert_eq!(found("{\"statement\":[{\"action\":[\"cos:Get*\", |"), "Action: value");
        assert_eq!(found("{\"statement\":[{\"action\":[\"cos:Get*\"], |}]}"), "Statement: name");
        assert_eq!(found("{\"statement\":{\"condition\":{|}}}"), "Condition: name");
        assert_eq!(
            found("{\"statement\":{\"condition\":{\"ip_equal\":{\"q|\"}}}"),
            "Keys(\"ip_equal\"): name q"
        );
        let value = "{\"statement\":{\"condition\":{\"ip_equal\":{\"qcs:ip\":[\"10|\"]}}}}";
        assert_eq!(found(value), "Values(\"ip_equal\", \"qcs:ip\"): value 10");
        assert_eq!(found("{\"statement\":{\"principal\":{\"qcs\":|}}}"), "PrincipalEntries(\"qcs\"): value");
        assert_eq!(found("{\"Statement\":[{\"Resource\":\"*\"|}]}"), "Resource: value *");
        assert_eq!(found("{}|"), "Policy: nothing");
    }

    #[test]
    fn policies_of_worlds_are_found() {
        use Step::{Index, Member};
        let found = |steps: &[Step<'_>]| policy_in_world(steps).map(|(at, to)| (at, to.kind, to.preset));
        let inline = [Member("accounts"), Index, Member("policies"), Member("Dev"), Member("statement")];
        assert_eq!(found(&inline), Some((4, Kind::Identity, false)));
        let trust = [Member("accounts"), Index, Member("roles"), Index, Member("trust")];
        assert_eq!(found(&trust), Some((5, Kind::Trust, false)));
        assert_eq!(found(&[Member("presets"), Member("P")]), Some((2, Kind::Identity, true)));
        let scp = [Member("organization"), Index, Member("levels"), Index, Index, Member("version")];
        assert_eq!(found(&scp), Some((5, Kind::Scp, false)));
        let resource = [Member("resource_policies"), Index, Member("policy")];
        assert_eq!(found(&resource), Some((3, Kind::Resource, false)));
        assert_eq!(found(&inline[..2]), None);
    }
}
