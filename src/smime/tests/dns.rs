//! Certificates from a real name server, BIND's named, that serves a root zone signed in the test.

use std::process::{Child, Command, Stdio};

use openssl::sha::sha256;

use super::super::certificate::hex;
use super::super::issue::{Authority, Issued};
use super::super::sources::dns::Settings;
use super::super::{Certificates, Settings as All};
use super::counterparts::have;
use super::pki::*;
use crate::message::{CertificateVerdict as Verdict, Profile};

/// A running named.
struct Named {
    child: Child,
    folder: Temporary,
    port: u16,
}

impl Drop for Named {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn run(program: &str, folder: &Temporary, arguments: &[&str]) -> String {
    let out = Command::new(program)
        .current_dir(folder.path(""))
        .args(arguments)
        .output()
        .unwrap();
    assert!(
        out.status.success(),
        "{program}: {}",
        String::from_utf8_lossy(&out.stderr)
    );
    String::from_utf8(out.stdout).unwrap()
}

/// An SMIMEA record for the mailbox.
fn record(mailbox: &str, numbers: &str, data: &[u8]) -> String {
    let (local, domain) = mailbox.split_once('@').unwrap();
    let hash = hex(&sha256(local.as_bytes())[..28]);
    format!("{hash}._smimecert.{domain}. IN SMIMEA {numbers} {}\n", hex(data))
}

impl Named {
    /// Serves a signed root zone with `signed`, where what stands in `changed` is replaced after signing, and an unsigned
    /// zone `unsigned.example` with `unsigned`.
    fn start(test: &str, signed: &str, unsigned: &str, changed: (&str, &str)) -> Option<Named> {
        if !have(test, &["named", "dnssec-keygen", "dnssec-signzone"]) {
            return None;
        }
        let folder = Temporary::new();
        let soa = "$TTL 300\n@ IN SOA ns. admin. 1 3600 600 86400 300\n@ IN NS ns.\n";
        let glue = "ns. IN A 127.0.0.1\nunsigned.example. IN NS ns.\n";
        folder.write("root", format!("{soa}{glue}{signed}"));
        folder.write("unsigned", format!("{soa}{unsigned}"));
        let key = run(
            "dnssec-keygen",
            &folder,
            &["-q", "-a", "ECDSAP256SHA256", "-f", "KSK", "."],
        );
        run("dnssec-keygen", &folder, &["-q", "-a", "ECDSAP256SHA256", "."]);
        run(
            "dnssec-signzone",
            &folder,
            &["-S", "-O", "full", "-o", ".", "-f", "signed", "root"],
        );
        let zone = std::fs::read_to_string(folder.path("signed")).unwrap();
        assert!(
            changed.0.is_empty() || zone.contains(changed.0),
            "nothing to change in {zone}"
        );
        if !changed.0.is_empty() {
            folder.write("signed", zone.replace(changed.0, changed.1));
        }
        let public = std::fs::read_to_string(folder.path(&format!("{}.key", key.trim()))).unwrap();
        let public: Vec<&str> = public.lines().filter(|line| !line.starts_with(';')).collect();
        folder.write("anchor", format!("{}\n", public.join("\n")));
        let port = free_port();
        folder.write(
            "named.conf",
            format!(
                "options {{ directory \"{home}\"; listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }}; \
                 recursion no; pid-file none; session-keyfile none; allow-query {{ any; }}; }};\n\
                 controls {{ }};\n\
                 zone \".\" {{ type primary; file \"signed\"; }};\n\
                 zone \"unsigned.example\" {{ type primary; file \"unsigned\"; }};\n",
                home = folder.path("").display()
            ),
        );
        let mut child = Command::new("/usr/sbin/named")
            .arg("-c")
            .arg(folder.path("named.conf"))
            .args(["-f", "-n", "1"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        until_it_listens(port, &mut child);
        Some(Named { child, folder, port })
    }

    fn settings(&self) -> Settings {
        Settings {
            enabled: true,
            resolvers: vec![([127, 0, 0, 1], self.port).into()],
            trust_anchors: Some(self.folder.path("anchor")),
            ..Settings::default()
        }
    }
}

fn with(folders: &Folders, smimea: Settings) -> Certificates {
    assert_eq!(smimea.mistakes(), Vec::<String>::new());
    let settings = All {
        smimea,
        ..All::default()
    };
    folders.load().unwrap().with_directories(&settings).unwrap()
}

async fn weigh(certificates: &Certificates, mailbox: &str) -> Result<Vec<Verdict>, String> {
    let choice = certificates
        .choose(&address(mailbox), Profile::Compatible, now())
        .await;
    let choice = choice.map_err(|error| error.to_string())?;
    Ok(choice.considered.into_iter().map(|one| one.verdict).collect())
}

fn der(issued: &Issued) -> Vec<u8> {
    certificate(issued).to_der()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_dnssec_proves_is_found_and_only_whole_certificates_are() {
    let name = "only_what_dnssec_proves_is_found_and_only_whole_certificates_are";
    let root = root();
    let stranger = Authority::new("Stranger Root", EC, start(), end()).unwrap();
    let folders = Folders::trusting(&root);
    let issue = |ca: &Authority, mailbox: &str| der(&ca.issue(&request(mailbox, EC)).unwrap());
    let ann = issue(&root, ANN);
    let dane = issue(&stranger, "dane@partner.example");
    let other = issue(&root, "other@partner.example");
    let signed = [
        record(ANN, "1 0 0", &ann),
        record("dane@partner.example", "3 0 0", &dane),
        record("hash@partner.example", "3 0 1", &sha256(&other)),
        record("hash@partner.example", "1 1 0", &other),
        record("ca@partner.example", "2 0 0", &other),
        record("wrong@partner.example", "1 0 0", &other),
        record("broken@partner.example", "1 0 0", b"no certificate"),
    ];
    let unsigned = record(
        "eve@unsigned.example",
        "1 0 0",
        &issue(&root, "eve@unsigned.example"),
    );
    let Some(named) = Named::start(name, &signed.concat(), &unsigned, ("", "")) else {
        return;
    };
    let certificates = with(&folders, named.settings());
    assert_eq!(weigh(&certificates, ANN).await, Ok(vec![Verdict::Chosen]));
    let untrusted = weigh(&certificates, "dane@partner.example").await.unwrap();
    assert!(
        matches!(untrusted.as_slice(), [Verdict::Untrusted(_)]),
        "{untrusted:?}"
    );
    for nothing in [
        "hash@partner.example",
        "ca@partner.example",
        "broken@partner.example",
        "nobody@partner.example",
        "eve@unsigned.example",
        "ann@[192.0.2.1]",
    ] {
        assert_eq!(weigh(&certificates, nothing).await, Ok(Vec::new()), "{nothing}");
    }
    let wrong = weigh(&certificates, "wrong@partner.example").await;
    assert_eq!(wrong, Ok(vec![Verdict::WrongAddress]));
    let trusting = Settings {
        trust_dane_ee: true,
        ..named.settings()
    };
    let certificates = with(&folders, trusting);
    assert_eq!(
        weigh(&certificates, "dane@partner.example").await,
        Ok(vec![Verdict::Chosen])
    );
    // With another key to begin from, the whole zone is a forgery.
    let key = Named::start(name, "", "", ("", "")).unwrap();
    let stranger = Settings {
        trust_anchors: Some(key.folder.path("anchor")),
        ..named.settings()
    };
    assert!(!matches!(weigh(&with(&folders, stranger), ANN).await, Ok(found) if !found.is_empty()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_was_changed_after_signing_gives_nothing() {
    let name = "a_record_that_was_changed_after_signing_gives_nothing";
    let root = root();
    let folders = Folders::trusting(&root);
    let issued = |mailbox: &str| der(&root.issue(&request(mailbox, EC)).unwrap());
    let (ann, bob) = (issued(ANN), issued("bob@partner.example"));
    let signed = record(ANN, "2 0 0", &ann) + &record("bob@partner.example", "1 0 0", &bob);
    // A usage that finds nothing becomes one that would.
    let changed = ("IN SMIMEA 2 0 0", "IN SMIMEA 1 0 0");
    let Some(named) = Named::start(name, &signed, "", changed) else {
        return;
    };
    let certificates = with(&folders, named.settings());
    let told = weigh(&certificates, ANN).await.unwrap_err();
    assert!(told.contains("no answer that could be verified"), "{told}");
    assert_eq!(
        weigh(&certificates, "bob@partner.example").await,
        Ok(vec![Verdict::Chosen])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_server_that_is_not_there_keeps_up_only_those_whose_certificate_nobody_knows() {
    let root = root();
    let folders = Folders::trusting(&root);
    folders.recipient("ann", &root.issue(&request(ANN, EC)).unwrap());
    let settings = Settings {
        enabled: true,
        resolvers: vec![([127, 0, 0, 1], free_port()).into()],
        timeout_seconds: 1,
        ..Settings::default()
    };
    let certificates = with(&folders, settings);
    assert_eq!(weigh(&certificates, ANN).await, Ok(vec![Verdict::Chosen]));
    assert!(weigh(&certificates, "bob@partner.example").await.is_err());
}
