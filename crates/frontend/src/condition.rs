//! Conditions: operators, keys and their values (CITE CON-1 to CON-18).

use camshaft_value::operator::{Base, Operator, OperatorFault, ValueType};

use crate::{
    diagnostic::{Diagnostic, Fix, code},
    finding::Finding,
    json::{self, Member, Node, Value},
    network,
    policy::{Term, Values},
    reader::Reader,
    source::Span,
    spelling::nearest,
    template::{self, Filled, Variables, short},
    value,
};

/// CON-17 and CON-18; for completion and for slips of case.
pub const KNOWN_KEYS: &[&str] = &[
    "cos:content-length",
    "cos:content-type",
    "cos:host",
    "cos:prefix",
    "cos:response-content-type",
    "cos:secure-transport",
    "cos:tls-version",
    "cos:versionid",
    "cos:x-cos-acl",
    "cos:x-cos-storage-class",
    "cvm:instance_type",
    "cvm:region",
    "cvm:zone",
    "mfa",
    "oidc:aud",
    "oidc:iss",
    "oidc:sub",
    "qcs:BindToken",
    "qcs:create_uin",
    "qcs:current_time",
    "qcs:except_cam_finance",
    "qcs:ip",
    "qcs:mfa",
    "qcs:owner_uin",
    "qcs:read_only_action",
    "qcs:request_tag",
    "qcs:resource_tag",
    "qcs:tag",
    "qcs:uin",
    "qcs:vpc",
    "saml:aud",
    "sts:external_id",
    "vpc:accepter_vpc",
    "vpc:region",
    "vpc:requester_vpc",
    "vpc:vpc",
];

/// Keys that have forms with a tag behind a slash (CITE CON-17).
const TAG_KEYS: &[&str] = &["qcs:resource_tag", "qcs:request_tag", "qcs:tag"];

/// The part of a key before the slash of a tag form, and what follows.
fn tag_key(key: &str) -> (&str, bool) {
    match key.split_once('/') {
        Some((head, _)) => (head, true),
        None => (key, false),
    }
}

/// CON-17: what a bound key takes, if the operator is none of it.
fn wrong_operator(key: &str, base: Base) -> Option<&'static str> {
    let kind = base.value_type();
    if kind == ValueType::Null {
        return None;
    }
    let (head, _) = tag_key(key);
    let string = kind == ValueType::String && base != Base::BinaryEqual;
    match key {
        "qcs:ip" => (kind != ValueType::Address).then_some("`ip_equal` and `ip_not_equal`"),
        "qcs:current_time" => (kind != ValueType::Date).then_some("the date operators"),
        _ if head == "qcs:tag" => {
            (kind != ValueType::String).then_some("the string operators and `binary_equal`")
        }
        _ if TAG_KEYS.contains(&head) => (!string).then_some("the string operators"),
        _ => None,
    }
}

/// Whether a key is one of CON-18, tag forms included.
pub fn is_known_key(key: &str) -> bool {
    let (head, tagged) = tag_key(key);
    KNOWN_KEYS.contains(&key) || (tagged && TAG_KEYS.contains(&head))
}

/// CAM0421: the known key that this one equals but for case.
fn other_case(key: &str) -> Option<String> {
    if is_known_key(key) {
        return None;
    }
    let (head, tagged) = tag_key(key);
    if let Some(known) = KNOWN_KEYS.iter().find(|known| known.eq_ignore_ascii_case(key)) {
        return Some((*known).to_owned());
    }
    let known = TAG_KEYS.iter().find(|known| tagged && known.eq_ignore_ascii_case(head))?;
    Some(format!("{known}{}", key.get(head.len()..).unwrap_or("")))
}

impl Reader<'_> {
    /// The terms of a condition, as far as they can be read. `remove` is the edit that drops the member.
    pub(crate) fn condition(&mut self, condition: &Value, remove: Span) -> Vec<Term> {
        let empty = match &condition.node {
            Node::Object(members) => members.is_empty(),
            Node::Array(elements) => elements.is_empty(),
            _ => false,
        };
        if empty {
            let found = self.diagnostic(code::CONDITION_EMPTY, condition.span, "the condition is empty");
            self.findings.push(found.fix(Fix::machine(remove, "")));
            return Vec::new();
        }
        let Some(operators) = condition.as_object() else {
            self.wrong_type(condition, "condition", "an object of operators");
            return Vec::new();
        };
        let mut terms = Vec::new();
        for member in operators {
            if let Some(operator) = self.operator(member) {
                self.keys(member, operator, &mut terms);
            }
        }
        terms.sort_by(|a, b| (a.operator, &a.key).cmp(&(b.operator, &b.key)));
        terms
    }

    fn operator(&mut self, member: &Member) -> Option<Operator> {
        let name = &*member.name;
        let found = match Operator::parse(name) {
            Ok(operator) => return Some(operator),
            Err(_) if has_blank(name) => self.blank(member, "operator"),
            Err(OperatorFault::Modifier) => {
                let message = format!("`{}` modifies `null_equal`", short(name));
                let fix = Fix::suggestion(member.name_span, "\"null_equal\"");
                self.diagnostic(code::OPERATOR_MODIFIER, member.name_span, message).fix(fix)
            }
            Err(OperatorFault::Unknown) => {
                let message = format!("there is no operator `{}`", short(name));
                let found = self.diagnostic(code::OPERATOR_UNKNOWN, member.name_span, message);
                match near_operator(name) {
                    Some(near) => {
                        let fix = Fix::suggestion(member.name_span, format!("\"{near}\""));
                        found.help(format!("did you mean `{near}`?")).fix(fix)
                    }
                    None if matches!(name, "for_any_value" | "for_all_value") => {
                        found.help(format!("it stands before an operator: `{name}:string_equal`"))
                    }
                    None => found
                        .help("see `string_equal`, `numeric_equal`, `date_equal`, `ip_equal` and their like"),
                }
            }
        };
        self.findings.push(found);
        None
    }

    fn keys(&mut self, member: &Member, operator: Operator, terms: &mut Vec<Term>) {
        let Some(keys) = member.value.as_object() else {
            self.wrong_type(&member.value, &member.name, "an object of condition keys");
            return;
        };
        if keys.is_empty() {
            let message = format!("`{operator}` has no keys");
            self.report(code::CONDITION_LIST_EMPTY, member.value.span, message);
        }
        for key in keys {
            if self.key(key, operator)
                && let Some(term) = self.term(key, operator)
            {
                terms.push(term);
            }
        }
    }

    /// Whether the key may stand under the operator.
    fn key(&mut self, member: &Member, operator: Operator) -> bool {
        let (key, span) = (&*member.name, member.name_span);
        let found = if key.is_empty() {
            self.diagnostic(code::KEY_MALFORMED, span, "a condition key is empty")
        } else if has_blank(key) {
            self.blank(member, "key")
        } else if template::is_template(key) {
            let message = format!("`{}` is not a condition key", short(key).escape_debug());
            self.diagnostic(code::KEY_MALFORMED, span, message)
        } else if let Some(takes) = wrong_operator(key, operator.base) {
            let message = format!("`{}` cannot be compared with `{operator}`", short(key));
            self.diagnostic(code::OPERATOR_KEY, span, message).help(format!("`{}` takes {takes}", short(key)))
        } else {
            if let Some(known) = other_case(key) {
                let message = format!("`{}` differs from a known key in case", short(key));
                let fix = Fix::suggestion(span, format!("\"{known}\""));
                let found = self.diagnostic(code::KEY_CASE, span, message).fix(fix);
                self.findings.push(found.help(format!("keys are case-sensitive; did you mean `{known}`?")));
            }
            return true;
        };
        self.findings.push(found);
        false
    }

    fn term(&mut self, member: &Member, operator: Operator) -> Option<Term> {
        let key = &*member.name;
        let values = match &member.value.node {
            Node::Array(values) if values.is_empty() => {
                let message = format!("`{}` has no values", short(key));
                self.report(code::CONDITION_LIST_EMPTY, member.value.span, message);
                return None;
            }
            Node::Array(values) => self.distinct(values),
            _ => {
                self.single_value(&member.value);
                vec![&member.value]
            }
        };
        if operator.base == Base::NullEqual && values.len() > 1 {
            let message = format!("`null_equal` has {} values", values.len());
            self.report(code::NULL_OPERAND, member.value.span, message);
            return None;
        }
        let mut collected = Collected::default();
        let mut sound = true;
        for value in values {
            let mut remarks = Vec::new();
            let result = self.value(value, operator.base, key, &mut remarks, &mut collected);
            let single = value.span == member.value.span;
            for remark in remarks {
                let (index, span) = (self.index, value.span);
                self.findings.push(if single {
                    remark.at_single(index, span)
                } else {
                    remark.at(index, span)
                });
            }
            if let Err(found) = result {
                self.findings.extend(found.map(|found| *found));
                sound = false;
            }
        }
        sound.then(|| Term {
            operator,
            key: key.into(),
            unvalued: collected.unvalued,
            values: collected.finish(operator.base.value_type()),
        })
    }

    fn value(
        &mut self,
        value: &Value,
        base: Base,
        key: &str,
        remarks: &mut Vec<Finding>,
        out: &mut Collected,
    ) -> Result<(), Option<Box<Diagnostic>>> {
        let kind = base.value_type();
        let text = match &value.node {
            Node::String(text) => &**text,
            Node::Number if kind == ValueType::Number => self.source.slice(value.span),
            Node::Bool(true) if matches!(kind, ValueType::Bool | ValueType::Null) => "true",
            Node::Bool(false) if matches!(kind, ValueType::Bool | ValueType::Null) => "false",
            _ => return Err(Some(Box::new(self.wrong_value(value, base)))),
        };
        let (index, span) = (self.index, value.span);
        let place = |finding: Finding| Some(Box::new(finding.at(index, span)));
        let variables =
            if kind == ValueType::String { Variables::Everywhere } else { Variables::NotWith(base) };
        let parts = template::read(text, variables, self.setting).map_err(place)?;
        if kind == ValueType::String {
            out.texts.push(value::text(&parts, base, key, remarks).map_err(place)?);
            return Ok(());
        }
        let Filled::Text(text) = template::fill(&parts).map_err(place)? else {
            out.unvalued = true;
            return Ok(());
        };
        let result = match kind {
            ValueType::Number => value::number(&text).map(|number| out.numbers.push(number)),
            ValueType::Date => value::date(&text, remarks).map(|date| out.dates.push(date)),
            ValueType::Bool => value::boolean(&text).map(|boolean| out.booleans.push(boolean)),
            ValueType::Null => value::null_operand(&text).map(|operand| out.booleans.push(operand)),
            ValueType::Address => {
                let limit = self.setting.limits.networks_of_value;
                value::networks(&text, limit, &mut self.wildcard_networks, remarks, &mut out.networks)
            }
            ValueType::String => Ok(()),
        };
        result.map_err(place)
    }

    /// One value of an accepted term by itself; `None` for a parameter that has none.
    pub(crate) fn one_value(&mut self, value: &Value, term: &Term) -> Option<Values> {
        let mut collected = Collected::default();
        let Operator { base, .. } = term.operator;
        self.value(value, base, &term.key, &mut Vec::new(), &mut collected).ok()?;
        (!collected.unvalued).then(|| collected.finish(base.value_type()))
    }

    /// CAM0406.
    fn wrong_value(&self, value: &Value, base: Base) -> Diagnostic {
        let message = format!("a value of `{}` is {}", base.name(), value.describe());
        let found = self.diagnostic(code::VALUE_TYPE, value.span, message);
        if value.node == Node::Number {
            let quoted = format!("\"{}\"", self.source.slice(value.span));
            return found.fix(Fix::machine(value.span, quoted));
        }
        found
    }

    /// CAM0402.
    fn blank(&self, member: &Member, what: &str) -> Diagnostic {
        let mended: String =
            member.name.chars().filter(|c| !camshaft_value::alphabet::is_blank(*c)).collect();
        let mut literal = String::new();
        json::write_string(&mut literal, &mended);
        let message = format!("a blank stands in the {what} `{}`", short(&member.name).escape_debug());
        self.diagnostic(code::CONDITION_BLANK, member.name_span, message)
            .fix(Fix::machine(member.name_span, literal))
    }
}

fn has_blank(text: &str) -> bool {
    text.contains(camshaft_value::alphabet::is_blank)
}

/// The operator that was meant: `StringEquals` is `string_equal`.
fn near_operator(name: &str) -> Option<&'static str> {
    let mut snake = String::new();
    for (at, c) in name.char_indices() {
        if c.is_ascii_uppercase() && at > 0 && !snake.ends_with(['_', ':']) {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    let names = || Base::ALL.iter().map(|base| base.name());
    // `null` is `null_equal`, and `for_all_value` alone no operator.
    let begun = || Some(format!("{snake}_equal")).and_then(|whole| names().find(|name| *name == whole));
    nearest(&snake, names()).or_else(|| nearest(name, names())).or_else(begun)
}

/// The values of one key, by type.
#[derive(Default)]
struct Collected {
    texts: Vec<crate::policy::Pattern>,
    numbers: Vec<camshaft_value::decimal::Decimal>,
    dates: Vec<camshaft_value::date::Instant>,
    booleans: Vec<bool>,
    networks: Vec<camshaft_value::address::Network>,
    unvalued: bool,
}

impl Collected {
    fn finish(self, kind: ValueType) -> Values {
        fn sorted<T: Ord>(mut values: Vec<T>) -> Vec<T> {
            values.sort_unstable();
            values.dedup();
            values
        }
        match kind {
            ValueType::String => Values::Text(sorted(self.texts)),
            ValueType::Number => Values::Number(sorted(self.numbers)),
            ValueType::Date => Values::Date(sorted(self.dates)),
            ValueType::Bool => Values::Bool(sorted(self.booleans)),
            ValueType::Address => Values::Network(network::join(self.networks)),
            ValueType::Null => Values::Null(self.booleans.first().copied().unwrap_or(false)),
        }
    }
}

#[cfg(test)]
mod tests;
