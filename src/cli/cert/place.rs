//! Where what the internal CA issues goes: a file for the person, or the gateway's own keys.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::config::Settings;
use crate::smime::authority::{Delivered, Order, pkcs12};
use crate::smime::keys::{Secret, pkcs8_of, write_key_file};

/// Where what is issued goes.
pub(super) enum Place {
    /// The folder of own keys.
    Gateway(PathBuf),
    /// A file that was asked for.
    Out(PathBuf),
}

impl Place {
    /// Chooses it before anything is issued.
    pub(super) fn find(settings: &Settings, order: &Order, out: Option<&Path>) -> Result<Place, String> {
        let path = match out {
            Some(out) => Place::Out(out.to_owned()),
            None => {
                let folder = settings.keys.folder.as_deref();
                let folder = folder.ok_or("there is no folder for own keys: [keys] folder")?;
                Place::Gateway(free_name(folder, &order.whom.words()))
            }
        };
        let (Place::Gateway(file) | Place::Out(file)) = &path;
        match file.exists() {
            true => Err(format!("{}: is there already", file.display())),
            false => Ok(path),
        }
    }

    /// Writes it there; gives the file, and its password if it has one.
    pub(super) fn put(
        self,
        delivered: &Delivered,
        settings: &Settings,
    ) -> Result<(PathBuf, Option<String>), String> {
        match (self, &delivered.key) {
            (Place::Gateway(file), Some(key)) => {
                let secret = settings.keys.secret_file.as_deref();
                let secret = Secret::passphrase(secret.ok_or("[keys] secret_file is missing")?)?;
                write_key_file(&file, &pkcs8_of(key)?, &secret, &delivered.chain_pem())?;
                Ok((file, None))
            }
            (Place::Out(file), Some(_)) => {
                let (content, password) = pkcs12(delivered)?;
                write_new(&file, &content, 0o600)?;
                Ok((file, Some(password)))
            }
            (Place::Out(file) | Place::Gateway(file), None) => {
                write_new(&file, delivered.chain_pem().as_bytes(), 0o644)?;
                Ok((file, None))
            }
        }
    }
}

/// A file name that is not taken: `ann@agency.example.pem`, then with a number.
pub(super) fn free_name(folder: &Path, whom: &str) -> PathBuf {
    let plain = |c: char| c.is_ascii_alphanumeric() || "@.-_+".contains(c);
    let name: String = whom.chars().map(|c| if plain(c) { c } else { '-' }).collect();
    let name = name.trim_start_matches('.').to_owned();
    let numbered = (2..).map(|number| folder.join(format!("{name}-{number}.pem")));
    let mut names = std::iter::once(folder.join(format!("{name}.pem"))).chain(numbered);
    let free = names.find(|path| !path.exists());
    free.unwrap_or_else(|| folder.join("key.pem"))
}

/// Writes a file that did not exist.
pub(super) fn write_new(file: &Path, content: &[u8], mode: u32) -> Result<(), String> {
    let cannot = |error: std::io::Error| format!("{}: cannot be written: {error}", file.display());
    let mut out = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(file)
        .map_err(cannot)?;
    out.write_all(content).map_err(cannot)?;
    out.sync_all().map_err(cannot)
}
