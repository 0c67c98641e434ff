//! CAs that may not vouch for a certificate.

use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};

use super::super::pki::*;
use super::spec::*;
use super::{Lab, Row, below, middle, row};

/// CAs that may not vouch for it.
pub fn rows() -> Vec<Row> {
    let mut rows = vec![
        row(
            "an issuer that nobody knows",
            ANN,
            "untrusted: the issuer CN=Stranger is not among",
            |lab| {
                let stranger = stranger("Stranger");
                lab.recipient(&Spec::person(ANN).sign(&stranger));
            },
        ),
        row(
            "a root among the intermediates",
            ANN,
            "untrusted: the root CN=Stranger is not among",
            |lab| {
                let stranger = stranger("Stranger");
                lab.intermediate(&stranger);
                lab.recipient(&Spec::person(ANN).sign(&stranger));
            },
        ),
        row("a namesake of the root", ANN, "untrusted: ", |lab| {
            lab.recipient(&Spec::person(ANN).sign(&stranger("Test Root")));
        }),
        row("self-signed", ANN, "untrusted: it is self-signed", |lab| {
            let key = elliptic(Nid::X9_62_PRIME256V1);
            let own = Spec {
                key: public(&key),
                ..Spec::person(ANN)
            };
            lab.recipient(&own.sign_self(&key));
        }),
        row(
            "self-signed, and a CA",
            ANN,
            "untrusted: it is self-signed",
            |lab| {
                let key = elliptic(Nid::X9_62_PRIME256V1);
                let own = Spec {
                    key: public(&key),
                    ..Spec::person(ANN)
                };
                let own = own
                    .with(BASIC, true, authority(None))
                    .with(USAGE, true, usage(AGREES | CERTIFIES));
                lab.recipient(&own.sign_self(&key));
            },
        ),
        row(
            "the CA between is missing",
            ANN,
            "untrusted: the issuer CN=Middle is not among",
            |lab| {
                let middle = lab.make("Middle", |ca| ca);
                lab.recipient(&Spec::person(ANN).sign(&middle));
            },
        ),
        row(
            "another key signed in the name of the root",
            ANN,
            "untrusted: ",
            |lab| {
                let forger = Ca {
                    x509: lab.root.x509.clone(),
                    key: elliptic(Nid::X9_62_PRIME256V1),
                };
                lab.recipient(&Spec::person(ANN).sign(&forger));
            },
        ),
        row(
            "issued by a person",
            ANN,
            "untrusted: invalid CA certificate (CN=Ann)",
            |lab| {
                let key = elliptic(Nid::X9_62_PRIME256V1);
                let eve = Spec {
                    key: public(&key),
                    ..Spec::person("eve@partner.example")
                };
                let eve = Ca {
                    x509: eve.sign(&lab.root),
                    key,
                };
                lab.intermediate(&eve);
                let ann = Spec {
                    common_name: "Other".to_owned(),
                    ..Spec::person(ANN)
                };
                lab.recipient(&ann.sign(&eve));
            },
        ),
        row(
            "one CA too many below a CA",
            ANN,
            "untrusted: path length constraint exceeded",
            |lab| {
                let upper = lab.make("Upper", |ca| ca.with(BASIC, true, authority(Some(0))));
                let lower = below(&upper, "Lower", |ca| ca);
                lab.intermediate(&upper);
                lab.intermediate(&lower);
                lab.recipient(&Spec::person(ANN).sign(&lower));
            },
        ),
        row(
            "two CAs too many below a CA",
            ANN,
            "untrusted: path length constraint exceeded",
            |lab| {
                let upper = lab.make("Upper", |ca| ca.with(BASIC, true, authority(Some(1))));
                let middle = below(&upper, "Middle", |ca| ca);
                let lower = below(&middle, "Lower", |ca| ca);
                for ca in [&upper, &middle, &lower] {
                    lab.intermediate(ca);
                }
                lab.recipient(&Spec::person(ANN).sign(&lower));
            },
        ),
        row(
            "a CA that is its own issuer in a circle",
            ANN,
            "untrusted: ",
            |lab| {
                let one = stranger("One");
                let two = below(&one, "Two", |ca| ca);
                let again = Spec {
                    key: public(&one.key),
                    ..Spec::ca("One", &one.key)
                };
                lab.intermediate(&Ca {
                    x509: again.sign(&two),
                    key: one.key.clone(),
                });
                lab.intermediate(&two);
                lab.recipient(&Spec::person(ANN).sign(&two));
            },
        ),
        row("a CA signature with a bit changed", ANN, "untrusted: ", |lab| {
            let middle = lab.make("Middle", |ca| ca);
            let mut der = middle.x509.to_der().unwrap();
            *der.last_mut().unwrap() ^= 1;
            lab.der("intermediates/middle.crt", &der);
            lab.recipient(&Spec::person(ANN).sign(&middle));
        }),
        row("a CA of version 1", ANN, "untrusted: ", |lab| {
            let middle = lab.make("Middle", |ca| Spec {
                version: 1,
                extensions: Vec::new(),
                ..ca
            });
            lab.intermediate(&middle);
            lab.recipient(&Spec::person(ANN).sign(&middle));
        }),
        row("a CA signed with MD5", ANN, "untrusted: ", |lab| {
            let root = rsa_root(lab);
            let middle = below(&root, "Middle", |ca| Spec {
                digest: MessageDigest::md5(),
                ..ca
            });
            lab.intermediate(&middle);
            lab.recipient(&Spec::person(ANN).sign(&middle));
        }),
        row("signed with MD5", ANN, "untrusted: ", |lab| {
            let root = rsa_root(lab);
            let ann = Spec {
                digest: MessageDigest::md5(),
                ..Spec::person(ANN)
            };
            lab.recipient(&ann.sign(&root));
        }),
        row("signed with RSA and SHA-1", ANN, "untrusted: ", |lab| {
            let root = rsa_root(lab);
            let ann = Spec {
                digest: MessageDigest::sha1(),
                ..Spec::person(ANN)
            };
            lab.recipient(&ann.sign(&root));
        }),
    ];
    rows.extend(authorities());
    rows.extend(constrained());
    rows
}

/// One CA between the root and Ann, wrong in one way.
fn authorities() -> Vec<Row> {
    vec![
        middle(
            "basicConstraints missing in the CA",
            "invalid CA certificate",
            |ca| ca.without(BASIC),
        ),
        middle("a CA without the flag", "invalid CA certificate", |ca| {
            ca.with(BASIC, true, sequence(&[]))
        }),
        middle(
            "a CA without the flag, not critical",
            "invalid CA certificate",
            |ca| ca.with(BASIC, false, sequence(&[])),
        ),
        middle("a CA without keyCertSign", "invalid CA certificate", |ca| {
            ca.with(USAGE, true, usage(LISTS))
        }),
        middle(
            "a CA without keyCertSign, not critical",
            "invalid CA certificate",
            |ca| ca.with(USAGE, false, usage(LISTS | SIGNS)),
        ),
        middle(
            "a CA for TLS only",
            "the CA CN=Middle may not vouch for mail",
            |ca| ca.with(PURPOSE, false, purposes(&[TLS])),
        ),
        middle(
            "a CA for code only",
            "the CA CN=Middle may not vouch for mail",
            |ca| ca.with(PURPOSE, true, purposes(&["1.3.6.1.5.5.7.3.3"])),
        ),
        middle(
            "an expired CA",
            "the CA certificate CN=Middle has expired",
            |ca| Spec {
                validity: [start(), at("2027-01-01T00:00:00Z")],
                ..ca
            },
        ),
        middle(
            "a CA of next year",
            "the CA certificate CN=Middle is not yet valid",
            |ca| Spec {
                validity: [at("2028-01-01T00:00:00Z"), end()],
                ..ca
            },
        ),
        middle(
            "an unknown critical extension in the CA",
            "unhandled critical extension",
            |ca| ca.with("1.3.6.1.4.1.99999.7", true, tlv(5, &[])),
        ),
        middle("a CA signed with SHA-1", "untrusted: ", |ca| Spec {
            digest: MessageDigest::sha1(),
            ..ca
        }),
        with_key("a CA with RSA 1024", || rsa(1024)),
        with_key("a CA with RSA 1536", || rsa(1536)),
        with_key("a CA with EC P-192", || elliptic(Nid::X9_62_PRIME192V1)),
        with_key("a CA with a key of 160 bits", || elliptic(Nid::SECP160R1)),
    ]
}

fn constrained() -> Vec<Row> {
    const OTHER: &str = "untrusted: permitted subtree violation";
    const EXCLUDED: &str = "untrusted: excluded subtree violation";
    let rule = |what, asked: &'static str, answer, permitted: &'static [&str], excluded: &'static [&str]| {
        row(what, asked, answer, move |lab| {
            let middle = lab.make("Middle", |ca| {
                ca.with(CONSTRAINTS, true, constraints(permitted, excluded))
            });
            lab.intermediate(&middle);
            let name = if asked.is_ascii() {
                rfc822(asked)
            } else {
                utf8_mailbox(12, asked)
            };
            lab.recipient(&Spec::person(ANN).names(&[name]).sign(&middle));
        })
    };
    vec![
        rule("a CA for another domain", ANN, OTHER, &["agency.example"], &[]),
        rule(
            "a CA for domains below only",
            ANN,
            OTHER,
            &[".partner.example"],
            &[],
        ),
        rule(
            "a CA for the domain without those below",
            "ann@mail.partner.example",
            OTHER,
            &["partner.example"],
            &[],
        ),
        rule(
            "a CA for another mailbox",
            ANN,
            OTHER,
            &["bob@partner.example"],
            &[],
        ),
        rule(
            "a CA that excludes the domain",
            ANN,
            EXCLUDED,
            &[],
            &["partner.example"],
        ),
        rule("a CA that excludes the mailbox", ANN, EXCLUDED, &[], &[ANN]),
        rule(
            "a CA that permits and excludes the domain",
            ANN,
            EXCLUDED,
            &["partner.example"],
            &["partner.example"],
        ),
        rule(
            "a mailbox beyond ASCII outside of what is permitted",
            "\u{fc}nal@partner.example",
            "untrusted: ",
            &["agency.example"],
            &[],
        ),
        rule(
            "a mailbox beyond ASCII inside of what is excluded",
            "\u{fc}nal@partner.example",
            "untrusted: ",
            &[],
            &["partner.example"],
        ),
        row(
            "an address in the subject outside of what is permitted",
            ANN,
            OTHER,
            |lab| {
                lab.folders.rules.subject_addresses = true;
                let middle = lab.make("Middle", |ca| {
                    ca.with(CONSTRAINTS, true, constraints(&["agency.example"], &[]))
                });
                lab.intermediate(&middle);
                lab.recipient(&in_subject(Spec::person(ANN).without(NAMES)).sign(&middle));
            },
        ),
        row(
            "a domain's name under a CA for another domain",
            ANN,
            "untrusted: ",
            |lab| {
                lab.folders.rules.domain_certificates = true;
                let middle = lab.make("Middle", |ca| {
                    ca.with(CONSTRAINTS, true, constraints(&["agency.example"], &[]))
                });
                lab.intermediate(&middle);
                lab.recipient(
                    &Spec::person(ANN)
                        .names(&[rfc822("@partner.example")])
                        .sign(&middle),
                );
            },
        ),
    ]
}

fn with_key(what: &'static str, make: fn() -> PKey<Private>) -> Row {
    row(what, ANN, "untrusted: ", move |lab| {
        let key = make();
        let x509 = Spec::ca("Middle", &key).sign(&lab.root);
        let middle = Ca { x509, key };
        lab.intermediate(&middle);
        lab.recipient(&Spec::person(ANN).sign(&middle));
    })
}

fn stranger(name: &str) -> Ca {
    let key = elliptic(Nid::X9_62_PRIME256V1);
    let x509 = Spec::ca(name, &key).sign_self(&key);
    Ca { x509, key }
}

/// A second anchor, for signatures that only RSA can make.
fn rsa_root(lab: &Lab) -> Ca {
    let key = rsa(2048);
    let x509 = Spec::ca("RSA Root", &key).sign_self(&key);
    lab.der("anchors/rsa.crt", &x509.to_der().unwrap());
    Ca { x509, key }
}
