//! What an administrator has bound, denied or turned on.

use super::super::pki::*;
use super::spec::*;
use super::{Row, row};

/// What an administrator has bound, denied or turned on.
pub fn rows() -> Vec<Row> {
    fn written(what: &'static str, answer: &'static str, file: &'static str, text: &'static str) -> Row {
        row(what, ANN, answer, move |lab| {
            lab.recipient(&Spec::person(ANN).sign(&lab.root));
            lab.folders.put(file, text);
        })
    }
    const BY: &str = "by = \"root\"\nat = \"2027-01-01T00:00:00Z\"\n";
    vec![
        written(
            "an anchor for another domain",
            "untrusted: the anchor CN=Test Root vouches only for agency.example",
            "anchors.toml",
            "[[anchor]]\nfile = \"root.pem\"\ndomains = [\"agency.example\"]\n",
        ),
        written(
            "an anchor for domains below only",
            "untrusted: the anchor CN=Test Root vouches only for .partner.example",
            "anchors.toml",
            "[[anchor]]\nfile = \"root.pem\"\ndomains = [\".partner.example\"]\n",
        ),
        written(
            "an anchor for no domain",
            "unreadable: ",
            "anchors.toml",
            "[[anchor]]\nfile = \"root.pem\"\ndomains = []\n",
        ),
        written(
            "a binding of an anchor that is not there",
            "names no certificate",
            "anchors.toml",
            "[[anchor]]\nfile = \"roots.pem\"\ndomains = [\"partner.example\"]\n",
        ),
        written(
            "a binding with a word that nobody knows",
            "unreadable: ",
            "anchors.toml",
            "[[anchor]]\nfile = \"root.pem\"\ndomain = \"agency.example\"\n",
        ),
        written(
            "its issuer denied",
            "Denied(\"no contract\")",
            "denied.toml",
            concat!(
                "[[denied]]\nissuer = \"CN=Test Root\"\nreason = \"no contract\"\n",
                "by = \"root\"\nat = \"2027-01-01T00:00:00Z\"\n"
            ),
        ),
        written(
            "a record of what is denied that cannot be read",
            "unreadable: ",
            "denied.toml",
            "[[denied]]\nissuer = \"CN=Test Root\"\n",
        ),
        written(
            "a record that names a fingerprint and an issuer",
            "unreadable: ",
            "denied.toml",
            concat!(
                "[[denied]]\nissuer = \"CN=X\"\nfingerprint = \"00\"\nreason = \"\"\n",
                "by = \"root\"\nat = \"2027-01-01T00:00:00Z\"\n"
            ),
        ),
        row("denied by its fingerprint", ANN, "Denied(\"lost\")", |lab| {
            let ann = Spec::person(ANN).sign(&lab.root);
            lab.recipient(&ann);
            lab.deny(&ann, "lost", BY);
        }),
        row(
            "a CA above it denied by its fingerprint",
            ANN,
            "Denied(\"the CA CN=Middle: broken\")",
            |lab| {
                let middle = lab.make("Middle", |ca| ca);
                lab.intermediate(&middle);
                lab.recipient(&Spec::person(ANN).sign(&middle));
                lab.deny(&middle.x509, "broken", BY);
            },
        ),
        row(
            "the issuer of a CA above it denied",
            ANN,
            "Denied(\"the CA CN=Middle: broken\")",
            |lab| {
                let middle = lab.make("Middle", |ca| ca);
                lab.intermediate(&middle);
                lab.recipient(&Spec::person(ANN).sign(&middle));
                let entry = format!("[[denied]]\nissuer = \"CN=Test Root\"\nreason = \"broken\"\n{BY}");
                lab.folders.put("denied.toml", entry);
            },
        ),
        row("the gateway of another domain", ANN, "no certificate", |lab| {
            lab.folders.rules.domain_certificates = true;
            lab.recipient(
                &Spec::person(ANN)
                    .names(&[rfc822("@agency.example")])
                    .sign(&lab.root),
            );
        }),
        row(
            "the gateway of the domain above",
            "ann@mail.partner.example",
            "no certificate",
            |lab| {
                lab.folders.rules.domain_certificates = true;
                lab.recipient(
                    &Spec::person(ANN)
                        .names(&[rfc822("@partner.example")])
                        .sign(&lab.root),
                );
            },
        ),
        row(
            "a domain's DNS name where gateways count",
            ANN,
            "no certificate",
            |lab| {
                lab.folders.rules.domain_certificates = true;
                lab.recipient(&Spec::person(ANN).names(&[dns("partner.example")]).sign(&lab.root));
            },
        ),
        row(
            "somebody else where a plus counts",
            "ann+news@partner.example",
            "no certificate",
            |lab| {
                lab.folders.rules.plus_addresses = true;
                lab.recipient(&Spec::person("annnews@partner.example").sign(&lab.root));
            },
        ),
        row(
            "nothing before the plus",
            "+news@partner.example",
            "no certificate",
            |lab| {
                lab.folders.rules.plus_addresses = true;
                lab.recipient(&Spec::person(ANN).sign(&lab.root));
            },
        ),
        row(
            "a plus in the certificate and none in the address",
            ANN,
            "no certificate",
            |lab| {
                lab.folders.rules.plus_addresses = true;
                lab.recipient(&Spec::person("ann+news@partner.example").sign(&lab.root));
            },
        ),
        row(
            "the subject where subjectAltName names another",
            ANN,
            "WrongAddress",
            |lab| {
                lab.folders.rules.subject_addresses = true;
                lab.recipient(&in_subject(Spec::person("eve@partner.example")).sign(&lab.root));
            },
        ),
        row(
            "the subject where subjectAltName names a mailbox with a NUL",
            ANN,
            "WrongAddress",
            |lab| {
                lab.folders.rules.subject_addresses = true;
                let names = [rfc822("ann@partner.example\0.evil.example")];
                lab.recipient(&in_subject(Spec::person(ANN).names(&names)).sign(&lab.root));
            },
        ),
    ]
}
