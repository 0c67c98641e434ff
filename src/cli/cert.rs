//! `sealgate cert`: which certificates are there, and would mail to an address be encrypted?

use std::process::ExitCode;

use clap::{Args, Subcommand};
use jiff::Timestamp;

use crate::audit::verdict;
use crate::config::Settings;
use crate::message::{Address, CertificateVerdict, Considered};
use crate::smime::Certificates;

use super::{SettingsFile, block_on, table};

/// Commands about certificates.
#[derive(Subcommand)]
pub enum Command {
    /// List the recipients' certificates, each with its verdict
    List(SettingsFile),
    /// Would mail to this address be encrypted now? Ends with status 1 if not
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
            Command::List(file) => list(&certificates(&file)?),
            Command::Check(check) => check_address(&certificates(&check.file)?, &check.address).await,
        }
    })
}

fn certificates(file: &SettingsFile) -> Result<Certificates, String> {
    let settings = Settings::load(&file.config).map_err(|mistakes| super::config::explain(&mistakes))?;
    Certificates::load(&settings.certificates)
}

fn list(certificates: &Certificates) -> Result<ExitCode, String> {
    let rows = certificates.all(Timestamp::now()).map(|listed| {
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
            standing(&weighed),
            listed.file.display().to_string(),
        ]
    });
    print!(
        "{}",
        table::align(["ADDRESS", "KEY", "VALID UNTIL", "VERDICT", "FILE"], rows, &[])
    );
    Ok(ExitCode::SUCCESS)
}

/// Nothing is chosen here, so there is no better one either.
fn standing(weighed: &CertificateVerdict) -> String {
    match weighed {
        CertificateVerdict::Chosen | CertificateVerdict::Usable => "it may be used".to_owned(),
        _ => verdict(weighed),
    }
}

async fn check_address(certificates: &Certificates, address: &Address) -> Result<ExitCode, String> {
    let choice = certificates
        .choose(address, Timestamp::now())
        .await
        .map_err(|error| error.to_string())?;
    match &choice.chosen {
        Some(_) => println!("Mail to {address} would be encrypted."),
        None => println!("Mail to {address} could not be encrypted."),
    }
    if choice.considered.is_empty() {
        println!("  No certificate for this address was found.");
    }
    for considered in &choice.considered {
        println!("  {}", describe(considered));
    }
    Ok(if choice.chosen.is_some() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
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
