//! `sealgate user`: lines for the file of those who may log in, and whether somebody could. The password is on no command
//! line, where other users of the machine would see it.

use std::io::{BufRead, IsTerminal};
use std::process::ExitCode;

use clap::Subcommand;
use console::Term;
use zeroize::Zeroizing;

use crate::audit::printable;
use crate::config::Settings;
use crate::message::{Address, Pattern};
use crate::smtp::{Trial, try_login, user_line};

use super::config::explain;
use super::{SettingsFile, block_on, failed};

/// Commands about users.
#[derive(Subcommand)]
pub enum Command {
    /// Print a user's line for the file that smtp.users names. The password is asked for on the terminal, or read as the
    /// first line of standard input; only a salted hash of it is printed
    Hash {
        /// The user's name; it may be a mail address
        name: String,
        /// An address that the user may send from, @domain, @*.domain for all below it, or * for any; may be given several
        /// times. Without it, the user may send from the address that is the name, and from no other
        #[arg(long = "sender", value_name = "ADDRESS")]
        senders: Vec<Pattern>,
    },
    /// Say whether a user could log in with a password, as the file or the directory of the settings has it, and what the
    /// user may send from. The password is asked for as for 'hash'
    Check {
        /// The user's name, as a mail program would give it
        name: String,
        #[command(flatten)]
        file: SettingsFile,
    },
}

/// Runs the command.
pub fn run(command: &Command) -> ExitCode {
    match command {
        Command::Hash { name, senders } => hash(name, senders),
        Command::Check { name, file } => block_on(check(name, file)),
    }
}

fn hash(name: &str, senders: &[Pattern]) -> ExitCode {
    let line = with_senders(name, senders)
        .and_then(|()| password(true))
        .and_then(|password| user_line(name, &password, senders).map_err(|error| error.to_string()));
    match line {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(error) => failed(&error),
    }
}

async fn check(name: &str, file: &SettingsFile) -> Result<ExitCode, String> {
    let settings = Settings::load(&file.config).map_err(|mistakes| explain(&mistakes))?;
    let password = password(false)?;
    match try_login(&settings.smtp, name, &password).await? {
        Trial::Wrong { source } => Err(format!(
            "{source} says that there is no such user, or that this is another's password"
        )),
        Trial::Right { source, senders } => {
            let senders: Vec<String> = senders.iter().map(|sender| printable(sender)).collect();
            let from = match senders.is_empty() {
                true => "no address".to_owned(),
                false => senders.join(", "),
            };
            println!("The password is right; {source} says so.\nThe user may send from: {from}");
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// A user who may send from nowhere is surely a mistake.
fn with_senders(name: &str, senders: &[Pattern]) -> Result<(), String> {
    match name.parse::<Address>() {
        Err(_) if senders.is_empty() => Err(format!(
            "{name:?} is no mail address: say what the user may send from, as --sender ann@agency.example or --sender @agency.example"
        )),
        _ => Ok(()),
    }
}

/// `twice`: it is a new one, which a slip of the hand must not spoil.
fn password(twice: bool) -> Result<Zeroizing<String>, String> {
    let unread = |error: std::io::Error| format!("the password cannot be read: {error}");
    if !std::io::stdin().is_terminal() {
        let mut line = Zeroizing::new(String::new());
        std::io::stdin().lock().read_line(&mut line).map_err(unread)?;
        return Ok(Zeroizing::new(line.trim_end_matches(['\r', '\n']).to_owned()));
    }
    let terminal = Term::stderr();
    let ask = |prompt: &str| {
        terminal.write_str(prompt)?;
        terminal.read_secure_line().map(Zeroizing::new)
    };
    let first = ask("Password: ").map_err(unread)?;
    if twice && ask("The same again: ").map_err(unread)? != first {
        return Err("the two passwords are not the same; nothing was made".to_owned());
    }
    Ok(first)
}
