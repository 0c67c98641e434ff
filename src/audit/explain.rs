//! A record in plain words, for `sealgate trace`. Every kind of thing in a record has a sentence here.

use jiff::Timestamp;

use super::page::Page;
use super::words;
use super::{InboundRecord, RecipientRecord, Record, Traced};
use crate::message::{Considered, Finding, Obstacle, Place, Structure};

/// Tells one message's way in plain words: what was found where, what was decided for whom and why, which
/// certificates were weighed, what left, and what became of it. Lines fit a terminal of 100 columns where words
/// allow it. Holds no personal information beyond the addresses of the envelope.
pub fn explain(traced: &Traced) -> String {
    let mut page = Page::default();
    message(&mut page, traced);
    match &traced.record.inbound {
        Some(inbound) => from_outside(&mut page, inbound),
        None => {
            findings(&mut page, traced);
            obstacles(&mut page, traced);
            signing(&mut page, traced);
        }
    }
    for recipient in &traced.record.recipients {
        page.blank();
        one_recipient(&mut page, traced, recipient);
    }
    page.blank();
    notice(&mut page, traced);
    page.finish()
}

fn message(page: &mut Page, traced: &Traced) {
    let record = &traced.record;
    page.line(0, &format!("Message {}", record.id));
    page.field(
        "Received",
        &format!("{} from {}", time(record.received), record.client),
    );
    if let Some(user) = &record.user {
        page.field("User", &format!("{user}, who had logged in"));
    }
    let sender = record.sender.as_ref().map(ToString::to_string);
    page.field(
        "Sender",
        &sender.unwrap_or_else(|| "<> (the null sender of notices)".to_owned()),
    );
    page.field(
        "Message-ID",
        record.message_id.as_deref().unwrap_or("none, or not a plain one"),
    );
    page.field("Size", &format!("{} octets", record.size));
    if let Some(tls) = record.tls.in_words() {
        page.field("TLS", tls);
    }
    if record.inbound.is_none() {
        page.field("Policy", &format!("version {}", record.policy));
    }
    if let Some(waited) = record.instead_of {
        page.field(
            "Follows",
            &format!("decision {waited}, by which this copy waited for a certificate; here its wait ended"),
        );
    }
    if record.tenant != Record::DEFAULT_TENANT {
        page.field("Tenant", &record.tenant);
    }
    page.field(
        "Record",
        if traced.intact {
            "unchanged: it fits its place in the hash chain"
        } else {
            "NOT INTACT: it does not fit its place in the hash chain. It, or a record beside it, was changed or \
             removed after it was written"
        },
    );
}

/// What was said of the signature. Nothing else is known of such mail.
fn from_outside(page: &mut Page, inbound: &InboundRecord) {
    page.blank();
    page.line(
        0,
        "It came from outside, so that only its signature was looked at.",
    );
    let signature = match (inbound.signature.as_str(), &inbound.reason) {
        ("none", _) => "none".to_owned(),
        ("valid", _) => "valid, and the signer's certificate is trusted for the author's address".to_owned(),
        ("untrusted", Some(reason)) => {
            format!("right, but the signer's certificate is not trusted: {reason}")
        }
        (_, reason) => reason.clone().unwrap_or_else(|| "not right".to_owned()),
    };
    if let Some(decryption) = &inbound.decryption {
        page.field("Encryption", decryption);
    }
    page.field("Signature", &signature);
    if let Some(signer) = &inbound.signer {
        page.field("Signer", &format!("certificate {signer}"));
    }
    if let Some(harvest) = &inbound.harvest {
        page.field("Certificate", harvest);
    }
}

fn findings(page: &mut Page, traced: &Traced) {
    let record = &traced.record;
    page.blank();
    if record.inspection.findings.is_empty() {
        page.line(0, "No personal information was found.");
        return;
    }
    page.line(0, "What was found:");
    for (index, finding) in record.inspection.findings.iter().enumerate() {
        one_finding(page, finding, record.need.findings.contains(&index));
    }
}

fn one_finding(page: &mut Page, finding: &Finding, counts: bool) {
    let place = &finding.place;
    let field = place
        .field
        .as_ref()
        .map(|field| format!(", header field {field}"));
    let title = &finding.title;
    page.line(
        2,
        &format!(
            "- {title} {} in {} (part {}{}), {}",
            finding.evidence,
            place.description,
            place.part,
            field.unwrap_or_default(),
            words::confidence(finding.confidence),
        ),
    );
    let near = if finding.name_near {
        "stands"
    } else {
        "does not stand"
    };
    page.line(4, &format!("A person's name {near} near by."));
    if finding.test_value {
        page.line(
            4,
            "It is a published test or sample value, which belongs to nobody.",
        );
    }
    if !finding.reasons.is_empty() {
        page.line(4, &format!("Recognised by: {}.", finding.reasons.join("; ")));
    }
    page.line(
        4,
        if counts {
            "It counts as personal information under the policy."
        } else {
            "It does not count as personal information under the policy."
        },
    );
}

fn obstacles(page: &mut Page, traced: &Traced) {
    let record = &traced.record;
    let Structure {
        segments,
        multipart,
        sealed,
        message_id: _,
    } = &record.inspection.structure;
    match (record.inspection.obstacles.is_empty(), segments.is_empty()) {
        (true, true) => page.line(0, "All of it could be read."),
        // A piece is not a message; to have read it says nothing.
        (true, false) => {}
        (false, _) => page.line(0, "What could not be read for certain:"),
    }
    for obstacle in &record.inspection.obstacles {
        one_obstacle(page, obstacle, record.need.obstacles.contains(&obstacle.kind));
    }
    for segment in segments {
        let what = match segment.part.as_str() {
            Place::MESSAGE => "It".to_owned(),
            part => format!("Part {part}"),
        };
        let media = &segment.media_type;
        page.line(0, &format!("{what} is a piece of a larger message ({media})."));
    }
    if *multipart {
        page.line(0, "It is built of several parts (a multipart).");
    }
    if let Some(sealed) = sealed {
        page.line(
            0,
            &format!(
                "Its sender had encrypted it: its body really is {}.",
                words::container(*sealed)
            ),
        );
    }
}

fn one_obstacle(page: &mut Page, obstacle: &Obstacle, counts: bool) {
    let effect = if counts {
        "The policy treats it like personal information."
    } else {
        "The policy ignores that."
    };
    let kind = words::kind(obstacle.kind);
    let what = match obstacle.part.as_str() {
        Place::MESSAGE => "The message".to_owned(),
        part => format!("Part {part}"),
    };
    let detail = obstacle.detail.trim_end_matches('.');
    page.line(2, &format!("- {what}, {kind}: {detail}. {effect}"));
}

/// Which key signed, or why none did.
fn signing(page: &mut Page, traced: &Traced) {
    let Some(signing) = &traced.record.signing else {
        return;
    };
    page.blank();
    page.line(0, "Signing:");
    for considered in &signing.considered {
        let verdict = words::signing_verdict(&considered.verdict);
        page.field(
            "Own key",
            &format!("{}: {verdict}", words::short(&considered.fingerprint)),
        );
        page.below(&described(considered));
    }
    if let Some(reason) = &signing.unsigned {
        page.field("Unsigned", reason);
    }
}

fn one_recipient(page: &mut Page, traced: &Traced, recipient: &RecipientRecord) {
    let place = recipient.id.recipient;
    page.line(
        0,
        &format!("{}, decision {}", recipient.decision.recipient, recipient.id),
    );
    page.field("Decided", &words::action(&recipient.decision.action));
    for considered in &recipient.certificates {
        certificate(page, considered);
    }
    let leaves = match &recipient.leaving {
        None => "nothing".to_owned(),
        Some(leaving) => words::form(leaving),
    };
    page.field("Leaves", &leaves);
    became(page, traced, place);
}

fn certificate(page: &mut Page, considered: &Considered) {
    let verdict = words::verdict(&considered.verdict);
    page.field(
        "Certificate",
        &format!("{}: {verdict}", words::short(&considered.fingerprint)),
    );
    page.below(&described(considered));
}

fn described(considered: &Considered) -> String {
    let (subject, issuer, serial) = (&considered.subject, &considered.issuer, &considered.serial);
    let valid = time(considered.not_after);
    format!(
        "{subject}; issued by {issuer}; serial {serial}; {}; valid until {valid}{}{}",
        considered.key,
        considered
            .assurance
            .map_or_else(String::new, |assurance| format!("; {assurance}")),
        considered
            .origin
            .map_or_else(String::new, |origin| format!("; from: {}", origin.name()))
    )
}

fn became(page: &mut Page, traced: &Traced, place: u32) {
    for (_, standing, reply) in traced.deliveries.iter().filter(|(at, _, _)| *at == place) {
        page.field("Delivery", standing);
        if !reply.is_empty() {
            page.field("Last reply", reply);
        }
    }
}

fn notice(page: &mut Page, traced: &Traced) {
    let failed = traced.deliveries.iter().any(|(at, _, _)| *at == 0);
    if traced.record.inbound.is_some() {
        return became(page, traced, 0);
    }
    page.line(
        0,
        match (traced.record.notice, failed) {
            (true, _) => "The sender is told by a notice what did not leave.",
            (false, true) => {
                "All of it was allowed to leave. The sender is told by a notice what could not be delivered."
            }
            (false, false) => "All of it was allowed to leave, so there is no notice.",
        },
    );
    became(page, traced, 0);
}

fn time(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::samples::{id, minute, record};
    use crate::message::{CertificateVerdict, Leaving, ObstacleKind, Sealed, Segment};
    use crate::policy::{Action, Refusal};

    fn traced() -> Traced {
        Traced {
            record: record(id(0, 1), minute(0)),
            intact: true,
            deliveries: vec![
                (0, "waiting for its first attempt".to_owned(), String::new()),
                (
                    1,
                    "delivered: the next hop took it".to_owned(),
                    "250 2.0.0 ok\u{1b}[31m".to_owned(),
                ),
            ],
        }
    }

    #[test]
    fn a_sealed_and_a_refused_copy_are_explained_in_plain_words() {
        let expected = format!(
            "\
Message {id}
  Received      2026-08-01 12:00:00 UTC from mail.agency.example [192.0.2.1]
  Sender        ann@agency.example
  Message-ID    <a.1@agency.example>
  Size          12345 octets
  Policy        version 0123456789abcdef
  Tenant        agency
  Record        unchanged: it fits its place in the hash chain

What was found:
  - Social Security number ***-**-8145 in the HTML text (part 1.2), high confidence
    A person's name stands near by.
    Recognised by: the keyword 'SSN' stands 1 word before it.
    It counts as personal information under the policy.
What could not be read for certain:
  - Part 2, image: the picture 'logo.png' was not read. The policy ignores that.

bob@partner.example, decision {id}-1
  Decided       it leaves encrypted (profile compatible), to the certificate cdcdcdcdcdcdcdcd
  Certificate   cdcdcdcdcdcdcdcd: can be used, and is the first choice
                CN=Bob, O=Partner; issued by CN=Demo CA; serial 0a1b; RSA 2048; valid until
                2027-01-01 00:00:00 UTC
  Certificate   efefefefefefefef: cannot be used: it has expired
                CN=Bob, O=Partner; issued by CN=Demo CA; serial 0a1b; RSA 2048; valid until
                2027-01-01 00:00:00 UTC
  Leaves        sealed with S/MIME (AES-256-CBC, RSA PKCS#1 v1.5) to the certificate
                cdcdcdcdcdcdcdcd
  Delivery      delivered: the next hop took it
  Last reply    250 2.0.0 ok\u{fffd}[31m

eve@stranger.example, decision {id}-2
  Decided       it does not leave (5.7.5), for it must be encrypted and there is no certificate for
                the address
  Leaves        nothing

The sender is told by a notice what did not leave.
  Delivery      waiting for its first attempt
",
            id = id(0, 1),
        );
        assert_eq!(explain(&traced()), expected);
    }

    #[test]
    fn a_record_that_was_tampered_with_is_called_that() {
        let told = explain(&Traced {
            intact: false,
            ..traced()
        });
        assert!(told.contains("NOT INTACT"), "{told}");
        assert!(!told.contains("unchanged"), "{told}");
    }

    #[test]
    fn each_thing_that_a_record_can_say_has_its_own_words_and_lines_stay_short() {
        let mut traced = traced();
        let record = &mut traced.record;
        record.sender = None;
        record.message_id = None;
        record.notice = false;
        record.need.obstacles = vec![ObstacleKind::Malformed];
        record.inspection.obstacles = ObstacleKind::ALL.map(obstacle).into();
        record.inspection.structure.multipart = true;
        record.inspection.structure.sealed = Some(Sealed::PgpMime);
        record.inspection.structure.segments = vec![Segment {
            part: "3".to_owned(),
            media_type: "message/partial".to_owned(),
        }];
        record.recipients = actions()
            .into_iter()
            .map(|action| recipient(&record.recipients[0], action))
            .collect();
        let sample = record.recipients[0].certificates[0].clone();
        let weighed = |verdict| Considered {
            verdict,
            ..sample.clone()
        };
        record.recipients[0].certificates = verdicts().into_iter().map(weighed).collect();
        record.recipients[0].leaving = Some(Leaving::Clear);
        record.recipients[1].leaving = Some(Leaving::AlreadyEncrypted {
            with: Sealed::AuthEnvelopedData,
        });
        let told = explain(&traced);
        for line in told.lines() {
            assert!(line.chars().count() <= 100, "{line}");
        }
        assert_eq!(distinct(&told, "  Decided"), actions().len());
        assert_eq!(distinct(&told, "  Certificate"), verdicts().len());
        assert_eq!(distinct(&told, "  - Part 7"), ObstacleKind::ALL.len());
        for words in [
            "null sender",
            "none, or not a plain one",
            "Part 3 is a piece of a larger message (message/partial).",
            "a multipart",
            "PGP/MIME",
            "Leaves        as it came, encrypted by its sender (S/MIME AuthEnvelopedData)",
            "could not be delivered",
        ] {
            assert!(told.contains(words), "{words} in {told}");
        }
    }

    fn distinct(told: &str, start: &str) -> usize {
        let text = told.replace("\n                ", " ").replace("\n    ", " ");
        let lines: std::collections::HashSet<&str> =
            text.lines().filter(|line| line.starts_with(start)).collect();
        lines.len()
    }

    fn obstacle(kind: ObstacleKind) -> Obstacle {
        Obstacle {
            kind,
            part: "7".to_owned(),
            detail: "its label says so.".to_owned(),
        }
    }

    fn recipient(sample: &RecipientRecord, action: Action) -> RecipientRecord {
        let mut recipient = sample.clone();
        recipient.decision.action = action;
        recipient.certificates.truncate(1);
        recipient
    }

    fn actions() -> Vec<Action> {
        let verdict = CertificateVerdict::Revoked;
        let refusals = [
            Refusal::NoCertificate,
            Refusal::NoUsableCertificate { verdict },
            Refusal::NotAllowed,
            Refusal::Segmented,
            Refusal::Multipart,
            Refusal::AlreadyEncrypted,
            Refusal::AnotherRecipient,
        ];
        let with = [Sealed::EnvelopedData, Sealed::AuthEnvelopedData, Sealed::PgpMime];
        let certificate = "cd".repeat(32);
        let profile = crate::message::Profile::Strict;
        let mut all = vec![Action::Pass, Action::Encrypt { certificate, profile }];
        all.extend(with.map(|with| Action::PassEncrypted { with }));
        all.extend(refusals.map(|refusal| Action::Refuse { refusal }));
        all
    }

    fn verdicts() -> Vec<CertificateVerdict> {
        use CertificateVerdict::*;
        let end = "CN=Some CA".to_owned();
        vec![
            Chosen,
            Usable,
            Expired,
            NotYetValid,
            Revoked,
            Untrusted(end),
            RevocationUnknown,
            WrongUsage,
            WrongAddress,
            WeakKey,
            BelowProfile,
            BelowAssurance,
            NotPostQuantum,
            Denied("stolen".to_owned()),
            WaitingForApproval,
        ]
    }
}
