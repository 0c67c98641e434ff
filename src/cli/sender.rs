//! `sealgate sender`: senders who are suspended. The gateway reads the record again when it has changed.

use std::process::ExitCode;

use clap::Subcommand;
use jiff::Timestamp;

use super::cert::person;
use super::{SettingsFile, failed, table};
use crate::audit::printable;
use crate::config::Settings;
use crate::message::Pattern;
use crate::smtp::Suspended;

/// Commands about senders.
#[derive(Subcommand)]
pub enum Command {
    /// Let a sender send no more: mail gets 550 from now on, and its author learns why. What is queued goes on
    Suspend {
        /// An address, '@domain' for everybody in it, or '@*.domain' for every domain below it
        sender: Pattern,
        /// Why, for the record
        #[arg(long)]
        reason: String,
        /// Who says so; by default the user who runs the command
        #[arg(long)]
        by: Option<String>,
        #[command(flatten)]
        file: SettingsFile,
    },
    /// Let a suspended sender send again
    Resume {
        /// As it was suspended
        sender: Pattern,
        /// Who says so; by default the user who runs the command
        #[arg(long)]
        by: Option<String>,
        #[command(flatten)]
        file: SettingsFile,
    },
    /// List who is suspended
    List {
        #[command(flatten)]
        file: SettingsFile,
    },
}

/// Runs the command.
pub fn run(command: &Command) -> ExitCode {
    match carry_out(command) {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => failed(&error),
    }
}

fn carry_out(command: &Command) -> Result<String, String> {
    let (Command::Suspend { file, .. } | Command::Resume { file, .. } | Command::List { file }) = command;
    let settings = Settings::load(&file.config).map_err(|mistakes| super::config::explain(&mistakes))?;
    let path = settings.smtp.suspended.ok_or("[smtp] suspended names no file")?;
    let mut record = Suspended::load(&path)?;
    let now = Timestamp::now();
    match command {
        Command::Suspend {
            sender, reason, by, ..
        } => {
            if reason.trim().is_empty() {
                return Err("the reason is empty".to_owned());
            }
            record.suspend(sender.clone(), reason, &person(by.as_deref()), now)?;
            record.save(&path)?;
            Ok(format!("{sender} may not send any more.\n"))
        }
        Command::Resume { sender, by, .. } => {
            record.resume(sender, &person(by.as_deref()), now)?;
            record.save(&path)?;
            Ok(format!("{sender} may send again.\n"))
        }
        Command::List { .. } => Ok(listing(&record)),
    }
}

fn listing(record: &Suspended) -> String {
    let rows = record.in_force().map(|entry| {
        [
            printable(&entry.sender.to_string()),
            entry.at.strftime("%Y-%m-%d %H:%M").to_string(),
            printable(&entry.by),
            printable(&entry.reason),
        ]
    });
    let rows: Vec<_> = rows.collect();
    match rows.is_empty() {
        true => "Nobody is suspended.\n".to_owned(),
        false => table::align(["SENDER", "SINCE", "BY", "REASON"], rows.into_iter(), &[]),
    }
}
