//! The programs that recipients open sealed mail with.

use std::path::Path;
use std::process::{Command, Output};

use super::directory::Directory;
use super::pki::Person;

/// Opens with the `openssl` program. The text is what was sealed, or the reason why it could not be opened.
pub fn openssl(message: &[u8], person: &Person) -> Result<String, String> {
    let directory = Directory::new();
    let sealed = directory.write("message.eml", message);
    let certificate = directory.write("certificate.pem", &person.certificate);
    let key = directory.write("key.pem", &person.key);
    let mut command = Command::new("openssl");
    command
        .args(["cms", "-decrypt", "-in"])
        .arg(sealed)
        .arg("-recip")
        .arg(certificate)
        .arg("-inkey")
        .arg(key);
    opened(command.output().expect("openssl runs"))
}

/// Opens with NSS's `cmsutil`, over Thunderbird's libraries when `thunderbird` is true.
pub fn nss(message: &[u8], person: &Person, thunderbird: bool) -> Result<String, String> {
    let directory = Directory::new();
    let database = directory.path().join("db");
    std::fs::create_dir(&database).expect("a folder can be made");
    let database = format!("sql:{}", database.display());
    run(nss_program("certutil", thunderbird).args(["-N", "--empty-password", "-d", &database]))?;
    let bundle = pkcs12(&directory, person)?;
    run(nss_program("pk12util", thunderbird)
        .args(["-d", &database, "-K", "", "-W", "demo", "-i"])
        .arg(bundle))?;
    let der = directory.write("message.p7m", cms_of(message));
    let mut command = nss_program("cmsutil", thunderbird);
    command.args(["-D", "-d", &database, "-i"]).arg(der);
    opened(command.output().expect("cmsutil runs"))
}

/// The DER inside a sealed message.
pub fn cms_of(message: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(message);
    let (_, body) = text.split_once("\r\n\r\n").expect("a message has a body");
    let base64: String = body.split_whitespace().collect();
    openssl::base64::decode_block(&base64).expect("the body is base64")
}

fn nss_program(name: &str, thunderbird: bool) -> Command {
    let mut command = Command::new(name);
    if thunderbird {
        command.env("LD_LIBRARY_PATH", "/usr/lib/thunderbird");
    }
    command
}

fn pkcs12(directory: &Directory, person: &Person) -> Result<std::path::PathBuf, String> {
    let certificate = directory.write("certificate.pem", &person.certificate);
    let key = directory.write("key.pem", &person.key);
    let bundle = directory.path().join("person.p12");
    let mut command = Command::new("openssl");
    command
        .args([
            "pkcs12",
            "-export",
            "-passout",
            "pass:demo",
            "-name",
            "person",
            "-out",
        ])
        .arg(&bundle);
    run(command.arg("-in").arg(certificate).arg("-inkey").arg(key))?;
    Ok(bundle)
}

fn run(command: &mut Command) -> Result<(), String> {
    opened(command.output().map_err(|error| error.to_string())?).map(drop)
}

fn opened(output: Output) -> Result<String, String> {
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}

/// Every octet of every file below a directory.
pub fn all_bytes(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).expect("a folder can be read") {
        let path = entry.expect("a folder can be read").path();
        if path.is_dir() {
            files.extend(all_bytes(&path));
        } else {
            // A file may go while we look, as SQLite's do.
            files.extend(std::fs::read(&path).map(|bytes| (path.display().to_string(), bytes)));
        }
    }
    files
}
