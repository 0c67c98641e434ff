//! Which host takes mail for a recipient's domain, and every mistake that the settings can hold about it.

use std::collections::HashMap;
use std::time::Duration;

use crate::message::Address;

use super::pool::Pool;
use super::tls::Connector;
use super::{Settings, Tls};

const SMTP_PORT: u16 = 25;
/// RFC 5321 §4.5.3.2 asks for more nowhere.
const TIMEOUT_LIMIT: u64 = 600;
const GIVE_UP_LIMIT: u64 = 24 * 365;
const EXAMPLE: &str = "next_hop = \"mail.example.org:25\"";

/// A host that mail is handed to, with the connections that wait for the next transaction.
pub(super) struct Hop {
    /// Host name or address, without brackets.
    pub(super) host: String,
    pub(super) port: u16,
    /// `host:port`, as it is written in replies and settings.
    pub(super) name: String,
    pub(super) tls: Tls,
    pub(super) pool: Pool,
}

/// The route table.
pub(super) struct Routes {
    hops: Vec<Hop>,
    exact: HashMap<String, usize>,
    /// `*.agency.example` stands here as `agency.example`.
    below: HashMap<String, usize>,
    otherwise: Option<usize>,
}

impl Routes {
    /// The table that the settings describe; lines with mistakes are left out (see [`mistakes`]).
    pub(super) fn new(settings: &Settings, keep_idle: Duration) -> Routes {
        let mut routes = Routes {
            hops: Vec::new(),
            exact: HashMap::new(),
            below: HashMap::new(),
            otherwise: None,
        };
        let limit = settings.concurrency.0;
        let pool = || Pool::new(limit, keep_idle);
        for route in &settings.routes {
            let Ok(place) = routes.place(&route.next_hop, route.tls, pool()) else {
                continue;
            };
            let domain = route.domain.to_lowercase();
            match domain.strip_prefix("*.") {
                Some(parent) => routes.below.insert(parent.to_owned(), place),
                None => routes.exact.insert(domain, place),
            };
        }
        routes.otherwise = routes.place(&settings.next_hop, settings.tls, pool()).ok();
        routes
    }

    /// The host for a domain, which is in lower case: its own line, else the longest `*.` line that it is
    /// below, else `next_hop`.
    pub(super) fn hop(&self, domain: &str) -> Option<&Hop> {
        let above = || {
            domain
                .match_indices('.')
                .filter_map(|(dot, _)| self.below.get(domain.get(dot + 1..)?))
                .next()
        };
        let place = self.exact.get(domain).or_else(above).or(self.otherwise.as_ref());
        self.hops.get(*place?)
    }

    fn place(&mut self, text: &str, tls: Tls, pool: Pool) -> Result<usize, String> {
        let (host, port) = endpoint(text)?;
        let name = name(&host, port);
        if let Some(known) = self.hops.iter().position(|hop| hop.name == name) {
            return Ok(known);
        }
        self.hops.push(Hop {
            host,
            port,
            name,
            tls,
            pool,
        });
        Ok(self.hops.len() - 1)
    }
}

/// Every mistake in the section, each with what to write instead.
pub(super) fn mistakes(settings: &Settings) -> Vec<String> {
    let mut found = Vec::new();
    if settings.next_hop.is_empty() && settings.routes.is_empty() {
        found.push(format!(
            "next_hop is missing: name the server that takes the mail, for example {EXAMPLE}"
        ));
    } else if !settings.next_hop.is_empty() {
        found.extend(
            endpoint(&settings.next_hop)
                .err()
                .map(|why| format!("next_hop {why}")),
        );
    }
    route_mistakes(settings, &mut found);
    tls_mistakes(settings, &mut found);
    number_mistakes(settings, &mut found);
    found
}

fn route_mistakes(settings: &Settings, found: &mut Vec<String>) {
    let mut seen = Vec::new();
    for route in &settings.routes {
        let domain = route.domain.to_lowercase();
        if domain == "*" {
            found.push(format!(
                "route \"*\": mail for all other domains goes to {EXAMPLE}"
            ));
        } else if !is_domain(domain.strip_prefix("*.").unwrap_or(&domain)) {
            found.push(format!(
                "route \"{}\": a domain is written \"agency.example\", or \"*.agency.example\" for everything below it",
                shown(&route.domain)
            ));
        } else if seen.contains(&domain) {
            found.push(format!("route \"{domain}\" stands there twice: keep one of them"));
        }
        if let Err(why) = endpoint(&route.next_hop) {
            found.push(format!("route \"{}\": next_hop {why}", shown(&route.domain)));
        }
        seen.push(domain);
    }
}

/// One host gets one kind of TLS: with two, the weaker one would decide for a connection that both use.
fn tls_mistakes(settings: &Settings, found: &mut Vec<String>) {
    let default = (&settings.next_hop, settings.tls);
    let lines = settings.routes.iter().map(|route| (&route.next_hop, route.tls));
    let mut seen: HashMap<String, Tls> = HashMap::new();
    for (text, tls) in std::iter::once(default).chain(lines) {
        let Ok((host, port)) = endpoint(text) else {
            continue;
        };
        let name = name(&host, port);
        if *seen.entry(name.clone()).or_insert(tls) != tls {
            found.push(format!(
                "\"{name}\" stands there with two kinds of tls: write the same one in both places"
            ));
        }
    }
    if let Some(file) = &settings.ca_file {
        found.extend(Connector::new(Some(file)).err());
    }
}

fn number_mistakes(settings: &Settings, found: &mut Vec<String>) {
    if !(1..=TIMEOUT_LIMIT).contains(&settings.timeout.0) {
        found.push(format!(
            "timeout is in seconds, from 1 to {TIMEOUT_LIMIT}; 60 is usual"
        ));
    }
    if settings.concurrency.0 == 0 {
        found.push("concurrency 0 would deliver nothing; 20 is usual".to_owned());
    }
    if !(1..=GIVE_UP_LIMIT).contains(&settings.give_up.0) {
        found.push(format!(
            "give_up is in hours, from 1 to {GIVE_UP_LIMIT}; 120 is usual"
        ));
    }
}

/// Reads `host`, `host:port`, `192.0.2.1:25` or `[::1]:25`.
fn endpoint(text: &str) -> Result<(String, u16), String> {
    let complaint = |why: &str| format!("\"{}\" {why}", shown(text));
    if text.is_empty() {
        return Err(format!("is missing, for example {EXAMPLE}"));
    }
    let (host, port) = split(text).map_err(complaint)?;
    let port = match port {
        None => SMTP_PORT,
        Some(digits) => digits
            .parse()
            .ok()
            .filter(|port| *port != 0)
            .ok_or_else(|| complaint("must end in a port from 1 to 65535"))?,
    };
    Ok((host.to_ascii_lowercase(), port))
}

fn split(text: &str) -> Result<(&str, Option<&str>), &'static str> {
    if let Some(rest) = text.strip_prefix('[') {
        let (literal, port) = rest.split_once(']').ok_or("has a \"[\" without \"]\"")?;
        if literal.parse::<std::net::Ipv6Addr>().is_err() {
            return Err("has brackets, which are for IPv6 addresses only: \"[::1]:25\"");
        }
        return match port.strip_prefix(':') {
            Some(port) => Ok((literal, Some(port))),
            None if port.is_empty() => Ok((literal, None)),
            None => Err("must be written \"[address]:port\""),
        };
    }
    if text.parse::<std::net::Ipv6Addr>().is_ok() {
        return Err("is an IPv6 address, which is written in brackets: \"[::1]:25\"");
    }
    let (host, port) = match text.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (text, None),
    };
    // A file may write the dot at the end of a full name; no certificate does.
    let host = host.strip_suffix('.').unwrap_or(host);
    let is_url = port.is_some_and(|port| port.contains('/'));
    if is_url || !host.is_ascii() || !is_domain(host) {
        return Err("is not written \"host:port\", for example \"mail.example.org:25\"");
    }
    Ok((host, port))
}

fn is_domain(text: &str) -> bool {
    format!("x@{text}").parse::<Address>().is_ok()
}

fn name(host: &str, port: u16) -> String {
    if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}

/// A setting as it may be repeated in a message to a terminal.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Concurrency, GiveUp, Route, Timeout};
    use super::*;

    fn settings(next_hop: &str, routes: &[(&str, &str)]) -> Settings {
        let route = |(domain, next_hop): &(&str, &str)| Route {
            domain: (*domain).to_owned(),
            next_hop: (*next_hop).to_owned(),
            tls: Tls::Opportunistic,
        };
        Settings {
            next_hop: next_hop.to_owned(),
            routes: routes.iter().map(route).collect(),
            ..Settings::default()
        }
    }

    fn hop_of(settings: &Settings, domain: &str) -> String {
        let routes = Routes::new(settings, Duration::ZERO);
        routes.hop(domain).map(|hop| hop.name.clone()).unwrap_or_default()
    }

    #[test]
    fn the_exact_line_wins_then_the_longest_suffix_then_the_default() {
        let settings = settings(
            "out.example",
            &[
                ("*.example", "wide:1"),
                ("*.agency.example", "narrow:2"),
                ("mail.agency.example", "exact:3"),
                ("Agency.Example", "own:4"),
            ],
        );
        assert_eq!(settings.mistakes(), Vec::<String>::new());
        assert_eq!(hop_of(&settings, "mail.agency.example"), "exact:3");
        assert_eq!(hop_of(&settings, "x.mail.agency.example"), "narrow:2");
        assert_eq!(hop_of(&settings, "agency.example"), "own:4");
        assert_eq!(hop_of(&settings, "b.example"), "wide:1");
        assert_eq!(hop_of(&settings, "example"), "out.example:25");
        assert_eq!(hop_of(&settings, "agency.example.org"), "out.example:25");
        assert_eq!(hop_of(&settings, "[192.0.2.1]"), "out.example:25");
    }

    #[test]
    fn without_a_default_other_domains_have_no_hop() {
        let settings = settings("", &[("agency.example", "[::1]:2525")]);
        assert_eq!(settings.mistakes(), Vec::<String>::new());
        assert_eq!(hop_of(&settings, "agency.example"), "[::1]:2525");
        assert_eq!(hop_of(&settings, "partner.example"), "");
    }

    #[test]
    fn hosts_are_read_with_and_without_port() {
        for (text, host, port) in [
            ("mail.example.org", "mail.example.org", 25),
            ("MAIL.example.org.:2525", "mail.example.org", 2525),
            ("192.0.2.7:26", "192.0.2.7", 26),
            ("[::1]:25", "::1", 25),
            ("[2001:db8::1]", "2001:db8::1", 25),
            ("localhost:10026", "localhost", 10026),
        ] {
            assert_eq!(endpoint(text), Ok((host.to_owned(), port)), "{text}");
        }
    }

    #[test]
    fn what_is_no_host_is_refused_with_an_example() {
        for (text, hint) in [
            ("", EXAMPLE),
            ("::1", "[::1]:25"),
            ("[::1", "without"),
            ("[mail.example.org]:25", "IPv6 addresses only"),
            ("[::1]25", "[address]:port"),
            ("mail:0", "from 1 to 65535"),
            ("mail:65536", "from 1 to 65535"),
            ("mail:", "from 1 to 65535"),
            ("mail:smtp", "from 1 to 65535"),
            ("smtp://mail:25", "mail.example.org:25"),
            ("mail example:25", "mail.example.org:25"),
            (":25", "mail.example.org:25"),
            ("a@b:25", "mail.example.org:25"),
            ("mail\u{1b}[2J", "mail.example.org:25"),
        ] {
            let why = endpoint(text).unwrap_err();
            assert!(why.contains(hint), "{text}: {why}");
            assert!(!why.contains('\u{1b}'));
        }
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let mut settings = settings(
            "out:x",
            &[
                ("*", "a"),
                ("b c", ":1"),
                ("d.example", "d"),
                ("D.example", "d"),
                ("e.example", ""),
                ("f.example", "out.example"),
                ("g.example", "out.example:25"),
            ],
        );
        settings.routes.last_mut().unwrap().tls = Tls::Verify;
        settings.timeout = Timeout(0);
        settings.concurrency = Concurrency(0);
        settings.give_up = GiveUp(u64::MAX);
        settings.ca_file = Some("/nonexistent/ca.pem".into());
        let found = settings.mistakes();
        for words in [
            "next_hop \"out:x\"",
            "route \"*\"",
            "route \"b c\": a domain",
            "route \"b c\": next_hop",
            "route \"d.example\" stands there twice",
            "route \"e.example\": next_hop is missing",
            "\"out.example:25\" stands there with two kinds of tls",
            "/nonexistent/ca.pem",
            "timeout",
            "concurrency",
            "give_up",
        ] {
            let tellers = found.iter().filter(|mistake| mistake.contains(words));
            assert_eq!(tellers.count(), 1, "{words}: {found:#?}");
        }
        assert_eq!(found.len(), 11);
    }

    #[test]
    fn settings_that_name_no_host_say_what_to_write() {
        let found = Settings::default().mistakes();
        assert_eq!(found.len(), 1);
        assert!(found.iter().all(|mistake| mistake.contains(EXAMPLE)));
    }
}
