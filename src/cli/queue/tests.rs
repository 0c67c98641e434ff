use clap::Parser;

use super::*;
use crate::audit::Trail;
use crate::queue::Outcome;
use crate::store::samples::{TemporaryDirectory, id, mail, minute, record};

#[derive(clap::Parser)]
struct Program {
    #[command(flatten)]
    queue: Arguments,
}

/// Runs `sealgate queue …` as typed.
async fn queue(settings: &Settings, typed: &str) -> Result<String, String> {
    let words = std::iter::once("queue").chain(typed.split_whitespace());
    let program = Program::try_parse_from(words).map_err(|error| error.to_string())?;
    let mut out = Vec::new();
    run(&program.queue, settings, &mut out).await?;
    Ok(String::from_utf8(out).unwrap())
}

/// A gateway with three deliveries; the second one was deferred with a hostile reply.
async fn filled(settings: &Settings) -> Store {
    let store = Store::open(settings).await.unwrap();
    let copies = vec![mail(b"body", &[(1, "bob@one.example"), (2, "carl@two.example")])];
    store.commit(record(id(0, 1), minute(0)), copies).await.unwrap();
    store
        .commit(
            record(id(1, 2), minute(1)),
            vec![mail(&[9; 3000], &[(1, "d@two.example")])],
        )
        .await
        .unwrap();
    let claimed = store.claim(minute(1), minute(1), 9).await.unwrap();
    let outcome = Outcome::Deferred {
        reply: "451 \u{1b}[2Jbusy".to_owned(),
        next_attempt: minute(30),
    };
    store
        .settle(vec![(claimed[1].clone(), outcome)], Vec::new())
        .await
        .unwrap();
    store
}

#[tokio::test]
async fn the_list_is_an_aligned_table_with_the_oldest_first() {
    let ground = TemporaryDirectory::new();
    let _gateway = filled(&ground.settings()).await;
    let told = queue(&ground.settings(), "list").await.unwrap();
    let (first, second) = (id(0, 1), id(1, 2));
    let expected = format!(
        "\
ID  STATE   TRIES  NEXT ATTEMPT          SIZE  MESSAGE             SENDER              RECIPIENT         LAST REPLY
 1  queued      0  2026-08-01 12:00:00Z     4  {first}  ann@agency.example  bob@one.example
 2  queued      1  2026-08-01 12:30:00Z     4  {first}  ann@agency.example  carl@two.example  451 \u{fffd}[2Jbusy
 3  queued      0  2026-08-01 12:01:00Z  3000  {second}  ann@agency.example  d@two.example
3 deliveries
"
    );
    assert_eq!(told, expected);
}

#[tokio::test]
async fn lists_can_be_narrowed_and_read_by_programs() {
    let ground = TemporaryDirectory::new();
    let settings = ground.settings();
    let _gateway = filled(&settings).await;
    let ids = async |typed: &str| {
        let told = queue(&settings, typed).await.unwrap();
        let read: Vec<Delivery> = serde_json::from_str(&told).unwrap();
        read.into_iter().map(|delivery| delivery.id).collect::<Vec<_>>()
    };
    assert_eq!(ids("list --json").await, [1, 2, 3]);
    assert_eq!(ids("list --json --domain Two.Example").await, [2, 3]);
    assert_eq!(ids(&format!("list --json --message {}", id(0, 1))).await, [1, 2]);
    assert!(ids("list --json --state held").await.is_empty());
    assert_eq!(
        queue(&settings, "list --state held").await.unwrap(),
        "No delivery fits.\n"
    );
    assert!(
        queue(&settings, "list --state lost")
            .await
            .unwrap_err()
            .contains("a state is queued, held")
    );
}

#[tokio::test]
async fn one_delivery_is_shown_without_its_body_also_when_it_is_finished() {
    let ground = TemporaryDirectory::new();
    let settings = ground.settings();
    let gateway = filled(&settings).await;
    let told = queue(&settings, "show 2").await.unwrap();
    for words in [
        "State         queued\n",
        "Recipient     carl@two.example\n",
        "Next attempt  2026-08-01 12:30:00Z\n",
        "Last reply    451 \u{fffd}[2Jbusy\n",
        &format!("'sealgate trace {}'", id(0, 1)),
    ] {
        assert!(told.contains(words), "{told}");
    }
    assert!(!told.contains("body"), "{told}");
    let first = gateway.list(Filter::default()).await.unwrap().swap_remove(0);
    let outcome = Outcome::Delivered {
        reply: "250 ok".to_owned(),
    };
    gateway.settle(vec![(first, outcome)], Vec::new()).await.unwrap();
    assert!(
        queue(&settings, "show 1")
            .await
            .unwrap()
            .contains("State         delivered\n")
    );
    assert!(
        queue(&settings, "show 1 --json")
            .await
            .unwrap()
            .contains("\"state\": \"delivered\"")
    );
    assert!(
        queue(&settings, "show 77")
            .await
            .unwrap_err()
            .contains("there is no delivery 77")
    );
}

#[tokio::test]
async fn commands_say_how_many_they_changed_and_the_gateway_sees_it() {
    let ground = TemporaryDirectory::new();
    let settings = ground.settings();
    let gateway = filled(&settings).await;
    assert_eq!(
        queue(&settings, "hold 1 3").await.unwrap(),
        "2 deliveries put on hold.\n"
    );
    assert!(
        queue(&settings, "retry 1")
            .await
            .unwrap_err()
            .contains("Held ones need 'release'")
    );
    assert_eq!(
        queue(&settings, "retry --domain two.example").await.unwrap(),
        "1 delivery will be tried now.\n"
    );
    let released = queue(&settings, &format!("release --message {}", id(1, 2)))
        .await
        .unwrap();
    assert_eq!(released, "1 delivery released.\n");
    let bounced = queue(&settings, "bounce --all").await.unwrap();
    assert_eq!(bounced, "3 deliveries given up; the gateway tells the senders.\n");
    assert!(
        queue(&settings, "bounce --all")
            .await
            .unwrap_err()
            .contains("nothing changed")
    );
    let now = Timestamp::now();
    let doomed = gateway.claim(now, now, 9).await.unwrap();
    assert_eq!(
        doomed
            .iter()
            .filter(|delivery| delivery.state == State::Bouncing)
            .count(),
        3
    );
}

#[tokio::test]
async fn a_command_without_a_target_does_nothing() {
    let ground = TemporaryDirectory::new();
    let settings = ground.settings();
    let _gateway = filled(&settings).await;
    for typed in [
        "bounce",
        "hold",
        "bounce --all 1",
        "bounce --all --domain one.example",
        "show",
        "retry x",
    ] {
        assert!(queue(&settings, typed).await.is_err(), "{typed}");
    }
    assert!(
        queue(&settings, "list --state bouncing")
            .await
            .unwrap()
            .contains("No delivery fits.")
    );
}

#[tokio::test]
async fn an_empty_queue_and_a_missing_store_are_told_apart() {
    let ground = TemporaryDirectory::new();
    let settings = ground.settings();
    assert!(
        queue(&settings, "list")
            .await
            .unwrap_err()
            .contains("there is no store")
    );
    let _gateway = Store::open(&settings).await.unwrap();
    assert_eq!(queue(&settings, "list").await.unwrap(), "The queue is empty.\n");
}

#[tokio::test]
async fn the_shape_of_the_queue_is_a_table_with_the_biggest_first() {
    let ground = TemporaryDirectory::new();
    let settings = ground.settings();
    let store = filled(&settings).await;
    let program =
        |typed: &str| Program::try_parse_from(typed.split_whitespace()).map(|program| program.queue);
    let told = async |typed: &str| {
        let Action::Shape(asked) = program(typed).unwrap().action else {
            panic!("{typed}");
        };
        shape::shape(&store, &asked, minute(11)).await.unwrap()
    };
    assert_eq!(
        told("queue shape").await,
        "\
DOMAIN       ALL  <5m  <10m  <20m  <40m  <80m  <160m  <320m  <640m  <1280m  >1280m
TOTAL          3    .     .     3     .     .      .      .      .       .       .
two.example    2    .     .     2     .     .      .      .      .       .       .
one.example    1    .     .     1     .     .      .      .      .       .       .
3 deliveries in 2 groups
"
    );
    let top = told("queue shape --top 1 --by recipient").await;
    assert!(
        top.ends_with("3 deliveries in 3 groups, of which 1 are shown\n"),
        "{top}"
    );
    let read: serde_json::Value =
        serde_json::from_str(&told("queue shape --json --by sender --reply BUSY").await).unwrap();
    assert_eq!(read["by"], "sender");
    assert_eq!(read["minutes"][8], 1280);
    assert_eq!(read["total"]["count"], 1);
    assert_eq!(read["groups"][0]["name"], "ann@agency.example");
    assert_eq!(read["groups"][0]["ages"][2], 1);
    assert_eq!(
        told("queue shape --domain three.example").await,
        "No delivery fits.\n"
    );
    assert!(
        program("queue shape --by colour")
            .unwrap_err()
            .to_string()
            .contains("sender-domain")
    );
}
