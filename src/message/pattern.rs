//! Patterns for addresses: who may receive personal information, for whom a key signs.

use std::fmt;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

use super::{Address, AddressError};

/// A set of addresses, written the way administrators write it. Case never matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pattern {
    /// `*`: everybody.
    Everybody,
    /// `@agency.example`: everybody in exactly this domain.
    Domain(String),
    /// `@*.agency.example`: everybody in any domain below it, but not in the domain itself.
    Below(String),
    /// `ann@agency.example`: one mailbox, as [`Address::key`] spells it.
    Mailbox(String),
}

/// A text that is no pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a recipient pattern is an address, `@domain`, `@*.domain` for every domain below it, or `*` for everybody"
)]
pub struct PatternError;

impl Pattern {
    /// Whether the address belongs to the set.
    pub fn matches(&self, address: &Address) -> bool {
        match self {
            Pattern::Everybody => true,
            Pattern::Domain(domain) => address.domain() == domain,
            Pattern::Below(domain) => address
                .domain()
                .strip_suffix(domain.as_str())
                .and_then(|rest| rest.strip_suffix('.'))
                .is_some_and(|label| !label.is_empty()),
            Pattern::Mailbox(key) => &address.key() == key,
        }
    }
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let domain = |domain: &str| {
            let address: Result<Address, AddressError> = format!("postmaster@{domain}").parse();
            address
                .map(|address| address.domain().to_owned())
                .map_err(|_| PatternError)
        };
        if text == "*" {
            return Ok(Pattern::Everybody);
        }
        match text.strip_prefix('@') {
            Some(rest) => match rest.strip_prefix("*.") {
                Some(parent) => Ok(Pattern::Below(domain(parent)?)),
                None => Ok(Pattern::Domain(domain(rest)?)),
            },
            None => {
                let address: Address = text.parse().map_err(|_| PatternError)?;
                // `*@agency.example` would be an address with the local part `*`, which nobody means.
                if address.local().contains('*') {
                    return Err(PatternError);
                }
                Ok(Pattern::Mailbox(address.key()))
            }
        }
    }
}

impl<'de> Deserialize<'de> for Pattern {
    /// By hand, for only an error from within the visitor keeps the place of the list's entry.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Pattern;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Pattern, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pattern::Everybody => f.write_str("*"),
            Pattern::Domain(domain) => write!(f, "@{domain}"),
            Pattern::Below(domain) => write!(f, "@*.{domain}"),
            Pattern::Mailbox(key) => f.write_str(key),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, address: &str) -> bool {
        let pattern: Pattern = pattern.parse().unwrap();
        pattern.matches(&address.parse().unwrap())
    }

    #[test]
    fn each_form_matches_what_it_says() {
        assert!(matches("*", "anybody@anywhere.example"));
        assert!(matches("@Partner.Example", "Ann@partner.example"));
        assert!(matches("@*.partner.example", "ann@hr.partner.example"));
        assert!(matches("@*.partner.example", "ann@a.b.partner.example"));
        assert!(matches("Ann@partner.example", "ANN@PARTNER.example"));
    }

    #[test]
    fn a_pattern_never_reaches_a_domain_that_only_ends_alike() {
        assert!(!matches("@partner.example", "ann@evilpartner.example"));
        assert!(!matches("@partner.example", "ann@hr.partner.example"));
        assert!(!matches("@*.partner.example", "ann@partner.example"));
        assert!(!matches("@*.partner.example", "ann@evilpartner.example"));
        assert!(!matches("ann@partner.example", "joann@partner.example"));
        assert!(!matches(
            "@partner.example",
            "\"ann@partner.example\"@evil.example"
        ));
    }

    #[test]
    fn other_texts_are_no_patterns() {
        for text in [
            "",
            "@",
            "partner.example",
            "@*",
            "@*.",
            "*@partner.example",
            "@*.*.example",
            "@a b",
            "**",
            "@.example",
        ] {
            assert_eq!(text.parse::<Pattern>(), Err(PatternError), "{text}");
        }
    }
}
