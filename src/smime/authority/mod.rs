//! The internal CA of a small site: a folder with its key, a ledger of what it has issued, and its revocation lists.
//!
//! Must not know: who asks, and how what is issued reaches its owner.
//!
//! # What a crash leaves
//! A certificate stands in the ledger before anybody gets it, and a revocation before the list that tells of it. So
//! there may be an entry whose certificate was never handed out; never the other way round.

mod ledger;
mod list;
mod order;
mod site;

use std::path::PathBuf;

pub use ledger::{Entry, Ledger, Reason, Revocation};
pub use order::{Delivered, Order, Source, Whom, pkcs12};
pub use site::{Published, Site, SiteAuthority};

/// The internal CA: `[authority]` in the settings.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Folder with the CA; without it there is none.
    pub folder: Option<PathBuf>,
    /// Days that a certificate is valid.
    pub days: u16,
    /// Days until the next revocation list is due.
    pub crl_days: u16,
    /// Folder into which revocation lists are put for others to fetch, beside the gateway's own.
    pub publish: Option<PathBuf>,
    /// Where others fetch the list: certificates name it.
    pub crl_url: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            folder: None,
            days: 365,
            crl_days: 7,
            publish: None,
            crl_url: None,
        }
    }
}

impl Settings {
    /// What is wrong with these settings; each begins with the setting's name.
    pub fn mistakes(&self) -> Vec<String> {
        let mut list = Vec::new();
        if self.days == 0 || self.days > 825 {
            list.push("`days` must be 1 to 825".to_owned());
        }
        if self.crl_days == 0 || self.crl_days > 365 {
            list.push("`crl_days` must be 1 to 365".to_owned());
        }
        if let Some(folder) = self.publish.as_ref().filter(|folder| !folder.is_dir()) {
            list.push(format!("`publish` is no folder: {}", folder.display()));
        }
        if let Some(url) = &self.crl_url {
            let right = url.is_ascii() && url.starts_with("http://") && !url.contains(char::is_whitespace);
            if !right {
                list.push("`crl_url` must begin with http:// (a list is signed, and must not need TLS to be checked)".to_owned());
            }
        }
        list
    }
}
