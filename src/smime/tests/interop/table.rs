//! `docs/interop.md`: written when asked, compared otherwise.

use std::fmt::Write;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

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

/// Where the second table begins.
const SIGNATURES: &str = "\n## Who verifies what\n";
const BEFORE_SIGNATURES: &str = "
## Who verifies what

The gateway signs, then encrypts. Here each client opens a message that was sealed to an RSA key by the profile
`compatible`, and verifies the signature that it finds inside, with the chain up to a root that it trusts. Python's
cryptography verifies no S/MIME.

";
const AFTER_SIGNATURES: &str = "
In the same run, no client takes a message of which one octet was changed after it was signed.
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
    let names: Vec<&str> = clients::all().iter().map(|client| client.name).collect();
    if std::env::var_os(WRITE).is_some() {
        assert_eq!(seen.len(), names.len(), "the page needs every client");
        let (_turn, [_, signatures]) = halves();
        std::fs::write(path(), page(rows, seen) + &signatures).unwrap();
        return;
    }
    let (_turn, [kept, _]) = halves();
    compare(&kept, rows, seen, &names);
}

/// The same for who verifies what; `names` are the clients that can be asked.
pub fn keep_or_compare_signatures(rows: &[String], seen: &[Column], names: &[&str]) {
    let (_turn, [first, kept]) = halves();
    if std::env::var_os(WRITE).is_some() {
        assert_eq!(seen.len(), names.len(), "the page needs every client");
        std::fs::write(path(), first + &signatures(rows, seen)).unwrap();
        return;
    }
    compare(&kept, rows, seen, names);
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/interop.md")
}

/// The page as it is kept, cut before the second table. Two tests write it, one at a time.
fn halves() -> (MutexGuard<'static, ()>, [String; 2]) {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let kept = std::fs::read_to_string(path()).unwrap_or_default();
    let cut = kept.find(SIGNATURES).unwrap_or(kept.len());
    let (first, second) = kept.split_at(cut);
    (turn, [first.to_owned(), second.to_owned()])
}

fn compare(kept: &str, rows: &[String], seen: &[Column], names: &[&str]) {
    for column in seen {
        let place = names.iter().position(|name| *name == column.client).unwrap();
        for (row, opens) in rows.iter().zip(&column.opens) {
            let kept = cell(kept, row, place);
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

fn signatures(rows: &[String], seen: &[Column]) -> String {
    let mut page = BEFORE_SIGNATURES.to_owned();
    let names: Vec<&str> = seen.iter().map(|column| column.client).collect();
    let _ = writeln!(page, "| signature | key | form | {} |", names.join(" | "));
    let _ = writeln!(page, "|---|---|---|{}", "---|".repeat(names.len()));
    for (number, row) in rows.iter().enumerate() {
        let cells: Vec<&str> = seen
            .iter()
            .map(|column| if column.opens[number] { "yes" } else { "no" })
            .collect();
        let _ = writeln!(page, "| {row} | {} |", cells.join(" | "));
    }
    page + AFTER_SIGNATURES
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
    let cell = line.split(" | ").nth(column).unwrap_or_default();
    cell.trim_end_matches(" |").to_owned()
}
