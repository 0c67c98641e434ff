//! `docs/interop.md`: written when asked, compared otherwise.

use std::fmt::Write;
use std::path::PathBuf;

use super::super::counterparts::announce;
use super::clients;
use super::{Algorithms, ContentCipher, Key, KeyEncryption, Profile};

/// What one client opened, in the order of the rows.
pub struct Column {
    pub client: &'static str,
    pub opens: Vec<bool>,
}

const WRITE: &str = "SEALGATE_WRITE_INTEROP";
const BEFORE: &str = "\
# Who opens what

Made by a test run: real programs open what the gateway sealed, or do not. `SEALGATE_WRITE_INTEROP=1 cargo test --lib
interop` writes this page anew; every other run compares it with what the programs that are installed do. The clients:
OpenSSL 3.0 (`openssl cms`), BouncyCastle 1.72, the NSS of Thunderbird 140 and that of Debian 12 (3.87; both by `cmsutil`),
GnuPG 2.2.40 (`gpgsm`), Python's cryptography 48.

The recipient is named by issuer and serial number. OAEP is with SHA-256. ECDH is with SHA-256, SHA-384 or SHA-512 by the
curve, and with AES key wrap as long as the content's key. The last column names the profiles ([policy.md](policy.md))
that use the row.

";
const AFTER: &str = "
A *no* is a message whose text the client does not show. GnuPG 2.2 takes no key of an elliptic
curve out of PKCS#12, so it has none to open such mail with.

In the same run, no client opens a message whose encrypted key, content or tag was changed by one bit, that was cut off, or
that was sealed to another key under the same issuer and serial number. CBC has no tag, though: a client cannot tell that
content was changed, it only shows something else than was sent. With GCM every client that knows it refuses.
";

/// The first cells of a row.
pub fn row(key: &Key, algorithms: Algorithms) -> String {
    let content = match algorithms.content {
        ContentCipher::Aes128Cbc => "AES-128-CBC",
        ContentCipher::Aes256Cbc => "AES-256-CBC",
        ContentCipher::Aes128Gcm => "AES-128-GCM",
        ContentCipher::Aes256Gcm => "AES-256-GCM",
    };
    match (key, algorithms.key) {
        (Key::Ec(curve), _) => format!("{content} | ECDH {curve}"),
        (_, KeyEncryption::RsaOaep) => format!("{content} | RSA-OAEP"),
        _ => format!("{content} | RSA PKCS#1 v1.5"),
    }
}

/// Writes the page when asked. Otherwise a client that opens less than the page says fails the test; one that opens
/// more is newer than the page, which is told.
pub fn keep_or_compare(rows: &[String], seen: &[Column]) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/interop.md");
    if std::env::var_os(WRITE).is_some() {
        assert_eq!(seen.len(), clients::all().len(), "the page needs every client");
        std::fs::write(path, page(rows, seen)).unwrap();
        return;
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    let names = clients::all();
    for column in seen {
        let place = names
            .iter()
            .position(|client| client.name == column.client)
            .unwrap();
        for (row, opens) in rows.iter().zip(&column.opens) {
            let kept = cell(&kept, row, place);
            let client = column.client;
            match (kept.as_str(), opens) {
                ("yes", true) | ("no", false) => {}
                ("no", true) => announce(&format!(
                    "docs/interop.md is behind: {client} opens {row}; {WRITE}=1 writes it anew"
                )),
                _ => panic!(
                    "docs/interop.md says {kept:?} of {client} and {row}; seen: {opens}. {WRITE}=1 writes it anew"
                ),
            }
        }
    }
}

fn page(rows: &[String], seen: &[Column]) -> String {
    let mut page = BEFORE.to_owned();
    let names: Vec<&str> = seen.iter().map(|column| column.client).collect();
    let _ = writeln!(page, "| content | key | {} | profiles |", names.join(" | "));
    let _ = writeln!(page, "|---|---|{}---|", "---|".repeat(names.len()));
    for (number, row) in rows.iter().enumerate() {
        let cells: Vec<&str> = seen
            .iter()
            .map(|column| if column.opens[number] { "yes" } else { "no" })
            .collect();
        let _ = writeln!(page, "| {row} | {} | {} |", cells.join(" | "), profiles(row));
    }
    page + AFTER
}

fn profiles(row: &str) -> String {
    let used = [
        ("compatible", Profile::Compatible),
        ("modern", Profile::Modern),
        ("strict", Profile::Strict),
    ]
    .into_iter()
    .filter(|(_, profile)| {
        super::people().iter().any(|person| {
            let key = super::certificate(&person.issued).key().clone();
            Algorithms::choose(*profile, &key, None)
                .is_some_and(|algorithms| self::row(&key, algorithms) == row)
        })
    });
    used.map(|(name, _)| name).collect::<Vec<_>>().join(", ")
}

/// What the page says in the column of a client.
fn cell(page: &str, row: &str, column: usize) -> String {
    let begin = format!("| {row} | ");
    let line = page
        .lines()
        .find_map(|line| line.strip_prefix(&begin))
        .unwrap_or_default();
    line.split(" | ").nth(column).unwrap_or_default().to_owned()
}
