//! The programs that open mail, each with what it needs and how it is asked.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::super::counterparts::is_installed;
use super::super::pki::Temporary;
use super::super::sealing::split;
use super::{Issued, Letter};

pub const THUNDERBIRD: &str = "/usr/lib/thunderbird";
const JARS: &str = "/usr/share/java/bcpkix.jar:/usr/share/java/bcprov.jar:/usr/share/java/bcutil.jar:/usr/share/java/bcmail.jar";

/// A program. `open` gives what it says is inside of each message, or nothing where it refuses.
pub struct Client {
    /// As the table calls it.
    pub name: &'static str,
    /// Too large, or not packaged, to be asked of everybody who runs the tests.
    pub optional: bool,
    pub open: fn(&[Letter]) -> Vec<Option<Vec<u8>>>,
    programs: &'static [&'static str],
}

impl Client {
    /// What it needs and is not here.
    pub fn missing(&self) -> Vec<&'static str> {
        let mut missing: Vec<&str> = self.programs.to_vec();
        missing.retain(|program| !is_installed(program));
        if self.name == PYCA && !python_decrypts() {
            missing.push("Python's cryptography of version 44 or newer");
        }
        missing
    }
}

const PYCA: &str = "Python cryptography";

/// In the order of the table.
pub fn all() -> Vec<Client> {
    vec![
        Client {
            name: "openssl cms",
            optional: false,
            open: openssl,
            programs: &["openssl"],
        },
        Client {
            name: "BouncyCastle",
            optional: true,
            open: bouncy_castle,
            programs: &[
                "java",
                "javac",
                "/usr/share/java/bcpkix.jar",
                "/usr/share/java/bcutil.jar",
            ],
        },
        Client {
            name: "Thunderbird's NSS",
            optional: false,
            open: |letters| nss_opens(letters, Some(THUNDERBIRD)),
            programs: &[
                "openssl",
                "certutil",
                "pk12util",
                "cmsutil",
                "/usr/lib/thunderbird/libnss3.so",
            ],
        },
        Client {
            name: "old NSS",
            optional: false,
            open: |letters| nss_opens(letters, None),
            programs: &["openssl", "certutil", "pk12util", "cmsutil"],
        },
        Client {
            name: "gpgsm",
            optional: false,
            open: gpgsm,
            programs: &["openssl", "gpgsm", "gpg-agent", "gpgconf"],
        },
        Client {
            name: PYCA,
            optional: true,
            open: python,
            programs: &[],
        },
    ]
}

/// The CMS in a sealed message.
pub fn der_of(mail: &[u8]) -> Vec<u8> {
    let lines = String::from_utf8(split(mail).1.to_vec()).unwrap();
    openssl::base64::decode_block(&lines.split("\r\n").collect::<String>()).unwrap()
}

fn openssl(letters: &[Letter]) -> Vec<Option<Vec<u8>>> {
    let folder = folder_of(letters);
    let open = |number: usize| {
        let (input, recipient, key) = (
            format!("{number}.eml"),
            format!("{number}.pem"),
            format!("{number}.key"),
        );
        let arguments = [
            "cms", "-decrypt", "-in", &input, "-recip", &recipient, "-inkey", &key, "-binary",
        ];
        answer(&command("openssl", &folder, &arguments).output().unwrap())
    };
    (0..letters.len()).map(open).collect()
}

/// Java starts once for all messages, for it starts slowly.
fn bouncy_castle(letters: &[Letter]) -> Vec<Option<Vec<u8>>> {
    let folder = folder_of(letters);
    java(&folder, "BouncyCastle", include_str!("BouncyCastle.java"));
    written(&folder, letters.len())
}

/// Compiles a class and runs it on the folder.
pub fn java(folder: &Temporary, class: &str, source: &str) {
    let file = format!("{class}.java");
    folder.write(&file, source);
    run(&mut command("javac", folder, &["-cp", JARS, &file]));
    let classes = format!("{JARS}:.");
    run(&mut command("java", folder, &["-cp", &classes, class, "."]));
}

/// A folder with these files.
pub fn folder_with(files: &[(&str, &[u8])]) -> Temporary {
    let folder = Temporary::new();
    for (name, content) in files {
        folder.write(name, content);
    }
    folder
}

/// A new database of NSS.
pub fn nss_database(folder: &Temporary) {
    let new = ["-N", "-d", "sql:.", "--empty-password"];
    run(&mut command("certutil", folder, &new));
}

/// A home of GnuPG. No card reader to look for, no slow password: one message then takes a twentieth of a second, not
/// two.
pub fn gpgsm_home(folder: &Temporary) -> std::path::PathBuf {
    let home = folder.0.join("home");
    fs::create_dir(&home).unwrap();
    run(Command::new("chmod").arg("700").arg(&home));
    fs::write(home.join("gpg-agent.conf"), "disable-scdaemon\ns2k-count 1024\n").unwrap();
    home
}

fn python(letters: &[Letter]) -> Vec<Option<Vec<u8>>> {
    let folder = folder_of(letters);
    folder.write("pyca.py", include_str!("pyca.py"));
    run(&mut command("python3", &folder, &["pyca.py", "."]));
    written(&folder, letters.len())
}

fn python_decrypts() -> bool {
    let script = "from cryptography.hazmat.primitives.serialization.pkcs7 import pkcs7_decrypt_der";
    let output = Command::new("python3").args(["-c", script]).output();
    output.is_ok_and(|output| output.status.success())
}

fn nss_opens(letters: &[Letter], library: Option<&str>) -> Vec<Option<Vec<u8>>> {
    by_owner(letters, |folder, letters| {
        nss_database(folder);
        let import = ["-i", "owner.p12", "-d", "sql:.", "-W", "x", "-K", ""];
        run(&mut command("pk12util", folder, &import));
        let open = |letter: &&Letter| {
            folder.write("mail.p7m", &letter.der);
            let mut command = command("cmsutil", folder, &["-D", "-d", "sql:.", "-i", "mail.p7m"]);
            if let Some(library) = library {
                command.env("LD_LIBRARY_PATH", library);
            }
            answer(&command.output().unwrap())
        };
        letters.iter().map(open).collect()
    })
}

/// GnuPG 2.2 takes no key of an elliptic curve out of PKCS#12, so that such mail has nobody to open it.
fn gpgsm(letters: &[Letter]) -> Vec<Option<Vec<u8>>> {
    by_owner(letters, |folder, letters| {
        gpgsm_home(folder);
        let options = [
            "--homedir",
            "home",
            "--batch",
            "--no-tty",
            "--pinentry-mode",
            "loopback",
            "--passphrase-fd",
            "0",
            "--disable-dirmngr",
            "--disable-crl-checks",
        ];
        let ask = |arguments: &[&str]| {
            let mut command = command("gpgsm", folder, &options);
            with_input(command.args(arguments), b"x\n")
        };
        // One import in twenty leaves the key behind, which is gpgsm's own matter: another salt, another try. A key that
        // it never takes opens nothing below.
        for _ in 0..4 {
            let output = ask(&["--import", "owner.p12"]);
            if String::from_utf8_lossy(&output.stderr).contains("secret keys imported: 1") {
                break;
            }
            pack(folder, letters[0].owner);
        }
        let open = |letter: &&Letter| {
            folder.write("mail.p7m", &letter.der);
            let output = ask(&["--status-fd", "2", "--decrypt", "mail.p7m"]);
            // Mail programs go by the status: the exit code complains of other recipients' certificates as well.
            let said = String::from_utf8_lossy(&output.stderr);
            let opened = said.contains("[GNUPG:] DECRYPTION_OKAY");
            if !opened {
                println!("gpgsm does not open it: {said}");
            }
            opened.then_some(output.stdout)
        };
        let answers = letters.iter().map(open).collect();
        let _ = command("gpgconf", folder, &["--homedir", "home", "--kill", "gpg-agent"]).output();
        answers
    })
}

/// Asks once for each owner, whose key lies in `owner.p12` with the password `x`.
fn by_owner(
    letters: &[Letter],
    ask: impl Fn(&Temporary, &[&Letter]) -> Vec<Option<Vec<u8>>>,
) -> Vec<Option<Vec<u8>>> {
    let mut answers = vec![None; letters.len()];
    let mut left: Vec<usize> = (0..letters.len()).collect();
    while let Some(&first) = left.first() {
        let owner: &Issued = letters[first].owner;
        let (own, others) = left
            .into_iter()
            .partition(|at| std::ptr::eq(letters[*at].owner, owner));
        left = others;
        let folder = Temporary::new();
        pack(&folder, owner);
        let own: Vec<usize> = own;
        let asked: Vec<&Letter> = own.iter().map(|at| &letters[*at]).collect();
        for (at, answer) in own.iter().zip(ask(&folder, &asked)) {
            answers[*at] = answer;
        }
    }
    answers
}

/// With the old algorithms of PKCS#12, the only ones that GnuPG 2.2 reads.
fn pack(folder: &Temporary, owner: &Issued) {
    folder.write("owner.pem", &owner.certificate_pem);
    folder.write("owner.key", &owner.key_pem);
    let mut pack = command(
        "openssl",
        folder,
        &[
            "pkcs12",
            "-export",
            "-in",
            "owner.pem",
            "-inkey",
            "owner.key",
            "-out",
            "owner.p12",
            "-passout",
            "pass:x",
        ],
    );
    run(pack.args([
        "-keypbe",
        "PBE-SHA1-3DES",
        "-certpbe",
        "PBE-SHA1-3DES",
        "-macalg",
        "sha1",
    ]));
}

/// Every message with its owner's key and certificate beside it, numbered.
fn folder_of(letters: &[Letter]) -> Temporary {
    let folder = Temporary::new();
    for (number, letter) in letters.iter().enumerate() {
        folder.write(&format!("{number}.p7m"), &letter.der);
        folder.write(&format!("{number}.eml"), &letter.mail);
        folder.write(&format!("{number}.pem"), &letter.owner.certificate_pem);
        folder.write(&format!("{number}.key"), &letter.owner.key_pem);
    }
    folder
}

fn written(folder: &Temporary, count: usize) -> Vec<Option<Vec<u8>>> {
    let read = |number| fs::read(folder.0.join(format!("{number}.out"))).ok();
    (0..count).map(read).collect()
}

pub fn command(program: &str, folder: &Temporary, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir::<&Path>(&folder.0);
    command
}

pub fn run(command: &mut Command) {
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{command:?}: {errors}");
}

fn with_input(command: &mut Command, input: &[u8]) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that wants no input may be gone already.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

fn answer(output: &Output) -> Option<Vec<u8>> {
    output.status.success().then(|| output.stdout.clone())
}
