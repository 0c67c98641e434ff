//! `cert export`: certificates for somebody else, as PEM, DER or PKCS#7.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use jiff::Timestamp;

use super::{Holdings, SettingsFile, meant};
use crate::message::{Address, Profile};
use crate::smime::{Contents, Listed};

/// What is exported.
#[derive(Args)]
#[group(id = "chosen", required = true, multiple = false)]
pub struct What {
    /// A recipient's address: all certificates that are weighed for it. Or a fingerprint, or its first 8 digits or more
    #[arg(value_name = "ADDRESS|FINGERPRINT", group = "chosen")]
    which: Option<String>,
    /// Every certificate in the recipients' folder and the register
    #[arg(long, group = "chosen")]
    all: bool,
}

/// What is exported, and how.
#[derive(Args)]
pub struct Export {
    #[command(flatten)]
    what: What,
    /// pem: any number, as text; der: exactly one; p7c: any number in one PKCS#7
    #[arg(long, value_enum, default_value_t = Format::Pem)]
    format: Format,
    /// The file to write; without it standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    pub(super) file: SettingsFile,
}

/// In which form.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Pem,
    Der,
    P7c,
}

/// The bytes for standard output; none when a file was written.
pub(super) async fn export(holdings: &Holdings, how: &Export, now: Timestamp) -> Result<Vec<u8>, String> {
    let mut found: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut take = |listed: Listed| {
        found.insert(listed.considered.fingerprint, listed.certificate.to_der());
    };
    let certificates = holdings.certificates()?;
    let any = |_: &Address| Profile::default();
    match &how.what.which {
        None => certificates
            .each(any, now, take)
            .await
            .map_err(|error| error.to_string())?,
        Some(text) => {
            let prints = match text.parse::<Address>() {
                Ok(address) => {
                    let choice = certificates.choose(&address, Profile::default(), now).await;
                    let considered = choice.map_err(|error| error.to_string())?.considered;
                    considered.into_iter().map(|one| one.fingerprint).collect()
                }
                Err(_) => vec![meant(&certificates, text).await?],
            };
            for print in prints {
                let listed = certificates.of(&print, any, now).await;
                listed
                    .map_err(|error| error.to_string())?
                    .into_iter()
                    .for_each(&mut take);
            }
        }
    }
    let found: Vec<Vec<u8>> = found.into_values().collect();
    let bytes = match (how.format, found.as_slice()) {
        (_, []) => return Err("there is no such certificate".to_owned()),
        (Format::Der, [one]) => one.clone(),
        (Format::Der, more) => {
            return Err(format!(
                "{} certificates do not fit into one DER file; name one by its fingerprint, or use --format p7c",
                more.len()
            ));
        }
        (Format::Pem, all) => Contents::to_pem(all).into_bytes(),
        (Format::P7c, all) => Contents::to_pkcs7(all),
    };
    match &how.output {
        None => Ok(bytes),
        Some(file) => {
            let written = fs::write(file, bytes);
            written.map_err(|error| format!("{}: cannot be written: {error}", file.display()))?;
            Ok(Vec::new())
        }
    }
}
