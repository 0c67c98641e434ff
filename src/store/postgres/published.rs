//! Policies that are published to all gateways.

use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row};

use super::{Postgres, rows};
use crate::audit::TrailError;
use crate::message::Boxed;
use crate::store::published::{Publication, Publications};

impl Publications for Postgres {
    fn publish(&self, new: Publication) -> Boxed<'_, Result<bool, TrailError>> {
        Box::pin(async move {
            let work = self
                .link
                .run(move |db| Box::pin(async move { insert(db, &new).await }));
            Ok(work.await?)
        })
    }

    fn publications(&self, limit: u32) -> Boxed<'_, Result<Vec<Publication>, TrailError>> {
        Box::pin(async move {
            let work = self
                .link
                .run(move |db| Box::pin(async move { list(db, limit).await }));
            Ok(work.await?)
        })
    }

    fn last_publication(&self) -> Boxed<'_, Result<i64, TrailError>> {
        Box::pin(async move {
            let work = self.link.run(|db| {
                Box::pin(async move {
                    sqlx::query_scalar("SELECT coalesce(max(number), 0) FROM publications")
                        .fetch_one(db)
                        .await
                })
            });
            Ok(work.await?)
        })
    }
}

async fn insert(db: &mut PgConnection, new: &Publication) -> Result<bool, sqlx::Error> {
    let insert = "INSERT INTO publications (number, version, author, note, at, files, mac)
                  VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (number) DO NOTHING";
    let inserted = sqlx::query(insert)
        .bind(new.number)
        .bind(&new.version)
        .bind(&new.author)
        .bind(&new.note)
        .bind(new.at.as_microsecond())
        .bind(&new.files)
        .bind(&new.mac)
        .execute(db)
        .await?;
    Ok(inserted.rows_affected() > 0)
}

async fn list(db: &mut PgConnection, limit: u32) -> Result<Vec<Publication>, sqlx::Error> {
    let newest = "SELECT number, version, author, note, at, files, mac FROM publications ORDER BY number DESC LIMIT $1";
    let rows = sqlx::query(newest).bind(i64::from(limit)).fetch_all(db).await?;
    rows.iter().map(publication).collect()
}

fn publication(row: &PgRow) -> Result<Publication, sqlx::Error> {
    Ok(Publication {
        number: row.try_get("number")?,
        version: row.try_get("version")?,
        author: row.try_get("author")?,
        note: row.try_get("note")?,
        at: rows::time(row, "at")?,
        files: row.try_get("files")?,
        mac: row.try_get("mac")?,
    })
}
