//! What a next hop has taken is not sent again, though the process ends before it is written down.

use super::*;
use crate::audit::Trail;
use crate::queue::{Delivery, Spool};

/// What a killed process leaves: the directory as it is now.
fn as_left_behind(settings: &Settings) -> (TemporaryDirectory, Settings) {
    let directory = TemporaryDirectory::new();
    let copy = directory.settings();
    let mut copying = std::process::Command::new("cp");
    copying.arg("-r").args([&settings.directory, &copy.directory]);
    assert!(copying.status().unwrap().success());
    (directory, copy)
}

async fn queued(settings: &Settings) -> Vec<Delivery> {
    let store = Store::open(settings).await.unwrap();
    let claimed = store.claim(minute(0), minute(60), 10).await.unwrap();
    store.close().await;
    claimed
}

#[tokio::test]
async fn what_was_taken_before_the_process_was_killed_is_settled_by_the_next_start() {
    let directory = TemporaryDirectory::new();
    let settings = directory.settings();
    let sqlite = Sqlite::open(&settings).await.unwrap();
    for number in [1, 2] {
        sqlite.commit(record(number), mail(5)).await.unwrap();
    }
    let claimed = sqlite.claim(minute(0), minute(60), 10).await.unwrap();
    let gate = Gate::close(&sqlite).await;
    let settle = sqlite.settle(taken(&claimed[0]), Vec::new());
    let watch = async {
        until_waiting(&sqlite, 1).await;
        as_left_behind(&settings)
    };
    let (_copy, left) = tokio::select! {
        biased;
        _ = settle => panic!("the writer stands at the gate"),
        left = watch => left,
    };
    let again: Vec<i64> = queued(&left).await.iter().map(|delivery| delivery.id).collect();
    assert_eq!(again, [claimed[1].id]);
    assert_eq!(count(&left, "SELECT count(*) FROM bodies"), 1);
    assert_eq!(
        count(&left, "SELECT count(*) FROM deliveries WHERE state = 'delivered'"),
        1
    );
    gate.send(()).unwrap();
}

#[tokio::test]
async fn a_note_of_another_message_or_half_a_note_ends_no_delivery() {
    let directory = TemporaryDirectory::new();
    let settings = directory.settings();
    let store = Store::open(&settings).await.unwrap();
    store.commit(record(1), mail(5)).await.unwrap();
    let claimed = store.claim(minute(0), minute(60), 10).await.unwrap();
    store.close().await;
    let (number, own) = (claimed[0].id, id(0, 1));
    let other = id(0, 2);
    let notes = [
        format!("{number} {other}-1\n"),
        format!("{number} {own}-2\n"),
        format!("{} {own}-1\n", number + 1),
        format!("{number}{own}-1\n{number} {own}\n{number} \n\0\0\n"),
        // Cut off: it may have gone on.
        format!("{number} {own}-1"),
    ];
    for note in notes {
        std::fs::write(settings.directory.join("delivered.1"), &note).unwrap();
        assert_eq!(queued(&settings).await.len(), 1, "{note:?}");
    }
    std::fs::write(
        settings.directory.join("delivered.1"),
        format!("{number} {own}-1\n"),
    )
    .unwrap();
    assert!(queued(&settings).await.is_empty());
}

#[tokio::test]
async fn notes_take_little_room_however_much_is_delivered() {
    let directory = TemporaryDirectory::new();
    let settings = directory.settings();
    let sqlite = Sqlite::open(&settings).await.unwrap();
    sqlite.commit(record(1), mail(5)).await.unwrap();
    let claimed = sqlite.claim(minute(0), minute(60), 10).await.unwrap();
    let notes = sqlite.notes.as_ref().unwrap();
    for _ in 0..20_000 {
        drop(notes.note(claimed.iter()).unwrap());
    }
    // One that is never written down keeps its file, and the other one is enough.
    let kept = notes.note(claimed.iter());
    for _ in 0..20_000 {
        drop(notes.note(claimed.iter()).unwrap());
    }
    drop(kept);
    let length = |name: &str| std::fs::metadata(settings.directory.join(name)).unwrap().len();
    assert!(length("delivered.0") + length("delivered.1") < 200_000);
}
