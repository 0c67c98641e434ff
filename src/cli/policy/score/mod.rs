//! `sealgate policy score`: how good are the rules on mail that somebody has labelled by hand?
//!
//! `tests/labelled/README.md` describes the format of a set.

mod compare;
mod mail;
mod page;
mod rewrite;
mod set;
mod tally;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use tokio::sync::Semaphore;

use crate::cli::config::in_lines;
use crate::cli::scan::Setup;
use crate::cli::{block_on, failed};
use crate::detect::Rules;
use crate::inspect::{Asked, Examined, OcrSettings, Scanner, Settings};

use mail::Case;
use tally::Tally;

/// Which set, by which rules, and what to say of it.
#[derive(Args)]
pub struct Arguments {
    /// The set: a directory with *.toml files of mails, and files named by a labels.toml beside them
    #[arg(value_name = "DIR")]
    set: PathBuf,
    /// The directory with policy.toml and elements/ [default: /etc/sealgate/policies, or the built-in ones]
    #[arg(long, value_name = "DIR")]
    policies: Option<PathBuf>,
    /// Read every plain mail in other encodings, containers and disguises too, and report on each
    #[arg(long)]
    rewrite: bool,
    /// Of the files in the set, take only those whose path holds this
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Print everything as one JSON object
    #[arg(long)]
    json: bool,
    /// Read even where the kernel cannot give the full jail
    #[arg(long)]
    allow_weak_jail: bool,
}

/// Scores the rules. The status is 0 whatever the score is.
pub fn run(arguments: &Arguments) -> ExitCode {
    let mut cases = match set::load(&arguments.set, arguments.only.as_deref()) {
        Ok(cases) => cases,
        Err(mistakes) => return failed(&in_lines("the labelled set", &mistakes)),
    };
    if arguments.rewrite {
        let rewritten: Vec<Case> = cases.iter().flat_map(rewrite::all).collect();
        cases.extend(rewritten);
    }
    block_on(async {
        let tally = score(arguments, cases).await?;
        match arguments.json {
            true => println!("{}", serde_json::to_string(&tally).unwrap_or_default()),
            false => print!("{}", page::of(&tally)),
        }
        Ok(ExitCode::SUCCESS)
    })
}

async fn score(arguments: &Arguments, cases: Vec<Case>) -> Result<Tally, String> {
    let inspect = Settings {
        allow_weak_jail: arguments.allow_weak_jail,
        ..Settings::default()
    };
    let asked = Asked {
        values: true,
        ..Asked::default()
    };
    let setup = Setup::start(
        arguments.policies.clone(),
        &inspect,
        &OcrSettings::patient(),
        asked,
    )
    .await?;
    let rules = Rules::compile(&setup.rules).map_err(|errors| in_lines("the rules", &errors))?;
    let elements: BTreeMap<String, bool> = rules
        .elements()
        .map(|element| (element.id.to_owned(), element.optional))
        .collect();
    let mut tally = Tally::new(elements);
    read(cases, &setup.scanner, |case, examined| {
        tally.add(&case, &compare::compare(&case, &examined, &setup.policy));
    })
    .await?;
    Ok(tally)
}

/// Reads all cases side by side and hands them over in their order.
async fn read(
    cases: Vec<Case>,
    scanner: &Scanner,
    mut done: impl FnMut(Case, Examined),
) -> Result<(), String> {
    let turns = Arc::new(Semaphore::new(scanner.children()));
    let mut tasks = VecDeque::new();
    for case in cases {
        let (scanner, turns) = (scanner.clone(), Arc::clone(&turns));
        tasks.push_back(tokio::spawn(async move {
            let _turn = turns.acquire().await;
            let examined = scanner.examine(case.source()).await;
            (case, examined)
        }));
    }
    for task in tasks {
        let (case, examined) = task.await.map_err(|error| error.to_string())?;
        done(case, examined.map_err(|error| error.to_string())?);
    }
    Ok(())
}
