//! A certificate for the gateway's listeners, and users with passwords.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::PKey;
use openssl::x509::extension::SubjectAlternativeName;
use openssl::x509::{X509, X509NameBuilder};

use super::directory::Directory;
use super::gateway::PROGRAM;

/// The lines of `[smtp]` that go with [`prepare`].
pub const SETTINGS: &str = "tls_certificate = \"tls.pem\"\ntls_key = \"tls.key\"\nusers = \"users\"\n\
                            listen_tls = [\"127.0.0.1:0\"]\nlogin_failures = 3";
pub const USER: &str = "ann@agency.example";
pub const PASSWORD: &str = "correct horse, battery";

/// Writes the certificate, for `localhost` and by itself, its key, and the file with one user.
pub fn prepare(directory: &Directory) {
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
    let users = directory.write("users", user(USER, PASSWORD, &[USER, "clerk@agency.example"]));
    std::fs::set_permissions(users, std::fs::Permissions::from_mode(0o640)).expect("our own file");
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
