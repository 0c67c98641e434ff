//! `sealgate scan`: is there personal information in these files?
//!
//! Files are as hostile as mail, so they are read by the gateway's jailed readers. A file whose reader dies or hangs
//! is one that could not be read, and the scan goes on. This module knows what to say of a file, never how it is read.

mod dropped;
mod files;
mod json;
mod mailbox;
mod page;
mod report;
mod setup;
mod work;

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use report::{Report, Totals};
pub use setup::Setup;

/// The status of a scan that could not do what it was told to. A wrong command line has it too.
pub const NOT_DONE: u8 = 3;

const AFTER_HELP: &str = "\
Exit status:
  1  found: a Social Security, licence, account or card number stands in one of the files
  3  not done: a file does not exist, the policies have a mistake, the jail cannot be entered
  2  not found, but something could not be read for certain (encrypted, damaged, too large, unknown)
  0  clean: everything was read, and nothing was found
The first that applies is the status. docs/scan.md explains the JSON.";

/// What to search, and what to say of it.
#[derive(Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// Files and directories: messages, mailboxes or documents of any kind; - is the standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Print one JSON object a line for each file
    #[arg(long)]
    json: bool,
    /// Print the values that were found, not masked
    #[arg(long)]
    reveal: bool,
    /// Say why each number counts, and why what looks like one does not
    #[arg(long)]
    explain: bool,
    /// Print what was read, part by part. It is not masked
    #[arg(long)]
    show_text: bool,
    /// The directory with policy.toml and elements/ [default: /etc/sealgate/policies, or the built-in ones]
    #[arg(long, value_name = "DIR")]
    policies: Option<PathBuf>,
    /// Take the policies and the sections inspect and ocr (limits, number of readers) from this settings file
    #[arg(long, short, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Do not read pictures, which takes Tesseract about a second each
    #[arg(long)]
    no_ocr: bool,
    /// Read even where the kernel cannot give the full jail; a hostile file could then do harm
    #[arg(long)]
    allow_weak_jail: bool,
}

/// Searches the files.
pub fn run(arguments: &Arguments) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return not_done(&format!("the runtime cannot start: {error}")),
    };
    runtime.block_on(async {
        match scan(arguments).await {
            Ok(status) => ExitCode::from(status),
            Err(error) => not_done(&error),
        }
    })
}

async fn scan(arguments: &Arguments) -> Result<u8, String> {
    let setup = Setup::of(arguments).await?;
    let files = files::gather(&arguments.paths);
    let progress = progress(files.len());
    let mut totals = Totals::default();
    let show = |report: Report| {
        totals.add(&report, &setup.policy);
        let shown = progress.suspend(|| show(&report, &setup, arguments));
        progress.inc(1);
        shown
    };
    // Whoever reads the output has gone away, which is no mistake: the status says what was seen until then.
    let all_shown = work::through(files, &setup, show).await;
    progress.finish_and_clear();
    if all_shown && !arguments.json {
        let _ = writeln!(std::io::stdout().lock(), "{}", page::totals(&totals));
    }
    Ok(match totals.status() {
        1 => 1,
        _ if !all_shown => NOT_DONE,
        status => status,
    })
}

/// Prints what is to be said of one file. `false` when nobody reads it.
fn show(report: &Report, setup: &Setup, arguments: &Arguments) -> bool {
    let said = if arguments.json {
        json::line(report, &setup.policy, arguments)
    } else {
        page::of(report, &setup.policy, arguments)
    };
    if let (Some(error), false) = (&report.error, arguments.json) {
        eprintln!("sealgate: {}: {error}", page::legible(&report.name()));
    }
    let mut out = std::io::stdout().lock();
    out.write_all(said.as_bytes()).and_then(|()| out.flush()).is_ok()
}

/// A bar on standard error, on a terminal only, and only when there is something to wait for.
fn progress(files: usize) -> ProgressBar {
    let target = match std::io::stderr().is_terminal() && files > 1 {
        true => ProgressDrawTarget::stderr(),
        false => ProgressDrawTarget::hidden(),
    };
    let style = ProgressStyle::with_template("{bar:30} {pos} of {len} files, {eta} left")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::with_draw_target(Some(files as u64), target).with_style(style)
}

fn not_done(error: &str) -> ExitCode {
    eprintln!("sealgate: {error}");
    ExitCode::from(NOT_DONE)
}
