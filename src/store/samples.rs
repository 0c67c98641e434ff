//! Records and mail to fill a store with in tests.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use super::Settings;
pub(crate) use crate::audit::samples::{address, id, minute, record};
use crate::message::{Leaving, Outbound, Purpose, RawMessage};

/// A directory that is deleted when it is dropped.
pub(crate) struct TemporaryDirectory(PathBuf);

impl TemporaryDirectory {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "sealgate-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        );
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).unwrap();
        TemporaryDirectory(path)
    }

    /// Settings for a store that does not exist yet.
    pub(crate) fn settings(&self) -> Settings {
        Settings {
            directory: self.0.join("data"),
            inline_kb: 1,
            reserve_mb: 0,
            keep_days: 30,
            ..Settings::default()
        }
    }
}

impl Drop for TemporaryDirectory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Mail with these bytes for these places and addresses.
pub(crate) fn mail(body: &[u8], recipients: &[(u32, &str)]) -> Outbound {
    Outbound {
        sender: Some(address("ann@agency.example")),
        recipients: recipients
            .iter()
            .map(|(place, text)| (*place, address(text)))
            .collect(),
        body: RawMessage::new(body.to_vec()),
        purpose: Purpose::Mail,
        leaving: Leaving::Clear,
        tls: Default::default(),
    }
}

/// A notice to the sender.
pub(crate) fn notice(body: &[u8]) -> Outbound {
    Outbound {
        sender: None,
        recipients: vec![(0, address("ann@agency.example"))],
        purpose: Purpose::Notice,
        ..mail(body, &[])
    }
}
