//! Which host takes mail for a recipient's domain.

use std::collections::HashMap;
use std::path::PathBuf;

use crate::message::Address;

use super::hops::NextHop;
use super::tls::Connector;
use super::{Limits, Settings, Tls};

pub(super) const SMTP_PORT: u16 = 25;
/// What a message shows to whom left it out.
pub(super) const EXAMPLE: &str = "next_hop = \"mail.example.org:25\"";

/// One line of the table: where mail goes, and what is asked of TLS there.
pub(super) struct Way {
    pub(super) next_hop: NextHop,
    pub(super) tls: Tls,
    /// Names that a certificate may have, when they were written down.
    pub(super) names: Vec<String>,
    pub(super) connector: Connector,
    /// The file of `connector`, which tells connectors apart.
    pub(super) ca_file: Option<PathBuf>,
    pub(super) limits: Limits,
}

/// The route table.
pub(super) struct Routes {
    ways: Vec<Way>,
    exact: HashMap<String, usize>,
    /// `*.agency.example` stands here as `agency.example`.
    below: HashMap<String, usize>,
    otherwise: Option<usize>,
}

impl Routes {
    /// The table that the settings describe; lines with mistakes are left out (see `mistakes`).
    ///
    /// # Errors
    /// A file with CAs cannot be used.
    pub(super) fn new(settings: &Settings) -> Result<Routes, String> {
        let mut routes = Routes {
            ways: Vec::new(),
            exact: HashMap::new(),
            below: HashMap::new(),
            otherwise: None,
        };
        let connector = Connector::new(settings.ca_file.as_deref())?;
        let limits = Limits {
            concurrency: settings.destination_concurrency.0,
            per_minute: settings.destination_rate,
        };
        for route in &settings.routes {
            let Ok(next_hop) = NextHop::parse(&route.next_hop) else {
                continue;
            };
            let own = route.ca_file.as_deref().map(|file| Connector::new(Some(file)));
            let place = routes.place(Way {
                next_hop,
                tls: route.tls,
                names: route.names.clone(),
                connector: own.transpose()?.unwrap_or_else(|| connector.clone()),
                ca_file: route.ca_file.clone(),
                limits: Limits {
                    concurrency: route.concurrency.unwrap_or(limits.concurrency),
                    per_minute: route.rate.unwrap_or(limits.per_minute),
                },
            });
            let domain = route.domain.to_lowercase();
            match domain.strip_prefix("*.") {
                Some(parent) => routes.below.insert(parent.to_owned(), place),
                None => routes.exact.insert(domain, place),
            };
        }
        if let Ok(next_hop) = NextHop::parse(&settings.next_hop) {
            let place = routes.place(Way {
                next_hop,
                tls: settings.tls,
                names: Vec::new(),
                connector,
                ca_file: None,
                limits,
            });
            routes.otherwise = Some(place);
        }
        Ok(routes)
    }

    /// The way for a domain, which is in lower case: its own line, else the longest `*.` line that it is
    /// below, else `next_hop`.
    pub(super) fn way(&self, domain: &str) -> Option<&Way> {
        let above = || {
            domain
                .match_indices('.')
                .filter_map(|(dot, _)| self.below.get(domain.get(dot + 1..)?))
                .next()
        };
        let place = self.exact.get(domain).or_else(above).or(self.otherwise.as_ref());
        self.ways.get(*place?)
    }

    /// All lines.
    pub(super) fn ways(&self) -> impl Iterator<Item = &Way> {
        self.ways.iter()
    }

    fn place(&mut self, way: Way) -> usize {
        self.ways.push(way);
        self.ways.len() - 1
    }
}

/// Reads `host`, `host:port`, `192.0.2.1:25` or `[::1]:25`.
pub(super) fn endpoint(text: &str) -> Result<(String, u16), String> {
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

/// Whether the text can stand behind the `@` of an address.
pub(super) fn is_domain(text: &str) -> bool {
    format!("x@{text}").parse::<Address>().is_ok()
}

/// How an endpoint is written everywhere.
pub(super) fn name(host: &str, port: u16) -> String {
    if host.contains(':') {
        format!("[{host}]:{port}")
    } else {
        format!("{host}:{port}")
    }
}

/// A setting as it may be repeated in a message to a terminal.
pub(super) fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(80).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::Route;
    use super::*;

    pub(in super::super) fn settings(next_hop: &str, routes: &[(&str, &str)]) -> Settings {
        let route = |(domain, next_hop): &(&str, &str)| Route {
            domain: (*domain).to_owned(),
            next_hop: (*next_hop).to_owned(),
            tls: Tls::Opportunistic,
            ..Route::default()
        };
        Settings {
            next_hop: next_hop.to_owned(),
            routes: routes.iter().map(route).collect(),
            ..Settings::default()
        }
    }

    fn hop_of(settings: &Settings, domain: &str) -> String {
        let routes = Routes::new(settings).unwrap();
        routes
            .way(domain)
            .map(|way| way.next_hop.name(domain))
            .unwrap_or_default()
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
}
