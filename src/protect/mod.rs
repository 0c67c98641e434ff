//! Carries decisions out: the ways a message may leave, one file each.
//!
//! Must not know: why something was decided.

use std::sync::Arc;

use jiff::Timestamp;

use crate::message::{Address, Leaving, Outbound, RawMessage, Sealed};
use crate::smime::{Algorithms, Certificate, SealError, Vault, VaultError};

mod pass;
mod smime;
#[cfg(test)]
mod tests;
mod wait;

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
    /// A copy that must wait could not be sealed to the vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// Nobody waits for them any more.
    #[error("nobody waits for the copies any more")]
    Unwanted,
}

/// Makes what leaves. Recipients who get the same bytes share one [`Outbound`]; each sealed copy has its own.
///
/// `secret` names the header fields of the message in which personal information was found. `wanted` is asked
/// before each copy whether to go on: many copies of a large message take their time.
///
/// # Errors
/// When one copy cannot be sealed, or the copies are not wanted any more.
pub fn protect(
    sender: Option<&Address>,
    raw: &RawMessage,
    ways: &[(u32, Address, Way)],
    secret: &[String],
    wanted: impl Fn() -> bool,
) -> Result<Vec<Outbound>, NotMade> {
    let mut outbounds = Vec::new();
    for (place, address, way) in ways {
        if !wanted() {
            return Err(NotMade::Unwanted);
        }
        let recipient = (*place, address.clone());
        match way {
            Way::Pass => pass::add(&mut outbounds, sender, raw, recipient, Leaving::Clear),
            Way::PassEncrypted(with) => {
                let leaving = Leaving::AlreadyEncrypted { with: *with };
                pass::add(&mut outbounds, sender, raw, recipient, leaving);
            }
            Way::Wait(vault, until) => {
                wait::add(&mut outbounds, sender, raw, recipient, (vault, *until))?;
            }
            Way::Smime(certificate, algorithms) => {
                outbounds.push(smime::make(
                    sender,
                    raw,
                    recipient,
                    (certificate, *algorithms),
                    secret,
                )?);
            }
        }
    }
    Ok(outbounds)
}
