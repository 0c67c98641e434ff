//! A Postfix of the test's own: its own configuration, queue and port; nothing of the system's is touched.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;

use super::directory::Directory;

pub struct Postfix {
    pub address: SocketAddr,
    directory: Directory,
}

impl Postfix {
    /// Starts a Postfix that sends everything to `relayhost`.
    pub fn start(name: &str, relayhost: SocketAddr) -> Postfix {
        Postfix::start_with(name, relayhost, "")
    }

    /// With these lines at the end of its `main.cf`.
    pub fn start_with(name: &str, relayhost: SocketAddr, more: &str) -> Postfix {
        let directory = Directory::new();
        let port = free_port();
        for folder in ["config", "queue", "data"] {
            std::fs::create_dir(directory.path().join(folder)).expect("a folder can be made");
        }
        let data = directory.path().join("data");
        let owned = Command::new("chown").arg("postfix").arg(&data).status();
        assert!(
            owned.is_ok_and(|status| status.success()),
            "the user postfix owns its data directory"
        );
        let at = directory.path().display().to_string();
        directory.write("config/main.cf", main_cf(&at, name, relayhost) + more);
        directory.write("config/master.cf", master_cf(port));
        let postfix = Postfix {
            address: SocketAddr::from(([127, 0, 0, 1], port)),
            directory,
        };
        assert!(postfix.control("start"), "postfix starts: {}", postfix.log());
        while TcpStream::connect(postfix.address).is_err() {
            assert!(postfix.control("status"), "postfix runs: {}", postfix.log());
        }
        postfix
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("queue/log")).unwrap_or_default()
    }

    fn control(&self, command: &str) -> bool {
        let config = self.directory.path().join("config");
        let output = Command::new("postfix")
            .arg("-c")
            .arg(config)
            .arg(command)
            .output();
        output.is_ok_and(|output| output.status.success())
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        self.control("abort");
        if std::thread::panicking() {
            eprintln!("--- postfix's log ---\n{}", self.log());
        }
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener
        .local_addr()
        .expect("a bound socket has an address")
        .port()
}

fn main_cf(at: &str, name: &str, relayhost: SocketAddr) -> String {
    let (host, port) = (relayhost.ip(), relayhost.port());
    format!(
        "compatibility_level = 3.6
queue_directory = {at}/queue
data_directory = {at}/data
config_directory = {at}/config
daemon_directory = /usr/lib/postfix/sbin
command_directory = /usr/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = {name}
mydestination =
local_recipient_maps =
alias_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
relayhost = [{host}]:{port}
maillog_file = {at}/queue/log
maillog_file_prefixes = {at}
minimal_backoff_time = 1s
queue_run_delay = 1s
"
    )
}

fn master_cf(port: u16) -> String {
    format!(
        "127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
retry unix - - n - - error
smtp unix - - n - - smtp
relay unix - - n - - smtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
proxymap unix - - n - - proxymap
postlog unix-dgram n - n - 1 postlogd
"
    )
}
