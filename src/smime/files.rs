//! Reads folders of certificates (PEM, DER, PKCS#7, PKCS#12) and revocation lists (PEM, DER).
//!
//! Must not know: what they are for. Every error names the file and says what was expected in it.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use openssl::x509::X509Crl;

use super::{Certificate, Contents};

/// Files that are read for certificates; anything else in a folder, such as a README, is passed over.
const CERTIFICATES: &[&str] = &["pem", "crt", "cer", "der", "p7b", "p7c", "p12", "pfx", "crl"];
/// Files that are read for revocation lists.
const LISTS: &[&str] = &["pem", "crt", "cer", "der", "crl"];
const PEM_BEGIN: &[u8] = b"-----BEGIN ";
const CRL_END: &[u8] = b"-----END X509 CRL-----";

/// All certificates in a folder, file by file in the order of their names.
///
/// # Errors
/// When the folder or a file cannot be read, or a file holds no certificate or a damaged one.
pub(super) fn certificates(folder: &Path) -> Result<Vec<(PathBuf, Certificate)>, String> {
    let mut all = Vec::new();
    for file in files(folder, CERTIFICATES)? {
        let found = certificates_of(&content(&file)?).map_err(|e| format!("{}: {e}", file.display()))?;
        all.extend(found.into_iter().map(|certificate| (file.clone(), certificate)));
    }
    Ok(all)
}

/// All certificate revocation lists in a folder.
///
/// # Errors
/// When the folder or a file cannot be read, or a file holds no revocation list or a damaged one.
pub(super) fn revocation_lists(folder: &Path) -> Result<Vec<(PathBuf, X509Crl)>, String> {
    let mut all = Vec::new();
    for file in files(folder, LISTS)? {
        let found = lists_of(&content(&file)?).map_err(|e| format!("{}: {e}", file.display()))?;
        all.extend(found.into_iter().map(|list| (file.clone(), list)));
    }
    Ok(all)
}

fn files(folder: &Path, endings: &[&str]) -> Result<Vec<PathBuf>, String> {
    let cannot = |e: std::io::Error| format!("{}: the folder cannot be read: {e}", folder.display());
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(cannot)? {
        let path = entry.map_err(cannot)?.path();
        let ending = path.extension().and_then(|ending| ending.to_str());
        let wanted = ending.is_some_and(|ending| endings.contains(&ending.to_ascii_lowercase().as_str()));
        if wanted && !path.is_dir() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn content(file: &Path) -> Result<Vec<u8>, String> {
    fs::read(file).map_err(|e| format!("{}: the file cannot be read: {e}", file.display()))
}

/// Private keys do not belong into these folders, and a PKCS#12 that somebody has put there all the same gives its
/// certificates only.
fn certificates_of(bytes: &[u8]) -> Result<Vec<Certificate>, String> {
    let contents = Contents::read(bytes, None).map_err(|e| e.to_string())?;
    match contents.certificates.is_empty() {
        true => Err("it holds a private key and no certificate".to_owned()),
        false => Ok(contents.certificates),
    }
}

fn lists_of(bytes: &[u8]) -> Result<Vec<X509Crl>, String> {
    let damaged = |_| "it holds a damaged revocation list, or none".to_owned();
    if !is_pem(bytes) {
        return Ok(vec![X509Crl::from_der(bytes).map_err(damaged)?]);
    }
    let mut lists = Vec::new();
    let mut rest = bytes;
    while let Some(end) = memchr::memmem::find(rest, CRL_END) {
        let (block, after) = rest.split_at(end + CRL_END.len());
        lists.push(X509Crl::from_pem(block).map_err(damaged)?);
        rest = after;
    }
    if lists.is_empty() {
        return Err("it holds no revocation list (no BEGIN X509 CRL block)".to_owned());
    }
    Ok(lists)
}

fn is_pem(bytes: &[u8]) -> bool {
    memchr::memmem::find(bytes, PEM_BEGIN).is_some()
}

/// Puts a file in place whole, and keeps it there: it and its folder are synced. At any moment the old one or the new one
/// is there.
///
/// # Errors
/// Names the file that could not be written.
pub(super) fn replace(path: &Path, content: &[u8], mode: u32) -> Result<(), String> {
    let cannot = |error: std::io::Error| format!("{}: cannot be written: {error}", path.display());
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let new = Path::new(&name);
    // What an earlier attempt may have left.
    let _ = fs::remove_file(new);
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(new)
        .map_err(cannot)?;
    file.write_all(content).map_err(cannot)?;
    file.sync_all().map_err(cannot)?;
    fs::rename(new, path).map_err(cannot)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(cannot)
}
