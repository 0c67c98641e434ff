//! Mail exchangers from a real name server, and next hops that stand in for each other.

use super::super::{DnsSettings, Route};
use super::named::Named;
use super::server::{Script, Server};
use super::*;

/// What mail to that address comes to. Nothing more listens than the test has started.
pub async fn send(courier: &Courier, recipient: &str) -> Attempt {
    deliver(courier, &[recipient], BODY).await.remove(0)
}

pub fn mail_to(recipient: &str) -> Script {
    Script::greeting("HELP")
        .answer("MAIL FROM:<a@agency.example>", "250 2.1.0 ok")
        .answer(&format!("RCPT TO:<{recipient}>"), "250 2.1.5 ok")
        .answer("DATA", "354 go")
        .hear_body()
        .say("250 2.0.0 queued")
}

pub fn exchangers(named: &Named, port: u16, tls: Tls) -> Settings {
    Settings {
        next_hop: format!("mx:{port}"),
        tls,
        dns: DnsSettings {
            resolvers: vec![named.address],
            trust_anchors: Some(named.anchors.clone()),
            timeout_seconds: 2,
        },
        timeout: Timeout(30),
        ..Settings::default()
    }
}

/// A server at the second loopback address, at a port where nobody listens at the other ones.
pub async fn second(scripts: impl IntoIterator<Item = Script>) -> Server {
    Server::start_at("127.0.0.2:0".parse().unwrap(), scripts).await
}

pub fn said(server: &str, port: u16) -> Attempt {
    delivered(&format!("250 2.0.0 queued (said {server}:{port})"))
}

const ZONE: &str = "\
    one.example. IN MX 10 away.one.example.\n\
    one.example. IN MX 20 there.one.example.\n\
    away.one.example. IN A 127.0.0.3\n\
    there.one.example. IN AAAA ::ffff:127.0.0.4\nthere.one.example. IN A 127.0.0.2\n\
    implicit.example. IN A 127.0.0.2\n\
    xn--bcher-kva.example. IN MX 10 there.one.example.\n\
    null.example. IN MX 0 .\n\
    text.example. IN TXT \"no mail here\"\n\
    loop.example. IN MX 10 gate.example.\nloop.example. IN MX 10 there.one.example.\n\
    behind.example. IN MX 10 there.one.example.\nbehind.example. IN MX 20 gate.example.\n\
    behind.example. IN MX 30 away.one.example.\n\
    dangling.example. IN MX 10 nowhere.example.\n\
    astray.example. IN MX 10 mx.lame.example.\n";

#[tokio::test(flavor = "multi_thread")]
async fn mail_goes_to_the_best_exchanger_that_answers() {
    let name = "mail_goes_to_the_best_exchanger_that_answers";
    let Some(named) = Named::start(name, ZONE, "", ("", "")) else {
        return;
    };
    let server = second([mail_to("b@one.example").then(mail_to_again("c@one.example"))]).await;
    let port = server.address.port();
    let courier = courier(&exchangers(&named, port, Tls::None));
    assert_eq!(
        courier.next_hop(&"b@one.example".parse().unwrap()),
        "mx:one.example"
    );
    let answer = said("there.one.example", port);
    assert_eq!(send(&courier, "b@one.example").await, answer);
    // The session is kept for the next mail to the same exchanger.
    assert_eq!(send(&courier, "c@one.example").await, answer);
    server.heard().await;
}

pub fn mail_to_again(recipient: &str) -> Script {
    Script::silent()
        .answer("MAIL FROM:<a@agency.example>", "250 2.1.0 ok")
        .answer(&format!("RCPT TO:<{recipient}>"), "250 2.1.5 ok")
        .answer("DATA", "354 go")
        .hear_body()
        .say("250 2.0.0 queued")
}

#[tokio::test(flavor = "multi_thread")]
async fn domains_without_exchanger_beyond_ascii_or_behind_the_gateway_are_reached() {
    let name = "domains_without_exchanger_beyond_ascii_or_behind_the_gateway_are_reached";
    let Some(named) = Named::start(name, ZONE, "", ("", "")) else {
        return;
    };
    let beyond = Script::greeting("SMTPUTF8")
        .answer("MAIL FROM:<a@agency.example> SMTPUTF8", "250 2.1.0 ok")
        .answer("RCPT TO:<b@bücher.example>", "250 2.1.5 ok")
        .answer("DATA", "354 go")
        .hear_body()
        .say("250 2.0.0 queued");
    let scripts = [
        mail_to("b@implicit.example"),
        beyond,
        mail_to_again("b@behind.example"),
    ];
    let [implicit, beyond, behind] = scripts;
    let server = second([implicit, beyond.then(behind), mail_to("b@[127.0.0.2]")]).await;
    let port = server.address.port();
    let courier = courier(&exchangers(&named, port, Tls::None));
    assert_eq!(
        send(&courier, "b@implicit.example").await,
        said("implicit.example", port)
    );
    for recipient in ["b@bücher.example", "b@behind.example"] {
        assert_eq!(send(&courier, recipient).await, said("there.one.example", port));
    }
    assert_eq!(send(&courier, "b@[127.0.0.2]").await, said("127.0.0.2", port));
    server.heard().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_dns_rules_out_is_final_and_what_it_cannot_say_is_tried_again() {
    let name = "what_the_dns_rules_out_is_final_and_what_it_cannot_say_is_tried_again";
    let Some(named) = Named::start(name, ZONE, "", ("", "")) else {
        return;
    };
    let courier = courier(&exchangers(&named, 1, Tls::None));
    for (recipient, words) in [
        ("b@null.example", "5.1.10 the domain null.example takes no mail"),
        ("b@nosuch.example", "5.1.2 there is no domain nosuch.example"),
        ("b@text.example", "5.4.4 the domain text.example takes no mail"),
        ("b@loop.example", "5.4.6 mail for loop.example loops"),
    ] {
        assert_never(&send(&courier, recipient).await, words);
    }
    for (recipient, words) in [
        (
            "b@lame.example",
            "4.4.3 the DNS gives no answer about lame.example",
        ),
        (
            "b@astray.example",
            "4.4.3 the DNS gives no answer about mx.lame.example",
        ),
        (
            "b@dangling.example",
            "4.4.4 nowhere.example, which takes mail for dangling.example",
        ),
        ("b@implicit.example", "4.4.1 no connection to implicit.example:1"),
    ] {
        assert_not_now(&send(&courier, recipient).await, words);
    }
    drop(named);
    // What was said before is still known, and nothing else.
    assert_never(&send(&courier, "b@null.example").await, "5.1.10");
    assert_not_now(&send(&courier, "b@new.example").await, "4.4.3");
}

#[tokio::test]
async fn a_spare_host_takes_over_and_the_first_one_is_asked_last_for_a_while() {
    let first = Server::start([Script::silent().say("421 4.3.2 not now")]).await;
    let spare = Server::start([Script::greeting("HELP").mail().mail()]).await;
    let settings = Settings {
        next_hop: format!("{};{}", first.address, spare.address),
        ..settings(first.address, Tls::None)
    };
    let courier = courier(&settings);
    let answer = said("127.0.0.1", spare.address.port());
    assert_eq!(deliver_one(&courier).await, answer);
    // The script of the first host has one connection only.
    assert_eq!(deliver_one(&courier).await, answer);
    first.heard().await;
    spare.heard().await;
}

#[tokio::test]
async fn a_refusal_is_the_answer_of_all_hosts_and_no_host_means_later() {
    let first =
        Server::start([Script::greeting("HELP").answer("MAIL FROM:<a@agency.example>", "550 5.7.1 no")])
            .await;
    let address = first.address;
    let settings = Settings {
        next_hop: format!("{address}, {address};127.0.0.1:1"),
        ..settings(address, Tls::None)
    };
    let courier = courier(&settings);
    let refused = deliver_one(&courier).await;
    assert_never(&refused, "550 5.7.1 no (said 127.0.0.1");
    let Attempt::Never(reply) = refused else {
        unreachable!()
    };
    let next_hop = courier.next_hop(&"b@partner.example".parse().unwrap());
    assert_eq!(super::super::answered_by(&next_hop, &reply), address.to_string());
    first.heard().await;
    drop(courier);
}

#[tokio::test]
async fn a_verified_exchanger_must_have_a_name_of_the_recipients_domain_or_one_that_was_written_down() {
    let mistakes = |names: &[&str], tls| {
        let route = Route {
            domain: "partner.example".to_owned(),
            next_hop: "a.example".to_owned(),
            tls,
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            ..Route::default()
        };
        let settings = Settings {
            routes: vec![route],
            ..settings("127.0.0.1:25".parse().unwrap(), Tls::None)
        };
        settings.mistakes()
    };
    assert_eq!(
        mistakes(&["mx.example", ".partner.example"], Tls::Verify),
        Vec::<String>::new()
    );
    assert!(mistakes(&["mx example"], Tls::Verify)[0].contains("names has"));
    assert!(mistakes(&["mx.example"], Tls::Required)[0].contains("verify"));
}

#[tokio::test(flavor = "multi_thread")]
async fn verified_tls_asks_an_exchanger_for_a_name_of_the_domain() {
    let name = "verified_tls_asks_an_exchanger_for_a_name_of_the_domain";
    let Some(named) = Named::start(name, ZONE, "", ("", "")) else {
        return;
    };
    let ca = super::pki::Ca::new("exchangers");
    for (certified, fits) in [
        ("one.example", true),
        ("mail.one.example", true),
        ("there.one.example.evil.example", false),
        ("evilone.example", false),
    ] {
        let mut san = openssl::x509::extension::SubjectAlternativeName::new();
        san.dns(certified);
        let script = Script::greeting("STARTTLS")
            .answer("STARTTLS", "220 go")
            .secure(&ca.server(&san, 30));
        let script = match fits {
            true => script.ehlo("HELP").then(mail_to_again("b@one.example")),
            false => script,
        };
        let server = second([script]).await;
        let port = server.address.port();
        let settings = Settings {
            ca_file: Some(ca.file.clone()),
            ..exchangers(&named, port, Tls::Verify)
        };
        let attempt = send(&courier(&settings), "b@one.example").await;
        match fits {
            true => assert_eq!(attempt, said("there.one.example", port), "{certified}"),
            false => assert_not_now(&attempt, "mismatch"),
        }
        server.heard().await;
    }
}
