//! Requests, as text that the caller owns.

use camshaft_bundle::Bundle;

/// A request. All text is UTF-8 as the gateway got it; nothing is decoded here.
#[derive(Clone, Copy, Debug, Default)]
pub struct Request<'a> {
    /// The caller, for example `qcs::cam::uin/100000000001:uin/100000000011` (CITE REQ-3).
    pub principal: &'a str,
    /// `service:Operation`.
    pub action: &'a str,
    /// One to 64 resources: `*` or six segments.
    pub resources: &'a [&'a str],
    /// Condition keys with their values; a key may have several values or none, and stands once.
    pub context: &'a [(&'a str, &'a [&'a str])],
    /// The time of the request, `YYYY-MM-DDThh:mm:ss[.f]` with a zone.
    pub time: Option<&'a str>,
    /// Whether the request is signed, where the gateway says so.
    pub signed: Option<bool>,
    /// The session policy.
    pub session: Session<'a>,
    /// Seconds since the bundle was made.
    pub artifact_age_s: Option<u64>,
}

/// The session policy of a request.
#[derive(Clone, Copy, Debug, Default)]
pub enum Session<'a> {
    /// There is none.
    #[default]
    None,
    /// There is one, and it was refused (CITE REQ-11).
    Invalid,
    /// A prepared one.
    Policy(&'a SessionPolicy),
}

/// A session policy compiled on its own (`camshaft_compiler::session`), to be reused.
#[derive(Debug)]
pub struct SessionPolicy {
    pub(crate) bundle: Bundle,
}

impl SessionPolicy {
    /// Takes the opened bundle of a session policy.
    pub fn new(bundle: Bundle) -> Self {
        Self { bundle }
    }

    /// The bundle.
    pub fn bundle(&self) -> &Bundle {
        &self.bundle
    }
}

/// Bytes of one string of a request (CITE LIM-16).
pub(crate) const MAX_TEXT: usize = 4_096;
/// Keys of a context.
pub(crate) const MAX_KEYS: usize = 256;
/// Values of a key.
pub(crate) const MAX_VALUES: usize = 256;
/// Resources of a request (CITE LIM-15).
pub(crate) const MAX_RESOURCES: usize = 64;
/// Bytes of a request in all (CITE LIM-18).
pub(crate) const MAX_TOTAL: usize = 65_536;

impl Request<'_> {
    /// Whether every string and count is within its limit and no key is repeated.
    #[inline]
    pub(crate) fn is_sized(&self) -> bool {
        let (mut total, mut longest, mut most) = (0usize, 0, 0);
        let mut measure = |text: &str| {
            // As long as every text is short and the counts are within theirs, the sum cannot overflow.
            total = total.wrapping_add(text.len());
            longest = longest.max(text.len());
        };
        measure(self.principal);
        measure(self.action);
        if let Some(time) = self.time {
            measure(time);
        }
        self.resources.iter().for_each(|resource| measure(resource));
        for (key, values) in self.context {
            measure(key);
            most = most.max(values.len());
            values.iter().for_each(|value| measure(value));
        }
        let counted = most <= MAX_VALUES && self.context.len() <= MAX_KEYS;
        longest <= MAX_TEXT && total <= MAX_TOTAL && counted && !self.repeats_key()
    }

    #[inline]
    fn repeats_key(&self) -> bool {
        let mut rest = self.context;
        while let [(key, _), others @ ..] = rest {
            if others.iter().any(|(other, _)| other == key) {
                return true;
            }
            rest = others;
        }
        false
    }
}
