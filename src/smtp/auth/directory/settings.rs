//! `[smtp.ldap]`: where users are looked for.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use crate::ldap::{Endpoint, Server};

/// The directory: `[smtp.ldap]` in the settings.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DirectorySettings {
    /// `ldaps://host` or, with `start_tls`, `ldap://host`; without TLS only on this machine.
    pub url: String,
    /// Whether to begin TLS on a plain connection.
    #[serde(default)]
    pub start_tls: bool,
    /// Where in the tree users are.
    pub base: String,
    /// How far below `base` they are.
    #[serde(default)]
    pub scope: Depth,
    /// Finds a user; `{user}` becomes the name that was given, escaped.
    #[serde(default = "filter")]
    pub filter: String,
    /// What holds the addresses that a user may send from.
    #[serde(default = "sender_attributes")]
    pub sender_attributes: Vec<String>,
    /// Who searches; without it, nobody by name.
    #[serde(default)]
    pub bind_dn: String,
    /// File with the password of `bind_dn` in its first line.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    /// PEM file with the CAs that the server's certificate must come from; without it, those of the system.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// Seconds to wait for the answer to a login.
    #[serde(default = "timeout_seconds")]
    pub timeout_seconds: u64,
    /// Logins that the directory is asked about at once.
    #[serde(default = "connections")]
    pub connections: usize,
    /// Seconds for which an answer is good; 0 asks each time.
    #[serde(default = "cache_seconds")]
    pub cache_seconds: u64,
}

/// How far below the base of a search (RFC 4511 §4.5.1.2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Depth {
    /// Everything.
    #[default]
    Subtree,
    /// What is right below.
    OneLevel,
    /// The entry itself.
    Base,
}

fn filter() -> String {
    "(uid={user})".to_owned()
}

fn sender_attributes() -> Vec<String> {
    vec!["mail".to_owned()]
}

fn timeout_seconds() -> u64 {
    5
}

fn connections() -> usize {
    8
}

fn cache_seconds() -> u64 {
    60
}

impl DirectorySettings {
    /// What is wrong with them; each sentence begins with the setting's name. Reads the files.
    pub fn mistakes(&self) -> Vec<String> {
        let endpoint = self.endpoint();
        let why = "it would carry passwords that anybody on the way could read";
        let mut list = endpoint.mistakes(why, endpoint.is_loopback());
        if list.is_empty() {
            list.extend(Server::new(&endpoint).err());
        }
        if !self.filter.contains("{user}") {
            list.push("`filter` must contain {user}, or everybody would be the same user".to_owned());
        }
        if !(self.filter.starts_with('(') && self.filter.ends_with(')')) {
            list.push("`filter` must stand in parentheses, like \"(uid={user})\"".to_owned());
        }
        if self.sender_attributes.is_empty() {
            list.push("`sender_attributes` is empty, so no user could send from any address".to_owned());
        }
        if self.timeout_seconds == 0 || self.timeout_seconds > 30 {
            list.push("`timeout_seconds` must be from 1 to 30: mail programs wait for the login".to_owned());
        }
        if self.connections == 0 || self.connections > 1000 {
            list.push("`connections` must be from 1 to 1000".to_owned());
        }
        if self.cache_seconds > 3600 {
            list.push(
                "`cache_seconds` must be at most 3600: for so long, a password that was changed is still taken"
                    .to_owned(),
            );
        }
        list
    }

    pub(super) fn endpoint(&self) -> Endpoint<'_> {
        Endpoint {
            url: &self.url,
            start_tls: self.start_tls,
            ca_file: self.ca_file.as_ref(),
            bind_dn: &self.bind_dn,
            password_file: self.password_file.as_ref(),
            timeout: Duration::from_secs(self.timeout_seconds),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(url: &str) -> DirectorySettings {
        DirectorySettings {
            url: url.to_owned(),
            start_tls: false,
            base: "dc=agency,dc=example".to_owned(),
            scope: Depth::default(),
            filter: filter(),
            sender_attributes: sender_attributes(),
            bind_dn: String::new(),
            password_file: None,
            ca_file: None,
            timeout_seconds: timeout_seconds(),
            connections: connections(),
            cache_seconds: cache_seconds(),
        }
    }

    #[test]
    fn passwords_go_in_clear_over_the_loopback_only() {
        for url in [
            "ldap://localhost:389",
            "ldap://127.0.0.1",
            "ldaps://ldap.agency.example",
        ] {
            assert_eq!(settings(url).mistakes(), Vec::<String>::new(), "{url}");
        }
        let mistakes = settings("ldap://ldap.agency.example").mistakes();
        assert!(
            mistakes.len() == 1 && mistakes[0].contains("it would carry passwords"),
            "{mistakes:?}"
        );
        let started = DirectorySettings {
            start_tls: true,
            ..settings("ldap://ldap.agency.example")
        };
        assert!(started.mistakes().is_empty());
    }

    #[test]
    fn every_mistake_is_told_at_once() {
        let wrong = DirectorySettings {
            filter: "uid=ann".to_owned(),
            sender_attributes: Vec::new(),
            bind_dn: "cn=reader".to_owned(),
            timeout_seconds: 0,
            connections: 0,
            cache_seconds: 86_400,
            ..settings("https://ldap.agency.example")
        };
        let names: Vec<String> = wrong
            .mistakes()
            .iter()
            .map(|mistake| mistake.split('`').nth(1).unwrap_or_default().to_owned())
            .collect();
        let expected = [
            "url",
            "bind_dn",
            "filter",
            "filter",
            "sender_attributes",
            "timeout_seconds",
            "connections",
            "cache_seconds",
        ];
        assert_eq!(names, expected);
        let unread = DirectorySettings {
            ca_file: Some("/nowhere/ca.pem".into()),
            ..settings("ldaps://ldap.agency.example")
        };
        assert!(unread.mistakes()[0].starts_with("`ca_file` /nowhere/ca.pem: "));
    }
}
