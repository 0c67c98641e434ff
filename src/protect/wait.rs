//! The way of mail that waits for a certificate: sealed to the gateway's own vault, one body for all who wait.

use jiff::Timestamp;

use crate::message::{Address, Leaving, Outbound, Purpose, RawMessage, TlsWish};
use crate::smime::{Vault, VaultError};

/// Adds a recipient to the copy that waits until then, or makes it.
pub(super) fn add(
    outbounds: &mut Vec<Outbound>,
    sender: Option<&Address>,
    raw: &RawMessage,
    recipient: (u32, Address),
    (vault, until): (&Vault, Timestamp),
) -> Result<(), VaultError> {
    let purpose = Purpose::Waiting { until };
    if let Some(outbound) = outbounds.iter_mut().find(|outbound| outbound.purpose == purpose) {
        outbound.recipients.push(recipient);
        return Ok(());
    }
    outbounds.push(Outbound {
        sender: sender.cloned(),
        recipients: vec![recipient],
        body: vault.seal(raw)?,
        purpose,
        leaving: Leaving::Clear,
        tls: TlsWish::AsConfigured,
    });
    Ok(())
}
