//! What destinations publish about their TLS: TLSA records from a real name server, policies from an HTTPS server.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::Pin;

use openssl::hash::{MessageDigest, hash};
use openssl::ssl::{Ssl, SslContext};
use openssl::x509::X509Ref;
use openssl::x509::extension::SubjectAlternativeName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_openssl::SslStream;

use super::super::MtaStsSettings;
use super::mx::{exchangers, mail_to, mail_to_again, said, second, send};
use super::named::Named;
use super::pki::{Ca, stranger};
use super::server::Script;
use super::*;

fn names(all: &[&str]) -> SubjectAlternativeName {
    let mut san = SubjectAlternativeName::new();
    for name in all {
        san.dns(name);
    }
    san
}

fn under_tls(identity: &SslContext, recipient: &str) -> Script {
    handshake(identity).ehlo("HELP").then(mail_to_again(recipient))
}

fn handshake(identity: &SslContext) -> Script {
    Script::greeting("STARTTLS")
        .answer("STARTTLS", "220 go")
        .secure(identity)
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// `3 1 1 …`: the key of the host itself.
fn own_key(certificate: &X509Ref) -> String {
    let key = certificate.public_key().unwrap().public_key_to_der().unwrap();
    format!("3 1 1 {}", hex(&hash(MessageDigest::sha256(), &key).unwrap()))
}

fn whole(usage: u8, certificate: &X509Ref) -> String {
    let der = certificate.to_der().unwrap();
    format!(
        "{usage} 0 2 {}",
        hex(&hash(MessageDigest::sha512(), &der).unwrap())
    )
}

/// What comes of the mail to a domain whose exchanger has these records.
struct Case {
    domain: &'static str,
    records: Vec<String>,
    script: Option<Script>,
    /// `None` when it is delivered.
    words: Option<&'static str>,
}

fn recipient(domain: &str) -> String {
    format!("b@{domain}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_must_have_what_its_tlsa_records_say() {
    let test = "a_host_must_have_what_its_tlsa_records_say";
    let ca = Ca::new("dane");
    let own = stranger();
    let key = own_key(own.certificate().unwrap());
    let anchor = whole(2, ca.certificate());
    let wrong = format!("3 1 1 {}", "00".repeat(32));
    let named = |name: &str, days| ca.server_with_chain(&names(&[name]), days);
    let case = |domain: &'static str, records: &[&String], script, words| Case {
        domain,
        records: records.iter().map(|record| (*record).clone()).collect(),
        script: Some(script),
        words,
    };
    let unusable = format!("1 0 1 {}", "00".repeat(32));
    let fine = |identity: &SslContext, domain: &str| under_tls(identity, &recipient(domain));
    let cases = [
        // Whatever its names and dates.
        case("key.example", &[&wrong, &key], fine(&own, "key.example"), None),
        case(
            "own.example",
            &[&whole(3, own.certificate().unwrap())],
            fine(&own, "own.example"),
            None,
        ),
        case(
            "other.example",
            &[&wrong],
            handshake(&own),
            Some("none of them names it or its CA"),
        ),
        case(
            "ca.example",
            &[&anchor],
            fine(&named("mx.ca.example", 30), "ca.example"),
            None,
        ),
        case(
            "domain.example",
            &[&anchor],
            fine(&named("domain.example", 30), "domain.example"),
            None,
        ),
        case(
            "name.example",
            &[&anchor],
            handshake(&named("mx.ca.example", 30)),
            Some("mismatch"),
        ),
        case(
            "old.example",
            &[&anchor],
            handshake(&named("mx.old.example", -1)),
            Some("expired"),
        ),
        case(
            "stripped.example",
            &[&key],
            Script::greeting("HELP").wait_for_end(),
            Some("does not offer TLS"),
        ),
        case(
            "unusable.example",
            &[&unusable],
            fine(&own, "unusable.example"),
            None,
        ),
        case(
            "unusable-stripped.example",
            &[&unusable],
            Script::greeting("HELP").wait_for_end(),
            Some("does not offer TLS"),
        ),
        case("without.example", &[], mail_to("b@without.example"), None),
        Case {
            script: None,
            ..case(
                "forged.example",
                &[&format!("3 1 1 {}", "ab".repeat(32))],
                Script::silent(),
                Some("cannot be verified"),
            )
        },
        // Its address is not proved, so its records are not looked at.
        case("unsigned.example", &[&wrong], mail_to("b@unsigned.example"), None),
    ];
    let mut scripts = Vec::new();
    let mut expected = Vec::new();
    let mut zones = [String::new(), String::new()];
    let mut records = Vec::new();
    for case in cases {
        scripts.extend(case.script);
        expected.push((case.domain, case.words));
        records.push((case.domain, case.records));
    }
    let server = second(scripts).await;
    let port = server.address.port();
    for (domain, records) in records {
        let zone = &mut zones[usize::from(domain == "unsigned.example")];
        *zone += &format!("{domain}. IN MX 10 mx.{domain}.\nmx.{domain}. IN A 127.0.0.2\n");
        for record in records {
            *zone += &format!("_{port}._tcp.mx.{domain}. IN TLSA {record}\n");
        }
    }
    let changed = ("AB".repeat(28), "AC".repeat(28));
    let Some(named) = Named::start(test, &zones[0], &zones[1], (&changed.0, &changed.1)) else {
        return;
    };
    let courier = courier(&exchangers(&named, port, Tls::Dane));
    for (domain, words) in expected {
        let attempt = send(&courier, &recipient(domain)).await;
        match words {
            None => assert_eq!(attempt, said(&format!("mx.{domain}"), port), "{domain}"),
            Some(words) => assert_not_now(&attempt, words),
        }
    }
    server.heard().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_named_next_hop_has_tlsa_records_too() {
    let test = "a_named_next_hop_has_tlsa_records_too";
    let own = stranger();
    let server = second([handshake(&own)]).await;
    let port = server.address.port();
    let zone = format!(
        "relay.example. IN A 127.0.0.2\n_{port}._tcp.relay.example. IN TLSA 3 1 1 {}\n",
        "00".repeat(32)
    );
    let Some(named) = Named::start(test, &zone, "", ("", "")) else {
        return;
    };
    let settings = Settings {
        next_hop: format!("relay.example:{port}"),
        ..exchangers(&named, port, Tls::Dane)
    };
    assert_not_now(&deliver_one(&courier(&settings)).await, "none of them names it");
    server.heard().await;
}

/// An HTTPS server that gives each host an answer, head and body.
async fn web(identity: SslContext, answers: HashMap<String, String>) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.2:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let mut stream = SslStream::new(Ssl::new(&identity).unwrap(), socket).unwrap();
            if Pin::new(&mut stream).accept().await.is_err() {
                continue;
            }
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") && stream.read_buf(&mut request).await.unwrap_or(0) > 0 {}
            let request = String::from_utf8_lossy(&request).to_lowercase();
            assert!(request.starts_with("get /.well-known/mta-sts.txt "), "{request}");
            let host = request.split("host: mta-sts.").nth(1).unwrap();
            let host = host.split(['\r', ':']).next().unwrap();
            let _ = stream.write_all(answers[host].as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    });
    address
}

fn answer(status: &str, kind: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nLocation: https://elsewhere.example/\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}

fn policy(mode: &str, mx: &str) -> String {
    let body = format!("version: STSv1\r\nmode: {mode}\r\nmx: {mx}\r\nmax_age: 86400\r\n");
    answer("200 OK", "text/plain", &body)
}

fn sts_zone(domains: &[&str]) -> String {
    let zone = |domain: &&str| {
        format!(
            "{domain}. IN MX 10 mx.{domain}.\nmx.{domain}. IN A 127.0.0.2\nmta-sts.{domain}. IN A 127.0.0.2\n\
             _mta-sts.{domain}. IN TXT \"v=STSv1; id=1\"\n"
        )
    };
    domains.iter().map(zone).collect()
}

fn following(named: &Named, port: u16, ca: &Ca, cache: &Path, web: SocketAddr) -> Courier {
    let settings = Settings {
        ca_file: Some(ca.file.clone()),
        mta_sts: MtaStsSettings {
            cache: Some(cache.to_owned()),
            ca_file: Some(ca.file.clone()),
            timeout_seconds: 10,
        },
        ..exchangers(named, port, Tls::Published)
    };
    let mut courier = courier(&settings);
    let shared = Arc::get_mut(&mut courier.0).unwrap();
    shared.mta_sts.as_mut().unwrap().fetcher.port = web.port();
    courier
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_must_have_what_the_policy_of_the_domain_says() {
    let test = "a_host_must_have_what_the_policy_of_the_domain_says";
    let ca = Ca::new("sts");
    let fits = |domain: &str| ca.server(&names(&[&format!("mx.{domain}")]), 30);
    let own = stranger();
    let plain = |domain: &str| mail_to(&recipient(domain));
    let mx = |domain: &str| format!("mx.{domain}");
    let huge = format!(
        "version: STSv1\r\nmode: enforce\r\nmx: x\r\nmax_age: 9\r\n{}",
        "x".repeat(70_000)
    );
    let (no, page) = ("none of these", "<html>mode: enforce</html>");
    // Domain, what the web server says, what the host does in each session, what comes of it.
    let cases: Vec<(&str, String, Vec<Script>, Option<&str>)> = vec![
        (
            "right.example",
            policy("enforce", "*.right.example"),
            vec![under_tls(&fits("right.example"), "b@right.example")],
            None,
        ),
        (
            "name.example",
            policy("enforce", &mx("name.example")),
            vec![handshake(&fits("right.example"))],
            Some("mismatch"),
        ),
        (
            "old.example",
            policy("enforce", &mx("old.example")),
            vec![handshake(&ca.server(&names(&["mx.old.example"]), -1))],
            Some("expired"),
        ),
        (
            "stranger.example",
            policy("enforce", &mx("stranger.example")),
            vec![handshake(&own)],
            Some("self-signed"),
        ),
        (
            "stripped.example",
            policy("enforce", &mx("stripped.example")),
            vec![Script::greeting("HELP").wait_for_end()],
            Some("does not offer TLS"),
        ),
        (
            "foreign.example",
            policy("enforce", no),
            vec![],
            Some("no mail exchanger that the MTA-STS policy of foreign.example names"),
        ),
        (
            "testing.example",
            policy("testing", &mx("testing.example")),
            vec![handshake(&own), under_tls(&own, "b@testing.example")],
            None,
        ),
        (
            "lax.example",
            policy("testing", no),
            vec![plain("lax.example")],
            None,
        ),
        (
            "none.example",
            policy("none", no),
            vec![plain("none.example")],
            None,
        ),
        (
            "gone.example",
            answer("404 Not Found", "text/plain", ""),
            vec![plain("gone.example")],
            None,
        ),
        (
            "moved.example",
            answer("301 Moved", "text/plain", "version: STSv1"),
            vec![plain("moved.example")],
            None,
        ),
        (
            "page.example",
            answer("200 OK", "text/html", page),
            vec![plain("page.example")],
            None,
        ),
        (
            "huge.example",
            answer("200 OK", "text/plain", &huge),
            vec![plain("huge.example")],
            None,
        ),
        // Its web server has a certificate for other names.
        (
            "foul.example",
            policy("enforce", no),
            vec![plain("foul.example")],
            None,
        ),
    ];
    let domains: Vec<&str> = cases.iter().map(|case| case.0).collect();
    let certified: Vec<String> = domains
        .iter()
        .filter(|domain| **domain != "foul.example")
        .map(|domain| format!("mta-sts.{domain}"))
        .collect();
    let certified: Vec<&str> = certified.iter().map(String::as_str).collect();
    let Some(named) = Named::start(test, &sts_zone(&domains), "", ("", "")) else {
        return;
    };
    let answers = cases
        .iter()
        .map(|case| (case.0.to_owned(), case.1.clone()))
        .collect();
    let web = web(ca.server(&names(&certified), 30), answers).await;
    let mut scripts = Vec::new();
    let mut expected = Vec::new();
    for (domain, _, sessions, words) in cases {
        scripts.extend(sessions);
        expected.push((domain, words));
    }
    let server = second(scripts).await;
    let port = server.address.port();
    let cache = std::env::temp_dir().join(format!("sealgate-policies-{}.json", std::process::id()));
    let courier = following(&named, port, &ca, &cache, web);
    for (domain, words) in expected {
        let attempt = send(&courier, &recipient(domain)).await;
        match words {
            None => assert_eq!(attempt, said(&mx(domain), port), "{domain}"),
            Some(words) => assert_not_now(&attempt, words),
        }
    }
    server.heard().await;
    std::fs::remove_file(&cache).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_holds_after_a_restart_although_it_cannot_be_fetched_any_more() {
    let test = "a_policy_holds_after_a_restart_although_it_cannot_be_fetched_any_more";
    let ca = Ca::new("restart");
    let Some(named) = Named::start(test, &sts_zone(&["kept.example"]), "", ("", "")) else {
        return;
    };
    let host = ca.server(&names(&["mx.kept.example", "mta-sts.kept.example"]), 30);
    let answers = HashMap::from([("kept.example".to_owned(), policy("enforce", "mx.kept.example"))]);
    let web = web(host.clone(), answers).await;
    let stripped = Script::greeting("HELP").wait_for_end();
    let server = second([under_tls(&host, "b@kept.example"), stripped]).await;
    let port = server.address.port();
    let cache = std::env::temp_dir().join(format!("sealgate-kept-{}.json", std::process::id()));
    let courier = following(&named, port, &ca, &cache, web);
    assert_eq!(
        send(&courier, "b@kept.example").await,
        said("mx.kept.example", port)
    );
    drop(courier);
    drop(named);
    // The same zone without the record, and nobody who gives the policy.
    let zone = sts_zone(&["kept.example"]).replace("_mta-sts.", "_other.");
    let named = Named::start(test, &zone, "", ("", "")).unwrap();
    let nobody = "127.0.0.2:1".parse().unwrap();
    let courier = following(&named, port, &ca, &cache, nobody);
    assert_not_now(&send(&courier, "b@kept.example").await, "does not offer TLS");
    server.heard().await;
    std::fs::remove_file(&cache).unwrap();
}
