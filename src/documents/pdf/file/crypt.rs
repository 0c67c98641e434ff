//! The standard security handler (ISO 32000-2 §7.6.4) with the empty password, which opens every file that
//! viewers show without asking.

use std::borrow::Cow;

use md5::Md5;
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::ciphers;
use crate::documents::pdf::syntax::{Dictionary, Object};

/// What an encryption dictionary says.
#[derive(Debug, Clone)]
pub(super) struct Lock {
    version: usize,
    revision: usize,
    length: usize,
    permissions: i32,
    encrypts_metadata: bool,
    owner: Vec<u8>,
    user: Vec<u8>,
    user_key: Vec<u8>,
    strings: Method,
    streams: Method,
}

/// How octets are enciphered.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Method {
    None,
    Rc4,
    Aes128,
    Aes256,
}

/// The key of a file.
#[derive(Clone)]
pub(super) struct Key {
    key: Vec<u8>,
    encrypts_metadata: bool,
    strings: Method,
    streams: Method,
}

/// What passwords are padded with (algorithm 2).
const PADDING: [u8; 32] = [
    0x28, 0xbf, 0x4e, 0x5e, 0x4e, 0x75, 0x8a, 0x41, 0x64, 0x00, 0x4e, 0x56, 0xff, 0xfa, 0x01, 0x08, 0x2e,
    0x2e, 0x00, 0xb6, 0xd0, 0x68, 0x3e, 0x80, 0x2f, 0x0c, 0xa9, 0xfe, 0x64, 0x53, 0x69, 0x7a,
];

impl Lock {
    /// Reads the dictionary; `None` when it is of another handler.
    pub fn read(object: &Object<'_>) -> Option<Lock> {
        let dictionary = object.dictionary()?;
        if !dictionary.is("Filter", "Standard") {
            return None;
        }
        let version = dictionary.get("V").count().unwrap_or(0);
        let string = |key: &str| dictionary.get(key).string().unwrap_or_default().to_vec();
        let permissions = dictionary.get("P").number().unwrap_or(0.0) as i64 as i32;
        Some(Lock {
            version,
            revision: dictionary.get("R").count().unwrap_or(0),
            length: dictionary.get("Length").count().unwrap_or(40),
            permissions,
            encrypts_metadata: *dictionary.get("EncryptMetadata") != Object::Boolean(false),
            owner: string("O"),
            user: string("U"),
            user_key: string("UE"),
            strings: method(dictionary, version, "StrF")?,
            streams: method(dictionary, version, "StmF")?,
        })
    }
}

/// The method that a crypt filter names (ISO 32000-2 §7.6.6).
fn method(dictionary: &Dictionary<'_>, version: usize, which: &str) -> Option<Method> {
    if !matches!(version, 4 | 5) {
        return Some(Method::Rc4);
    }
    let name = dictionary.get(which).name().unwrap_or(b"Identity");
    if name == b"Identity" {
        return Some(Method::None);
    }
    let filters = dictionary.get("CF").dictionary()?;
    let filter = filters.get(std::str::from_utf8(name).ok()?).dictionary()?;
    match filter.get("CFM").name()? {
        b"None" => Some(Method::None),
        b"V2" => Some(Method::Rc4),
        b"AESV2" => Some(Method::Aes128),
        b"AESV3" => Some(Method::Aes256),
        _ => None,
    }
}

impl Key {
    /// The key, when the empty user password gives it. `id` is the first part of the file's identifier.
    pub fn with_no_password(lock: &Lock, id: &[u8]) -> Option<Key> {
        let key = match lock.revision {
            2..=4 => old_key(lock, id)?,
            5 | 6 => new_key(lock)?,
            _ => return None,
        };
        Some(Key {
            key,
            encrypts_metadata: lock.encrypts_metadata,
            strings: lock.strings,
            streams: lock.streams,
        })
    }

    /// Deciphers every string of an object.
    pub fn decipher_strings(&self, number: u32, generation: u16, object: &mut Object<'_>) {
        if self.strings == Method::None {
            return;
        }
        // The parser bounds how deep objects nest.
        match object {
            Object::String(string) => {
                *string = Cow::Owned(self.decipher(self.strings, number, generation, string));
            }
            Object::Array(members) => {
                for member in members {
                    self.decipher_strings(number, generation, member);
                }
            }
            Object::Dictionary(dictionary) => {
                for (_, value) in &mut dictionary.0 {
                    self.decipher_strings(number, generation, value);
                }
            }
            _ => {}
        }
    }

    /// Deciphers the data of a stream, unless it is one that is never enciphered.
    pub fn decipher_stream<'b>(
        &self,
        number: u32,
        generation: u16,
        dictionary: &Dictionary<'_>,
        raw: Cow<'b, [u8]>,
    ) -> Cow<'b, [u8]> {
        let plain_metadata = !self.encrypts_metadata && dictionary.is("Type", "Metadata");
        let own_filter = match dictionary.get("Filter") {
            Object::Array(filters) => filters.first().and_then(Object::name) == Some(b"Crypt"),
            filter => filter.name() == Some(b"Crypt"),
        };
        let plain = dictionary.is("Type", "XRef") || plain_metadata || own_filter;
        if plain || self.streams == Method::None {
            return raw;
        }
        Cow::Owned(self.decipher(self.streams, number, generation, &raw))
    }

    fn decipher(&self, method: Method, number: u32, generation: u16, bytes: &[u8]) -> Vec<u8> {
        match method {
            Method::None => bytes.to_vec(),
            Method::Rc4 => ciphers::rc4(&self.key_of(number, generation, b""), bytes),
            Method::Aes128 => ciphers::aes(&self.key_of(number, generation, b"sAlT"), bytes),
            Method::Aes256 => ciphers::aes(&self.key, bytes),
        }
    }

    /// Algorithm 1: each object has a key of its own.
    fn key_of(&self, number: u32, generation: u16, salt: &[u8]) -> Vec<u8> {
        let mut hash = Md5::new();
        hash.update(&self.key);
        hash.update(number.to_le_bytes().get(..3).unwrap_or_default());
        hash.update(generation.to_le_bytes());
        hash.update(salt);
        let mut key = hash.finalize().to_vec();
        key.truncate((self.key.len() + 5).min(16));
        key
    }
}

/// Algorithm 2, and algorithms 4 and 5 to see whether the key is right.
fn old_key(lock: &Lock, id: &[u8]) -> Option<Vec<u8>> {
    let length = match lock.version {
        1 => 5,
        4 => 16,
        _ => (lock.length / 8).clamp(5, 16),
    };
    let mut hash = Md5::new();
    hash.update(PADDING);
    hash.update(lock.owner.get(..32)?);
    hash.update(lock.permissions.to_le_bytes());
    hash.update(id);
    if lock.revision >= 4 && !lock.encrypts_metadata {
        hash.update([0xff; 4]);
    }
    let mut key = hash.finalize().to_vec();
    key.truncate(length);
    if lock.revision >= 3 {
        for _ in 0..50 {
            key = Md5::digest(&key).to_vec();
            key.truncate(length);
        }
    }
    let expected = if lock.revision == 2 {
        ciphers::rc4(&key, &PADDING)
    } else {
        let mut hash = Md5::new();
        hash.update(PADDING);
        hash.update(id);
        let mut check = ciphers::rc4(&key, &hash.finalize());
        for round in 1..20_u8 {
            let turned: Vec<u8> = key.iter().map(|octet| octet ^ round).collect();
            check = ciphers::rc4(&turned, &check);
        }
        check
    };
    lock.user.starts_with(&expected).then_some(key)
}

/// Algorithm 2.A with the empty user password.
fn new_key(lock: &Lock) -> Option<Vec<u8>> {
    let (check, salts) = lock.user.get(..48)?.split_at_checked(32)?;
    let (check_salt, key_salt) = salts.split_at_checked(8)?;
    let hash = |salt: &[u8]| match lock.revision {
        5 => Some(Sha256::digest(salt).to_vec()),
        _ => hardened(salt),
    };
    if hash(check_salt)? != check {
        return None;
    }
    ciphers::aes_blocks(&hash(key_salt)?, &[0; 16], lock.user_key.get(..32)?)
}

/// Algorithm 2.B for the empty password.
fn hardened(salt: &[u8]) -> Option<Vec<u8>> {
    let mut key = Sha256::digest(salt).to_vec();
    // It ends by chance; the bound is far beyond what happens.
    for round in 0..2_000_usize {
        let repeated = key.repeat(64);
        let (cipher_key, rest) = key.split_at_checked(16)?;
        let enciphered = ciphers::aes_encrypt(cipher_key, rest.get(..16)?, repeated)?;
        let sum: u32 = enciphered.iter().take(16).map(|octet| u32::from(*octet)).sum();
        key = match sum % 3 {
            0 => Sha256::digest(&enciphered).to_vec(),
            1 => Sha384::digest(&enciphered).to_vec(),
            _ => Sha512::digest(&enciphered).to_vec(),
        };
        let last = enciphered.last().map_or(0, |last| usize::from(*last));
        if round >= 63 && last + 32 <= round + 1 {
            break;
        }
    }
    key.truncate(32);
    Some(key)
}
