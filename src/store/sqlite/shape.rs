//! How much waits for whom, counted in the database.

use jiff::Timestamp;
use rusqlite::Connection;

use super::rows::{Sql, narrow};
use crate::queue::{By, Filter, Group, Tally, limits};
use crate::store::failure::Failure;
use crate::store::words::group_column;

/// Deliveries by what they have in common and by age; the biggest groups first.
pub(super) fn shape(db: &Connection, filter: &Filter, by: By, now: Timestamp) -> Result<Vec<Group>, Failure> {
    let mut sql = Sql::new("SELECT ");
    sql.push(group_column(by));
    sql.push(", CASE");
    for (age, limit) in limits(now).into_iter().enumerate() {
        sql.push(" WHEN created > ").bind(limit.as_microsecond());
        sql.push(&format!(" THEN {age}"));
    }
    sql.push(&format!(" ELSE {} END", limits(now).len()));
    sql.push(match filter.state {
        None => ", count(*) FROM deliveries WHERE state IN ('queued', 'held', 'bouncing')",
        Some(_) => ", count(*) FROM deliveries WHERE true",
    });
    narrow(&mut sql, filter);
    sql.push(" GROUP BY 1, 2");
    let mut tally = Tally::new(by);
    let counted = sql.all(db, |row| Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?)))?;
    for (key, age, count) in &counted {
        tally.add(key, *age, *count);
    }
    Ok(tally.groups())
}
