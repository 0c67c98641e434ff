//! Single parts of the demo, for `docker-compose.yml`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Subcommand;

use crate::smtp::{Server, Settings};

use super::mailbox::Mailbox;
use super::pki::Pki;

/// What can be had without the whole demo.
#[derive(Subcommand)]
pub enum Part {
    /// Make the demo's certificates, unless the directory has some
    Pki {
        /// Where to write them; the partners' private keys go into its folder `keys`
        directory: PathBuf,
    },
    /// Be the partner's mailbox: keep every message as a file
    Mailbox {
        /// Where to listen
        #[arg(long, default_value = "127.0.0.1:2525", value_name = "ADDRESS:PORT")]
        listen: SocketAddr,
        /// Where to put the messages
        #[arg(long, value_name = "DIR")]
        directory: PathBuf,
    },
}

/// Runs one part.
///
/// # Errors
/// What could not be made, written or listened on.
pub async fn run(part: Part) -> Result<ExitCode, String> {
    match part {
        Part::Pki { directory } => pki(&directory)?,
        Part::Mailbox { listen, directory } => mailbox(listen, directory).await?,
    }
    Ok(ExitCode::SUCCESS)
}

fn pki(directory: &Path) -> Result<(), String> {
    if directory.join("anchors").exists() {
        println!("{} has certificates already", directory.display());
        return Ok(());
    }
    Pki::create(directory)?.write_keys(&directory.join("keys"))?;
    println!("certificates and keys are in {}", directory.display());
    Ok(())
}

async fn mailbox(listen: SocketAddr, directory: PathBuf) -> Result<(), String> {
    std::fs::create_dir_all(&directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    // It stands for hosts of strangers: whoever reaches it may deliver.
    let relay_from = vec!["0.0.0.0/0".to_owned(), "::/0".to_owned()];
    let settings = Settings {
        listen: vec![listen],
        relay_from,
        ..Settings::default()
    };
    let accept = Arc::new(Mailbox::in_files(directory));
    let server = Server::bind(&settings, "partner.example", accept)
        .await
        .map_err(|error| error.to_string())?;
    server.run(async { drop(tokio::signal::ctrl_c().await) }).await;
    Ok(())
}
