//! Joins the stages' settings and loads the policy bundle. Each setting belongs to its stage.

use std::path::PathBuf;

use crate::{deliver, inspect, notice, smime, smtp, store};

/// Everything in `sealgate.toml`.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The gateway's own host name, as it greets and as its notices call it.
    pub hostname: String,
    /// The organisation's own domains: only they may send through the gateway.
    pub domains: Vec<String>,
    /// The directory with `policy.toml`, `elements/` and `notices/`.
    pub policies: PathBuf,
    /// Receiving.
    pub smtp: smtp::Settings,
    /// The jailed readers.
    pub inspect: inspect::Settings,
    /// Certificates and trust.
    pub certificates: smime::Settings,
    /// Notices.
    pub notice: notice::Settings,
    /// Storage.
    pub store: store::Settings,
    /// Delivery.
    pub deliver: deliver::Settings,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            hostname: "localhost".to_owned(),
            domains: Vec::new(),
            policies: PathBuf::from("policies"),
            smtp: Default::default(),
            inspect: Default::default(),
            certificates: Default::default(),
            notice: Default::default(),
            store: Default::default(),
            deliver: Default::default(),
        }
    }
}

/// A mistake in a settings or policy file, with its place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {message}")]
pub struct Mistake {
    /// The file.
    pub file: String,
    /// Line, counted from 1; 0 when the mistake is something that is missing.
    pub line: usize,
    /// What is wrong and how to mend it.
    pub message: String,
}
