//! A real name server, BIND's named, that serves a signed root zone of the test's own.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use super::counterparts::have;
use super::directory::Directory;

pub struct Named {
    pub address: SocketAddr,
    /// The key that DNSSEC begins from.
    pub anchors: PathBuf,
    child: Child,
    directory: Directory,
}

impl Drop for Named {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const SOA: &str = "$TTL 300\n@ IN SOA ns. admin. 1 3600 600 86400 300\n@ IN NS ns.\n";

impl Named {
    /// Serves a signed root zone with `signed`, where what stands in `changed` is replaced after signing; a zone
    /// `unsigned.example` with `unsigned`; and a zone `lame.example` about which it can only say that it fails.
    /// `None`, and loudly, where there is no named.
    pub fn start(test: &str, signed: &str, unsigned: &str, changed: (&str, &str)) -> Option<Named> {
        if !have(test, &["named", "dnssec-keygen", "dnssec-signzone"]) {
            return None;
        }
        let directory = Directory::new();
        let glue = "ns. IN A 127.0.0.1\nunsigned.example. IN NS ns.\nlame.example. IN NS ns.\n";
        directory.write("root", format!("{SOA}{glue}{signed}"));
        directory.write("unsigned", format!("{SOA}{unsigned}"));
        directory.write("lame", "this is no zone\n");
        let at = directory.path().to_owned();
        let run = |program: &str, arguments: &[&str]| {
            let out = Command::new(program).current_dir(&at).args(arguments).output();
            let out = out.expect("the tools of named run");
            assert!(
                out.status.success(),
                "{program}: {}",
                String::from_utf8_lossy(&out.stderr)
            );
            String::from_utf8_lossy(&out.stdout).into_owned()
        };
        let key = run(
            "dnssec-keygen",
            &["-q", "-a", "ECDSAP256SHA256", "-f", "KSK", "."],
        );
        run("dnssec-keygen", &["-q", "-a", "ECDSAP256SHA256", "."]);
        run(
            "dnssec-signzone",
            &["-S", "-O", "full", "-o", ".", "-f", "signed", "root"],
        );
        if !changed.0.is_empty() {
            let zone = std::fs::read_to_string(at.join("signed")).expect("the signed zone");
            assert!(zone.contains(changed.0), "nothing to change in {zone}");
            directory.write("signed", zone.replace(changed.0, changed.1));
        }
        let public = std::fs::read_to_string(at.join(format!("{}.key", key.trim()))).expect("the public key");
        let public: Vec<&str> = public.lines().filter(|line| !line.starts_with(';')).collect();
        let anchors = directory.write("anchor", format!("{}\n", public.join("\n")));
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("a bound socket has an address");
        drop(listener);
        directory.write(
            "named.conf",
            configuration(&at.display().to_string(), address.port()),
        );
        let child = Command::new("/usr/sbin/named")
            .arg("-c")
            .arg(at.join("named.conf"))
            .args(["-f", "-n", "1"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("named starts");
        let mut named = Named {
            address,
            anchors,
            child,
            directory,
        };
        while TcpStream::connect(address).is_err() {
            let ended = named.child.try_wait().expect("named can be asked");
            assert!(
                ended.is_none(),
                "named ended: {ended:?} in {:?}",
                named.directory.path()
            );
            std::thread::yield_now();
        }
        Some(named)
    }
}

fn configuration(home: &str, port: u16) -> String {
    format!(
        "options {{ directory \"{home}\"; listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }}; \
         recursion no; pid-file none; session-keyfile none; allow-query {{ any; }}; }};\n\
         controls {{ }};\n\
         zone \".\" {{ type primary; file \"signed\"; }};\n\
         zone \"unsigned.example\" {{ type primary; file \"unsigned\"; }};\n\
         zone \"lame.example\" {{ type primary; file \"lame\"; }};\n"
    )
}
