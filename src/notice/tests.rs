//! Notices as a mail program reads them, and as a hostile sender would like them to be read.

mod hostile;
mod own_words;

use super::*;
use crate::message::{
    CertificateVerdict, Confidence, Finding, Leaving, Masked, Obstacle, ObstacleKind, Place, Profile,
    Purpose, Sealed,
};
use crate::policy::{Action, Decision, Need, Refusal};
use mail_parser::{MessageParser, MimeHeaders, PartType};

const HEADERS: [&str; 12] = [
    "From",
    "To",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "MIME-Version",
    "Subject",
    "Content-Type",
    "Content-Transfer-Encoding",
];

fn settings() -> Settings {
    Settings {
        organisation: "the Agency".to_owned(),
        help: "the help desk, 617-555-0100".to_owned(),
        from: None,
    }
}

fn notices() -> Notices {
    Notices::new(settings(), "seal.agency.example", &[]).unwrap()
}

fn about() -> About {
    About {
        id: MessageId::new(1_790_000_000_000, 7),
        sender: "ann@agency.example".parse().unwrap(),
        message_id: Some("<abc@agency.example>".to_owned()),
        received: "2026-09-28T14:03:00Z".parse().unwrap(),
        now: "2026-09-28T14:03:01Z".parse().unwrap(),
        dsn: Vec::new(),
        tls: Default::default(),
    }
}

fn finding(title: &str, place: &str) -> Finding {
    Finding {
        element: "ssn".to_owned(),
        title: title.to_owned(),
        place: Place {
            part: "1".to_owned(),
            field: None,
            description: place.to_owned(),
            span: (0, 11),
        },
        confidence: Confidence::High,
        evidence: Masked::ending("536-22-8145", 4),
        name_near: true,
        test_value: false,
        named_in_header: false,
        optional: false,
        reasons: Vec::new(),
    }
}

fn obstacle(kind: ObstacleKind, detail: &str) -> Obstacle {
    Obstacle {
        kind,
        part: "2".to_owned(),
        detail: detail.to_owned(),
    }
}

fn judgment(need: Need, actions: &[(&str, Action)]) -> Judgment {
    let decision = |(address, action): &(&str, Action)| Decision {
        recipient: address.parse().unwrap(),
        action: action.clone(),
    };
    Judgment {
        need,
        decisions: actions.iter().map(decision).collect(),
    }
}

fn refuse(refusal: Refusal) -> Action {
    Action::Refuse { refusal }
}

fn encrypt() -> Action {
    Action::Encrypt {
        certificate: "aa".to_owned(),
        profile: Profile::Compatible,
    }
}

fn every_verdict() -> Vec<CertificateVerdict> {
    vec![
        CertificateVerdict::Chosen,
        CertificateVerdict::Usable,
        CertificateVerdict::Expired,
        CertificateVerdict::NotYetValid,
        CertificateVerdict::Revoked,
        CertificateVerdict::Untrusted("CN=Some CA".to_owned()),
        CertificateVerdict::RevocationUnknown,
        CertificateVerdict::WrongUsage,
        CertificateVerdict::WrongAddress,
        CertificateVerdict::WeakKey,
        CertificateVerdict::BelowProfile,
        CertificateVerdict::BelowAssurance,
        CertificateVerdict::NotPostQuantum,
        CertificateVerdict::Denied("a confidential reason".to_owned()),
        CertificateVerdict::WaitingForApproval,
    ]
}

fn every_refusal() -> Vec<Refusal> {
    let mut all = vec![
        Refusal::NoCertificate,
        Refusal::NotAllowed,
        Refusal::Segmented,
        Refusal::Multipart,
        Refusal::AlreadyEncrypted,
        Refusal::AnotherRecipient,
    ];
    let unusable = |verdict| Refusal::NoUsableCertificate { verdict };
    all.extend(every_verdict().into_iter().map(unusable));
    all
}

/// A notice taken apart.
struct Read {
    raw: String,
    subject: String,
    text: String,
    html: String,
    report: String,
    quoted: Option<String>,
}

fn read(outbound: &Outbound) -> Read {
    let raw = String::from_utf8(outbound.body.as_bytes().to_vec()).unwrap();
    let message = MessageParser::default().parse(raw.as_bytes()).unwrap();
    let kinds: Vec<String> = message
        .parts
        .iter()
        .map(|part| {
            let kind = part.content_type().unwrap();
            format!("{}/{}", kind.ctype(), kind.subtype().unwrap())
        })
        .collect();
    let expected = [
        "multipart/report",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "message/delivery-status",
        "text/rfc822-headers",
    ];
    assert_eq!(kinds, expected[..kinds.len()]);
    assert!(kinds.len() >= 5);
    let content = |index: usize| match &message.parts[index].body {
        PartType::Text(text) | PartType::Html(text) => text.to_string(),
        other => String::from_utf8(match other {
            PartType::Binary(bytes) | PartType::InlineBinary(bytes) => bytes.to_vec(),
            other => panic!("{other:?}"),
        })
        .unwrap(),
    };
    Read {
        subject: message.subject().unwrap().to_owned(),
        text: content(2),
        html: content(3),
        report: content(4),
        quoted: message.parts.get(5).map(|_| content(5)),
        raw,
    }
}

/// What must hold for every notice, whatever went into it.
fn check_form(raw: &str) {
    assert!(raw.is_ascii());
    assert!(!raw.contains('\0'));
    let without = raw.replace("\r\n", "");
    assert!(
        !without.contains('\r') && !without.contains('\n'),
        "a bare CR or LF"
    );
    assert!(raw.split("\r\n").all(|line| line.len() <= 998), "a line too long");
    let (header, _) = raw.split_once("\r\n\r\n").unwrap();
    let mut seen = Vec::new();
    for line in header.split("\r\n").filter(|line| !line.starts_with([' ', '\t'])) {
        let (name, _) = line.split_once(':').expect("a header line");
        assert!(HEADERS.contains(&name), "{name} was not written by us");
        assert!(!seen.contains(&name), "{name} stands twice");
        seen.push(name);
    }
}

fn five() -> (Inspection, Judgment) {
    let inspection = Inspection {
        findings: vec![
            finding("Social Security number", "the Subject"),
            finding("Payment card number", "the text that nobody counts"),
            finding("Social Security number", "the HTML text"),
            finding("Social Security number", "the HTML text"),
        ],
        obstacles: vec![
            obstacle(
                ObstacleKind::EncryptedContainer,
                "Attachment 'pay.zip' is protected with a password.",
            ),
            obstacle(ObstacleKind::Image, "A picture that policy ignores."),
        ],
        ..Inspection::default()
    };
    let need = Need {
        findings: vec![0, 2, 3, 99],
        obstacles: vec![ObstacleKind::EncryptedContainer],
    };
    let expired = Refusal::NoUsableCertificate {
        verdict: CertificateVerdict::Expired,
    };
    let judgment = judgment(
        need,
        &[
            ("valid@partner.example", encrypt()),
            ("none@partner.example", refuse(Refusal::NoCertificate)),
            ("expired@partner.example", refuse(expired)),
            ("inside@agency.example", Action::Pass),
            ("also-none@partner.example", refuse(Refusal::NoCertificate)),
        ],
    );
    (inspection, judgment)
}

#[test]
fn a_refusal_is_told_with_what_where_why_who_and_what_next() {
    let (inspection, judgment) = five();
    let notice = read(&notices().refused(&about(), &inspection, &judgment).unwrap());
    assert_eq!(notice.subject, "Not sent to 3 of 5 recipients");
    let text = notice.text.replace("\r\n", "\n");
    for expected in [
        "Your message of 28 September 2026, 14:03 UTC went to 2 of its 5 recipients.",
        "  none@partner.example\n  also-none@partner.example\n    It has to be encrypted, and no certificate is known",
        "  expired@partner.example\n    It has to be encrypted, and the recipient's certificate has expired.",
        "  valid@partner.example\n    Encrypted for this recipient.",
        "  inside@agency.example\n    As you wrote it.",
        "  - Social Security number ***-**-8145 in the Subject\n",
        "  - Social Security number ***-**-8145 in the HTML text (2 times)\n",
        "  - Attachment 'pay.zip' is protected with a password.\n",
        "  1. Ask none@partner.example and also-none@partner.example for a digitally signed e-mail",
        "  2. Ask expired@partner.example to get a new certificate",
        "  3. Or attach the file without a password.",
        "  4. Or take the personal information listed above out",
        "Ask the help desk, 617-555-0100. Give this number: ",
    ] {
        assert!(text.contains(expected), "{expected:?} is not in:\n{text}");
    }
    assert!(text.contains(about().id.as_str()));
    for absent in ["nobody counts", "policy ignores"] {
        assert!(!notice.raw.contains(absent));
    }
    for shared in [
        "expired@partner.example",
        "***-**-8145",
        "the help desk, 617-555-0100",
        about().id.as_str(),
    ] {
        assert!(notice.html.contains(shared), "{shared} is not in the HTML");
    }
}

#[test]
fn the_report_has_one_block_for_every_recipient_of_the_envelope() {
    let (inspection, judgment) = five();
    let notice = read(&notices().refused(&about(), &inspection, &judgment).unwrap());
    let id = about().id;
    let expected = format!(
        "Reporting-MTA: dns; seal.agency.example\nArrival-Date: Mon, 28 Sep 2026 14:03:00 +0000\n\
         X-Sealgate-Decision: {id}\n\n\
         Final-Recipient: rfc822; valid@partner.example\nAction: relayed\nStatus: 2.0.0\nX-Sealgate-Decision: {id}-1\n\n\
         Final-Recipient: rfc822; none@partner.example\nAction: failed\nStatus: 5.7.5\n\
         Diagnostic-Code: x-sealgate; must be encrypted, no certificate found\nX-Sealgate-Decision: {id}-2\n\n\
         Final-Recipient: rfc822; expired@partner.example\nAction: failed\nStatus: 5.7.5\n\
         Diagnostic-Code: x-sealgate; must be encrypted, certificate expired\nX-Sealgate-Decision: {id}-3\n\n\
         Final-Recipient: rfc822; inside@agency.example\nAction: relayed\nStatus: 2.0.0\nX-Sealgate-Decision: {id}-4\n\n\
         Final-Recipient: rfc822; also-none@partner.example\nAction: failed\nStatus: 5.7.5\n\
         Diagnostic-Code: x-sealgate; must be encrypted, no certificate found\nX-Sealgate-Decision: {id}-5\n"
    );
    assert_eq!(
        notice.report.replace("\r\n", "\n").trim_end(),
        expected.trim_end()
    );
}

#[test]
fn a_notice_goes_back_with_the_null_sender_and_threads_with_the_mail() {
    let (inspection, judgment) = five();
    let outbound = notices().refused(&about(), &inspection, &judgment).unwrap();
    assert_eq!(outbound.sender, None);
    assert_eq!(outbound.recipients, [(0, "ann@agency.example".parse().unwrap())]);
    assert_eq!(outbound.purpose, Purpose::Notice);
    assert_eq!(outbound.leaving, Leaving::Clear);
    let notice = read(&outbound);
    check_form(&notice.raw);
    for line in [
        "From: Mail gateway <postmaster@seal.agency.example>\r\n",
        "To: <ann@agency.example>\r\n",
        "Auto-Submitted: auto-replied\r\n",
        "In-Reply-To: <abc@agency.example>\r\n",
        "References: <abc@agency.example>\r\n",
        "Date: Mon, 28 Sep 2026 14:03:01 +0000\r\n",
        "MIME-Version: 1.0\r\n",
    ] {
        assert!(notice.raw.contains(line), "{line}");
    }
    assert!(notice.raw.contains("report-type=delivery-status"));
    assert_eq!(
        notice.quoted.unwrap().trim_end(),
        "Message-ID: <abc@agency.example>"
    );
}

#[test]
fn without_a_usable_message_id_nothing_of_the_mail_is_quoted() {
    let (inspection, judgment) = five();
    for id in [
        None,
        Some("abc@agency.example"),
        Some("<a\r\nBcc: evil@x.example>"),
        Some("<a b>"),
        Some("<>"),
        Some("<a><b>"),
        Some("<ä@x>"),
    ] {
        let mut about = about();
        about.message_id = id.map(str::to_owned);
        let notice = read(&notices().refused(&about, &inspection, &judgment).unwrap());
        check_form(&notice.raw);
        assert!(!notice.raw.contains("In-Reply-To"), "{id:?}");
        assert!(notice.quoted.is_none(), "{id:?}");
    }
    let mut about = about();
    about.message_id = Some(format!("<{}@x.example>", "a".repeat(2000)));
    check_form(&read(&notices().refused(&about, &inspection, &judgment).unwrap()).raw);
}

#[test]
fn every_refusal_and_every_verdict_is_told_in_full_sentences_with_advice() {
    for refusal in every_refusal() {
        let judgment = judgment(
            Need::default(),
            &[("bob@partner.example", refuse(refusal.clone()))],
        );
        let outbound = notices()
            .refused(&about(), &Inspection::default(), &judgment)
            .unwrap();
        let notice = read(&outbound);
        check_form(&notice.raw);
        assert_eq!(notice.subject, "Your message was not sent");
        assert!(notice.text.contains("Nobody has received it."));
        assert!(notice.text.contains(&words::reason(&refusal, "the Agency")));
        let advice = words::advice(&refusal, "bob@partner.example", "the help desk, 617-555-0100");
        assert!(notice.text.contains(&format!("1. {advice}")), "{refusal:?}");
        assert!(advice.ends_with('.') && words::reason(&refusal, "x").ends_with('.'));
        assert!(notice.report.contains(&format!("Status: {}", refusal.status())));
        assert!(notice.report.contains(refusal.in_short()));
        assert!(!notice.text.contains("SENT TO\n\n  bob") || notice.text.contains("NOT SENT TO"));
        assert!(
            !notice.raw.contains("Some CA"),
            "the certificate's names stay out"
        );
    }
}

#[test]
fn every_obstacle_is_told_even_when_it_says_nothing_of_itself() {
    for kind in ObstacleKind::ALL {
        let inspection = Inspection {
            obstacles: vec![obstacle(kind, "")],
            ..Inspection::default()
        };
        let need = Need {
            findings: Vec::new(),
            obstacles: vec![kind],
        };
        let judgment = judgment(need, &[("bob@partner.example", refuse(Refusal::NoCertificate))]);
        let notice = read(&notices().refused(&about(), &inspection, &judgment).unwrap());
        assert!(notice.text.contains(words::obstacle(kind)), "{kind:?}");
        assert!(notice.text.contains(words::obstacle_advice(kind)), "{kind:?}");
        assert!(notice.text.contains("Not all of it could be checked"));
    }
}

#[test]
fn recipients_who_need_the_same_are_advised_together() {
    let unusable = |verdict| refuse(Refusal::NoUsableCertificate { verdict });
    let judgment = judgment(
        Need::default(),
        &[
            ("old@partner.example", unusable(CertificateVerdict::Expired)),
            ("none@partner.example", refuse(Refusal::NoCertificate)),
            ("withdrawn@partner.example", unusable(CertificateVerdict::Revoked)),
        ],
    );
    let notice = read(
        &notices()
            .refused(&about(), &Inspection::default(), &judgment)
            .unwrap(),
    );
    for expected in [
        "1. Ask old@partner.example and withdrawn@partner.example to get a new certificate",
        "2. Ask none@partner.example for a digitally signed e-mail",
    ] {
        assert!(
            notice.text.contains(expected),
            "{expected:?} is not in:\n{}",
            notice.text
        );
    }
    assert!(!notice.text.contains("3. "));
}

#[test]
fn senders_are_not_told_of_settings_and_processes_of_the_gateway() {
    for kind in [ObstacleKind::TimedOut, ObstacleKind::ReaderDied] {
        let inspection = Inspection {
            obstacles: vec![obstacle(kind, "raise [inspect] deadline_seconds")],
            ..Inspection::default()
        };
        let need = Need {
            findings: Vec::new(),
            obstacles: vec![kind],
        };
        let judgment = judgment(need, &[("bob@partner.example", refuse(Refusal::NoCertificate))]);
        let notice = read(&notices().refused(&about(), &inspection, &judgment).unwrap());
        assert!(notice.text.contains(words::obstacle(kind)), "{kind:?}");
        assert!(!notice.raw.contains("deadline"), "{kind:?}");
    }
}

#[test]
fn copies_that_leave_are_told_by_the_way_they_leave() {
    let with = Sealed::PgpMime;
    let judgment = judgment(
        Need::default(),
        &[
            ("a@partner.example", Action::PassEncrypted { with }),
            ("b@partner.example", refuse(Refusal::NotAllowed)),
        ],
    );
    let notice = read(
        &notices()
            .refused(&about(), &Inspection::default(), &judgment)
            .unwrap(),
    );
    assert!(notice.text.contains("As you had encrypted it."));
}

#[test]
fn a_failed_delivery_is_told_with_the_servers_answer() {
    let failures = [
        Failure {
            recipient: "bob@partner.example".parse().unwrap(),
            next_hop: "mx.partner.example:25".to_owned(),
            reply: "550 5.1.1 <bob@partner.example> no such user".to_owned(),
            dsn: DsnRequest::default(),
        },
        Failure {
            recipient: "jürgen@partner.example".parse().unwrap(),
            next_hop: "mx.partner.example:25".to_owned(),
            reply: "connection timed out".to_owned(),
            dsn: DsnRequest::default(),
        },
    ];
    let notice = read(&notices().failed(&about(), &failures).unwrap());
    check_form(&notice.raw);
    assert_eq!(notice.subject, "Your message did not reach 2 recipients");
    let report = notice.report.replace("\r\n", "\n");
    for expected in [
        "Final-Recipient: rfc822; bob@partner.example\nAction: failed\nStatus: 5.1.1\nRemote-MTA: dns; mx.partner.example\n\
         Diagnostic-Code: smtp; 550 5.1.1 <bob@partner.example> no such user\n",
        "Final-Recipient: utf-8; j\\x{FC}rgen@partner.example\nAction: failed\nStatus: 5.4.7\n\
         Remote-MTA: dns; mx.partner.example\nDiagnostic-Code: x-sealgate; connection timed out\n\
         Last-Attempt-Date: Mon, 28 Sep 2026 14:03:01 +0000\n",
    ] {
        assert!(report.contains(expected), "{report}");
    }
    assert!(notice.text.contains("jürgen@partner.example"));
    assert!(notice.html.contains("&lt;bob@partner.example&gt; no such user"));
}

#[test]
fn notices_name_what_the_sender_named_and_say_how_far_the_mail_has_come() {
    let dsn = DsnRequest {
        envid: Some("QQ+2B1".to_owned()),
        orcpt: Some("rfc822;Robert+2Bx@partner.example".to_owned()),
        ..DsnRequest::default()
    };
    let one = Failure {
        recipient: "bob@partner.example".parse().unwrap(),
        next_hop: "mx.partner.example:25".to_owned(),
        reply: "451 4.7.1 greylisted".to_owned(),
        dsn: dsn.clone(),
    };
    let about = About {
        dsn: vec![dsn],
        ..about()
    };
    let until = "2026-10-03T14:03:00Z".parse().unwrap();
    let late = read(
        &notices()
            .delayed(&about, std::slice::from_ref(&one), until)
            .unwrap(),
    );
    let relayed = Failure {
        reply: "250 2.0.0 queued".to_owned(),
        ..one.clone()
    };
    let relayed = read(&notices().relayed(&about, &[relayed]).unwrap());
    let failed = read(&notices().failed(&about, &[one]).unwrap());
    for (notice, lines, subject) in [
        (
            late,
            "Action: delayed\nStatus: 4.7.1\nRemote-MTA: dns; mx.partner.example\nDiagnostic-Code: smtp; 451 4.7.1 greylisted\n\
             Last-Attempt-Date: Mon, 28 Sep 2026 14:03:01 +0000\nWill-Retry-Until: Sat, 03 Oct 2026 14:03:00 +0000\n",
            "Your message is late for one recipient",
        ),
        (
            relayed,
            "Action: relayed\nStatus: 2.0.0\n",
            "Your message was handed on for one recipient",
        ),
        (
            failed,
            "Action: failed\nStatus: 5.4.7\n",
            "Your message did not reach one recipient",
        ),
    ] {
        check_form(&notice.raw);
        assert_eq!(notice.subject, subject);
        let report = notice.report.replace("\r\n", "\n");
        assert!(
            report.contains("Original-Envelope-Id: QQ+1\nReporting-MTA"),
            "{report}"
        );
        let original = "\nOriginal-Recipient: rfc822; Robert+x@partner.example\nFinal-Recipient: rfc822; bob@partner.example\n";
        assert!(report.contains(&format!("{original}{lines}")), "{report}");
    }
}

#[test]
fn two_notices_about_one_mail_in_one_moment_have_different_ids() {
    let failure = |address: &str| Failure {
        recipient: address.parse().unwrap(),
        next_hop: "mx.partner.example:25".to_owned(),
        reply: "550 no".to_owned(),
        dsn: DsnRequest::default(),
    };
    let id = |address| {
        let notice = read(&notices().failed(&about(), &[failure(address)]).unwrap());
        let line = notice
            .raw
            .lines()
            .find(|line| line.starts_with("Message-ID:"))
            .unwrap();
        line.to_owned()
    };
    assert_ne!(id("a@partner.example"), id("b@partner.example"));
}

#[test]
fn long_lists_are_cut_for_people_and_complete_for_machines() {
    let inspection = Inspection {
        findings: (0..5000)
            .map(|n| finding("Social Security number", &format!("row {n}")))
            .collect(),
        ..Inspection::default()
    };
    let need = Need {
        findings: (0..5000).collect(),
        obstacles: Vec::new(),
    };
    let addresses: Vec<String> = (0..1000).map(|n| format!("r{n}@partner.example")).collect();
    let actions: Vec<(&str, Action)> = addresses
        .iter()
        .map(|address| (address.as_str(), refuse(Refusal::NoCertificate)))
        .collect();
    let outbound = notices()
        .refused(&about(), &inspection, &judgment(need, &actions))
        .unwrap();
    let notice = read(&outbound);
    assert!(notice.text.contains("and 4988 more"));
    assert_eq!(notice.report.matches("Final-Recipient:").count(), 1000);
    assert!(outbound.body.len() < 1 << 20);
}

#[test]
fn senders_and_addresses_of_unusual_form_are_served() {
    let (inspection, judgment) = five();
    for (sender, to) in [
        ("\"a b\"@agency.example", "To: <\"a b\"@agency.example>\r\n"),
        ("a..b@agency.example", "To: <\"a..b\"@agency.example>\r\n"),
        ("jürgen@agency.example", "To: undisclosed-recipients:;\r\n"),
        ("a@[192.0.2.1]", "To: <a@[192.0.2.1]>\r\n"),
    ] {
        let mut about = about();
        about.sender = sender.parse().unwrap();
        let notice = read(&notices().refused(&about, &inspection, &judgment).unwrap());
        check_form(&notice.raw);
        assert!(notice.raw.contains(to), "{sender}");
    }
}
