//! Rows of the queue's tables as the deliveries that they stand for, and how they are looked for.

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{CachedStatement, Connection, Row, params_from_iter};

use crate::message::MessageId;
use crate::queue::{Delivery, Filter, State};
use crate::store::failure::{Failure, Unreadable};
use crate::store::words::{dsn, purpose, tls};

/// A statement that is put together, with its values.
pub(super) struct Sql {
    text: String,
    values: Vec<Value>,
}

impl Sql {
    pub(super) fn new(text: &str) -> Sql {
        Sql {
            text: text.to_owned(),
            values: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, text: &str) -> &mut Sql {
        self.text.push_str(text);
        self
    }

    /// Adds a place for a value, and the value.
    pub(super) fn bind(&mut self, value: impl Into<Value>) -> &mut Sql {
        self.values.push(value.into());
        self.push("?")
    }

    /// Runs it; answers how many rows it changed.
    pub(super) fn execute(self, db: &Connection) -> Result<u64, Failure> {
        let changed = db
            .prepare_cached(&self.text)?
            .execute(params_from_iter(self.values))?;
        Ok(changed.try_into().unwrap_or(u64::MAX))
    }

    /// Runs it; answers what its rows stand for.
    pub(super) fn all<T>(
        self,
        db: &Connection,
        read: impl FnMut(&Row<'_>) -> Result<T, Failure>,
    ) -> Result<Vec<T>, Failure> {
        all(
            &mut db.prepare_cached(&self.text)?,
            params_from_iter(self.values),
            read,
        )
    }
}

/// What all rows of a statement stand for.
pub(super) fn all<T>(
    statement: &mut CachedStatement<'_>,
    values: impl rusqlite::Params,
    mut read: impl FnMut(&Row<'_>) -> Result<T, Failure>,
) -> Result<Vec<T>, Failure> {
    let mut rows = statement.query(values)?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(read(row)?);
    }
    Ok(all)
}

/// Unfinished deliveries by age, or those that the filter names.
pub(super) fn list(db: &Connection, filter: &Filter) -> Result<Vec<Delivery>, Failure> {
    let mut sql = Sql::new("SELECT * FROM deliveries WHERE ");
    sql.push(match filter.state {
        None => "state IN ('queued', 'held', 'bouncing')",
        Some(_) => "true",
    });
    narrow(&mut sql, filter);
    sql.push(" ORDER BY created, id");
    sql.all(db, delivery)
}

/// Adds the filter's conditions.
pub(super) fn narrow(sql: &mut Sql, filter: &Filter) {
    if !filter.ids.is_empty() {
        let ids = numbers(filter.ids.iter().copied());
        sql.push(" AND id IN (SELECT value FROM json_each(")
            .bind(ids)
            .push("))");
    }
    if let Some(message) = filter.message {
        sql.push(" AND message = ").bind(message.to_string());
    }
    if let Some(domain) = &filter.domain {
        sql.push(" AND domain = ").bind(domain.to_lowercase());
    }
    if let Some(sender) = &filter.sender {
        sql.push(" AND lower(coalesce(sender, '')) = ")
            .bind(sender.to_ascii_lowercase());
    }
    if let Some(recipient) = &filter.recipient {
        sql.push(" AND lower(recipient) = ")
            .bind(recipient.to_ascii_lowercase());
    }
    if let Some(before) = filter.before {
        sql.push(" AND created < ").bind(before.as_microsecond());
    }
    if let Some(reply) = &filter.reply {
        sql.push(" AND instr(lower(last_reply), ")
            .bind(reply.to_ascii_lowercase())
            .push(") > 0");
    }
    if let Some(state) = filter.state {
        sql.push(" AND state = ").bind(state.name().to_owned());
    }
}

/// Every delivery of a message, in the order of the envelope.
pub(super) fn of_message(db: &Connection, message: MessageId) -> Result<Vec<Delivery>, Failure> {
    let mut of_message =
        db.prepare_cached("SELECT * FROM deliveries WHERE message = ? ORDER BY place, id")?;
    all(&mut of_message, [message.as_str()], delivery)
}

pub(super) fn delivery(row: &Row<'_>) -> Result<Delivery, Failure> {
    let sender: Option<String> = row.get("sender")?;
    let dsn_parameters: Option<String> = row.get("dsn")?;
    let state: String = row.get("state")?;
    Ok(Delivery {
        id: row.get("id")?,
        message: parsed(row, "message", "id of a message")?,
        place: row.get("place")?,
        purpose: purpose(&row.get::<_, String>("purpose")?, row.get("inbound")?)?,
        sender: sender
            .map(|text| text.parse().map_err(|_| Unreadable("address")))
            .transpose()?,
        recipient: parsed(row, "recipient", "address")?,
        body: row.get("body")?,
        size: size(row)?,
        state: State::named(&state).ok_or(Unreadable("state of a delivery"))?,
        attempts: row.get("attempts")?,
        created: time(row, "created")?,
        next_attempt: time(row, "next_attempt")?,
        last_reply: row.get("last_reply")?,
        dsn: dsn(dsn_parameters.as_deref())?,
        told_late: row.get("told_late")?,
        tls: tls(row.get::<_, Option<String>>("tls")?.as_deref()),
    })
}

/// A column of text that stands for something.
pub(super) fn parsed<T: std::str::FromStr>(
    row: &Row<'_>,
    column: &str,
    what: &'static str,
) -> Result<T, Failure> {
    let text = row.get_ref(column)?.as_str().map_err(|_| Unreadable(what))?;
    Ok(text.parse().map_err(|_| Unreadable(what))?)
}

/// A column of microseconds since 1970.
pub(super) fn time(row: &Row<'_>, column: &str) -> Result<Timestamp, Failure> {
    Ok(Timestamp::from_microsecond(row.get(column)?).map_err(|_| Unreadable("time"))?)
}

/// The column of octets.
pub(super) fn size(row: &Row<'_>) -> Result<u64, Failure> {
    Ok(u64::try_from(row.get::<_, i64>("size")?).map_err(|_| Unreadable("size"))?)
}

/// Numbers as the JSON array that `json_each` takes apart.
pub(super) fn numbers(numbers: impl Iterator<Item = i64>) -> String {
    serde_json::Value::from_iter(numbers).to_string()
}
