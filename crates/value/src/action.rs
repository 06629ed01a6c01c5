//! Actions of requests: `[name/]service:Operation` (CITE ACT-1, ACT-2, REQ-4).

use crate::alphabet;

/// An action without `name/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Action<'a> {
    /// `service:Operation`.
    pub text: &'a str,
    /// The part before the colon.
    pub service: &'a str,
    /// The part after the colon.
    pub operation: &'a str,
}

impl<'a> Action<'a> {
    /// The parts of a text without `name/` that may be an action.
    fn split(text: &'a str) -> Option<Self> {
        let (service, rest) = alphabet::split_while(text, alphabet::is_service_byte);
        Some(Self { text, service, operation: rest.strip_prefix(':')? })
    }

    /// Reads the action of a request; `None` when it is malformed (CAM0602).
    pub fn parse(text: &'a str) -> Option<Self> {
        let text = strip_name(text);
        let Self { service, operation, .. } = Self::split(text)?;
        let concrete = |b: u8| b != b'*' && alphabet::is_operation_byte(b);
        let sound = alphabet::is_service(service) && !operation.is_empty() && operation.bytes().all(concrete);
        sound.then_some(Self { text, service, operation })
    }
}

/// The text without the optional prefix `name/`.
pub fn strip_name(text: &str) -> &str {
    text.strip_prefix("name/").unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_requests() {
        let action = Action::parse("name/cos:GetObject").unwrap();
        assert_eq!((action.text, action.service, action.operation), ("cos:GetObject", "cos", "GetObject"));
        for bad in
            ["*", "cos:", ":x", "Cos:x", "cos:Get*", "cos:a b", "cos", "name/name/cos:x", "cos:a:b", ""]
        {
            assert_eq!(Action::parse(bad), None, "{bad}");
        }
    }
}
