//! Users with passwords, as swaks and GNU SASL prove them: from anywhere, but under TLS only.

use std::net::SocketAddr;
use std::process::{Command, Output};

use crate::support::counterparts::have;
use crate::support::gateway::{Gateway, Options};
use crate::support::mail::Session;
use crate::support::mailbox::Mailbox;
use crate::support::pki::NOBODY;
use crate::support::tls::{self, PASSWORD, USER};

/// A gateway at which nobody may relay without a password.
fn gateway(mailbox: &Mailbox) -> Gateway {
    let options = Options {
        relay_from: "192.0.2.1",
        smtp: tls::SETTINGS.to_owned(),
        prepare: tls::prepare,
        ..Options::default()
    };
    Gateway::start(mailbox.address, &options)
}

fn swaks(to: SocketAddr, mechanism: &str, password: &str, tls: &str) -> Output {
    swaks_from(to, "clerk@agency.example", mechanism, password, tls)
}

fn swaks_from(to: SocketAddr, sender: &str, mechanism: &str, password: &str, tls: &str) -> Output {
    let mut command = Command::new("swaks");
    command.args(["--server", &to.ip().to_string(), "--port", &to.port().to_string()]);
    command.args(["--from", sender, "--to", NOBODY, "--body", "At noon?", tls]);
    command.args([
        "--auth",
        mechanism,
        "--auth-user",
        USER,
        "--auth-password",
        password,
    ]);
    command.output().expect("swaks runs")
}

/// The exit status of GNU SASL, which tries the mechanism and says QUIT.
fn gsasl(to: SocketAddr, gateway: &Gateway, user: &str, password: &str) -> (bool, String) {
    let mut command = Command::new("gsasl");
    command.args(["--smtp", "--starttls", "--mechanism", "SCRAM-SHA-256", "--no-cb"]);
    command.args([
        "--authentication-id",
        user,
        "--authorization-id",
        user,
        "--password",
        password,
    ]);
    command
        .arg("--x509-ca-file")
        .arg(gateway.directory.path().join("tls.pem"));
    command.args(["localhost", &to.port().to_string()]);
    let output = command.output().expect("gsasl runs");
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

#[test]
fn a_user_may_relay_from_anywhere_under_starttls_and_implicit_tls() {
    let name = "a_user_may_relay_from_anywhere_under_starttls_and_implicit_tls";
    if !have(name, &["swaks", "/usr/share/doc/libnet-ssleay-perl"]) {
        return;
    }
    let mailbox = Mailbox::start();
    let gateway = gateway(&mailbox);
    let [plain, under_tls] = gateway.addresses();
    for (to, tls) in [(plain, "--tls"), (under_tls, "--tls-on-connect")] {
        for mechanism in ["PLAIN", "LOGIN"] {
            let output = swaks(to, mechanism, PASSWORD, tls);
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(output.status.success(), "{mechanism} {tls}: {said}");
            let letter = mailbox.next();
            assert_eq!(letter.recipients, [NOBODY]);
            assert!(letter.text().contains("with ESMTPSA id"), "{}", letter.text());
        }
    }
    let log = gateway.log();
    assert!(
        !log.contains(PASSWORD) && log.contains("a user has logged in"),
        "{log}"
    );
}

#[test]
fn a_user_sends_from_the_allowed_addresses_only_and_the_record_names_the_user() {
    let name = "a_user_sends_from_the_allowed_addresses_only_and_the_record_names_the_user";
    if !have(name, &["swaks", "/usr/share/doc/libnet-ssleay-perl"]) {
        return;
    }
    let mailbox = Mailbox::start();
    let gateway = gateway(&mailbox);
    let output = swaks_from(
        gateway.address,
        "chief@agency.example",
        "PLAIN",
        PASSWORD,
        "--tls",
    );
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("553 5.7.1") && !output.status.success(), "{said}");
    assert!(
        swaks(gateway.address, "PLAIN", PASSWORD, "--tls")
            .status
            .success()
    );
    let letter = mailbox.next();
    assert!(mailbox.is_empty());
    let text = letter.text();
    let header = text.split("\r\n\r\n").next().unwrap_or_default();
    assert!(!header.contains(USER), "no header field names the user: {header}");
    let (_, behind) = text.split_once("with ESMTPSA id ").expect("a Received field");
    let id = behind.split(';').next().unwrap_or_default();
    let told = gateway.ask(&["trace", id]);
    assert!(told.contains(&format!("{USER}, who had logged in")), "{told}");
    assert!(
        gateway
            .ask(&["trace", id, "--json"])
            .contains(&format!("\"user\": \"{USER}\""))
    );
    let log = gateway.log();
    let accepted = log.lines().find(|line| line.contains("\"accepted\""));
    assert!(
        accepted.is_some_and(|line| line.contains(&format!("\"user\":\"{USER}\""))),
        "{log}"
    );
}

#[test]
fn gnu_sasl_logs_in_with_scram_and_is_refused_with_a_false_password() {
    if !have(
        "gnu_sasl_logs_in_with_scram_and_is_refused_with_a_false_password",
        &["gsasl"],
    ) {
        return;
    }
    let mailbox = Mailbox::start();
    let gateway = gateway(&mailbox);
    let (success, said) = gsasl(gateway.address, &gateway, USER, PASSWORD);
    assert!(success && said.contains("235"), "{said}");
    let (success, said) = gsasl(gateway.address, &gateway, USER, "battery horse");
    assert!(!success && said.contains("535 5.7.8"), "{said}");
    let (success, nobody) = gsasl(
        gateway.address,
        &gateway,
        "nobody@agency.example",
        "battery horse",
    );
    assert!(!success && nobody.contains("535 5.7.8"), "{nobody}");
}

#[test]
fn without_a_password_or_without_tls_nobody_relays_and_many_false_ones_end_it() {
    let mailbox = Mailbox::start();
    let gateway = gateway(&mailbox);
    let (mut session, greeting) = Session::open(gateway.address);
    assert!(greeting.starts_with("220 "), "{greeting}");
    assert!(!session.say("EHLO test").contains("AUTH"), "not in clear");
    assert!(session.say("AUTH PLAIN AGEAYg==").starts_with("538 5.7.11 "));
    assert!(
        session
            .say("MAIL FROM:<clerk@agency.example>")
            .starts_with("530 5.7.0 ")
    );
    assert!(
        session
            .say("RCPT TO:<nobody@partner.example>")
            .starts_with("503 ")
    );
    assert!(session.say("DATA").starts_with("503 "));
    if !have(
        "without_a_password_or_without_tls_nobody_relays_and_many_false_ones_end_it",
        &["swaks"],
    ) {
        return;
    }
    for _ in 0..3 {
        let output = swaks(gateway.address, "PLAIN", "wrong", "--tls");
        assert!(String::from_utf8_lossy(&output.stdout).contains("535 5.7.8"));
    }
    // Now the right one is not looked at either.
    let output = swaks(gateway.address, "PLAIN", PASSWORD, "--tls");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("421 4.7.0") && !output.status.success(), "{said}");
    assert!(mailbox.is_empty());
}
