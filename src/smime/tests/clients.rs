//! What other programs open. A program that is not installed is skipped by name.

use std::path::Path;
use std::process::Command;

use super::super::issue::Issued;
use super::counterparts::have;
use super::pki::*;
use super::sealing::{MAIL, sealed, split};

fn run(program: &str, directory: &Path, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(directory)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{program} {arguments:?}: {errors}");
    output.stdout
}

#[test]
fn the_openssl_program_opens_what_was_sealed_to_every_kind_of_key() {
    let name = "the_openssl_program_opens_what_was_sealed_to_every_kind_of_key";
    if !have(name, &["openssl"]) {
        return;
    }
    for (name, issued) in recipients() {
        let directory = Temporary::new();
        directory.write("mail.eml", sealed(MAIL, issued, &[]));
        directory.write("cert.pem", &issued.certificate_pem);
        directory.write("key.pem", &issued.key_pem);
        let arguments = [
            "cms", "-decrypt", "-in", "mail.eml", "-recip", "cert.pem", "-inkey", "key.pem", "-binary",
        ];
        let opened = run("openssl", &directory.0, &arguments);
        assert!(opened.ends_with(split(MAIL).1), "{name}");
    }
}

/// The mail client's own library reads all of it; the one of Debian's system is older and knows no ECDH in CMS.
#[test]
fn thunderbirds_nss_opens_every_kind_of_key_and_old_nss_the_rsa_one() {
    let name = "thunderbirds_nss_opens_every_kind_of_key_and_old_nss_the_rsa_one";
    let thunderbird = "/usr/lib/thunderbird";
    let library = format!("{thunderbird}/libnss3.so");
    if !have(name, &["openssl", "certutil", "pk12util", "cmsutil", &library]) {
        return;
    }
    for (name, issued) in recipients() {
        let directory = nss_database(issued);
        directory.write("mail.p7m", der_of(&sealed(MAIL, issued, &[])));
        assert!(nss_opens(&directory, Some(Path::new(thunderbird))), "{name}");
        if name.starts_with("RSA") {
            assert!(nss_opens(&directory, None), "{name}");
        }
    }
}

fn nss_database(issued: &Issued) -> Temporary {
    let directory = Temporary::new();
    directory.write("cert.pem", &issued.certificate_pem);
    directory.write("key.pem", &issued.key_pem);
    let pack = [
        "pkcs12", "-export", "-in", "cert.pem", "-inkey", "key.pem", "-out", "k.p12", "-passout", "pass:x",
    ];
    run("openssl", &directory.0, &pack);
    run(
        "certutil",
        &directory.0,
        &["-N", "-d", "sql:.", "--empty-password"],
    );
    run(
        "pk12util",
        &directory.0,
        &["-i", "k.p12", "-d", "sql:.", "-W", "x", "-K", ""],
    );
    directory
}

fn nss_opens(directory: &Temporary, library: Option<&Path>) -> bool {
    let mut command = Command::new("cmsutil");
    command
        .args(["-D", "-d", "sql:.", "-i", "mail.p7m"])
        .current_dir(&directory.0);
    if let Some(library) = library {
        command.env("LD_LIBRARY_PATH", library);
    }
    let output = command.output().unwrap();
    output.status.success() && output.stdout.ends_with(split(MAIL).1)
}

fn der_of(mail: &[u8]) -> Vec<u8> {
    let lines: String = String::from_utf8(split(mail).1.to_vec())
        .unwrap()
        .split("\r\n")
        .collect();
    openssl::base64::decode_block(&lines).unwrap()
}
