//! What a sender asks of TLS on a message's way (RFC 8689): it comes with MAIL, stays with every copy, and goes on to the next hop.

use std::convert::Infallible;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a sender asks of TLS between here and the recipient's mailbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", from = "String")]
pub enum TlsWish {
    /// Nothing: the gateway's settings and what the recipient's domain has published decide.
    #[default]
    AsConfigured,
    /// Every host on the way must be verified and must promise the same (REQUIRETLS, RFC 8689 §2).
    Required,
    /// What the recipient's domain has published about its TLS may be ignored (`TLS-Required: No`, RFC 8689 §3).
    Waived,
}

impl TlsWish {
    /// Whether nothing was asked.
    pub fn is_default(&self) -> bool {
        *self == TlsWish::AsConfigured
    }

    /// Whether the mail must not go where TLS is not certain.
    pub fn is_required(self) -> bool {
        self == TlsWish::Required
    }

    /// What holds for a notice about the mail.
    pub fn of_notice(self) -> TlsWish {
        match self {
            TlsWish::Waived => TlsWish::AsConfigured,
            other => other,
        }
    }

    /// The name that stores keep; `None` when nothing was asked.
    pub fn name(self) -> Option<&'static str> {
        match self {
            TlsWish::AsConfigured => None,
            TlsWish::Required => Some("required"),
            TlsWish::Waived => Some("waived"),
        }
    }

    /// For people; `None` when nothing was asked.
    pub fn in_words(self) -> Option<&'static str> {
        match self {
            TlsWish::AsConfigured => None,
            TlsWish::Required => Some("required on the whole way (REQUIRETLS)"),
            TlsWish::Waived => {
                Some("not required, whatever the recipient's domain has published (TLS-Required: No)")
            }
        }
    }
}

/// Never fails: a word that only a newer program knows asks for something, so it is taken for the strictest.
impl FromStr for TlsWish {
    type Err = Infallible;

    fn from_str(name: &str) -> Result<Self, Infallible> {
        Ok(match name {
            "as-configured" => TlsWish::AsConfigured,
            "waived" => TlsWish::Waived,
            _ => TlsWish::Required,
        })
    }
}

impl From<String> for TlsWish {
    fn from(name: String) -> Self {
        let Ok(wish) = name.parse();
        wish
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_that_is_not_known_is_taken_for_the_strictest() {
        assert_eq!("as-configured".parse(), Ok(TlsWish::AsConfigured));
        assert_eq!("required".parse(), Ok(TlsWish::Required));
        assert_eq!("with-a-bow-on-it".parse(), Ok(TlsWish::Required));
        for wish in [TlsWish::AsConfigured, TlsWish::Required, TlsWish::Waived] {
            let text = serde_json::to_string(&wish).unwrap();
            assert_eq!(serde_json::from_str::<TlsWish>(&text).unwrap(), wish, "{text}");
        }
    }
}
