//! The certificates at hand: which one is encrypted to, and what is said of the others.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::stream::{FuturesUnordered, StreamExt};

use crate::message::{Address, CertificateVerdict, Considered, Profile, RawMessage};

use super::naming::Naming;
use super::register::{EntryState, Register};
use super::sources::{Folder, Registered, dns, ldap};
use super::trust::{Judged, Trust};
use super::{
    Abilities, Algorithms, Candidate, Certificate, Directory, LookupError, Settings, Signed, Verification,
    verify,
};

/// The certificates at hand and the rules of trust. Cloning shares them.
///
/// Folders are not read again after [`Certificates::load`]: to take in changed ones, load anew and swap. The
/// register is asked every time.
#[derive(Clone)]
pub struct Certificates {
    pub(super) folder: Arc<Folder>,
    pub(super) registered: Option<Arc<Registered>>,
    /// Those that answer at once.
    sources: Arc<[Arc<dyn Directory>]>,
    /// Those that are asked over the network.
    remote: Arc<[Arc<dyn Directory>]>,
    naming: Naming,
    trust: Arc<Trust>,
}

/// The certificate to encrypt with for one address, and all that were weighed.
#[derive(Debug, Clone)]
pub struct Choice {
    /// Every candidate with its verdict, best first.
    pub considered: Vec<Considered>,
    /// The one to encrypt to; present exactly when one of `considered` is chosen.
    pub chosen: Option<Arc<Certificate>>,
    /// What the recipient's own signed mail said of his program, if any came with this certificate.
    pub abilities: Option<Abilities>,
}

impl Choice {
    /// Nothing was weighed.
    pub fn none() -> Choice {
        Choice {
            considered: Vec::new(),
            chosen: None,
            abilities: None,
        }
    }
}

impl Certificates {
    /// Loads anchors, intermediates, revocation lists and recipients' certificates.
    ///
    /// # Errors
    /// A folder or file that cannot be read: which one and why. A file that holds no certificate is an error too,
    /// for a certificate that is silently missing looks like a recipient without one.
    pub fn load(settings: &Settings) -> Result<Certificates, String> {
        let naming = Naming::of(settings);
        let folder = Arc::new(Folder::load(&settings.recipients, naming)?);
        // One line for each kind of source.
        let sources: Vec<Arc<dyn Directory>> = vec![folder.clone()];
        Ok(Certificates {
            folder,
            registered: None,
            sources: sources.into(),
            remote: Arc::new([]),
            naming,
            trust: Arc::new(Trust::load(settings)?),
        })
    }

    /// The same with the register as one more source.
    #[must_use]
    pub fn with_register(self, register: Arc<dyn Register>) -> Certificates {
        let registered = Arc::new(Registered::new(register, self.naming));
        let more = std::iter::once(registered.clone() as Arc<dyn Directory>);
        Certificates {
            sources: self.sources.iter().cloned().chain(more).collect(),
            registered: Some(registered),
            ..self
        }
    }

    /// The same with the directories that the settings name. Call it inside a runtime.
    ///
    /// # Errors
    /// Names a file of a directory's settings that cannot be read.
    pub fn with_directories(self, settings: &Settings) -> Result<Certificates, String> {
        let mut remote: Vec<Arc<dyn Directory>> = Vec::new();
        for directory in &settings.ldap {
            remote.push(ldap::source(directory)?);
        }
        if settings.smimea.enabled {
            remote.push(dns::source(&settings.smimea)?);
        }
        Ok(Certificates {
            remote: remote.into(),
            ..self
        })
    }

    /// The same with the register and the directories of `other`, and what those remember.
    #[must_use]
    pub fn with_sources_of(self, other: &Certificates) -> Certificates {
        let certificates = Certificates {
            remote: other.remote.clone(),
            ..self
        };
        match &other.registered {
            Some(registered) => certificates.with_register(registered.register().clone()),
            None => certificates,
        }
    }

    /// Weighs every candidate for `address` at `now`. Of those that may be used, one that names the address is
    /// preferred to one that fits it by another rule, and then the one whose validity began last is chosen; the
    /// others do not stand in its way. A key that is below the profile is not used.
    ///
    /// Directories over the network are waited for only while nothing usable is known: a slow one keeps up no mail that
    /// can be sealed without it. What it answers later is there for the next message.
    ///
    /// # Errors
    /// When a source cannot be asked, and no other has a certificate that may be used. The caller must then neither
    /// encrypt nor refuse for good, but try later.
    pub async fn choose(
        &self,
        address: &Address,
        profile: Profile,
        now: jiff::Timestamp,
    ) -> Result<Choice, LookupError> {
        let mut found = Found::default();
        for source in self.sources.iter() {
            source
                .candidates(address)
                .await?
                .into_iter()
                .for_each(|one| found.add(one));
        }
        let usable = |found: &Found| {
            let mut all = found.candidates.iter();
            all.any(|one| self.judge(one, address, profile, now).verdict == CertificateVerdict::Usable)
        };
        let remote = self.remote.iter().map(|source| source.candidates(address));
        let mut asked: FuturesUnordered<_> = remote.collect();
        let mut failure = None;
        loop {
            let answer = match usable(&found) {
                true => asked.next().now_or_never().flatten(),
                false => asked.next().await,
            };
            match answer {
                Some(Ok(more)) => more.into_iter().for_each(|one| found.add(one)),
                Some(Err(error)) => failure = Some(error),
                None => break,
            }
        }
        if let Some(error) = failure.filter(|_| !usable(&found)) {
            return Err(error);
        }
        let weigh = |candidate: Candidate| {
            let judged = self.judge(&candidate, address, profile, now);
            (candidate, judged)
        };
        let mut weighed: Vec<_> = found.candidates.into_iter().map(weigh).collect();
        weighed.sort_by(|one, other| rank(other).cmp(&rank(one)));
        Ok(choice(weighed))
    }

    /// Verifies a signed message at `now` with the anchors at hand. Costs processor time in proportion to the
    /// message; never fails, and says what it did not read.
    pub fn verify(&self, raw: &RawMessage, now: jiff::Timestamp) -> Verification {
        verify::verify(&self.trust, raw, now)
    }

    /// Keeps the CA certificates that came with verified mail, so that what they lead to can be judged without them.
    pub fn learn(&self, signed: &Signed, now: jiff::Timestamp) {
        self.trust.learn(&signed.authorities, signed.author.domain(), now);
    }

    /// Whether it may be used, by what its issuers say, what the profile asks of its key, and what its source knows.
    pub(super) fn judge(
        &self,
        candidate: &Candidate,
        address: &Address,
        profile: Profile,
        now: jiff::Timestamp,
    ) -> Judged {
        let vouched = candidate.state == EntryState::Vouched;
        let judged = self.trust.judge(&candidate.certificate, address, vouched, now);
        let key = candidate.certificate.key();
        let verdict = match judged.verdict {
            CertificateVerdict::Usable if Algorithms::choose(profile, key, None).is_none() => {
                CertificateVerdict::BelowProfile
            }
            // Only what an approval could mend: an expired one is better called expired.
            CertificateVerdict::Usable | CertificateVerdict::Untrusted(_)
                if candidate.state == EntryState::Waiting =>
            {
                CertificateVerdict::WaitingForApproval
            }
            verdict => verdict,
        };
        Judged { verdict, ..judged }
    }
}

impl Candidate {
    /// What is said of it.
    pub(super) fn considered(&self, judged: Judged) -> Considered {
        Considered {
            origin: Some(self.origin),
            ..self.certificate.considered(judged.verdict, judged.assurance)
        }
    }
}

/// Candidates from all sources, each certificate once.
#[derive(Default)]
struct Found {
    candidates: Vec<Candidate>,
    places: HashMap<String, usize>,
}

impl Found {
    /// What two sources know of one certificate is put together: the better state, and capabilities if any has them.
    fn add(&mut self, candidate: Candidate) {
        let print = candidate.certificate.fingerprint();
        let known = self
            .places
            .get(print)
            .and_then(|place| self.candidates.get_mut(*place));
        let Some(known) = known else {
            self.places.insert(print.to_owned(), self.candidates.len());
            self.candidates.push(candidate);
            return;
        };
        known.state = match (known.state, candidate.state) {
            (EntryState::Vouched, _) | (_, EntryState::Vouched) => EntryState::Vouched,
            (EntryState::InUse, _) | (_, EntryState::InUse) => EntryState::InUse,
            (EntryState::Waiting, EntryState::Waiting) => EntryState::Waiting,
        };
        known.capabilities = known.capabilities.take().or(candidate.capabilities);
    }
}

/// Usable ones first, better fitting first, newest first; the fingerprint makes the order the same on every machine.
fn rank((candidate, judged): &(Candidate, Judged)) -> impl Ord {
    let certificate = &candidate.certificate;
    (
        judged.verdict == CertificateVerdict::Usable,
        judged.fit,
        certificate.not_before(),
        certificate.not_after(),
        certificate.fingerprint().to_owned(),
    )
}

fn choice(weighed: Vec<(Candidate, Judged)>) -> Choice {
    let (mut chosen, mut abilities) = (None, None);
    let consider = |(candidate, mut judged): (Candidate, Judged)| {
        if judged.verdict == CertificateVerdict::Usable && chosen.is_none() {
            judged.verdict = CertificateVerdict::Chosen;
            chosen = Some(candidate.certificate.clone());
            abilities = candidate.capabilities.as_ref().map(Abilities::of);
        }
        candidate.considered(judged)
    };
    let considered = weighed.into_iter().map(consider).collect();
    Choice {
        considered,
        chosen,
        abilities,
    }
}
