//! `sealgate cert`: which certificates are there, and would mail to an address be encrypted?

use std::path::Path;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use jiff::Timestamp;

use crate::audit::verdict;
use crate::config::{Bundle, Settings};
use crate::message::{Address, CertificateVerdict, Considered};
use crate::policy::Policy;
use crate::smime::{self, Certificates};

use super::{SettingsFile, block_on, table};

/// Commands about certificates.
#[derive(Subcommand)]
pub enum Command {
    /// List the recipients' certificates, and say of each whether it can be used
    List(SettingsFile),
    /// Say whether mail to an address could be encrypted now; the status is 1 if not
    Check(Check),
}

/// An address to check.
#[derive(Args)]
pub struct Check {
    /// The recipient's mail address
    address: Address,
    #[command(flatten)]
    file: SettingsFile,
}

/// Runs one of the commands.
pub fn run(command: Command) -> ExitCode {
    block_on(async {
        match command {
            Command::List(file) => {
                let (settings, policy) = load(&file)?;
                list(&Certificates::load(&settings)?, &policy, &settings.recipients)
            }
            Command::Check(check) => {
                let (settings, policy) = load(&check.file)?;
                let certificates = Certificates::load(&settings)?;
                check_address(&certificates, &policy, &check.address, &settings.recipients).await
            }
        }
    })
}

/// The settings of certificates, and the policy that says how strong they must be.
fn load(file: &SettingsFile) -> Result<(smime::Settings, Policy), String> {
    let settings = Settings::load(&file.config).map_err(|mistakes| super::config::explain(&mistakes))?;
    let bundle = Bundle::load(&settings.policies)
        .map_err(|mistakes| super::config::in_lines("the policy", &mistakes))?;
    Ok((settings.certificates, bundle.policy))
}

fn list(certificates: &Certificates, policy: &Policy, folder: &Path) -> Result<ExitCode, String> {
    let mut all = certificates
        .all(|address| policy.profile(address), Timestamp::now())
        .peekable();
    if all.peek().is_none() {
        println!("There are no certificates in {}.", folder.display());
        return Ok(ExitCode::SUCCESS);
    }
    let rows = all.map(|listed| {
        let address = listed
            .address
            .map_or_else(|| "none".to_owned(), |address| address.to_string());
        let Considered {
            key,
            not_after,
            verdict: weighed,
            ..
        } = listed.considered;
        [
            address,
            key,
            day(not_after),
            usable(&weighed),
            listed.file.display().to_string(),
        ]
    });
    print!(
        "{}",
        table::align(["ADDRESS", "KEY", "VALID UNTIL", "VERDICT", "FILE"], rows, &[])
    );
    Ok(ExitCode::SUCCESS)
}

/// Where certificates are not weighed against each other, none of them is preferred.
fn usable(weighed: &CertificateVerdict) -> String {
    match weighed {
        CertificateVerdict::Chosen | CertificateVerdict::Usable => "can be used".to_owned(),
        _ => verdict(weighed),
    }
}

async fn check_address(
    certificates: &Certificates,
    policy: &Policy,
    address: &Address,
    folder: &Path,
) -> Result<ExitCode, String> {
    let choice = certificates
        .choose(address, policy.profile(address), Timestamp::now())
        .await
        .map_err(|error| error.to_string())?;
    match &choice.chosen {
        Some(_) => println!("Mail to {address} would be encrypted."),
        None => println!("Mail to {address} could not be encrypted."),
    }
    if choice.considered.is_empty() {
        println!("  There is no certificate for this address.");
    }
    for considered in &choice.considered {
        println!("  {}", describe(considered));
    }
    if choice.chosen.is_some() {
        return Ok(ExitCode::SUCCESS);
    }
    println!(
        "To mend it, put a certificate (PEM or DER) that names this address and comes from a trusted CA into {}, \
         and send the gateway SIGHUP.",
        folder.display()
    );
    Ok(ExitCode::FAILURE)
}

fn describe(considered: &Considered) -> String {
    let Considered {
        subject,
        serial,
        key,
        not_after,
        verdict: weighed,
        ..
    } = considered;
    format!(
        "{subject}, serial {serial}, {key}, valid until {}: {}",
        day(*not_after),
        verdict(weighed)
    )
}

fn day(timestamp: Timestamp) -> String {
    timestamp.strftime("%Y-%m-%d").to_string()
}
