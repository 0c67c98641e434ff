//! Carries decisions out: the ways a message may leave, one file each.
//!
//! Must not know: why something was decided.

use std::sync::Arc;

use crate::message::{Address, Outbound, RawMessage, Sealed};
use crate::smime::{Certificate, SealError};

/// How one recipient's copy leaves.
#[derive(Debug, Clone)]
pub enum Way {
    /// As it came.
    Pass,
    /// As it came, because it is encrypted already.
    PassEncrypted(Sealed),
    /// Sealed with S/MIME to this certificate.
    Smime(Arc<Certificate>),
}

/// Makes what leaves. Recipients who get the same bytes share one [`Outbound`]; each sealed copy has its own.
///
/// `secret` names the header fields of the message in which personal information was found.
///
/// # Errors
/// When one copy cannot be sealed. Nothing must leave then: the caller answers "try later".
pub fn protect(
    sender: Option<&Address>,
    raw: &RawMessage,
    ways: &[(u32, Address, Way)],
    secret: &[String],
) -> Result<Vec<Outbound>, SealError> {
    let _ = (sender, raw, ways, secret);
    Ok(Vec::new())
}
