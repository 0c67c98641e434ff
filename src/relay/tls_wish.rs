//! What a sender asks of TLS for each copy. `TLS-Required: No` in a header (RFC 8689 §3) asks that what the recipient's domain
//! has published about its TLS be ignored: for mail that matters little, and must arrive. The gateway heeds it only where an
//! administrator wants that, and never for mail that needs protection.

use crate::message::{Leaving, Outbound, Purpose, RawMessage, TlsWish};
use crate::policy::Need;

use super::header;

/// The field's name.
const NAME: &str = "TLS-Required";

/// What holds for a message: REQUIRETLS outweighs the field (RFC 8689 §4.1).
pub(super) fn of_message(envelope: TlsWish, raw: &RawMessage, need: &Need, heeds_no: bool) -> TlsWish {
    let needs_nothing = need.findings.is_empty() && need.obstacles.is_empty();
    match envelope {
        TlsWish::Required => TlsWish::Required,
        _ if heeds_no && needs_nothing && says_no(raw) => TlsWish::Waived,
        _ => TlsWish::AsConfigured,
    }
}

/// What holds for a copy. One that is sealed, or waits to be, needed protection for a reason of its own.
pub(super) fn of_copy(message: TlsWish, copy: &Outbound) -> TlsWish {
    let is_open =
        copy.purpose == Purpose::Mail && matches!(copy.leaving, Leaving::Clear | Leaving::Signed { .. });
    match message {
        TlsWish::Waived if !is_open => TlsWish::AsConfigured,
        other => other,
    }
}

/// Whether the header says it, once and in no other way.
fn says_no(raw: &RawMessage) -> bool {
    let mut values = header::values(raw, NAME);
    let says = |value: Vec<u8>| value.trim_ascii().eq_ignore_ascii_case(b"no");
    values.next().is_some_and(says) && values.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::ObstacleKind;

    fn raw(header: &str) -> RawMessage {
        RawMessage::new(
            format!("{header}\r\n\r\nTLS-Required: No\r\n")
                .replace('\n', "\r\n")
                .replace("\r\r", "\r"),
        )
    }

    #[test]
    fn the_field_counts_once_and_with_this_value_only() {
        for header in [
            "Subject: x\nTLS-Required: No",
            "tls-required:no\nSubject: x",
            "TLS-Required :\n No\nSubject: x",
        ] {
            assert!(says_no(&raw(header)), "{header}");
        }
        for header in [
            "Subject: x",
            "Subject: x\n TLS-Required: No",
            "TLS-Required: Yes",
            "TLS-Required: No way",
            "TLS-Required: No\n way",
            "TLS-Required: No\nTLS-Required: No",
            "X-TLS-Required: No",
            "TLS-Required-Not: No",
        ] {
            assert!(!says_no(&raw(header)), "{header}");
        }
    }

    #[test]
    fn it_is_heeded_for_mail_that_needs_no_protection_and_only_where_that_is_wanted() {
        let no = raw("TLS-Required: No");
        let nothing = Need::default();
        let need = Need {
            findings: Vec::new(),
            obstacles: vec![ObstacleKind::Image],
        };
        let found = Need {
            findings: vec![0],
            obstacles: Vec::new(),
        };
        let asked = TlsWish::AsConfigured;
        assert_eq!(of_message(asked, &no, &nothing, true), TlsWish::Waived);
        assert_eq!(of_message(asked, &no, &nothing, false), asked);
        assert_eq!(of_message(asked, &no, &need, true), asked);
        assert_eq!(of_message(asked, &no, &found, true), asked);
        // A copy that has waited is decided on anew.
        assert_eq!(of_message(TlsWish::Waived, &no, &need, true), asked);
        assert_eq!(
            of_message(TlsWish::Required, &no, &nothing, true),
            TlsWish::Required
        );
    }
}
