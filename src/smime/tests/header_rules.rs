//! The rules of docs/policy.md, "What happens to header fields", one by one: sealed, and sealed around a signature.

use super::super::signing::Signed;
use super::super::{Algorithms, Payload};
use super::pki::*;
use super::sealing::{open, split};
use super::signing::{Agency, halves};
use crate::message::{Profile, RawMessage, SignatureForm};

/// The header outside, and the payload inside; signed and unsigned must not differ.
fn outside_and_payload(mail: &str, secret: &[&str]) -> (String, String) {
    let agency = Agency::new();
    let signer = agency.signer(EC);
    let (_, ann) = &recipients()[1];
    let certificate = certificate(ann);
    let algorithms = Algorithms::choose(Profile::Compatible, certificate.key(), None).unwrap();
    let secret: Vec<String> = secret.iter().map(|name| (*name).to_owned()).collect();
    let raw = RawMessage::new(mail.as_bytes().to_vec());
    let payload = Payload::to_seal(&raw, &secret).unwrap();
    let seal = |signed: Option<&Signed<'_>>| {
        let sealed = payload.seal(signed, &[&certificate], algorithms).unwrap();
        let bytes = sealed.message.as_bytes();
        (text(split(bytes).0), open(bytes, ann))
    };
    let (outside, inside) = seal(None);
    let signed = signer
        .sign(&payload, SignatureForm::Detached, Profile::Compatible)
        .unwrap();
    let (with_signature, entity) = seal(Some(&signed));
    assert_eq!(outside, with_signature);
    let inside = text(&inside);
    if mail.is_ascii() && !mail.contains("8bit") {
        assert_eq!(text(&halves(&entity).0), inside);
    }
    (outside, inside)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn with_fields(fields: &str) -> (String, String) {
    outside_and_payload(&format!("From: a@b.example\r\n{fields}\r\n\r\nbody\r\n"), &[])
}

#[test]
fn hcp_baseline_writes_the_subject_as_an_ellipsis_in_any_spelling_of_its_name() {
    for name in ["Subject", "subject", "SUBJECT", "SubJect"] {
        let (outside, inside) = with_fields(&format!("{name}: merger"));
        assert!(
            outside.contains("\r\nSubject: [...]\r\n") && !outside.contains("merger"),
            "{outside}"
        );
        assert!(inside.contains(&format!("\r\n{name}: merger\r\n")), "{inside}");
        assert!(inside.contains("\r\nHP-Outer: Subject: [...]\r\n"), "{inside}");
    }
}

#[test]
fn hcp_baseline_removes_keywords_and_comments_outside_and_records_nothing_of_them() {
    for name in ["Keywords", "keywords", "Comments", "COMMENTS"] {
        let (outside, inside) = with_fields(&format!("{name}: merger,\r\n plans\r\n{name}: again"));
        assert!(
            !outside.to_lowercase().contains(&name.to_lowercase()),
            "{outside}"
        );
        assert!(
            inside.contains(&format!("\r\n{name}: merger,\r\n plans\r\n{name}: again\r\n")),
            "{inside}"
        );
        assert!(!inside.contains(&format!("HP-Outer: {name}")), "{inside}");
    }
}

#[test]
fn hcp_baseline_leaves_other_fields_that_mail_needs_as_they_came_and_records_them() {
    for field in [
        "To: C <c@d.example>",
        "Cc: e@f.example",
        "Reply-To: r@b.example",
        "Sender: s@b.example",
        "Date: Tue, 1 Jun 2027 08:00:00 -0400",
        "Message-ID: <1@b.example>",
        "In-Reply-To: <0@b.example>",
        "Auto-Submitted: auto-generated",
    ] {
        let (outside, inside) = with_fields(field);
        assert!(outside.contains(&format!("\r\n{field}\r\n")), "{outside}");
        assert!(inside.contains(&format!("\r\n{field}\r\n")), "{inside}");
        assert!(inside.contains(&format!("\r\nHP-Outer: {field}\r\n")), "{inside}");
    }
}

#[test]
fn what_is_not_known_to_be_needed_outside_is_inside_only() {
    for field in [
        "X-Case: 7",
        "Thread-Topic: merger",
        "Accept-Language: en",
        "Organization: Agency",
    ] {
        let (outside, inside) = with_fields(field);
        assert!(!outside.contains(field), "{outside}");
        assert!(inside.contains(&format!("\r\n{field}\r\n")), "{inside}");
    }
}

#[test]
fn the_payload_is_marked_once_and_what_is_around_it_never() {
    let (outside, inside) = with_fields("Content-Type: text/plain");
    assert_eq!(inside.matches("hp=\"cipher\"").count(), 1, "{inside}");
    assert!(!outside.contains("hp="), "{outside}");
}

#[test]
fn a_folded_message_id_stays_octet_for_octet_so_that_threads_hold() {
    let id = "Message-ID:\r\n <a.very.long.identifier.that.outlook.folds.1234567@mail.b.example>";
    let references = "References: <0@b.example>\r\n\t<1@b.example>\r\n <2@b.example>";
    let (outside, inside) = with_fields(&format!("{id}\r\n{references}"));
    for field in [id, references] {
        assert!(outside.contains(&format!("\r\n{field}\r\n")), "{outside}");
        assert!(inside.contains(&format!("\r\nHP-Outer: {field}\r\n")), "{inside}");
    }
}

#[test]
fn list_fields_stay_outside_so_that_lists_and_unsubscribing_work() {
    for field in [
        "List-Id: News <news.b.example>",
        "List-Help: <mailto:help@b.example>",
        "List-Post: NO",
        "List-Owner: <mailto:o@b.example>",
        "List-Archive: <https://b.example/a>",
        "List-Subscribe: <mailto:s@b.example>",
        "List-Unsubscribe: <https://b.example/u>,\r\n <mailto:u@b.example>",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
    ] {
        let (outside, inside) = with_fields(field);
        assert!(outside.contains(&format!("\r\n{field}\r\n")), "{outside}");
        assert!(inside.contains(&format!("\r\n{field}\r\n")), "{inside}");
    }
}

#[test]
fn a_dkim_signature_that_sealing_breaks_is_kept_inside_only() {
    let field = "DKIM-Signature: v=1; a=rsa-sha256; d=b.example;\r\n b=abc";
    let (outside, inside) = with_fields(field);
    assert!(!outside.contains("DKIM"), "{outside}");
    assert!(
        inside.contains(&format!("\r\n{field}\r\n")) && !inside.contains("HP-Outer: DKIM"),
        "{inside}"
    );
}

#[test]
fn a_meeting_invitation_is_sealed_as_a_whole_and_stays_one() {
    let body = "--b\r\nContent-Type: text/plain\r\n\r\nMeeting\r\n--b\r\n\
        Content-Type: text/calendar; method=REQUEST; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n\
        QkVHSU46VkNBTEVOREFSDQpNRVRIT0Q6UkVRVUVTVA0KRU5EOlZDQUxFTkRBUg0K\r\n--b--\r\n";
    let mail = format!(
        "From: a@b.example\r\nSubject: Meeting\r\nContent-Class: urn:content-classes:calendarmessage\r\n\
         Content-Type: multipart/alternative; boundary=b\r\n\r\n{body}"
    );
    let (outside, inside) = outside_and_payload(&mail, &[]);
    assert!(!outside.contains("calendar"), "{outside}");
    assert!(
        inside.contains("\r\nContent-Class: urn:content-classes:calendarmessage\r\n"),
        "{inside}"
    );
    assert!(
        inside.contains("multipart/alternative; hp=\"cipher\"; boundary=b\r\n"),
        "{inside}"
    );
    assert!(inside.ends_with(&format!("\r\n\r\n{body}")), "{inside}");
}

#[test]
fn an_invitation_in_eight_bits_keeps_its_method_when_it_is_signed() {
    let agency = Agency::new();
    let signer = agency.signer(EC);
    let calendar = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nSUMMARY:Caf\u{e9}\r\nEND:VCALENDAR\r\n";
    let mail = format!(
        "From: a@b.example\r\nContent-Type: text/calendar; method=REQUEST; charset=utf-8\r\n\
         Content-Transfer-Encoding: 8bit\r\n\r\n{calendar}"
    );
    let raw = RawMessage::new(mail.into_bytes());
    let payload = Payload::to_seal(&raw, &[]).unwrap();
    let signed = signer
        .sign(&payload, SignatureForm::Detached, Profile::Compatible)
        .unwrap();
    let (content, _) = halves(&signed.parts().concat());
    let parsed = mail_parser::MessageParser::default().parse(&content).unwrap();
    let part = parsed.part(0).unwrap();
    assert_eq!(text(part.contents()), calendar);
    assert!(text(&content).contains("text/calendar; hp=\"cipher\"; method=REQUEST; charset=utf-8"));
}
