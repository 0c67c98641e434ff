//! Where certificates come from, while the gateway runs.

use crate::support::gateway::{Gateway, Options};
use crate::support::mail::{send, send_for_id};
use crate::support::mailbox::Mailbox;
use crate::support::pki::{ANNA, ERNST};

const SECRET: &str = "From: clerk@agency.example\nSubject: x\n\nMargaret Holloway, SSN 536-22-8145.\n";
const PLAIN: &str = "From: clerk@agency.example\nSubject: x\n\nThe meeting is at noon.\n";
const CLERK: &str = "clerk@agency.example";

/// What a trace says, without its line breaks.
fn trace(gateway: &Gateway, id: &str) -> String {
    let told = gateway.ask(&["trace", id]);
    told.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_certificate_that_is_imported_is_encrypted_to_at_once_and_one_that_is_removed_no_more() {
    let mailbox = Mailbox::start();
    let gateway = Gateway::start(mailbox.address, &Options::default());
    let file = gateway
        .directory
        .path()
        .join(format!("certs/recipients/{ANNA}.pem"));
    let moved = gateway.directory.path().join("anna.pem");
    std::fs::rename(file, &moved).unwrap();
    gateway.reload("were read again");
    let refused = send_for_id(gateway.address, CLERK, &[ANNA], SECRET);
    assert!(trace(&gateway, &refused).contains("no certificate for the address"));
    let told = gateway.ask(&["cert", "import", moved.to_str().unwrap(), "--note", "by hand"]);
    assert!(told.contains("1 imported, 1 of them can be used today"), "{told}");
    assert!(
        gateway
            .ask(&["cert", "check", ANNA])
            .contains("would be encrypted")
    );
    let sealed = send_for_id(gateway.address, CLERK, &[ANNA], SECRET);
    let told = trace(&gateway, &sealed);
    assert!(
        told.contains("AES-256") && told.contains("from: imported"),
        "{told}"
    );
    let listed: serde_json::Value = serde_json::from_str(&gateway.ask(&["cert", "list", "--json"])).unwrap();
    let listed = listed.as_array().unwrap();
    let own = listed
        .iter()
        .find(|one| one["source"] == "register (imported)")
        .unwrap();
    assert_eq!((&own["for"], &own["note"]), (&ANNA.into(), &"by hand".into()));
    gateway.ask(&["cert", "remove", own["fingerprint"].as_str().unwrap()]);
    let refused = send_for_id(gateway.address, CLERK, &[ANNA], SECRET);
    assert!(trace(&gateway, &refused).contains("no certificate for the address"));
}

#[test]
fn a_directory_that_does_not_answer_delays_only_mail_that_cannot_be_sealed_without_it() {
    let mailbox = Mailbox::start();
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = nobody.local_addr().unwrap().port();
    drop(nobody);
    let directory = format!(
        "[[certificates.ldap]]\nurl = \"ldaps://localhost:{port}\"\nbase = \"dc=partner\"\ndomains = [\"partner.example\"]\n"
    );
    let options = Options {
        deliver: directory,
        ..Options::default()
    };
    let gateway = Gateway::start(mailbox.address, &options);
    let unknown = "somebody@partner.example";
    let later = send(gateway.address, CLERK, &[unknown], SECRET).unwrap_err();
    assert!(later.is_transient(), "{later}");
    assert!(!later.to_string().contains(unknown), "{later}");
    send(gateway.address, CLERK, &[unknown], PLAIN).unwrap();
    send(gateway.address, CLERK, &[ERNST], SECRET).unwrap();
    assert_eq!(mailbox.letters(2).len(), 2);
    assert!(gateway.log().contains("a source of certificates failed"));
    assert!(!gateway.log().contains("somebody"), "{}", gateway.log());
}
