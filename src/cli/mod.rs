//! The command line: one file per command. Wiring only; what a command does is in the stages.

mod cert;
mod config;
mod demo;
mod gateway;
mod gateways;
mod hold;
mod policy;
mod published;
mod queue;
mod scan;
mod sender;
mod serve;
mod table;
mod trace;
mod user;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::config::Settings;

/// The first argument of the jailed reader. It is looked for before anything else happens in the process.
const INSPECT_CHILD: &str = "inspect-child";

/// The same for the process that becomes Tesseract.
const OCR_CHILD: &str = "ocr-child";

/// What a newcomer needs below the list of commands.
const AFTER_HELP: &str = "\
First steps:
  sealgate demo                                    see what it does
  sealgate config example > sealgate.toml          start a settings file
  sealgate config check --config sealgate.toml     tell its mistakes
  sealgate serve --config sealgate.toml            run the gateway

Exit status: 0 done, 1 not done or the answer is no (the reason is on standard error), 2 wrong command line
('scan' has its own, see 'sealgate scan --help').
RUST_LOG=debug makes 'serve' log more.";

/// Sealgate, the S/MIME encryption gateway: mail that holds personal information (201 CMR 17.00) leaves
/// encrypted for each recipient, or does not leave and the sender learns why.
#[derive(Parser)]
#[command(name = "sealgate", version, max_term_width = 100, after_help = AFTER_HELP)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the gateway until SIGTERM; SIGHUP makes it read the policy and the certificates again
    Serve(SettingsFile),
    /// Check the settings, or print an example
    #[command(subcommand)]
    Config(config::Command),
    /// Try the rules, on their examples or on a set of labelled mail; publish policies to gateways that share a store
    #[command(subcommand)]
    Policy(policy::Command),
    /// Search files and directories for personal information
    Scan(scan::Arguments),
    /// See which certificates there are and whether mail to an address could be encrypted; take them in, issue, approve
    /// and deny them; own keys
    #[command(subcommand)]
    Cert(cert::Command),
    /// See what waits to be delivered; try, hold, release or give it up
    Queue {
        #[command(flatten)]
        arguments: queue::Arguments,
        #[command(flatten)]
        file: SettingsFile,
    },
    /// See what waits for a recipient's certificate; have it decided on now, or end its wait
    Hold {
        #[command(flatten)]
        arguments: hold::Arguments,
        #[command(flatten)]
        file: SettingsFile,
    },
    /// Make the line of a user who may log in (smtp.users); try a login
    #[command(subcommand)]
    User(user::Command),
    /// Suspend a sender, let one send again, see who is suspended
    #[command(subcommand)]
    Sender(sender::Command),
    /// See which gateways share the database of store.url, since when, and by which policies they decide
    Gateways {
        #[command(flatten)]
        arguments: gateways::Arguments,
        #[command(flatten)]
        file: SettingsFile,
    },
    /// Explain what was decided about a message, why, and what became of it
    Trace {
        #[command(flatten)]
        arguments: trace::Arguments,
        #[command(flatten)]
        file: SettingsFile,
    },
    /// Show the whole path on this machine, with a demo PKI and a partner's mailbox
    Demo(demo::Arguments),
}

/// Where the settings are.
#[derive(Args, Clone)]
pub struct SettingsFile {
    /// The settings file
    #[arg(
        long,
        short,
        global = true,
        default_value = "/etc/sealgate/sealgate.toml",
        value_name = "FILE"
    )]
    pub config: PathBuf,
}

/// Runs the program with the arguments it was started with.
pub fn run() -> ExitCode {
    // The jail must be entered before any thread exists, and its command line is nobody's business but ours.
    if std::env::args_os()
        .nth(1)
        .is_some_and(|role| role == INSPECT_CHILD)
    {
        return crate::inspect::child();
    }
    if std::env::args_os().nth(1).is_some_and(|role| role == OCR_CHILD) {
        return crate::inspect::ocr_child();
    }
    let command_line = match CommandLine::try_parse() {
        Ok(command_line) => command_line,
        Err(error) => return usage(&error),
    };
    match command_line.command {
        Command::Serve(file) => serve::run(&file),
        Command::Config(command) => config::run(command),
        Command::Policy(command) => policy::run(command),
        Command::Scan(arguments) => scan::run(&arguments),
        Command::Cert(command) => cert::run(command),
        Command::Queue { arguments, file } => block_on(async {
            let settings = store_of(&file)?;
            queue::run(&arguments, &settings, &mut std::io::stdout())
                .await
                .map(|()| ExitCode::SUCCESS)
        }),
        Command::Hold { arguments, file } => block_on(async {
            let settings = store_of(&file)?;
            hold::run(&arguments, &settings, &mut std::io::stdout())
                .await
                .map(|()| ExitCode::SUCCESS)
        }),
        Command::Gateways { arguments, file } => block_on(async {
            let settings = store_of(&file)?;
            gateways::run(&arguments, &settings, &mut std::io::stdout())
                .await
                .map(|()| ExitCode::SUCCESS)
        }),
        Command::Trace { arguments, file } => block_on(async {
            let settings = store_of(&file)?;
            trace::run(&arguments, &settings, &mut std::io::stdout())
                .await
                .map(|()| ExitCode::SUCCESS)
        }),
        Command::Sender(command) => sender::run(&command),
        Command::User(command) => user::run(&command),
        Command::Demo(arguments) => demo::run(arguments),
    }
}

/// Help, or what is wrong with the command line. A scan's status 2 means something else.
fn usage(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    let scan = std::env::args_os()
        .nth(1)
        .is_some_and(|command| command == "scan");
    match error.exit_code() {
        0 => ExitCode::SUCCESS,
        _ if scan => ExitCode::from(scan::NOT_DONE),
        _ => ExitCode::from(2),
    }
}

fn store_of(file: &SettingsFile) -> Result<crate::store::Settings, String> {
    let settings = Settings::load(&file.config).map_err(|mistakes| config::explain(&mistakes))?;
    Ok(settings.store)
}

/// Runs a command that needs the asynchronous runtime, and turns its failure into words on standard error.
fn block_on(work: impl Future<Output = Result<ExitCode, String>>) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&format!("the runtime cannot start: {error}")),
    };
    runtime.block_on(work).unwrap_or_else(|error| failed(&error))
}

fn failed(error: &str) -> ExitCode {
    eprintln!("sealgate: {error}");
    ExitCode::FAILURE
}
