//! Mail addresses as the envelope carries them (RFC 5321 §4.1.2, RFC 6531 §3.3).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The longest local part that is taken, in octets (RFC 5321 §4.5.3.1.1).
const LOCAL_LIMIT: usize = 64;
/// The longest domain that is taken, in octets (RFC 5321 §4.5.3.1.2).
const DOMAIN_LIMIT: usize = 255;

/// A mailbox: local part and domain, without source route, display name or comment.
///
/// The domain is kept in lower case. The local part keeps its case, since only the domain's own server knows
/// whether case matters there (RFC 5321 §2.4); [`Address::key`] is what look-ups compare.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address {
    local: String,
    domain: String,
}

/// Whether a domain (in lower case) is among those listed; `*.agency.example` means everything below it.
pub fn is_listed(domain: &str, list: &[String]) -> bool {
    list.iter().any(|own| match own.strip_prefix("*.") {
        Some(parent) => domain
            .strip_suffix(parent)
            .is_some_and(|rest| rest.ends_with('.')),
        None => own == domain,
    })
}

/// Why a text is not a mail address. It never repeats the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// There is no `@`, or nothing on one side of it.
    #[error("an address is written local@domain")]
    Incomplete,
    /// The local part or the domain is longer than RFC 5321 §4.5.3.1 allows.
    #[error("the local part may have 64 octets and the domain 255")]
    TooLong,
    /// A character stands where RFC 5321 §4.1.2 allows none like it.
    #[error("a character in the address is not allowed there")]
    Character,
}

impl Address {
    /// The part before the `@`, as it was written (quotes included).
    pub fn local(&self) -> &str {
        &self.local
    }

    /// The part after the `@`, in lower case; an address literal keeps its brackets.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// The address in lower case: what certificate and policy look-ups compare.
    pub fn key(&self) -> String {
        format!("{}@{}", self.local.to_lowercase(), self.domain)
    }

    /// Whether the address can be sent without SMTPUTF8 (RFC 6531).
    pub fn is_ascii(&self) -> bool {
        self.local.is_ascii() && self.domain.is_ascii()
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let (local, domain) = text.rsplit_once('@').ok_or(AddressError::Incomplete)?;
        if local.is_empty() || domain.is_empty() {
            return Err(AddressError::Incomplete);
        }
        if local.len() > LOCAL_LIMIT || domain.len() > DOMAIN_LIMIT {
            return Err(AddressError::TooLong);
        }
        let local_fits = if local.starts_with('"') {
            is_quoted_string(local)
        } else {
            is_dot_string(local)
        };
        if !local_fits || !is_domain(domain) {
            return Err(AddressError::Character);
        }
        Ok(Address {
            local: local.to_owned(),
            domain: domain.to_lowercase(),
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.local, self.domain)
    }
}

impl TryFrom<String> for Address {
    type Error = AddressError;

    fn try_from(text: String) -> Result<Self, AddressError> {
        text.parse()
    }
}

impl From<Address> for String {
    fn from(address: Address) -> String {
        address.to_string()
    }
}

fn is_dot_string(text: &str) -> bool {
    let atext =
        |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c) || is_text_beyond_ascii(c);
    // RFC 5321 wants no empty atom, but real mailboxes with two dots exist and their servers take them.
    text.chars().all(|c| c == '.' || atext(c))
}

fn is_quoted_string(text: &str) -> bool {
    let Some(inner) = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return false;
    };
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        let next = if c == '\\' {
            chars.next()
        } else if c == '"' {
            None
        } else {
            Some(c)
        };
        match next {
            Some(c) if c == ' ' || c.is_ascii_graphic() || is_text_beyond_ascii(c) => {}
            _ => return false,
        }
    }
    text.len() > 1
}

fn is_domain(text: &str) -> bool {
    if let Some(literal) = text.strip_prefix('[') {
        return literal.strip_suffix(']').is_some_and(|inner| {
            !inner.is_empty()
                && inner
                    .chars()
                    .all(|c| c.is_ascii_hexdigit() || ":.IPv".contains(c))
        });
    }
    text.split('.').all(|label| {
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_' || is_text_beyond_ascii(c);
        !label.is_empty() && label.len() <= 63 && label.chars().all(allowed)
    })
}

fn is_text_beyond_ascii(c: char) -> bool {
    !c.is_ascii() && !c.is_control() && !c.is_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_domain_is_lowered_and_the_local_part_keeps_its_case() {
        let address: Address = "Ann.Lee+x@Partner.EXAMPLE".parse().unwrap();
        assert_eq!(address.to_string(), "Ann.Lee+x@partner.example");
        assert_eq!(address.key(), "ann.lee+x@partner.example");
    }

    #[test]
    fn quoted_local_parts_and_address_literals_are_addresses() {
        for text in [
            r#""a b"@x.example"#,
            r#""a\"b@c"@x.example"#,
            "a@[192.0.2.1]",
            "a@[IPv6:2001:db8::1]",
            "ü@ö.example",
        ] {
            assert!(text.parse::<Address>().is_ok(), "{text}");
        }
    }

    #[test]
    fn line_breaks_angle_brackets_and_empty_sides_are_no_addresses() {
        for text in [
            "",
            "@",
            "a@",
            "@b",
            "a",
            "a b@c.d",
            "a@b\r\nc",
            "<a@b.c>",
            "a@b..c",
            "a@b c",
            "a@-\u{0}",
            "\"a@b.c",
            "\"a\"b\"@c.d",
            "a@[]",
            "a@[x]",
            "a\u{a0}b@c.d",
        ] {
            assert!(text.parse::<Address>().is_err(), "{text:?}");
        }
    }
}
