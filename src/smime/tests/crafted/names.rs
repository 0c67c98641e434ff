//! Names: whose certificate it is.

use super::super::pki::*;
use super::spec::*;
use super::{Row, leaf, row};

/// Names: whose certificate it is.
pub fn rows() -> Vec<Row> {
    let named = |what, asked, answer, names: Vec<Vec<u8>>| {
        row(what, asked, answer, move |lab| {
            lab.recipient(&Spec::person(ANN).names(&names).sign(&lab.root));
        })
    };
    let mut rows = vec![
        row("the address in the subject only", ANN, "WrongAddress", |lab| {
            lab.recipient(&in_subject(Spec::person(ANN).without(NAMES)).sign(&lab.root));
        }),
        row(
            "the address in the subject, another in subjectAltName",
            ANN,
            "WrongAddress",
            |lab| {
                lab.recipient(&in_subject(Spec::person("eve@partner.example")).sign(&lab.root));
            },
        ),
        row("the address as the common name", ANN, "no certificate", |lab| {
            let spec = Spec {
                common_name: ANN.to_owned(),
                ..Spec::person("eve@partner.example")
            };
            lab.recipient(&spec.sign(&lab.root));
        }),
        leaf("subjectAltName that is no list", "unreadable: ", |ann| {
            ann.with(NAMES, false, tlv(4, &[1]))
        }),
        named("subjectAltName without a name", ANN, "no certificate", vec![]),
        named(
            "another address",
            ANN,
            "no certificate",
            vec![rfc822("bob@partner.example")],
        ),
        named(
            "the same person at a domain below",
            ANN,
            "no certificate",
            vec![rfc822("ann@mail.partner.example")],
        ),
        named(
            "the same person at a domain above",
            "ann@mail.partner.example",
            "no certificate",
            vec![rfc822(ANN)],
        ),
        named(
            "a domain that ends alike",
            ANN,
            "no certificate",
            vec![rfc822("ann@evil-partner.example")],
        ),
        named(
            "a longer domain that begins alike",
            ANN,
            "no certificate",
            vec![rfc822("ann@partner.example.evil.example")],
        ),
        named(
            "a domain with a dot behind",
            ANN,
            "no certificate",
            vec![rfc822("ann@partner.example.")],
        ),
        named(
            "a domain without a mailbox",
            ANN,
            "no certificate",
            vec![rfc822("partner.example")],
        ),
        named(
            "an @ and the domain",
            ANN,
            "no certificate",
            vec![rfc822("@partner.example")],
        ),
        named(
            "a domain with a dot in front",
            ANN,
            "no certificate",
            vec![rfc822(".partner.example")],
        ),
        named(
            "a star for everybody",
            ANN,
            "no certificate",
            vec![rfc822("*@partner.example")],
        ),
        named(
            "the domain's gateway",
            ANN,
            "no certificate",
            vec![rfc822("domain-confidentiality-authority@partner.example")],
        ),
        named(
            "a NUL behind the address",
            ANN,
            "no certificate",
            vec![rfc822("ann@partner.example\0.evil.example")],
        ),
        named(
            "a NUL before the @",
            ANN,
            "no certificate",
            vec![rfc822("ann\0@partner.example")],
        ),
        named(
            "a line break in the address",
            ANN,
            "no certificate",
            vec![rfc822("ann@partner.example\r\n")],
        ),
        named(
            "a blank in front",
            ANN,
            "no certificate",
            vec![rfc822(" ann@partner.example")],
        ),
        named(
            "a display name around it",
            ANN,
            "no certificate",
            vec![rfc822("Ann <ann@partner.example>")],
        ),
        named(
            "a list of addresses in one name",
            ANN,
            "no certificate",
            vec![rfc822("ann@partner.example,eve@evil.example")],
        ),
        named(
            "bytes beyond ASCII in an rfc822Name",
            "\u{fc}nal@partner.example",
            "unreadable: ",
            vec![rfc822("\u{fc}nal@partner.example")],
        ),
        named("the address as a DNS name", ANN, "no certificate", vec![dns(ANN)]),
        named(
            "the address as a mailto URI",
            ANN,
            "no certificate",
            vec![uri("mailto:ann@partner.example")],
        ),
        named(
            "the domain as a DNS name",
            ANN,
            "no certificate",
            vec![dns("partner.example")],
        ),
        named(
            "the address without what follows the plus",
            "ann+news@partner.example",
            "no certificate",
            vec![rfc822(ANN)],
        ),
        named(
            "the address with something behind a plus",
            ANN,
            "no certificate",
            vec![rfc822("ann+news@partner.example")],
        ),
        named(
            "an ASCII address as SmtpUTF8Mailbox",
            ANN,
            "no certificate",
            vec![utf8_mailbox(12, ANN)],
        ),
        named(
            "SmtpUTF8Mailbox in an IA5String",
            "\u{fc}nal@partner.example",
            "no certificate",
            vec![utf8_mailbox(22, "\u{fc}nal@partner.example")],
        ),
        named(
            "an address that only looks alike (Cyrillic a)",
            ANN,
            "no certificate",
            vec![utf8_mailbox(12, "\u{430}nn@partner.example")],
        ),
        named(
            "a Kelvin sign for a k",
            "kim@partner.example",
            "no certificate",
            vec![utf8_mailbox(12, "\u{212a}im@partner.example")],
        ),
        named(
            "a domain with a soft hyphen",
            "\u{fc}nal@partner.example",
            "no certificate",
            vec![utf8_mailbox(12, "\u{fc}nal@part\u{ad}ner.example")],
        ),
        named(
            "a domain in wide letters",
            "\u{fc}nal@partner.example",
            "no certificate",
            vec![utf8_mailbox(12, "\u{fc}nal@\u{ff50}artner.example")],
        ),
        named(
            "a domain that only looks alike",
            "ann@xn--bcher-kva.example",
            "no certificate",
            vec![rfc822("ann@bucher.example")],
        ),
        named(
            "quotes that are part of the address",
            ANN,
            "no certificate",
            vec![rfc822("\"ann\"@partner.example")],
        ),
    ];
    rows.push(row(
        "two certificates of other people",
        ANN,
        "no certificate",
        |lab| {
            lab.recipient(&Spec::person("bob@partner.example").sign(&lab.root));
            let eve = Spec::person("eve@partner.example").sign(&lab.root);
            lab.der("recipients/eve.crt", &eve.to_der().unwrap());
        },
    ));
    rows
}
