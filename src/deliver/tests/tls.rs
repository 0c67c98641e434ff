//! The four kinds of TLS, against servers that offer, refuse, break or fake it.

use openssl::ssl::SslContext;
use openssl::x509::extension::SubjectAlternativeName;

use super::pki::{self, Ca, loopback, stranger};
use super::server::{Heard, Script, Server};
use super::*;

fn queued() -> Attempt {
    delivered("250 2.0.0 queued")
}

/// A server that offers TLS and shakes hands.
fn secured(identity: &SslContext) -> Script {
    Script::greeting("STARTTLS")
        .answer("STARTTLS", "220 go")
        .secure(identity)
}

fn plain() -> Script {
    Script::greeting("HELP").mail()
}

async fn attempt(tls: Tls, scripts: impl IntoIterator<Item = Script>) -> (Attempt, Vec<Heard>) {
    let server = Server::start(scripts).await;
    let attempt = deliver_one(&courier(&settings(server.address, tls))).await;
    (attempt, server.heard().await)
}

async fn verified(host: &str, ca: &Ca, script: Script) -> Attempt {
    let server = Server::start([script]).await;
    let settings = Settings {
        next_hop: format!("{host}:{}", server.address.port()),
        tls: Tls::Verify,
        ca_file: Some(ca.file.clone()),
        ..Settings::default()
    };
    let attempt = deliver_one(&courier(&settings)).await;
    server.heard().await;
    attempt
}

fn nothing_was_mailed(heard: &[Heard]) -> bool {
    heard
        .iter()
        .flat_map(|one| &one.lines)
        .all(|line| !line.starts_with("MAIL"))
}

#[tokio::test]
async fn opportunistic_tls_takes_any_certificate_and_asks_again_what_is_offered() {
    // What the host offered before TLS, a size limit, no longer counts.
    let script = Script::greeting("SIZE 10|STARTTLS")
        .answer("STARTTLS", "220 go")
        .secure(&stranger())
        .ehlo("STARTTLS")
        .mail();
    let (attempt, heard) = attempt(Tls::Opportunistic, [script]).await;
    assert_eq!(attempt, queued());
    assert!(heard[0].tls);
}

#[tokio::test]
async fn opportunistic_tls_goes_without_where_there_is_none() {
    let (attempt, heard) = attempt(Tls::Opportunistic, [plain()]).await;
    assert_eq!(attempt, queued());
    assert!(!heard[0].tls);
}

#[tokio::test]
async fn opportunistic_tls_that_is_refused_or_broken_becomes_a_new_session_without() {
    let refused = |reply: &str| {
        Script::greeting("STARTTLS")
            .answer("STARTTLS", reply)
            .wait_for_end()
    };
    for broken in [
        refused("454 4.7.0 no key today"),
        refused("502 5.5.1 what?"),
        Script::greeting("STARTTLS").answer("STARTTLS", "220 go"),
        Script::greeting("STARTTLS")
            .answer("STARTTLS", "220 go")
            .hear_octets(1)
            .say("500 this is no handshake"),
    ] {
        let (attempt, heard) = attempt(Tls::Opportunistic, [broken, plain()]).await;
        assert_eq!(attempt, queued());
        assert!(nothing_was_mailed(&heard[..1]));
        assert!(!heard[1].tls);
    }
}

#[tokio::test]
async fn a_handshake_that_hangs_becomes_a_new_session_without_tls() {
    let hanging = Script::greeting("STARTTLS")
        .answer("STARTTLS", "220 go")
        .wait_for_end();
    let server = Server::start([hanging, plain()]).await;
    assert_eq!(
        deliver_one(&impatient(&settings(server.address, Tls::Opportunistic))).await,
        queued()
    );
    server.heard().await;
}

#[tokio::test]
async fn a_server_that_wants_a_client_certificate_gets_the_mail_without_tls() {
    // Under TLS 1.3 the client learns of that only after its own handshake.
    let choosy = secured(&pki::stranger_who_wants_a_certificate());
    let (attempt, heard) = attempt(Tls::Opportunistic, [choosy, plain()]).await;
    assert_eq!(attempt, queued());
    assert!(!heard[0].tls && !heard[1].tls);
}

#[tokio::test]
async fn required_tls_takes_any_certificate() {
    let (attempt, heard) = attempt(Tls::Required, [secured(&stranger()).ehlo("HELP").mail()]).await;
    assert_eq!(attempt, queued());
    assert!(heard[0].tls);
}

#[tokio::test]
async fn required_tls_sends_nothing_without() {
    let no_ehlo = Script::silent()
        .say("220 hop")
        .answer("EHLO gate.example", "502 what?")
        .answer("HELO gate.example", "250 hop");
    for tls in [Tls::Required, Tls::Verify] {
        for (script, words) in [
            (Script::greeting("HELP").wait_for_end(), "does not offer TLS"),
            (Script::greeting("XSTARTTLS").wait_for_end(), "does not offer TLS"),
            (
                Script::greeting("STARTTLS").answer("STARTTLS", "454 4.7.0 no"),
                "refuses TLS: 454 4.7.0 no",
            ),
            (
                Script::greeting("STARTTLS").answer("STARTTLS", "250 ok"),
                "refuses TLS: 250 ok",
            ),
            (
                Script::greeting("STARTTLS").answer("STARTTLS", "220 go"),
                "4.7.5 no TLS with",
            ),
        ] {
            let (attempt, heard) = attempt(tls, [script]).await;
            assert_not_now(&attempt, words);
            assert!(nothing_was_mailed(&heard));
        }
    }
    let (attempt, heard) = attempt(Tls::Required, [no_ehlo]).await;
    assert_not_now(&attempt, "does not offer TLS");
    assert!(nothing_was_mailed(&heard));
}

#[tokio::test]
async fn without_tls_an_offer_is_not_taken() {
    let (attempt, heard) = attempt(Tls::None, [Script::greeting("STARTTLS").mail()]).await;
    assert_eq!(attempt, queued());
    assert!(!heard[0].tls);
}

#[tokio::test]
async fn verified_tls_wants_a_certificate_of_a_known_ca_for_this_host() {
    let ca = Ca::new("verify");
    for host in ["localhost", "127.0.0.1"] {
        let good = secured(&ca.server(&loopback(), 30)).ehlo("HELP").mail();
        assert_eq!(verified(host, &ca, good).await, queued(), "{host}");
    }
}

#[tokio::test]
async fn verified_tls_refuses_every_other_certificate_and_says_why() {
    let ca = Ca::new("refuse");
    let unknown = Ca::new("unknown");
    let mut elsewhere = SubjectAlternativeName::new();
    elsewhere.dns("other.example").ip("192.0.2.1");
    for (identity, words) in [
        (ca.server(&elsewhere, 30), "mismatch"),
        (ca.server(&loopback(), -1), "expired"),
        (unknown.server(&loopback(), 30), "certificate is not valid"),
        (stranger(), "self-signed"),
    ] {
        for host in ["localhost", "127.0.0.1"] {
            let attempt = verified(host, &ca, secured(&identity)).await;
            assert_not_now(&attempt, words);
        }
    }
}

#[tokio::test]
async fn the_system_does_not_vouch_for_strangers() {
    let ca = Ca::new("system");
    let (attempt, heard) = attempt(Tls::Verify, [secured(&ca.server(&loopback(), 30))]).await;
    assert_not_now(&attempt, "4.7.5");
    assert!(!heard[0].tls || nothing_was_mailed(&heard));
}

#[tokio::test]
async fn replies_smuggled_in_before_the_handshake_end_the_session() {
    for tls in [Tls::Opportunistic, Tls::Required] {
        let script = Script::greeting("STARTTLS")
            .hear("STARTTLS")
            .say("220 go\r\n250-hop\r\n250 SIZE 1\r\n550 5.7.1 injected")
            .wait_for_end();
        let (attempt, heard) = attempt(tls, [script]).await;
        assert_not_now(&attempt, "looks like an attack");
        assert!(nothing_was_mailed(&heard));
    }
}

#[test]
fn a_file_without_certificates_is_a_mistake_of_the_settings() {
    let file = std::env::temp_dir().join(format!("sealgate-{}-no-ca.pem", std::process::id()));
    for text in [
        "",
        "no certificate",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        std::fs::write(&file, text).unwrap();
        let settings = Settings {
            ca_file: Some(file.clone()),
            ..settings("127.0.0.1:25".parse().unwrap(), Tls::Verify)
        };
        assert!(settings.mistakes()[0].contains("must hold CA certificates in PEM form"));
    }
    std::fs::remove_file(&file).unwrap();
}
