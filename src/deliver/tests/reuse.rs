//! Connections that serve more than one transaction.

use super::super::Concurrency;
use super::super::pool::Pools;
use super::server::{Script, Server};
use super::*;

fn queued() -> Attempt {
    delivered("250 2.0.0 queued")
}

#[tokio::test]
async fn the_next_message_takes_the_connection_of_the_last_one() {
    let server = Server::start([Script::greeting("HELP").mail().mail().mail()]).await;
    let courier = courier(&settings(server.address, Tls::None));
    for _ in 0..3 {
        assert_eq!(deliver_one(&courier.clone()).await, queued());
    }
    assert_eq!(server.heard().await.len(), 1);
}

#[tokio::test]
async fn a_transaction_that_was_not_ended_is_reset_before_the_next() {
    let refused = Script::greeting("HELP")
        .answer("MAIL FROM:<a@agency.example>", "250 ok")
        .answer("RCPT TO:<b@partner.example>", "450 4.2.0 later");
    let server = Server::start([refused.answer("RSET", "250 ok").mail()]).await;
    let courier = courier(&settings(server.address, Tls::None));
    assert_eq!(deliver_one(&courier).await, not_now("450 4.2.0 later"));
    assert_eq!(deliver_one(&courier).await, queued());
    server.heard().await;
}

#[tokio::test]
async fn a_connection_that_died_while_it_waited_is_replaced_without_a_word() {
    let mail = "MAIL FROM:<a@agency.example>";
    let second = |script: Script| Script::greeting("HELP").mail().then(script);
    for dying in [
        // Closed while it was idle, or with a goodbye.
        second(Script::silent()),
        second(Script::silent().say("421 4.4.2 idle for too long")),
        // Closed, or made of nonsense, when it is used.
        second(Script::silent().hear(mail)),
        second(Script::silent().answer(mail, "421 4.3.2 enough messages")),
        second(Script::silent().answer(mail, "what?")),
    ] {
        let server = Server::start([dying, Script::greeting("HELP").mail()]).await;
        let courier = courier(&settings(server.address, Tls::None));
        assert_eq!(deliver_one(&courier).await, queued());
        assert_eq!(deliver_one(&courier).await, queued());
        assert_eq!(server.heard().await.len(), 2);
    }
}

#[tokio::test]
async fn a_connection_that_dies_within_a_body_is_replaced_since_the_hop_cannot_have_taken_it() {
    let dying = Script::greeting("HELP").mail().envelope().hear_octets(100_000);
    let server = Server::start([dying, Script::greeting("HELP").mail()]).await;
    let courier = courier(&settings(server.address, Tls::None));
    assert_eq!(deliver_one(&courier).await, queued());
    let body = "line\r\n".repeat(1_500_000);
    assert_eq!(deliver(&courier, &["b@partner.example"], &body).await, [queued()]);
    let heard = server.heard().await;
    assert_eq!(heard[1].bodies[0].len(), body.len() + 3);
}

#[tokio::test]
async fn a_connection_that_died_after_the_final_dot_is_not_tried_again_at_once() {
    let script = Script::greeting("HELP").mail().envelope().hear_body();
    let server = Server::start([script]).await;
    let courier = courier(&settings(server.address, Tls::None));
    assert_eq!(deliver_one(&courier).await, queued());
    assert_not_now(&deliver_one(&courier).await, "may come twice");
    assert_eq!(server.heard().await.len(), 1);
}

#[tokio::test]
async fn a_new_connection_that_dies_is_not_tried_again_at_once() {
    let server = Server::start([Script::greeting("HELP").hear("MAIL FROM:<a@agency.example>")]).await;
    let courier = courier(&settings(server.address, Tls::None));
    assert_not_now(&deliver_one(&courier).await, "4.4.2");
    server.heard().await;
}

#[tokio::test]
async fn a_session_under_tls_is_used_again_under_tls() {
    let identity = super::pki::stranger();
    let script = Script::greeting("STARTTLS")
        .answer("STARTTLS", "220 go")
        .secure(&identity)
        .ehlo("HELP")
        .mail()
        .mail();
    let server = Server::start([script]).await;
    let courier = courier(&settings(server.address, Tls::Required));
    assert_eq!(deliver_one(&courier).await, queued());
    assert_eq!(deliver_one(&courier).await, queued());
    assert!(server.heard().await.remove(0).tls);
}

#[tokio::test]
async fn an_idle_session_ends_with_quit_when_its_time_is_over() {
    let server = Server::start([Script::greeting("HELP").mail().hear("QUIT")]).await;
    let settings = settings(server.address, Tls::None);
    let mut courier = courier(&settings);
    Arc::get_mut(&mut courier.0).unwrap().pools = Pools::new(1, Duration::from_millis(1));
    assert_eq!(deliver_one(&courier).await, queued());
    server.heard().await;
}

#[tokio::test]
async fn no_more_sessions_are_kept_than_deliveries_run_at_once() {
    let script = || Script::greeting("HELP").mail().wait_for_end();
    let server = Server::start([script(), script()]).await;
    let mut settings = settings(server.address, Tls::None);
    settings.concurrency = Concurrency(1);
    let courier = courier(&settings);
    let (one, two) = tokio::join!(deliver_one(&courier), deliver_one(&courier));
    assert_eq!([one, two], [queued(), queued()]);
    drop(courier);
    let heard = server.heard().await;
    let goodbyes = heard
        .iter()
        .filter(|heard| heard.lines.last().is_some_and(|line| line == "QUIT"));
    assert_eq!(goodbyes.count(), 1);
}
