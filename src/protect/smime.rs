//! The way of sealed mail: one CMS and one [`Outbound`] for each recipient, so that nobody can read from the
//! CMS who else received the message (RFC 8551 §3.3 leaves blind copies to the sender).

use crate::message::{Address, Leaving, Outbound, Purpose, RawMessage};
use crate::smime::{Algorithms, Certificate, SealError, seal};

/// Seals one recipient's copy.
pub(super) fn make(
    sender: Option<&Address>,
    raw: &RawMessage,
    recipient: (u32, Address),
    (certificate, algorithms): (&Certificate, Algorithms),
    secret: &[String],
) -> Result<Outbound, SealError> {
    let sealed = seal(raw, certificate, algorithms, secret)?;
    Ok(Outbound {
        sender: sender.cloned(),
        recipients: vec![recipient],
        body: sealed.message,
        purpose: Purpose::Mail,
        leaving: Leaving::Smime {
            certificate: certificate.fingerprint().to_owned(),
            algorithm: sealed.algorithm,
        },
    })
}
