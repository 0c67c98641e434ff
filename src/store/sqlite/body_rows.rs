//! The rows of bodies: written, found again, and let go. What is too large for a row is in a file (`bodies`), and what several
//! bodies end with in a row of its own (`endings`).

use rusqlite::{Connection, OptionalExtension, params};

use super::deliveries::Sending;
use super::endings;
use crate::message::MessageId;
use crate::store::failure::{Failure, Unreadable};

/// Writes a body, into its row or named there; answers its number.
pub(super) fn keep(db: &Connection, sending: &Sending<'_>) -> Result<i64, Failure> {
    let (inline, ending) = match sending.beginning {
        Some((beginning, ending)) => (Some(beginning), Some(ending)),
        None => {
            let body = sending.outbound.body.as_bytes();
            (sending.file.is_none().then_some(body), None)
        }
    };
    let mut insert = db.prepare_cached(
        "INSERT INTO bodies (tenant, message, size, inline, file, ending) VALUES (?, ?, ?, ?, ?, ?)",
    )?;
    Ok(insert.insert(params![
        sending.tenant,
        sending.message.as_str(),
        sending.size(),
        inline,
        sending.file,
        ending
    ])?)
}

/// Writes what several bodies end with; answers its number.
pub(super) fn keep_ending(
    db: &Connection,
    tenant: &str,
    message: MessageId,
    ending: &[u8],
) -> Result<i64, Failure> {
    let mut insert =
        db.prepare_cached("INSERT INTO bodies (tenant, message, size, inline) VALUES (?, ?, ?, ?)")?;
    let size = i64::try_from(ending.len()).unwrap_or(i64::MAX);
    Ok(insert.insert(params![tenant, message.as_str(), size, ending])?)
}

/// Where a body is.
pub(super) enum Kept {
    /// In its row, or put together from two.
    Here(Vec<u8>),
    /// In the file of that name, with so many octets.
    InFile(String, u64),
}

/// Finds a body.
///
/// # Errors
/// Also when it is not whole.
pub(super) fn find(db: &Connection, body: i64) -> Result<Option<Kept>, Failure> {
    let mut find = db.prepare_cached(
        "SELECT size, inline, file, ending, (SELECT inline FROM bodies WHERE id = body.ending) AS end
         FROM bodies AS body WHERE id = ?",
    )?;
    let mut rows = find.query([body])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let size = row.get::<_, i64>("size")?.unsigned_abs();
    if let Some(file) = row.get("file")? {
        return Ok(Some(Kept::InFile(file, size)));
    }
    let inline: Vec<u8> = row.get("inline")?;
    if row.get::<_, Option<i64>>("ending")?.is_none() {
        return Ok(Some(Kept::Here(inline)));
    }
    let end: Option<Vec<u8>> = row.get("end")?;
    let whole = end.and_then(|end| endings::whole(&inline, &end));
    let whole = whole.filter(|body| u64::try_from(body.len()) == Ok(size));
    Ok(Some(Kept::Here(whole.ok_or(Unreadable("body"))?)))
}

/// Lets a body go that no unfinished delivery needs.
const LET_GO: &str = "
    DELETE FROM bodies WHERE id = ?1 AND NOT EXISTS (
        SELECT 1 FROM deliveries WHERE body = ?1 AND state IN ('queued', 'held', 'bouncing'))
    RETURNING file, ending";

/// Lets the ending of bodies go when the last of them has gone.
const LET_ENDING_GO: &str =
    "DELETE FROM bodies WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM bodies WHERE ending = ?1)";

/// Lets a body go that no unfinished delivery needs, and with the last of several what they end with; answers the name of
/// its file.
pub(super) fn let_go(db: &Connection, body: i64) -> Result<Option<String>, Failure> {
    let mut delete = db.prepare_cached(LET_GO)?;
    let gone = delete.query_row([body], |row| Ok((row.get(0)?, row.get(1)?)));
    let gone: Option<(Option<String>, Option<i64>)> = gone.optional()?;
    let (file, ending) = gone.unwrap_or_default();
    if let Some(ending) = ending {
        db.prepare_cached(LET_ENDING_GO)?.execute([ending])?;
    }
    Ok(file)
}
