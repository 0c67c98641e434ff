//! What is unusual and right.

use openssl::nid::Nid;

use super::super::pki::*;
use super::leaves::{exponent, of};
use super::spec::*;
use super::{Row, leaf, middle, row};

/// What is unusual and right.
pub fn rows() -> Vec<Row> {
    let named = |what, asked, names: Vec<Vec<u8>>| {
        row(what, asked, "Chosen", move |lab| {
            lab.recipient(&Spec::person(ANN).names(&names).sign(&lab.root));
        })
    };
    vec![
        leaf("nothing", "Chosen", |ann| ann),
        leaf("a negative serial number", "Chosen", |ann| Spec {
            serial: -77,
            ..ann
        }),
        leaf("the serial number 0", "Chosen", |ann| Spec { serial: 0, ..ann }),
        leaf("no keyUsage", "Chosen", |ann| ann.without(USAGE)),
        leaf("no extendedKeyUsage", "Chosen", |ann| ann.without(PURPOSE)),
        leaf("TLS and mail", "Chosen", |ann| {
            ann.with(PURPOSE, false, purposes(&[TLS, MAIL]))
        }),
        leaf("any purpose", "Chosen", |ann| {
            ann.with(PURPOSE, false, purposes(&["2.5.29.37.0"]))
        }),
        leaf("no basicConstraints", "Chosen", |ann| ann.without(BASIC)),
        leaf("RSA with the exponent 3", "Chosen", |ann| Spec {
            key: exponent(3),
            ..ann.with(USAGE, true, usage(ENCIPHERS))
        }),
        leaf("EC P-384", "Chosen", |ann| of(ann, &elliptic(Nid::SECP384R1))),
        leaf("EC P-521", "Chosen", |ann| of(ann, &elliptic(Nid::SECP521R1))),
        leaf("an unknown extension that is not critical", "Chosen", |ann| {
            ann.with("1.3.6.1.4.1.99999.7", false, tlv(5, &[]))
        }),
        leaf("subjectAltName critical", "Chosen", |ann| {
            ann.with(NAMES, true, sequence(&rfc822(ANN)))
        }),
        named(
            "the second of two addresses",
            ANN,
            vec![rfc822("bob@partner.example"), rfc822(ANN)],
        ),
        named(
            "an address beside names of other kinds",
            ANN,
            vec![dns("partner.example"), uri("https://x.example"), rfc822(ANN)],
        ),
        named("the domain in capitals", ANN, vec![rfc822("ann@PARTNER.Example")]),
        named(
            "the local part in capitals",
            ANN,
            vec![rfc822("ANN@partner.example")],
        ),
        named(
            "a mailbox beyond ASCII",
            "\u{dc}nal@partner.example",
            vec![utf8_mailbox(12, "\u{fc}nal@partner.example")],
        ),
        named(
            "an A-label, asked for by its U-label",
            "ann@b\u{fc}cher.example",
            vec![rfc822("ann@xn--bcher-kva.example")],
        ),
        named(
            "a U-label, asked for by its A-label",
            "\u{fc}nal@xn--bcher-kva.example",
            vec![utf8_mailbox(12, "\u{fc}nal@b\u{fc}cher.example")],
        ),
        named(
            "a U-label in capitals",
            "ann@B\u{dc}CHER.example",
            vec![rfc822("ann@XN--BCHER-KVA.example")],
        ),
        named(
            "an address with a plus that is asked for",
            "ann+news@partner.example",
            vec![rfc822("ann+news@partner.example")],
        ),
    ]
}

/// CAs, bindings and rules.
pub fn above() -> Vec<Row> {
    vec![
        middle("a CA between", "", |ca| ca),
        middle("a CA for mail", "", |ca| {
            ca.with(PURPOSE, false, purposes(&[MAIL]))
        }),
        middle("a CA for the domain", "", |ca| {
            ca.with(CONSTRAINTS, true, constraints(&["partner.example"], &[]))
        }),
        middle("a CA without keyUsage", "", |ca| ca.without(USAGE)),
        middle("a CA with nothing below but people", "", |ca| {
            ca.with(BASIC, true, authority(Some(0)))
        }),
        row("an anchor for the domain", ANN, "", |lab| {
            lab.recipient(&Spec::person(ANN).sign(&lab.root));
            lab.folders.put(
                "anchors.toml",
                "[[anchor]]\nfile = \"root.pem\"\ndomains = [\"Partner.example\"]\n",
            );
        }),
        row(
            "an anchor for domains below",
            "ann@mail.partner.example",
            "",
            |lab| {
                lab.recipient(&Spec::person("ann@mail.partner.example").sign(&lab.root));
                lab.folders.put(
                    "anchors.toml",
                    "[[anchor]]\nfile = \"root.pem\"\ndomains = [\".partner.example\"]\n",
                );
            },
        ),
        row("an entry that was lifted", ANN, "", |lab| {
            lab.recipient(&Spec::person(ANN).sign(&lab.root));
            lab.folders.put("denied.toml", "[[denied]]\nissuer = \"CN=Test Root\"\nreason = \"\"\nby = \"root\"\nat = \"2027-01-01T00:00:00Z\"\nlifted_by = \"root\"\nlifted_at = \"2027-01-02T00:00:00Z\"\n");
        }),
        row("the subject where it counts", ANN, "", |lab| {
            lab.folders.rules.subject_addresses = true;
            lab.recipient(&in_subject(Spec::person(ANN).without(NAMES)).sign(&lab.root));
        }),
        row("a plus where it counts", "ann+news@partner.example", "", |lab| {
            lab.folders.rules.plus_addresses = true;
            lab.recipient(&Spec::person(ANN).sign(&lab.root));
        }),
        row("the gateway where it counts", ANN, "", |lab| {
            lab.folders.rules.domain_certificates = true;
            lab.recipient(
                &Spec::person(ANN)
                    .names(&[rfc822("@Partner.example")])
                    .sign(&lab.root),
            );
        }),
        row("the domain's authority where it counts", ANN, "", |lab| {
            lab.folders.rules.domain_certificates = true;
            let names = [rfc822("domain-confidentiality-authority@partner.example")];
            lab.recipient(&Spec::person(ANN).names(&names).sign(&lab.root));
        }),
    ]
}
