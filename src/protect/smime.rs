//! The way of sealed mail: one [`Outbound`] for each CMS.
//!
//! Everyone who opens a CMS can read from it who else can. So recipients share one only where `To` and `Cc` tell
//! everybody of them anyway; whoever receives a blind copy, or a copy through a list, has a CMS of their own
//! (RFC 8551 §3.3 leaves blind copies to the sender). What is inside is encrypted once for all of them
//! ([`Encrypted`]): who can open one reads the same in it as in the others, and that they are one message can be seen from
//! their Message-ID as well.

use crate::message::{Address, Leaving, Outbound, Profile, Purpose, TlsWish};
use crate::smime::signing::Signed;
use crate::smime::{Algorithms, Certificate, ContentCipher, Encrypted, Key, Payload, SealError};

use super::{Signing, Way, Wish};

/// Recipients of one CMS at most: each adds some 600 octets to what all the others receive.
pub(super) const MOST: usize = 50;

/// Recipients, by their index among the ways, of the sealed copies: those of one group share a CMS. Groups, and the
/// recipients in each, stand in the order of the ways.
pub(super) fn groups(
    ways: &[(u32, Address, Way)],
    payload: &Payload<'_>,
    signing: &Signing,
) -> Vec<Vec<usize>> {
    let named = payload.named();
    let mut groups: Vec<(Option<Class<'_>>, Vec<usize>)> = Vec::new();
    for (index, (place, address, way)) in ways.iter().enumerate() {
        let Way::Smime(certificate, algorithms) = way else {
            continue;
        };
        let wish = signing.wish(*place);
        let class = named
            .contains(address)
            .then(|| Class::of(certificate, *algorithms, wish));
        let fits =
            |(other, members): &&mut (Option<Class<'_>>, Vec<usize>)| *other == class && members.len() < MOST;
        let known = class.as_ref().and_then(|_| groups.iter_mut().find(fits));
        match known {
            Some((_, members)) => members.push(index),
            None => groups.push((class, vec![index])),
        }
    }
    groups.into_iter().map(|(_, members)| members).collect()
}

/// What the copies of a message have inside, encrypted when it is first needed, where several have the same.
pub(super) struct Contents {
    /// Of each CMS that will be made.
    kinds: Vec<Kind>,
    made: Vec<(Kind, Encrypted)>,
}

/// What makes contents the same: how they are signed, and encrypted.
type Kind = (Wish, ContentCipher);

impl Contents {
    /// For the copies of these groups.
    pub(super) fn of(groups: &[Vec<usize>], ways: &[(u32, Address, Way)], signing: &Signing) -> Contents {
        let kind = |group: &Vec<usize>| match ways.get(*group.first()?)? {
            (place, _, Way::Smime(_, algorithms)) => Some((signing.wish(*place), algorithms.content)),
            _ => None,
        };
        Contents {
            kinds: groups.iter().filter_map(kind).collect(),
            made: Vec::new(),
        }
    }

    /// The content for a copy; `None` when no other has the same. The payload and what was signed of it must be the same for
    /// one kind each time.
    pub(super) fn shared(
        &mut self,
        kind: Kind,
        payload: &Payload<'_>,
        signed: Option<&Signed<'_>>,
    ) -> Result<Option<&Encrypted>, SealError> {
        if self.kinds.iter().filter(|other| **other == kind).nth(1).is_none() {
            return Ok(None);
        }
        if !self.made.iter().any(|(other, _)| *other == kind) {
            self.made.push((kind, payload.encrypt(signed, kind.1)?));
        }
        let found = self.made.iter().find(|(other, _)| *other == kind);
        Ok(found.map(|(_, encrypted)| encrypted))
    }
}

/// Recipients of one class can open the same CMS: one with keys of two kinds is read by few clients.
#[derive(PartialEq)]
struct Class<'a> {
    algorithms: Algorithms,
    /// The curve; RSA keys of any size go together.
    key: Option<&'a Key>,
    wish: Wish,
}

impl<'a> Class<'a> {
    fn of(certificate: &'a Certificate, algorithms: Algorithms, wish: Wish) -> Class<'a> {
        let key = Some(certificate.key()).filter(|key| !matches!(key, Key::Rsa(_)));
        Class {
            algorithms,
            key,
            wish,
        }
    }
}

/// Seals the copy of these recipients, who can all open it by these algorithms; to the sender's own certificate as
/// well, if there is one that goes with the same algorithms. What is `encrypted` must be what was `signed`, or the payload.
pub(super) fn make(
    sender: Option<&Address>,
    payload: &Payload<'_>,
    (signed, encrypted): (Option<&Signed<'_>>, Option<&Encrypted>),
    recipients: &[(u32, Address, &Certificate)],
    algorithms: Algorithms,
    copy_to: Option<(&Certificate, Profile)>,
) -> Result<Outbound, SealError> {
    let mut certificates: Vec<&Certificate> = Vec::new();
    for (_, _, certificate) in recipients {
        let known = |other: &&Certificate| other.fingerprint() == certificate.fingerprint();
        if !certificates.iter().any(known) {
            certificates.push(certificate);
        }
    }
    let goes_with = |(own, profile): &(&Certificate, Profile)| {
        let is_own = |other: &&Certificate| other.fingerprint() == own.fingerprint();
        !certificates.iter().any(is_own) && Algorithms::choose(*profile, own.key(), None) == Some(algorithms)
    };
    let copy_to = copy_to.filter(goes_with).map(|(own, _)| own);
    let first = certificates
        .first()
        .map_or("", |first| first.fingerprint())
        .to_owned();
    certificates.extend(copy_to);
    let sealed = match encrypted {
        Some(encrypted) => payload.seal_encrypted(encrypted, &certificates, algorithms)?,
        None => payload.seal(signed, &certificates, algorithms)?,
    };
    Ok(Outbound {
        sender: sender.cloned(),
        recipients: recipients
            .iter()
            .map(|(place, address, _)| (*place, address.clone()))
            .collect(),
        body: sealed.message,
        purpose: Purpose::Mail,
        leaving: Leaving::Smime {
            certificate: first,
            algorithm: sealed.algorithm,
            shared_with: recipients.len().saturating_sub(1),
            signature: signed.map(|signed| signed.signature().clone()),
            copy_to: copy_to.map(|own| own.fingerprint().to_owned()),
        },
        tls: TlsWish::AsConfigured,
    })
}
