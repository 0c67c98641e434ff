//! `sealgate demo`: the main job end to end on this machine, for somebody who has never seen it.

mod disk;
mod mailbox;
mod mails;
mod outcome;
mod partner;
mod parts;
mod pki;
mod stage;
mod table;
mod visit;

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use outcome::Shown;
use stage::Stage;

use super::block_on;

/// How the demo runs.
#[derive(Args)]
pub struct Arguments {
    /// End after the table, with status 0 only if every outcome is the expected one
    #[arg(long)]
    once: bool,
    /// Keep the demo's settings, certificates and store in this directory
    #[arg(long, value_name = "DIR")]
    directory: Option<PathBuf>,
    #[command(subcommand)]
    part: Option<parts::Part>,
}

/// Runs the demo. Without `--once` and on a terminal, the gateway stays up afterwards for experiments.
pub fn run(arguments: Arguments) -> ExitCode {
    block_on(async {
        if let Some(part) = arguments.part {
            return parts::run(part).await;
        }
        let stay = !arguments.once && std::io::stdout().is_terminal();
        let progress = progress();
        let stage = Stage::set(arguments.directory, &progress).await?;
        let shown = play(&stage, &progress).await?;
        progress.finish_and_clear();
        let disk = stage.search_disk(&mails::secrets())?;
        print!("{}", table::report(&shown, &disk));
        let right = shown.iter().all(Shown::is_right) && disk.is_clean();
        if stay {
            println!("\n{}", stage.invitation());
            visit::show_arrivals(&stage).await;
        }
        stage.strike().await;
        Ok(if right {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    })
}

async fn play(stage: &Stage, progress: &ProgressBar) -> Result<Vec<Shown>, String> {
    let mails = mails::all(&stage.pki.encrypted_for_anna()?);
    progress.set_length(progress.position() + mails.len() as u64);
    let mut shown = Vec::new();
    for mail in mails {
        progress.set_message(mail.title);
        let performed = stage.perform(&mail).await?;
        shown.push(outcome::judge(mail, performed, &stage.pki));
        progress.inc(1);
    }
    Ok(shown)
}

fn progress() -> ProgressBar {
    let style = ProgressStyle::with_template("{spinner} [{bar:30}] {pos}/{len} {msg}");
    let progress = ProgressBar::new(3).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    progress.enable_steady_tick(Duration::from_millis(100));
    progress
}
