//! Mail that goes in circles: how often it has been through relays at all, and how often through this gateway.
//!
//! Every message that the gateway takes bears one field more: `Sealgate-Pass: 2 <mac>`, the number of the pass, and what only
//! this gateway's key makes of that number and the message's Message-ID. A field that somebody else wrote, or copied from
//! another message, does not count: it neither ends a message that goes no circle, nor makes one that does look new.

use crate::message::{RawMessage, Secret, is_equal};

use super::accept::NotTaken;
use super::{header, received};

/// The field's name.
const NAME: &str = "Sealgate-Pass";
const PURPOSE: &str = "pass of a message";
/// Fields that are looked at, from the top, where each relay adds its own.
const MOST: usize = 100;

/// When mail goes in circles: `[loops]` in the settings.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Loops {
    /// `Received` fields that a message may carry.
    pub hops: usize,
    /// How often a message may pass this gateway.
    pub passes: u32,
}

impl Default for Loops {
    fn default() -> Self {
        Loops { hops: 100, passes: 5 }
    }
}

impl Loops {
    /// Everything in the section that makes no sense, each with its cure.
    pub fn mistakes(&self) -> Vec<String> {
        let mut mistakes = Vec::new();
        if self.hops < 30 {
            mistakes.push(format!(
                "`hops` is {}: mail goes through many relays without going in circles; RFC 5321 6.3 asks for at least 100",
                self.hops
            ));
        }
        if self.passes == 0 {
            mistakes.push("`passes` is 0: no mail could pass; it must be 1 or more".to_owned());
        }
        mistakes
    }
}

/// Tells mail that goes in circles.
#[derive(Clone, Debug)]
pub struct LoopGuard {
    limits: Loops,
    secret: Secret,
}

impl LoopGuard {
    /// With the gateway's own key.
    pub fn new(limits: Loops, secret: Secret) -> LoopGuard {
        LoopGuard { limits, secret }
    }

    /// The gateway's own key.
    pub(super) fn secret(&self) -> &Secret {
        &self.secret
    }

    /// The field for this pass of the message, with its line end.
    ///
    /// # Errors
    /// When the message goes in circles.
    pub(super) fn pass(&self, raw: &RawMessage) -> Result<String, NotTaken> {
        if received::hops(raw) > self.limits.hops {
            return Err(NotTaken::Loop);
        }
        let identity = identity(raw);
        let mut passes = 0;
        for field in header::values(raw, NAME).take(MOST) {
            if let Some((number, mac)) = mark(&field)
                && number > passes
                && is_equal(self.mac(number, &identity).as_bytes(), mac)
            {
                passes = number;
            }
        }
        if passes >= self.limits.passes {
            return Err(NotTaken::Loop);
        }
        let number = passes + 1;
        let mac = self.mac(number, &identity);
        Ok(format!("{NAME}: {number} {mac}\r\n"))
    }

    fn mac(&self, number: u32, identity: &[u8]) -> String {
        self.secret.mark(PURPOSE, &[&number.to_be_bytes(), identity])
    }
}

/// The number and the MAC in a field that looks like ours.
fn mark(field: &[u8]) -> Option<(u32, &[u8])> {
    let mut words = field
        .split(|octet| *octet == b' ')
        .filter(|word| !word.is_empty());
    let number = std::str::from_utf8(words.next()?).ok()?.parse().ok()?;
    Some((number, words.next()?))
}

/// What stays the same of a message on its way: its Message-ID without blanks, however it is folded.
fn identity(raw: &RawMessage) -> Vec<u8> {
    let mut id = header::values(raw, "Message-ID").next().unwrap_or_default();
    id.retain(|octet| !octet.is_ascii_whitespace());
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(passes: u32) -> LoopGuard {
        LoopGuard::new(Loops { hops: 100, passes }, Secret::passing().unwrap())
    }

    fn message(fields: &str, id: &str) -> RawMessage {
        RawMessage::new(format!("{fields}Message-ID: {id}\r\nSubject: x\r\n\r\ntext\r\n"))
    }

    #[test]
    fn a_message_that_comes_back_again_and_again_is_a_loop() {
        let guard = guard(3);
        let mut fields = String::new();
        for number in 1..=3 {
            let field = guard.pass(&message(&fields, "<a@b.example>")).unwrap();
            assert!(field.starts_with(&format!("Sealgate-Pass: {number} ")), "{field}");
            fields = format!("Received: from somebody\r\n{field}{fields}");
        }
        let again = message(
            &fields
                .to_uppercase()
                .replace("SEALGATE-PASS", "sealgate-pass")
                .to_lowercase(),
            "\r\n <a@b.example>",
        );
        assert!(matches!(guard.pass(&again), Err(NotTaken::Loop)));
    }

    #[test]
    fn forged_copied_and_foreign_fields_neither_end_mail_nor_help_it() {
        let guard = guard(1);
        let own = guard.pass(&message("", "<a@b.example>")).unwrap();
        // On another message, by another gateway, or made up: the message is new.
        let foreign = super::tests::guard(1)
            .pass(&message("", "<c@d.example>"))
            .unwrap();
        let forged = format!(
            "{NAME}: 9 {}\r\n{NAME}: x\r\n{NAME}:\r\n{NAME}: 4294967296 00\r\n",
            "0".repeat(32)
        );
        for fields in [&own, &foreign, &forged] {
            let field = guard.pass(&message(fields, "<c@d.example>")).unwrap();
            assert!(field.starts_with("Sealgate-Pass: 1 "), "{field}");
        }
        // Beside the true one they change nothing.
        let fields = [&forged, &own, &foreign].map(String::as_str).concat();
        assert!(matches!(
            guard.pass(&message(&fields, "<a@b.example>")),
            Err(NotTaken::Loop)
        ));
        // In the body it is text.
        let body = RawMessage::new(format!("Message-ID: <a@b.example>\r\n\r\n{own}"));
        assert!(guard.pass(&body).is_ok());
    }

    #[test]
    fn too_many_relays_are_a_loop_whoever_they_were() {
        let guard = guard(5);
        let hops = |count| message(&"Received: from x\r\n".repeat(count), "<a@b.example>");
        assert!(guard.pass(&hops(100)).is_ok());
        assert!(matches!(guard.pass(&hops(101)), Err(NotTaken::Loop)));
    }

    #[test]
    fn limits_that_would_stop_all_mail_are_mistakes() {
        assert!(Loops::default().mistakes().is_empty());
        assert_eq!(Loops { hops: 5, passes: 0 }.mistakes().len(), 2);
    }

    proptest::proptest! {
        #[test]
        fn no_octets_panic(octets in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
            let _ = guard(1).pass(&RawMessage::new(octets));
        }
    }
}
