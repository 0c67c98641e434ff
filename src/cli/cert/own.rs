//! `cert own` and `cert request`: own keys, and certificates for them from a public CA.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use jiff::Timestamp;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkcs12::Pkcs12;
use openssl::pkey::{PKey, Private};
use openssl::stack::Stack;
use openssl::x509::extension::{ExtendedKeyUsage, KeyUsage, SubjectAlternativeName};
use openssl::x509::{X509, X509Name, X509Req};
use serde::Serialize;

use crate::audit::signing_verdict;
use crate::cli::{SettingsFile, table};
use crate::config::Settings;
use crate::message::{Address, CertificateVerdict, Considered};
use crate::smime::Certificates;
use crate::smime::issue::make_key;
use crate::smime::keys::{KeyFile, KeyRing, Secret, SoftwareKey, pkcs8_of, write_key_file};

use super::authority::Kind;
use super::place::{free_name, write_new};
use super::{Answer, all_settings, day, json, short};

/// Commands about own keys.
#[derive(Subcommand)]
pub enum Command {
    /// List the keys to sign with, with the reason for each that cannot be used
    List(List),
    /// Take in a key with its certificate, from PKCS#12 or PEM, and seal it
    Import(Import),
}

/// Own keys.
#[derive(Args)]
pub struct List {
    /// Show what is weighed for mail of this sender, best first
    #[arg(long = "for", value_name = "ADDRESS")]
    sender: Option<Address>,
    #[command(flatten)]
    file: SettingsFile,
    /// Print a JSON array
    #[arg(long)]
    json: bool,
}

/// A key that was made elsewhere.
#[derive(Args)]
pub struct Import {
    /// The file: PKCS#12, or PEM with key and certificates
    key: PathBuf,
    /// File with the password of the key; only its owner may read it. Without it the key lies open
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Take it in to decrypt mail from outside with, and not to sign: inbound.decrypt_keys
    #[arg(long)]
    decrypt: bool,
    #[command(flatten)]
    file: SettingsFile,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A certificate from a public CA.
#[derive(Args)]
pub struct Request {
    /// The mail address to certify
    #[arg(required_unless_present = "answer")]
    address: Option<Address>,
    /// The person's or organisation's name, if the CA certifies it
    #[arg(long, requires = "address")]
    name: Option<String>,
    /// The kind of key that is made
    #[arg(long, value_enum, default_value_t = Kind::Rsa3072)]
    key: Kind,
    /// The request file to write
    #[arg(long, short, value_name = "FILE", required_unless_present = "answer")]
    out: Option<PathBuf>,
    /// Take in the certificate that the CA has sent, PEM with the CAs above it, or DER
    #[arg(long, value_name = "FILE", conflicts_with_all = ["address", "out"])]
    answer: Option<PathBuf>,
    #[command(flatten)]
    file: SettingsFile,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// One key in `cert own list`.
#[derive(Serialize)]
struct Listed {
    file: PathBuf,
    place: &'static str,
    senders: Vec<String>,
    #[serde(flatten)]
    considered: Considered,
}

/// A file that was written.
#[derive(Serialize)]
struct Written {
    file: PathBuf,
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint: Option<String>,
}

const NEXT: &str = "Send the gateway SIGHUP to make it count.";
/// The ending of a key that waits for its certificate.
const PENDING: &str = "request";

pub(super) fn run(command: &Command, now: Timestamp) -> Result<Answer, String> {
    match command {
        Command::List(list) => self::list(list, now),
        Command::Import(import) => self::import(import),
    }
}

fn list(list: &List, now: Timestamp) -> Result<Answer, String> {
    let settings = all_settings(&list.file)?;
    let ring = KeyRing::load(&settings.keys)?;
    let certificates = Certificates::load(&settings.certificates)?;
    let listed = weigh(&ring, &certificates, list.sender.as_ref(), now);
    if list.json {
        return json(&listed).map(Answer::yes);
    }
    if listed.is_empty() {
        let what = match &list.sender {
            Some(sender) => format!("No key is meant for {sender}, whose mail is not signed.\n"),
            None => {
                "There are no own keys, and nothing is signed. docs/keys.md says how to begin.\n".to_owned()
            }
        };
        return Ok(Answer::yes(what));
    }
    let row = |one: &Listed| {
        [
            one.file
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            one.senders.join(", "),
            format!("{}, {}", one.considered.key, one.place),
            short(&one.considered.fingerprint).to_owned(),
            day(one.considered.not_after),
            words(one, list.sender.is_some()),
        ]
    };
    let rows: Vec<[String; 6]> = listed.iter().map(row).collect();
    let heads = [
        "File",
        "Signs for",
        "Key",
        "Certificate",
        "Valid until",
        "Verdict",
    ];
    Ok(Answer::yes(table::align(heads, rows.into_iter(), &[])))
}

/// What is said of a key; `asked` when it is weighed against others for one sender.
fn words(one: &Listed, asked: bool) -> String {
    match &one.considered.verdict {
        CertificateVerdict::WrongAddress if one.senders.is_empty() => {
            "cannot sign: its certificate names no address, and no [[keys.for]] gives it a sender".to_owned()
        }
        CertificateVerdict::Usable if !asked => "can sign".to_owned(),
        verdict => signing_verdict(verdict),
    }
}

/// Each key with what is said of it for the sender, or for somebody for whom it is meant.
fn weigh(
    ring: &KeyRing,
    certificates: &Certificates,
    sender: Option<&Address>,
    now: Timestamp,
) -> Vec<Listed> {
    let objection = |certificate: &_| certificates.objection(certificate);
    let mut all = Vec::new();
    if let Some(sender) = sender {
        for considered in ring.choose(sender, objection, now).considered {
            let key = ring
                .keys()
                .find(|key| key.certificate().fingerprint() == considered.fingerprint);
            all.extend(key.map(|key| listed(key, considered)));
        }
        return all;
    }
    for key in ring.keys() {
        let verdict = ring.verdict_on(key, objection, now);
        all.push(listed(key, key.certificate().considered(verdict, None)));
    }
    all
}

fn listed(key: &crate::smime::keys::OwnKey, considered: Considered) -> Listed {
    let stated = key.senders().iter().map(ToString::to_string);
    let named = key.certificate().addresses().iter().map(ToString::to_string);
    Listed {
        file: key.file().to_owned(),
        place: key.place(),
        senders: match key.senders().is_empty() {
            true => named.collect(),
            false => stated.collect(),
        },
        considered,
    }
}

fn folder_and_secret(settings: &Settings) -> Result<(&Path, Secret), String> {
    let folder = settings.keys.folder.as_deref();
    let folder = folder.ok_or("there is no folder for own keys: [keys] folder")?;
    Ok((folder, sealing_secret(settings)?))
}

fn sealing_secret(settings: &Settings) -> Result<Secret, String> {
    let secret = settings.keys.secret_file.as_deref();
    let secret = secret.ok_or("there is no secret to seal the key with: [keys] secret_file")?;
    Secret::passphrase(secret)
}

fn import(import: &Import) -> Result<Answer, String> {
    let settings = all_settings(&import.file)?;
    let (folder, secret) = match import.decrypt {
        false => folder_and_secret(&settings)?,
        true => {
            let folder = settings.inbound.decrypt_keys.as_deref();
            let folder =
                folder.ok_or("there is no folder for keys to decrypt with: [inbound] decrypt_keys")?;
            (folder, sealing_secret(&settings)?)
        }
    };
    let wrong = |what: String| format!("{}: {what}", import.key.display());
    let bytes = std::fs::read(&import.key).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    let bytes = zeroize::Zeroizing::new(bytes);
    let password = import.password_file.as_deref().map(Secret::read).transpose()?;
    let password = password.as_ref().map_or(&b""[..], Secret::as_bytes);
    let (key, certificates) = unpack(&bytes, password).map_err(wrong)?;
    let belongs = |x509: &&X509| x509.public_key().is_ok_and(|public| public.public_eq(&key));
    let own = certificates.iter().find(belongs);
    let own = own.ok_or_else(|| wrong("holds no certificate that belongs to the key".to_owned()))?;
    let certificate = smime_certificate(own)?;
    let whom = certificate
        .addresses()
        .first()
        .map_or_else(|| certificate.subject().to_owned(), ToString::to_string);
    let file = free_name(folder, &whom);
    let mut pem = pem(own);
    let others = certificates.iter().filter(|other| *other != own);
    others.for_each(|other| pem += &self::pem(other));
    write_key_file(&file, &pkcs8_of(&key)?, &secret, &pem)?;
    written(
        file,
        Some(certificate.fingerprint().to_owned()),
        import.json,
        "Sealed the key, with its certificate",
    )
}

fn unpack(bytes: &[u8], password: &[u8]) -> Result<(PKey<Private>, Vec<X509>), String> {
    const UNREADABLE: &str = "holds no key that opens with this password (PKCS#12 or PEM)";
    if let Ok(p12) = Pkcs12::from_der(bytes) {
        let password = std::str::from_utf8(password).map_err(|_| "the password is no UTF-8 text")?;
        let parsed = p12.parse2(password).map_err(|_| UNREADABLE)?;
        let above = parsed
            .ca
            .map(|all| all.iter().map(ToOwned::to_owned).collect::<Vec<_>>());
        let certificates = parsed.cert.into_iter().chain(above.unwrap_or_default()).collect();
        return Ok((parsed.pkey.ok_or(UNREADABLE)?, certificates));
    }
    let key = PKey::private_key_from_pem_passphrase(bytes, password).map_err(|_| UNREADABLE)?;
    Ok((
        key,
        X509::stack_from_pem(bytes).map_err(|_| "a certificate in it is damaged")?,
    ))
}

pub(super) fn request(request: &Request) -> Result<Answer, String> {
    let settings = all_settings(&request.file)?;
    let (folder, secret) = folder_and_secret(&settings)?;
    if let Some(answer) = &request.answer {
        return take_in(answer, folder, &secret, request.json);
    }
    let (Some(address), Some(out)) = (&request.address, &request.out) else {
        return Err("name an address and --out, or --answer".to_owned());
    };
    let key = make_key(request.key.of()).map_err(|error| error.to_string())?;
    let made = pkcs10(&key, address, request.name.as_deref());
    let made = made.map_err(|error| format!("the request could not be made: {error}"))?;
    let mut pending = free_name(folder, &address.to_string());
    while pending.with_extension(PENDING).exists() {
        let stem = pending
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        pending = folder.join(format!("{stem}-next.pem"));
    }
    let pending = pending.with_extension(PENDING);
    write_key_file(&pending, &pkcs8_of(&key)?, &secret, "")?;
    write_new(out, &made, 0o644)?;
    if request.json {
        return json(&Written {
            file: out.clone(),
            fingerprint: None,
        })
        .map(Answer::yes);
    }
    Ok(Answer::yes(format!(
        "Wrote the request {}; its key waits sealed in {}.\nSend the request to the CA, and take in its answer with \
         'sealgate cert request --answer FILE'.\n",
        out.display(),
        pending.display()
    )))
}

/// What mail CAs want to see (RFC 2986; CA/B S/MIME BR §7.1.2.3): address, signing, mail.
fn pkcs10(
    key: &PKey<Private>,
    address: &Address,
    name: Option<&str>,
) -> Result<Vec<u8>, openssl::error::ErrorStack> {
    let text = address.to_string();
    let mut subject = X509Name::builder()?;
    subject.append_entry_by_nid(Nid::COMMONNAME, name.unwrap_or(&text))?;
    let mut request = X509Req::builder()?;
    request.set_version(0)?;
    request.set_subject_name(&subject.build())?;
    request.set_pubkey(key)?;
    let mut extensions = Stack::new()?;
    extensions.push(
        SubjectAlternativeName::new()
            .email(&text)
            .build(&request.x509v3_context(None))?,
    )?;
    extensions.push(KeyUsage::new().critical().digital_signature().build()?)?;
    extensions.push(ExtendedKeyUsage::new().email_protection().build()?)?;
    request.add_extensions(&extensions)?;
    request.sign(key, MessageDigest::sha256())?;
    request.build().to_pem()
}

/// Finds the key that waits for this certificate, and puts both into place.
fn take_in(answer: &Path, folder: &Path, secret: &Secret, as_json: bool) -> Result<Answer, String> {
    let wrong = |what: &str| format!("{}: {what}", answer.display());
    let bytes = std::fs::read(answer).map_err(|error| wrong(&format!("cannot be read: {error}")))?;
    let certificates = match X509::from_der(&bytes) {
        Ok(one) => vec![one],
        Err(_) => X509::stack_from_pem(&bytes).map_err(|_| wrong("a certificate in it is damaged"))?,
    };
    if certificates.is_empty() {
        return Err(wrong("holds no certificate"));
    }
    for entry in std::fs::read_dir(folder).map_err(|error| error.to_string())? {
        let path = entry.map_err(|error| error.to_string())?.path();
        if path.extension().is_none_or(|ending| ending != PENDING) {
            continue;
        }
        let Some(pkcs8) = KeyFile::read(&path)?.open(Some(secret))? else {
            continue;
        };
        let key = SoftwareKey::from_pkcs8(&pkcs8)?;
        for x509 in &certificates {
            let certificate = smime_certificate(x509)?;
            if !key.belongs_to(&certificate) {
                continue;
            }
            let file = path.with_extension("pem");
            let all: String = certificates.iter().map(pem).collect();
            write_key_file(&file, &pkcs8, secret, &all)?;
            std::fs::remove_file(&path).map_err(|error| format!("{}: {error}", path.display()))?;
            let print = certificate.fingerprint().to_owned();
            return written(file, Some(print), as_json, "Put the certificate to its key");
        }
    }
    Err(wrong(&format!(
        "no key in {} waits for one of its certificates",
        folder.display()
    )))
}

fn smime_certificate(x509: &X509) -> Result<crate::smime::Certificate, String> {
    let der = x509.to_der().map_err(|error| error.to_string())?;
    crate::smime::Certificate::from_der(&der).map_err(|error| error.to_string())
}

fn pem(x509: &X509) -> String {
    String::from_utf8_lossy(&x509.to_pem().unwrap_or_default()).into_owned()
}

fn written(file: PathBuf, fingerprint: Option<String>, as_json: bool, what: &str) -> Result<Answer, String> {
    if as_json {
        return json(&Written { file, fingerprint }).map(Answer::yes);
    }
    Ok(Answer::yes(format!("{what}: {}\n{NEXT}\n", file.display())))
}
