//! Certificates from a folder: what an administrator has put there.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::message::{Address, Boxed, Origin};

use super::super::files;
use super::super::naming::{self, Naming};
use super::super::{Candidate, Certificate, Directory, LookupError};

/// A folder of certificates, read once.
#[derive(Debug, Default)]
pub struct Folder {
    all: Vec<(PathBuf, Arc<Certificate>)>,
    /// Under each key that [`naming::keys`] gives.
    by_key: HashMap<String, Vec<Arc<Certificate>>>,
    naming: Naming,
}

impl Folder {
    /// Reads `*.pem`, `*.crt`, `*.cer` and `*.der`, PEM with one or more certificates or DER with one.
    ///
    /// # Errors
    /// Names the folder or file that cannot be read or holds no certificate.
    pub(in crate::smime) fn load(path: &Path, naming: Naming) -> Result<Folder, String> {
        let mut folder = Folder {
            naming,
            ..Folder::default()
        };
        for (file, certificate) in files::certificates(path)? {
            folder.add(file, Arc::new(certificate));
        }
        Ok(folder)
    }

    /// Every certificate with the file it came from, in the order of the files' names.
    pub fn certificates(&self) -> impl Iterator<Item = (&Path, &Arc<Certificate>)> {
        self.all
            .iter()
            .map(|(file, certificate)| (file.as_path(), certificate))
    }

    fn add(&mut self, file: PathBuf, certificate: Arc<Certificate>) {
        for key in naming::keys(&certificate) {
            self.by_key.entry(key).or_default().push(certificate.clone());
        }
        self.all.push((file, certificate));
    }
}

impl Directory for Folder {
    fn candidates<'a>(&'a self, address: &'a Address) -> Boxed<'a, Result<Vec<Candidate>, LookupError>> {
        let keys = self.naming.look_up(address);
        let found = keys.iter().filter_map(|key| self.by_key.get(key));
        let candidate = |certificate: &Arc<Certificate>| Candidate::new(certificate.clone(), Origin::Folder);
        let found = found.flatten().map(candidate).collect();
        Box::pin(std::future::ready(Ok(found)))
    }
}
