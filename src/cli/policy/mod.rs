//! `sealgate policy`: do the rules do what they say? And the same policies for several gateways.

mod publish;
mod score;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::config::Bundle;
use crate::detect::Rules;

use super::config::in_lines;
use super::{failed, table};

/// Commands about policies.
#[derive(Subcommand)]
pub enum Command {
    /// Search every example and counter-example of every rule; the status is 1 if one is not as it says
    Test(Directory),
    /// Search a set of labelled mail, and report how much was found and how much of that is right
    Score(score::Arguments),
    /// Give all gateways that share a store (store.url, store.policies = "published") the same policies
    Publish(publish::Publish),
    /// List what was published, by whom and why
    Published(publish::Published),
    /// Write a publication into a directory
    Fetch(publish::Fetch),
}

/// Where the policies are.
#[derive(Args)]
pub struct Directory {
    /// The directory with policy.toml, elements/ and notices/
    #[arg(long, default_value = "/etc/sealgate/policies", value_name = "DIR")]
    policies: PathBuf,
}

/// Runs one of the commands.
pub fn run(command: Command) -> ExitCode {
    match command {
        Command::Test(directory) => test(&directory),
        Command::Score(arguments) => score::run(&arguments),
        Command::Publish(arguments) => publish::publish(arguments),
        Command::Published(arguments) => publish::published(&arguments),
        Command::Fetch(arguments) => publish::fetch(&arguments),
    }
}

fn test(directory: &Directory) -> ExitCode {
    let bundle = match Bundle::load(&directory.policies) {
        Ok(bundle) => bundle,
        Err(mistakes) => return failed(&in_lines("the policy", &mistakes)),
    };
    let rules = match Rules::compile(&bundle.rules) {
        Ok(rules) => rules,
        Err(errors) => return failed(&in_lines("the rules", &errors)),
    };
    let failures = rules.prove();
    let rows = rules.elements().map(|element| {
        [
            element.id.to_owned(),
            element.examples.to_string(),
            element.counter_examples.to_string(),
            element.title.to_owned(),
        ]
    });
    let head = ["ELEMENT", "EXAMPLES", "COUNTER-EXAMPLES", "TITLE"];
    print!("{}", table::align(head, rows, &[1, 2]));
    if !failures.is_empty() {
        return failed(&in_lines("the examples", &failures));
    }
    println!(
        "policy {}: every example is found, and no counter-example is",
        bundle.policy.version
    );
    ExitCode::SUCCESS
}
