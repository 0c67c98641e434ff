//! A certificate for the gateway's listeners, and users with passwords.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::PKey;
use openssl::ssl::{SslConnector, SslMethod, SslStream, SslVerifyMode};
use openssl::x509::extension::SubjectAlternativeName;
use openssl::x509::{X509, X509NameBuilder};

use super::directory::Directory;
use super::gateway::PROGRAM;

/// The lines of `[smtp]` that go with [`prepare`].
pub const SETTINGS: &str = "tls_certificate = \"tls.pem\"\ntls_key = \"tls.key\"\nusers = \"users\"\n\
                            listen_tls = [\"127.0.0.1:0\"]\nlogin_failures = 3";
pub const USER: &str = "ann@agency.example";
pub const PASSWORD: &str = "correct horse, battery";

/// The lines of `[smtp]` that go with [`write_certificate`].
pub const CERTIFICATE: &str =
    "tls_certificate = \"tls.pem\"\ntls_key = \"tls.key\"\nlisten_tls = [\"127.0.0.1:0\"]";

/// Writes the certificate and the file with one user.
pub fn prepare(directory: &Directory) {
    write_certificate(directory);
    let users = directory.write("users", user(USER, PASSWORD, &[USER, "clerk@agency.example"]));
    std::fs::set_permissions(users, std::fs::Permissions::from_mode(0o640)).expect("our own file");
}

/// Writes the certificate, for `localhost` and by itself, and its key.
pub fn write_certificate(directory: &Directory) {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).expect("the curve");
    let key = PKey::from_ec_key(EcKey::generate(&group).expect("a key")).expect("a key");
    let mut name = X509NameBuilder::new().expect("a name");
    name.append_entry_by_text("CN", "localhost").expect("a name");
    let name = name.build();
    let mut builder = X509::builder().expect("a certificate");
    let serial = BigNum::from_u32(7).and_then(|serial| serial.to_asn1_integer());
    let names = SubjectAlternativeName::new()
        .dns("localhost")
        .ip("127.0.0.1")
        .build(&builder.x509v3_context(None, None));
    let fill = || {
        builder.set_version(2)?;
        builder.set_serial_number(&*serial?)?;
        builder.set_subject_name(&name)?;
        builder.set_issuer_name(&name)?;
        builder.set_pubkey(&key)?;
        builder.set_not_before(&*Asn1Time::days_from_now(0)?)?;
        builder.set_not_after(&*Asn1Time::days_from_now(2)?)?;
        builder.append_extension(names?)?;
        builder.sign(&key, MessageDigest::sha256())
    };
    fill().expect("a certificate");
    directory.write("tls.pem", builder.build().to_pem().expect("PEM"));
    directory.write("tls.key", key.private_key_to_pem_pkcs8().expect("PEM"));
}

/// The line of a user who may send from these addresses, made by the program.
pub fn user(name: &str, password: &str, senders: &[&str]) -> String {
    let mut command = Command::new(PROGRAM);
    command.args(["user", "hash", name]);
    for sender in senders {
        command.args(["--sender", sender]);
    }
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let mut input = child.stdin.take().expect("standard input is piped");
    writeln!(input, "{password}").expect("the program reads");
    drop(input);
    let output = child.wait_with_output().expect("the program ends");
    assert!(output.status.success());
    String::from_utf8(output.stdout).expect("text")
}

/// A session under STARTTLS, by hand.
pub struct Secured(BufReader<SslStream<TcpStream>>);

impl Secured {
    pub fn open(to: SocketAddr) -> Secured {
        let mut socket = TcpStream::connect(to).expect("the gateway listens");
        let mut octet = [0];
        for command in ["", "EHLO client.example\r\n", "STARTTLS\r\n"] {
            socket.write_all(command.as_bytes()).expect("the gateway reads");
            // One octet at a time, so that nothing of the handshake is taken.
            let mut line = Vec::new();
            while !line.ends_with(b"\r\n") || line.get(3) == Some(&b'-') {
                if line.ends_with(b"\r\n") {
                    line.clear();
                }
                std::io::Read::read_exact(&mut socket, &mut octet).expect("the gateway answers");
                line.push(octet[0]);
            }
            assert!(line.starts_with(b"2"), "{}", String::from_utf8_lossy(&line));
        }
        let mut builder = SslConnector::builder(SslMethod::tls_client()).expect("OpenSSL");
        builder.set_verify(SslVerifyMode::NONE);
        let client = builder
            .build()
            .configure()
            .expect("OpenSSL")
            .verify_hostname(false);
        let stream = client.connect("localhost", socket).expect("a handshake");
        Secured(BufReader::new(stream))
    }

    /// Sends a line and reads the reply.
    pub fn say(&mut self, line: &str) -> String {
        let stream = self.0.get_mut();
        stream
            .write_all(format!("{line}\r\n").as_bytes())
            .expect("the gateway reads");
        let mut reply = String::new();
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).expect("the gateway answers");
            reply.push_str(&line);
            if line.as_bytes().get(3) != Some(&b'-') {
                return reply;
            }
        }
    }
}
