//! What a sender asks of notices about one recipient (RFC 3461): it comes with MAIL and RCPT, stays with the delivery, and
//! goes on to the next hop.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a sender asks of delivery status notifications about one recipient (RFC 3461 §4). Nothing asked is the default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DsnRequest {
    /// How much of the message a notice of failure may return.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ret: Option<Ret>,
    /// The sender's own name for the transaction, in xtext.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub envid: Option<String>,
    /// When the sender wants to be told; `None` leaves it to whoever delivers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notify: Option<Notify>,
    /// The recipient as the sender wrote it: type, `;`, address in xtext.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub orcpt: Option<String>,
}

/// How much of a message may be returned (RFC 3461 §4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ret {
    /// All of it.
    Full,
    /// Its header.
    Headers,
}

/// Of what the sender wants to be told (RFC 3461 §4.1); of nothing is `NEVER`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notify {
    /// That it was delivered.
    pub success: bool,
    /// That it was not.
    pub failure: bool,
    /// That it is late.
    pub delay: bool,
}

impl DsnRequest {
    /// Whether nothing was asked.
    pub fn is_empty(&self) -> bool {
        *self == DsnRequest::default()
    }

    /// Whether the sender may be told of a failure.
    pub fn wants_failure(&self) -> bool {
        self.notify.is_none_or(|notify| notify.failure)
    }

    /// Whether the sender may be told of a delay.
    pub fn wants_delay(&self) -> bool {
        self.notify.is_none_or(|notify| notify.delay)
    }

    /// Whether the sender asked to be told of success.
    pub fn wants_success(&self) -> bool {
        self.notify.is_some_and(|notify| notify.success)
    }

    /// What `Original-Envelope-Id` says (RFC 3464 §2.2.1).
    pub fn original_envelope(&self) -> Option<String> {
        self.envid.as_deref().and_then(from_xtext)
    }

    /// What `Original-Recipient` says (RFC 3464 §2.3.1).
    pub fn original_recipient(&self) -> Option<String> {
        let (kind, address) = self.orcpt.as_deref()?.split_once(';')?;
        Some(format!("{kind}; {}", from_xtext(address)?))
    }
}

impl fmt::Display for Ret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Ret::Full => "FULL",
            Ret::Headers => "HDRS",
        })
    }
}

impl fmt::Display for Notify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = [
            (self.success, "SUCCESS"),
            (self.failure, "FAILURE"),
            (self.delay, "DELAY"),
        ];
        let words: Vec<&str> = all
            .iter()
            .filter(|(set, _)| *set)
            .map(|(_, word)| *word)
            .collect();
        match words.is_empty() {
            true => f.write_str("NEVER"),
            false => f.write_str(&words.join(",")),
        }
    }
}

/// Undoes xtext (RFC 3461 §4). `None` when it is none, or hides a character that is not printable: nobody's wish may
/// begin a new line in a notice.
pub fn from_xtext(text: &str) -> Option<String> {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let meant = match c {
            '+' => char::from(hex(rest.next()?)? * 16 + hex(rest.next()?)?),
            '=' => return None,
            c if c.is_ascii() => c,
            // RFC 6533 §3 lets addresses of the type utf-8 stand there as they are.
            c if !c.is_control() => {
                plain.push(c);
                continue;
            }
            _ => return None,
        };
        if !(meant == ' ' && c == '+' || meant.is_ascii_graphic()) {
            return None;
        }
        plain.push(meant);
    }
    Some(plain)
}

/// Upper case only (RFC 3461 §4).
fn hex(digit: char) -> Option<u8> {
    match digit {
        '0'..='9' | 'A'..='F' => digit.to_digit(16).and_then(|value| u8::try_from(value).ok()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xtext_is_undone_and_hides_no_line_end() {
        assert_eq!(from_xtext("a+2Bb+3Dc+20d").as_deref(), Some("a+b=c d"));
        for bad in ["a+0D+0Ab", "a+2b", "a+2", "a+", "a=b", "a b", "+7F", "+C3+BC"] {
            assert_eq!(from_xtext(bad), None, "{bad}");
        }
    }

    #[test]
    fn wishes_are_written_as_they_came() {
        let notify = |success, failure, delay| {
            Notify {
                success,
                failure,
                delay,
            }
            .to_string()
        };
        assert_eq!(notify(false, false, false), "NEVER");
        assert_eq!(notify(true, false, true), "SUCCESS,DELAY");
        let dsn = DsnRequest {
            envid: Some("QQ+2B1".to_owned()),
            orcpt: Some("rfc822;ann+2Bx@a.example".to_owned()),
            ..DsnRequest::default()
        };
        assert_eq!(dsn.original_envelope().as_deref(), Some("QQ+1"));
        assert_eq!(
            dsn.original_recipient().as_deref(),
            Some("rfc822; ann+x@a.example")
        );
        assert!(dsn.wants_failure() && dsn.wants_delay() && !dsn.wants_success());
        let text = serde_json::to_string(&dsn).unwrap();
        assert_eq!(serde_json::from_str::<DsnRequest>(&text).unwrap(), dsn);
        assert_eq!(serde_json::to_string(&DsnRequest::default()).unwrap(), "{}");
    }
}
