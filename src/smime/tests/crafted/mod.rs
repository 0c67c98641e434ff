//! Certificates that are wrong in one way each, and the reason that has to be given.
//!
//! A row is: what is wrong, the address that is asked for, what the answer has to say, and how the folders are
//! filled. The answer is a verdict, `untrusted: …` with the reason, `no certificate` when nothing was found under
//! the address, or `unreadable: …` when the folders were refused with the file's name.

mod chains;
mod leaves;
mod lists;
mod names;
mod online;
mod right;
mod settings;
mod spec;

use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::x509::X509;

use super::super::issue::Authority;
use super::pki::*;
use crate::message::{CertificateVerdict, CertificateVerdict as Verdict, Demand, Validated};
use spec::{Ca, Spec, elliptic};

/// What every row starts from: one trusted root, and folders with nothing else in them.
struct Lab {
    folders: Folders,
    authority: Authority,
    root: Ca,
}

struct Row {
    wrong: &'static str,
    asked: &'static str,
    answer: &'static str,
    fill: Box<dyn Fn(&mut Lab)>,
}

fn row(
    wrong: &'static str,
    asked: &'static str,
    answer: &'static str,
    fill: impl Fn(&mut Lab) + 'static,
) -> Row {
    let fill = Box::new(fill);
    Row {
        wrong,
        asked,
        answer,
        fill,
    }
}

/// A row about Ann's certificate, which the root signs.
fn leaf(wrong: &'static str, answer: &'static str, spec: impl Fn(Spec) -> Spec + 'static) -> Row {
    row(wrong, ANN, answer, move |lab| {
        let ann = spec(Spec::person(ANN)).sign(&lab.root);
        lab.recipient(&ann);
    })
}

/// Ann's certificate is issued by a CA below the root.
fn middle(what: &'static str, reason: &'static str, spec: impl Fn(Spec) -> Spec + 'static) -> Row {
    row(what, ANN, reason, move |lab| {
        let middle = lab.make("Middle", &spec);
        lab.intermediate(&middle);
        lab.recipient(&Spec::person(ANN).sign(&middle));
    })
}

/// A CA below another.
fn below(issuer: &Ca, name: &str, spec: impl Fn(Spec) -> Spec) -> Ca {
    let key = elliptic(Nid::X9_62_PRIME256V1);
    let x509 = spec(Spec::ca(name, &key)).sign(issuer);
    Ca { x509, key }
}

impl Lab {
    fn new() -> Lab {
        let authority = root();
        Lab {
            folders: Folders::trusting(&authority),
            root: Ca::of(&authority),
            authority,
        }
    }

    fn recipient(&self, x509: &X509) {
        self.der("recipients/ann.crt", &x509.to_der().unwrap());
    }

    fn intermediate(&self, ca: &Ca) {
        let name = format!(
            "intermediates/{}.crt",
            super::super::certificate::hex(&ca.x509.digest(MessageDigest::sha256()).unwrap())
        );
        self.der(&name, &ca.x509.to_der().unwrap());
    }

    fn der(&self, name: &str, der: &[u8]) {
        self.folders.put(name, der);
    }

    /// A CA right below the root.
    fn make(&self, name: &str, spec: impl Fn(Spec) -> Spec) -> Ca {
        below(&self.root, name, spec)
    }

    fn deny(&self, x509: &X509, reason: &str, by: &str) {
        let digest = x509.digest(MessageDigest::sha256()).unwrap();
        let print = crate::smime::certificate::hex(&digest);
        let entry = format!("[[denied]]\nfingerprint = \"{print}\"\nreason = \"{reason}\"\n{by}");
        self.folders.put("denied.toml", entry);
    }

    fn answer(&self, asked: &str) -> String {
        let certificates = match self.folders.load() {
            Ok(certificates) => certificates,
            Err(error) => return format!("unreadable: {error}"),
        };
        let choice = choose(&certificates, asked, now());
        let Some(first) = choice.considered.first() else {
            return "no certificate".to_owned();
        };
        assert_eq!(
            choice.chosen.is_some(),
            first.verdict == Verdict::Chosen,
            "{asked}"
        );
        match &first.verdict {
            Verdict::Untrusted(reason) => format!("untrusted: {reason}"),
            other => format!("{other:?}"),
        }
    }
}

#[test]
fn a_hundred_wrong_certificates_are_refused_with_the_right_reason() {
    let rows = [
        leaves::rows(),
        names::rows(),
        chains::rows(),
        lists::rows(),
        settings::rows(),
    ];
    let rows: Vec<Row> = rows.into_iter().flatten().collect();
    let mut failed = Vec::new();
    let mut refused = 0;
    for row in &rows {
        let mut lab = Lab::new();
        (row.fill)(&mut lab);
        let answer = lab.answer(row.asked);
        if !answer.contains(row.answer) {
            failed.push(format!(
                "{}: expected {:?}, got {answer:?}",
                row.wrong, row.answer
            ));
        }
        refused += usize::from(answer != "Chosen");
    }
    assert!(
        failed.is_empty(),
        "{} of {}:\n{}",
        failed.len(),
        rows.len(),
        failed.join("\n")
    );
    assert!(refused >= 100, "{refused} of {}", rows.len());
}

#[test]
fn the_right_ones_that_the_wrong_ones_are_made_of_are_used() {
    let failed: Vec<String> = right::rows()
        .into_iter()
        .chain(right::above())
        .filter_map(|row| {
            let mut lab = Lab::new();
            (row.fill)(&mut lab);
            let answer = lab.answer(row.asked);
            (answer != "Chosen").then(|| format!("{}: {answer}", row.wrong))
        })
        .collect();
    assert!(failed.is_empty(), "\n{}", failed.join("\n"));
}

#[test]
fn the_class_of_assurance_is_told_when_every_ca_below_the_anchor_may_give_it() {
    const SPONSOR: &str = "2.23.140.1.5.3.2";
    for (stated, above, told) in [
        (
            vec![SPONSOR],
            vec!["2.5.29.32.0"],
            Some("sponsor-validated, multipurpose"),
        ),
        (
            vec![SPONSOR],
            vec![SPONSOR],
            Some("sponsor-validated, multipurpose"),
        ),
        (vec![SPONSOR], vec!["2.23.140.1.5.1.2"], None),
        (vec![SPONSOR], vec![], None),
        (vec![], vec!["2.5.29.32.0"], None),
        (vec!["1.3.6.1.4.1.99999.1"], vec!["2.5.29.32.0"], None),
    ] {
        let with = |spec: Spec, list: &[&str]| match list {
            [] => spec,
            _ => spec.with(spec::POLICIES, false, spec::policies(list)),
        };
        let lab = Lab::new();
        let middle = lab.make("Middle", |ca| with(ca, &above));
        lab.intermediate(&middle);
        lab.recipient(&with(Spec::person(ANN), &stated).sign(&middle));
        let choice = lab.folders.choose(ANN);
        assert!(choice.chosen.is_some());
        let class = choice.considered[0].assurance.map(|class| class.to_string());
        assert_eq!(class.as_deref(), told, "{stated:?} below {above:?}");
    }
}

#[test]
fn what_an_issuer_must_have_checked_goes_before_newness_and_refuses_the_rest() {
    let lab = Lab::new();
    let middle = lab.make("Middle", |ca| {
        ca.with(spec::POLICIES, false, spec::policies(&["2.5.29.32.0"]))
    });
    lab.intermediate(&middle);
    let put = |file: &str, serial: i32, from: &str, policy: &str| {
        let validity = [at(from), end()];
        let spec = Spec {
            serial,
            validity,
            ..Spec::person(ANN)
        };
        let spec = spec.with(spec::POLICIES, false, spec::policies(&[policy]));
        lab.der(
            &format!("recipients/{file}.crt"),
            &spec.sign(&middle).to_der().unwrap(),
        );
    };
    put("mailbox", 1, "2027-05-02T00:00:00Z", "2.23.140.1.5.1.3");
    put("sponsor", 2, "2027-05-01T00:00:00Z", "2.23.140.1.5.3.3");
    let ask = |validated: Option<Vec<Validated>>| {
        let demand = Demand {
            validated,
            ..Demand::default()
        };
        let choice = choose_by(&lab.folders.load().unwrap(), ANN, demand, now());
        let verdicts = choice.considered.iter();
        verdicts
            .map(|one| (one.serial.clone(), one.verdict.clone()))
            .collect::<Vec<_>>()
    };
    use CertificateVerdict::{BelowAssurance, Chosen, Usable};
    let told =
        |list: [(&str, CertificateVerdict); 2]| list.map(|(serial, verdict)| (serial.to_owned(), verdict));
    assert_eq!(ask(None), told([("01", Chosen), ("02", Usable)]));
    let wanted = vec![Validated::Sponsor, Validated::Individual];
    assert_eq!(ask(Some(wanted)), told([("02", Chosen), ("01", BelowAssurance)]));
    let nobody = ask(Some(vec![Validated::Individual]));
    assert_eq!(nobody, told([("01", BelowAssurance), ("02", BelowAssurance)]));
}

#[test]
fn a_certificate_that_names_the_address_comes_before_one_that_fits_by_a_rule() {
    let mut lab = Lab::new();
    lab.folders.rules.plus_addresses = true;
    lab.folders.rules.domain_certificates = true;
    let put = |file: &str, name: &str, serial: i32, from: &str| {
        let validity = [at(from), end()];
        let spec = Spec {
            serial,
            validity,
            ..Spec::person(ANN)
        };
        let x509 = spec.names(&[spec::rfc822(name)]).sign(&lab.root);
        lab.der(&format!("recipients/{file}.crt"), &x509.to_der().unwrap());
    };
    // The newest fits worst.
    put("domain", "@partner.example", 1, "2027-05-03T00:00:00Z");
    put("base", ANN, 2, "2027-05-02T00:00:00Z");
    put("exact", "ann+news@partner.example", 3, "2027-05-01T00:00:00Z");
    let serials = |asked| {
        let choice = lab.folders.choose(asked);
        choice
            .considered
            .iter()
            .map(|one| one.serial.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(serials("ann+news@partner.example"), ["03", "02", "01"]);
    assert_eq!(serials(ANN), ["02", "01"]);
    assert_eq!(serials("bob@partner.example"), ["01"]);
}
