//! Conditions: CAM0515 to CAM0520, CAM0522, CAM0528, CAM0533, CAM0538.

use camshaft_frontend::condition::is_known_key;
use camshaft_frontend::diagnostic::{Fix, code};
use camshaft_frontend::outline::{Stated, StatedTerm};
use camshaft_frontend::policy::{ActionEntry, Effect, Piece, Term, Values};
use camshaft_value::address::Network;
use camshaft_value::date::Instant;
use camshaft_value::operator::{Base, Operator, Qualifier, ValueType};

use super::{Document, cover};

/// Keys whose absence is not F (CITE CON-6).
const ALWAYS_KNOWN: [&str; 2] = ["qcs:ip", "qcs:current_time"];
const CURRENT_TIME: &str = "qcs:current_time";
/// Keys of one tag or many.
const TAGS: [&str; 3] = ["qcs:resource_tag", "qcs:request_tag", "qcs:tag"];
const MFA: [&str; 2] = ["mfa", "qcs:mfa"];

impl Document<'_, '_> {
    pub(super) fn conditions(&mut self, stated: &Stated) {
        for term in &stated.terms {
            match stated.meaning.effect {
                Effect::Deny => self.bypassable(stated, term),
                Effect::Allow => {}
            }
            self.sets(stated, term);
            self.keys(stated, term);
            self.stars(stated, term);
            self.private(stated, term);
            self.mfa(stated, term);
        }
        self.open_when_absent(stated);
        self.window(stated);
    }

    /// CAM0515.
    fn bypassable(&mut self, stated: &Stated, term: &StatedTerm) {
        let Term { operator, key, .. } = &term.meaning;
        if operator.if_exist || operator.base == Base::NullEqual || ALWAYS_KNOWN.contains(&&**key) {
            return;
        }
        let message = format!("a request without `{key}` slips past this deny");
        let loose = Operator { if_exist: true, ..*operator };
        let fix = term.alone.then(|| Fix::suggestion(term.operator_span, format!("\"{loose}\"")));
        let found = self.found(stated, code::BYPASSABLE_DENY, term.key_span, message);
        found.help = Some(format!("`{loose}` denies such requests too"));
        found.fix = fix;
    }

    /// CAM0516.
    fn open_when_absent(&mut self, stated: &Stated) {
        let loose = |term: &StatedTerm| term.meaning.operator.if_exist;
        let Some(first) = stated.terms.first() else { return };
        if stated.meaning.effect != Effect::Allow || !stated.terms.iter().all(loose) {
            return;
        }
        let mut keys: Vec<String> =
            stated.terms.iter().map(|term| format!("`{}`", term.meaning.key)).collect();
        keys.dedup();
        let keys = keys.join(" and ");
        let strict = Operator { if_exist: false, ..first.meaning.operator };
        let fix =
            (stated.terms.len() == 1).then(|| Fix::suggestion(first.operator_span, format!("\"{strict}\"")));
        let message = format!("a request without {keys} meets every condition of this allow");
        let found = self.found(stated, code::OPEN_WHEN_ABSENT, first.operator_span, message);
        found.help = Some(format!("`{strict}` demands the key"));
        found.fix = fix;
    }

    /// CAM0517, CAM0518.
    fn sets(&mut self, stated: &Stated, term: &StatedTerm) {
        let Term { operator, key, .. } = &term.meaning;
        match operator.qualifier {
            Qualifier::AllValues => {
                let present = |other: &StatedTerm| {
                    other.meaning.key == *key && other.meaning.values == Values::Null(false)
                };
                if stated.terms.iter().any(present) {
                    return;
                }
                let message = format!("`{operator}` of `{key}` says nothing about an empty list of values");
                let found = self.found(stated, code::FOR_ALL_EMPTY, term.key_span, message);
                found.help = Some(match stated.meaning.effect {
                    Effect::Allow => format!(
                        "an empty list is not allowed by this statement; say so with `null_equal` `\"false\"` of `{key}`"
                    ),
                    Effect::Deny => format!(
                        "an empty list is denied by this statement; exclude it with `null_equal` `\"false\"` of `{key}`"
                    ),
                });
            }
            Qualifier::None if TAGS.contains(&&**key) && operator.base != Base::NullEqual => {
                let message =
                    format!("`{operator}` of `{key}` is undecided when only some of the tags match");
                let any = Operator { qualifier: Qualifier::AnyValue, ..*operator };
                let all = Operator { qualifier: Qualifier::AllValues, ..*operator };
                let found = self.found(stated, code::NEEDS_QUALIFIER, term.key_span, message);
                found.help = Some(format!("write `{any}` or `{all}`"));
            }
            _ => {}
        }
    }

    /// CAM0519, CAM0520, CAM0529 of keys.
    fn keys(&mut self, stated: &Stated, term: &StatedTerm) {
        let key = &*term.meaning.key;
        if !is_known_key(key) {
            let message = format!("`{key}` is no key that is documented for all services");
            let near = camshaft_frontend::spelling::nearest(
                key,
                camshaft_frontend::condition::KNOWN_KEYS.iter().copied(),
            );
            let found = self.found(stated, code::UNKNOWN_KEY, term.key_span, message);
            found.help = Some(match near {
                Some(near) => {
                    format!("did you mean `{near}`? a key that no request has makes the term false")
                }
                None => "a key that no request has makes the term false; does the service send it?".into(),
            });
            found.fix = near.map(|near| Fix::suggestion(term.key_span, format!("\"{near}\"")));
        }
        if let Some((service, _)) = key.split_once(':')
            && !matches!(service, "qcs" | "sts" | "oidc" | "saml")
        {
            let of_service = |action: &ActionEntry| match action {
                ActionEntry::All => true,
                ActionEntry::Operation { service: of, .. } => **of == *service,
            };
            if !stated.meaning.actions.iter().any(of_service) {
                let message =
                    format!("`{key}` is a key of `{service}`, of which the statement names no action");
                let found = self.found(stated, code::KEY_OF_OTHER_SERVICE, term.key_span, message);
                found.help =
                    Some("other services do not send it; move the term to a statement of its own".into());
            }
        }
        let dated = match key {
            "qcs:tag" => "`qcs:resource_tag` or `qcs:request_tag`",
            "qcs:mfa" => "`mfa`",
            _ => return,
        };
        let message = format!("`{key}` is a dated key");
        let found = self.found(stated, code::DATED_FORM, term.key_span, message);
        found.help = Some(format!("newer pages have {dated}; see what the service sends"));
    }

    /// CAM0522.
    fn stars(&mut self, stated: &Stated, term: &StatedTerm) {
        let operator = term.meaning.operator;
        let like = match operator.base {
            Base::StringEqual | Base::StringEqualIgnoreCase => Base::StringLike,
            Base::StringNotEqual | Base::StringNotEqualIgnoreCase => Base::StringNotLike,
            _ => return,
        };
        let like = Operator { base: like, ..operator };
        for value in &term.values {
            let Values::Text(patterns) = &value.means else { continue };
            let star = |piece: &Piece| matches!(piece, Piece::Literal(text) if text.contains('*'));
            if patterns.iter().any(|pattern| pattern.0.iter().any(star)) {
                let message = format!("`*` in `{}` stands for itself under `{operator}`", value.text);
                let fix = term.alone.then(|| Fix::suggestion(term.operator_span, format!("\"{like}\"")));
                let found = self.found(stated, code::STAR_IN_EQUALITY, value.span, message);
                found.help = Some(format!("for any text write `{like}`"));
                found.fix = fix;
            }
        }
    }

    /// CAM0528.
    fn private(&mut self, stated: &Stated, term: &StatedTerm) {
        let Term { operator, key, values, unvalued } = &term.meaning;
        let Values::Network(networks) = values else { return };
        if operator.base == Base::IpEqual
            && &**key == "qcs:ip"
            && !unvalued
            && networks.iter().all(|network| is_private(*network))
        {
            let message = "every address is private: requests over the internet come from none of them";
            let found = self.found(stated, code::PRIVATE_ADDRESS, term.key_span, message);
            found.help = Some("name the addresses that the requests leave your network with".into());
        }
    }

    /// CAM0533.
    fn mfa(&mut self, stated: &Stated, term: &StatedTerm) {
        let Term { operator, key, values, .. } = &term.meaning;
        if !MFA.contains(&&**key) {
            return;
        }
        let holds = match values {
            Values::Null(empty) => *empty,
            _ => operator.if_exist,
        };
        let (message, help) = match (stated.meaning.effect, holds) {
            (Effect::Allow, true) => (
                format!("a request without `{key}` meets this term of an allow"),
                "a caller without MFA may send no such key; demand it without `_if_exist`",
            ),
            (Effect::Deny, false) => (
                format!("a request without `{key}` is not met by this deny"),
                "a caller without MFA may send no such key; `_if_exist` denies it",
            ),
            _ => return,
        };
        self.found(stated, code::MFA_BY_ABSENCE, term.key_span, message).help = Some(help.into());
    }

    /// CAM0538.
    fn window(&mut self, stated: &Stated) {
        let dated = |term: &&StatedTerm| {
            &*term.meaning.key == CURRENT_TIME
                && term.meaning.operator.base.value_type() == ValueType::Date
                && !term.meaning.unvalued
        };
        let terms: Vec<&StatedTerm> = stated.terms.iter().filter(dated).collect();
        let Some(first) = terms.first() else { return };
        let dates = |term: &&StatedTerm| match &term.meaning.values {
            Values::Date(dates) => dates.clone(),
            _ => Vec::new(),
        };
        let build = self.lints.build_date;
        // What holds changes only at the dates themselves: they and their neighbours stand for all instants.
        let mut instants: Vec<Instant> = terms.iter().flat_map(dates).collect();
        instants.extend([EARLIEST, LATEST].into_iter().chain(build));
        let near = |Instant(at): &Instant| [at.saturating_sub(1), *at, at.saturating_add(1)].map(Instant);
        let open = instants
            .iter()
            .flat_map(near)
            .filter(|at| (EARLIEST..=LATEST).contains(at))
            .filter(|at| terms.iter().all(|term| holds(&term.meaning, *at)))
            .max();
        let message = match (open, build) {
            (None, _) => "there is no time at which this window is open".to_owned(),
            (Some(last), Some(build)) if last < build => format!("this window closed at {last}"),
            _ => return,
        };
        let others: Vec<_> = terms.iter().skip(1).map(|term| term.key_span).collect();
        let found = self.found(stated, code::EMPTY_WINDOW, first.key_span, message);
        found.help = Some(match stated.meaning.effect {
            Effect::Allow => "the statement allows nothing; mend the dates or remove it".into(),
            Effect::Deny => {
                "the statement denies nothing at a known time; mend the dates or remove it".into()
            }
        });
        found.related.extend(others.into_iter().map(|span| (span, "this bounds it too".into())));
    }
}

/// The first and the last instant that a request can have.
const EARLIEST: Instant = Instant(-62_167_219_200_000);
const LATEST: Instant = Instant(253_402_300_799_999);

/// Whether a term of dates is T at an instant (CITE CON-9, CON-10).
fn holds(term: &Term, at: Instant) -> bool {
    let Values::Date(dates) = &term.values else { return false };
    let base = term.operator.base;
    let meets = |date: &Instant| match base.positive() {
        Base::DateLessThan => at < *date,
        Base::DateLessThanEqual => at <= *date,
        Base::DateGreaterThan => at > *date,
        Base::DateGreaterThanEqual => at >= *date,
        _ => at == *date,
    };
    dates.iter().any(meets) != base.is_negated()
}

/// RFC 1918, RFC 4193, loopback and link-local.
fn is_private(network: Network) -> bool {
    const fn v4(a: u8, b: u8, length: u8) -> Network {
        Network::V4(u32::from_be_bytes([a, b, 0, 0]), length)
    }
    const PRIVATE: [Network; 8] = [
        v4(10, 0, 8),
        v4(172, 16, 12),
        v4(192, 168, 16),
        v4(127, 0, 8),
        v4(169, 254, 16),
        Network::V6(0xfc << 120, 7),
        Network::V6(0xfe80 << 112, 10),
        Network::V6(1, 128),
    ];
    PRIVATE.iter().any(|private| cover::holds(*private, network))
}
