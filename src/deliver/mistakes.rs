//! Every mistake that the section `[deliver]` can hold, each with what to write instead.

use std::collections::HashMap;

use super::hops::{Host, NextHop};
use super::route::{EXAMPLE, is_domain, shown};
use super::tls::Connector;
use super::{Route, Settings, Tls};

/// RFC 5321 §4.5.3.2 asks for more nowhere.
const TIMEOUT_LIMIT: u64 = 600;
const GIVE_UP_LIMIT: u64 = 24 * 365;

/// All of them, in the order of the section.
pub(super) fn mistakes(settings: &Settings) -> Vec<String> {
    let mut found = Vec::new();
    if settings.next_hop.is_empty() && settings.routes.is_empty() {
        found.push(format!(
            "next_hop is missing: name the server that takes the mail, for example {EXAMPLE}"
        ));
    } else if !settings.next_hop.is_empty() {
        found.extend(
            NextHop::parse(&settings.next_hop)
                .err()
                .map(|why| format!("next_hop {why}")),
        );
    }
    route_mistakes(settings, &mut found);
    dns_mistakes(settings, &mut found);
    policy_mistakes(settings, &mut found);
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
        if let Err(why) = NextHop::parse(&route.next_hop) {
            found.push(format!("route \"{}\": next_hop {why}", shown(&route.domain)));
        }
        name_mistakes(route, found);
        seen.push(domain);
    }
}

fn name_mistakes(route: &Route, found: &mut Vec<String>) {
    let domain = shown(&route.domain);
    for name in &route.names {
        if !name.is_ascii() || !is_domain(name.strip_prefix('.').unwrap_or(name)) {
            found.push(format!(
                "route \"{domain}\": names has \"{}\"; write a host name, or \".partner.example\" for everything below it",
                shown(name)
            ));
        }
    }
    if !route.names.is_empty() && route.tls != Tls::Verify {
        found.push(format!(
            "route \"{domain}\": names are looked at with tls = \"verify\" only; write that, or leave names out"
        ));
    }
    if let Some(file) = &route.ca_file {
        found.extend(
            Connector::new(Some(file))
                .err()
                .map(|why| format!("route \"{domain}\": {why}")),
        );
    }
}

/// A resolver must be there when one is needed.
fn dns_mistakes(settings: &Settings, found: &mut Vec<String>) {
    let default = (&settings.next_hop, settings.tls);
    let lines = settings.routes.iter().map(|route| (&route.next_hop, route.tls));
    let mut lines = std::iter::once(default).chain(lines);
    let is_needed = lines.any(|(text, tls)| {
        let next_hop = NextHop::parse(text);
        matches!(next_hop, Ok(NextHop::Exchangers { .. })) || (next_hop.is_ok() && tls.needs_dns())
    });
    if is_needed {
        found.extend(settings.dns.servers().err());
    }
}

/// Only a domain has a policy, and only its exchangers are in it.
fn policy_mistakes(settings: &Settings, found: &mut Vec<String>) {
    let useless = |text: &str, tls: Tls| {
        let has_hosts = matches!(NextHop::parse(text), Ok(NextHop::Hosts(_)));
        has_hosts && matches!(tls, Tls::MtaSts | Tls::Published)
    };
    let cure = "is for next_hop = \"mx\"; for a host of its own write \"verify\" or \"dane\"";
    if useless(&settings.next_hop, settings.tls) {
        found.push(format!("tls = \"{}\" {cure}", settings.tls.name()));
    }
    for route in settings
        .routes
        .iter()
        .filter(|route| useless(&route.next_hop, route.tls))
    {
        let domain = shown(&route.domain);
        found.push(format!(
            "route \"{domain}\": tls = \"{}\" {cure}",
            route.tls.name()
        ));
    }
}

/// One host gets one kind of TLS: with two, somebody has forgotten one of them.
fn tls_mistakes(settings: &Settings, found: &mut Vec<String>) {
    let default = (&settings.next_hop, settings.tls);
    let lines = settings.routes.iter().map(|route| (&route.next_hop, route.tls));
    let mut seen: HashMap<String, Tls> = HashMap::new();
    for (text, tls) in std::iter::once(default).chain(lines) {
        let Ok(next_hop) = NextHop::parse(text) else {
            continue;
        };
        for name in next_hop.hosts().map(Host::name) {
            if *seen.entry(name.clone()).or_insert(tls) != tls {
                found.push(format!(
                    "\"{name}\" stands there with two kinds of tls: write the same one in both places"
                ));
            }
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
    if settings.destination_concurrency.0 == 0 {
        found.push("destination_concurrency 0 would deliver nothing; 20 is usual".to_owned());
    }
    for route in settings
        .routes
        .iter()
        .filter(|route| route.concurrency == Some(0))
    {
        let domain = shown(&route.domain);
        found.push(format!(
            "route \"{domain}\": concurrency 0 would deliver nothing; leave it out or write 1"
        ));
    }
    if settings.delay_notice.0 > GIVE_UP_LIMIT {
        found.push(format!(
            "delay_notice is in hours, up to {GIVE_UP_LIMIT}; 4 is usual, and what is not less than give_up tells nobody"
        ));
    }
    if !(1..=GIVE_UP_LIMIT).contains(&settings.give_up.0) {
        found.push(format!(
            "give_up is in hours, from 1 to {GIVE_UP_LIMIT}; 120 is usual"
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::super::route::tests::settings;
    use super::super::{Concurrency, GiveUp, Timeout};
    use super::*;

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
