//! The folder of what was fetched: one file for each place, named after it, so that a restart begins with what was
//! known. A file is replaced whole, by something newer, or stays.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use openssl::sha::sha256;
use openssl::x509::X509Crl;

use super::super::files::replace;
use super::super::trust::{List, Trust};
use super::super::{Certificate, Contents};
use super::http::Http;

/// CA certificates that were fetched and are kept at most.
const MOST_ISSUERS: usize = 1_000;
/// A list is fetched anew after a quarter of its life, within these bounds, in seconds.
const OFTEN: i64 = 15 * 60;
const SELDOM: i64 = 12 * 3_600;

/// What a round of fetching came to.
#[derive(Debug, Default, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Refreshed {
    /// Places that had something new.
    pub fetched: Vec<String>,
    /// Places that were not due.
    pub fresh: usize,
    /// Places that gave nothing, and why.
    pub failed: Vec<(String, String)>,
}

/// The revocation lists in a folder. Files that cannot be read are passed over: they are fetched again.
pub(in super::super) fn lists(folder: &Path) -> Vec<(PathBuf, X509Crl)> {
    let read = |file: PathBuf| {
        let list = X509Crl::from_der(&fs::read(&file).ok()?).ok()?;
        Some((file, list))
    };
    ending_in(folder, "crl").into_iter().filter_map(read).collect()
}

/// The CA certificates in a folder.
pub(in super::super) fn intermediates(folder: &Path) -> Vec<Certificate> {
    let read = |file: PathBuf| Certificate::from_der(&fs::read(file).ok()?).ok();
    ending_in(folder, "cer").into_iter().filter_map(read).collect()
}

fn ending_in(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|found| found == ending))
        .collect();
    files.sort();
    files
}

/// Fetches what is missing or due.
pub(super) fn refresh(
    http: &Http,
    folder: &Path,
    (lists, issuers): (&BTreeSet<String>, &BTreeMap<String, Arc<Certificate>>),
    trust: &Trust,
    now: jiff::Timestamp,
) -> Refreshed {
    let mut refreshed = Refreshed::default();
    for place in lists {
        let outcome = list(http, folder, place, trust, now);
        refreshed.add(place, outcome);
    }
    for (place, child) in issuers {
        let outcome = issuer(http, folder, place, child);
        refreshed.add(place, outcome);
    }
    refreshed
}

impl Refreshed {
    /// Whether something is there that was not there before.
    pub fn is_news(&self) -> bool {
        !self.fetched.is_empty()
    }

    fn add(&mut self, place: &str, outcome: Result<bool, String>) {
        match outcome {
            Ok(true) => self.fetched.push(place.to_owned()),
            Ok(false) => self.fresh += 1,
            Err(why) => self.failed.push((place.to_owned(), why)),
        }
    }
}

/// Whether a newer list came.
fn list(
    http: &Http,
    folder: &Path,
    place: &str,
    trust: &Trust,
    now: jiff::Timestamp,
) -> Result<bool, String> {
    let file = folder.join(format!("{}.crl", name(place)));
    let known = fs::read(&file).ok().and_then(|der| X509Crl::from_der(&der).ok());
    let known = known.and_then(|crl| List::dates(&crl));
    if let Some((from, until)) = known {
        let life = until.unwrap_or(from) - from;
        let fetched = fs::metadata(&file).and_then(|data| data.modified()).ok();
        let fetched = fetched.and_then(|time| jiff::Timestamp::try_from(time).ok());
        let age = fetched.map_or(i64::MAX, |fetched| now.as_second() - fetched.as_second());
        if (0..(life / 4).clamp(OFTEN, SELDOM)).contains(&age) {
            return Ok(false);
        }
    }
    let answer = http.get(place)?;
    let crl = X509Crl::from_der(&answer).or_else(|_| X509Crl::from_pem(&answer));
    let crl = crl.map_err(|_| "it is no revocation list".to_owned())?;
    let mut authorities = trust.authorities();
    if !authorities.any(|authority| List::is_signed_by(&crl, authority)) {
        return Err("no CA among the anchors and intermediates has signed this list".to_owned());
    }
    let (from, _) = List::dates(&crl).ok_or("its dates cannot be read")?;
    if known.is_some_and(|(before, _)| from < before) {
        return Err("the list is older than the one at hand".to_owned());
    }
    let is_newer = known.is_none_or(|(before, _)| from > before);
    let der = crl.to_der().map_err(|_| "the list cannot be kept".to_owned())?;
    // The same list is written again: the file's time tells when it was asked for.
    write(&file, &der)?;
    Ok(is_newer)
}

/// Whether the issuer of a certificate came.
fn issuer(http: &Http, folder: &Path, place: &str, child: &Certificate) -> Result<bool, String> {
    if ending_in(folder, "cer").len() >= MOST_ISSUERS {
        return Err(format!("{MOST_ISSUERS} fetched CA certificates are kept already"));
    }
    let contents = Contents::read(&http.get(place)?, None).map_err(|error| error.to_string())?;
    let is_issuer = |certificate: &&Certificate| {
        let order = certificate
            .x509()
            .subject_name()
            .try_cmp(child.x509().issuer_name());
        let key = certificate.x509().public_key();
        certificate.is_authority()
            && order.is_ok_and(|order| order.is_eq())
            && key.is_ok_and(|key| child.x509().verify(&key).unwrap_or(false))
    };
    let found = contents.certificates.iter().find(is_issuer);
    let found = found.ok_or("no certificate there belongs to the CA that issued")?;
    let file = folder.join(format!("{}.cer", found.fingerprint()));
    if file.exists() {
        return Ok(false);
    }
    let der = found
        .x509()
        .to_der()
        .map_err(|_| "the certificate cannot be kept".to_owned())?;
    write(&file, &der)?;
    Ok(true)
}

fn name(place: &str) -> String {
    let digest = sha256(place.as_bytes());
    digest
        .iter()
        .take(16)
        .map(|octet| format!("{octet:02x}"))
        .collect()
}

fn write(file: &Path, bytes: &[u8]) -> Result<(), String> {
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(|error| format!("{} cannot be made: {error}", folder.display()))?;
    replace(file, bytes, 0o644)
}
