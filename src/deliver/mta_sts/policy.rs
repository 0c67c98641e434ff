//! A domain's policy file and its record in the DNS, from texts that are not trusted (RFC 8461 §3).

use serde::{Deserialize, Serialize};

/// About a year (RFC 8461 §3.2).
const LONGEST: u64 = 31_557_600;
/// Patterns that one policy may have.
const PATTERNS: usize = 100;

/// What a domain wants of those who send it mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::deliver) struct Policy {
    pub(in crate::deliver) mode: Mode,
    /// Its exchangers, in lower case; `*.partner.example` is any one label before it.
    pub(super) mx: Vec<String>,
    /// Seconds for which it holds.
    pub(super) max_age: u64,
}

/// How much it means it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(in crate::deliver) enum Mode {
    /// Hosts that do not fit get nothing.
    Enforce,
    /// They get their mail, and it is reported.
    Testing,
    /// It has no policy any more.
    None,
}

impl Policy {
    /// Reads a policy file (RFC 8461 §3.2): unknown fields are passed over, of repeated ones the first counts.
    ///
    /// # Errors
    /// What is missing or makes no sense.
    pub(in crate::deliver) fn parse(text: &str) -> Result<Policy, &'static str> {
        let (mut version, mut mode, mut max_age) = (None, None, None);
        let mut mx = Vec::new();
        for line in text.lines() {
            let Some((key, value)) = line.split_once(':') else {
                continue;
            };
            let value = value.trim();
            match key.trim() {
                "version" => version = version.or(Some(value)),
                "mode" => mode = mode.or(Some(value)),
                "max_age" => max_age = max_age.or(Some(value)),
                "mx" if mx.len() < PATTERNS => mx.push(value.trim_end_matches('.').to_ascii_lowercase()),
                _ => {}
            }
        }
        if version != Some("STSv1") {
            return Err("it is not of version STSv1");
        }
        let mode = match mode {
            Some("enforce") => Mode::Enforce,
            Some("testing") => Mode::Testing,
            Some("none") => Mode::None,
            _ => return Err("it has no mode that is known"),
        };
        let max_age = max_age.and_then(|digits| digits.parse().ok());
        let max_age = max_age.filter(|seconds| *seconds <= LONGEST);
        let max_age = max_age.ok_or("it has no max_age up to a year")?;
        if mx.is_empty() && mode != Mode::None {
            return Err("it names no exchangers");
        }
        Ok(Policy { mode, mx, max_age })
    }

    /// Whether a host is one of its exchangers (RFC 8461 §4.1).
    pub(in crate::deliver) fn names(&self, host: &str) -> bool {
        self.mx.iter().any(|pattern| match pattern.strip_prefix("*.") {
            Some(parent) => host
                .split_once('.')
                .is_some_and(|(label, rest)| !label.is_empty() && rest == parent),
            None => host == pattern,
        })
    }
}

/// The id that the TXT records at `_mta-sts` name (RFC 8461 §3.1); `None` when there is no policy.
pub(super) fn id(records: &[String]) -> Option<String> {
    let mut ours = records.iter().filter(|record| is_ours(record));
    let (record, None) = (ours.next()?, ours.next()) else {
        return None;
    };
    let fields = record.split(';').map(str::trim);
    let id = fields.filter_map(|field| field.strip_prefix("id=")).next()?;
    let fits = (1..=32).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    fits.then(|| id.to_owned())
}

fn is_ours(record: &str) -> bool {
    let version = record.split(';').next().unwrap_or_default();
    version.trim_end() == "v=STSv1"
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_standards_example_is_read() {
        // RFC 8461 §3.2.
        let text = "version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\nmx: *.example.net\r\nmx: backupmx.example.com\r\nmax_age: 604800\r\n";
        let policy = Policy::parse(text).unwrap();
        assert_eq!((policy.mode, policy.max_age), (Mode::Enforce, 604_800));
        for named in ["mail.example.com", "a.example.net", "backupmx.example.com"] {
            assert!(policy.names(named), "{named}");
        }
        for other in [
            "example.net",
            "a.b.example.net",
            ".example.net",
            "example.com",
            "evilmail.example.com",
        ] {
            assert!(!policy.names(other), "{other}");
        }
    }

    #[test]
    fn a_policy_that_makes_no_sense_is_none() {
        for text in [
            "",
            "version: STSv2\nmode: none\nmax_age: 1\n",
            "version: STSv1\nmode: enforced\nmx: a\nmax_age: 1\n",
            "version: STSv1\nmode: enforce\nmax_age: 1\n",
            "version: STSv1\nmode: enforce\nmx: a\n",
            "version: STSv1\nmode: enforce\nmx: a\nmax_age: 31557601\n",
            "version: STSv1\nmode: enforce\nmx: a\nmax_age: -1\n",
            "<html>version: STSv1",
        ] {
            assert!(Policy::parse(text).is_err(), "{text}");
        }
        let none = "version: STSv1\nmode: none\nmax_age: 0\nmode: enforce\nfuture: 1\n";
        assert_eq!(Policy::parse(none).map(|policy| policy.mode), Ok(Mode::None));
    }

    #[test]
    fn one_record_with_one_id_is_a_policy() {
        let read = |records: &[&str]| id(&records.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>());
        assert_eq!(
            read(&["v=STSv1; id=20160831085700Z;"]).as_deref(),
            Some("20160831085700Z")
        );
        assert_eq!(read(&["other", "v=STSv1;id=a"]).as_deref(), Some("a"));
        for none in [
            &["v=STSv1; id=a", "v=STSv1; id=b"][..],
            &["v=STSv1"],
            &["v=STSv10; id=a"],
            &["v=STSv1; id=a-b"],
            &["id=a; v=STSv1"],
            &[],
        ] {
            assert_eq!(read(none), None, "{none:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text: String, host: String) {
            if let Ok(policy) = Policy::parse(&text) {
                policy.names(&host);
            }
            let _ = id(&[text]);
        }
    }
}
