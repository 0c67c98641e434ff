//! Made-up facts that walk every branch of the templates, so that a mistake in one shows at start.

use jiff::Timestamp;

use super::{About, Enrolment, Failure, Invitation, NewCertificate, NoticeError, Notices};
use crate::message::{
    Address, CertificateVerdict, Confidence, Finding, Inspection, Masked, MessageId, Obstacle, ObstacleKind,
    Place,
};
use crate::policy::{Action, Decision, Judgment, Need, Refusal};

/// Writes every kind of notice once.
pub(super) fn try_out(notices: &Notices) -> Result<(), NoticeError> {
    let Ok(recipient) = "ann.lee@partner.example".parse::<Address>() else {
        return Ok(());
    };
    let about = about(&recipient);
    let inspection = inspection();
    let everything = Need {
        findings: vec![0, 0],
        obstacles: vec![ObstacleKind::EncryptedContainer],
    };
    let only_unread = Need {
        findings: Vec::new(),
        obstacles: everything.obstacles.clone(),
    };
    let refused = Action::Refuse {
        refusal: Refusal::NoUsableCertificate {
            verdict: CertificateVerdict::Expired,
        },
    };
    let some = [refused.clone(), Action::Pass];
    for need in [everything, only_unread, Need::default()] {
        for actions in [&some[..], std::slice::from_ref(&refused)] {
            let judgment = judgment(&recipient, need.clone(), actions);
            let _ = notices.refused(&about, &inspection, &judgment)?;
        }
    }
    let failure = Failure {
        recipient,
        next_hop: "mail.partner.example:25".to_owned(),
        reply: "550 5.1.1 no such user".to_owned(),
        dsn: Default::default(),
    };
    letters(notices, &about, &failure.recipient, &refused)?;
    for failures in [&[failure.clone()][..], &[failure.clone(), failure.clone()]] {
        let _ = notices.failed(&about, failures)?;
        let _ = notices.delayed(&about, failures, Timestamp::UNIX_EPOCH)?;
        let _ = notices.relayed(&about, failures)?;
    }
    Ok(())
}

/// Every letter, in each of its forms.
fn letters(notices: &Notices, about: &About, one: &Address, refused: &Action) -> Result<(), NoticeError> {
    let Action::Refuse { refusal } = refused.clone() else {
        return Ok(());
    };
    let held = Action::Hold { refusal, hours: 72 };
    for (actions, invited) in [
        (&[held.clone()][..], true),
        (&[held.clone(), held.clone()], false),
    ] {
        let _ = notices.waiting(about, &judgment(one, Need::default(), actions), invited)?;
    }
    let (id, now) = (about.id, about.now);
    let _ = notices.invitation(&Invitation {
        id,
        sender: one.clone(),
        recipient: one.clone(),
        enrol: one.clone(),
        until: now,
        now,
    })?;
    for outcome in [
        Ok("CN=Ann".to_owned()),
        Err(("It is not signed.".to_owned(), "Sign it.".to_owned())),
    ] {
        let _ = notices.enrolment(&Enrolment {
            id,
            recipient: one.clone(),
            message_id: Some("<1@partner.example>".to_owned()),
            enrol: one.clone(),
            outcome,
            now,
        })?;
    }
    for waits in [None, Some("It is self-signed.".to_owned())] {
        let _ = notices.certificate(&NewCertificate {
            id,
            administrator: one.clone(),
            owner: one.clone(),
            certificate: "CN=Ann".to_owned(),
            fingerprint: "00".to_owned(),
            waits,
            now,
        })?;
    }
    Ok(())
}

fn about(sender: &Address) -> About {
    About {
        id: MessageId::new(0, 0),
        sender: sender.clone(),
        message_id: None,
        received: Timestamp::UNIX_EPOCH,
        now: Timestamp::UNIX_EPOCH,
        dsn: Vec::new(),
        tls: Default::default(),
    }
}

fn judgment(recipient: &Address, need: Need, actions: &[Action]) -> Judgment {
    let decision = |action: &Action| Decision {
        recipient: recipient.clone(),
        action: action.clone(),
    };
    Judgment {
        need,
        decisions: actions.iter().map(decision).collect(),
    }
}

/// More obstacles than a notice lists, so that "and … more" is written too.
fn inspection() -> Inspection {
    let finding = Finding {
        element: "sample".to_owned(),
        title: "Sample number".to_owned(),
        place: Place {
            part: Place::MESSAGE.to_owned(),
            field: Some("Subject".to_owned()),
            description: "the Subject".to_owned(),
            span: (0, 0),
        },
        confidence: Confidence::High,
        evidence: Masked::ending("00000000", 4),
        name_near: true,
        test_value: true,
        named_in_header: false,
        optional: false,
        reasons: Vec::new(),
    };
    let obstacle = |number: usize| Obstacle {
        kind: ObstacleKind::EncryptedContainer,
        part: "2".to_owned(),
        detail: format!("Attachment {number} is protected."),
    };
    Inspection {
        findings: vec![finding],
        obstacles: (0..20).map(obstacle).collect(),
        ..Inspection::default()
    }
}
