//! `sealgate user`: lines for the file of those who may log in. The password is on no command line, where other users of
//! the machine would see it.

use std::io::{BufRead, IsTerminal};
use std::process::ExitCode;

use clap::Subcommand;
use console::Term;
use zeroize::Zeroizing;

use crate::message::{Address, Pattern};
use crate::smtp::user_line;

use super::failed;

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
}

/// Runs the command.
pub fn run(command: &Command) -> ExitCode {
    let Command::Hash { name, senders } = command;
    let line = with_senders(name, senders)
        .and_then(|()| password())
        .and_then(|password| user_line(name, &password, senders).map_err(|error| error.to_string()));
    match line {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(error) => failed(&error),
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

fn password() -> Result<Zeroizing<String>, String> {
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
    let second = ask("The same again: ").map_err(unread)?;
    if first != second {
        return Err("the two passwords are not the same; nothing was made".to_owned());
    }
    Ok(first)
}
