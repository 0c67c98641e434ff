//! Which key signs a message, and what the record says of it.

use std::collections::HashMap;

use crate::audit::SigningRecord;
use crate::message::{Address, MessageId, Profile};
use crate::policy::{Action, Decision, Policy, SigningMode};
use crate::protect::{Signing, Wish};
use crate::smime::keys::KeyChoice;
use crate::smime::signing::{SignError, Signer, author, is_signed};

use super::accept::{Arrival, NotTaken};
use super::{Gateway, Rulebook};

impl Gateway {
    /// What policy asks for, with the key of the sender if there is one that may be used. The record is `None` where
    /// nothing is to be signed or no key is meant for the sender.
    ///
    /// # Errors
    /// When policy wants a signature of a sender who has a key and none of his keys can be used.
    pub(super) async fn signing(
        &self,
        rulebook: &Rulebook,
        arrival: &Arrival,
        decisions: &[Decision],
    ) -> Result<(Signing, Option<SigningRecord>), NotTaken> {
        let policy = &rulebook.policy;
        let seals = decisions
            .iter()
            .any(|one| matches!(one.action, Action::Encrypt { .. }));
        let passes = decisions.iter().any(|one| matches!(one.action, Action::Pass));
        let signs = match policy.signing.mode {
            SigningMode::Off => false,
            SigningMode::Sealed => seals,
            SigningMode::All => seals || passes,
        };
        let copies = policy.sealing.copy_to_sender && seals;
        let Some(author) = author(&arrival.raw).filter(|_| signs || copies) else {
            return Ok(Default::default());
        };
        let own = self.own_certificate(rulebook, arrival, &author, copies).await;
        let mut signing = Signing {
            required: policy.signing.required,
            clear: policy.signing.mode == SigningMode::All,
            wishes: wishes(policy, decisions),
            copy_to: own.clone().filter(|_| copies),
            signer: None,
        };
        if !signs || !may_speak(policy, arrival, &author) || (is_signed(&arrival.raw) && !signing.required) {
            return Ok((signing, None));
        }
        let objection = |certificate: &_| rulebook.certificates.objection(certificate);
        let choice = rulebook.keys.choose(&author, objection, arrival.at);
        signing.signer = choice.chosen.clone().map(|key| Signer {
            key,
            answer_to: own,
            at: arrival.at,
        });
        let record = record(choice);
        match &record {
            Some(SigningRecord {
                unsigned: Some(reason),
                ..
            }) if signing.required => Err(SignError(reason.clone()).into()),
            _ => Ok((signing, record)),
        }
    }

    /// The sender's own certificate for encryption, if it can be found now. That it cannot stops nothing: answers and
    /// copies are for the sender's convenience.
    async fn own_certificate(
        &self,
        rulebook: &Rulebook,
        arrival: &Arrival,
        author: &Address,
        copies: bool,
    ) -> Option<std::sync::Arc<crate::smime::Certificate>> {
        if !copies && rulebook.keys.keys().next().is_none() {
            return None;
        }
        let choice = rulebook
            .certificates
            .choose(author, Profile::Compatible, arrival.at)
            .await;
        match choice {
            Ok(choice) => choice.chosen,
            Err(error) => {
                tracing::warn!(id = %arrival.id, %error, "the sender's own certificate could not be looked up");
                None
            }
        }
    }
}

/// Whoever sends must not be able to have mail signed for somebody else.
fn may_speak(policy: &Policy, arrival: &Arrival, author: &Address) -> bool {
    let sender = arrival.envelope.sender.as_ref().map(Address::key);
    !policy.signing.from_is_sender || sender == Some(author.key())
}

fn wishes(policy: &Policy, decisions: &[Decision]) -> HashMap<u32, Wish> {
    let wish = |(place, decision): (u32, &Decision)| {
        let wish = Wish {
            form: policy.signature_form(&decision.recipient),
            profile: policy.profile(&decision.recipient),
        };
        (place, wish)
    };
    (1..).zip(decisions).map(wish).collect()
}

fn record(choice: KeyChoice) -> Option<SigningRecord> {
    if choice.considered.is_empty() {
        return None;
    }
    let unsigned = match choice.chosen {
        Some(_) => None,
        None => Some("none of the keys for the sender can be used now".to_owned()),
    };
    Some(SigningRecord {
        considered: choice.considered,
        unsigned,
    })
}

/// Puts it on record and into the log when a message left unsigned that should not have. It is as well encrypted as
/// it would have been.
pub(super) fn note(id: MessageId, unsigned: Option<String>, record: &mut Option<SigningRecord>) {
    if let Some(reason) = unsigned {
        record.get_or_insert_default().unsigned = Some(reason);
    }
    if let Some(reason) = record.as_ref().and_then(|record| record.unsigned.as_ref()) {
        tracing::warn!(%id, %reason, "left without a signature, though the sender has a key");
    }
}
