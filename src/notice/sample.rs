//! Made-up facts that walk every branch of the templates, so that a mistake in one shows at start.

use jiff::Timestamp;

use super::{About, Failure, NoticeError, Notices};
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
    };
    for failures in [&[failure.clone()][..], &[failure.clone(), failure.clone()]] {
        let _ = notices.failed(&about, failures)?;
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
