//! Partners who sign their mail, with the `openssl` program.

use std::process::Command;

use super::directory::Directory;
use super::pki::Person;

/// A signed message of this person. `more` are further arguments of `openssl cms -sign`.
pub fn sign(person: &Person, from: &str, to: &str, text: &str, more: &[&str]) -> String {
    let directory = Directory::new();
    let content = directory.write("content", format!("Content-Type: text/plain\r\n\r\n{text}\r\n"));
    let certificate = directory.write("certificate.pem", &person.certificate);
    let key = directory.write("key.pem", &person.key);
    let mut command = Command::new("openssl");
    command.args(["cms", "-sign", "-crlfeol", "-in"]).arg(content);
    command
        .arg("-signer")
        .arg(certificate)
        .arg("-inkey")
        .arg(key)
        .args(more);
    let output = command.output().expect("openssl runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let signed = String::from_utf8(output.stdout)
        .expect("a mail in ASCII")
        .replace("\r\n", "\n");
    format!("From: {from}\nTo: {to}\nSubject: My certificate\nMessage-ID: <sig@partner.example>\n{signed}")
}
