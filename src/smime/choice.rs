//! The certificates at hand: which one is encrypted to, and what is said of the others.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use crate::message::{Address, CertificateVerdict, Considered, Profile, RawMessage};

use super::naming::Naming;
use super::sources::Folder;
use super::trust::{Judged, Trust};
use super::{Algorithms, Capabilities, Certificate, Directory, LookupError, Settings, Verification, verify};

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
    /// What the recipient's own signed mail said with it, if any came.
    pub capabilities: Option<Capabilities>,
}

/// One line of a list of all certificates.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The file it came from.
    pub file: PathBuf,
    /// Itself.
    pub certificate: Arc<Certificate>,
    /// The address it would be used for; `None` when it names no address at all.
    pub address: Option<Address>,
    /// The domain it would be used for, in place of an address.
    pub domain: Option<String>,
    /// What is said of it, taken by itself: never `Chosen`.
    pub considered: Considered,
}

impl Listed {
    /// For people: the address, or `@domain`.
    pub fn whom(&self) -> Option<String> {
        let domain = || self.domain.as_ref().map(|domain| format!("@{domain}"));
        self.address.as_ref().map(Address::to_string).or_else(domain)
    }
}

impl Certificates {
    /// Loads anchors, intermediates, revocation lists and recipients' certificates.
    ///
    /// # Errors
    /// A folder or file that cannot be read: which one and why. A file that holds no certificate is an error too,
    /// for a certificate that is silently missing looks like a recipient without one.
    pub fn load(settings: &Settings) -> Result<Certificates, String> {
        let folder = Arc::new(Folder::load(&settings.recipients, Naming::of(settings))?);
        // One line for each kind of source.
        let sources: Vec<Arc<dyn Directory>> = vec![folder.clone()];
        Ok(Certificates {
            folder,
            sources: sources.into(),
            trust: Arc::new(Trust::load(settings)?),
        })
    }

    /// Weighs every candidate for `address` at `now`. Of those that may be used, one that names the address is
    /// preferred to one that fits it by another rule, and then the one whose validity began last is chosen; the
    /// others do not stand in its way. A key that is below the profile is not used.
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
                    let judged = self.judge(&certificate, address, profile, now);
                    weighed.push((certificate, judged));
                }
            }
        }
        weighed.sort_by(|one, other| rank(other).cmp(&rank(one)));
        Ok(choice(weighed))
    }

    /// Verifies a signed message at `now` with the anchors at hand. Costs processor time in proportion to the
    /// message; never fails, and says what it did not read.
    pub fn verify(&self, raw: &RawMessage, now: jiff::Timestamp) -> Verification {
        verify::verify(&self.trust, raw, now)
    }

    /// Whether it may be used, and by what the profile asks of its key.
    fn judge(
        &self,
        certificate: &Certificate,
        address: &Address,
        profile: Profile,
        now: jiff::Timestamp,
    ) -> Judged {
        let judged = self.trust.judge(certificate, address, now);
        let usable = judged.verdict == CertificateVerdict::Usable;
        match usable && Algorithms::choose(profile, certificate.key(), None).is_none() {
            true => Judged {
                verdict: CertificateVerdict::BelowProfile,
                ..judged
            },
            false => judged,
        }
    }

    /// Every certificate in the folder, once for each address and each domain it names, judged at `now` by the
    /// profile for the address.
    pub fn all(
        &self,
        profile: impl Fn(&Address) -> Profile,
        now: jiff::Timestamp,
    ) -> impl Iterator<Item = Listed> {
        self.folder.certificates().flat_map(move |(file, certificate)| {
            let list = |(address, domain): (Option<Address>, Option<String>)| {
                // Anybody there will do: a rule about a domain is the same for all.
                let somebody = domain
                    .as_ref()
                    .and_then(|domain| format!("somebody@{domain}").parse().ok());
                let judged = match address.as_ref().or(somebody.as_ref()) {
                    Some(address) => self.judge(certificate, address, profile(address), now),
                    None => Judged::wrong_address(),
                };
                Listed {
                    file: file.to_owned(),
                    certificate: certificate.clone(),
                    address,
                    domain,
                    considered: certificate.considered(judged.verdict, judged.assurance),
                }
            };
            targets(certificate).into_iter().map(list).collect::<Vec<_>>()
        })
    }
}

/// What a certificate says it is for, each once; one line without anything when it says nothing.
fn targets(certificate: &Certificate) -> Vec<(Option<Address>, Option<String>)> {
    let named = certificate
        .addresses()
        .iter()
        .chain(certificate.subject_addresses());
    let mut addresses: Vec<Address> = named.cloned().collect();
    addresses.sort();
    addresses.dedup();
    let mut domains = certificate.domains().to_vec();
    domains.sort();
    domains.dedup();
    let addresses = addresses.into_iter().map(|address| (Some(address), None));
    let mut targets: Vec<_> = addresses
        .chain(domains.into_iter().map(|domain| (None, Some(domain))))
        .collect();
    if targets.is_empty() {
        targets.push((None, None));
    }
    targets
}

/// Usable ones first, better fitting first, newest first; the fingerprint makes the order the same on every machine.
fn rank((certificate, judged): &(Arc<Certificate>, Judged)) -> impl Ord {
    (
        judged.verdict == CertificateVerdict::Usable,
        judged.fit,
        certificate.not_before(),
        certificate.not_after(),
        certificate.fingerprint().to_owned(),
    )
}

fn choice(weighed: Vec<(Arc<Certificate>, Judged)>) -> Choice {
    let mut chosen = None;
    let consider = |(certificate, mut judged): (Arc<Certificate>, Judged)| {
        if judged.verdict == CertificateVerdict::Usable && chosen.is_none() {
            judged.verdict = CertificateVerdict::Chosen;
            chosen = Some(certificate.clone());
        }
        certificate.considered(judged.verdict, judged.assurance)
    };
    let considered = weighed.into_iter().map(consider).collect();
    Choice {
        considered,
        chosen,
        capabilities: None,
    }
}
