//! DKIM signatures (RFC 6376, RFC 8301, RFC 8463): over what really leaves, so that sealing does not break them.
//!
//! The domain that signs is the author's own (the `From` field), or one above it, so that DMARC finds them aligned.
//! Must not know: certificates, policy, delivery.

mod canonical;

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use openssl::base64::encode_block;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::{Id, PKey, Private};
use openssl::sha::Sha256;
use openssl::sign::Signer;

use crate::message::RawMessage;
use canonical::Field;

/// Fields that are signed, as often as they are there.
const SIGNED: &[&str] = &[
    "from",
    "sender",
    "reply-to",
    "to",
    "cc",
    "subject",
    "date",
    "message-id",
    "in-reply-to",
    "references",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "content-disposition",
    "list-id",
    "list-unsubscribe",
];
/// Of these, nobody may add another one (RFC 6376 §8.15).
const SEALED: &[&str] = &["from", "reply-to", "to", "cc", "subject", "date", "content-type"];
/// RFC 8301 §3.2.
const RSA_BITS: u32 = 1024;
/// Fields of one message that are looked at; a signature that covers less is none.
const FIELDS: usize = 2000;

/// DKIM: `[dkim]` in the settings. Without keys nothing is signed.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The keys. Several for one domain make several signatures, RSA and Ed25519 for instance.
    #[serde(rename = "key")]
    pub keys: Vec<KeySettings>,
}

/// A key: `[[dkim.key]]`.
#[derive(Debug, Clone, Default, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeySettings {
    /// The domain that signs: for its own addresses and all below it.
    pub domain: String,
    /// The name under `_domainkey` where the DNS has the public key.
    pub selector: String,
    /// PEM file with the private key, RSA or Ed25519.
    pub file: PathBuf,
}

impl Settings {
    /// What is wrong with them; each sentence begins with the setting's name.
    pub fn mistakes(&self) -> Vec<String> {
        self.keys.iter().filter_map(|key| Key::load(key).err()).collect()
    }
}

/// Signs.
#[derive(Debug, Default)]
pub struct Dkim {
    keys: Vec<Key>,
}

#[derive(Debug)]
struct Key {
    domain: String,
    selector: String,
    secret: PKey<Private>,
}

/// A message could not be signed.
#[derive(Debug, thiserror::Error)]
#[error("the DKIM signature could not be made: {0}")]
pub struct NotSigned(#[from] ErrorStack);

impl Dkim {
    /// Reads the keys.
    ///
    /// # Errors
    /// The first that cannot be used, and why.
    pub fn load(settings: &Settings) -> Result<Dkim, String> {
        let keys = settings.keys.iter().map(Key::load).collect::<Result<_, _>>()?;
        Ok(Dkim { keys })
    }

    /// Whether there is nothing to sign with.
    pub fn is_off(&self) -> bool {
        self.keys.is_empty()
    }

    /// The message with the signatures of its author's domain on top; as it is when there is no key for it, or when it
    /// has not one author.
    ///
    /// # Errors
    /// OpenSSL could not sign.
    pub fn sign(&self, message: &RawMessage, now: Timestamp) -> Result<RawMessage, NotSigned> {
        let (fields, body) = canonical::split(message.as_bytes());
        let Some(author) = author_domain(&fields) else {
            return Ok(message.clone());
        };
        let above = |key: &&Key| {
            let rest = author.strip_suffix(key.domain.as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        let nearest = self.keys.iter().filter(above).map(|key| key.domain.len()).max();
        let keys: Vec<&Key> = self
            .keys
            .iter()
            .filter(above)
            .filter(|key| Some(key.domain.len()) == nearest)
            .collect();
        if keys.is_empty() || fields.len() > FIELDS {
            return Ok(message.clone());
        }
        let mut hash = Sha256::new();
        canonical::body(body, |piece| hash.update(piece));
        let body_hash = encode_block(&hash.finish());
        let mut signed = Vec::with_capacity(message.len() + keys.len() * 1024);
        for key in keys {
            signed.extend_from_slice(key.signature(&fields, &body_hash, now)?.as_bytes());
        }
        signed.extend_from_slice(message.as_bytes());
        Ok(RawMessage::new(signed))
    }
}

impl Key {
    fn load(settings: &KeySettings) -> Result<Key, String> {
        let wrong = |why: &str| format!("`key` {}/{}: {why}", settings.domain, settings.selector);
        let is_name = |text: &str| {
            let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
            text.split('.')
                .all(|label| (1..=63).contains(&label.len()) && label.bytes().all(fits))
        };
        if !is_name(&settings.domain) || !is_name(&settings.selector) {
            return Err(wrong(
                "domain and selector are names in the DNS, like \"agency.example\" and \"s2026\"",
            ));
        }
        let name = settings.file.display();
        let pem = read(&settings.file).map_err(|why| wrong(&format!("file {name} cannot be read: {why}")))?;
        // Nobody sits at the terminal to type a password.
        let secret = PKey::private_key_from_pem_callback(&pem, |_| Ok(0));
        let secret = secret.map_err(|_| {
            wrong(&format!(
                "file {name} must hold a private key in PEM form, without a password"
            ))
        })?;
        match secret.id() {
            Id::ED25519 => {}
            Id::RSA if secret.bits() >= RSA_BITS => {}
            Id::RSA => return Err(wrong("an RSA key needs 1024 bits; 2048 are usual")),
            _ => return Err(wrong("the key must be of RSA or Ed25519")),
        }
        Ok(Key {
            domain: settings.domain.to_ascii_lowercase(),
            selector: settings.selector.clone(),
            secret,
        })
    }

    /// The whole field.
    fn signature(&self, fields: &[Field<'_>], body_hash: &str, now: Timestamp) -> Result<String, ErrorStack> {
        let (names, mut data) = covered(fields);
        let algorithm = match self.secret.id() {
            Id::ED25519 => "ed25519-sha256",
            _ => "rsa-sha256",
        };
        let list = wrapped(&names, ":");
        let head = format!(
            "DKIM-Signature: v=1; a={algorithm}; c=relaxed/relaxed; d={};\r\n\ts={}; t={};\r\n\th={list};\r\n\tbh={body_hash};\r\n\tb=",
            self.domain,
            self.selector,
            now.as_second()
        );
        data.extend_from_slice(&canonical::field(head.as_bytes()));
        let signature = match self.secret.id() {
            // RFC 8463 §3: Ed25519 signs the hash.
            Id::ED25519 => {
                let mut hash = Sha256::new();
                hash.update(&data);
                Signer::new_without_digest(&self.secret)?.sign_oneshot_to_vec(&hash.finish())?
            }
            _ => {
                let mut signer = Signer::new(MessageDigest::sha256(), &self.secret)?;
                signer.sign_oneshot_to_vec(&data)?
            }
        };
        let text = encode_block(&signature);
        let pieces: Vec<String> = text
            .as_bytes()
            .chunks(70)
            .map(|piece| String::from_utf8_lossy(piece).into_owned())
            .collect();
        Ok(format!("{head}{}\r\n", pieces.join("\r\n\t ")))
    }
}

/// The names that `h=` lists, and the fields in the form and order in which they are signed: of several with one name,
/// the lowest first (RFC 6376 §5.4.2).
fn covered(fields: &[Field<'_>]) -> (Vec<&'static str>, Vec<u8>) {
    let (mut names, mut data) = (Vec::new(), Vec::new());
    for name in SIGNED {
        for field in fields
            .iter()
            .rev()
            .filter(|one| one.name.eq_ignore_ascii_case(name.as_bytes()))
        {
            names.push(*name);
            data.extend_from_slice(&canonical::field(field.whole));
            data.extend_from_slice(b"\r\n");
        }
        if SEALED.contains(name) {
            names.push(name);
        }
    }
    (names, data)
}

/// Words in lines of bounded length; what is between them may have white space around it.
fn wrapped(words: &[&str], between: &str) -> String {
    let mut text = String::new();
    let mut line = 0;
    for (number, word) in words.iter().enumerate() {
        if number > 0 {
            text.push_str(between);
        }
        if line + word.len() > 66 {
            text.push_str("\r\n\t ");
            line = 0;
        }
        text.push_str(word);
        line += word.len() + between.len();
    }
    text
}

/// The domain of the one address of the one `From` field, in lower case.
fn author_domain(fields: &[Field<'_>]) -> Option<String> {
    let mut all = fields.iter().filter(|one| one.name.eq_ignore_ascii_case(b"from"));
    let (from, None) = (all.next()?, all.next()) else {
        return None;
    };
    let text = canonical::field(from.whole);
    let text = std::str::from_utf8(&text).ok()?.strip_prefix("from:")?;
    let address = match text.rsplit_once('<') {
        Some((_, rest)) => rest.split_once('>')?.0,
        None => text,
    };
    let (_, domain) = address.trim().rsplit_once('@')?;
    let domain = idna::domain_to_ascii(domain).ok()?;
    let is_host = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    domain.split('.').all(is_host).then_some(domain)
}

/// The key, if nobody else can read it.
fn read(file: &Path) -> Result<Vec<u8>, String> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(file)
        .map_err(|why| why.to_string())?
        .permissions()
        .mode();
    if mode & 0o007 != 0 {
        return Err("everybody on this machine can read it; take that right away (chmod o-rwx)".to_owned());
    }
    std::fs::read(file).map_err(|why| why.to_string())
}

#[cfg(test)]
mod tests;
