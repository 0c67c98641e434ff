//! A key of the gateway's own, kept in a file: what it makes with it, nobody else can make.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Signer;

/// Octets of a key.
const OCTETS: usize = 32;

/// The key.
#[derive(Clone)]
pub struct Secret([u8; OCTETS]);

impl Secret {
    /// A key that is forgotten with the process.
    ///
    /// # Errors
    /// When OpenSSL has no random octets.
    pub fn passing() -> io::Result<Secret> {
        let mut key = [0; OCTETS];
        openssl::rand::rand_bytes(&mut key)?;
        Ok(Secret(key))
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

    /// HMAC-SHA-256 of the parts. `purpose` keeps what is made for one purpose from being taken for another.
    ///
    /// # Errors
    /// When OpenSSL fails.
    pub fn mac(&self, purpose: &str, parts: &[&[u8]]) -> io::Result<[u8; 32]> {
        let key = PKey::hmac(&self.0)?;
        let mut signer = Signer::new(MessageDigest::sha256(), &key)?;
        for part in [purpose.as_bytes()].iter().chain(parts) {
            // With its length in front of it, no part can pass for the beginning of the next.
            signer.update(&(part.len() as u64).to_be_bytes())?;
            signer.update(part)?;
        }
        let mut mac = [0; 32];
        signer.sign(&mut mac)?;
        Ok(mac)
    }
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
    let key = fs::read(file)?.try_into();
    key.map(Secret).map_err(|_| {
        io::Error::other("it holds no key of 32 octets; remove it, and another one is made at the next start")
    })
}

/// Written aside and linked into place: there is never half a key, and an existing one is never replaced.
fn make(file: &Path) -> io::Result<()> {
    let Secret(key) = Secret::passing()?;
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
        assert_eq!(
            first.mac("x", &[b"a"]).unwrap(),
            second.mac("x", &[b"a"]).unwrap()
        );
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(Secret::open(&file).unwrap_err().to_string().contains("chmod 600"));
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&file, b"short").unwrap();
        assert!(Secret::open(&file).unwrap_err().to_string().contains("32 octets"));
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn neither_purposes_nor_parts_run_into_each_other() {
        let secret = Secret([7; OCTETS]);
        let macs = [
            secret.mac("ab", &[b"c"]).unwrap(),
            secret.mac("a", &[b"bc"]).unwrap(),
            secret.mac("a", &[b"b", b"c"]).unwrap(),
            secret.mac("a", &[b"bc", b""]).unwrap(),
        ];
        let different: std::collections::HashSet<_> = macs.iter().collect();
        assert_eq!(different.len(), macs.len());
    }
}
