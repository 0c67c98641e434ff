//! Accepted messages: records with everything that leaves.

use jiff::Timestamp;
use sqlx::{Connection, PgConnection};

use super::desk::Task;
use super::{bodies, text, waiting};
use crate::audit::Record;
use crate::message::{Address, Boxed, DsnRequest, MessageId, Outbound, Purpose};
use crate::store::words::purpose_name;

/// One accepted message: its record, and everything that leaves.
pub(super) struct Commit {
    pub(super) record: Record,
    /// The record as the JSON that is stored and hashed.
    pub(super) json: String,
    pub(super) outbounds: Vec<Outbound>,
    /// The copy whose wait it ends.
    pub(super) instead_of: Option<i64>,
    /// Octets up to which a body is one value.
    pub(super) inline_limit: usize,
}

/// What leaves, and for which message.
#[derive(Clone, Copy)]
pub(super) struct Sending<'a> {
    pub(super) tenant: &'a str,
    pub(super) message: MessageId,
    pub(super) outbound: &'a Outbound,
    /// What the sender asks about each recipient of the received envelope.
    pub(super) dsn: &'a [DsnRequest],
    /// The number of its body, when that was written already.
    pub(super) body: Option<i64>,
    pub(super) created: Timestamp,
    pub(super) due: Timestamp,
}

impl Sending<'_> {
    /// What the sender asks about each recipient, as JSON.
    fn asked(&self) -> impl Iterator<Item = Option<String>> {
        let of = |place: u32| {
            let dsn = self.dsn.get(usize::try_from(place).ok()?.checked_sub(1)?)?;
            (!dsn.is_empty()).then(|| serde_json::json!(dsn).to_string())
        };
        self.outbound.recipients.iter().map(move |(place, _)| of(*place))
    }
}

impl Commit {
    /// Whether one round trip does it.
    fn is_plain(&self) -> bool {
        let plain = |outbound: &Outbound| {
            outbound.body.len() <= self.inline_limit && !matches!(outbound.purpose, Purpose::Waiting { .. })
        };
        self.instead_of.is_none() && self.outbounds.iter().all(plain)
    }

    fn sendings(&self) -> impl Iterator<Item = Sending<'_>> {
        self.outbounds.iter().map(|outbound| Sending {
            tenant: &self.record.tenant,
            message: self.record.id,
            outbound,
            dsn: &self.record.dsn,
            body: None,
            created: self.record.received,
            due: self.record.received,
        })
    }
}

impl Task for Commit {
    /// The number that each outbound's body got, and that of the body of the copy whose wait has ended.
    type Answer = (Vec<i64>, Option<i64>);

    fn write<'a>(
        tasks: &'a [Commit],
        db: &'a mut PgConnection,
    ) -> Boxed<'a, Result<Vec<Self::Answer>, sqlx::Error>> {
        Box::pin(async move {
            let is_one = tasks.iter().all(Commit::is_plain)
                && tasks
                    .windows(2)
                    .all(|pair| matches!(pair, [one, other] if one.record.tenant == other.record.tenant));
            match is_one {
                true => write_at_once(tasks, db).await,
                false => write_in_steps(tasks, db).await,
            }
        })
    }

    fn octets(&self) -> usize {
        let bodies = self.outbounds.iter().map(|outbound| outbound.body.len());
        bodies.sum::<usize>() + self.json.len()
    }
}

/// The usual case: one statement is the whole transaction, so no lock waits for this gateway's next word.
async fn write_at_once(
    tasks: &[Commit],
    db: &mut PgConnection,
) -> Result<Vec<<Commit as Task>::Answer>, sqlx::Error> {
    let sendings: Vec<Sending<'_>> = tasks.iter().flat_map(Commit::sendings).collect();
    let numbers = enqueue(db, &sendings, Some(tasks)).await?;
    let mut numbers = numbers.into_iter();
    Ok(tasks
        .iter()
        .map(|task| (numbers.by_ref().take(task.outbounds.len()).collect(), None))
        .collect())
}

/// Large bodies go in parts, and what waits has a table of its own. The hash chains come last.
async fn write_in_steps(
    tasks: &[Commit],
    db: &mut PgConnection,
) -> Result<Vec<<Commit as Task>::Answer>, sqlx::Error> {
    let mut transaction = db.begin().await?;
    let mut answers = Vec::with_capacity(tasks.len());
    for task in tasks {
        let mut numbers = Vec::with_capacity(task.outbounds.len());
        for mut sending in task.sendings() {
            let until = match sending.outbound.purpose {
                Purpose::Waiting { until } => Some(until),
                _ => None,
            };
            if until.is_some() || sending.outbound.body.len() > task.inline_limit {
                sending.body = Some(bodies::write(&mut transaction, &sending, task.inline_limit).await?);
            }
            numbers.push(match (until, sending.body) {
                (Some(until), Some(body)) => {
                    waiting::enter(&mut transaction, &sending, body, until).await?;
                    body
                }
                _ => enqueue(&mut transaction, &[sending], None)
                    .await?
                    .first()
                    .copied()
                    .ok_or(sqlx::Error::RowNotFound)?,
            });
        }
        let left = match task.instead_of {
            Some(id) => Some(waiting::leave(&mut transaction, id).await?),
            None => None,
        };
        answers.push((numbers, left));
    }
    // Always in the same order, so that no two gateways wait for each other.
    let mut tenants: Vec<&str> = tasks.iter().map(|task| task.record.tenant.as_str()).collect();
    tenants.sort_unstable();
    tenants.dedup();
    for tenant in tenants {
        let records: Vec<&Commit> = tasks.iter().filter(|task| task.record.tenant == tenant).collect();
        append(&mut transaction, tenant, &records).await?;
    }
    transaction.commit().await?;
    Ok(answers)
}

const ENQUEUE: &str = "SELECT enqueue($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
const ENQUEUE_WISHES: &str =
    "SELECT enqueue($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";
const ENQUEUE_AND_APPEND: &str = "
    SELECT enqueue($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16),
           append_records($17, $18, $19, $20, $21, $22, $23)";
const ENQUEUE_WISHES_AND_APPEND: &str = "
    SELECT enqueue($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17),
           append_records($18, $19, $20, $21, $22, $23, $24)";

/// Enqueues bodies for their recipients; answers the bodies' numbers. With `records`, which are all of one tenant, their
/// records are written in the same statement.
pub(super) async fn enqueue<'a>(
    db: &mut PgConnection,
    sendings: &[Sending<'a>],
    records: Option<&[Commit]>,
) -> Result<Vec<i64>, sqlx::Error> {
    fn each<'a, 's, T>(sendings: &'a [Sending<'s>], of: impl Fn(&Sending<'s>) -> T) -> Vec<T> {
        sendings.iter().map(of).collect()
    }
    let asked: Vec<Option<String>> = sendings.iter().flat_map(Sending::asked).collect();
    let copies: Vec<(i64, &(u32, Address))> = (1..)
        .zip(sendings)
        .flat_map(|(n, sending)| sending.outbound.recipients.iter().map(move |copy| (n, copy)))
        .collect();
    let inline = |sending: &Sending<'a>| sending.body.is_none().then(|| sending.outbound.body.as_bytes());
    let sender = |sending: &Sending<'_>| sending.outbound.sender.as_ref().map(ToString::to_string);
    let wishes = each(sendings, |sending| sending.outbound.tls.name());
    // Hardly any mail has one, and to write it down takes a statement more.
    let has_wishes = wishes.iter().any(Option::is_some);
    let text = match (records, has_wishes) {
        (Some(_), false) => ENQUEUE_AND_APPEND,
        (Some(_), true) => ENQUEUE_WISHES_AND_APPEND,
        (None, false) => ENQUEUE,
        (None, true) => ENQUEUE_WISHES,
    };
    let mut query = sqlx::query_scalar::<_, Vec<i64>>(text)
        .bind(Timestamp::now().as_microsecond())
        .bind(each(sendings, |sending| sending.body))
        .bind(each(sendings, |sending| sending.tenant))
        .bind(each(sendings, |sending| sending.message.to_string()))
        .bind(each(sendings, |sending| purpose_name(sending.outbound.purpose)))
        .bind(each(sendings, |sending| {
            sending.outbound.purpose == Purpose::Inbound
        }))
        .bind(each(sendings, sender))
        .bind(each(sendings, |sending| sending.created.as_microsecond()))
        .bind(each(sendings, |sending| sending.due.as_microsecond()))
        .bind(each(sendings, |sending| {
            i64::try_from(sending.outbound.body.len()).unwrap_or(i64::MAX)
        }))
        .bind(each(sendings, inline))
        .bind(copies.iter().map(|(n, _)| *n).collect::<Vec<_>>())
        .bind(
            copies
                .iter()
                .map(|(_, (place, _))| i64::from(*place))
                .collect::<Vec<_>>(),
        )
        .bind(
            copies
                .iter()
                .map(|(_, (_, address))| address.to_string())
                .collect::<Vec<_>>(),
        )
        .bind(
            copies
                .iter()
                .map(|(_, (_, address))| address.domain().to_owned())
                .collect::<Vec<_>>(),
        )
        .bind(asked);
    if has_wishes {
        query = query.bind(wishes);
    }
    if let Some(tasks) = records {
        let tasks: Vec<&Commit> = tasks.iter().collect();
        let tenant = tasks
            .first()
            .map_or("", |task| task.record.tenant.as_str())
            .to_owned();
        let columns = Columns::of(&tasks);
        query = query
            .bind(tenant)
            .bind(columns.ids)
            .bind(columns.message_ids)
            .bind(columns.received)
            .bind(columns.senders)
            .bind(columns.policies)
            .bind(columns.texts);
    }
    query.fetch_one(db).await
}

/// Records, column by column.
struct Columns {
    ids: Vec<String>,
    message_ids: Vec<Option<String>>,
    received: Vec<i64>,
    senders: Vec<Option<String>>,
    policies: Vec<String>,
    texts: Vec<String>,
}

impl Columns {
    fn of(tasks: &[&Commit]) -> Columns {
        let each = || tasks.iter().map(|task| &task.record);
        let message_id = |record: &Record| {
            record
                .message_id
                .as_deref()
                .map(|id| text::write(id).into_owned())
        };
        Columns {
            ids: each().map(|record| record.id.to_string()).collect(),
            message_ids: each().map(message_id).collect(),
            received: each().map(|record| record.received.as_microsecond()).collect(),
            senders: each()
                .map(|record| record.sender.as_ref().map(ToString::to_string))
                .collect(),
            policies: each().map(|record| record.policy.clone()).collect(),
            texts: tasks.iter().map(|task| task.json.clone()).collect(),
        }
    }
}

async fn append(db: &mut PgConnection, tenant: &str, tasks: &[&Commit]) -> Result<(), sqlx::Error> {
    let columns = Columns::of(tasks);
    sqlx::query("SELECT append_records($1, $2, $3, $4, $5, $6, $7)")
        .bind(tenant)
        .bind(columns.ids)
        .bind(columns.message_ids)
        .bind(columns.received)
        .bind(columns.senders)
        .bind(columns.policies)
        .bind(columns.texts)
        .execute(db)
        .await?;
    Ok(())
}
