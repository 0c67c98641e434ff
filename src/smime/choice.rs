//! The certificates at hand: which one is encrypted to, and what is said of the others.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::stream::{FuturesUnordered, StreamExt};

use crate::message::{Address, CertificateVerdict, Considered, Demand, RawMessage};

use super::Listed;
use super::naming::Naming;
use super::online::{Online, Refreshed, Status};
use super::register::{EntryState, Register};
use super::sources::{Folder, Registered, dns, ldap};
use super::trust::{Judged, Trust};
use super::{
    Abilities, Algorithms, Candidate, Certificate, Directory, LookupError, Opened, Settings, Signed,
    Verification, verify,
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
    online: Option<Arc<Online>>,
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
            online: None,
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

    /// The same with the register, the directories and the issuers of `other`, and what those remember.
    #[must_use]
    pub fn with_sources_of(self, other: &Certificates) -> Certificates {
        let certificates = Certificates {
            remote: other.remote.clone(),
            online: other.online.clone(),
            ..self
        };
        match &other.registered {
            Some(registered) => certificates.with_register(registered.register().clone()),
            None => certificates,
        }
    }

    /// Weighs every candidate for `address` at `now`. Of those that may be used, one that names the address is
    /// preferred to one that fits it by another rule, and then the one whose validity began last is chosen; the
    /// others do not stand in its way. One whose key is below the profile, or whose assurance is none of those that
    /// are demanded, is not used.
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
        demand: impl Into<Demand>,
        now: jiff::Timestamp,
    ) -> Result<Choice, LookupError> {
        let demand = demand.into();
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
            all.any(|one| self.judge(one, address, &demand, now).verdict == CertificateVerdict::Usable)
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
            let judged = self.judge(&candidate, address, &demand, now);
            (candidate, judged)
        };
        let mut weighed: Vec<_> = found.candidates.into_iter().map(weigh).collect();
        let quantum = demand.post_quantum_first.is_some_and(|from| from <= now);
        let best_first = |one: &(Candidate, Judged), other: &(Candidate, Judged)| {
            rank(other, quantum).cmp(&rank(one, quantum))
        };
        weighed.sort_by(best_first);
        if let Some(online) = &self.online {
            self.ask(online, &mut weighed, address, now).await;
            weighed.sort_by(best_first);
        }
        Ok(choice(weighed))
    }

    /// Asks issuers about the best ones, until one is good; leaves word of what else should be fetched.
    async fn ask(
        &self,
        online: &Online,
        weighed: &mut [(Candidate, Judged)],
        address: &Address,
        now: jiff::Timestamp,
    ) {
        for (candidate, judged) in weighed {
            online.note(&candidate.certificate);
            match judged.verdict {
                CertificateVerdict::Untrusted(_) => online.note_lost(&candidate.certificate),
                CertificateVerdict::Usable => {
                    let issuer = self.trust.issuer(&candidate.certificate, address, now);
                    // An administrator stands for one without an issuer.
                    let Some(issuer) = issuer else { break };
                    judged.verdict = match online.status(&candidate.certificate, issuer, now).await {
                        None | Some(Status::Good) => break,
                        Some(Status::Revoked) => CertificateVerdict::Revoked,
                        Some(Status::Silent(why)) => {
                            tracing::warn!(
                                certificate = candidate.certificate.fingerprint(),
                                why,
                                "no word from OCSP"
                            );
                            CertificateVerdict::RevocationUnknown
                        }
                    };
                }
                _ => {}
            }
        }
    }

    /// What is known here against a certificate, whoever owns it: an administrator has denied it, or its issuer has
    /// revoked it.
    pub fn objection(&self, certificate: &Certificate) -> Option<CertificateVerdict> {
        self.trust.objection(certificate)
    }

    /// The same with issuers who can be asked, if any can.
    #[must_use]
    pub fn with_online(self, online: Option<Arc<Online>>) -> Certificates {
        Certificates { online, ..self }
    }

    /// Who asks issuers, if anybody does.
    pub fn online(&self) -> Option<Arc<Online>> {
        self.online.clone()
    }

    /// Fetches what is missing or due from the issuers of certificates; nothing when nobody can be asked. What came
    /// counts in [`Certificates::renewed`].
    pub async fn refresh(&self, now: jiff::Timestamp) -> Refreshed {
        let Some(online) = self.online.clone() else {
            return Refreshed::default();
        };
        for (_, certificate) in self.folder.certificates() {
            self.note(&online, certificate, now);
        }
        let trust = Arc::clone(&self.trust);
        let fetching = tokio::task::spawn_blocking(move || online.refresh(&trust, now));
        fetching.await.unwrap_or_default()
    }

    /// The same with anchors, intermediates and lists read anew, and what was fetched since. Recipients' certificates stay
    /// as they are.
    ///
    /// # Errors
    /// As for [`Certificates::load`].
    pub fn renewed(&self, settings: &Settings) -> Result<Certificates, String> {
        Ok(Certificates {
            trust: Arc::new(Trust::load(settings)?),
            ..self.clone()
        })
    }

    /// Fetches for the certificates in the register, too. Those that mail is sent to come up by themselves.
    ///
    /// # Errors
    /// When the register cannot be read.
    pub async fn refresh_all(&self, now: jiff::Timestamp) -> Result<Refreshed, LookupError> {
        if let Some(online) = &self.online {
            let note = |listed: Listed| self.note(online, &listed.certificate, now);
            self.each(|_| Demand::default(), now, note).await?;
        }
        Ok(self.refresh(now).await)
    }

    fn note(&self, online: &Online, certificate: &Arc<Certificate>, now: jiff::Timestamp) {
        online.note(certificate);
        if let CertificateVerdict::Untrusted(_) = self.trust.judge_any(certificate, now) {
            online.note_lost(certificate);
        }
    }

    /// Verifies a signed message at `now` with the anchors at hand. Costs processor time in proportion to the
    /// message; never fails, and says what it did not read.
    pub fn verify(&self, raw: &RawMessage, now: jiff::Timestamp) -> Verification {
        verify::verify(&self.trust, raw, now)
    }

    /// Verifies what was opened of a message.
    pub fn verify_opened(&self, raw: &RawMessage, opened: &Opened, now: jiff::Timestamp) -> Verification {
        verify::verify_inside(&self.trust, raw, opened.entity(), now)
    }

    /// Keeps the CA certificates that came with verified mail, so that what they lead to can be judged without them.
    pub fn learn(&self, signed: &Signed, now: jiff::Timestamp) {
        self.trust.learn(&signed.authorities, signed.author.domain(), now);
    }

    /// Whether it may be used, by what its issuers say, what is demanded of it, and what its source knows.
    pub(super) fn judge(
        &self,
        candidate: &Candidate,
        address: &Address,
        demand: &Demand,
        now: jiff::Timestamp,
    ) -> Judged {
        let vouched = candidate.state == EntryState::Vouched;
        let judged = self.trust.judge(&candidate.certificate, address, vouched, now);
        let key = candidate.certificate.key();
        let validated = judged.assurance.map(|assurance| assurance.validated);
        let is_one_of = |wanted: &Vec<_>| validated.is_some_and(|validated| wanted.contains(&validated));
        let verdict = match judged.verdict {
            CertificateVerdict::Usable if Algorithms::choose(demand.profile, key, None).is_none() => {
                CertificateVerdict::BelowProfile
            }
            CertificateVerdict::Usable if !demand.validated.as_ref().is_none_or(is_one_of) => {
                CertificateVerdict::BelowAssurance
            }
            CertificateVerdict::Usable
                if demand.post_quantum_only.is_some_and(|from| from <= now) && !key.is_post_quantum() =>
            {
                CertificateVerdict::NotPostQuantum
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

/// Usable ones first, better fitting first, post-quantum ones first where that is wanted, newest first; the fingerprint
/// makes the order the same on every machine.
fn rank((candidate, judged): &(Candidate, Judged), quantum: bool) -> impl Ord + use<> {
    let certificate = &candidate.certificate;
    (
        judged.verdict == CertificateVerdict::Usable,
        judged.fit,
        quantum && certificate.key().is_post_quantum(),
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
