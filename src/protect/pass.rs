//! The way of mail that leaves as it came: recipients of the same bytes share one [`Outbound`].

use crate::message::{Address, Leaving, Outbound, Purpose, RawMessage, TlsWish};

/// Adds a recipient to the message that leaves in this form, or starts it.
pub(super) fn add(
    outbounds: &mut Vec<Outbound>,
    sender: Option<&Address>,
    body: impl FnOnce() -> RawMessage,
    recipient: (u32, Address),
    leaving: Leaving,
) {
    let same = |outbound: &&mut Outbound| outbound.leaving == leaving && outbound.purpose == Purpose::Mail;
    match outbounds.iter_mut().find(same) {
        Some(outbound) => outbound.recipients.push(recipient),
        None => outbounds.push(Outbound {
            sender: sender.cloned(),
            recipients: vec![recipient],
            body: body(),
            purpose: Purpose::Mail,
            leaving,
            tls: TlsWish::AsConfigured,
        }),
    }
}
