//! The way of sealed mail: one CMS and one [`Outbound`] for each recipient, so that nobody can read from the
//! CMS who else received the message (RFC 8551 §3.3 leaves blind copies to the sender).

use crate::message::{Address, Leaving, Outbound, Profile, Purpose};
use crate::smime::signing::Signed;
use crate::smime::{Algorithms, Certificate, Payload, SealError};

/// Seals one recipient's copy; to the sender's own certificate as well, if there is one that goes with the same
/// algorithms: one CMS with keys of two kinds is read by few clients.
pub(super) fn make(
    sender: Option<&Address>,
    payload: &Payload<'_>,
    signed: Option<&Signed<'_>>,
    recipient: (u32, Address),
    (certificate, algorithms): (&Certificate, Algorithms),
    copy_to: Option<(&Certificate, Profile)>,
) -> Result<Outbound, SealError> {
    let goes_with = |(own, profile): &(&Certificate, Profile)| {
        let other = own.fingerprint() != certificate.fingerprint();
        other && Algorithms::choose(*profile, own.key(), None) == Some(algorithms)
    };
    let copy_to = copy_to.filter(goes_with).map(|(own, _)| own);
    let certificates: Vec<&Certificate> = std::iter::once(certificate).chain(copy_to).collect();
    let sealed = payload.seal(signed, &certificates, algorithms)?;
    Ok(Outbound {
        sender: sender.cloned(),
        recipients: vec![recipient],
        body: sealed.message,
        purpose: Purpose::Mail,
        leaving: Leaving::Smime {
            certificate: certificate.fingerprint().to_owned(),
            algorithm: sealed.algorithm,
            signature: signed.map(|signed| signed.signature().clone()),
            copy_to: copy_to.map(|own| own.fingerprint().to_owned()),
        },
    })
}
