//! Opens mail that was encrypted to a key of our own: partners write to the gateway's certificate, and the organisation's
//! people read it without one.
//!
//! Must not know: what is done with what was inside. The bytes are a stranger's: they are read by a small reader, and
//! OpenSSL sees no more of them than numbers, points and ciphertext.

mod content;
mod envelope;
mod key;
mod restore;

use std::fs;
use std::path::Path;

use openssl::pkey::{PKey, Private};
use zeroize::Zeroizing;

use crate::message::RawMessage;

use super::Certificate;
use super::header::Header;
use super::keys::{KeyFile, Secret};
use super::verify::mail;
use content::Content;

/// Content keys that are tried for one message. A stranger can write our certificate's name into it as often as he likes,
/// and each attempt decrypts all of the content.
const ATTEMPTS: usize = 4;

/// The keys of our own that mail may be encrypted to.
pub struct Opener {
    keys: Vec<(Certificate, PKey<Private>)>,
}

/// What became of a message.
#[derive(Debug)]
pub enum Opening {
    /// Its outermost layer is not encrypted with S/MIME.
    NotEncrypted,
    /// It stays closed; why, in a few words.
    Closed(&'static str),
    /// It is open.
    Open(Opened),
}

/// What was inside.
pub struct Opened {
    entity: Zeroizing<Vec<u8>>,
    /// For people: `AES-256-CBC`.
    pub cipher: &'static str,
    /// The certificate that it was encrypted to, SHA-256 of its DER in hexadecimal.
    pub certificate: String,
    message: RawMessage,
}

impl Opener {
    /// Reads every `*.pem` in the folder: private keys, sealed, with their certificates.
    ///
    /// # Errors
    /// The first file that cannot be used as it stands: mail to its certificate would stay closed, and nobody would know why.
    pub fn load(folder: &Path, secret_file: Option<&Path>) -> Result<Opener, String> {
        let secret = secret_file.map(Secret::passphrase).transpose()?;
        let cannot =
            |error: std::io::Error| format!("{}: the folder cannot be read: {error}", folder.display());
        let mut files = Vec::new();
        for entry in fs::read_dir(folder).map_err(cannot)? {
            files.push(entry.map_err(cannot)?.path());
        }
        files.retain(|path| path.extension().is_some_and(|ending| ending == "pem"));
        files.sort();
        let keys = files.iter().map(|path| key_of(path, secret.as_ref()));
        Ok(Opener {
            keys: keys.collect::<Result<_, _>>()?,
        })
    }

    /// With keys that lie at hand.
    #[cfg(test)]
    pub(super) fn of<'a>(issued: impl IntoIterator<Item = &'a super::issue::Issued>) -> Opener {
        let pair = |issued: &super::issue::Issued| {
            let x509 = openssl::x509::X509::from_pem(issued.certificate_pem.as_bytes()).unwrap();
            let certificate = Certificate::from_der(&x509.to_der().unwrap()).unwrap();
            (
                certificate,
                PKey::private_key_from_pem(issued.key_pem.as_bytes()).unwrap(),
            )
        };
        Opener {
            keys: issued.into_iter().map(pair).collect(),
        }
    }

    /// The certificates that mail can be encrypted to.
    pub fn certificates(&self) -> impl Iterator<Item = &Certificate> {
        self.keys.iter().map(|(certificate, _)| certificate)
    }

    /// Opens a message. Costs processor time.
    pub fn open(&self, raw: &RawMessage) -> Opening {
        let Some(cms) = mail::encrypted(Header::of(raw.as_bytes())) else {
            return Opening::NotEncrypted;
        };
        let Some(envelope) = envelope::read(&cms) else {
            return Opening::NotEncrypted;
        };
        let Some(content) = Content::of(envelope.cipher) else {
            return Opening::Closed("its cipher is unknown or too weak");
        };
        let mut reason = "it is encrypted to none of the keys in `decrypt_keys`";
        let ours = envelope.recipients.iter().filter_map(|recipient| {
            let own = self.keys.iter().find(|(own, _)| recipient.id.names(own));
            own.map(|(certificate, own)| (recipient, certificate, own))
        });
        for (recipient, certificate, own) in ours.take(ATTEMPTS) {
            let entity = match key::open(recipient, own, content.key_size()) {
                Ok(key) => content.decrypt(&key, &envelope),
                Err(why) => {
                    reason = why;
                    continue;
                }
            };
            let Some(entity) = entity.and_then(with_line_ends) else {
                reason = "it does not decrypt";
                continue;
            };
            let Some(message) = restore::restore(raw, &entity) else {
                reason = "what is inside cannot be read for certain";
                continue;
            };
            return Opening::Open(Opened {
                entity,
                cipher: content.words,
                certificate: certificate.fingerprint().to_owned(),
                message,
            });
        }
        Opening::Closed(reason)
    }
}

impl Opened {
    /// The entity that was encrypted, as it was signed.
    pub(super) fn entity(&self) -> &[u8] {
        &self.entity
    }

    /// The message without the seal: what its reader should have.
    pub fn message(&self) -> &RawMessage {
        &self.message
    }
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Opened({}, {})", self.cipher, self.certificate)
    }
}

impl std::fmt::Debug for Opener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let fingerprints = self.keys.iter().map(|(certificate, _)| certificate.fingerprint());
        f.debug_list().entries(fingerprints).finish()
    }
}

fn key_of(path: &Path, secret: Option<&Secret>) -> Result<(Certificate, PKey<Private>), String> {
    let wrong = |what: &str| format!("{}: {what}", path.display());
    let file = KeyFile::read(path)?;
    let pkcs8 = file.open(secret)?;
    let pkcs8 =
        pkcs8.ok_or_else(|| wrong("holds no private key; keys in an HSM cannot decrypt mail here"))?;
    let key = PKey::private_key_from_pkcs8(&pkcs8)
        .map_err(|_| wrong("the private key is of a kind that OpenSSL does not read"))?;
    let belongs = |certificate: &Certificate| {
        let public = certificate.x509().public_key();
        public.is_ok_and(|public| public.public_eq(&key))
    };
    let (certificate, _) = file.own_and_chain(belongs)?;
    Ok((certificate, key))
}

/// Line ends as mail has them. Some programs encrypt lines that end in LF alone; a mixture has no one meaning.
fn with_line_ends(entity: Zeroizing<Vec<u8>>) -> Option<Zeroizing<Vec<u8>>> {
    let feeds = memchr::memchr_iter(b'\n', &entity).count();
    let returns = memchr::memchr_iter(b'\r', &entity).count();
    let pairs = memchr::memmem::find_iter(&entity, b"\r\n").count();
    match (feeds == pairs && returns == pairs, returns) {
        (true, _) => Some(entity),
        (false, 0) => {
            let mut whole = Zeroizing::new(Vec::with_capacity(entity.len() + feeds));
            for line in entity.split_inclusive(|byte| *byte == b'\n') {
                match line.strip_suffix(b"\n") {
                    Some(text) => {
                        whole.extend_from_slice(text);
                        whole.extend_from_slice(b"\r\n");
                    }
                    None => whole.extend_from_slice(line),
                }
            }
            Some(whole)
        }
        _ => None,
    }
}
