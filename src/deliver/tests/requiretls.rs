//! Mail whose sender requires TLS on the whole way (RFC 8689).

use openssl::ssl::SslContext;
use openssl::x509::extension::SubjectAlternativeName;

use super::mx::{exchangers, mail_to, second, send};
use super::named::Named;
use super::pki::{Ca, loopback, stranger};
use super::server::{Heard, Script, Server};
use super::*;
use crate::message::TlsWish;

const MAIL: &str = "MAIL FROM:<a@agency.example> REQUIRETLS";
const NOTICE: &str = "MAIL FROM:<> REQUIRETLS";

fn required(sender: Option<&str>, recipient: &str) -> Delivery {
    Delivery {
        tls: TlsWish::Required,
        ..delivery(sender, recipient)
    }
}

async fn deliver_required(courier: &Courier, sender: Option<&str>, recipient: &str) -> Attempt {
    let body = RawMessage::new(BODY.to_owned());
    let deliveries = [required(sender, recipient)];
    courier.deliver(&deliveries, &body).await.remove(0)
}

async fn mail_required(courier: &Courier) -> Attempt {
    deliver_required(courier, Some("a@agency.example"), "b@partner.example").await
}

fn under_tls(identity: &SslContext, extensions: &str) -> Script {
    // What is offered in clear counts for nothing.
    Script::greeting("STARTTLS|REQUIRETLS")
        .answer("STARTTLS", "220 go")
        .secure(identity)
        .ehlo(extensions)
}

/// A transaction that begins with this line.
fn mail(begin: &str) -> Script {
    Script::silent()
        .answer(begin, "250 2.1.0 ok")
        .answer("RCPT TO:<b@partner.example>", "250 2.1.5 ok")
        .answer("DATA", "354 go")
        .hear_body()
        .say("250 2.0.0 queued")
}

fn trusting(next_hop: String, tls: Tls, ca: &Ca) -> Courier {
    courier(&Settings {
        next_hop,
        ca_file: Some(ca.file.clone()),
        ..settings(([127, 0, 0, 1], 1).into(), tls)
    })
}

fn mails(heard: &[Heard]) -> usize {
    let lines = heard.iter().flat_map(|one| &one.lines);
    lines.filter(|line| line.starts_with("MAIL")).count()
}

#[tokio::test]
async fn a_host_that_is_verified_and_promises_it_gets_the_mail_with_the_parameter() {
    let ca = Ca::new("requiretls");
    let identity = ca.server(&loopback(), 30);
    // Whatever the settings ask: the sender asks for more.
    for tls in [Tls::Verify, Tls::Required, Tls::Opportunistic] {
        let server = Server::start([under_tls(&identity, "REQUIRETLS").then(mail(MAIL))]).await;
        let courier = trusting(server.address.to_string(), tls, &ca);
        assert_eq!(mail_required(&courier).await, delivered("250 2.0.0 queued"));
        server.heard().await;
    }
}

#[tokio::test]
async fn a_host_that_does_not_promise_it_gets_none_of_that_mail_but_other_mail() {
    let ca = Ca::new("unpromised");
    let script = under_tls(&ca.server(&loopback(), 30), "HELP").mail();
    let server = Server::start([script]).await;
    let courier = trusting(server.address.to_string(), Tls::Verify, &ca);
    for _ in 0..2 {
        assert_never(&mail_required(&courier).await, "5.7.30 the sender requires TLS");
    }
    assert_eq!(deliver_one(&courier).await, delivered("250 2.0.0 queued"));
    assert_eq!(mails(&server.heard().await), 1);
}

#[tokio::test]
async fn without_tls_or_with_a_host_that_nothing_proves_nothing_is_sent() {
    let ca = Ca::new("unproved");
    let plain = || Script::greeting("REQUIRETLS").wait_for_end();
    for tls in [Tls::Opportunistic, Tls::Required, Tls::Verify] {
        let server = Server::start([plain()]).await;
        let courier = trusting(server.address.to_string(), tls, &ca);
        assert_never(&mail_required(&courier).await, "5.7.10");
        assert_eq!(mails(&server.heard().await), 0);
    }
    let courier = trusting("127.0.0.1:1".to_owned(), Tls::None, &ca);
    assert_never(&mail_required(&courier).await, "the settings turn TLS off for it");
    // What may be mended within the hour is tried again.
    let mut elsewhere = SubjectAlternativeName::new();
    elsewhere.dns("other.example");
    for identity in [stranger(), ca.server(&elsewhere, 30), ca.server(&loopback(), -1)] {
        let handshake = Script::greeting("STARTTLS")
            .answer("STARTTLS", "220 go")
            .secure(&identity);
        let server = Server::start([handshake]).await;
        let courier = trusting(server.address.to_string(), Tls::Opportunistic, &ca);
        assert_not_now(&mail_required(&courier).await, "4.7.5");
        assert_eq!(mails(&server.heard().await), 0);
    }
    let refusing = Script::greeting("STARTTLS").answer("STARTTLS", "454 4.7.0 no key today");
    let server = Server::start([refusing]).await;
    let courier = trusting(server.address.to_string(), Tls::Verify, &ca);
    assert_not_now(&mail_required(&courier).await, "refuses TLS");
    server.heard().await;
}

#[tokio::test]
async fn the_next_host_is_tried_and_one_that_is_away_may_still_promise_it() {
    let ca = Ca::new("several");
    let identity = ca.server(&loopback(), 30);
    let lacking = || under_tls(&identity, "HELP").wait_for_end();
    let first = Server::start([lacking(), lacking()]).await;
    let second = Server::start([under_tls(&identity, "REQUIRETLS").then(mail(MAIL))]).await;
    let hosts = format!("{}; {}", first.address, second.address);
    let attempt = mail_required(&trusting(hosts, Tls::Verify, &ca)).await;
    assert_eq!(
        attempt,
        delivered(&format!("250 2.0.0 queued (said {})", second.address))
    );
    second.heard().await;
    // Nobody listens at the other one, whichever is asked first.
    let away = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let hosts = format!("{away}; {}", first.address);
    assert_not_now(&mail_required(&trusting(hosts, Tls::Verify, &ca)).await, "4.4.1");
    assert_eq!(mails(&first.heard().await), 0);
}

#[tokio::test]
async fn a_notice_prefers_such_a_way_and_takes_another_one_rather_than_none() {
    let ca = Ca::new("notice");
    let identity = ca.server(&loopback(), 30);
    let server = Server::start([under_tls(&identity, "REQUIRETLS").then(mail(NOTICE))]).await;
    let courier = trusting(server.address.to_string(), Tls::Opportunistic, &ca);
    let attempt = deliver_required(&courier, None, "b@partner.example").await;
    assert_eq!(attempt, delivered("250 2.0.0 queued"));
    server.heard().await;
    let in_clear = Script::greeting("HELP").then(mail("MAIL FROM:<>"));
    let server = Server::start([Script::greeting("HELP").wait_for_end(), in_clear]).await;
    let courier = trusting(server.address.to_string(), Tls::Opportunistic, &ca);
    let attempt = deliver_required(&courier, None, "b@partner.example").await;
    assert_eq!(attempt, delivered("250 2.0.0 queued"));
    server.heard().await;
}

#[tokio::test]
async fn of_very_many_recipients_all_are_told_the_same() {
    let ca = Ca::new("many");
    let server = Server::start([under_tls(&ca.server(&loopback(), 30), "HELP").wait_for_end()]).await;
    let courier = trusting(server.address.to_string(), Tls::Verify, &ca);
    let recipient = |number: u32| required(Some("a@agency.example"), &format!("b{number}@partner.example"));
    let deliveries: Vec<Delivery> = (0..250).map(recipient).collect();
    let attempts = courier
        .deliver(&deliveries, &RawMessage::new(BODY.to_owned()))
        .await;
    assert_eq!(attempts.len(), 250);
    for attempt in attempts {
        assert_never(&attempt, "5.7.30");
    }
    drop(courier);
    server.heard().await;
}

#[tokio::test]
async fn what_requires_it_is_not_sent_together_with_what_does_not() {
    let server = Server::start([Script::greeting("HELP").mail()]).await;
    let courier = courier(&settings(server.address, Tls::None));
    let deliveries = [
        delivery(Some("a@agency.example"), "b@partner.example"),
        required(Some("a@agency.example"), "c@partner.example"),
    ];
    let attempts = courier
        .deliver(&deliveries, &RawMessage::new(BODY.to_owned()))
        .await;
    assert_eq!(attempts[0], delivered("250 2.0.0 queued"));
    assert_not_now(&attempts[1], "mixed with mail of another sender");
    server.heard().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exchanger_is_proved_by_dnssec_or_by_nothing() {
    let test = "an_exchanger_is_proved_by_dnssec_or_by_nothing";
    let ca = Ca::new("exchanger");
    let mut names = SubjectAlternativeName::new();
    names.dns("mx.signed.example").dns("implicit.example");
    let identity = ca.server(&names, 30);
    let to = |recipient: &str| {
        Script::silent()
            .answer(MAIL, "250 2.1.0 ok")
            .answer(&format!("RCPT TO:<{recipient}>"), "250 2.1.5 ok")
            .answer("DATA", "354 go")
            .hear_body()
            .say("250 2.0.0 queued")
    };
    let server = second([
        under_tls(&identity, "REQUIRETLS").then(to("b@signed.example")),
        under_tls(&identity, "REQUIRETLS").then(to("b@implicit.example")),
        mail_to("b@unsigned.example"),
    ])
    .await;
    let port = server.address.port();
    let signed = "signed.example. IN MX 10 mx.signed.example.\nmx.signed.example. IN A 127.0.0.2\n\
                  implicit.example. IN A 127.0.0.2\n";
    let unsigned = "unsigned.example. IN MX 10 mx.unsigned.example.\nmx.unsigned.example. IN A 127.0.0.2\n";
    let Some(named) = Named::start(test, signed, unsigned, ("", "")) else {
        return;
    };
    let courier = courier(&Settings {
        ca_file: Some(ca.file.clone()),
        ..exchangers(&named, port, Tls::Dane)
    });
    let sender = Some("a@agency.example");
    for domain in ["signed.example", "implicit.example"] {
        let attempt = deliver_required(&courier, sender, &format!("b@{domain}")).await;
        assert!(matches!(attempt, Attempt::Delivered(_)), "{domain}: {attempt:?}");
    }
    let attempt = deliver_required(&courier, sender, "b@unsigned.example").await;
    assert_never(&attempt, "neither DNSSEC nor an MTA-STS policy");
    // Mail that requires nothing goes there.
    let attempt = send(&courier, "b@unsigned.example").await;
    assert!(matches!(attempt, Attempt::Delivered(_)), "{attempt:?}");
    server.heard().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_that_waives_it_goes_out_whatever_the_domain_has_published() {
    let test = "mail_that_waives_it_goes_out_whatever_the_domain_has_published";
    let server = second([
        Script::greeting("HELP").wait_for_end(),
        mail_to("b@partner.example"),
    ])
    .await;
    let port = server.address.port();
    let zone = format!(
        "partner.example. IN MX 10 mx.partner.example.\nmx.partner.example. IN A 127.0.0.2\n\
         _{port}._tcp.mx.partner.example. IN TLSA 3 1 1 {}\n",
        "00".repeat(32)
    );
    let Some(named) = Named::start(test, &zone, "", ("", "")) else {
        return;
    };
    let courier = courier(&exchangers(&named, port, Tls::Dane));
    assert_not_now(&send(&courier, "b@partner.example").await, "does not offer TLS");
    let waiving = Delivery {
        tls: TlsWish::Waived,
        ..delivery(Some("a@agency.example"), "b@partner.example")
    };
    let body = RawMessage::new(BODY.to_owned());
    let attempt = courier.deliver(&[waiving], &body).await.remove(0);
    assert!(matches!(attempt, Attempt::Delivered(_)), "{attempt:?}");
    server.heard().await;
}
