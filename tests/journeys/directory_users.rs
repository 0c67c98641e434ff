//! Users in a real directory, OpenLDAP's slapd.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use crate::support::counterparts::have;
use crate::support::gateway::{Gateway, Options, PROGRAM, check};
use crate::support::mailbox::Mailbox;
use crate::support::pki::NOBODY;
use crate::support::slapd::{PASSWORD, Slapd};
use crate::support::tls::{self, Secured};

/// A gateway at which only users of the directory may relay.
fn gateway(mailbox: &Mailbox, section: &str) -> Gateway {
    let options = Options {
        relay_from: "192.0.2.1",
        smtp: format!("{}\n{section}", tls::CERTIFICATE),
        prepare: tls::prepare,
        ..Options::default()
    };
    Gateway::start(mailbox.address, &options)
}

/// AUTH PLAIN with these; the reply.
fn plain(session: &mut Secured, name: &str, password: &str) -> String {
    session.say("EHLO client.example");
    let said = openssl::base64::encode_block(format!("\0{name}\0{password}").as_bytes());
    session.say(&format!("AUTH PLAIN {said}"))
}

fn swaks(gateway: &Gateway, mechanism: &str, from: &str) -> Output {
    let to = gateway.address;
    let mut command = Command::new("swaks");
    command.args(["--server", &to.ip().to_string(), "--port", &to.port().to_string()]);
    command.args(["--from", from, "--to", NOBODY, "--body", "At noon?", "--tls"]);
    command.args([
        "--auth",
        mechanism,
        "--auth-user",
        "ann",
        "--auth-password",
        PASSWORD,
    ]);
    command.output().expect("swaks runs")
}

#[test]
fn a_user_of_the_directory_logs_in_and_sends_from_the_addresses_that_it_lists() {
    let name = "a_user_of_the_directory_logs_in_and_sends_from_the_addresses_that_it_lists";
    let Some(slapd) =
        Slapd::start(name).filter(|_| have(name, &["swaks", "/usr/share/doc/libnet-ssleay-perl"]))
    else {
        return;
    };
    let mailbox = Mailbox::start();
    // Each way there is to reach it.
    let started = format!("ldap://localhost:{}", slapd.plain);
    for (url, more) in [
        (format!("ldaps://localhost:{}", slapd.tls), ""),
        (started.clone(), "start_tls = true"),
        (started, "scope = \"one-level\"\ncache_seconds = 0"),
    ] {
        let gateway = gateway(&mailbox, &slapd.section(&url, more));
        for (mechanism, from) in [("PLAIN", "ann@agency.example"), ("LOGIN", "Clerk@agency.example")] {
            let output = swaks(&gateway, mechanism, from);
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(output.status.success(), "{mechanism} {url}: {said}");
            assert!(
                said.contains("AUTH PLAIN LOGIN"),
                "nobody could prove SCRAM: {said}"
            );
            let text = mailbox.next().text();
            let (_, behind) = text.split_once("with ESMTPSA id ").expect("a Received field");
            let id = behind.split(';').next().unwrap_or_default();
            let told = gateway.ask(&["trace", id]);
            assert!(told.contains("ann, who had logged in"), "{told}");
        }
        let output = swaks(&gateway, "PLAIN", "chief@agency.example");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(said.contains("553 5.7.1") && !output.status.success(), "{said}");
        let log = gateway.log();
        assert!(!log.contains(PASSWORD), "{log}");
    }
    assert!(mailbox.is_empty());
}

#[test]
fn whoever_is_not_one_user_with_a_password_is_refused() {
    let Some(slapd) = Slapd::start("whoever_is_not_one_user_with_a_password_is_refused") else {
        return;
    };
    let mailbox = Mailbox::start();
    let section = slapd.section(&format!("ldaps://localhost:{}", slapd.tls), "");
    let gateway = gateway(&mailbox, &section);
    let to = gateway.addresses()[0];
    let mut session = Secured::open(to);
    for (name, password) in [
        ("ann", "wrong"),
        ("nobody", PASSWORD),
        // Two entries have this name.
        ("twin", PASSWORD),
        // What would find somebody, were it a part of the filter.
        ("an*", PASSWORD),
        ("x)(|(uid=ann)", PASSWORD),
    ] {
        let answer = plain(&mut session, name, password);
        assert!(answer.starts_with("535 5.7.8"), "{name}: {answer}");
    }
    // The directory would take that for a bind of nobody, and say that it was successful.
    let answer = plain(&mut session, "ann", "");
    assert!(answer.starts_with("501 "), "{answer}");
    let answer = session.say("AUTH SCRAM-SHA-256");
    assert!(answer.starts_with("504 5.5.4"), "{answer}");
    // Another way of writing the name makes no other user.
    let answer = plain(&mut session, " ANN ", PASSWORD);
    assert!(answer.starts_with("235 "), "{answer}");
    assert!(session.say("MAIL FROM:<>").starts_with("250"));
    let mut session = Secured::open(to);
    assert!(plain(&mut session, "bob", PASSWORD).starts_with("235"));
    let answer = session.say("MAIL FROM:<bob@agency.example>");
    assert!(
        answer.starts_with("553 5.7.1"),
        "the directory lists no address of bob: {answer}"
    );
}

#[test]
fn a_directory_that_does_not_say_lets_nobody_in() {
    let Some(mut slapd) = Slapd::start("a_directory_that_does_not_say_lets_nobody_in") else {
        return;
    };
    let mailbox = Mailbox::start();
    let url = format!("ldaps://localhost:{}", slapd.tls);
    let section = slapd.section(&url, "cache_seconds = 0\ntimeout_seconds = 1\nconnections = 1");
    let gateway = gateway(&mailbox, &section);
    let to = gateway.addresses()[0];
    let mut inside = Secured::open(to);
    assert!(plain(&mut inside, "ann", PASSWORD).starts_with("235"));
    slapd.freeze();
    let mut session = Secured::open(to);
    let answer = plain(&mut session, "ann", PASSWORD);
    assert!(answer.starts_with("454 4.7.0"), "{answer}");
    // Whoever is in already sends nothing that nobody can permit.
    let answer = inside.say("MAIL FROM:<ann@agency.example>");
    assert!(answer.starts_with("451 4.3.0"), "{answer}");
    slapd.kill();
    let answer = plain(&mut session, "ann", PASSWORD);
    assert!(answer.starts_with("454 4.7.0"), "{answer}");
    assert!(session.say("MAIL FROM:<ann@agency.example>").starts_with("530 "));
    gateway.wait_for_log("the directory did not say whether a login is right");
}

#[test]
fn what_was_said_of_a_user_is_good_for_a_while_and_only_with_the_password() {
    let Some(mut slapd) = Slapd::start("what_was_said_of_a_user_is_good_for_a_while") else {
        return;
    };
    let mailbox = Mailbox::start();
    let section = slapd.section(
        &format!("ldaps://localhost:{}", slapd.tls),
        "cache_seconds = 3600",
    );
    let gateway = gateway(&mailbox, &section);
    let to = gateway.addresses()[0];
    assert!(plain(&mut Secured::open(to), "ann", PASSWORD).starts_with("235"));
    slapd.kill();
    let mut session = Secured::open(to);
    let answer = plain(&mut session, "ann", "wrong");
    assert!(answer.starts_with("454 4.7.0"), "{answer}");
    assert!(plain(&mut session, "ann", PASSWORD).starts_with("235"));
    assert!(session.say("MAIL FROM:<clerk@agency.example>").starts_with("250"));
    let mut session = Secured::open(to);
    assert!(plain(&mut session, "bob", PASSWORD).starts_with("454 4.7.0"));
}

#[test]
fn users_of_the_file_are_those_of_the_file_and_an_administrator_can_try_each() {
    let Some(slapd) = Slapd::start("users_of_the_file_are_those_of_the_file") else {
        return;
    };
    let mailbox = Mailbox::start();
    let section = slapd.section(&format!("ldaps://localhost:{}", slapd.tls), "");
    let gateway = gateway(&mailbox, &format!("users = \"users\"\n{section}"));
    let to = gateway.addresses()[0];
    let mut session = Secured::open(to);
    let offers = session.say("EHLO client.example");
    assert!(offers.contains("AUTH SCRAM-SHA-256 PLAIN LOGIN"), "{offers}");
    assert!(plain(&mut session, tls::USER, PASSWORD).starts_with("535"));
    assert!(plain(&mut session, tls::USER, tls::PASSWORD).starts_with("235"));
    assert!(plain(&mut Secured::open(to), "ann", PASSWORD).starts_with("235"));
    let settings = gateway.directory.path().join("sealgate.toml");
    let attempt = |name: &str, password: &str| {
        let mut command = Command::new(PROGRAM);
        command.args(["user", "check", name, "--config"]).arg(&settings);
        let pipes = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = pipes.spawn().expect("the program runs");
        let mut input = child.stdin.take().expect("standard input is piped");
        writeln!(input, "{password}").expect("the program reads");
        drop(input);
        let output = child.wait_with_output().expect("the program ends");
        let said = [output.stdout, output.stderr].concat();
        (
            output.status.success(),
            String::from_utf8_lossy(&said).into_owned(),
        )
    };
    let (right, said) = attempt("ann", PASSWORD);
    assert!(
        right && said.contains("ann@agency.example, clerk@agency.example"),
        "{said}"
    );
    assert!(said.contains("the directory ldaps://localhost"), "{said}");
    let (right, said) = attempt(tls::USER, tls::PASSWORD);
    assert!(right && said.contains("the file "), "{said}");
    let (right, said) = attempt("twin", PASSWORD);
    assert!(!right && said.contains("there is no such user"), "{said}");
}

#[test]
fn mistakes_in_the_section_have_their_line_and_a_cure() {
    let mailbox = Mailbox::start();
    let section = "[smtp.ldap]\nurl = \"ldaps://localhost\"\nbase = \"dc=agency\"";
    let gateway = gateway(&mailbox, section);
    let settings = gateway.directory.path().join("sealgate.toml");
    let good = std::fs::read_to_string(&settings).expect("it was just written");
    for (line, told) in [
        ("url = \"ldap://ldap.agency.example\"", "it would carry passwords"),
        (
            "url = \"ldaps://localhost\"\nfilter = \"(uid=*)\"",
            "`filter` must contain {user}",
        ),
        ("url = \"ldaps://localhost\"\nfiltre = \"(uid={user})\"", "filter"),
        ("url = \"ldaps://localhost\"\nscope = \"tree\"", "subtree"),
        (
            "url = \"ldaps://localhost\"\nca_file = \"nowhere.pem\"",
            "nowhere.pem",
        ),
    ] {
        std::fs::write(&settings, good.replace("url = \"ldaps://localhost\"", line)).expect("our own file");
        let output = check(&settings);
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        assert!(!output.status.success() && said.contains(told), "{line}: {said}");
        let number = good
            .lines()
            .position(|one| one.starts_with("url = "))
            .unwrap_or(0)
            + 1;
        let lines = [number, number + 1].map(|number| format!("sealgate.toml:{number}:"));
        assert!(lines.iter().any(|line| said.contains(line)), "{line}: {said}");
    }
}
