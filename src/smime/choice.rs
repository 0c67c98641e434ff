//! The certificates at hand: which one is encrypted to, and what is said of the others.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use crate::message::{Address, CertificateVerdict, Considered, Profile};

use super::sources::Folder;
use super::trust::Trust;
use super::{Algorithms, Certificate, Directory, LookupError, Settings};

/// The certificates at hand and the rules of trust. Cloning shares them.
///
/// Nothing is read again after [`Certificates::load`]: to take in changed folders, load anew and swap.
#[derive(Clone)]
pub struct Certificates {
    folder: Arc<Folder>,
    sources: Arc<[Arc<dyn Directory>]>,
    trust: Arc<Trust>,
}

/// The certificate to encrypt with for one address, and all that were weighed.
#[derive(Debug, Clone)]
pub struct Choice {
    /// Every candidate with its verdict, best first.
    pub considered: Vec<Considered>,
    /// The one to encrypt to; present exactly when one of `considered` is chosen.
    pub chosen: Option<Arc<Certificate>>,
}

/// One line of a list of all certificates.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The file it came from.
    pub file: PathBuf,
    /// The address it would be used for; `None` when it names no address at all.
    pub address: Option<Address>,
    /// The certificate and the verdict on it, taken by itself: never `Chosen`.
    pub considered: Considered,
}

impl Certificates {
    /// Loads anchors, intermediates, revocation lists and recipients' certificates.
    ///
    /// # Errors
    /// A folder or file that cannot be read: which one and why. A file that holds no certificate is an error too,
    /// for a certificate that is silently missing looks like a recipient without one.
    pub fn load(settings: &Settings) -> Result<Certificates, String> {
        let folder = Arc::new(Folder::load(&settings.recipients)?);
        // One line for each kind of source.
        let sources: Vec<Arc<dyn Directory>> = vec![folder.clone()];
        Ok(Certificates {
            folder,
            sources: sources.into(),
            trust: Arc::new(Trust::load(settings)?),
        })
    }

    /// Weighs every candidate for `address` at `now`. Of those that may be used, the one whose validity began
    /// last is chosen; the others do not stand in its way. A key that is below the profile is not used.
    ///
    /// # Errors
    /// When a source cannot be asked. The caller must then neither encrypt nor refuse for good, but try later.
    pub async fn choose(
        &self,
        address: &Address,
        profile: Profile,
        now: jiff::Timestamp,
    ) -> Result<Choice, LookupError> {
        let mut seen = HashSet::new();
        let mut weighed = Vec::new();
        for source in self.sources.iter() {
            for certificate in source.candidates(address).await? {
                if seen.insert(certificate.fingerprint().to_owned()) {
                    let verdict = self.judge(&certificate, address, profile, now);
                    weighed.push((certificate, verdict));
                }
            }
        }
        weighed.sort_by(|one, other| rank(other).cmp(&rank(one)));
        Ok(choice(weighed))
    }

    /// Whether it may be used, and by what the profile asks of its key.
    fn judge(
        &self,
        certificate: &Certificate,
        address: &Address,
        profile: Profile,
        now: jiff::Timestamp,
    ) -> CertificateVerdict {
        match self.trust.judge(certificate, address, now) {
            CertificateVerdict::Usable if Algorithms::choose(profile, certificate.key()).is_none() => {
                CertificateVerdict::BelowProfile
            }
            verdict => verdict,
        }
    }

    /// Every certificate in the folder, once for each address it names, judged at `now` by the profile for the
    /// address.
    pub fn all(
        &self,
        profile: impl Fn(&Address) -> Profile,
        now: jiff::Timestamp,
    ) -> impl Iterator<Item = Listed> {
        self.folder.certificates().flat_map(move |(file, certificate)| {
            let named = certificate
                .addresses()
                .iter()
                .chain(certificate.subject_addresses());
            let mut addresses: Vec<Option<Address>> = named.cloned().map(Some).collect();
            addresses.sort();
            addresses.dedup();
            if addresses.is_empty() {
                addresses.push(None);
            }
            let list = |address: Option<Address>| {
                let verdict = match &address {
                    Some(address) => self.judge(certificate, address, profile(address), now),
                    None => CertificateVerdict::WrongAddress,
                };
                Listed {
                    file: file.to_owned(),
                    address,
                    considered: certificate.considered(verdict),
                }
            };
            addresses.into_iter().map(list).collect::<Vec<_>>()
        })
    }
}

/// Usable ones first, newest first; the fingerprint makes the order the same on every machine.
fn rank((certificate, verdict): &(Arc<Certificate>, CertificateVerdict)) -> impl Ord {
    (
        *verdict == CertificateVerdict::Usable,
        certificate.not_before(),
        certificate.not_after(),
        certificate.fingerprint().to_owned(),
    )
}

fn choice(weighed: Vec<(Arc<Certificate>, CertificateVerdict)>) -> Choice {
    let mut chosen = None;
    let consider = |(certificate, mut verdict): (Arc<Certificate>, CertificateVerdict)| {
        if verdict == CertificateVerdict::Usable && chosen.is_none() {
            verdict = CertificateVerdict::Chosen;
            chosen = Some(certificate.clone());
        }
        certificate.considered(verdict)
    };
    let considered = weighed.into_iter().map(consider).collect();
    Choice { considered, chosen }
}
