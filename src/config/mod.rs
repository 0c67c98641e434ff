//! Joins the stages' settings and loads the policy bundle. Each setting belongs to its stage.

mod bundle;
mod checks;
mod document;
mod steps;
#[cfg(test)]
mod tests;
mod wording;

use std::fmt;
use std::path::{Path, PathBuf};

use document::Document;

use crate::{deliver, dkim, inspect, notice, relay, smime, smtp, store};

pub use bundle::{Bundle, Files, rule_mistakes};

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
    /// Reading pictures.
    pub ocr: inspect::OcrSettings,
    /// Certificates and trust.
    pub certificates: smime::Settings,
    /// Own keys.
    pub keys: smime::keys::Settings,
    /// The internal CA.
    pub authority: smime::authority::Settings,
    /// Notices.
    pub notice: notice::Settings,
    /// Storage.
    pub store: store::Settings,
    /// Delivery.
    pub deliver: deliver::Settings,
    /// DKIM signatures.
    pub dkim: dkim::Settings,
    /// Mail from outside.
    pub inbound: relay::Inbound,
    /// Certificates from signed mail.
    pub harvest: relay::Harvest,
    /// Mail that goes in circles.
    pub loops: relay::Loops,
    /// Messages that are not as they should be.
    pub conformance: relay::Conformance,
    /// The gateway's own key for mail that waits.
    pub vault: smime::VaultSettings,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            hostname: "localhost".to_owned(),
            domains: Vec::new(),
            policies: PathBuf::from("policies"),
            smtp: Default::default(),
            inspect: Default::default(),
            ocr: Default::default(),
            certificates: Default::default(),
            keys: Default::default(),
            authority: Default::default(),
            notice: Default::default(),
            store: Default::default(),
            deliver: Default::default(),
            dkim: Default::default(),
            inbound: Default::default(),
            harvest: Default::default(),
            loops: Default::default(),
            conformance: Default::default(),
            vault: Default::default(),
        }
    }
}

/// A mistake in a settings or policy file, with its place. Written `file:line: what is wrong`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The file.
    pub file: String,
    /// Line, counted from 1; 0 when the mistake is something that is missing.
    pub line: usize,
    /// What is wrong and how to mend it.
    pub message: String,
}

impl Settings {
    /// Reads the settings file. Relative paths in it, and the defaults of paths, start at the file's folder.
    ///
    /// # Errors
    /// Every mistake at once, in the order of the file; those about what is missing come last. When the file is
    /// no TOML, nothing more is said.
    pub fn load(path: &Path) -> Result<Settings, Vec<Mistake>> {
        let file = path.display().to_string();
        let text = text_of(path)?;
        let document = Document::parse(&file, &text)?;
        let reading = document.read::<Settings>();
        let mut mistakes = reading.mistakes;
        if let Some(mut settings) = reading.value {
            settings.resolve(path.parent().unwrap_or(Path::new("")));
            let checks = checks::all(&settings)
                .into_iter()
                .filter(|check| !check.is_about(&reading.spoken_of));
            mistakes.extend(checks.map(|check| Mistake {
                file: file.clone(),
                line: document.line(check.section, &check.key),
                message: check.sentence(),
            }));
            if mistakes.is_empty() {
                return Ok(settings);
            }
        }
        mistakes.sort_by_key(|mistake| (mistake.line == 0, mistake.line));
        Err(mistakes)
    }

    /// Receiving from outside: like `[smtp]`, at other addresses and from other networks.
    pub fn inbound_smtp(&self) -> smtp::Settings {
        smtp::Settings {
            listen: self.inbound.listen.clone(),
            relay_from: self.inbound.from.clone(),
            // Nobody outside has a password here, or is suspended.
            suspended: None,
            listen_tls: Vec::new(),
            listen_lmtp: Vec::new(),
            users: None,
            ldap: None,
            requiretls: self.inbound.requiretls,
            ..self.smtp.clone()
        }
    }

    /// Delivery of mail from outside: like `[deliver]`, to one next hop.
    pub fn inbound_deliver(&self) -> deliver::Settings {
        deliver::Settings {
            next_hop: self.inbound.next_hop.clone(),
            routes: Vec::new(),
            tls: self.deliver.tls.for_named_hosts(),
            ..self.deliver.clone()
        }
    }

    /// Where the key of the vault is.
    pub fn vault_file(&self) -> PathBuf {
        let own = || self.store.directory.join("vault.pem");
        self.vault.key.clone().unwrap_or_else(own)
    }

    /// Where the gateway's own key is.
    pub fn secret_file(&self) -> PathBuf {
        self.store.directory.join("gateway.key")
    }

    /// Makes relative paths start at `folder`.
    fn resolve(&mut self, folder: &Path) {
        let certificates = &mut self.certificates;
        let always = [
            &mut certificates.online.folder,
            &mut self.policies,
            &mut self.store.directory,
            &mut certificates.recipients,
            &mut certificates.anchors,
            &mut certificates.intermediates,
            &mut certificates.crls,
            &mut certificates.anchor_domains,
            &mut certificates.denied,
        ];
        let optional = [
            self.smtp.tls_certificate.as_mut(),
            self.smtp.tls_key.as_mut(),
            self.smtp.users.as_mut(),
            self.deliver.ca_file.as_mut(),
            self.ocr.tessdata.as_mut(),
            self.keys.folder.as_mut(),
            self.inbound.decrypt_keys.as_mut(),
            self.authority.folder.as_mut(),
            self.authority.publish.as_mut(),
            self.keys.secret_file.as_mut(),
            self.keys.pkcs11.module.as_mut(),
            self.keys.pkcs11.pin_file.as_mut(),
            self.vault.key.as_mut(),
            self.store.password_file.as_mut(),
        ];
        let routes = self.deliver.routes.iter_mut();
        let optional = optional
            .into_iter()
            .chain(routes.map(|route| route.ca_file.as_mut()));
        let optional = optional.chain([
            self.deliver.dns.trust_anchors.as_mut(),
            self.deliver.mta_sts.ca_file.as_mut(),
        ]);
        let directories = certificates.ldap.iter_mut();
        let of_directories = directories.flat_map(|one| [one.password_file.as_mut(), one.ca_file.as_mut()]);
        let users = self.smtp.ldap.iter_mut();
        let of_directories =
            of_directories.chain(users.flat_map(|one| [one.password_file.as_mut(), one.ca_file.as_mut()]));
        let of_directories = of_directories.chain([certificates.smimea.trust_anchors.as_mut()]);
        let keys = self.dkim.keys.iter_mut().map(|key| &mut key.file);
        for path in always
            .into_iter()
            .chain(keys)
            .chain(optional.into_iter().chain(of_directories).flatten())
        {
            *path = folder.join(&path);
        }
        let suspended = self.smtp.suspended.take();
        let own = || self.store.directory.join("suspended.toml");
        self.smtp.suspended = Some(suspended.map_or_else(own, |path| folder.join(path)));
        self.smtp.secret = Some(self.secret_file());
        let own = || self.store.directory.join("authorities");
        let learned = self.certificates.learned.take();
        self.certificates.learned = Some(learned.map_or_else(own, |path| folder.join(path)));
        let own = || self.store.directory.join("mta-sts.json");
        let cache = self.deliver.mta_sts.cache.take();
        self.deliver.mta_sts.cache = Some(cache.map_or_else(own, |path| folder.join(path)));
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.file, self.message),
            line => write!(f, "{}:{line}: {}", self.file, self.message),
        }
    }
}

impl std::error::Error for Mistake {}

fn unreadable(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        std::io::ErrorKind::PermissionDenied => "the user that runs this may not read it".to_owned(),
        _ => format!("cannot be read: {error}"),
    }
}

/// A file's text, or the one mistake that it cannot be read.
fn text_of(path: &Path) -> Result<String, Vec<Mistake>> {
    let mistake = |line, message| {
        vec![Mistake {
            file: path.display().to_string(),
            line,
            message,
        }]
    };
    let bytes = std::fs::read(path).map_err(|error| mistake(0, unreadable(&error)))?;
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.as_bytes().get(..error.utf8_error().valid_up_to());
        let lines = valid
            .unwrap_or_default()
            .iter()
            .filter(|byte| **byte == b'\n')
            .count();
        mistake(
            lines + 1,
            "this is no UTF-8 text; save the file as UTF-8".to_owned(),
        )
    })
}
