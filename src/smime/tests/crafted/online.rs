//! Lists, OCSP answers and issuers that are fetched, from a small web server and OpenSSL's own responder.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};

use super::super::counterparts::have;
use super::*;
use crate::smime::Certificates;
use crate::smime::online::{Ocsp, Online, Refreshed};

const POINTS: &str = "2.5.29.31";
const ACCESS: &str = "1.3.6.1.5.5.7.1.1";

/// Answers with what was put under a path; `/ocsp` is OpenSSL's responder for a CA.
#[derive(Clone)]
struct Web {
    port: u16,
    pages: Arc<Mutex<HashMap<String, Vec<u8>>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Web {
    fn start() -> Web {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let web = Web {
            port: listener.local_addr().unwrap().port(),
            pages: Arc::default(),
            asked: Arc::default(),
        };
        let server = web.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let server = server.clone();
                std::thread::spawn(move || server.answer(stream.unwrap()));
            }
        });
        web
    }

    fn place(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.port)
    }

    fn put(&self, path: &str, content: impl Into<Vec<u8>>) {
        self.pages.lock().unwrap().insert(path.to_owned(), content.into());
    }

    fn asked(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    fn answer(&self, stream: TcpStream) {
        let mut reader = BufReader::new(&stream);
        let (mut line, mut length) = (String::new(), 0);
        reader.read_line(&mut line).unwrap();
        let path = line.split(' ').nth(1).unwrap().to_owned();
        loop {
            line.clear();
            reader.read_line(&mut line).unwrap();
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        self.asked.lock().unwrap().push(path.clone());
        let page = self.pages.lock().unwrap().get(&path).cloned();
        let page = match page {
            Some(folder) if path == "/ocsp" => Some(respond(&folder, &body)),
            page => page,
        };
        let (status, page) = page.map_or(("404 Not Found", Vec::new()), |page| ("200 OK", page));
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            page.len()
        );
        let mut stream = &stream;
        stream.write_all(&[head.as_bytes(), &page].concat()).unwrap();
    }
}

/// The answer of OpenSSL's responder, by the index in a folder.
fn respond(folder: &[u8], question: &[u8]) -> Vec<u8> {
    let folder = PathBuf::from(String::from_utf8(folder.to_vec()).unwrap());
    fs::write(folder.join("question"), question).unwrap();
    let arguments = "ocsp -index index.txt -CA ca.pem -rsigner signer.pem -rkey signer.key -reqin question \
                     -respout answer -ndays 2 -noverify";
    let done = Command::new("openssl")
        .args(arguments.split_whitespace())
        .current_dir(&folder)
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    fs::read(folder.join("answer")).unwrap()
}

/// crlDistributionPoints with one place.
fn points(place: &str) -> Vec<u8> {
    let name = spec::tlv(0xa0, &spec::tlv(0xa0, &spec::uri(place)));
    spec::sequence(&spec::sequence(&name))
}

/// authorityInfoAccess with one place; `kind` 1 is OCSP, 2 the issuer's certificate.
fn access(kind: u8, place: &str) -> Vec<u8> {
    let method = spec::oid(&format!("1.3.6.1.5.5.7.48.{kind}"));
    spec::sequence(&spec::sequence(&[method, spec::uri(place)].concat()))
}

/// Certificates as the gateway has them, with issuers who can be asked.
fn with_online(lab: &Lab) -> Certificates {
    let online = Online::start(&lab.folders.rules.online);
    lab.folders.load().unwrap().with_online(online)
}

fn refresh(certificates: &Certificates) -> Refreshed {
    wait(certificates.refresh(now()))
}

fn verdict(certificates: &Certificates, at: Timestamp) -> Verdict {
    choose(certificates, ANN, at).considered[0].verdict.clone()
}

fn online_lab() -> (Lab, Web) {
    let (mut lab, web) = (Lab::new(), Web::start());
    let folder = lab.folders.path("fetched");
    let online = &mut lab.folders.rules.online;
    online.hosts = vec!["localhost".to_owned()];
    online.folder = folder;
    online.crls = true;
    (lab, web)
}

#[test]
fn lists_are_fetched_from_where_certificates_say_and_only_newer_ones_that_the_ca_has_signed_are_kept() {
    let (mut lab, web) = online_lab();
    lab.folders.require_crl = true;
    let ann = Spec::person(ANN).with(POINTS, false, points(&web.place("/root.crl")));
    lab.recipient(&ann.sign(&lab.root));
    let list = |serials: &[&str], from: &str, to: &str| {
        let list = lab.authority.revocation_list(serials, at(from), at(to));
        web.put("/root.crl", list.unwrap());
    };

    let certificates = with_online(&lab);
    assert_eq!(verdict(&certificates, now()), Verdict::RevocationUnknown);
    let nothing = refresh(&certificates);
    assert_eq!(
        nothing.failed,
        [(web.place("/root.crl"), "it answers with 404".to_owned())]
    );

    list(&[], "2027-05-20T00:00:00Z", "2027-06-10T00:00:00Z");
    assert_eq!(refresh(&certificates).fetched, [web.place("/root.crl")]);
    assert_eq!(verdict(&with_online(&lab), now()), Verdict::Chosen);
    let renewed = certificates.renewed(&lab.folders.settings()).unwrap();
    assert_eq!(verdict(&renewed, now()), Verdict::Chosen);

    // Neither an older one nor one of somebody else with the same name takes its place.
    list(&["4d"], "2027-05-01T00:00:00Z", "2027-06-10T00:00:00Z");
    assert!(refresh(&certificates).failed[0].1.contains("older"));
    let namesake = Authority::new("Test Root", EC, start(), end()).unwrap();
    let forged = namesake.revocation_list(&["4d"], start(), end()).unwrap();
    web.put("/root.crl", forged);
    assert!(refresh(&certificates).failed[0].1.contains("has signed"));
    web.put("/root.crl", "<html>not found</html>");
    assert_eq!(refresh(&certificates).failed[0].1, "it is no revocation list");
    assert_eq!(verdict(&with_online(&lab), now()), Verdict::Chosen);

    list(&["4d"], "2027-05-30T00:00:00Z", "2027-06-10T00:00:00Z");
    assert!(refresh(&certificates).is_news());
    assert_eq!(verdict(&with_online(&lab), now()), Verdict::Revoked);
    // The file was written a moment ago by the system's clock: nothing is due.
    let again = wait(certificates.refresh(Timestamp::now()));
    assert_eq!((again.fetched.len(), again.fresh), (0, 1));
}

#[test]
fn a_list_whose_next_update_is_late_counts_for_the_hours_that_are_set() {
    let (mut lab, _) = online_lab();
    lab.folders.require_crl = true;
    lab.recipient(&Spec::person(ANN).sign(&lab.root));
    // Due eleven hours ago.
    let list = lab
        .authority
        .revocation_list(&[], at("2027-05-20T00:00:00Z"), at("2027-06-01T01:00:00Z"));
    lab.folders.put("crls/root.crl", list.unwrap());
    for (hours, expected) in [
        (0, Verdict::RevocationUnknown),
        (11, Verdict::RevocationUnknown),
        (12, Verdict::Chosen),
    ] {
        lab.folders.rules.crl_stale_hours = hours;
        assert_eq!(lab.folders.verdict(ANN), expected, "{hours}");
    }
}

#[test]
fn hosts_that_nobody_named_are_never_asked() {
    let (mut lab, web) = online_lab();
    lab.folders.rules.online.hosts = vec!["crl.ca.example".to_owned()];
    lab.folders.rules.online.ocsp = Ocsp::Ask;
    lab.folders.rules.online.intermediates = true;
    let ann = Spec::person(ANN)
        .with(POINTS, false, points(&web.place("/root.crl")))
        .with(ACCESS, false, access(1, &web.place("/ocsp")));
    lab.recipient(&ann.sign(&lab.root));
    let certificates = with_online(&lab);
    assert_eq!(verdict(&certificates, now()), Verdict::Chosen);
    assert_eq!(refresh(&certificates), Refreshed::default());
    assert_eq!(web.asked(), 0);
}

#[test]
fn a_missing_ca_certificate_is_fetched_where_that_is_allowed_and_an_impostor_is_not_taken() {
    let (mut lab, web) = online_lab();
    let middle = lab.make("Middle", |ca| ca);
    let impostor = lab.make("Middle", |ca| ca);
    let ann = Spec::person(ANN).with(ACCESS, false, access(2, &web.place("/middle.cer")));
    lab.recipient(&ann.sign(&middle));
    web.put("/middle.cer", middle.x509.to_der().unwrap());
    let certificates = with_online(&lab);
    assert!(refresh(&certificates).fetched.is_empty(), "it is not allowed");

    lab.folders.rules.online.intermediates = true;
    let certificates = with_online(&lab);
    assert!(matches!(verdict(&certificates, now()), Verdict::Untrusted(_)));
    web.put("/middle.cer", impostor.x509.to_der().unwrap());
    assert!(refresh(&certificates).failed[0].1.contains("belongs to the CA"));
    web.put("/middle.cer", middle.x509.to_der().unwrap());
    assert!(refresh(&certificates).is_news());
    assert_eq!(verdict(&with_online(&lab), now()), Verdict::Chosen);
}

/// OpenSSL's responder answers by the system's clock, so these certificates are valid today.
fn today() -> [Timestamp; 2] {
    let day = SignedDuration::from_hours(24);
    [Timestamp::now() - day, Timestamp::now() + day * 300]
}

/// Ann's certificate from a CA whose responder is OpenSSL.
fn responder(lab: &Lab, web: &Web, signer: impl Fn(&Ca) -> Ca) -> (Ca, X509) {
    let key = elliptic(Nid::X9_62_PRIME256V1);
    let root = Spec {
        validity: today(),
        ..Spec::ca("OCSP Root", &key)
    };
    let ca = Ca {
        x509: root.sign_self(&key),
        key,
    };
    lab.der("anchors/ocsp.crt", &ca.x509.to_der().unwrap());
    let ann = Spec {
        validity: today(),
        ..Spec::person(ANN)
    };
    let ann = ann.with(ACCESS, false, access(1, &web.place("/ocsp"))).sign(&ca);
    lab.recipient(&ann);
    let signer = signer(&ca);
    let folder = lab.folders.path("responder");
    fs::create_dir_all(&folder).unwrap();
    let put = |name: &str, content: Vec<u8>| fs::write(folder.join(name), content).unwrap();
    put("ca.pem", ca.x509.to_pem().unwrap());
    put("signer.pem", signer.x509.to_pem().unwrap());
    put("signer.key", signer.key.private_key_to_pem_pkcs8().unwrap());
    put(
        "index.txt",
        b"V\t301231000000Z\t\t4D\tunknown\t/CN=Ann\n".to_vec(),
    );
    web.put("/ocsp", folder.display().to_string());
    (ca, ann)
}

fn revoke(lab: &Lab) {
    let line = "R\t301231000000Z\t261101000000Z,keyCompromise\t4D\tunknown\t/CN=Ann\n";
    fs::write(lab.folders.path("responder/index.txt"), line).unwrap();
}

fn itself(ca: &Ca) -> Ca {
    Ca {
        x509: ca.x509.clone(),
        key: ca.key.clone(),
    }
}

#[test]
fn a_certificate_that_its_responder_calls_revoked_is_not_used_and_an_older_good_one_is() {
    if !have("a_certificate_that_its_responder_calls_revoked", &["openssl"]) {
        return;
    }
    let (mut lab, web) = online_lab();
    lab.folders.rules.online.ocsp = Ocsp::Require;
    let (ca, _) = responder(&lab, &web, itself);
    let certificates = with_online(&lab);
    let clock = Timestamp::now();
    assert_eq!(verdict(&certificates, clock), Verdict::Chosen);
    assert_eq!(verdict(&certificates, clock), Verdict::Chosen);
    assert_eq!(web.asked(), 1, "the answer is kept");
    revoke(&lab);
    assert_eq!(verdict(&with_online(&lab), clock), Verdict::Revoked);

    let validity = [today()[0] - SignedDuration::from_hours(1), today()[1]];
    let older = Spec {
        serial: 78,
        validity,
        ..Spec::person(ANN)
    };
    let older = older
        .with(ACCESS, false, access(1, &web.place("/ocsp")))
        .sign(&ca);
    lab.der("recipients/older.crt", &older.to_der().unwrap());
    let index = lab.folders.path("responder/index.txt");
    let lines = fs::read_to_string(&index).unwrap() + "V\t301231000000Z\t\t4E\tunknown\t/CN=Ann\n";
    fs::write(&index, lines).unwrap();
    let choice = choose(&with_online(&lab), ANN, clock);
    let told: Vec<_> = choice.considered.iter().map(|one| one.verdict.clone()).collect();
    assert_eq!(told, [Verdict::Chosen, Verdict::Revoked]);
    assert_eq!(choice.chosen.unwrap().serial(), "4e");
}

#[test]
fn silence_of_a_responder_counts_only_where_an_answer_is_required() {
    let (mut lab, web) = online_lab();
    let (_, _) = responder(&lab, &web, itself);
    web.put("/ocsp-nothing", "");
    web.pages.lock().unwrap().remove("/ocsp");
    let clock = Timestamp::now();
    for (mode, expected) in [
        (Ocsp::Off, Verdict::Chosen),
        (Ocsp::Ask, Verdict::Chosen),
        (Ocsp::Require, Verdict::RevocationUnknown),
    ] {
        lab.folders.rules.online.ocsp = mode;
        assert_eq!(verdict(&with_online(&lab), clock), expected, "{mode:?}");
    }
    let certificates = with_online(&lab);
    let before = web.asked();
    for _ in 0..20 {
        assert_eq!(verdict(&certificates, clock), Verdict::RevocationUnknown);
    }
    assert_eq!(
        web.asked() - before,
        1,
        "who does not answer is left alone for a while"
    );
}

#[test]
fn an_answer_that_neither_the_issuer_nor_its_delegate_has_signed_says_nothing() {
    if !have("an_answer_that_neither_the_issuer", &["openssl"]) {
        return;
    }
    let delegate = |ca: &Ca, purpose: &str| {
        let key = elliptic(Nid::X9_62_PRIME256V1);
        let spec = Spec {
            validity: today(),
            serial: 9,
            ..Spec::ca("Responder", &key)
        };
        let spec = spec
            .with(spec::BASIC, true, spec::sequence(&[]))
            .with(spec::USAGE, true, spec::usage(spec::SIGNS))
            .with(spec::PURPOSE, false, spec::purposes(&[purpose]));
        Ca {
            x509: spec.sign(ca),
            key,
        }
    };
    const OCSP_SIGNING: &str = "1.3.6.1.5.5.7.3.9";
    type Signer = Box<dyn Fn(&Ca) -> Ca>;
    let stranger = |_: &Ca| {
        let key = elliptic(Nid::X9_62_PRIME256V1);
        let spec = Spec {
            validity: today(),
            ..Spec::ca("OCSP Root", &key)
        };
        Ca {
            x509: spec.sign_self(&key),
            key,
        }
    };
    let cases: [(&str, Verdict, Signer); 3] = [
        (
            "delegate",
            Verdict::Chosen,
            Box::new(move |ca| delegate(ca, OCSP_SIGNING)),
        ),
        (
            "for mail",
            Verdict::RevocationUnknown,
            Box::new(move |ca| delegate(ca, spec::MAIL)),
        ),
        ("stranger", Verdict::RevocationUnknown, Box::new(stranger)),
    ];
    for (what, expected, signer) in cases {
        let (mut lab, web) = online_lab();
        lab.folders.rules.online.ocsp = Ocsp::Require;
        responder(&lab, &web, signer);
        assert_eq!(verdict(&with_online(&lab), Timestamp::now()), expected, "{what}");
        assert_eq!(web.asked(), 1);
    }
}
