//! Transactions without TLS: what is said, and what each recipient gets.

use super::server::{Script, Server};
use super::*;

const MAIL: &str = "MAIL FROM:<a@agency.example>";
const TO_B: &str = "RCPT TO:<b@partner.example>";
const TO_C: &str = "RCPT TO:<c@partner.example>";

async fn server(script: Script) -> (Server, Courier) {
    let server = Server::start([script]).await;
    let courier = courier(&settings(server.address, Tls::None));
    (server, courier)
}

#[tokio::test]
async fn without_pipelining_each_command_waits_for_its_reply() {
    let (server, courier) = server(Script::greeting("SIZE").mail_with_size().wait_for_end()).await;
    assert_eq!(deliver_one(&courier).await, delivered("250 2.0.0 queued as X"));
    drop(courier);
    let heard = server.heard().await.remove(0);
    assert_eq!(heard.bodies, [format!("{BODY}.\r\n").into_bytes()]);
    assert!(!heard.tls);
}

impl Script {
    fn mail_with_size(self) -> Script {
        self.answer(&format!("{MAIL} SIZE={}", BODY.len()), "250 2.1.0 ok")
            .answer(TO_B, "250 2.1.5 ok")
            .answer("DATA", "354 go")
            .hear_body()
            .say("250-2.0.0 queued\r\n250 2.0.0 as X")
    }
}

#[tokio::test]
async fn with_pipelining_the_whole_envelope_goes_at_once() {
    let script = Script::greeting("PIPELINING")
        .hear_together(&[MAIL, TO_B, TO_C, "DATA"])
        .say("250 ok\r\n250 ok\r\n251 will forward\r\n354 go")
        .hear_body()
        .say("250 2.0.0 queued");
    let (server, courier) = server(script).await;
    let attempts = deliver(&courier, &["b@partner.example", "c@partner.example"], BODY).await;
    assert_eq!(attempts, vec![delivered("250 2.0.0 queued"); 2]);
    server.heard().await;
}

const MANY: [&str; 5] = [
    "b@p.example",
    "c@p.example",
    "d@p.example",
    "e@p.example",
    "f@p.example",
];

fn many_verdicts() -> Vec<Attempt> {
    vec![
        never("550 5.1.1 unknown"),
        not_now("450 4.2.0 greylisted"),
        delivered("250 2.0.0 queued"),
        not_now("552 too many"),
        never("552 5.2.2 mailbox full"),
    ]
}

const MANY_REPLIES: [&str; 5] = [
    "550-5.1.1 unknown\r\n550 5.1.1 ",
    "450 4.2.0 greylisted",
    "250 2.1.5 ok",
    "552 too many",
    "552 5.2.2 mailbox full",
];

#[tokio::test]
async fn each_recipient_gets_its_own_answer_and_the_others_go_on() {
    let mut script = Script::greeting("8BITMIME").answer(MAIL, "250 ok");
    for (recipient, reply) in MANY.iter().zip(MANY_REPLIES) {
        script = script.answer(&format!("RCPT TO:<{recipient}>"), reply);
    }
    let script = script
        .answer("DATA", "354 go")
        .hear_body()
        .say("250 2.0.0 queued");
    let (server, courier) = server(script).await;
    assert_eq!(deliver(&courier, &MANY, BODY).await, many_verdicts());
    server.heard().await;
}

#[tokio::test]
async fn each_recipient_gets_its_own_answer_with_pipelining_too() {
    let recipients = MANY.map(|recipient| format!("RCPT TO:<{recipient}>"));
    let mut lines = vec![MAIL];
    lines.extend(recipients.iter().map(String::as_str));
    lines.push("DATA");
    let replies = format!("250 ok\r\n{}\r\n354 go", MANY_REPLIES.join("\r\n"));
    let script = Script::greeting("PIPELINING")
        .hear_together(&lines)
        .say(&replies)
        .hear_body()
        .say("250 2.0.0 queued");
    let (server, courier) = server(script).await;
    assert_eq!(deliver(&courier, &MANY, BODY).await, many_verdicts());
    server.heard().await;
}

#[tokio::test]
async fn when_all_recipients_are_refused_nothing_more_is_sent() {
    let script = Script::greeting("HELP")
        .answer(MAIL, "250 ok")
        .answer(TO_B, "550 5.1.1 unknown");
    let (server, courier) = server(script.wait_for_end()).await;
    assert_eq!(deliver_one(&courier).await, never("550 5.1.1 unknown"));
    drop(courier);
    assert!(!server.heard().await.remove(0).lines.contains(&"DATA".to_owned()));
}

#[tokio::test]
async fn a_hop_that_wants_data_for_nobody_gets_a_lone_dot_and_delivers_nothing() {
    // The hop claims success for a message that has no recipient. RFC 2920 §3.1 warns of it.
    for replies in [
        "250 ok\r\n550 5.1.1 unknown\r\n354 go",
        "550 5.7.1 sender refused\r\n250 ok\r\n354 go",
    ] {
        let script = Script::greeting("PIPELINING")
            .hear_together(&[MAIL, TO_B, "DATA"])
            .say(replies)
            .hear_body()
            .say("250 2.0.0 queued")
            .hear_together(&[MAIL, TO_B, "DATA"])
            .say("250 ok\r\n250 ok\r\n354 go")
            .hear_body()
            .say("250 2.0.0 queued");
        let (server, courier) = server(script).await;
        assert_never(&deliver_one(&courier).await, "550 5.");
        assert_eq!(deliver_one(&courier).await, delivered("250 2.0.0 queued"));
        let bodies = server.heard().await.remove(0).bodies;
        assert_eq!(bodies, [b".\r\n".to_vec(), format!("{BODY}.\r\n").into_bytes()]);
    }
}

#[tokio::test]
async fn a_refused_sender_decides_for_everybody() {
    for (reply, attempt) in [
        ("550 5.7.1 no", never("550 5.7.1 no")),
        ("451 4.3.0 later", not_now("451 4.3.0 later")),
        ("530 5.7.0 STARTTLS first", not_now("530 5.7.0 STARTTLS first")),
    ] {
        let plain = Script::greeting("HELP").answer(MAIL, reply);
        let pipelined = Script::greeting("PIPELINING")
            .hear_together(&[MAIL, TO_B, TO_C, "DATA"])
            .say(&format!(
                "{reply}\r\n503 no sender\r\n503 no sender\r\n503 no sender"
            ));
        for script in [plain, pipelined] {
            let (server, courier) = server(script).await;
            let attempts = deliver(&courier, &["b@partner.example", "c@partner.example"], BODY).await;
            assert_eq!(attempts, vec![attempt.clone(); 2]);
            server.heard().await;
        }
    }
}

#[tokio::test]
async fn the_answer_to_data_or_to_the_final_dot_is_for_all_that_were_accepted() {
    for (reply, attempt) in [
        ("554 5.6.0 no", never("554 5.6.0 no")),
        ("452 4.3.1 full", not_now("452 4.3.1 full")),
    ] {
        let begin = || {
            Script::greeting("HELP")
                .answer(MAIL, "250 ok")
                .answer(TO_B, "250 ok")
                .answer(TO_C, "550 5.1.1 unknown")
        };
        let at_data = begin().answer("DATA", reply);
        let at_the_dot = begin().answer("DATA", "354 go").hear_body().say(reply);
        for script in [at_data, at_the_dot] {
            let (server, courier) = server(script).await;
            let attempts = deliver(&courier, &["b@partner.example", "c@partner.example"], BODY).await;
            assert_eq!(attempts, [attempt.clone(), never("550 5.1.1 unknown")]);
            server.heard().await;
        }
    }
}

#[tokio::test]
async fn the_null_sender_and_an_empty_message_are_sent_as_they_are() {
    let script = Script::greeting("HELP")
        .answer("MAIL FROM:<>", "250 ok")
        .answer(TO_B, "250 ok")
        .answer("DATA", "354 go")
        .hear_body()
        .say("250 2.0.0 queued");
    let (server, courier) = server(script).await;
    let notice = [delivery(None, "b@partner.example")];
    let attempts = courier.deliver(&notice, &RawMessage::new("")).await;
    assert_eq!(attempts, [delivered("250 2.0.0 queued")]);
    assert_eq!(server.heard().await.remove(0).bodies, [b".\r\n".to_vec()]);
}

#[tokio::test]
async fn a_large_body_arrives_octet_by_octet_with_its_dots() {
    let body = "line\r\n.\r\n..two\r\nMAIL FROM:<x@y.example>\r\n".repeat(20_000) + "end";
    let (server, courier) = server(Script::greeting("HELP").mail()).await;
    let attempts = deliver(&courier, &["b@partner.example"], &body).await;
    assert_eq!(attempts, [delivered("250 2.0.0 queued")]);
    let wire = server.heard().await.remove(0).bodies.remove(0);
    let expected = body.replace("\r\n.", "\r\n..") + "\r\n.\r\n";
    assert!(wire == expected.as_bytes());
}

#[tokio::test]
async fn a_message_larger_than_the_hop_takes_is_refused_before_it_is_sent() {
    let (server, courier) = server(Script::greeting("SIZE 20").wait_for_end()).await;
    assert_never(&deliver_one(&courier).await, "5.3.4 the message has 25 octets");
    drop(courier);
    assert_eq!(server.heard().await.remove(0).lines, ["EHLO gate.example"]);
}

#[tokio::test]
async fn eight_bit_mail_goes_to_hosts_that_take_it_and_to_no_others() {
    let body = "Subject: caf\u{e9}\r\n\r\n";
    let script = Script::greeting("8BITMIME")
        .answer(&format!("{MAIL} BODY=8BITMIME"), "250 ok")
        .answer(TO_B, "250 ok")
        .answer("DATA", "354 go")
        .hear_body()
        .say("250 2.0.0 queued")
        // Seven bits need no parameter.
        .mail();
    let (taker, courier) = server(script).await;
    let attempts = deliver(&courier, &["b@partner.example"], body).await;
    assert_eq!(attempts, [delivered("250 2.0.0 queued")]);
    assert_eq!(deliver_one(&courier).await, delivered("250 2.0.0 queued"));
    taker.heard().await;

    let (refuser, courier) = server(Script::greeting("HELP").wait_for_end()).await;
    assert_never(
        &deliver(&courier, &["b@partner.example"], body).await.remove(0),
        "5.6.3",
    );
    drop(courier);
    assert_eq!(refuser.heard().await.remove(0).lines, ["EHLO gate.example"]);
}

#[tokio::test]
async fn addresses_beyond_ascii_need_a_host_that_takes_them() {
    let recipients = ["b@partner.example", "j\u{fc}rgen@partner.example"];
    let script = Script::greeting("SMTPUTF8|8BITMIME|PIPELINING")
        .hear_together(&[
            &format!("{MAIL} SMTPUTF8"),
            TO_B,
            "RCPT TO:<j\u{fc}rgen@partner.example>",
            "DATA",
        ])
        .say("250 ok\r\n250 ok\r\n250 ok\r\n354 go")
        .hear_body()
        .say("250 2.0.0 queued");
    let (taker, courier) = server(script).await;
    let attempts = deliver(&courier, &recipients, BODY).await;
    assert_eq!(attempts, vec![delivered("250 2.0.0 queued"); 2]);
    taker.heard().await;

    let (refuser, courier) = server(Script::greeting("8BITMIME").mail()).await;
    let attempts = deliver(&courier, &recipients, BODY).await;
    assert_eq!(attempts[0], delivered("250 2.0.0 queued"));
    assert_never(&attempts[1], "5.6.7");
    refuser.heard().await;

    let (refuser, courier) = server(Script::greeting("8BITMIME").wait_for_end()).await;
    let from = [delivery(Some("\u{f6}@agency.example"), "b@partner.example")];
    let attempts = courier.deliver(&from, &RawMessage::new(BODY)).await;
    assert_never(&attempts[0], "5.6.7");
    drop(courier);
    refuser.heard().await;
}

#[tokio::test]
async fn a_host_that_does_not_know_ehlo_is_greeted_with_helo() {
    let script = Script::silent()
        .say("220-hop\r\n220 SMTP")
        .answer("EHLO gate.example", "502 what?")
        .answer("HELO gate.example", "250 hop")
        .mail();
    let (server, courier) = server(script).await;
    assert_eq!(deliver_one(&courier).await, delivered("250 2.0.0 queued"));
    server.heard().await;
}

#[tokio::test]
async fn more_than_a_hundred_recipients_take_several_transactions_on_one_connection() {
    let recipients: Vec<String> = (0..130).map(|n| format!("r{n}@partner.example")).collect();
    let mut script = Script::greeting("HELP");
    for some in recipients.chunks(100) {
        script = script.answer(MAIL, "250 ok");
        for recipient in some {
            script = script.answer(&format!("RCPT TO:<{recipient}>"), "250 ok");
        }
        script = script
            .answer("DATA", "354 go")
            .hear_body()
            .say(&format!("250 2.0.0 {}", some.len()));
    }
    let (server, courier) = server(script).await;
    let recipients: Vec<&str> = recipients.iter().map(String::as_str).collect();
    let attempts = deliver(&courier, &recipients, BODY).await;
    assert_eq!(attempts.len(), 130);
    assert_eq!(attempts[99], delivered("250 2.0.0 100"));
    assert_eq!(attempts[100], delivered("250 2.0.0 30"));
    server.heard().await;
}

#[tokio::test]
async fn a_bare_line_end_never_reaches_a_next_hop() {
    // Nothing listens there: an attempt to connect would end as "not now".
    let unused = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let courier = courier(&settings(unused, Tls::None));
    for body in ["a\n.\nMAIL FROM:<x@y.example>\r\n", "a\r\n.\r\r\n", "a\r"] {
        let attempts = deliver(&courier, &["b@partner.example", "c@partner.example"], body).await;
        assert_eq!(attempts.len(), 2);
        attempts.iter().for_each(|attempt| assert_never(attempt, "5.6.0"));
    }
}

#[tokio::test]
async fn what_does_not_belong_to_the_first_delivery_is_not_sent() {
    let (server, _) = server(Script::greeting("HELP").mail()).await;
    let mut settings = settings(server.address, Tls::None);
    settings.routes.push(super::super::Route {
        domain: "elsewhere.example".to_owned(),
        next_hop: "192.0.2.1:25".to_owned(),
        tls: Tls::None,
        ..Default::default()
    });
    let mut deliveries = to(&["b@elsewhere.example", "c@partner.example", "b@partner.example"]);
    deliveries[1].sender = None;
    deliveries.push(delivery(Some("a@agency.example"), "d@partner.example"));
    deliveries[3].body = 2;
    deliveries.rotate_left(2);
    let attempts = courier(&settings)
        .deliver(&deliveries, &RawMessage::new(BODY))
        .await;
    assert_eq!(attempts[0], delivered("250 2.0.0 queued"));
    assert_eq!(attempts.len(), 4);
    attempts[1..]
        .iter()
        .for_each(|attempt| assert_not_now(attempt, "4.3.5"));
    server.heard().await;
}

#[tokio::test]
async fn mail_that_no_route_fits_waits_for_an_administrator() {
    let settings = Settings {
        routes: vec![super::super::Route {
            domain: "agency.example".to_owned(),
            next_hop: "Mail.Agency.example".to_owned(),
            tls: Tls::None,
            ..Default::default()
        }],
        ..Settings::default()
    };
    let courier = courier(&settings);
    assert_eq!(
        courier.next_hop(&"x@agency.example".parse().unwrap()),
        "mail.agency.example:25"
    );
    assert_eq!(courier.next_hop(&"x@partner.example".parse().unwrap()), "");
    assert_not_now(&deliver_one(&courier).await, "no route for partner.example");
    assert!(courier.deliver(&[], &RawMessage::new(BODY)).await.is_empty());
}

#[test]
fn a_courier_without_next_hop_or_with_a_wrong_name_is_refused_in_words() {
    let refused = Courier::new(&Settings::default(), "gate.example").err().unwrap();
    assert!(
        refused.contains("next_hop = \"mail.example.org:25\""),
        "{refused}"
    );
    let settings = settings("127.0.0.1:25".parse().unwrap(), Tls::None);
    for name in ["", "gate example", "gate\r\nRSET", "g\u{e4}te.example"] {
        let refused = Courier::new(&settings, name).err().unwrap();
        assert!(refused.contains("hostname"), "{refused}");
    }
}

#[tokio::test]
async fn wishes_of_the_sender_go_on_to_a_host_that_takes_them_and_to_no_other() {
    use crate::message::{DsnRequest, Notify, Ret};
    let success = Notify {
        success: true,
        failure: true,
        delay: false,
    };
    let dsn = |notify, orcpt: Option<&str>| DsnRequest {
        ret: Some(Ret::Headers),
        envid: Some("QQ1".to_owned()),
        notify,
        orcpt: orcpt.map(str::to_owned),
    };
    let mut deliveries = to(&["b@partner.example", "c@partner.example"]);
    deliveries[0].dsn = dsn(Some(success), Some("rfc822;Bob@b.example"));
    deliveries[1].dsn = dsn(Some(Notify::default()), None);
    let taking = Script::greeting("DSN")
        .answer("MAIL FROM:<a@agency.example> RET=HDRS ENVID=QQ1", "250 ok")
        .answer(
            "RCPT TO:<b@partner.example> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;Bob@b.example",
            "250 ok",
        )
        .answer("RCPT TO:<c@partner.example> NOTIFY=NEVER", "250 ok");
    let deaf = Script::greeting("HELP")
        .answer("MAIL FROM:<a@agency.example>", "250 ok")
        .answer("RCPT TO:<b@partner.example>", "250 ok")
        .answer("RCPT TO:<c@partner.example>", "250 ok");
    let told = Attempt::HandedOn("250 2.0.0 queued".to_owned());
    for (script, first) in [(taking, told), (deaf, delivered("250 2.0.0 queued"))] {
        let script = script
            .answer("DATA", "354 go")
            .hear_body()
            .say("250 2.0.0 queued");
        let (server, courier) = server(script).await;
        let attempts = courier.deliver(&deliveries, &RawMessage::new(BODY)).await;
        assert_eq!(attempts, [first, delivered("250 2.0.0 queued")]);
        server.heard().await;
    }
}

#[tokio::test]
async fn a_host_that_takes_chunks_gets_one_with_its_length_and_no_dots() {
    let commands = |script: Script| {
        script
            .answer("MAIL FROM:<a@agency.example>", "250 ok")
            .answer("RCPT TO:<b@partner.example>", "250 ok")
    };
    let chunk = ["BDAT 10 LAST", "a", ".", ".b"];
    let first = commands(Script::greeting("CHUNKING"))
        .hear_together(&chunk)
        .say("250 2.0.0 queued");
    let refused = commands(Script::silent())
        .hear_together(&chunk)
        .say("554 5.6.0 no");
    let nobody = Script::silent()
        .answer("RSET", "250 ok")
        .answer("MAIL FROM:<a@agency.example>", "250 ok")
        .answer("RCPT TO:<b@partner.example>", "550 5.1.1 who?");
    let last = commands(Script::silent().answer("RSET", "250 ok")).hear_together(&chunk);
    let (server, courier) = server(first.then(refused).then(nobody).then(last)).await;
    let send = async || {
        deliver(&courier, &["b@partner.example"], "a\r\n.\r\n.b")
            .await
            .remove(0)
    };
    assert_eq!(send().await, delivered("250 2.0.0 queued"));
    assert_eq!(send().await, never("554 5.6.0 no"));
    assert_eq!(send().await, never("550 5.1.1 who?"));
    // Nobody knows what became of it, so it is not sent again at once.
    assert_not_now(&send().await, "may come twice");
    server.heard().await;
}
