//! Certificates for all recipients of a message, and what it means when a source does not answer.

use futures_util::StreamExt;

use crate::message::Inspection;
use crate::policy::{Action, Decision, Refusal};
use crate::smime::{Choice, LookupError};

use super::accept::Arrival;
use super::{Gateway, Rulebook};

/// Recipients whose certificates are looked up at once: a directory may take its time for each.
const LOOKED_UP_AT_ONCE: usize = 16;

/// Recipients, by their index, of whose certificates nothing is known because a source did not answer.
#[derive(Default)]
pub(super) struct Unknown(Vec<(usize, LookupError)>);

impl Gateway {
    /// One choice for each recipient, in their order, and what could not be looked up.
    pub(super) async fn choose_certificates(
        &self,
        rulebook: &Rulebook,
        arrival: &Arrival,
        inspection: &Inspection,
    ) -> (Vec<Choice>, Unknown) {
        let mut asked = Vec::with_capacity(arrival.envelope.recipients.len());
        for recipient in &arrival.envelope.recipients {
            let demand = rulebook.policy.demand(recipient, inspection);
            asked.push(rulebook.certificates.choose(recipient, demand, arrival.at));
        }
        let asked = futures_util::stream::iter(asked).buffered(LOOKED_UP_AT_ONCE);
        let all: Vec<_> = asked.collect().await;
        let mut unknown = Unknown::default();
        let known = |(place, choice): (usize, Result<Choice, LookupError>)| {
            choice.unwrap_or_else(|error| {
                unknown.0.push((place, error));
                Choice::none()
            })
        };
        let choices = all.into_iter().enumerate().map(known).collect();
        (choices, unknown)
    }
}

impl Unknown {
    /// Fails when a copy was refused, or must wait, for want of a certificate that may well exist. Mail that needs none
    /// goes on.
    pub(super) fn matters_to(self, decisions: &[Decision]) -> Result<(), LookupError> {
        let wanting = |decision: &Decision| match &decision.action {
            Action::Refuse { refusal } => matches!(
                refusal,
                Refusal::NoCertificate | Refusal::NoUsableCertificate { .. }
            ),
            Action::Hold { .. } => true,
            _ => false,
        };
        let mut all = self.0.into_iter();
        match all.find(|(place, _)| decisions.get(*place).is_none_or(wanting)) {
            Some((_, error)) => Err(error),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unanswered_look_up_stops_only_mail_that_was_refused_for_want_of_a_certificate() {
        let unknown = || Unknown(vec![(1, LookupError("no answer".to_owned()))]);
        let refused = |refusal| Decision {
            action: Action::Refuse { refusal },
            ..somebody()
        };
        let pass = || Decision {
            action: Action::Pass,
            ..somebody()
        };
        assert!(
            unknown()
                .matters_to(&[refused(Refusal::NoCertificate), pass()])
                .is_ok()
        );
        assert!(
            unknown()
                .matters_to(&[pass(), refused(Refusal::NotAllowed)])
                .is_ok()
        );
        assert!(
            unknown()
                .matters_to(&[pass(), refused(Refusal::NoCertificate)])
                .is_err()
        );
        assert!(
            unknown().matters_to(&[pass()]).is_err(),
            "whom it is about is not known"
        );
    }

    fn somebody() -> Decision {
        Decision {
            recipient: "a@partner.example".parse().unwrap(),
            action: Action::Pass,
        }
    }
}
