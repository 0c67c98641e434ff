//! Next hops that fail, lie or attack.

use super::super::session::{Caller, Session};
use super::super::target::{Security, Target};
use super::super::wire::Pace;
use super::server::{Script, Server};
use super::*;

async fn attempt_at(script: Script) -> Attempt {
    let server = Server::start([script]).await;
    let attempt = deliver_one(&courier(&settings(server.address, Tls::None))).await;
    server.heard().await;
    attempt
}

/// Scripts that end just before each reply of a plain transaction.
fn up_to_each_reply() -> Vec<(&'static str, Script)> {
    let mail = "MAIL FROM:<a@agency.example>";
    let to_b = "RCPT TO:<b@partner.example>";
    let greeting = || Script::greeting("HELP");
    vec![
        ("greeting", Script::silent()),
        ("EHLO", Script::silent().say("220 hop").hear("EHLO gate.example")),
        ("MAIL", greeting().hear(mail)),
        ("RCPT", greeting().answer(mail, "250 ok").hear(to_b)),
        (
            "DATA",
            greeting()
                .answer(mail, "250 ok")
                .answer(to_b, "250 ok")
                .hear("DATA"),
        ),
        ("dot", greeting().envelope().hear_body()),
    ]
}

#[tokio::test]
async fn a_421_at_any_time_means_not_now() {
    for (place, script) in up_to_each_reply() {
        let attempt = attempt_at(script.say("421-4.3.2 closing\r\n421 4.3.2 down")).await;
        assert_not_now(&attempt, "421 4.3.2 closing down");
        let after = matches!(&attempt, Attempt::NotNow(text) if text.contains("may come twice"));
        assert_eq!(after, place == "dot", "{place}");
    }
}

#[tokio::test]
async fn a_connection_lost_at_any_time_means_not_now() {
    for (place, script) in up_to_each_reply() {
        let attempt = attempt_at(script).await;
        assert_not_now(&attempt, "4.4.2");
        let after = matches!(&attempt, Attempt::NotNow(text) if text.contains("may come twice"));
        assert_eq!(after, place == "dot", "{place}");
    }
}

#[tokio::test]
async fn nonsense_at_any_time_means_not_now() {
    let endless = "250-x\r\n".repeat(10_000);
    let giant = "250 ".to_owned() + &"x".repeat(1_000_000);
    for nonsense in [
        "HTTP/1.1 400 Bad Request\r\n",
        "250-one\r\n550 two\r\n",
        "\0\0\0\0\r\n",
        "99999999999\r\n",
        "330 neither\r\n",
        endless.as_str(),
        giant.as_str(),
    ] {
        for (place, script) in up_to_each_reply() {
            let attempt = attempt_at(script.say_raw(nonsense.as_bytes()).wait_for_end()).await;
            let Attempt::NotNow(text) = attempt else {
                panic!("{place}: {attempt:?}");
            };
            assert!(text.len() <= 600 && !text.contains(char::is_control), "{text}");
        }
    }
}

#[tokio::test]
async fn a_hop_that_falls_silent_costs_one_time_out() {
    for (place, script) in up_to_each_reply() {
        let server = Server::start([script.wait_for_end()]).await;
        let attempt = deliver_one(&impatient(&settings(server.address, Tls::None))).await;
        assert_not_now(&attempt, "took too long");
        assert_eq!(server.heard().await.len(), 1, "{place}");
    }
}

#[tokio::test]
async fn a_refusal_to_talk_at_all_is_never_final() {
    for greeting in ["554 5.7.1 go away", "521 no mail here", "250 ok"] {
        assert_not_now(&attempt_at(Script::silent().say(greeting)).await, greeting);
    }
    let script = Script::silent()
        .say("220 hop")
        .answer("EHLO gate.example", "550 5.7.1 bad name")
        .answer("HELO gate.example", "550 5.7.1 bad name");
    assert_not_now(&attempt_at(script).await, "550 5.7.1 bad name");
}

#[tokio::test]
async fn replies_that_nothing_asked_for_end_the_session_before_they_are_believed() {
    // With them in the queue, every later reply would be taken for that of the wrong command.
    let early = Script::silent().say("220 hop\r\n250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n250 queued");
    assert_not_now(&attempt_at(early.wait_for_end()).await, "nothing asked for");
    let before_the_dot = Script::greeting("PIPELINING")
        .hear_together(&[
            "MAIL FROM:<a@agency.example>",
            "RCPT TO:<b@partner.example>",
            "DATA",
        ])
        .say("250 ok\r\n250 ok\r\n354 go\r\n250 2.0.0 queued");
    assert_not_now(
        &attempt_at(before_the_dot.wait_for_end()).await,
        "nothing asked for",
    );
}

#[tokio::test]
async fn a_hop_that_stops_reading_costs_one_time_out() {
    let end = Arc::new(tokio::sync::Notify::new());
    let script = Script::greeting("HELP")
        .envelope()
        .hear_octets(1000)
        .stand_still(&end);
    let server = Server::start([script]).await;
    let body = "x".repeat(40_000_000);
    let courier = impatient(&settings(server.address, Tls::None));
    let attempts = deliver(&courier, &["b@partner.example"], &body).await;
    assert_not_now(&attempts[0], "takes no more data");
    end.notify_one();
    server.heard().await;
}

#[tokio::test]
async fn what_a_hop_says_when_it_hangs_up_within_a_body_counts() {
    let body = "x".repeat(8_000_000);
    for (reply, attempt) in [
        ("552 5.3.4 too big", never("552 5.3.4 too big")),
        ("451 4.3.0 trouble", not_now("451 4.3.0 trouble")),
    ] {
        let script = Script::greeting("HELP")
            .envelope()
            .hear_octets(100_000)
            .say(reply);
        let server = Server::start([script]).await;
        let courier = courier(&settings(server.address, Tls::None));
        assert_eq!(deliver(&courier, &["b@partner.example"], &body).await, [attempt]);
        server.heard().await;
    }
    let script = Script::greeting("HELP")
        .envelope()
        .hear_octets(100_000)
        .say("250 2.0.0 sure");
    let server = Server::start([script]).await;
    let courier = courier(&settings(server.address, Tls::None));
    let attempts = deliver(&courier, &["b@partner.example"], &body).await;
    assert_not_now(&attempts[0], "4.4.2");
    server.heard().await;
}

#[tokio::test]
async fn a_host_that_does_not_listen_or_does_not_exist_is_tried_later() {
    let unused = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    assert_not_now(
        &deliver_one(&courier(&settings(unused, Tls::None))).await,
        "4.4.1 no connection to 127.0.0.1:",
    );
}

#[tokio::test]
async fn every_address_of_a_host_is_tried_until_one_gives_a_session() {
    let unused = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let busy = Server::start([Script::silent().say("421 4.3.2 too busy")]).await;
    let good = Server::start([Script::greeting("HELP").wait_for_end()]).await;
    let addresses = [unused, busy.address, good.address];
    let courier = courier(&settings(unused, Tls::None));
    let way = courier.0.routes.way("partner.example").unwrap();
    let hop = &Target::new(way, "127.0.0.1", unused.port(), None, Security::None);
    let caller = Caller {
        hostname: "gate.example".to_owned(),
    };
    let pace = Pace::new(Duration::from_secs(30));
    let session = Session::open_first(hop, &addresses, &caller, pace).await;
    assert!(session.is_ok());
    drop(session);
    busy.heard().await;
    good.heard().await;
    let reason = Session::open_first(hop, &addresses[..1], &caller, pace)
        .await
        .err()
        .unwrap()
        .into_text();
    assert!(reason.starts_with("4.4.1"), "{reason}");
}
