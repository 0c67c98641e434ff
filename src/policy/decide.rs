//! The decision itself, in the order in which its questions are asked.

use super::{
    Action, AlreadyEncrypted, Decision, Judgment, Mode, Need, OwnDomains, Policy, Recipient, Refusal,
};
use crate::message::{CertificateVerdict, Considered, Inspection, ObstacleKind, Profile, Sealed};

impl Policy {
    /// Why the message needs protection, whoever receives it.
    pub fn need(&self, inspection: &Inspection) -> Need {
        let counting = |(index, finding)| self.counts(finding).then_some(index);
        let mut obstacles: Vec<ObstacleKind> = inspection
            .obstacles
            .iter()
            .map(|obstacle| obstacle.kind)
            .filter(|kind| self.obstructs(*kind, inspection.structure.sealed))
            .collect();
        obstacles.sort_unstable();
        obstacles.dedup();
        Need {
            findings: inspection
                .findings
                .iter()
                .enumerate()
                .filter_map(counting)
                .collect(),
            obstacles,
        }
    }

    /// Whether an obstacle asks for encryption. Ciphertext that was verified to be the whole body is no
    /// obstacle of its own; anything else that was not read for certain still is.
    fn obstructs(&self, kind: ObstacleKind, sealed: Option<Sealed>) -> bool {
        let ciphertext = sealed.is_some() && kind == ObstacleKind::EncryptedContainer;
        !ciphertext && !self.ignored_obstacles.contains(&kind)
    }

    /// Lets a copy wait that is refused for want of a certificate alone. Where one refusal holds everybody back,
    /// nothing waits: the others would have to wait, too.
    fn or_hold(&self, recipient: &Recipient, action: Action) -> Action {
        let wanted = |pattern: &super::Pattern| pattern.matches(&recipient.address);
        let waits = self.hold.enrol && self.delivery.mode == Mode::Split;
        match action {
            Action::Refuse { refusal } if waits && self.hold.recipients.iter().any(wanted) => Action::Hold {
                refusal,
                hours: self.hold.hours.clamp(1, super::Hold::LONGEST),
            },
            action => action,
        }
    }

    /// Whether personal information may go to the recipient at all.
    fn allows(&self, recipient: &Recipient) -> bool {
        let lists = &self.recipients;
        let listed = |list: &[super::Pattern]| list.iter().any(|pattern| pattern.matches(&recipient.address));
        listed(&lists.allowed_for_personal_information) && !listed(&lists.denied_for_personal_information)
    }
}

impl Need {
    /// Whether nothing asks for protection.
    pub fn is_empty(&self) -> bool {
        self.findings.is_empty() && self.obstacles.is_empty()
    }
}

/// See [`super::decide()`].
pub(super) fn all(policy: &Policy, inspection: &Inspection, recipients: &[Recipient]) -> Judgment {
    let need = policy.need(inspection);
    let mut decisions: Vec<Decision> = recipients
        .iter()
        .map(|recipient| Decision {
            recipient: recipient.address.clone(),
            action: one(policy, inspection, &need, recipient),
        })
        .collect();
    if policy.delivery.mode == Mode::AllOrNothing && decisions.iter().any(Decision::is_refusal) {
        hold_back(&mut decisions);
    }
    Judgment { need, decisions }
}

/// One recipient, whoever the others are.
fn one(policy: &Policy, inspection: &Inspection, need: &Need, recipient: &Recipient) -> Action {
    let structure = &inspection.structure;
    if !structure.segments.is_empty() {
        return Action::Refuse {
            refusal: Refusal::Segmented,
        };
    }
    if structure.multipart && policy.structure.block_all_multipart {
        return Action::Refuse {
            refusal: Refusal::Multipart,
        };
    }
    let inside = recipient.own_domain && policy.recipients.own_domains == OwnDomains::Pass;
    match structure.sealed {
        Some(_) if !inside && policy.structure.already_encrypted == AlreadyEncrypted::Refuse => {
            Action::Refuse {
                refusal: Refusal::AlreadyEncrypted,
            }
        }
        Some(with) if inside || need.is_empty() => Action::PassEncrypted { with },
        None if inside || need.is_empty() => Action::Pass,
        _ if !policy.allows(recipient) => Action::Refuse {
            refusal: Refusal::NotAllowed,
        },
        _ => policy.or_hold(
            recipient,
            seal(&recipient.certificates, policy.profile(&recipient.address)),
        ),
    }
}

/// Encrypts to the certificate that was chosen, or says why there is none.
fn seal(certificates: &[Considered], profile: Profile) -> Action {
    let chosen = certificates
        .iter()
        .find(|considered| considered.verdict == CertificateVerdict::Chosen);
    if let Some(chosen) = chosen {
        return Action::Encrypt {
            certificate: chosen.fingerprint.clone(),
            profile,
        };
    }
    // The most recent one is the one that the sender and the recipient think of. Of equals, the first: the
    // list comes best first.
    let nearest = certificates
        .iter()
        .rev()
        .max_by_key(|considered| considered.not_after);
    let refusal = match nearest {
        Some(nearest) => Refusal::NoUsableCertificate {
            verdict: nearest.verdict.clone(),
        },
        None => Refusal::NoCertificate,
    };
    Action::Refuse { refusal }
}

/// Refuses everybody who was not refused already.
fn hold_back(decisions: &mut [Decision]) {
    for decision in decisions.iter_mut().filter(|decision| !decision.is_refusal()) {
        decision.action = Action::Refuse {
            refusal: Refusal::AnotherRecipient,
        };
    }
}

impl Decision {
    /// Whether the message does not leave for this recipient.
    pub fn is_refusal(&self) -> bool {
        matches!(self.action, Action::Refuse { .. })
    }
}
