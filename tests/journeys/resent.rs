//! Mail that its client sends again because the answer got lost between them.

use crate::support::gateway::{Gateway, Options};
use crate::support::mail::Session;
use crate::support::mailbox::Mailbox;
use crate::support::pki::{ANNA, ERNST};

const CLERK: &str = "clerk@agency.example";

fn mail(number: u32) -> String {
    format!(
        "From: clerk@agency.example\r\nTo: anna@partner.example\r\nSubject: file\r\n\
         Message-ID: <{number}@agency.example>\r\n\r\nMargaret Holloway, SSN 536-22-8145.\r\n"
    )
}

/// The name under which a message was taken.
fn id(reply: &str) -> String {
    assert!(reply.starts_with("250 2.0.0"), "{reply}");
    let id = reply.split_whitespace().last();
    id.expect("the reply ends with the id").to_owned()
}

/// Sends over a connection that ends after the answer, without a sign that it was heard.
fn send_unheard(gateway: &Gateway, recipients: &[&str], text: &str) -> String {
    let (mut session, _) = Session::open(gateway.address);
    let reply = session.message(CLERK, recipients, text.as_bytes());
    session.hang_up();
    id(&reply)
}

/// Sends over a connection that goes on after the answer.
fn send_heard(gateway: &Gateway, text: &str) -> String {
    let (mut session, _) = Session::open(gateway.address);
    let reply = session.message(CLERK, &[ANNA], text.as_bytes());
    assert!(session.say("NOOP").starts_with("250"));
    id(&reply)
}

#[test]
fn mail_whose_answer_was_lost_with_its_connection_is_taken_and_delivered_once() {
    let mailbox = Mailbox::start();
    let gateway = Gateway::start(mailbox.address, &Options::default());

    let first = send_unheard(&gateway, &[ANNA], &mail(1));
    assert_eq!(send_unheard(&gateway, &[ANNA], &mail(1)), first);
    assert_eq!(send_heard(&gateway, &mail(1)), first, "however often it comes");
    gateway.wait_for_log("came again");

    // Whatever is not the same in all its octets, or is for somebody else, is another message.
    let other = mail(1).replace("Margaret", "Margarete");
    let others = [
        send_unheard(&gateway, &[ANNA, ERNST], &mail(1)),
        send_unheard(&gateway, &[ANNA], &other),
        send_unheard(&gateway, &[ANNA], &mail(2)),
    ];
    assert!(!others.contains(&first), "{first} {others:?}");
    gateway.wait_until_the_queue_is_empty();
    assert_eq!(mailbox.letters(5).len(), 5);
    assert!(mailbox.is_empty());
}

#[test]
fn mail_that_is_sent_twice_by_who_heard_the_answer_is_delivered_twice() {
    let mailbox = Mailbox::start();
    let gateway = Gateway::start(mailbox.address, &Options::default());
    let mut ids = vec![send_heard(&gateway, &mail(1)), send_heard(&gateway, &mail(1))];

    // Postfix says QUIT together with the end of the data.
    for _ in 0..2 {
        let (mut session, _) = Session::open(gateway.address);
        session.say("EHLO test.agency.example");
        session.say(&format!("MAIL FROM:<{CLERK}>"));
        session.say(&format!("RCPT TO:<{ANNA}>"));
        session.say("DATA");
        session.write(format!("{}.\r\nQUIT\r\n", mail(2)).as_bytes());
        ids.push(id(&session.reply()));
        assert!(session.reply().starts_with("221"));
        session.hang_up();
    }

    // Without a Message-ID nobody can tell whether it is the same.
    let unnamed = mail(3).replace("Message-ID", "X-Id");
    for _ in 0..2 {
        ids.push(send_unheard(&gateway, &[ANNA], &unnamed));
    }
    let number = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), number, "{ids:?}");
    gateway.wait_until_the_queue_is_empty();
    assert_eq!(mailbox.letters(number).len(), number);
    assert!(mailbox.is_empty());
}

#[test]
fn mail_that_comes_again_after_kill_9_is_delivered_once() {
    let mailbox = Mailbox::start();
    let mut gateway = Gateway::start(mailbox.address, &Options::default());
    // Nobody knows after a crash which clients had heard.
    let ids = [1, 2].map(|number| send_heard(&gateway, &mail(number)));
    gateway.kill_and_restart();
    let again = [1, 2].map(|number| send_heard(&gateway, &mail(number)));
    assert_eq!(again, ids);
    let third = send_heard(&gateway, &mail(3));
    assert!(!ids.contains(&third));
    gateway.wait_until_the_queue_is_empty();
    // What was under way when it died may have arrived without being written down (RFC 1047): that is the next hop's to know.
    let mut arrived: Vec<String> =
        std::iter::from_fn(|| mailbox.try_next().map(|letter| letter.text())).collect();
    arrived.sort();
    arrived.dedup();
    assert_eq!(arrived.len(), 3, "each was sealed once");
}
