//! A real directory server, OpenLDAP's slapd, with users.

use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::counterparts::have;
use super::directory::Directory;
use super::tls;

/// The password of everybody in the directory.
pub const PASSWORD: &str = "staple, battery";
/// That of the one who searches.
const READER: &str = "horse correct";

/// `agency.example` with `ann`, who has two addresses, `bob`, who has none, two entries with the uid `twin`, and a reader, who
/// alone may see them. It takes a bind without a password for one of nobody, as many directories do.
pub struct Slapd {
    child: Child,
    pub folder: Directory,
    pub tls: u16,
    pub plain: u16,
}

impl Slapd {
    /// `None`, and loudly, when there is no slapd on this machine.
    pub fn start(test: &str) -> Option<Slapd> {
        if !have(test, &["slapd", "slapadd"]) {
            return None;
        }
        let folder = Directory::new();
        tls::write_certificate(&folder);
        let at = |name: &str| folder.path().join(name).display().to_string();
        let person = |cn: &str, uid: &str, more: &str| {
            format!(
                "dn: cn={cn},dc=agency,dc=example\nobjectClass: inetOrgPerson\ncn: {cn}\nsn: {cn}\nuid: {uid}\n\
                 userPassword: {PASSWORD}\n{more}\n"
            )
        };
        let people = [
            person(
                "ann",
                "ann",
                "mail: ann@agency.example\nmail: clerk@agency.example\n",
            ),
            person("bob", "bob", ""),
            person("one", "twin", "mail: one@agency.example\n"),
            person("other", "twin", "mail: other@agency.example\n"),
        ];
        let ldif = format!(
            "dn: dc=agency,dc=example\nobjectClass: dcObject\nobjectClass: organization\no: Agency\ndc: agency\n\n\
             dn: cn=reader,dc=agency,dc=example\nobjectClass: person\ncn: reader\nsn: reader\nuserPassword: {READER}\n\n{}",
            people.concat()
        );
        let ldif = folder.write("directory.ldif", ldif);
        folder.write("reader", format!("{READER}\n"));
        std::fs::create_dir(folder.path().join("data")).expect("a folder can be made");
        let schemas = ["core", "cosine", "inetorgperson"];
        let schemas = schemas
            .map(|name| format!("include /etc/ldap/schema/{name}.schema\n"))
            .concat();
        let settings = format!(
            "{schemas}modulepath /usr/lib/ldap\nmoduleload back_mdb\nallow bind_anon_dn\n\
             TLSCertificateFile {}\nTLSCertificateKeyFile {}\n\
             database mdb\nsuffix \"dc=agency,dc=example\"\ndirectory {}\n\
             access to attrs=userPassword by anonymous auth by * none\n\
             access to * by dn.exact=\"cn=reader,dc=agency,dc=example\" read by * none\n",
            at("tls.pem"),
            at("tls.key"),
            at("data"),
        );
        let settings = folder.write("slapd.conf", settings);
        let mut add = Command::new("/usr/sbin/slapadd");
        let filled = add.arg("-f").arg(&settings).arg("-l").arg(&ldif).output();
        let filled = filled.expect("slapadd runs");
        assert!(
            filled.status.success(),
            "{}",
            String::from_utf8_lossy(&filled.stderr)
        );
        let (tls, plain) = (free_port(), free_port());
        let mut child = Command::new("/usr/sbin/slapd")
            .arg("-f")
            .arg(&settings)
            .args(["-d", "0", "-h"])
            .arg(format!("ldaps://localhost:{tls}/ ldap://localhost:{plain}/"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("slapd runs");
        for port in [tls, plain] {
            while TcpStream::connect(("localhost", port)).is_err() {
                let ended = child.try_wait().expect("slapd can be asked");
                assert!(ended.is_none(), "slapd has ended: {ended:?}");
                std::thread::yield_now();
            }
        }
        Some(Slapd {
            child,
            folder,
            tls,
            plain,
        })
    }

    /// The section `[smtp.ldap]` for it, with these lines more.
    pub fn section(&self, url: &str, more: &str) -> String {
        let at = |name: &str| self.folder.path().join(name).display().to_string();
        format!(
            "[smtp.ldap]\nurl = \"{url}\"\nbase = \"dc=agency,dc=example\"\n\
             bind_dn = \"cn=reader,dc=agency,dc=example\"\npassword_file = \"{}\"\nca_file = \"{}\"\n{more}\n",
            at("reader"),
            at("tls.pem"),
        )
    }

    /// From now on it hears everything and says nothing.
    pub fn freeze(&self) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).expect("a process number"));
        kill(pid, Signal::SIGSTOP).expect("our own process");
    }

    pub fn kill(&mut self) {
        self.child.kill().expect("slapd was running");
        self.child.wait().expect("slapd was running");
    }
}

impl Drop for Slapd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("it has an address").port()
}
