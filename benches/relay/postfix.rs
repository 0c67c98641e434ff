//! A Postfix of the run's own to compare with: plain, or with a filter that seals each message with OpenSSL.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;

use super::place::{Place, write_certificates};
use super::process::Tree;

/// A running Postfix, stopped when it goes out of scope.
pub struct Postfix {
    pub address: SocketAddr,
    place: Place,
}

impl Postfix {
    /// Whether it is installed, and this process may start one.
    pub fn is_there() -> bool {
        let root = Command::new("id")
            .arg("-u")
            .output()
            .is_ok_and(|output| output.stdout == b"0\n");
        root && Path::new("/usr/sbin/postfix").exists()
    }

    /// A Postfix that passes all mail on, and does nothing else.
    pub fn plain(name: &str, next_hop: SocketAddr) -> Postfix {
        Postfix::start(Place::new(name), next_hop, "")
    }

    /// A Postfix whose filter encrypts each message with `openssl cms` and hands it back.
    pub fn sealing(name: &str, next_hop: SocketAddr, recipients: usize) -> Postfix {
        use std::os::unix::fs::PermissionsExt;
        let place = Place::new(name);
        write_certificates(&place, recipients);
        let at = place.path().display();
        let own = std::env::current_exe().expect("this program has a name");
        std::fs::copy(own, place.path().join("reinject")).expect("this program can be copied");
        let back = free_port();
        let script = format!(
            "#!/bin/sh\nopenssl cms -encrypt -aes256 -outform SMIME -from \"$1\" -to \"$2\" -subject '[...]' \
             {at}/certs/recipients/\"$2\".pem | {at}/reinject --reinject 127.0.0.1:{back} \"$1\" \"$2\"\n"
        );
        let script = place.write("seal", script);
        std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755))
            .expect("a script can be run");
        let filter = format!(
            "    -o content_filter=seal:\n\
             127.0.0.1:{back} inet n - n - - smtpd\n\
             seal unix - n n - - pipe flags=Rq user=nobody argv={} ${{sender}} ${{recipient}}\n",
            script.display()
        );
        Postfix::start(place, next_hop, &filter)
    }

    fn start(place: Place, next_hop: SocketAddr, filter: &str) -> Postfix {
        let port = free_port();
        for folder in ["config", "queue", "data"] {
            std::fs::create_dir_all(place.path().join(folder)).expect("a folder can be made");
        }
        let owned = Command::new("chown")
            .arg("postfix")
            .arg(place.path().join("data"))
            .status();
        assert!(
            owned.is_ok_and(|status| status.success()),
            "the user postfix owns its data"
        );
        let at = place.path().display().to_string();
        place.write(
            "config/main.cf",
            MAIN_CF
                .replace("{at}", &at)
                .replace("{hop}", &bracketed(next_hop)),
        );
        let master = MASTER_CF
            .replace("{port}", &port.to_string())
            .replace("{filter}\n", filter);
        place.write("config/master.cf", master);
        let postfix = Postfix {
            address: SocketAddr::from(([127, 0, 0, 1], port)),
            place,
        };
        assert!(postfix.control("start"), "postfix starts");
        while TcpStream::connect(postfix.address).is_err() {
            assert!(postfix.control("status"), "postfix runs");
        }
        postfix
    }

    pub fn tree(&self) -> Tree {
        let file = self.place.path().join("queue/pid/master.pid");
        let pid = std::fs::read_to_string(file).expect("postfix runs");
        Tree(pid.trim().parse().expect("a process number"))
    }

    /// Has it try everything in its queue now.
    pub fn flush(&self) {
        let config = self.place.path().join("config");
        let status = Command::new("/usr/sbin/postqueue")
            .arg("-c")
            .arg(config)
            .arg("-f")
            .status();
        assert!(status.is_ok_and(|status| status.success()), "postqueue flushes");
    }

    fn control(&self, command: &str) -> bool {
        let config = self.place.path().join("config");
        let output = Command::new("/usr/sbin/postfix")
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
    }
}

fn bracketed(address: SocketAddr) -> String {
    format!("[{}]:{}", address.ip(), address.port())
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener
        .local_addr()
        .expect("a bound socket has an address")
        .port()
}

/// Postfix's defaults wherever they do not stand in its way: anvil's limits do not count for own networks.
const MAIN_CF: &str = "compatibility_level = 3.6
queue_directory = {at}/queue
data_directory = {at}/data
config_directory = {at}/config
daemon_directory = /usr/lib/postfix/sbin
command_directory = /usr/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = mail.agency.example
mydestination =
local_recipient_maps =
alias_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
relayhost = {hop}
message_size_limit = 104857600
seal_destination_recipient_limit = 1
maillog_file = {at}/queue/log
maillog_file_prefixes = {at}
";

const MASTER_CF: &str = "127.0.0.1:{port} inet n - n - - smtpd
{filter}
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
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
";
