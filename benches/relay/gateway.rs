//! The gateway under measurement: the real program with the shipped rules.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::place::{Place, write_certificates};
use super::process::Tree;

/// The program; another build can be measured with `SEALGATE=path`.
fn program() -> String {
    std::env::var("SEALGATE").unwrap_or_else(|_| env!("CARGO_BIN_EXE_sealgate").to_owned())
}

/// A running gateway with its directory; killed when it goes out of scope.
pub struct Gateway {
    pub address: SocketAddr,
    pub place: Place,
    /// From the start of the process to the line that says it is ready.
    pub start_time: Duration,
    child: Child,
}

impl Gateway {
    /// Starts a gateway that knows certificates for `recipients` people.
    pub fn start(name: &str, next_hop: SocketAddr, recipients: usize) -> Gateway {
        let place = Place::new(name);
        write_certificates(&place, recipients);
        copy_policies(&place);
        place.write("sealgate.toml", settings(next_hop));
        let (child, address, start_time) = launch(&place);
        Gateway {
            address,
            place,
            start_time,
            child,
        }
    }

    /// Kills it without warning and starts it again on the same data.
    pub fn kill_and_restart(&mut self) {
        self.end();
        (self.child, self.address, self.start_time) = launch(&self.place);
    }

    /// Runs the program beside it.
    pub fn command(&self, words: &[&str]) -> String {
        let output = Command::new(program())
            .args(words)
            .arg("--config")
            .arg(self.place.path().join("sealgate.toml"))
            .output()
            .expect("the program starts");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Has it read its policy and certificates anew.
    pub fn reload(&self) {
        self.tree().hang_up();
    }

    pub fn tree(&self) -> Tree {
        Tree(self.child.id())
    }

    fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.end();
    }
}

fn settings(next_hop: SocketAddr) -> String {
    format!(
        r#"hostname = "gate.agency.example"
domains = ["agency.example"]
policies = "policies"
[smtp]
listen = ["127.0.0.1:0"]
relay_from = ["127.0.0.1"]
message_mb = 64
[certificates]
recipients = "certs/recipients"
anchors = "certs/anchors"
intermediates = "certs/intermediates"
crls = "certs/crls"
[store]
directory = "data"
[notice]
organisation = "The Agency"
help = "the help desk at 617-555-0100"
[deliver]
next_hop = "{next_hop}"
"#
    )
}

fn copy_policies(place: &Place) {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    for folder in ["", "elements", "notices"] {
        for entry in std::fs::read_dir(from.join(folder)).expect("the shipped policies can be read") {
            let path = entry.expect("the shipped policies can be read").path();
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .expect("a file has a name");
            if path.is_file() {
                let text = std::fs::read(&path).expect("a shipped policy can be read");
                place.write(&format!("policies/{folder}/{name}"), text);
            }
        }
    }
}

/// Starts the program and waits for the line that says where it listens. The rest of the log goes to a file,
/// as Postfix's does.
fn launch(place: &Place) -> (Child, SocketAddr, Duration) {
    let start = Instant::now();
    let log = place.path().join("log");
    let file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(&log)
        .expect("a log");
    let before = std::fs::metadata(&log).map_or(0, |file| file.len());
    let mut child = Command::new(program())
        .args(["serve", "--config"])
        .arg(place.path().join("sealgate.toml"))
        .stdout(Stdio::null())
        .stderr(file)
        .spawn()
        .expect("the program starts");
    loop {
        if let Some(address) = ready(&log, before) {
            return (child, address, start.elapsed());
        }
        let ended = child.try_wait().expect("the program was started");
        assert!(
            ended.is_none(),
            "{}",
            std::fs::read_to_string(&log).unwrap_or_default()
        );
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn ready(log: &Path, from: u64) -> Option<SocketAddr> {
    let mut file = std::fs::File::open(log).ok()?;
    std::io::Seek::seek(&mut file, std::io::SeekFrom::Start(from)).ok()?;
    let mut lines = BufReader::new(file).lines().map_while(Result::ok);
    lines.find_map(|line| {
        let line: serde_json::Value = serde_json::from_str(&line).ok()?;
        line.get("address")?.as_str()?.parse().ok()
    })
}
