//! How much waits for whom, counted in the database.

use jiff::Timestamp;
use sqlx::{PgConnection, QueryBuilder};

use super::rows::narrow;
use crate::queue::{By, Filter, Group, Tally, limits};
use crate::store::words::group_column;

/// Deliveries by what they have in common and by age; the biggest groups first.
pub(super) async fn shape(
    db: &mut PgConnection,
    filter: &Filter,
    by: By,
    now: Timestamp,
) -> Result<Vec<Group>, sqlx::Error> {
    let mut sql = QueryBuilder::new("SELECT ");
    sql.push(group_column(by));
    sql.push(", CASE");
    for (age, limit) in limits(now).into_iter().enumerate() {
        sql.push(" WHEN created > ").push_bind(limit.as_microsecond());
        sql.push(" THEN ").push(age);
    }
    sql.push(" ELSE ").push(limits(now).len()).push(" END");
    sql.push(match filter.state {
        None => ", count(*) FROM deliveries WHERE state IN ('queued', 'held', 'bouncing')",
        Some(_) => ", count(*) FROM deliveries WHERE true",
    });
    narrow(&mut sql, filter);
    sql.push(" GROUP BY 1, 2");
    let mut tally = Tally::new(by);
    let counted: Vec<(String, i32, i64)> = sql.build_query_as().fetch_all(db).await?;
    for (key, age, count) in &counted {
        tally.add(key, i64::from(*age), *count);
    }
    Ok(tally.groups())
}
