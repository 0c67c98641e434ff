//! Commands with a register: what is imported is found, judged, exported, approved and removed.

use clap::Parser;

use super::super::{approve, export, import};
use super::*;
use crate::message::Origin;
use crate::smime::{Certificate, Contents, Entry, EntryState, Register};
use crate::store::{self, Store};

#[derive(Parser)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

fn command(words: &[&str]) -> Command {
    Line::try_parse_from([&["cert"], words].concat()).unwrap().command
}

/// A site with a register that a gateway has made.
async fn site() -> Site {
    let mut site = Site::new();
    let settings = store::Settings {
        directory: site.folder.join("data"),
        ..store::Settings::default()
    };
    site.holdings.store = Some(Store::open(&settings).await.unwrap());
    site
}

impl Site {
    /// Writes a file and answers its path.
    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.folder.join(name);
        fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn issued(&self, address: &str) -> crate::smime::issue::Issued {
        self.root
            .issue(&Request::new(address, EC, at("2027-01-01"), at("2028-01-01")))
            .unwrap()
    }

    async fn import(&self, words: &[&str]) -> Result<String, String> {
        let Command::Import(what) = command(&[&["import"], words].concat()) else {
            unreachable!()
        };
        import::import(&self.holdings, &what, now())
            .await
            .map(|answer| answer.text)
    }

    async fn export(&self, words: &[&str]) -> Result<Vec<u8>, String> {
        let Command::Export(what) = command(&[&["export"], words].concat()) else {
            unreachable!()
        };
        export::export(&self.holdings, &what, now()).await
    }

    async fn approve(&self, words: &[&str]) -> Result<String, String> {
        let Command::Approve(what) = command(&[&["approve"], words].concat()) else {
            unreachable!()
        };
        approve::approve(&self.holdings, &what, now())
            .await
            .map(|answer| answer.text)
    }

    async fn is_encrypted(&self, address: &str) -> bool {
        let address = address.parse().unwrap();
        let health = doctor::examine(&self.holdings, &address, now());
        health.await.unwrap().today.encrypted
    }

    /// A certificate that waits, signed by this CA.
    async fn waiting(&self, ca: &Authority, address: &str) -> String {
        let issued = ca.issue(&Request::new(address, EC, at("2027-01-01"), at("2028-01-01")));
        let x509 = openssl::x509::X509::from_pem(issued.unwrap().certificate_pem.as_bytes()).unwrap();
        let certificate = std::sync::Arc::new(Certificate::from_der(&x509.to_der().unwrap()).unwrap());
        let print = certificate.fingerprint().to_owned();
        let entry = Entry::new(certificate, Origin::Harvested, EntryState::Waiting, now());
        self.holdings.register().unwrap().put(entry).await.unwrap();
        print
    }
}

fn pkcs12(issued: &crate::smime::issue::Issued, password: &str) -> Vec<u8> {
    let certificate = openssl::x509::X509::from_pem(issued.certificate_pem.as_bytes()).unwrap();
    let key = openssl::pkey::PKey::private_key_from_pem(issued.key_pem.as_bytes()).unwrap();
    let mut builder = openssl::pkcs12::Pkcs12::builder();
    builder.cert(&certificate).pkey(&key);
    builder.build2(password).unwrap().to_der().unwrap()
}

#[tokio::test]
async fn what_is_imported_is_used_at_once_and_told_with_its_verdict() {
    let site = site().await;
    let ann = site.issued(ANN);
    let bag = site.file("ann.p12", pkcs12(&ann, "secret"));
    let password = site.file("password", "secret\nsecond line\n");
    assert!(site.import(&[&bag]).await.unwrap_err().contains("password"));
    assert!(!site.is_encrypted(ANN).await);
    let dry = site
        .import(&[&bag, "--password-file", &password, "--dry-run"])
        .await
        .unwrap();
    assert!(
        dry.contains("1 would be imported, 1 of them can be used today"),
        "{dry}"
    );
    assert!(!site.is_encrypted(ANN).await);
    let told = site
        .import(&[&bag, "--password-file", &password, "--note", "from a call"])
        .await
        .unwrap();
    assert!(
        told.contains("1 imported, 1 of them can be used today; 0 not taken"),
        "{told}"
    );
    assert!(told.contains("1 private keys were passed over"), "{told}");
    assert!(site.is_encrypted(ANN).await);
    let again = site
        .import(&[&bag, "--password-file", &password, "--json"])
        .await
        .unwrap();
    let again: serde_json::Value = serde_json::from_str(&again).unwrap();
    assert_eq!(
        (&again[0]["result"], &again[0]["usable"]),
        (&"refreshed".into(), &true.into())
    );
    let shown = list::show(
        &site.holdings,
        again[0]["fingerprint"].as_str().unwrap(),
        now(),
        false,
    );
    let shown = shown.await.unwrap().text;
    assert!(
        shown.contains("register (imported)") && shown.contains("Note         from a call"),
        "{shown}"
    );
    let database = fs::read(site.folder.join("data/sealgate.db")).unwrap();
    let log = fs::read(site.folder.join("data/sealgate.db-wal")).unwrap_or_default();
    let key = openssl::pkey::PKey::private_key_from_pem(ann.key_pem.as_bytes()).unwrap();
    let secret = key.ec_key().unwrap().private_key().to_vec();
    for kept in [database, log] {
        assert!(
            memchr::memmem::find(&kept, &secret).is_none(),
            "a private key was kept"
        );
    }
}

#[tokio::test]
async fn an_import_says_why_a_certificate_cannot_be_used_or_was_not_taken() {
    let site = site().await;
    let stranger = Authority::new("Stranger", EC, at("2026-01-01"), at("2030-01-01")).unwrap();
    let foreign = stranger.issue(&Request::new(ANN, EC, at("2027-01-01"), at("2028-01-01")));
    let expired = site
        .root
        .issue(&Request::new(ANN, EC, at("2026-01-01"), at("2027-01-01")));
    let all = [
        foreign.unwrap().certificate_pem,
        expired.unwrap().certificate_pem,
        stranger.certificate_pem().unwrap(),
    ];
    let file = site.file("all.pem", all.concat());
    let told = site.import(&[&file]).await.unwrap();
    for words in [
        "no path leads from it",
        "it has expired",
        "folder of intermediates",
        "1 not taken",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert!(told.contains("2 imported, 0 of them can be used today"), "{told}");
    let second = site.issued(ANN);
    let second = site.file("second.pem", &second.certificate_pem);
    assert!(site.import(&[&second]).await.unwrap().contains("changed"));
    assert!(site.is_encrypted(ANN).await);
    // One bad file, and nothing of the others is put.
    let third = site.issued("carl@partner.example");
    let third = site.file("third.pem", &third.certificate_pem);
    let broken = site.file("broken.p7b", [0x30, 0x80]);
    assert!(
        site.import(&[&third, &broken])
            .await
            .unwrap_err()
            .contains("broken.p7b")
    );
    assert!(!site.is_encrypted("carl@partner.example").await);
}

#[tokio::test]
async fn what_was_exported_can_be_imported_again() {
    let site = site().await;
    let ann = site.issue("ann", ANN, "2027-01-01", "2028-01-01");
    let bob = site.issued("bob@partner.example");
    site.import(&[&site.file("bob.pem", &bob.certificate_pem)])
        .await
        .unwrap();
    let count = |bytes: &[u8]| Contents::read(bytes, None).unwrap().certificates.len();
    for (words, certificates) in [
        (&["--all"][..], 2),
        (&["--all", "--format", "p7c"], 2),
        (&[ANN, "--format", "der"], 1),
        (&["bob@partner.example"], 1),
        (&[&ann[..12], "--format", "p7c"], 1),
    ] {
        assert_eq!(
            count(&site.export(words).await.unwrap()),
            certificates,
            "{words:?}"
        );
    }
    let file = site.folder.join("out.p7c");
    let words = ["--all", "--format", "p7c", "--output", file.to_str().unwrap()];
    assert!(site.export(&words).await.unwrap().is_empty());
    let pkcs7 = openssl::pkcs7::Pkcs7::from_der(&fs::read(&file).unwrap()).unwrap();
    assert_eq!(pkcs7.signed().unwrap().certificates().unwrap().len(), 2);
    let told = site.export(&["--all", "--format", "der"]).await.unwrap_err();
    assert!(told.contains("--format p7c"), "{told}");
    assert!(site.export(&["nobody@partner.example"]).await.is_err());
}

#[tokio::test]
async fn what_waits_is_used_once_it_is_approved_and_a_self_signed_one_only_if_vouched_for() {
    let site = site().await;
    let print = site.waiting(&site.root, ANN).await;
    let health = doctor::examine(&site.holdings, &ANN.parse().unwrap(), now())
        .await
        .unwrap();
    assert!(!health.today.encrypted);
    assert!(
        health.advice[0].contains("sealgate cert approve"),
        "{:?}",
        health.advice
    );
    let told = site
        .approve(&[&print[..16], "--by", "root", "--reason", "phoned"])
        .await
        .unwrap();
    assert!(told.contains("uses it from now on"), "{told}");
    assert!(site.is_encrypted(ANN).await);
    let shown = list::show(&site.holdings, &print, now(), false)
        .await
        .unwrap()
        .text;
    assert!(
        shown.contains("approved by root on 2027-06-01: phoned"),
        "{shown}"
    );
    let stranger = Authority::new("Stranger", EC, at("2026-01-01"), at("2030-01-01")).unwrap();
    let other = "eve@partner.example";
    let print = site.waiting(&stranger, other).await;
    let refused = site.approve(&[&print, "--by", "root"]).await.unwrap_err();
    assert!(refused.contains("--without-issuer"), "{refused}");
    assert!(!site.is_encrypted(other).await);
    site.approve(&[&print, "--by", "root", "--without-issuer"])
        .await
        .unwrap();
    assert!(site.is_encrypted(other).await);
    let Command::Remove(what) = command(&["remove", &print]) else {
        unreachable!()
    };
    approve::remove(&site.holdings, &what).await.unwrap();
    assert!(!site.is_encrypted(other).await);
    assert!(approve::remove(&site.holdings, &what).await.is_err());
}

#[tokio::test]
async fn a_file_in_the_folder_is_neither_approved_nor_removed_and_without_a_store_nothing_is_imported() {
    let site = site().await;
    let print = site.issue("ann", ANN, "2027-01-01", "2028-01-01");
    let told = site.approve(&[&print, "--by", "root"]).await.unwrap_err();
    assert!(told.contains("is not in the register but in"), "{told}");
    let mut site = Site::new();
    site.holdings.store = None;
    let file = site.file("ann.pem", site.issued(ANN).certificate_pem);
    assert!(
        site.import(&[&file])
            .await
            .unwrap_err()
            .contains("no gateway was ever started")
    );
}
