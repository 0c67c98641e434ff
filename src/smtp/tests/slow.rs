//! Clients that are slow, in a time that only passes when everybody waits.

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::{Instant, sleep};

use super::super::connection::{Shared, serve_stream};
use super::super::limits::Limits;
use super::super::server::shared;
use super::super::stop;
use super::*;

/// Runs a session against the client, and says what it has answered.
async fn meet<F: Future<Output = DuplexStream>>(client: impl FnOnce(DuplexStream) -> F) -> String {
    meet_at(&server(&settings()), 64 * 1024, client).await
}

fn server(settings: &Settings) -> Shared {
    shared(settings, "gateway.example", Arc::new(Recorder::default()), None).unwrap()
}

/// The same at a server that has other sessions, with room for so many octets on the way.
async fn meet_at<F: Future<Output = DuplexStream>>(
    shared: &Shared,
    room: usize,
    client: impl FnOnce(DuplexStream) -> F,
) -> String {
    let ticket = Limits::new(1, 1).admit([192, 0, 2, 1].into()).unwrap();
    let (near, mut far) = duplex(room);
    let (_teller, told) = stop::pair();
    let known = Client {
        address: [192, 0, 2, 1].into(),
        helo: String::new(),
        tls: false,
        extended: false,
        user: None,
        lmtp: false,
    };
    let server = async {
        serve_stream(&mut far, known, shared, told, &ticket)
            .await
            .unwrap();
        drop(far);
    };
    let client = async {
        let mut stream = client(near).await;
        let mut said = String::new();
        stream.read_to_string(&mut said).await.unwrap();
        said
    };
    tokio::join!(server, client).1
}

async fn begin(stream: &mut DuplexStream) {
    let commands = "EHLO c\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n";
    stream.write_all(commands.as_bytes()).await.unwrap();
    // Its answers come before anything that passes time.
    sleep(Duration::from_millis(1)).await;
}

#[tokio::test(start_paused = true)]
async fn a_message_that_trickles_in_is_given_up_after_half_a_minute() {
    let start = Instant::now();
    let said = meet(|mut stream| async {
        begin(&mut stream).await;
        for _ in 0..1000 {
            if stream.write_all(b"x").await.is_err() {
                break;
            }
            sleep(Duration::from_secs(5)).await;
            if start.elapsed() > Duration::from_secs(35) {
                break;
            }
        }
        stream
    })
    .await;
    assert!(
        said.ends_with("421 4.4.2 gateway.example the message comes too slowly; closing\r\n"),
        "{said}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_message_over_a_slow_line_is_taken_however_long_it_takes() {
    let start = Instant::now();
    let said = meet(|mut stream| async {
        begin(&mut stream).await;
        for _ in 0..200 {
            stream.write_all(&[b'x'; 998]).await.unwrap();
            stream.write_all(b"\r\n").await.unwrap();
            sleep(Duration::from_secs(9)).await;
        }
        stream.write_all(b".\r\nQUIT\r\n").await.unwrap();
        stream
    })
    .await;
    assert!(
        said.contains("250 2.0.0 Accepted") && start.elapsed() > Duration::from_secs(1800),
        "{said}"
    );
}

#[tokio::test(start_paused = true)]
async fn each_chunk_has_half_a_minute_of_its_own() {
    let said = meet(|mut stream| async {
        stream
            .write_all(b"EHLO c\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n")
            .await
            .unwrap();
        for _ in 0..5 {
            stream.write_all(b"BDAT 2\r\n").await.unwrap();
            sleep(Duration::from_secs(29)).await;
            stream.write_all(b"\r\n").await.unwrap();
            sleep(Duration::from_secs(29)).await;
        }
        stream.write_all(b"BDAT 0 LAST\r\nQUIT\r\n").await.unwrap();
        stream
    })
    .await;
    assert!(said.contains("250 2.0.0 Accepted"), "{said}");
}

/// Waits for an answer that ends with this.
async fn hear(stream: &mut DuplexStream, end: &str) {
    let mut said = Vec::new();
    while !said.ends_with(end.as_bytes()) {
        said.push(stream.read_u8().await.unwrap());
    }
}

const SEND: &str = "354 send the message, end it with <CRLF>.<CRLF>\r\n";

#[tokio::test(start_paused = true)]
async fn who_sends_slowly_loses_the_turn_to_the_next_and_is_taken_all_the_same() {
    let server = server(&Settings {
        messages_at_once: 1,
        ..settings()
    });
    let start = Instant::now();
    let slow = meet_at(&server, 64 * 1024, |mut stream| async {
        begin(&mut stream).await;
        sleep(Duration::from_secs(20)).await;
        stream.write_all(b"slow\r\n.\r\nQUIT\r\n").await.unwrap();
        stream
    });
    let fast = meet_at(&server, 64 * 1024, |mut stream| async {
        sleep(Duration::from_millis(2)).await;
        begin(&mut stream).await;
        hear(&mut stream, SEND).await;
        let waited = start.elapsed();
        assert!(waited < Duration::from_millis(100), "{waited:?}");
        stream.write_all(b"fast\r\n.\r\nQUIT\r\n").await.unwrap();
        stream
    });
    let (slow, fast) = tokio::join!(slow, fast);
    assert!(slow.contains("250 2.0.0 Accepted") && fast.contains("250 2.0.0 Accepted"));
}

#[tokio::test(start_paused = true)]
async fn text_that_comes_before_its_turn_ends_the_session() {
    let server = server(&Settings {
        messages_at_once: 1,
        ..settings()
    });
    let turn = server.turns.now().unwrap();
    let said = meet_at(&server, 64 * 1024, |mut stream| async {
        begin(&mut stream).await;
        stream
            .write_all(b"text\r\n.\r\nMAIL FROM:<x@y.example>\r\n")
            .await
            .unwrap();
        sleep(Duration::from_millis(10)).await;
        drop(turn);
        stream
    })
    .await;
    let (told_before, last) = said.split_once("250 2.1.5").unwrap();
    assert!(
        told_before.starts_with("220 ") && !said.contains("354 "),
        "{said}"
    );
    assert!(
        last.ends_with("554 5.5.0 message text was sent before DATA was answered; closing\r\n"),
        "{said}"
    );
}

#[tokio::test(start_paused = true)]
async fn who_does_not_read_that_text_may_come_keeps_nobody_waiting() {
    let server = server(&Settings {
        messages_at_once: 1,
        ..settings()
    });
    let start = Instant::now();
    let deaf = meet_at(&server, 256, |mut stream| async {
        stream
            .write_all(b"EHLO c\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n")
            .await
            .unwrap();
        hear(&mut stream, "250 2.1.5 recipient OK\r\n").await;
        let commands = "NOOP\r\n".repeat(20) + "DATA\r\n";
        stream.write_all(commands.as_bytes()).await.unwrap();
        sleep(Duration::from_secs(20)).await;
        stream
    });
    let other = meet_at(&server, 64 * 1024, |mut stream| async {
        sleep(Duration::from_millis(2)).await;
        begin(&mut stream).await;
        hear(&mut stream, SEND).await;
        let waited = start.elapsed();
        assert!(waited < Duration::from_millis(100), "{waited:?}");
        stream.write_all(b"text\r\n.\r\nQUIT\r\n").await.unwrap();
        stream
    });
    let (deaf, other) = tokio::join!(deaf, other);
    assert!(deaf.contains("354 ") && other.contains("250 2.0.0 Accepted"));
}
