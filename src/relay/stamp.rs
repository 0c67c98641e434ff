//! DKIM signatures on what leaves: last of all, over the sealed bytes.

use std::sync::Arc;

use jiff::Timestamp;

use crate::dkim::{Dkim, NotSigned};
use crate::message::{Outbound, Purpose};

use super::Gateway;
use super::accept::NotTaken;

impl Gateway {
    /// The same, with signatures. Mail for the organisation's own people and what waits go without.
    ///
    /// # Errors
    /// When a signature could not be made: what the domain signs, it signs always.
    pub(super) async fn sign_for_domains(
        &self,
        outbounds: Vec<Outbound>,
        now: Timestamp,
    ) -> Result<Vec<Outbound>, NotTaken> {
        if self.dkim.is_off() {
            return Ok(outbounds);
        }
        let dkim = Arc::clone(&self.dkim);
        // Hashing and signing cost processor time, so they leave the threads that serve sessions alone.
        let signed = tokio::task::spawn_blocking(move || sign_all(&dkim, outbounds, now)).await;
        Ok(signed.map_err(|_| NotTaken::Interrupted)??)
    }

    /// The same for one notice; it goes unsigned rather than not at all.
    pub(super) fn sign_notice(&self, notice: Outbound, now: Timestamp) -> Outbound {
        match self.dkim.sign(&notice.body, now) {
            Ok(body) => Outbound { body, ..notice },
            Err(error) => {
                tracing::error!(%error, "a notice goes without a signature");
                notice
            }
        }
    }
}

fn sign_all(dkim: &Dkim, outbounds: Vec<Outbound>, now: Timestamp) -> Result<Vec<Outbound>, NotSigned> {
    let sign = |outbound: Outbound| match outbound.purpose {
        Purpose::Mail | Purpose::Notice => Ok(Outbound {
            body: dkim.sign(&outbound.body, now)?,
            ..outbound
        }),
        Purpose::Inbound | Purpose::Waiting { .. } => Ok(outbound),
    };
    outbounds.into_iter().map(sign).collect()
}
