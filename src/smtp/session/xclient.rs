//! XCLIENT: a balancer that speaks SMTP itself says for whom (Postfix's XCLIENT_README; there is no RFC).

use std::net::IpAddr;

use super::{Answer, Event, Session, Standing};

/// What EHLO offers to such a balancer. Only ADDR and LOGIN change anything here.
pub(super) const OFFER: &str = "XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT";

/// For whom a balancer speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::smtp) struct Introduction {
    /// Not known to the balancer itself when it is `None`.
    pub(in crate::smtp) address: Option<IpAddr>,
    /// The user who has proved a password to the balancer.
    pub(in crate::smtp) user: Option<String>,
}

/// Reads `ADDR=192.0.2.1 LOGIN=ann …`. The address must be told, if only as unknown.
pub(in crate::smtp) fn parse(rest: &str) -> Option<Introduction> {
    let mut address = None;
    let mut user = None;
    for word in rest.split(' ').filter(|word| !word.is_empty()) {
        let (key, value) = word.split_once('=')?;
        let value = decode(value)?;
        let told = Some(&value).filter(|value| *value != "[UNAVAILABLE]" && *value != "[TEMPUNAVAIL]");
        match key.to_ascii_uppercase().as_str() {
            "ADDR" if address.is_none() => {
                address = Some(match told {
                    Some(text) => Some(ip(text)?),
                    None => None,
                });
            }
            "LOGIN" if user.is_none() => user = told.cloned(),
            "NAME" | "PORT" | "PROTO" | "HELO" | "DESTADDR" | "DESTPORT" => {}
            _ => return None,
        }
    }
    Some(Introduction {
        address: address?,
        user,
    })
}

/// `192.0.2.1`, or `IPV6:2001:db8::1`. An error within.
fn ip(text: &str) -> Option<IpAddr> {
    let bare = match text.split_at_checked(5) {
        Some((prefix, rest)) if prefix.eq_ignore_ascii_case("IPV6:") => rest,
        _ => text,
    };
    bare.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

/// xtext (RFC 3461 §4): `+` and two digits stand for an octet.
fn decode(value: &str) -> Option<String> {
    let mut octets = Vec::new();
    let mut rest = value.bytes();
    while let Some(octet) = rest.next() {
        octets.push(match octet {
            b'+' => {
                let digits = [rest.next()?, rest.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            octet => octet,
        });
    }
    let text = String::from_utf8(octets).ok()?;
    (!text.is_empty() && !text.chars().any(char::is_control)).then_some(text)
}

impl Session {
    pub(super) fn introduce(&mut self, introduction: Introduction) -> Option<Event> {
        if !self.may_introduce {
            self.fail(Answer::NO_XCLIENT);
        } else if self.transaction.is_some() {
            self.fail(Answer::XCLIENT_IN_TRANSACTION);
        } else {
            return Some(Event::Introduced(introduction));
        }
        None
    }

    /// The answer to [`Event::Introduced`]: the session begins anew for that client. From a stranger nothing is taken.
    pub(in crate::smtp) fn introduced(&mut self, introduction: Introduction, standing: Standing) {
        if let Some(address) = introduction.address {
            self.client.address = address;
        }
        self.client.user = introduction.user;
        self.client.helo.clear();
        self.client.extended = false;
        self.standing = standing;
        let hostname = &self.rules.hostname;
        self.say(match standing {
            Standing::Stranger => Answer::stranger(hostname),
            _ => Answer::greeting(hostname),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_told_in_every_form_that_postfix_writes() {
        let address = |text: &str| parse(text).unwrap().address.map(|address| address.to_string());
        assert_eq!(
            address("ADDR=192.0.2.7 NAME=[UNAVAILABLE]").as_deref(),
            Some("192.0.2.7")
        );
        assert_eq!(
            address("NAME=a+2Db ADDR=IPV6:2001:db8::7").as_deref(),
            Some("2001:db8::7")
        );
        assert_eq!(
            address("addr=ipv6:::ffff:192.0.2.7").as_deref(),
            Some("192.0.2.7")
        );
        assert_eq!(address("ADDR=[UNAVAILABLE]"), None);
        let ann = parse("ADDR=192.0.2.7 LOGIN=ann+40agency.example PROTO=ESMTP").unwrap();
        assert_eq!(ann.user.as_deref(), Some("ann@agency.example"));
    }

    #[test]
    fn what_cannot_be_read_introduces_nobody() {
        for wrong in [
            "",
            "NAME=x",
            "ADDR",
            "ADDR=",
            "ADDR=x",
            "ADDR=192.0.2.7 ADDR=192.0.2.8",
            "ADDR=192.0.2.7 COLOUR=red",
            "ADDR=192.0.2.7 LOGIN=+0",
            "ADDR=192.0.2.7 LOGIN=a+0Ab",
            "ADDR=192.0.2.7 LOGIN=+ÿ",
        ] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
