//! Who verifies what the gateway signed: each client opens a sealed message, and verifies what is inside.

use std::fs;
use std::process::Command;

use super::super::super::signing::Signer;
use super::super::super::{Algorithms, Payload};
use super::super::counterparts::announce;
use super::super::pki::*;
use super::super::sealing::{MAIL, split};
use super::super::signing::{Agency, halves};
use super::clients::{command, folder_with, gpgsm_home, java, nss_database, run};
use super::{Letter, der_of, people, present, table};
use crate::message::{Profile, RawMessage, SignatureForm};
use crate::smime::Curve;
use crate::smime::issue::KeyKind;

/// What was signed and sealed.
struct Case {
    row: String,
    mail: Vec<u8>,
}

/// A signed entity, cut as programs want it.
pub struct Pieces {
    /// What was signed; nothing where the CMS holds it.
    pub content: Option<Vec<u8>>,
    pub cms: Vec<u8>,
    pub entity: Vec<u8>,
}

impl Pieces {
    fn of(entity: &[u8]) -> Pieces {
        let (content, cms) = match memchr::memmem::find(entity, b"multipart/signed") {
            Some(_) => {
                let (content, cms) = halves(entity);
                (Some(content), cms)
            }
            None => (None, der_of(entity)),
        };
        Pieces {
            content,
            cms,
            entity: entity.to_owned(),
        }
    }

    /// The same with one octet of the signed text changed.
    fn spoilt(&self) -> Pieces {
        let change = |bytes: &[u8]| {
            let mut changed = bytes.to_owned();
            let at = memchr::memmem::find(&changed, b"8145").unwrap();
            changed[at] = b'9';
            changed
        };
        match &self.content {
            Some(content) => Pieces {
                content: Some(change(content)),
                cms: self.cms.clone(),
                entity: change(&self.entity),
            },
            None => {
                let cms = change(&self.cms);
                let (head, _) = split(&self.entity);
                let text = openssl::base64::encode_block(&cms);
                let lines: Vec<&str> = text
                    .as_bytes()
                    .chunks(76)
                    .map(|line| std::str::from_utf8(line).unwrap())
                    .collect();
                Pieces {
                    content: None,
                    cms,
                    entity: [head, (lines.join("\r\n") + "\r\n").as_bytes()].concat(),
                }
            }
        }
    }
}

fn cases(agency: &Agency) -> Vec<Case> {
    let kinds = [
        KeyKind::Rsa(2048),
        KeyKind::Ec(Curve::P256),
        KeyKind::Ec(Curve::P384),
        KeyKind::Ec(Curve::P521),
    ];
    let recipient = certificate(&people()[0].issued);
    let algorithms = Algorithms::choose(Profile::Compatible, recipient.key(), None).unwrap();
    let raw = RawMessage::new(MAIL);
    let payload = Payload::to_seal(&raw, &[]).unwrap();
    let mut cases = Vec::new();
    for kind in kinds {
        let signer: Signer = agency.signer(kind);
        let profiles: &[Profile] = match kind {
            KeyKind::Rsa(_) => &[Profile::Compatible, Profile::Modern, Profile::Strict],
            KeyKind::Ec(_) => &[Profile::Compatible],
        };
        for profile in profiles {
            for form in [SignatureForm::Detached, SignatureForm::Opaque] {
                let signed = signer.sign(&payload, form, *profile).unwrap();
                let (scheme, form) = signed.signature().algorithm.rsplit_once(", ").unwrap();
                let key = certificate_of(&signer);
                let sealed = payload.seal(Some(&signed), &[&recipient], algorithms).unwrap();
                cases.push(Case {
                    row: format!("{scheme} | {key} | {form}"),
                    mail: sealed.message.as_bytes().to_vec(),
                });
            }
        }
        // The next kind takes its place.
        fs::remove_file(agency.folder.0.join("keys/clerk.pem")).unwrap();
    }
    cases
}

fn certificate_of(signer: &Signer) -> String {
    signer.key.certificate().key().to_string()
}

/// Verifies each with the root (PEM).
type Verifier = fn(&[Pieces], &str) -> Vec<bool>;

/// What verifies, by the name that the table has for it.
fn verifier(name: &str) -> Option<Verifier> {
    match name {
        "openssl cms" => Some(openssl),
        "BouncyCastle" => Some(bouncy_castle),
        "Thunderbird's NSS" => Some(|pieces, root| nss(pieces, root, true)),
        "old NSS" => Some(|pieces, root| nss(pieces, root, false)),
        "gpgsm" => Some(gpgsm),
        _ => None,
    }
}

fn openssl(pieces: &[Pieces], root: &str) -> Vec<bool> {
    let folder = folder_with(&[("root.pem", root.as_bytes())]);
    let verify = |pieces: &Pieces| {
        folder.write("in.eml", &pieces.entity);
        let arguments = [
            "cms", "-verify", "-in", "in.eml", "-CAfile", "root.pem", "-out", "out",
        ];
        command("openssl", &folder, &arguments)
            .output()
            .unwrap()
            .status
            .success()
    };
    pieces.iter().map(verify).collect()
}

fn nss(pieces: &[Pieces], root: &str, thunderbird: bool) -> Vec<bool> {
    let folder = folder_with(&[("root.pem", root.as_bytes())]);
    nss_database(&folder);
    let trust = ["-A", "-d", "sql:.", "-n", "root", "-t", "C,C,C", "-i", "root.pem"];
    run(&mut command("certutil", &folder, &trust));
    let verify = |pieces: &Pieces| {
        folder.write("in.p7s", &pieces.cms);
        // 4: the certificate of a signer of mail.
        let mut command = command(
            "cmsutil",
            &folder,
            &["-D", "-d", "sql:.", "-u", "4", "-i", "in.p7s"],
        );
        if let Some(content) = &pieces.content {
            folder.write("content", content);
            command.args(["-c", "content"]);
        }
        if thunderbird {
            command.env("LD_LIBRARY_PATH", super::clients::THUNDERBIRD);
        }
        command.output().unwrap().status.success()
    };
    pieces.iter().map(verify).collect()
}

fn gpgsm(pieces: &[Pieces], root: &str) -> Vec<bool> {
    let folder = folder_with(&[("root.pem", root.as_bytes())]);
    let home = gpgsm_home(&folder);
    let print = openssl::x509::X509::from_pem(root.as_bytes()).unwrap();
    let print = print.digest(openssl::hash::MessageDigest::sha1()).unwrap();
    let print: Vec<String> = print.iter().map(|byte| format!("{byte:02X}")).collect();
    fs::write(
        home.join("trustlist.txt"),
        format!("{} S relax\n", print.join(":")),
    )
    .unwrap();
    let options = [
        "--homedir",
        "home",
        "--batch",
        "--no-tty",
        "--disable-dirmngr",
        "--disable-crl-checks",
    ];
    let ask = |arguments: &[&str]| {
        let mut command = command("gpgsm", &folder, &options);
        command.args(arguments).output().unwrap()
    };
    ask(&["--import", "root.pem"]);
    let verify = |pieces: &Pieces| {
        folder.write("in.p7s", &pieces.cms);
        let output = match &pieces.content {
            Some(content) => {
                folder.write("content", content);
                ask(&["--verify", "in.p7s", "content"])
            }
            None => ask(&["--verify", "in.p7s"]),
        };
        output.status.success()
    };
    let answers = pieces.iter().map(verify).collect();
    let _ = Command::new("gpgconf")
        .arg("--homedir")
        .arg(&home)
        .args(["--kill", "gpg-agent"])
        .output();
    answers
}

fn bouncy_castle(pieces: &[Pieces], root: &str) -> Vec<bool> {
    let folder = folder_with(&[("root.pem", root.as_bytes())]);
    for (number, pieces) in pieces.iter().enumerate() {
        folder.write(&format!("{number}.p7s"), &pieces.cms);
        if let Some(content) = &pieces.content {
            folder.write(&format!("{number}.content"), content);
        }
    }
    java(&folder, "Verify", include_str!("Verify.java"));
    (0..pieces.len())
        .map(|number| folder.0.join(format!("{number}.good")).exists())
        .collect()
}

#[test]
fn each_client_verifies_what_the_kept_table_says_and_none_what_was_changed() {
    let test = "each_client_verifies_what_the_kept_table_says_and_none_what_was_changed";
    let agency = Agency::new();
    let root = agency.root.certificate_pem().unwrap();
    let cases = cases(&agency);
    let letters: Vec<Letter> = cases
        .iter()
        .map(|case| Letter {
            der: der_of(&case.mail),
            mail: case.mail.clone(),
            owner: &people()[0].issued,
        })
        .collect();
    let rows: Vec<String> = cases.into_iter().map(|case| case.row).collect();
    let mut seen = Vec::new();
    for client in present(test) {
        let Some(verify) = verifier(client.name) else {
            continue;
        };
        let opened: Vec<Pieces> = (client.open)(&letters)
            .into_iter()
            .map(|inside| Pieces::of(&inside.unwrap_or_else(|| panic!("{} opens all of them", client.name))))
            .collect();
        let answers = verify(&opened, &root);
        let spoilt: Vec<Pieces> = opened.iter().map(Pieces::spoilt).collect();
        let refused = verify(&spoilt, &root);
        for (row, good) in rows.iter().zip(&refused) {
            assert!(!good, "{} takes a changed message: {row}", client.name);
        }
        if !answers.iter().any(|good| *good) {
            announce(&format!("{} verifies nothing at all", client.name));
        }
        seen.push(table::Column {
            client: client.name,
            opens: answers,
        });
    }
    let all: Vec<&str> = super::clients::all()
        .iter()
        .map(|client| client.name)
        .filter(|name| verifier(name).is_some())
        .collect();
    table::keep_or_compare_signatures(&rows, &seen, &all);
}
