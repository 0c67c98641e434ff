//! The internal CA, as other programs see what it makes.

use std::path::PathBuf;
use std::process::Command;

use super::super::authority::{Order, Reason, Settings, Site, Source, Whom, pkcs12};
use super::super::issue::Usage;
use super::super::keys;
use super::counterparts::have;
use super::pki::*;
use super::signing::Agency;
use crate::message::CertificateVerdict;

/// The folders of a gateway with a CA.
struct Office {
    agency: Agency,
    folders: Folders,
    authority: Settings,
    keys: keys::Settings,
    certificates: super::super::Settings,
}

impl Office {
    fn new() -> Office {
        let agency = Agency::new();
        let folders = Folders::trusting(&agency.root);
        let certificates = super::super::Settings {
            recipients: folders.path("recipients"),
            anchors: folders.path("anchors"),
            intermediates: folders.path("intermediates"),
            crls: folders.path("crls"),
            ..super::super::Settings::default()
        };
        Office {
            authority: Settings {
                folder: Some(agency.folder.0.join("authority")),
                crl_url: Some("http://pki.agency.example/ca.crl".to_owned()),
                ..Settings::default()
            },
            keys: agency.settings(),
            agency,
            folders,
            certificates,
        }
    }

    fn site(&self) -> Site<'_> {
        Site {
            authority: &self.authority,
            keys: &self.keys,
            certificates: &self.certificates,
        }
    }

    fn init(&self) {
        let domains = ["agency.example".to_owned(), "*.agency.example".to_owned()];
        self.site()
            .init("Agency Mail CA", EC, &domains, [now(), end()])
            .unwrap();
    }

    fn openssl(&self, arguments: &[&str]) -> Result<String, String> {
        let output = Command::new("openssl")
            .args(arguments)
            .current_dir(&self.agency.folder.0)
            .output()
            .unwrap();
        let told =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        if output.status.success() {
            Ok(told)
        } else {
            Err(told)
        }
    }

    fn list(&self) -> String {
        let path = self.folders.path("crls/internal-ca.crl").display().to_string();
        let ca = self.folders.path("anchors/internal-ca.pem").display().to_string();
        self.openssl(&[
            "crl", "-inform", "DER", "-in", &path, "-noout", "-text", "-CAfile", &ca, "-verify",
        ])
        .unwrap()
    }
}

fn order(mailbox: &str, usage: Usage) -> Order {
    Order {
        whom: Whom::Address(address(mailbox)),
        name: Some("Ann Lee".to_owned()),
        usage,
        days: 365,
        source: Source::Fresh(RSA),
        renews: None,
    }
}

#[test]
fn what_it_issues_stands_before_openssl_and_nss_and_the_gateway() {
    let test = "what_it_issues_stands_before_openssl_and_nss_and_the_gateway";
    if !have(test, &["openssl", "certutil", "pk12util"]) {
        return;
    }
    let office = Office::new();
    office.init();
    let site = office.site();
    let delivered = site
        .open()
        .unwrap()
        .issue(&order("ann@agency.example", Usage::Mail), "root", now())
        .unwrap();
    let folder = &office.agency.folder;
    folder.write("ann.pem", delivered.certificate_pem());
    let (p12, password) = pkcs12(&delivered).unwrap();
    folder.write("ann.p12", p12);
    let ca = office
        .folders
        .path("anchors/internal-ca.pem")
        .display()
        .to_string();
    let time = now().as_second().to_string();
    for purpose in ["smimesign", "smimeencrypt"] {
        let told = office.openssl(&[
            "verify",
            "-x509_strict",
            "-attime",
            &time,
            "-purpose",
            purpose,
            "-CAfile",
            &ca,
            "ann.pem",
        ]);
        assert!(told.as_ref().is_ok_and(|told| told.contains("OK")), "{told:?}");
    }
    let text = office
        .openssl(&["x509", "-in", "ann.pem", "-noout", "-text"])
        .unwrap();
    for words in [
        "Digital Signature, Key Encipherment",
        "E-mail Protection",
        "email:ann@agency.example",
        "http://pki.agency.example/ca.crl",
        "CA:FALSE",
        "CN = Ann Lee",
    ] {
        assert!(text.contains(words), "{words} in {text}");
    }
    let text = office.openssl(&["x509", "-in", &ca, "-noout", "-text"]).unwrap();
    for words in [
        "CA:TRUE, pathlen:0",
        "X509v3 Name Constraints: critical",
        "email:.agency.example",
    ] {
        assert!(text.contains(words), "{words} in {text}");
    }
    let told = office.openssl(&[
        "pkcs12",
        "-in",
        "ann.p12",
        "-passin",
        &format!("pass:{password}"),
        "-noout",
        "-info",
    ]);
    let told = told.unwrap();
    assert!(
        told.contains("PBES2, PBKDF2, AES-256-CBC") && told.contains("MAC: sha256"),
        "{told}"
    );
    assert!(
        office
            .openssl(&["pkcs12", "-in", "ann.p12", "-passin", "pass:wrong", "-noout"])
            .is_err()
    );
    let nss = |program: &str, arguments: &[&str]| {
        let output = Command::new(program)
            .args(arguments)
            .current_dir(&folder.0)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    nss("certutil", &["-N", "-d", "sql:.", "--empty-password"]);
    nss(
        "pk12util",
        &["-i", "ann.p12", "-d", "sql:.", "-W", &password, "-K", ""],
    );
    nss(
        "certutil",
        &["-A", "-d", "sql:.", "-n", "ca", "-t", "C,C,C", "-i", &ca],
    );
    nss(
        "certutil",
        &[
            "-V",
            "-d",
            "sql:.",
            "-n",
            "ann@agency.example",
            "-u",
            "S",
            "-b",
            "270601120000Z",
        ],
    );
    assert_eq!(
        office.folders.verdict("ann@agency.example"),
        CertificateVerdict::Chosen
    );
}

#[test]
fn a_revocation_reaches_the_gateway_and_each_list_has_a_higher_number() {
    if !have(
        "a_revocation_reaches_the_gateway_and_each_list_has_a_higher_number",
        &["openssl"],
    ) {
        return;
    }
    let office = Office::new();
    office.init();
    let site = office.site();
    let authority = site.open().unwrap();
    let ann = authority
        .issue(&order("ann@agency.example", Usage::Mail), "root", now())
        .unwrap();
    let bob = authority
        .issue(&order("bob@agency.example", Usage::Mail), "root", now())
        .unwrap();
    assert!(ann.entry.serial.len() >= 31, "127 random bits");
    let told = office.list();
    assert!(
        told.contains("verify OK") && told.contains("No Revoked Certificates"),
        "{told}"
    );
    assert!(
        told.contains("X509v3 CRL Number: \n                1\n"),
        "{told}"
    );
    let (_, list) = authority
        .revoke("ann@agency.example", Reason::KeyCompromise, "root", now())
        .unwrap();
    assert_eq!((list.number, list.revoked), (2, 1));
    let told = office.list();
    assert!(
        told.contains("verify OK") && told.contains("Key Compromise"),
        "{told}"
    );
    assert!(
        told.to_lowercase()
            .contains(&format!("serial number: {}", ann.entry.serial)),
        "{told}"
    );
    assert_eq!(
        office.folders.verdict("ann@agency.example"),
        CertificateVerdict::Revoked
    );
    assert_eq!(
        office.folders.verdict("bob@agency.example"),
        CertificateVerdict::Chosen
    );
    assert!(
        authority
            .revoke(&ann.entry.serial, Reason::Superseded, "root", now())
            .is_err(),
        "once is enough"
    );
    assert_eq!(authority.publish(now()).unwrap().number, 3);
    assert_eq!(bob.entry.by, "root");
    // Once it has ended by itself, it need not be listed.
    let later = at("2029-01-01T00:00:00Z");
    assert_eq!(authority.publish(later).unwrap().revoked, 0);
}

#[test]
fn two_administrators_at_once_lose_nothing() {
    let office = Office::new();
    office.init();
    let issue = |number: usize| {
        let site = office.site();
        let mut order = order(&format!("p{number}@agency.example"), Usage::Mail);
        order.source = Source::Fresh(EC);
        site.open()
            .unwrap()
            .issue(&order, "root", now())
            .unwrap()
            .entry
            .serial
    };
    let mut serials: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..6).map(|number| scope.spawn(move || issue(number))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let mut kept: Vec<String> = office
        .site()
        .ledger()
        .unwrap()
        .certificates
        .into_iter()
        .map(|entry| entry.serial)
        .collect();
    serials.sort();
    kept.sort();
    assert_eq!(serials, kept);
}

#[test]
fn it_issues_for_its_own_domains_and_its_own_time_only_and_only_once_is_it_made() {
    let office = Office::new();
    let site = office.site();
    assert!(site.open().is_err_and(|told| told.contains("authority init")));
    office.init();
    let again = site.init("Another", EC, &["x.example".to_owned()], [now(), end()]);
    assert!(again.is_err_and(|told| told.contains("already")));
    let authority = site.open().unwrap();
    let issue = |mailbox: &str, days| {
        let mut order = order(mailbox, Usage::Mail);
        (order.days, order.source) = (days, Source::Fresh(EC));
        authority.issue(&order, "root", now())
    };
    assert!(issue("ann@hr.agency.example", 365).is_ok());
    for foreign in ["ann@partner.example", "ann@evilagency.example"] {
        assert!(
            issue(foreign, 365).is_err_and(|told| told.contains("may issue for")),
            "{foreign}"
        );
    }
    let told = issue("ann@agency.example", 30_000).err().unwrap();
    assert!(told.contains("the CA itself ends on 2030-01-01"), "{told}");
    assert_eq!(site.ledger().unwrap().certificates.len(), 1);
}

#[test]
fn a_request_counts_only_with_its_own_signature_and_a_strong_key() {
    use openssl::hash::MessageDigest;
    use openssl::pkey::PKey;
    use openssl::rsa::Rsa;
    use openssl::x509::X509Req;
    let make = |bits, signer: Option<&PKey<openssl::pkey::Private>>| {
        let key = PKey::from_rsa(Rsa::generate(bits).unwrap()).unwrap();
        let mut request = X509Req::builder().unwrap();
        request.set_pubkey(&key).unwrap();
        request
            .sign(signer.unwrap_or(&key), MessageDigest::sha256())
            .unwrap();
        request.build().to_pem().unwrap()
    };
    let other = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
    assert!(Source::from_request(&make(2048, None)).is_ok());
    for (request, words) in [
        (make(2048, Some(&other)), "own key"),
        (make(1024, None), "RSA 1024"),
        (b"nothing".to_vec(), "PKCS#10"),
    ] {
        let told = Source::from_request(&request).err().unwrap();
        assert!(told.contains(words), "{told}");
    }
    let office = Office::new();
    office.init();
    let mut order = order("ann@agency.example", Usage::Mail);
    order.source = Source::from_request(&make(2048, None)).unwrap();
    let delivered = office
        .site()
        .open()
        .unwrap()
        .issue(&order, "root", now())
        .unwrap();
    assert!(delivered.key.is_none() && pkcs12(&delivered).is_err());
}

#[test]
fn what_failed_while_it_was_made_can_be_tried_again() {
    let mut office = Office::new();
    office.authority.publish = Some(office.agency.folder.0.join("not-there"));
    let domains = ["agency.example".to_owned()];
    let told = office
        .site()
        .init("Agency Mail CA", EC, &domains, [now(), end()])
        .err()
        .unwrap();
    assert!(told.contains("cannot be written"), "{told}");
    office.authority.publish = None;
    office.init();
    assert!(office.site().open().is_ok());
}

#[test]
fn nothing_of_the_ca_but_its_certificate_and_list_can_be_read_by_others() {
    use std::os::unix::fs::PermissionsExt;
    let office = Office::new();
    office.init();
    let mode = |path: PathBuf| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let folder = office.agency.folder.0.join("authority");
    assert_eq!(mode(folder.clone()), 0o700);
    for file in ["ca.pem", "ledger.json", "lock"] {
        assert_eq!(mode(folder.join(file)), 0o600, "{file}");
    }
    let ca = std::fs::read_to_string(folder.join("ca.pem")).unwrap();
    assert!(ca.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
}
