//! Carries decisions out: the ways a message may leave, one file each.
//!
//! Must not know: why something was decided.

use std::sync::Arc;

use jiff::Timestamp;

use crate::message::{Address, Leaving, Outbound, RawMessage, Sealed};
use crate::smime::signing::SignError;
use crate::smime::{Algorithms, Certificate, Payload, SealError, Vault, VaultError};

mod pass;
mod signatures;
mod smime;
#[cfg(test)]
mod tests;
mod wait;

pub use signatures::{Signing, Wish};

use signatures::Signatures;
use smime::Contents;

/// How one recipient's copy leaves.
#[derive(Debug, Clone)]
pub enum Way {
    /// As it came.
    Pass,
    /// As it came, because it is encrypted already.
    PassEncrypted(Sealed),
    /// Sealed with S/MIME to this certificate by these algorithms.
    Smime(Arc<Certificate>, Algorithms),
    /// Not yet: it waits until then, sealed to the vault.
    Wait(Arc<Vault>, Timestamp),
}

/// Why there are no copies. Nothing must leave then: the caller answers "try later".
#[derive(Debug, thiserror::Error)]
pub enum NotMade {
    /// One copy could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// One copy could not be signed, and must be.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// A copy that must wait could not be sealed to the vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// A recipient was left out: a mistake in this program, after which nothing may be acknowledged.
    #[error("a recipient was left out")]
    Forgotten,
    /// Nobody waits for them any more.
    #[error("nobody waits for the copies any more")]
    Unwanted,
}

/// The copies that leave.
#[derive(Debug)]
pub struct Made {
    /// One for each that differs.
    pub outbounds: Vec<Outbound>,
    /// Why some of them are unsigned that should not be.
    pub unsigned: Option<String>,
}

/// Makes what leaves. Recipients who get the same bytes share one [`Outbound`]; sealed copies are shared only among
/// recipients whom `To` and `Cc` name.
///
/// `secret` names the header fields of the message in which personal information was found. `wanted` is asked
/// before each copy whether to go on: many copies of a large message take their time.
///
/// # Errors
/// When one copy cannot be sealed, or cannot be signed and must be, or the copies are not wanted any more.
pub fn protect(
    sender: Option<&Address>,
    raw: &RawMessage,
    ways: &[(u32, Address, Way)],
    secret: &[String],
    signing: &Signing,
    wanted: impl Fn() -> bool,
) -> Result<Made, NotMade> {
    let mut outbounds = Vec::new();
    let seals = ways.iter().any(|(_, _, way)| matches!(way, Way::Smime(..)));
    let to_seal = seals.then(|| Payload::to_seal(raw, secret)).transpose()?;
    let to_sign = (signing.clear && signing.signer.is_some()).then(|| Payload::to_sign(raw));
    let to_sign = to_sign.and_then(Result::ok);
    let (mut inside, mut in_clear) = (Signatures::new(signing), Signatures::new(signing));
    let groups = to_seal
        .as_ref()
        .map(|payload| smime::groups(ways, payload, signing))
        .unwrap_or_default();
    let mut contents = Contents::of(&groups, ways, signing);
    let mut groups = groups.into_iter().peekable();
    for (index, (place, address, way)) in ways.iter().enumerate() {
        if !wanted() {
            return Err(NotMade::Unwanted);
        }
        let recipient = (*place, address.clone());
        let wish = signing.wish(*place);
        match (way, &to_seal) {
            (Way::Pass, _) => {
                let signed = match &to_sign {
                    Some(payload) => in_clear.on(payload, wish.form, wish.profile)?,
                    None => None,
                };
                match signed.zip(to_sign.as_ref()) {
                    Some((signed, payload)) => {
                        let signature = signed.signature().clone();
                        let leaving = Leaving::Signed { signature };
                        let body = || payload.in_clear(signed);
                        pass::add(&mut outbounds, sender, body, recipient, leaving);
                    }
                    None => pass::add(&mut outbounds, sender, || raw.clone(), recipient, Leaving::Clear),
                }
            }
            (Way::PassEncrypted(with), _) => {
                let leaving = Leaving::AlreadyEncrypted { with: *with };
                pass::add(&mut outbounds, sender, || raw.clone(), recipient, leaving);
            }
            (Way::Wait(vault, until), _) => {
                wait::add(&mut outbounds, sender, raw, recipient, (vault, *until))?;
            }
            (Way::Smime(_, algorithms), Some(payload)) => {
                // With its first recipient, the whole group is served.
                let Some(group) = groups.next_if(|group| group.first() == Some(&index)) else {
                    continue;
                };
                let signed = inside.on(payload, wish.form, wish.profile)?;
                let own = signing.copy_to.as_deref().map(|own| (own, wish.profile));
                let members: Vec<_> = group
                    .iter()
                    .filter_map(|index| sealed(ways.get(*index)?))
                    .collect();
                let encrypted = contents.shared((wish, algorithms.content), payload, signed)?;
                let inside = (signed, encrypted);
                outbounds.push(smime::make(sender, payload, inside, &members, *algorithms, own)?);
            }
            // There is a payload when anything is sealed.
            (Way::Smime(..), None) => return Err(SealError::NoHeader.into()),
        }
    }
    let served: usize = outbounds.iter().map(|outbound| outbound.recipients.len()).sum();
    if served != ways.len() {
        return Err(NotMade::Forgotten);
    }
    Ok(Made {
        outbounds,
        unsigned: inside.failure.or(in_clear.failure),
    })
}

/// A recipient whose copy is sealed, with the certificate.
fn sealed(way: &(u32, Address, Way)) -> Option<(u32, Address, &Certificate)> {
    match way {
        (place, address, Way::Smime(certificate, _)) => Some((*place, address.clone(), certificate)),
        _ => None,
    }
}
