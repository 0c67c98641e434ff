//! `cert authority`, `cert issue`, `cert renew`, `cert revoke`: the internal CA.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::cli::SettingsFile;
use crate::cli::table;
use crate::config::Settings;
use crate::message::Address;
use crate::smime::Curve;
use crate::smime::authority::{Entry, Order, Published, Reason, Site, Source, Whom};
use crate::smime::issue::{KeyKind, Usage};

use super::place::Place;
use super::{Answer, all_settings, day, deny::person, json, short};

/// Commands about the internal CA.
#[derive(Subcommand)]
pub enum Command {
    /// Make the CA; it may issue for the domains in the settings only, and becomes one of the gateway's anchors
    Init(Init),
    /// List what the CA has issued, and what was revoked
    Show(Plain),
    /// Publish a new revocation list; to be done regularly, before the last one is out of date
    Crl(Plain),
}

/// A new CA.
#[derive(Args)]
pub struct Init {
    /// What the CA is called, like "Example Agency Mail CA"
    name: String,
    /// The kind of its key
    #[arg(long, value_enum, default_value_t = Kind::Rsa3072)]
    key: Kind,
    /// Years that it is valid
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=30))]
    years: u16,
    #[command(flatten)]
    plain: Plain,
}

/// Where the settings are, and how to answer.
#[derive(Args)]
pub struct Plain {
    #[command(flatten)]
    file: SettingsFile,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A certificate to issue.
#[derive(Args)]
pub struct Issue {
    /// The person's mail address; with --organisation there is none
    #[arg(required_unless_present = "organisation")]
    address: Option<Address>,
    /// Issue to the organisation or a part of it: a certificate without an address, to sign for those named in [[keys.for]]
    #[arg(long, value_name = "NAME", conflicts_with = "address", requires = "gateway")]
    organisation: Option<String>,
    /// The person's name; without it the address stands in the certificate
    #[arg(long)]
    name: Option<String>,
    /// What it is for
    #[arg(long = "for", value_enum, default_value_t = For::Mail, value_name = "USE")]
    usage: For,
    #[command(flatten)]
    terms: Terms,
}

/// What is the same for everything that is issued.
#[derive(Args)]
struct Terms {
    /// Days that the certificate is valid; without it what the settings say
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=825))]
    days: Option<u16>,
    #[command(flatten)]
    to: To,
    #[command(flatten)]
    by: By,
    #[command(flatten)]
    plain: Plain,
}

/// Where the key is from, and where what is issued goes.
#[derive(Args)]
pub struct To {
    /// The kind of key that is made
    #[arg(long, value_enum, default_value_t = Kind::Rsa2048, conflicts_with = "request")]
    key: Kind,
    /// Issue for the key in this request file (PKCS#10), which the person has made himself
    #[arg(long, value_name = "FILE", conflicts_with = "gateway")]
    request: Option<PathBuf>,
    /// Keep the key here, to sign with: in the folder for own keys
    #[arg(long)]
    gateway: bool,
    /// The file to write: PKCS#12 with the key, or with --request the certificate in PEM
    #[arg(
        long,
        short,
        value_name = "FILE",
        required_unless_present = "gateway",
        conflicts_with = "gateway"
    )]
    out: Option<PathBuf>,
}

/// Who decided.
#[derive(Args)]
pub struct By {
    /// Who decided; without it the user who runs the command
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

/// A certificate to renew.
#[derive(Args)]
pub struct Renew {
    /// Its serial number or fingerprint (8 digits or more), or its address
    certificate: String,
    #[command(flatten)]
    terms: Terms,
}

/// A certificate to revoke.
#[derive(Args)]
pub struct Revoke {
    /// Its serial number or fingerprint (8 digits or more), or its address
    certificate: String,
    /// Why
    #[arg(long, value_enum, default_value_t = Why::Unspecified)]
    reason: Why,
    #[command(flatten)]
    by: By,
    #[command(flatten)]
    plain: Plain,
}

/// Kinds of key.
#[derive(Clone, Copy, ValueEnum)]
pub enum Kind {
    /// What every mail client reads
    #[value(name = "rsa-2048")]
    Rsa2048,
    /// The same, longer
    #[value(name = "rsa-3072")]
    Rsa3072,
    /// The same, longest
    #[value(name = "rsa-4096")]
    Rsa4096,
    /// An elliptic curve
    #[value(name = "p256")]
    P256,
    /// A stronger one
    #[value(name = "p384")]
    P384,
}

/// Uses of a certificate.
#[derive(Clone, Copy, ValueEnum)]
pub enum For {
    /// To sign and to receive encrypted mail
    Mail,
    /// To sign
    Sign,
    /// To receive encrypted mail
    Encrypt,
}

/// Reasons to revoke.
#[derive(Clone, Copy, ValueEnum)]
pub enum Why {
    /// None is told
    Unspecified,
    /// Somebody else may have the key
    KeyCompromise,
    /// The person has left, or has another name or address
    AffiliationChanged,
    /// Another certificate takes its place
    Superseded,
    /// The mailbox is gone
    CessationOfOperation,
}

impl Kind {
    pub(super) fn of(self) -> KeyKind {
        match self {
            Kind::Rsa2048 => KeyKind::Rsa(2048),
            Kind::Rsa3072 => KeyKind::Rsa(3072),
            Kind::Rsa4096 => KeyKind::Rsa(4096),
            Kind::P256 => KeyKind::Ec(Curve::P256),
            Kind::P384 => KeyKind::Ec(Curve::P384),
        }
    }
}

/// What `init` answers with `--json`.
#[derive(Serialize)]
struct Made {
    certificate: String,
    fingerprint: String,
    list: Published,
}

/// What `issue` and `renew` answer with `--json`.
#[derive(Serialize)]
struct IssuedAnswer<'a> {
    #[serde(flatten)]
    entry: &'a Entry,
    file: &'a Path,
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<String>,
}

/// What `revoke` answers with `--json`.
#[derive(Serialize)]
struct RevokedAnswer {
    #[serde(flatten)]
    entry: Entry,
    list: Published,
}

const NEXT: &str = "Send the gateway SIGHUP to make it count.";

fn site(settings: &Settings) -> Site<'_> {
    Site {
        authority: &settings.authority,
        keys: &settings.keys,
        certificates: &settings.certificates,
    }
}

pub(super) fn run(command: &Command, now: Timestamp) -> Result<Answer, String> {
    match command {
        Command::Init(init) => make(init, now),
        Command::Show(plain) => show(plain, now),
        Command::Crl(plain) => {
            let settings = all_settings(&plain.file)?;
            let published = site(&settings).open()?.publish(now)?;
            match plain.json {
                true => json(&published).map(Answer::yes),
                false => Ok(Answer::yes(format!("{}\n{NEXT}\n", list_words(&published)))),
            }
        }
    }
}

fn make(init: &Init, now: Timestamp) -> Result<Answer, String> {
    let settings = all_settings(&init.plain.file)?;
    let end = now + SignedDuration::from_hours(24 * 365 * i64::from(init.years));
    let site = site(&settings);
    let (authority, list) = site.init(&init.name, init.key.of(), &settings.domains, [now, end])?;
    let certificate = authority.certificate()?;
    let made = Made {
        certificate: certificate.to_pem(),
        fingerprint: certificate.fingerprint().to_owned(),
        list,
    };
    if init.plain.json {
        return json(&made).map(Answer::yes);
    }
    Ok(Answer::yes(format!(
        "Made the CA {}, {}, valid until {}.\nIts certificate is among the anchors now ({}). Others who shall trust it \
         need it from there: internal-ca.pem.\n{}\nPublish a new list before that day: 'sealgate cert authority crl' in a \
         timer.\n{NEXT}\n",
        certificate.subject(),
        certificate.key(),
        day(certificate.not_after()),
        made.fingerprint,
        list_words(&made.list),
    )))
}

fn list_words(list: &Published) -> String {
    let files: Vec<String> = list.files.iter().map(|file| file.display().to_string()).collect();
    format!(
        "Revocation list {}, {} revoked, next one due on {}: {}",
        list.number,
        list.revoked,
        day(list.next_update),
        files.join(", ")
    )
}

fn show(plain: &Plain, now: Timestamp) -> Result<Answer, String> {
    let settings = all_settings(&plain.file)?;
    let ledger = site(&settings).ledger()?;
    if plain.json {
        return json(&ledger).map(Answer::yes);
    }
    let state = |entry: &Entry| match &entry.revoked {
        Some(revoked) => format!("revoked on {} by {}", day(revoked.at), revoked.by),
        None if now >= entry.not_after => "has ended".to_owned(),
        None => "in force".to_owned(),
    };
    let rows: Vec<[String; 5]> = ledger
        .certificates
        .iter()
        .map(|entry| {
            [
                entry.whom.clone(),
                short(&entry.serial).to_owned(),
                entry.usage.clone(),
                day(entry.not_after),
                state(entry),
            ]
        })
        .collect();
    if rows.is_empty() {
        return Ok(Answer::yes("The CA has issued nothing yet.\n".to_owned()));
    }
    let heads = ["For", "Serial number", "Use", "Valid until", "State"];
    Ok(Answer::yes(table::align(heads, rows.into_iter(), &[])))
}

pub(super) fn issue(issue: &Issue, now: Timestamp) -> Result<Answer, String> {
    let settings = all_settings(&issue.terms.plain.file)?;
    let whom = match (&issue.address, &issue.organisation) {
        (Some(address), _) => Whom::Address(address.clone()),
        (None, Some(name)) => Whom::Organisation(name.clone()),
        (None, None) => return Err("name an address or an organisation".to_owned()),
    };
    let usage = match issue.usage {
        // A gateway's key signs; what it could receive is the person's.
        For::Mail if issue.terms.to.gateway => Usage::SignMail,
        For::Mail => Usage::Mail,
        For::Sign => Usage::SignMail,
        For::Encrypt => Usage::EncryptMail,
    };
    let order = Order {
        whom,
        name: issue.name.clone(),
        usage,
        days: issue.terms.days.unwrap_or(settings.authority.days),
        source: source(&issue.terms.to)?,
        renews: None,
    };
    deliver(&settings, &order, &issue.terms, now)
}

pub(super) fn renew(renew: &Renew, now: Timestamp) -> Result<Answer, String> {
    let settings = all_settings(&renew.terms.plain.file)?;
    let ledger = site(&settings).ledger()?;
    let old = ledger.meant(&renew.certificate, now)?;
    let whom = match old.whom.parse() {
        Ok(address) => Whom::Address(address),
        Err(_) => Whom::Organisation(old.whom.clone()),
    };
    let usage = match old.usage.as_str() {
        "sign" => Usage::SignMail,
        "encrypt" => Usage::EncryptMail,
        _ => Usage::Mail,
    };
    let order = Order {
        whom,
        name: old.name.clone(),
        usage,
        days: renew.terms.days.unwrap_or(settings.authority.days),
        source: source(&renew.terms.to)?,
        renews: Some(old.serial.clone()),
    };
    deliver(&settings, &order, &renew.terms, now)
}

fn source(to: &To) -> Result<Source, String> {
    let Some(file) = &to.request else {
        return Ok(Source::Fresh(to.key.of()));
    };
    let wrong = |what: String| format!("{}: {what}", file.display());
    let bytes = std::fs::read(file).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    Source::from_request(&bytes).map_err(wrong)
}

fn deliver(settings: &Settings, order: &Order, terms: &Terms, now: Timestamp) -> Result<Answer, String> {
    let site = site(settings);
    let authority = site.open()?;
    // What would fail afterwards is tried first: a certificate should not be issued for nothing.
    let place = Place::find(settings, order, terms.to.out.as_deref())?;
    let delivered = authority.issue(order, &person(terms.by.by.as_deref()), now)?;
    let (file, password) = place.put(&delivered, settings)?;
    if terms.plain.json {
        return json(&IssuedAnswer {
            entry: &delivered.entry,
            file: &file,
            password,
        })
        .map(Answer::yes);
    }
    let entry = &delivered.entry;
    let mut text = format!(
        "Issued to {}, serial number {}, valid until {}: {}\n",
        entry.whom,
        entry.serial,
        day(entry.not_after),
        file.display()
    );
    if let Some(password) = password {
        text += &format!(
            "Password of the file: {password}\nIt is shown this once. Bring it to the person by another way than the file.\n"
        );
    }
    if let Whom::Organisation(_) = &order.whom {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        text +=
            &format!("It signs for whom a [[keys.for]] in the settings names beside file = \"{name}\".\n");
    }
    Ok(Answer::yes(text + NEXT + "\n"))
}

pub(super) fn revoke(revoke: &Revoke, now: Timestamp) -> Result<Answer, String> {
    let settings = all_settings(&revoke.plain.file)?;
    let reason = match revoke.reason {
        Why::Unspecified => Reason::Unspecified,
        Why::KeyCompromise => Reason::KeyCompromise,
        Why::AffiliationChanged => Reason::AffiliationChanged,
        Why::Superseded => Reason::Superseded,
        Why::CessationOfOperation => Reason::CessationOfOperation,
    };
    let by = person(revoke.by.by.as_deref());
    let (entry, list) = site(&settings)
        .open()?
        .revoke(&revoke.certificate, reason, &by, now)?;
    if revoke.plain.json {
        return json(&RevokedAnswer { entry, list }).map(Answer::yes);
    }
    Ok(Answer::yes(format!(
        "Revoked the certificate of {}, serial number {}.\n{}\n{NEXT}\n",
        entry.whom,
        entry.serial,
        list_words(&list)
    )))
}
