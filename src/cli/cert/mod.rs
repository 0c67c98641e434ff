//! `sealgate cert`: which certificates are there, would mail to an address be encrypted, and what is denied.

mod approve;
mod authority;
mod deny;
mod doctor;
mod expiring;
mod export;
mod import;
mod list;
mod own;
mod place;
mod post_quantum;
mod refresh;
#[cfg(test)]
mod tests;

use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Subcommand};
use jiff::{SignedDuration, Timestamp};

use crate::audit::verdict;
use crate::config::{Bundle, Settings};
use crate::message::{Address, CertificateVerdict, Considered};
use crate::policy::Policy;
use crate::smime::online::Online;
use crate::smime::{self, Certificates};
use crate::store::{self, Store};

pub(super) use deny::person;

use super::queue::print_bytes;
use super::{SettingsFile, block_on};

/// Commands about certificates.
#[derive(Subcommand)]
pub enum Command {
    /// List the recipients' certificates, and say of each whether it can be used
    List(All),
    /// Show all that is known of one certificate, by its fingerprint or the first 8 digits of it or more
    Show(One),
    /// List the certificates that are weighed for an address, best first, with the reason for each
    Find(Recipient),
    /// Say whether mail to an address would be encrypted today and in 30 days, and if not, what to do; the status is 1
    /// if not today
    Check(Recipient),
    /// List the recipients whose last usable certificate ends soon
    Expiring(Expiring),
    /// Say who could receive mail that withstands a quantum computer (ML-KEM), and how much mail goes to them
    PostQuantum(All),
    /// Fetch revocation lists and missing CA certificates now, as [certificates.online] allows; the status is 1 if a
    /// place gave nothing
    Refresh(All),
    /// Put certificates from files into the register, and say of each whether it can be used
    Import(import::Import),
    /// Write certificates out, for somebody else
    Export(export::Export),
    /// Take a certificate into use that came by itself and waits in the register
    Approve(approve::Approve),
    /// Remove a certificate from the register
    Remove(approve::Remove),
    /// Never use a certificate, or anything that a CA has issued; who, when and why is recorded
    Deny(Deny),
    /// Lift what 'deny' has recorded; the record keeps both
    Allow(Allow),
    /// See and take in the keys that mail is signed with
    #[command(subcommand)]
    Own(own::Command),
    /// Ask a public CA for a certificate to sign with, and take in its answer
    Request(own::Request),
    /// Make the internal CA, see what it has issued, publish its revocation list
    #[command(subcommand)]
    Authority(authority::Command),
    /// Issue a certificate by the internal CA
    Issue(authority::Issue),
    /// Issue a new certificate in place of one that ends
    Renew(authority::Renew),
    /// Revoke a certificate of the internal CA, and publish the list that says so
    Revoke(authority::Revoke),
}

/// All certificates.
#[derive(Args)]
pub struct All {
    #[command(flatten)]
    file: SettingsFile,
    /// Print a JSON array
    #[arg(long)]
    json: bool,
}

/// One certificate.
#[derive(Args)]
pub struct One {
    /// SHA-256 of the certificate
    fingerprint: String,
    #[command(flatten)]
    file: SettingsFile,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// An address to look at.
#[derive(Args)]
pub struct Recipient {
    /// The recipient's mail address
    address: Address,
    #[command(flatten)]
    file: SettingsFile,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// How far to look ahead.
#[derive(Args)]
pub struct Expiring {
    /// Days to look ahead
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=3650))]
    days: u16,
    #[command(flatten)]
    file: SettingsFile,
    /// Print a JSON array
    #[arg(long)]
    json: bool,
}

/// What is denied or allowed again.
#[derive(Args)]
#[group(required = true, multiple = false, id = "subject")]
pub struct About {
    /// SHA-256 of a certificate, a recipient's or a CA's; for one in the recipients' folder or the register its
    /// first 8 digits or more
    #[arg(group = "subject")]
    fingerprint: Option<String>,
    /// The name of a CA, as 'cert show' writes it
    #[arg(long, value_name = "NAME", group = "subject")]
    issuer: Option<String>,
}

/// What is denied, and why.
#[derive(Args)]
pub struct Deny {
    #[command(flatten)]
    about: About,
    /// Why; traces show it, notices to senders do not
    #[arg(long)]
    reason: String,
    /// Who decided; without it the user who runs the command
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    #[command(flatten)]
    file: SettingsFile,
}

/// What is allowed again.
#[derive(Args)]
pub struct Allow {
    #[command(flatten)]
    about: About,
    /// Who decided; without it the user who runs the command
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    #[command(flatten)]
    file: SettingsFile,
}

/// What the commands look at: the settings of certificates, the policy that says how strong they must be, and the
/// register, unless no gateway was ever started here.
struct Holdings {
    settings: smime::Settings,
    policy: Policy,
    store: Option<Store>,
}

/// What a command prints, and whether its answer is yes.
struct Answer {
    text: String,
    yes: bool,
}

/// Runs one of the commands.
pub fn run(command: Command) -> ExitCode {
    block_on(async {
        let now = Timestamp::now();
        let answer = match command {
            Command::List(all) => list::list(&Holdings::open(&all.file).await?, now, all.json).await?,
            Command::PostQuantum(all) => {
                post_quantum::post_quantum(&Holdings::open(&all.file).await?, now, all.json).await?
            }
            Command::Show(one) => {
                list::show(&Holdings::open(&one.file).await?, &one.fingerprint, now, one.json).await?
            }
            Command::Find(who) => {
                list::find(&Holdings::open(&who.file).await?, &who.address, now, who.json).await?
            }
            Command::Check(who) => {
                let holdings = Holdings::open(&who.file).await?;
                let health = doctor::examine(&holdings, &who.address, now).await?;
                let text = if who.json {
                    json(&health)?
                } else {
                    health.to_string()
                };
                Answer {
                    text,
                    yes: health.today.encrypted,
                }
            }
            Command::Expiring(ahead) => {
                let until = now + SignedDuration::from_hours(24 * i64::from(ahead.days));
                expiring::expiring(&Holdings::open(&ahead.file).await?, now, until, ahead.json).await?
            }
            Command::Refresh(all) => {
                refresh::refresh(&Holdings::open(&all.file).await?, now, all.json).await?
            }
            Command::Import(what) => import::import(&Holdings::open(&what.file).await?, &what, now).await?,
            Command::Export(what) => {
                let bytes = export::export(&Holdings::open(&what.file).await?, &what, now).await?;
                print_bytes(&mut std::io::stdout(), &bytes)?;
                Answer::yes(String::new())
            }
            Command::Approve(what) => {
                approve::approve(&Holdings::open(&what.file).await?, &what, now).await?
            }
            Command::Remove(what) => approve::remove(&Holdings::open(&what.file).await?, &what).await?,
            Command::Deny(what) => deny::deny(&Holdings::open(&what.file).await?, &what, now).await?,
            Command::Allow(what) => deny::allow(&Holdings::open(&what.file).await?, &what, now).await?,
            Command::Own(command) => own::run(&command, now)?,
            Command::Request(request) => own::request(&request)?,
            Command::Authority(command) => authority::run(&command, now)?,
            Command::Issue(issue) => authority::issue(&issue, now)?,
            Command::Renew(renew) => authority::renew(&renew, now)?,
            Command::Revoke(revoke) => authority::revoke(&revoke, now)?,
        };
        print!("{}", answer.text);
        Ok(if answer.yes {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    })
}

impl Answer {
    fn yes(text: String) -> Answer {
        Answer { text, yes: true }
    }
}

impl Holdings {
    async fn open(file: &SettingsFile) -> Result<Holdings, String> {
        let settings = Settings::load(&file.config).map_err(|mistakes| super::config::explain(&mistakes))?;
        let bundle = Bundle::load(&settings.policies)
            .map_err(|mistakes| super::config::in_lines("the policy", &mistakes))?;
        Ok(Holdings {
            settings: settings.certificates,
            policy: bundle.policy,
            store: attach(&settings.store).await?,
        })
    }

    /// The register, for commands that are about nothing else.
    fn register(&self) -> Result<Store, String> {
        let none = "there is no register yet, because no gateway was ever started with these settings. Start it once, or \
                    put the files into the recipients' folder";
        self.store.clone().ok_or_else(|| none.to_owned())
    }

    /// What the gateway has at hand when it reads the folders now.
    fn certificates(&self) -> Result<Certificates, String> {
        self.certificates_by(&self.settings)
    }

    /// The same by other settings.
    fn certificates_by(&self, settings: &smime::Settings) -> Result<Certificates, String> {
        let certificates = Certificates::load(settings)?
            .with_directories(settings)?
            .with_online(Online::start(&settings.online));
        Ok(match &self.store {
            Some(store) => certificates.with_register(Arc::new(store.clone())),
            None => certificates,
        })
    }
}

fn all_settings(file: &SettingsFile) -> Result<Settings, String> {
    Settings::load(&file.config).map_err(|mistakes| super::config::explain(&mistakes))
}

async fn attach(settings: &store::Settings) -> Result<Option<Store>, String> {
    Store::attach_if_any(settings)
        .await
        .map_err(|error| error.to_string())
}

/// Where certificates are not weighed against each other, none of them is preferred.
fn usable(weighed: &CertificateVerdict) -> String {
    match weighed {
        CertificateVerdict::Chosen | CertificateVerdict::Usable => "can be used".to_owned(),
        _ => verdict(weighed),
    }
}

/// One certificate in one line.
fn describe(considered: &Considered) -> String {
    let Considered {
        fingerprint,
        subject,
        serial,
        key,
        not_after,
        verdict: weighed,
        assurance,
        origin,
        ..
    } = considered;
    let class = assurance.map_or_else(String::new, |class| format!(", {class}"));
    let from = origin.map_or_else(String::new, |origin| format!(", {}", origin.name()));
    format!(
        "{}: {subject}, serial {serial}, {key}{class}, valid until {}{from}: {}",
        short(fingerprint),
        day(*not_after),
        verdict(weighed)
    )
}

/// The digits of a fingerprint that tables show, and that commands take.
fn short(fingerprint: &str) -> &str {
    fingerprint.get(..16).unwrap_or(fingerprint)
}

fn day(timestamp: Timestamp) -> String {
    timestamp.strftime("%Y-%m-%d").to_string()
}

fn json<T: serde::Serialize + ?Sized>(value: &T) -> Result<String, String> {
    let text = serde_json::to_string_pretty(value).map_err(|error| error.to_string())?;
    Ok(text + "\n")
}

/// The certificate in the recipients' folder or the register whose fingerprint begins with `text`; 8 digits at least.
async fn meant(certificates: &Certificates, text: &str) -> Result<String, String> {
    let digits: String = text.chars().filter(|c| *c != ':' && !c.is_whitespace()).collect();
    let digits = digits.to_ascii_lowercase();
    if digits.len() < 8 || !digits.chars().all(|c| c.is_ascii_hexdigit()) {
        return Err("a fingerprint is 64 hexadecimal digits, or the first 8 of them or more".to_owned());
    }
    let found = certificates.fingerprints(&digits).await;
    match found.map_err(|error| error.to_string())?.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(format!(
            "no certificate in the recipients' folder or the register has a fingerprint that begins with {digits}"
        )),
        _ => Err(format!(
            "several certificates have a fingerprint that begins with {digits}; give more of it"
        )),
    }
}
