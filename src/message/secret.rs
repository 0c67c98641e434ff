//! A key of the gateway's own, kept in a file: what it makes with it, nobody else can make.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use openssl::symm::{Cipher, Crypter, Mode};
use sha2::Sha256;

use super::Fingerprint;

/// Octets of a key.
const OCTETS: usize = 32;

/// Octets of a tag.
const TAG: usize = 16;
/// A shorter part is hashed as fast as its tag is made.
const LONG: usize = 64 << 10;
/// OpenSSL takes less than 2 GB at a time.
const PIECE: usize = 1 << 30;

/// The key.
#[derive(Clone)]
pub struct Secret(Hmac<Sha256>);

impl Secret {
    /// A key that is forgotten with the process.
    ///
    /// # Errors
    /// When OpenSSL has no random octets.
    pub fn passing() -> io::Result<Secret> {
        Ok(Secret::of(&random()?))
    }

    /// Reads the key in `file`, or makes one when there is no file. On return a new file is durable and readable by its
    /// owner only. Of two processes that make it at once, both get the same one.
    ///
    /// # Errors
    /// When the file cannot be read or made, is no key, or others may read it.
    pub fn open(file: &Path) -> io::Result<Secret> {
        let at = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", file.display()));
        match read(file) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                make(file).map_err(at)?;
                read(file).map_err(at)
            }
            key => key.map_err(at),
        }
    }

    /// With these octets, which nobody else may know.
    pub fn of(key: &[u8; OCTETS]) -> Secret {
        // A whole block, as HMAC fills a shorter key up (RFC 2104 §2).
        let mut block = [0; 64];
        for (place, octet) in block.iter_mut().zip(key) {
            *place = *octet;
        }
        Secret(Hmac::new(&block.into()))
    }

    /// HMAC-SHA-256 of the parts. `purpose` keeps what is made for one purpose from being taken for another.
    pub fn mac(&self, purpose: &str, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.0.clone();
        for part in [purpose.as_bytes()].iter().chain(parts) {
            // With its length in front of it, no part can pass for the beginning of the next.
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// The first half of such a MAC in hexadecimal, as it is written down.
    pub fn mark(&self, purpose: &str, parts: &[&[u8]]) -> String {
        let mac = self.mac(purpose, parts);
        let half = mac.iter().take(OCTETS / 2);
        half.map(|octet| format!("{octet:02x}")).collect()
    }

    /// Names what the parts hold. A long part enters by a tag of its octets, which takes a fifth of the time.
    pub fn fingerprint(&self, purpose: &str, parts: &[&[u8]]) -> Fingerprint {
        let key = self.mac("key of tags", &[purpose.as_bytes()]);
        let tags: Vec<Option<[u8; TAG]>> = parts.iter().map(|part| tag(&key, part)).collect();
        let tagged = parts.iter().zip(&tags);
        let parts: Vec<&[u8]> = tagged
            .map(|(part, tag)| tag.as_ref().map_or(*part, <[u8; TAG]>::as_slice))
            .collect();
        Fingerprint(self.mark(purpose, &parts))
    }
}

/// The GMAC (NIST SP 800-38D) of a long part. With the same nonce each time it is a hash that nobody can find collisions of who
/// has neither the key nor a tag, and no tag is ever seen: what is told is a MAC of it. `None` for a short part, which needs
/// none, and when OpenSSL fails: then the part itself is used.
fn tag(key: &[u8; 32], part: &[u8]) -> Option<[u8; TAG]> {
    if part.len() < LONG {
        return None;
    }
    let mut hash = Crypter::new(Cipher::aes_256_gcm(), Mode::Encrypt, key, Some(&[0; 12])).ok()?;
    for piece in part.chunks(PIECE) {
        hash.aad_update(piece).ok()?;
    }
    hash.finalize(&mut []).ok()?;
    let mut tag = [0; TAG];
    hash.get_tag(&mut tag).ok()?;
    Some(tag)
}

/// Whether two MACs are the same, found out in a time that does not tell where they differ.
pub fn is_equal(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && openssl::memcmp::eq(one, other)
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

fn read(file: &Path) -> io::Result<Secret> {
    let mode = fs::metadata(file)?.permissions().mode();
    if mode & 0o077 != 0 {
        let said = format!("others may read it (mode {:o}); do: chmod 600", mode & 0o777);
        return Err(io::Error::other(said));
    }
    let key = fs::read(file)?.try_into().map_err(|_| {
        io::Error::other("it holds no key of 32 octets; remove it, and another one is made at the next start")
    })?;
    Ok(Secret::of(&key))
}

fn random() -> io::Result<[u8; OCTETS]> {
    let mut key = [0; OCTETS];
    openssl::rand::rand_bytes(&mut key)?;
    Ok(key)
}

/// Written aside and linked into place: there is never half a key, and an existing one is never replaced.
fn make(file: &Path) -> io::Result<()> {
    let key = random()?;
    let aside = file.with_extension(format!("{}.new", std::process::id()));
    let written = (|| {
        let mut new = OpenOptions::new();
        let mut new = new
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&aside)?;
        new.write_all(&key)?;
        new.sync_all()?;
        match fs::hard_link(&aside, file) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            linked => linked,
        }
    })();
    let _ = fs::remove_file(&aside);
    written?;
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => fs::File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_lasts_and_is_for_its_owner_only() {
        let folder = std::env::temp_dir().join(format!("sealgate-secret-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join("gateway.key");
        let first = Secret::open(&file).unwrap();
        let second = Secret::open(&file).unwrap();
        assert_eq!(first.mac("x", &[b"a"]), second.mac("x", &[b"a"]));
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(Secret::open(&file).unwrap_err().to_string().contains("chmod 600"));
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&file, b"short").unwrap();
        assert!(Secret::open(&file).unwrap_err().to_string().contains("32 octets"));
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn fingerprints_of_long_parts_depend_on_every_octet() {
        let secret = Secret::of(&[7; OCTETS]);
        let of = |purpose: &str, part: &[u8]| secret.fingerprint(purpose, &[b"said", part]).0;
        let long = vec![b'a'; LONG * 3];
        let mut first = long.clone();
        first[0] ^= 1;
        let mut last = long.clone();
        last[LONG * 3 - 1] ^= 1;
        let longer = [long.as_slice(), b"\0"].concat();
        let fingerprints = [
            of("x", &long),
            of("x", &first),
            of("x", &last),
            of("x", &longer),
            of("x", &long[1..]),
            of("y", &long),
            Secret::of(&[8; OCTETS]).fingerprint("x", &[b"said", &long]).0,
        ];
        let different: std::collections::HashSet<_> = fingerprints.iter().collect();
        assert_eq!(different.len(), fingerprints.len());
        assert_eq!(of("x", &long), fingerprints[0]);
    }

    #[test]
    fn neither_purposes_nor_parts_run_into_each_other() {
        let secret = Secret::of(&[7; OCTETS]);
        let macs = [
            secret.mac("ab", &[b"c"]),
            secret.mac("a", &[b"bc"]),
            secret.mac("a", &[b"b", b"c"]),
            secret.mac("a", &[b"bc", b""]),
        ];
        let different: std::collections::HashSet<_> = macs.iter().collect();
        assert_eq!(different.len(), macs.len());
    }
}
