//! The decision, by cases that a mail administrator would try and by properties that must hold for all values.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::message::{Confidence, Finding, Masked, Obstacle, Place, Segment, SignatureForm, Validated};

fn finding(element: &str, confidence: Confidence, name_near: bool, test_value: bool) -> Finding {
    Finding {
        element: element.to_owned(),
        title: "Social Security number".to_owned(),
        place: Place {
            part: "1".to_owned(),
            field: None,
            description: "the text".to_owned(),
            span: (0, 11),
        },
        confidence,
        evidence: Masked::ending("536-22-8145", 4),
        name_near,
        named_in_header: false,
        optional: false,
        test_value,
        reasons: Vec::new(),
    }
}

fn obstacle(kind: ObstacleKind) -> Obstacle {
    Obstacle {
        kind,
        part: "2".to_owned(),
        detail: "an attachment could not be read".to_owned(),
    }
}

fn considered(fingerprint: &str, end: i64, verdict: CertificateVerdict) -> Considered {
    Considered {
        fingerprint: fingerprint.to_owned(),
        subject: "CN=Ann".to_owned(),
        issuer: "CN=CA".to_owned(),
        serial: "01".to_owned(),
        not_after: jiff::Timestamp::from_second(end).unwrap(),
        key: "RSA 2048".to_owned(),
        assurance: None,
        origin: None,
        verdict,
    }
}

fn recipient(address: &str, certificates: Vec<Considered>) -> Recipient {
    Recipient {
        address: address.parse().unwrap(),
        own_domain: address.ends_with("@own.example"),
        certificates,
    }
}

fn with_certificate(address: &str) -> Recipient {
    recipient(address, vec![considered("aa", 100, CertificateVerdict::Chosen)])
}

fn personal() -> Inspection {
    Inspection {
        findings: vec![finding("ssn", Confidence::High, true, false)],
        ..Inspection::default()
    }
}

fn actions(policy: &Policy, inspection: &Inspection, recipients: &[Recipient]) -> Vec<Action> {
    let judgment = decide(policy, inspection, recipients);
    judgment
        .decisions
        .into_iter()
        .map(|decision| decision.action)
        .collect()
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

#[test]
fn five_recipients_get_five_right_outcomes() {
    let policy = Policy {
        recipients: Recipients {
            denied_for_personal_information: vec!["@denied.example".parse().unwrap()],
            ..Recipients::default()
        },
        ..Policy::default()
    };
    let recipients = [
        with_certificate("valid@partner.example"),
        recipient("none@partner.example", Vec::new()),
        recipient(
            "expired@partner.example",
            vec![considered("bb", 50, CertificateVerdict::Expired)],
        ),
        recipient(
            "revoked@partner.example",
            vec![considered("cc", 90, CertificateVerdict::Revoked)],
        ),
        with_certificate("ann@denied.example"),
    ];
    let nearest = |verdict| refuse(Refusal::NoUsableCertificate { verdict });
    assert_eq!(
        actions(&policy, &personal(), &recipients),
        [
            encrypt(),
            refuse(Refusal::NoCertificate),
            nearest(CertificateVerdict::Expired),
            nearest(CertificateVerdict::Revoked),
            refuse(Refusal::NotAllowed),
        ]
    );
}

#[test]
fn mail_without_need_passes_whatever_certificates_there_are() {
    let recipients = [
        with_certificate("a@b.example"),
        recipient("c@d.example", Vec::new()),
    ];
    let answer = actions(&Policy::default(), &Inspection::default(), &recipients);
    assert_eq!(answer, [Action::Pass, Action::Pass]);
}

#[test]
fn what_an_issuer_must_have_checked_depends_on_what_was_found_and_who_receives_it() {
    use Validated::{Individual, Organization, Sponsor};
    let entry = |element: &str, pattern: &str, validated: &[Validated]| AssuranceFor {
        elements: vec![element.to_owned()],
        recipients: vec![pattern.parse().unwrap()],
        validated: validated.to_vec(),
    };
    let policy = Policy {
        assurance: vec![
            entry("bank_account", "*", &[Sponsor, Individual]),
            entry("*", "@partner.example", &[Sponsor, Organization]),
        ],
        ..Policy::default()
    };
    let holding = |element: &str| Inspection {
        findings: vec![finding(element, Confidence::High, true, false)],
        ..Inspection::default()
    };
    let unread = Inspection {
        obstacles: vec![obstacle(ObstacleKind::EncryptedContainer)],
        ..Inspection::default()
    };
    let asked = |inspection: &Inspection, address: &str| {
        policy.demand(&address.parse().unwrap(), inspection).validated
    };
    assert_eq!(
        asked(&holding("bank_account"), "a@x.example"),
        Some(vec![Sponsor, Individual])
    );
    assert_eq!(asked(&holding("ssn"), "a@x.example"), None);
    assert_eq!(
        asked(&holding("ssn"), "a@partner.example"),
        Some(vec![Sponsor, Organization])
    );
    assert_eq!(
        asked(&holding("bank_account"), "a@partner.example"),
        Some(vec![Sponsor])
    );
    // What was not read may be an account number.
    assert_eq!(asked(&unread, "a@x.example"), Some(vec![Sponsor, Individual]));
    assert_eq!(asked(&Inspection::default(), "a@partner.example"), None);
}

#[test]
fn the_reason_given_is_that_of_the_most_recent_certificate() {
    let certificates = vec![
        considered("a", 10, CertificateVerdict::Expired),
        considered("b", 99, CertificateVerdict::WrongUsage),
        considered("c", 99, CertificateVerdict::WeakKey),
        considered("d", 20, CertificateVerdict::Revoked),
    ];
    let answer = actions(
        &Policy::default(),
        &personal(),
        &[recipient("a@b.example", certificates)],
    );
    let verdict = CertificateVerdict::WrongUsage;
    assert_eq!(answer, [refuse(Refusal::NoUsableCertificate { verdict })]);
}

#[test]
fn the_first_entry_that_names_a_recipient_gives_the_profile_and_the_decision_carries_it() {
    let entry = |pattern: &str, profile| SealingFor {
        recipients: vec![pattern.parse().unwrap()],
        profile,
    };
    let policy = Policy {
        sealing: Sealing {
            profile: Profile::Modern,
            copy_to_sender: false,
            exceptions: vec![
                entry("ann@partner.example", Profile::Strict),
                entry("@partner.example", Profile::Compatible),
            ],
        },
        ..Policy::default()
    };
    let recipients = ["Ann@partner.example", "bob@partner.example", "c@other.example"].map(with_certificate);
    let profiles: Vec<Profile> = actions(&policy, &personal(), &recipients)
        .into_iter()
        .map(|action| match action {
            Action::Encrypt { profile, .. } => profile,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(profiles, [Profile::Strict, Profile::Compatible, Profile::Modern]);
}

#[test]
fn a_decision_from_before_there_were_profiles_is_read_as_compatible() {
    let old = r#"{"action":"encrypt","certificate":"aa"}"#;
    assert_eq!(serde_json::from_str::<Action>(old).unwrap(), encrypt());
}

#[test]
fn a_usable_certificate_that_was_not_chosen_is_never_taken() {
    let certificates = vec![considered("a", 10, CertificateVerdict::Usable)];
    let answer = actions(
        &Policy::default(),
        &personal(),
        &[recipient("a@b.example", certificates)],
    );
    assert!(matches!(answer.as_slice(), [Action::Refuse { .. }]));
}

#[test]
fn segments_are_refused_for_everybody_even_inside_and_even_when_clean() {
    let mut inspection = Inspection::default();
    inspection.structure.segments = vec![Segment {
        part: "0".to_owned(),
        media_type: "message/partial".to_owned(),
    }];
    let mut policy = Policy::default();
    policy.recipients.own_domains = OwnDomains::Pass;
    let recipients = [
        with_certificate("a@b.example"),
        recipient("c@own.example", Vec::new()),
    ];
    let answer = actions(&policy, &inspection, &recipients);
    assert_eq!(answer, [refuse(Refusal::Segmented), refuse(Refusal::Segmented)]);
}

#[test]
fn the_literal_reading_of_mg_1_4_refuses_multiparts_only_when_it_is_on() {
    let mut inspection = Inspection::default();
    inspection.structure.multipart = true;
    let recipients = [recipient("a@b.example", Vec::new())];
    let mut policy = Policy::default();
    assert_eq!(actions(&policy, &inspection, &recipients), [Action::Pass]);
    policy.structure.block_all_multipart = true;
    assert_eq!(
        actions(&policy, &inspection, &recipients),
        [refuse(Refusal::Multipart)]
    );
}

#[test]
fn encrypted_mail_passes_as_encrypted_unless_its_header_tells_the_secret() {
    let with = Sealed::EnvelopedData;
    let mut inspection = Inspection::default();
    inspection.structure.sealed = Some(with);
    inspection.obstacles = vec![obstacle(ObstacleKind::EncryptedContainer)];
    let recipients = [with_certificate("a@b.example")];
    let mut policy = Policy::default();
    assert_eq!(
        actions(&policy, &inspection, &recipients),
        [Action::PassEncrypted { with }]
    );
    inspection.findings = personal().findings;
    assert_eq!(actions(&policy, &inspection, &recipients), [encrypt()]);
    policy.structure.already_encrypted = AlreadyEncrypted::Refuse;
    assert_eq!(
        actions(&policy, &inspection, &recipients),
        [refuse(Refusal::AlreadyEncrypted)]
    );
}

#[test]
fn an_encrypted_attachment_asks_for_encryption_although_it_is_encrypted() {
    let inspection = Inspection {
        obstacles: vec![obstacle(ObstacleKind::EncryptedContainer)],
        ..Inspection::default()
    };
    let answer = actions(
        &Policy::default(),
        &inspection,
        &[recipient("a@b.example", Vec::new())],
    );
    assert_eq!(answer, [refuse(Refusal::NoCertificate)]);
}

#[test]
fn an_element_counts_with_a_name_or_when_it_is_certain() {
    let mut policy = Policy::default();
    let cases = [
        // element, confidence, name near, with-name, with-name-or-certain, alone
        (Confidence::High, true, [true, true, true]),
        (Confidence::High, false, [false, true, true]),
        (Confidence::Medium, true, [true, true, true]),
        (Confidence::Medium, false, [false, false, true]),
        (Confidence::Low, true, [false, false, false]),
    ];
    for (confidence, name, expected) in cases {
        let found = finding("ssn", confidence, name, false);
        let counted = [Counts::WithName, Counts::WithNameOrCertain, Counts::Alone].map(|counts| {
            policy.counts = counts;
            policy.counts(&found)
        });
        assert_eq!(counted, expected, "{confidence:?}, name near: {name}");
    }
}

#[test]
fn other_elements_and_test_values_can_be_left_out() {
    let mut policy = Policy {
        elements: vec!["ssn".to_owned()],
        ..Policy::default()
    };
    assert!(policy.counts(&finding("ssn", Confidence::High, true, true)));
    assert!(!policy.counts(&finding("credit_card", Confidence::High, true, false)));
    policy.test_values = TestValues::Ignore;
    assert!(!policy.counts(&finding("ssn", Confidence::High, true, true)));
    assert!(policy.counts(&finding("ssn", Confidence::High, true, false)));
}

#[test]
fn one_refusal_holds_everybody_back_when_policy_says_all_or_nothing() {
    let mut policy = Policy::default();
    policy.delivery.mode = Mode::AllOrNothing;
    let recipients = [
        with_certificate("a@b.example"),
        recipient("c@d.example", Vec::new()),
    ];
    let answer = actions(&policy, &personal(), &recipients);
    assert_eq!(
        answer,
        [refuse(Refusal::AnotherRecipient), refuse(Refusal::NoCertificate)]
    );
}

fn any_confidence() -> impl Strategy<Value = Confidence> {
    select(vec![Confidence::Low, Confidence::Medium, Confidence::High])
}

fn any_finding() -> impl Strategy<Value = Finding> {
    let element = select(vec!["ssn", "credit_card", "iban"]);
    (element, any_confidence(), any::<bool>(), any::<bool>())
        .prop_map(|(element, confidence, name, test)| finding(element, confidence, name, test))
}

fn any_obstacle() -> impl Strategy<Value = Obstacle> {
    select(ObstacleKind::ALL.to_vec()).prop_map(obstacle)
}

fn any_inspection() -> impl Strategy<Value = Inspection> {
    let sealed = option::of(select(vec![Sealed::EnvelopedData, Sealed::PgpMime]));
    let segments = vec(
        Just(Segment {
            part: "1".to_owned(),
            media_type: "message/partial".to_owned(),
        }),
        0..2,
    );
    let lists = (vec(any_finding(), 0..4), vec(any_obstacle(), 0..3));
    (lists, sealed, segments, any::<bool>()).prop_map(
        |((findings, obstacles), sealed, segments, multipart)| Inspection {
            findings,
            obstacles,
            structure: crate::message::Structure {
                segments,
                multipart,
                sealed,
                message_id: None,
            },
        },
    )
}

fn any_policy() -> impl Strategy<Value = Policy> {
    let pattern = select(vec!["*", "@a.example", "@*.example", "x@b.example"])
        .prop_map(|text| text.parse::<Pattern>().unwrap());
    let finds = (
        select(vec![Counts::WithName, Counts::WithNameOrCertain, Counts::Alone]),
        any_confidence(),
        select(vec![TestValues::Count, TestValues::Ignore]),
        vec(select(vec!["*", "ssn", "iban"]), 0..3),
        vec(select(ObstacleKind::ALL.to_vec()), 0..3),
    );
    let recipients = (vec(pattern.clone(), 0..3), vec(pattern, 0..2), any::<bool>());
    let rest = (any::<bool>(), any::<bool>(), any::<bool>());
    (finds, recipients, rest).prop_map(|(finds, recipients, rest)| Policy {
        counts: finds.0,
        minimum_confidence: finds.1,
        test_values: finds.2,
        elements: finds.3.into_iter().map(str::to_owned).collect(),
        ignored_obstacles: finds.4,
        recipients: Recipients {
            allowed_for_personal_information: recipients.0,
            denied_for_personal_information: recipients.1,
            own_domains: if recipients.2 {
                OwnDomains::Pass
            } else {
                OwnDomains::Protect
            },
        },
        delivery: Delivery {
            mode: if rest.0 { Mode::AllOrNothing } else { Mode::Split },
        },
        structure: Structure {
            block_all_multipart: rest.1,
            already_encrypted: if rest.2 {
                AlreadyEncrypted::Refuse
            } else {
                AlreadyEncrypted::Pass
            },
        },
        ..Policy::default()
    })
}

fn any_recipients() -> impl Strategy<Value = Vec<Recipient>> {
    let verdict = select(vec![
        CertificateVerdict::Chosen,
        CertificateVerdict::Usable,
        CertificateVerdict::Expired,
        CertificateVerdict::Untrusted("the path ends".to_owned()),
    ]);
    let certificate = (0i64..3, verdict).prop_map(|(end, verdict)| considered("aa", end, verdict));
    let address = select(vec!["x@a.example", "x@b.example", "y@c.test", "z@own.example"]);
    let one = (address, vec(certificate, 0..3))
        .prop_map(|(address, certificates)| recipient(address, certificates));
    vec(one, 0..5)
}

fn leaves_readable(action: &Action) -> bool {
    matches!(action, Action::Pass | Action::PassEncrypted { .. })
}

proptest! {
    #[test]
    fn a_message_in_need_never_leaves_as_it_came_except_to_own_domains_that_may_pass(
        policy in any_policy(), inspection in any_inspection(), recipients in any_recipients()
    ) {
        let judgment = decide(&policy, &inspection, &recipients);
        for (decision, recipient) in judgment.decisions.iter().zip(&recipients) {
            let inside = recipient.own_domain && policy.recipients.own_domains == OwnDomains::Pass;
            prop_assert!(judgment.need.is_empty() || inside || !leaves_readable(&decision.action));
        }
    }

    #[test]
    fn encryption_is_only_ever_to_a_chosen_certificate_of_an_allowed_recipient(
        policy in any_policy(), inspection in any_inspection(), recipients in any_recipients()
    ) {
        let judgment = decide(&policy, &inspection, &recipients);
        prop_assert_eq!(judgment.decisions.len(), recipients.len());
        for (decision, recipient) in judgment.decisions.iter().zip(&recipients) {
            prop_assert_eq!(&decision.recipient, &recipient.address);
            let Action::Encrypt { .. } = &decision.action else { continue };
            let lists = &policy.recipients;
            prop_assert!(recipient.certificates.iter().any(|c| c.verdict == CertificateVerdict::Chosen));
            prop_assert!(lists.allowed_for_personal_information.iter().any(|p| p.matches(&recipient.address)));
            prop_assert!(!lists.denied_for_personal_information.iter().any(|p| p.matches(&recipient.address)));
        }
    }

    #[test]
    fn in_split_mode_the_others_change_nothing(
        policy in any_policy(), inspection in any_inspection(), recipients in any_recipients()
    ) {
        let mut policy = policy;
        policy.delivery.mode = Mode::Split;
        let together = decide(&policy, &inspection, &recipients).decisions;
        for (decision, recipient) in together.iter().zip(&recipients) {
            let alone = decide(&policy, &inspection, std::slice::from_ref(recipient)).decisions;
            prop_assert_eq!(std::slice::from_ref(decision), alone.as_slice());
        }
    }

    #[test]
    fn all_or_nothing_never_mixes_refusal_and_leaving(
        policy in any_policy(), inspection in any_inspection(), recipients in any_recipients()
    ) {
        let mut policy = policy;
        policy.delivery.mode = Mode::AllOrNothing;
        let decisions = decide(&policy, &inspection, &recipients).decisions;
        let refused = decisions.iter().filter(|decision| decision.is_refusal()).count();
        prop_assert!(refused == 0 || refused == decisions.len());
        let blamed = decisions.iter().filter(
            |d| d.action == refuse(Refusal::AnotherRecipient)
        ).count();
        prop_assert!(refused == 0 || blamed < refused, "somebody must be refused for a reason of his own");
    }

    #[test]
    fn one_more_finding_or_obstacle_never_lets_a_message_through(
        policy in any_policy(), inspection in any_inspection(), recipients in any_recipients(),
        more in (option::of(any_finding()), option::of(any_obstacle()))
    ) {
        let before = decide(&policy, &inspection, &recipients);
        let mut worse = inspection;
        worse.findings.extend(more.0);
        worse.obstacles.extend(more.1);
        let after = decide(&policy, &worse, &recipients);
        for (before, after) in before.decisions.iter().zip(&after.decisions) {
            prop_assert!(leaves_readable(&before.action) || !leaves_readable(&after.action));
        }
    }
}

#[test]
fn the_first_entry_that_names_a_recipient_gives_the_form_of_signatures() {
    let text = "[signing]\n[[signing.for]]\nrecipients = [\"@partner.example\"]\nform = \"opaque\"\n";
    let policy: Policy = toml::from_str(text).unwrap();
    for (recipient, form) in [
        ("ann@partner.example", SignatureForm::Opaque),
        ("ann@other.example", SignatureForm::Detached),
    ] {
        assert_eq!(policy.signature_form(&recipient.parse().unwrap()), form);
    }
}
