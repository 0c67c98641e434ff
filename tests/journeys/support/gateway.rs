//! The real program, started with a settings file of its own.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::directory::Directory;
use super::pki::Pki;

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_sealgate");

/// A gateway with its directory; stopped when it goes out of scope.
pub struct Gateway {
    pub address: SocketAddr,
    pub directory: Directory,
    pub pki: Pki,
    settings: PathBuf,
    child: Child,
    log: Arc<Mutex<String>>,
    environment: Vec<(&'static str, PathBuf)>,
}

/// What a test may want to be different.
pub struct Options {
    /// Lines put into `sealgate.toml` before the first table.
    pub settings: String,
    /// Text of `policies/policy.toml`; the shipped one when empty.
    pub policy: String,
    /// Extra lines for `[deliver]`, routes for instance.
    pub deliver: String,
    /// The network that may relay.
    pub relay_from: &'static str,
    /// Extra lines for `[smtp]`.
    pub smtp: String,
    /// Extra lines for `[inspect]`.
    pub inspect: String,
    /// Extra lines for `[store]`.
    pub store: String,
    /// What is put into its directory before it starts.
    pub prepare: fn(&Directory),
    /// Environment variables, the value being a path in the directory.
    pub environment: &'static [(&'static str, &'static str)],
    /// More tables at the end.
    pub tables: String,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            settings: String::new(),
            policy: String::new(),
            deliver: String::new(),
            relay_from: "127.0.0.1",
            smtp: String::new(),
            inspect: "children = 2".to_owned(),
            store: String::new(),
            prepare: |_| {},
            environment: &[],
            tables: String::new(),
        }
    }
}

impl Gateway {
    /// Starts a gateway whose mail goes to `next_hop`.
    pub fn start(next_hop: SocketAddr, options: &Options) -> Gateway {
        let directory = Directory::new();
        let pki = Pki::create(&directory);
        copy_policies(&directory, &options.policy);
        let settings = directory.write("sealgate.toml", settings(next_hop, options));
        (options.prepare)(&directory);
        let variable = |(name, file): &(&'static str, &str)| (*name, directory.path().join(file));
        let environment: Vec<_> = options.environment.iter().map(variable).collect();
        let (child, address, log) = launch(&settings, &environment);
        Gateway {
            environment,
            address,
            directory,
            pki,
            settings,
            child,
            log,
        }
    }

    /// Kills it without warning and starts it again on the same data.
    pub fn kill_and_restart(&mut self) {
        self.child.kill().expect("the gateway can be killed");
        self.child.wait().expect("the gateway was running");
        let (child, address, log) = launch(&self.settings, &self.environment);
        (self.child, self.address, self.log) = (child, address, log);
    }

    /// Runs another command of the program against the same settings.
    pub fn command(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).arg("--config").arg(&self.settings);
        command.envs(self.environment.iter().cloned());
        command.output().expect("the program runs")
    }

    /// What such a command prints when it succeeds.
    pub fn ask(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success(),
            "{arguments:?}: {text}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        text
    }

    /// Sends SIGHUP and waits until the log has `words`.
    pub fn reload(&self, words: &str) {
        let pid = Pid::from_raw(i32::try_from(self.pid()).expect("a process number"));
        kill(pid, Signal::SIGHUP).expect("the gateway can be signalled");
        self.wait_for_log(words);
    }

    /// Waits until every delivery is finished and its outcome recorded.
    pub fn wait_until_the_queue_is_empty(&self) {
        let end = std::time::Instant::now() + Duration::from_secs(60);
        while !self.ask(&["queue", "list"]).contains("empty") {
            assert!(
                std::time::Instant::now() < end,
                "still queued: {}",
                self.ask(&["queue", "list"])
            );
        }
    }

    /// Everything that the gateway has logged so far.
    pub fn log(&self) -> String {
        self.log.lock().expect("no test panicked here").clone()
    }

    /// Waits until the log has `words`.
    pub fn wait_for_log(&self, words: &str) {
        let end = std::time::Instant::now() + Duration::from_secs(60);
        while !self.log().contains(words) {
            assert!(
                std::time::Instant::now() < end,
                "nothing about {words:?} in:\n{}",
                self.log()
            );
            std::thread::yield_now();
        }
    }

    /// Where it listens in clear, and where under TLS or as it is told for a second listener.
    pub fn addresses(&self) -> [SocketAddr; 2] {
        let end = std::time::Instant::now() + Duration::from_secs(60);
        loop {
            let log = self.log();
            let ready = log.lines().filter(|line| line.contains("\"ready\""));
            if let [first, second, ..] = ready.filter_map(listening).collect::<Vec<_>>()[..] {
                return [first, second];
            }
            assert!(std::time::Instant::now() < end, "one listener only:\n{log}");
            std::thread::yield_now();
        }
    }

    /// Where it takes mail from outside.
    pub fn inbound(&self) -> SocketAddr {
        self.wait_for_log("ready for mail from outside");
        let log = self.log();
        let line = log
            .lines()
            .find(|line| line.contains("ready for mail from outside"));
        listening(line.expect("it was just there")).expect("the line names the address")
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Where the store is.
    pub fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- the gateway's log ---\n{}", self.log());
        }
    }
}

/// Checks a settings file with `sealgate config check`.
pub fn check(settings: &std::path::Path) -> Output {
    let mut command = Command::new(PROGRAM);
    command
        .args(["config", "check", "--config"])
        .arg(settings)
        .output()
        .expect("the program runs")
}

fn settings(next_hop: SocketAddr, options: &Options) -> String {
    format!(
        r#"hostname = "gate.agency.example"
domains = ["agency.example"]
policies = "policies"
{extra}
[smtp]
listen = ["127.0.0.1:0"]
relay_from = ["{relay_from}"]
{smtp}
[inspect]
{inspect}
[certificates]
recipients = "certs/recipients"
anchors = "certs/anchors"
intermediates = "certs/intermediates"
crls = "certs/crls"
[store]
directory = "data"
{store}
[notice]
organisation = "The Agency"
help = "the help desk at 617-555-0100"
[deliver]
next_hop = "{next_hop}"
{deliver}
{tables}
"#,
        extra = options.settings,
        relay_from = options.relay_from,
        smtp = options.smtp,
        inspect = options.inspect,
        store = options.store,
        deliver = options.deliver,
        tables = options.tables,
    )
}

fn copy_policies(directory: &Directory, policy: &str) {
    let from = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    for folder in ["", "elements", "notices"] {
        for entry in std::fs::read_dir(from.join(folder)).expect("the shipped policies can be read") {
            let path = entry.expect("the shipped policies can be read").path();
            if path.is_file() {
                let name = path
                    .file_name()
                    .expect("a file has a name")
                    .to_string_lossy()
                    .into_owned();
                let text = std::fs::read(&path).expect("a shipped policy can be read");
                directory.write(&format!("policies/{folder}/{name}"), text);
            }
        }
    }
    if !policy.is_empty() {
        directory.write("policies/policy.toml", policy);
    }
}

/// Starts the program and waits for the line that says where it listens.
fn launch(
    settings: &std::path::Path,
    environment: &[(&str, PathBuf)],
) -> (Child, SocketAddr, Arc<Mutex<String>>) {
    let mut command = Command::new(PROGRAM);
    command
        .args(["serve", "--config"])
        .arg(settings)
        .envs(environment.iter().cloned())
        .stderr(Stdio::piped())
        .stdout(Stdio::null());
    let mut child = command.spawn().expect("the program starts");
    let output = BufReader::new(child.stderr.take().expect("standard error is piped"));
    let log = Arc::new(Mutex::new(String::new()));
    let (tell, told) = channel();
    let kept = Arc::clone(&log);
    std::thread::spawn(move || {
        for line in output.lines().map_while(Result::ok) {
            if let Some(address) = listening(&line) {
                let _ = tell.send(address);
            }
            let mut log = kept.lock().expect("no test panicked here");
            log.push_str(&line);
            log.push('\n');
        }
    });
    match told.recv_timeout(Duration::from_secs(60)) {
        Ok(address) => (child, address, log),
        Err(_) => {
            let _ = child.kill();
            panic!(
                "the gateway did not start:\n{}",
                log.lock().expect("no test panicked here")
            );
        }
    }
}

fn listening(line: &str) -> Option<SocketAddr> {
    let line: serde_json::Value = serde_json::from_str(line).ok()?;
    line.get("address")?.as_str()?.parse().ok()
}
