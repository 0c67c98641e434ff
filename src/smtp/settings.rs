//! Checks `[smtp]` and turns it into what the server works with.

use std::collections::HashSet;
use std::net::SocketAddr;

use super::Settings;
use super::auth;
use super::caller::DoorKind;
use super::network::Network;
use super::suspended::Suspended;
use super::tls;

const MEBIBYTE: u64 = 1024 * 1024;
/// A tebibyte: what is more is a slip of the hand, and would not fit the arithmetic of every machine.
const MOST_MEBIBYTES: u64 = MEBIBYTE;

impl Settings {
    /// Everything in the section that makes no sense, each with its cure. Reads the TLS files.
    pub fn mistakes(&self) -> Vec<String> {
        let mut mistakes = Vec::new();
        self.check_listen(&mut mistakes);
        self.check_limits(&mut mistakes);
        self.check_memory(&mut mistakes);
        for (name, list) in [
            ("relay_from", &self.relay_from),
            ("proxy_from", &self.proxy_from),
            ("xclient_from", &self.xclient_from),
        ] {
            mistakes.extend(networks(name, list).into_iter().filter_map(Result::err));
        }
        mistakes.extend(tls::acceptor(self).err());
        self.check_login(&mut mistakes);
        mistakes.extend(
            self.suspended
                .as_deref()
                .and_then(|file| Suspended::load(file).err()),
        );
        mistakes
    }

    /// `message_mb` in octets.
    pub(super) fn message_octets(&self) -> usize {
        octets(self.message_mb)
    }

    /// `memory_mb` in octets.
    pub fn memory_octets(&self) -> usize {
        octets(self.memory_mb)
    }

    /// Every address to listen on, with how it is served.
    pub(super) fn doors(&self) -> impl Iterator<Item = (SocketAddr, DoorKind)> {
        let with = |kind| move |address: &SocketAddr| (*address, kind);
        let plain = self.listen.iter().map(with(DoorKind::Plain));
        let tls = self.listen_tls.iter().map(with(DoorKind::Tls));
        plain
            .chain(tls)
            .chain(self.listen_lmtp.iter().map(with(DoorKind::Lmtp)))
    }

    fn check_listen(&self, mistakes: &mut Vec<String>) {
        if self.doors().next().is_none() {
            mistakes.push("listen is empty: name at least one address, like \"127.0.0.1:10025\"".to_owned());
        }
        let mut seen = HashSet::new();
        for (address, kind) in self.doors() {
            if address.port() != 0 && !seen.insert(address) {
                let setting = match kind {
                    DoorKind::Plain => "listen",
                    DoorKind::Tls => "listen_tls",
                    DoorKind::Lmtp => "listen_lmtp",
                };
                mistakes.push(format!("{setting} names {address} twice"));
            }
        }
    }

    fn check_login(&self, mistakes: &mut Vec<String>) {
        let needs_tls = [
            ("listen_tls", !self.listen_tls.is_empty()),
            ("users", self.users.is_some()),
            ("ldap", self.ldap.is_some()),
        ];
        for (name, _) in needs_tls.iter().filter(|(_, is_set)| *is_set) {
            if self.tls_certificate.is_none() {
                mistakes.push(format!(
                    "{name} is set without tls_certificate and tls_key, and needs TLS"
                ));
            }
        }
        mistakes.extend(self.users.as_deref().and_then(|file| auth::check(file).err()));
    }

    fn check_limits(&self, mistakes: &mut Vec<String>) {
        let limits = [
            ("message_mb", self.message_mb == 0),
            ("memory_mb", self.memory_mb == 0),
            ("recipients", self.recipients == 0),
            ("sessions", self.sessions == 0),
            ("sessions_per_address", self.sessions_per_address == 0),
            ("timeout_seconds", self.timeout_seconds == 0),
            ("errors", self.errors == 0),
            ("login_failures", self.login_failures == 0),
        ];
        for (name, _) in limits.iter().filter(|(_, is_zero)| *is_zero) {
            mistakes.push(format!(
                "{name} is 0: no mail could be received; give it at least 1"
            ));
        }
    }

    fn check_memory(&self, mistakes: &mut Vec<String>) {
        for (name, value) in [("message_mb", self.message_mb), ("memory_mb", self.memory_mb)] {
            if value > MOST_MEBIBYTES {
                mistakes.push(format!(
                    "{name} is {value}: the most that makes sense is {MOST_MEBIBYTES}"
                ));
            }
        }
        if self.memory_mb < self.message_mb && self.memory_mb > 0 {
            mistakes.push(format!(
                "memory_mb {} is less than message_mb {}: a message of that size could never be received",
                self.memory_mb, self.message_mb
            ));
        }
    }
}

/// The networks of a setting; for each that cannot be read, what is wrong with it.
pub(super) fn networks(name: &str, list: &[String]) -> Vec<Result<Network, String>> {
    let read = |text: &String| text.parse().map_err(|error| format!("{name} {text:?}: {error}"));
    list.iter().map(read).collect()
}

fn octets(mebibytes: u64) -> usize {
    usize::try_from(mebibytes.saturating_mul(MEBIBYTE)).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_without_mistake() {
        assert_eq!(Settings::default().mistakes(), Vec::<String>::new());
    }

    #[test]
    fn every_mistake_is_told_at_once() {
        let settings = Settings {
            listen: Vec::new(),
            relay_from: ["10.0.0.0/33", "10.0.0.0/8", "office"]
                .map(str::to_owned)
                .to_vec(),
            message_mb: 100,
            memory_mb: 50,
            recipients: 0,
            errors: 0,
            tls_certificate: Some("/nowhere/chain.pem".into()),
            ..Settings::default()
        };
        assert_eq!(
            settings.mistakes(),
            [
                "listen is empty: name at least one address, like \"127.0.0.1:10025\"",
                "recipients is 0: no mail could be received; give it at least 1",
                "errors is 0: no mail could be received; give it at least 1",
                "memory_mb 50 is less than message_mb 100: a message of that size could never be received",
                "relay_from \"10.0.0.0/33\": the prefix of an IPv4 network is 0 to 32",
                "relay_from \"office\": this is not an IP address or a network like 192.0.2.0/24 or 2001:db8::/32",
                "tls_certificate is set without tls_key: STARTTLS needs both",
            ]
        );
    }

    #[test]
    fn an_address_is_listened_on_once_but_port_0_as_often_as_wanted() {
        let twice = |text: &str| Settings {
            listen: vec![text.parse().unwrap(); 2],
            ..Settings::default()
        };
        assert_eq!(
            twice("127.0.0.1:25").mistakes(),
            ["listen names 127.0.0.1:25 twice"]
        );
        assert!(twice("127.0.0.1:0").mistakes().is_empty());
    }

    #[test]
    fn absurd_sizes_are_mistakes_and_no_overflow() {
        let settings = Settings {
            message_mb: u64::MAX,
            memory_mb: u64::MAX,
            ..Settings::default()
        };
        assert_eq!(settings.mistakes().len(), 2);
        assert_eq!(settings.message_octets(), usize::MAX);
    }
}
