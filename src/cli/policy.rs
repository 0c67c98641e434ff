//! `sealgate policy`: do the rules do what they say?

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use crate::config::Bundle;
use crate::detect::Rules;

use super::failed;

/// Commands about policies.
#[derive(Subcommand)]
pub enum Command {
    /// Run every rule's examples and counter-examples
    Test(Directory),
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
    }
}

fn test(directory: &Directory) -> ExitCode {
    let bundle = match Bundle::load(&directory.policies) {
        Ok(bundle) => bundle,
        Err(mistakes) => return failed(&super::config::explain(&mistakes)),
    };
    let rules = match Rules::compile(&bundle.rules) {
        Ok(rules) => rules,
        Err(errors) => return failed(&lines("the rules do not compile", &errors)),
    };
    let failures = rules.prove();
    for element in rules.elements() {
        println!("{:<18} {}", element.id, element.title);
    }
    if !failures.is_empty() {
        return failed(&lines("examples that do not hold", &failures));
    }
    println!("policy {}: every example holds", bundle.policy.version);
    ExitCode::SUCCESS
}

fn lines(title: &str, items: &[impl ToString]) -> String {
    let items: Vec<String> = items
        .iter()
        .map(|item| format!("  {}", item.to_string()))
        .collect();
    format!("{title}\n{}", items.join("\n"))
}
