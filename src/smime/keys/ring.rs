//! All own keys, read once.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::message::Pattern;

use super::super::Certificate;
use super::{KeyFile, OwnKey, Secret, Settings, SigningKey, SoftwareKey};

/// The file ending of keys. Pending requests have another one and are passed over.
const ENDING: &str = "pem";

/// The own keys. Cloning shares them.
#[derive(Debug, Clone, Default)]
pub struct KeyRing {
    pub(super) keys: Vec<Arc<OwnKey>>,
}

impl KeyRing {
    /// Reads every `*.pem` in the folder and opens what is sealed. Without a folder there are no keys.
    ///
    /// # Errors
    /// The first file that cannot be used as it stands: one that is silently missing would leave mail unsigned.
    pub fn load(settings: &Settings) -> Result<KeyRing, String> {
        let Some(folder) = &settings.folder else {
            return Ok(KeyRing::default());
        };
        let secret = settings
            .secret_file
            .as_deref()
            .map(Secret::passphrase)
            .transpose()?;
        let mut senders = senders(settings)?;
        let hsm = Token::of(settings);
        let mut keys = Vec::new();
        for path in files(folder)? {
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let senders = senders.remove(&name).unwrap_or_default();
            let file = KeyFile::read(&path)?;
            keys.push(Arc::new(match file.open(secret.as_ref())? {
                Some(key) => in_software(file, &key, senders)?,
                None => hsm.own_key(file, senders)?,
            }));
        }
        match senders.keys().min() {
            Some(missing) => Err(format!(
                "[[keys.for]] names {missing}, and there is no such file in {}",
                folder.display()
            )),
            None => Ok(KeyRing { keys }),
        }
    }

    /// Every key, in the order of the files' names.
    pub fn keys(&self) -> impl Iterator<Item = &Arc<OwnKey>> {
        self.keys.iter()
    }
}

fn in_software(file: KeyFile, pkcs8: &[u8], senders: Vec<Pattern>) -> Result<OwnKey, String> {
    let path = file.path.clone();
    let key = SoftwareKey::from_pkcs8(pkcs8).map_err(|error| format!("{}: {error}", path.display()))?;
    let (certificate, chain) = file.own_and_chain(|certificate| key.belongs_to(certificate))?;
    Ok(own_key(
        path,
        (certificate, chain),
        Arc::new(key),
        senders,
        "file",
    ))
}

fn own_key(
    file: PathBuf,
    (certificate, chain): (Certificate, Vec<Certificate>),
    key: Arc<dyn SigningKey>,
    senders: Vec<Pattern>,
    place: &'static str,
) -> OwnKey {
    OwnKey {
        file,
        certificate,
        chain,
        key,
        senders,
        place,
    }
}

/// The HSM, if there is one.
#[cfg(feature = "pkcs11")]
struct Token(Option<super::Hsm>);

#[cfg(feature = "pkcs11")]
impl Token {
    fn of(settings: &Settings) -> Token {
        Token(settings.pkcs11.module.is_some().then(|| settings.pkcs11.clone()))
    }

    /// The key to the first certificate of a file. A token that does not answer now may answer when it is needed.
    fn own_key(&self, file: KeyFile, senders: Vec<Pattern>) -> Result<OwnKey, String> {
        let path = file.path.clone();
        let settings = self.0.as_ref().ok_or_else(|| without_key(&path))?;
        let first = file
            .certificates
            .first()
            .map(|first| first.fingerprint().to_owned());
        let pair = file.own_and_chain(|certificate| Some(certificate.fingerprint()) == first.as_deref())?;
        let key = super::hsm::HsmKey::new(settings, &pair.0);
        let key = key.map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(own_key(path, pair, Arc::new(key), senders, "HSM"))
    }
}

#[cfg(not(feature = "pkcs11"))]
struct Token;

#[cfg(not(feature = "pkcs11"))]
impl Token {
    fn of(_: &Settings) -> Token {
        Token
    }

    fn own_key(&self, file: KeyFile, _: Vec<Pattern>) -> Result<OwnKey, String> {
        Err(without_key(&file.path))
    }
}

fn without_key(path: &Path) -> String {
    format!(
        "{}: holds no private key; a certificate without one is for a key in an HSM, and [keys.pkcs11] names none",
        path.display()
    )
}

/// For whom each file signs by the settings.
fn senders(settings: &Settings) -> Result<HashMap<String, Vec<Pattern>>, String> {
    let mut senders: HashMap<String, Vec<Pattern>> = HashMap::new();
    for rule in &settings.rules {
        let all = senders.entry(rule.file.clone()).or_default();
        for text in &rule.senders {
            all.push(
                text.parse()
                    .map_err(|error| format!("[[keys.for]] {text:?}: {error}"))?,
            );
        }
    }
    Ok(senders)
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let cannot = |error: std::io::Error| format!("{}: the folder cannot be read: {error}", folder.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(cannot)? {
        let path = entry.map_err(cannot)?.path();
        if path.extension().is_some_and(|ending| ending == ENDING) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
