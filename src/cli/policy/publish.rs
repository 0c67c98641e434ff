//! `sealgate policy publish`, `published` and `fetch`: one set of policies for all gateways that share a store.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::audit::printable;
use crate::cli::published::Policies;
use crate::cli::{SettingsFile, block_on, config, table};
use crate::config::{Files, Settings};
use crate::smime::Vault;
use crate::store::{PolicySource, Publication, Store};

/// How many publications are listed.
const LISTED: u32 = 1000;

/// What is published, and why.
#[derive(clap::Args)]
pub struct Publish {
    /// The directory with policy.toml, elements/ and notices/; that of the settings by default
    #[arg(long, value_name = "DIR", conflicts_with = "again")]
    policies: Option<PathBuf>,
    /// Publish once more what this number was, to undo what came after it
    #[arg(long, value_name = "NUMBER")]
    again: Option<i64>,
    /// Why, for `sealgate policy published`
    #[arg(long, default_value = "", value_name = "TEXT")]
    note: String,
    #[command(flatten)]
    file: SettingsFile,
}

/// What was published so far.
#[derive(clap::Args)]
pub struct Published {
    /// Print a JSON array
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    file: SettingsFile,
}

/// A publication as files again.
#[derive(clap::Args)]
pub struct Fetch {
    /// Its number
    number: i64,
    /// The directory to write it into; files of other names stay
    directory: PathBuf,
    #[command(flatten)]
    file: SettingsFile,
}

pub fn publish(arguments: Publish) -> ExitCode {
    block_on(async {
        let policies = attach(&arguments.file).await?;
        let files = match arguments.again {
            Some(number) => policies.open(&find(policies.store(), number).await?)?,
            None => {
                let folder = arguments
                    .policies
                    .as_ref()
                    .unwrap_or(&policies.settings().policies);
                Files::read(folder).map_err(|mistakes| config::in_lines("the policy", &mistakes))?
            }
        };
        let new = policies.publish(files, author(), arguments.note).await?;
        policies.store().close().await;
        println!("published as {}: policy {}", new.number, new.version);
        match policies.settings().store.policies {
            PolicySource::Published => println!("`sealgate gateways` says which gateways decide by it"),
            PolicySource::Folder => println!(
                "this gateway has its policies from its folder; [store] policies = \"published\" makes it follow"
            ),
        }
        Ok(ExitCode::SUCCESS)
    })
}

pub fn published(arguments: &Published) -> ExitCode {
    block_on(async {
        let settings = settings(&arguments.file)?;
        let store = Store::attach(&settings.store)
            .await
            .map_err(|error| error.to_string())?;
        let found = store
            .publications(LISTED)
            .await
            .map_err(|error| error.to_string());
        store.close().await;
        let found = found?;
        let text = match arguments.json {
            true => serde_json::to_string_pretty(&found).map_err(|error| error.to_string())? + "\n",
            false if found.is_empty() => "Nothing is published yet.\n".to_owned(),
            false => overview(&found),
        };
        std::io::stdout()
            .write_all(text.as_bytes())
            .map_err(|error| error.to_string())?;
        Ok(ExitCode::SUCCESS)
    })
}

pub fn fetch(arguments: &Fetch) -> ExitCode {
    block_on(async {
        let policies = attach(&arguments.file).await?;
        let files = policies.open(&find(policies.store(), arguments.number).await?)?;
        policies.store().close().await;
        let at = arguments.directory.display();
        files
            .write(&arguments.directory)
            .map_err(|error| format!("{at}: {error}"))?;
        println!("{at}: policy {}", files.version());
        Ok(ExitCode::SUCCESS)
    })
}

fn overview(found: &[Publication]) -> String {
    let head = ["NUMBER", "POLICY", "PUBLISHED", "BY", "NOTE"];
    let rows = found.iter().map(|one| {
        [
            one.number.to_string(),
            printable(&one.version),
            one.at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
            printable(&one.author),
            printable(&one.note),
        ]
    });
    table::align(head, rows, &[0])
}

fn settings(file: &SettingsFile) -> Result<Settings, String> {
    let settings = Settings::load(&file.config).map_err(|mistakes| config::explain(&mistakes))?;
    if !settings.store.is_shared() {
        return Err(
            "the store belongs to one gateway, which has its policies from its folder; [store] url makes \
                    several share one"
                .to_owned(),
        );
    }
    Ok(settings)
}

/// The store, and the key by which gateways tell who may publish.
async fn attach(file: &SettingsFile) -> Result<Policies, String> {
    let settings = settings(file)?;
    let vault = settings.vault_file();
    // It is never made here: with another key nobody would believe what is published.
    if !vault.exists() {
        return Err(format!(
            "{}: the key that the gateways share is not here; run this on a gateway, or copy it",
            vault.display()
        ));
    }
    let vault = Vault::open(&vault).map_err(|error| error.to_string())?;
    let store = Store::attach(&settings.store)
        .await
        .map_err(|error| error.to_string())?;
    Policies::new(&settings, &store, &vault)
}

async fn find(store: &Store, number: i64) -> Result<Publication, String> {
    let all = store
        .publications(LISTED)
        .await
        .map_err(|error| error.to_string())?;
    let found = all.into_iter().find(|one| one.number == number);
    found.ok_or_else(|| format!("nothing was published as {number}; `sealgate policy published` lists them"))
}

/// Who runs the command, as far as the system says.
fn author() -> String {
    let user = nix::unistd::User::from_uid(nix::unistd::getuid());
    let user = user
        .ok()
        .flatten()
        .map_or_else(|| "somebody".to_owned(), |user| user.name);
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    format!("{user}@{}", host.trim())
}
