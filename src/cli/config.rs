//! `sealgate config`: is the settings file right?

use std::path::Path;
use std::process::ExitCode;

use clap::Subcommand;

use crate::config::{Bundle, Mistake, Settings};
use crate::detect::Rules;
use crate::notice::Notices;
use crate::smime::Certificates;
use crate::smime::keys::KeyRing;

use super::{SettingsFile, failed, gateway};

/// Commands about settings.
#[derive(Subcommand)]
pub enum Command {
    /// Check the settings, the policy and the certificates, and tell all mistakes at once
    Check(SettingsFile),
    /// Print every setting with its meaning and default, to start a file from
    Example,
}

/// The example that stands in the repository.
const EXAMPLE: &str = include_str!("../../packaging/sealgate.toml");

/// Runs one of the commands.
pub fn run(command: Command) -> ExitCode {
    match command {
        Command::Example => {
            print!("{EXAMPLE}");
            ExitCode::SUCCESS
        }
        Command::Check(file) => check(&file),
    }
}

fn check(file: &SettingsFile) -> ExitCode {
    let settings = match Settings::load(&file.config) {
        Ok(settings) => settings,
        Err(mistakes) => return failed(&explain(&mistakes)),
    };
    let mut wrong = Vec::new();
    let mut version = String::new();
    match Bundle::load(&settings.policies) {
        Ok(bundle) => {
            version.clone_from(&bundle.policy.version);
            let notices = Notices::new(settings.notice.clone(), &settings.hostname, &bundle.notices);
            wrong.extend(notices.err().map(|error| error.to_string()));
            match Rules::compile(&bundle.rules) {
                Ok(rules) => wrong.extend(rules.prove().iter().map(ToString::to_string)),
                Err(errors) => wrong.extend(errors.iter().map(ToString::to_string)),
            }
        }
        Err(mistakes) => wrong.extend(mistakes.iter().map(ToString::to_string)),
    }
    wrong.extend(certificates(&settings).err());
    wrong.extend(KeyRing::load(&settings.keys).err());
    wrong.extend(gateway::opener(&settings).err());
    if !wrong.is_empty() {
        return failed(&in_lines("the policy or the certificates", &wrong));
    }
    println!("{}: no mistakes; policy {version}", file.config.display());
    ExitCode::SUCCESS
}

/// Reads what the gateway would read; asks nobody.
fn certificates(settings: &Settings) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("the runtime cannot start: {error}"))?;
    let _inside = runtime.enter();
    let certificates = Certificates::load(&settings.certificates)?;
    certificates.with_directories(&settings.certificates).map(drop)
}

/// All mistakes, one to a line, for standard error.
pub fn explain(mistakes: &[Mistake]) -> String {
    let told = in_lines("the settings", mistakes);
    match mistakes {
        [only] if !Path::new(&only.file).exists() => {
            format!("{told}\n--config names another file; 'sealgate config example' prints one to start from")
        }
        _ => told,
    }
}

/// Mistakes in something, with their number.
pub fn in_lines(of: &str, mistakes: &[impl ToString]) -> String {
    let lines: Vec<String> = mistakes
        .iter()
        .map(|mistake| format!("  {}", mistake.to_string()))
        .collect();
    let count = match lines.len() {
        1 => "one mistake".to_owned(),
        count => format!("{count} mistakes"),
    };
    format!("{count} in {of}\n{}", lines.join("\n"))
}
