//! Whatever a mail, a file name, a reply or a setting holds: the notice keeps its form.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// What a hostile sender, file name or mail server would like to slip in.
fn hostile() -> impl Strategy<Value = String> {
    let pieces = proptest::sample::select(vec![
        "\r\n",
        "\n",
        "\r",
        "\r\n\r\n",
        "\0",
        "Bcc: evil@x.example",
        "\nFinal-Recipient: rfc822; x",
        "<script>alert(1)</script>",
        "<img src=x>",
        "\"",
        "'",
        "&",
        "{{ id }}",
        "{% raw %}",
        "=?utf-8?q?=0d=0aBcc:_x?=",
        "--=_report_",
        "\u{202e}",
        "\u{2028}",
        "ü",
        "😀",
        "\u{85}",
        "a",
        " ",
        "\t",
        ".\r\n",
        "From ",
    ]);
    let mixed = vec(pieces, 0..8).prop_map(|pieces| pieces.concat());
    prop_oneof![
        mixed,
        any::<String>(),
        Just("x".repeat(5000)),
        Just("ü ".repeat(3000))
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_text_breaks_a_header_a_line_or_the_structure(
        title in hostile(), place in hostile(), detail in hostile(), value in hostile(),
        help in hostile(), organisation in hostile(), message_id in proptest::option::of(hostile())
    ) {
        let mut found = finding(&title, &place);
        found.evidence = Masked::ending(&value, 4);
        let inspection = Inspection {
            findings: vec![found],
            obstacles: vec![obstacle(ObstacleKind::Malformed, &detail)],
            ..Inspection::default()
        };
        let need = Need { findings: vec![0], obstacles: vec![ObstacleKind::Malformed] };
        let judgment = judgment(need, &[("b@partner.example", refuse(Refusal::NotAllowed))]);
        let settings = Settings { organisation, help, from: None };
        let notices = Notices::new(settings, "seal.agency.example", &[]).unwrap();
        let mut about = about();
        about.message_id = message_id;
        let notice = read(&notices.refused(&about, &inspection, &judgment).unwrap());
        check_form(&notice.raw);
        prop_assert!(!notice.html.contains("<script") && !notice.html.contains("<img"));
        prop_assert_eq!(notice.report.matches("Final-Recipient:").count(), 1);
        prop_assert_eq!(notice.text.matches("WHAT YOU CAN DO").count(), 1);
        let turned = notice.text.contains('\u{202e}');
        prop_assert!(!turned);
    }

    #[test]
    fn no_text_in_an_own_subject_breaks_the_header(organisation in hostile(), help in hostile()) {
        let own = vec![(
            "refused.txt.jinja".to_owned(),
            "Subject: about {{ organisation }} and {{ help }}\n{{ help }}".to_owned(),
        )];
        let settings = Settings { organisation, help, from: None };
        let notices = Notices::new(settings, "seal.agency.example", &own).unwrap();
        let (inspection, judgment) = five();
        let notice = read(&notices.refused(&about(), &inspection, &judgment).unwrap());
        check_form(&notice.raw);
    }

    #[test]
    fn no_reply_breaks_a_header_a_line_or_the_structure(reply in hostile(), next_hop in hostile()) {
        let recipient = "b@partner.example".parse().unwrap();
        let dsn = Default::default();
        let failure = Failure { recipient, next_hop, reply, dsn };
        let notice = read(&notices().failed(&about(), &[failure]).unwrap());
        check_form(&notice.raw);
        prop_assert!(!notice.html.contains("<script") && !notice.html.contains("<img"));
        let begins = notice.report.lines().filter(|line| line.starts_with("Final-Recipient:")).count();
        prop_assert_eq!(begins, 1);
    }
}
