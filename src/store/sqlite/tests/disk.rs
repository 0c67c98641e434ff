//! Files: the order of steps, modes, a full disk.

use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use super::super::bodies::{Bodies, Disk, RealDisk, Sink};
use super::*;
use crate::audit::{Lookup, Trail};
use crate::message::RawMessage;
use crate::queue::{Outcome, Spool};

/// The real disk, which writes down each step and fails at one of them.
struct WatchedDisk {
    steps: Arc<Mutex<Vec<&'static str>>>,
    fail_at: usize,
}

struct WatchedSink(Box<dyn Sink>, Arc<Mutex<Vec<&'static str>>>, usize);

fn step(steps: &Mutex<Vec<&'static str>>, fail_at: usize, name: &'static str) -> io::Result<()> {
    let mut steps = steps.lock().unwrap();
    if steps.len() == fail_at {
        return Err(io::ErrorKind::StorageFull.into());
    }
    steps.push(name);
    Ok(())
}

impl Disk for WatchedDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn Sink>> {
        step(&self.steps, self.fail_at, "create")?;
        let file = RealDisk.create(path)?;
        Ok(Box::new(WatchedSink(file, Arc::clone(&self.steps), self.fail_at)))
    }

    fn sync_directory(&self, directory: &Path) -> io::Result<()> {
        step(&self.steps, self.fail_at, "sync directory")?;
        RealDisk.sync_directory(directory)
    }
}

impl Write for WatchedSink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        step(&self.1, self.2, "write")?;
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Sink for WatchedSink {
    fn sync(&mut self) -> io::Result<()> {
        step(&self.1, self.2, "sync file")?;
        self.0.sync()
    }
}

const STEPS: [&str; 4] = ["create", "write", "sync file", "sync directory"];

/// Commits one large message on a disk that fails at this step; a failure leaves neither row nor file.
async fn commit_on(fail_at: usize) -> (bool, Vec<&'static str>) {
    let ground = TemporaryDirectory::new();
    let settings = ground.settings();
    let mut sqlite = Sqlite::open(&settings).await.unwrap();
    let steps = Arc::new(Mutex::new(Vec::new()));
    let disk = WatchedDisk {
        steps: Arc::clone(&steps),
        fail_at,
    };
    sqlite.bodies = Bodies::new(&settings.directory.join("bodies"), Arc::new(disk));
    let done = sqlite.commit(record(1), mail(5000)).await;
    let kept = sqlite.find(Lookup::Id(id(0, 1))).await.unwrap().len();
    assert_eq!(kept, usize::from(done.is_ok()));
    assert_eq!(body_files(&settings).len(), kept);
    assert_eq!(is_full(&done), done.is_err());
    let steps = steps.lock().unwrap().clone();
    (done.is_ok(), steps)
}

#[tokio::test]
async fn a_large_body_is_durable_with_its_name_before_its_row_is() {
    for fail_at in 0..STEPS.len() {
        assert_eq!(commit_on(fail_at).await, (false, STEPS[..fail_at].to_vec()));
    }
    assert_eq!(commit_on(usize::MAX).await, (true, STEPS.to_vec()));
}

#[tokio::test]
async fn a_finished_large_body_leaves_the_disk() {
    let ground = TemporaryDirectory::new();
    let settings = ground.settings();
    let sqlite = Sqlite::open(&settings).await.unwrap();
    sqlite.commit(record(1), mail(1025)).await.unwrap();
    sqlite.commit(record(2), mail(1024)).await.unwrap();
    assert_eq!(
        body_files(&settings).len(),
        1,
        "up to inline_kb it lives in the row"
    );
    let claimed = sqlite.claim(minute(0), minute(1), 9).await.unwrap();
    let taken = claimed
        .into_iter()
        .map(|delivery| (delivery, Outcome::Delivered { reply: String::new() }));
    sqlite.settle(taken.collect(), Vec::new()).await.unwrap();
    sqlite.desk.stop().await;
    assert!(body_files(&settings).is_empty());
    assert_eq!(count(&settings, "SELECT count(*) FROM bodies"), 0);
}

#[tokio::test]
async fn a_body_file_of_the_wrong_length_is_an_error_not_mail() {
    let ground = TemporaryDirectory::new();
    let settings = ground.settings();
    let sqlite = Sqlite::open(&settings).await.unwrap();
    sqlite.commit(record(1), mail(5000)).await.unwrap();
    // What was just committed is still in memory.
    crate::store::Kind::close(&sqlite).await;
    drop(sqlite);
    let sqlite = Sqlite::open(&settings).await.unwrap();
    let body = sqlite.list(everything()).await.unwrap()[0].body;
    let file = settings.directory.join("bodies").join(&body_files(&settings)[0]);
    std::fs::write(&file, [5; 4999]).unwrap();
    assert!(sqlite.body(body).await.is_err());
    std::fs::write(&file, [5; 5000]).unwrap();
    assert_eq!(sqlite.body(body).await.unwrap(), RawMessage::new(vec![5; 5000]));
    std::fs::remove_file(&file).unwrap();
    assert!(sqlite.body(body).await.is_err());
    assert!(sqlite.body(12_345).await.is_err());
}

#[tokio::test]
async fn only_the_owner_can_look_into_the_data_directory() {
    let ground = TemporaryDirectory::new();
    let settings = ground.settings();
    let sqlite = Sqlite::open(&settings).await.unwrap();
    sqlite.commit(record(1), mail(5000)).await.unwrap();
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&settings.directory), 0o700);
    assert_eq!(mode(&settings.directory.join("bodies")), 0o700);
    for file in ["sealgate.db", "sealgate.db-wal", "sealgate.db-shm", "lock"] {
        assert_eq!(mode(&settings.directory.join(file)), 0o600, "{file}");
    }
    let body = settings.directory.join("bodies").join(&body_files(&settings)[0]);
    assert_eq!(mode(&body), 0o600);
}

#[tokio::test]
async fn a_full_disk_refuses_what_does_not_fit_and_takes_mail_again_when_there_is_room() {
    let ground = TemporaryDirectory::new();
    let settings = Settings {
        inline_kb: 10_000,
        ..ground.settings()
    };
    let sqlite = Arc::new(Sqlite::open(&settings).await.unwrap());
    sqlite.commit(record(1), mail(10)).await.unwrap();
    // To SQLite, its page limit is a full disk. A pragma takes no part in a transaction.
    sqlite
        .desk
        .write(|| Statement("PRAGMA max_page_count = 60"))
        .await
        .unwrap();
    let alone = sqlite.commit(record(2), mail(1_000_000)).await;
    assert!(is_full(&alone), "{alone:?}");

    let gate = Gate::close(&sqlite).await;
    let waiting = [(3, 10), (4, 1_000_000), (5, 10)].map(|(entropy, size)| {
        let sqlite = Arc::clone(&sqlite);
        tokio::spawn(async move { sqlite.commit(record(entropy), mail(size)).await })
    });
    until_waiting(&sqlite, 3).await;
    gate.send(()).unwrap();
    let mut outcomes = Vec::new();
    for message in waiting {
        outcomes.push(message.await.unwrap());
    }
    assert!(
        outcomes[0].is_ok() && is_full(&outcomes[1]) && outcomes[2].is_ok(),
        "{outcomes:?}"
    );

    sqlite
        .desk
        .write(|| Statement("PRAGMA max_page_count = 100000"))
        .await
        .unwrap();
    sqlite.commit(record(6), mail(1_000_000)).await.unwrap();
    let kept = sqlite.list(everything()).await.unwrap();
    let kept: Vec<_> = kept.iter().map(|delivery| delivery.message).collect();
    assert_eq!(kept, [1, 3, 5, 6].map(|entropy| id(0, entropy)));
    let audit = crate::store::Kind::verify_chain(&*sqlite).await.unwrap();
    assert_eq!(audit, crate::audit::ChainState::Intact { records: 4 });
}

#[tokio::test]
async fn new_mail_leaves_the_reserve_alone_and_mail_that_is_here_still_leaves() {
    let ground = TemporaryDirectory::new();
    let sqlite = Sqlite::open(&ground.settings()).await.unwrap();
    sqlite.commit(record(1), mail(10)).await.unwrap();
    crate::store::Kind::close(&sqlite).await;
    // No disk has a tebi of mebibytes free.
    let settings = Settings {
        reserve_mb: 1 << 40,
        ..ground.settings()
    };
    let sqlite = Sqlite::open(&settings).await.unwrap();
    let refused = sqlite.commit(record(2), mail(10)).await;
    assert!(is_full(&refused), "{refused:?}");
    let waiting = sqlite.claim(minute(1), minute(2), 9).await.unwrap();
    let failed = |delivery| {
        let reply = "550 no such user".to_owned();
        (delivery, Outcome::Failed { reply })
    };
    let outcomes: Vec<_> = waiting.into_iter().map(failed).collect();
    assert_eq!(outcomes.len(), 1);
    let told = vec![(id(0, 1), crate::store::samples::notice(b"z"))];
    sqlite.settle(outcomes, told).await.unwrap();
}

/// Keeps everybody from copying the log into the database, as somebody does who is at it himself: byte 121 of the index
/// (<https://www.sqlite.org/walformat.html#locks>). The lock is of the open file, for a process does not keep itself out.
fn as_if_copied_elsewhere(settings: &Settings) -> std::fs::File {
    let index = settings.directory.join("sealgate.db-shm");
    let index = std::fs::File::options()
        .read(true)
        .write(true)
        .open(index)
        .unwrap();
    let lock = nix::libc::flock {
        l_type: nix::libc::F_WRLCK.try_into().unwrap(),
        l_whence: nix::libc::SEEK_SET.try_into().unwrap(),
        l_start: 121,
        l_len: 1,
        l_pid: 0,
    };
    nix::fcntl::fcntl(&index, nix::fcntl::FcntlArg::F_OFD_SETLK(&lock)).unwrap();
    index
}

#[tokio::test]
async fn mail_is_taken_though_the_log_is_long_and_somebody_else_copies_it() {
    let ground = TemporaryDirectory::new();
    let settings = ground.settings();
    let sqlite = Sqlite::open(&settings).await.unwrap();
    let copying = as_if_copied_elsewhere(&settings);
    let long = Statement("CREATE TABLE long (octets BLOB); INSERT INTO long VALUES (zeroblob(70000000))");
    sqlite.desk.write(|| long).await.unwrap();
    sqlite.commit(record(1), mail(10)).await.unwrap();
    assert!(!sqlite.find(Lookup::Id(id(0, 1))).await.unwrap().is_empty());
    drop(copying);
}
