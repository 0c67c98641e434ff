//! `cert import`: certificates from files into the register, each with what it is good for today.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use jiff::Timestamp;
use serde::Serialize;
use tokio::task::JoinSet;

use super::{Answer, Holdings, SettingsFile, day, json, short, usable};
use crate::audit::printable;
use crate::cli::table;
use crate::message::{Address, CertificateVerdict, Origin};
use crate::smime::{Certificate, Contents, Entry, EntryState, Put, Register};
use crate::store::Store;

/// Octets that a file may have.
const LARGEST: u64 = 1 << 30;
/// Entries that are put at once, so that they share a commit.
const AT_ONCE: usize = 256;

/// What is imported.
#[derive(Args)]
pub struct Import {
    /// Files with certificates: PEM, DER, PKCS#7 or PKCS#12, told apart by content
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// A file whose first line is the password of the PKCS#12 files
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// A note that the register keeps with each, such as where they came from
    #[arg(long, default_value = "")]
    note: String,
    /// Only say what would be imported, and whether it could be used
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    pub(super) file: SettingsFile,
    /// Print a JSON array
    #[arg(long)]
    json: bool,
}

/// What became of one certificate.
#[derive(Debug, Serialize)]
struct Line {
    file: String,
    fingerprint: String,
    subject: String,
    not_after: Timestamp,
    /// Addresses, and domains as `@domain`.
    #[serde(rename = "for")]
    whom: Vec<String>,
    /// `new`, `refreshed`, `changed` (another one was known for an address), `not taken`, or `would be imported`.
    result: &'static str,
    /// Whether mail to all that it names would be sealed with it today.
    usable: bool,
    /// Why not, or why it was not taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Whether it can be imported.
    #[serde(skip)]
    taken: bool,
}

pub(super) async fn import(holdings: &Holdings, what: &Import, now: Timestamp) -> Result<Answer, String> {
    let password = what.password_file.as_deref().map(password).transpose()?;
    let store = holdings.register()?;
    let certificates = holdings.certificates()?;
    let profile = |address: &Address| holdings.policy.profile(address);
    // All files are read before anything is put: a mistake in one leaves the register as it was.
    let mut found = Vec::new();
    let mut keys = 0;
    for file in &what.files {
        let contents = read(file, password.as_deref())?;
        keys += contents.private_keys;
        found.extend(contents.certificates.into_iter().map(|one| (file, Arc::new(one))));
    }
    let mut lines: Vec<Line> = Vec::with_capacity(found.len());
    for (file, certificate) in &found {
        let preview = certificates.preview(certificate.clone(), Origin::Imported, profile, now);
        let whom: Vec<String> = preview.iter().filter_map(|listed| listed.whom()).collect();
        let refused = preview
            .iter()
            .find(|listed| listed.considered.verdict != CertificateVerdict::Usable);
        let reason = match refused {
            _ if whom.is_empty() && certificate.is_authority() => Some(
                "it is a CA's certificate: put it into the folder of intermediates, or of anchors if you trust it"
                    .to_owned(),
            ),
            _ if whom.is_empty() => Some("it names no mail address".to_owned()),
            refused => refused.map(|listed| usable(&listed.considered.verdict)),
        };
        lines.push(Line {
            file: file.display().to_string(),
            fingerprint: certificate.fingerprint().to_owned(),
            subject: certificate.subject().to_owned(),
            not_after: certificate.not_after(),
            result: if whom.is_empty() {
                "not taken"
            } else {
                "would be imported"
            },
            taken: !whom.is_empty(),
            whom,
            usable: reason.is_none(),
            reason,
        });
    }
    if !what.dry_run {
        put_all(&store, &found, &mut lines, &what.note, now).await?;
    }
    if what.json {
        return json(&lines).map(Answer::yes);
    }
    Ok(Answer::yes(told(lines, keys, what.dry_run)))
}

async fn put_all(
    store: &Store,
    found: &[(&PathBuf, Arc<Certificate>)],
    lines: &mut [Line],
    note: &str,
    now: Timestamp,
) -> Result<(), String> {
    let mut wanted: Vec<(&mut Line, &Arc<Certificate>)> = lines
        .iter_mut()
        .zip(found)
        .filter(|(line, _)| line.taken)
        .map(|(line, (_, certificate))| (line, certificate))
        .collect();
    for some in wanted.chunks_mut(AT_ONCE) {
        let mut puts = JoinSet::new();
        for (place, (_, certificate)) in some.iter().enumerate() {
            let mut entry = Entry::new(Arc::clone(certificate), Origin::Imported, EntryState::InUse, now);
            entry.note = printable(note);
            let store = store.clone();
            puts.spawn(async move { (place, store.put(entry).await) });
        }
        while let Some(put) = puts.join_next().await {
            let (place, put) = put.map_err(|error| error.to_string())?;
            let result = match put.map_err(|error| error.to_string())? {
                Put::New => "new",
                Put::Refreshed => "refreshed",
                Put::Changed(_) => "changed",
            };
            if let Some((line, _)) = some.get_mut(place) {
                line.result = result;
            }
        }
    }
    Ok(())
}

fn told(lines: Vec<Line>, keys: usize, dry_run: bool) -> String {
    let count = |wanted: &dyn Fn(&Line) -> bool| lines.iter().filter(|line| wanted(line)).count();
    let (taken, good) = (
        count(&|line| line.taken),
        count(&|line| line.taken && line.usable),
    );
    let left = lines.len() - taken;
    let verb = if dry_run { "would be imported" } else { "imported" };
    let mut summary = format!("{taken} {verb}, {good} of them can be used today; {left} not taken.\n");
    if keys > 0 {
        summary.push_str(&format!(
            "{keys} private keys were passed over: only certificates are kept. Do not leave the file lying about.\n"
        ));
    }
    if taken > 0 && !dry_run {
        summary.push_str("The gateway finds them from now on.\n");
    }
    let rows = lines.into_iter().map(|line| {
        [
            line.whom.join(" "),
            short(&line.fingerprint).to_owned(),
            day(line.not_after),
            line.result.to_owned(),
            line.reason.unwrap_or_else(|| "can be used".to_owned()),
            line.file,
        ]
    });
    let head = [
        "ADDRESS",
        "FINGERPRINT",
        "VALID UNTIL",
        "RESULT",
        "VERDICT",
        "FILE",
    ];
    table::align(head, rows, &[]) + &summary
}

fn read(file: &Path, password: Option<&str>) -> Result<Contents, String> {
    let wrong = |what: &dyn std::fmt::Display| format!("{}: {what}", file.display());
    let size = fs::metadata(file).map_err(|error| wrong(&error))?.len();
    if size > LARGEST {
        return Err(wrong(&"the file is larger than 1 GiB; import it in pieces"));
    }
    let bytes = fs::read(file).map_err(|error| wrong(&error))?;
    Contents::read(&bytes, password).map_err(|error| wrong(&error))
}

/// The first line of a file.
fn password(file: &Path) -> Result<String, String> {
    let text = fs::read_to_string(file)
        .map_err(|error| format!("{}: the password file cannot be read: {error}", file.display()))?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}
