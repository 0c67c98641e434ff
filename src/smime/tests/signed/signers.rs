//! The programs that sign.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use openssl::cms::{CMSOptions, CmsContentInfo};
use openssl::stack::Stack;

use super::super::pki::{Temporary, key, x509};
use super::{Issued, TEXT};

/// What `openssl cms -sign` makes of a content, with more arguments; as a mail without addresses.
pub fn openssl(signer: &Issued, content: &str, more: &[&str], others: &[String]) -> Vec<u8> {
    let folder = Temporary::new();
    folder.write("content", content);
    folder.write("signer.pem", &signer.certificate_pem);
    folder.write("signer.key", &signer.key_pem);
    folder.write("others.pem", others.concat());
    let mut command = Command::new("openssl");
    command
        .current_dir(&folder.0)
        .args(["cms", "-sign", "-in", "content", "-signer", "signer.pem"]);
    command.args(["-inkey", "signer.key", "-crlfeol"]).args(more);
    if !others.is_empty() {
        command.args(["-certfile", "others.pem"]);
    }
    output(&mut command)
}

/// By OpenSSL's library, without a program: the CMS in DER, detached.
pub fn library(signer: &Issued, content: &str) -> Vec<u8> {
    let (certificate, key) = (x509(signer), key(signer));
    let options = CMSOptions::DETACHED | CMSOptions::BINARY;
    let certificates = Stack::new().unwrap();
    let cms = CmsContentInfo::sign(
        Some(&certificate),
        Some(&key),
        Some(&certificates),
        Some(content.as_bytes()),
        options,
    );
    cms.unwrap().to_der().unwrap()
}

/// By NSS, as Thunderbird does: detached, with the key to encrypt with and the signing time.
pub fn nss(signer: &Issued, root: &str, hash: &str, preference: bool) -> Vec<u8> {
    let folder = packed(signer);
    folder.write("content", TEXT);
    run(Command::new("certutil")
        .current_dir(&folder.0)
        .args(["-N", "-d", "sql:.", "--empty-password"]));
    folder.write("root.pem", root);
    let trust = [
        "-A", "-d", "sql:.", "-n", "root", "-t", "CT,C,C", "-i", "root.pem",
    ];
    run(Command::new("certutil").current_dir(&folder.0).args(trust));
    let import = ["-i", "owner.p12", "-d", "sql:.", "-W", "x", "-K", ""];
    run(Command::new("pk12util").current_dir(&folder.0).args(import));
    let mut command = Command::new("cmsutil");
    command.current_dir(&folder.0).args([
        "-S", "-d", "sql:.", "-N", "owner", "-i", "content", "-T", "-G", "-H", hash,
    ]);
    if preference {
        command.args(["-P"]);
    }
    output(&mut command)
}

/// By GnuPG: detached.
pub fn gpgsm(signer: &Issued, root: &str) -> Vec<u8> {
    let folder = packed(signer);
    folder.write("content", TEXT);
    folder.write("root.pem", root);
    let home = folder.0.join("home");
    fs::create_dir(&home).unwrap();
    run(Command::new("chmod").arg("700").arg(&home));
    fs::write(
        home.join("gpg-agent.conf"),
        "disable-scdaemon\ns2k-count 1024\nallow-mark-trusted\n",
    )
    .unwrap();
    let ask = |arguments: &[&str]| {
        let mut command = Command::new("gpgsm");
        command
            .current_dir(&folder.0)
            .args(["--homedir", "home", "--batch", "--no-tty", "--yes"]);
        command.args([
            "--pinentry-mode",
            "loopback",
            "--passphrase-fd",
            "0",
            "--disable-dirmngr",
        ]);
        command.args(["--disable-crl-checks"]).args(arguments);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let _ = child.stdin.take().unwrap().write_all(b"x\n");
        child.wait_with_output().unwrap()
    };
    ask(&["--import", "root.pem"]);
    ask(&["--import", "owner.p12"]);
    let listed = String::from_utf8(ask(&["--with-colons", "--list-keys"]).stdout).unwrap();
    let fingerprints: Vec<&str> = listed
        .lines()
        .filter_map(|line| {
            line.strip_prefix("fpr:")
                .map(|rest| rest.split(':').nth(8).unwrap())
        })
        .collect();
    let trusted: String = fingerprints
        .iter()
        .map(|one| format!("{one} S relax\n"))
        .collect();
    fs::write(home.join("trustlist.txt"), trusted).unwrap();
    let _ = Command::new("gpgconf")
        .current_dir(&folder.0)
        .args(["--homedir", "home", "--kill", "gpg-agent"])
        .output();
    let made = ask(&["--output", "signature", "--detach-sign", "content"]);
    let _ = Command::new("gpgconf")
        .current_dir(&folder.0)
        .args(["--homedir", "home", "--kill", "gpg-agent"])
        .output();
    let signature = fs::read(folder.0.join("signature"));
    signature.unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&made.stderr)))
}

fn packed(signer: &Issued) -> Temporary {
    let folder = Temporary::new();
    folder.write("owner.pem", &signer.certificate_pem);
    folder.write("owner.key", &signer.key_pem);
    let mut pack = Command::new("openssl");
    pack.current_dir(&folder.0)
        .args(["pkcs12", "-export", "-in", "owner.pem", "-inkey", "owner.key"]);
    pack.args(["-out", "owner.p12", "-passout", "pass:x", "-name", "owner"]);
    pack.args([
        "-keypbe",
        "PBE-SHA1-3DES",
        "-certpbe",
        "PBE-SHA1-3DES",
        "-macalg",
        "sha1",
    ]);
    run(&mut pack);
    folder
}

fn output(command: &mut Command) -> Vec<u8> {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

fn run(command: &mut Command) {
    output(command);
}
