//! From the queue to the next hop, and what came of it back into the queue.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::deliver::Attempt;
use crate::message::Purpose;
use crate::queue::{Delivery, Outcome, SpoolError, State, next_attempt};

use super::Gateway;
use super::lanes::Lanes;
use super::told::Ended;

/// What a lease is longer than the longest attempt: time to wait for a turn, and to record what came of it.
const MARGIN: Duration = Duration::from_secs(900);
/// How long what was claimed waits for its turn at most, so that its lease outlasts the attempt.
const TURN: Duration = Duration::from_secs(600);
/// How long an idle deliverer waits before it looks again; commands of other processes are seen this late.
const IDLE: Duration = Duration::from_secs(1);
/// How long to wait when the spool does not answer.
const TROUBLE: Duration = Duration::from_secs(5);
/// How long attempts under way may go on after the stop. One that is cut off is made again after the next start.
const DRAIN: Duration = Duration::from_secs(60);
/// How long a failure waits when its sender cannot be told.
const UNTOLD: SignedDuration = SignedDuration::from_mins(15);
/// Recipients claimed for one free transaction: those who share bytes and next hop go out together.
const CLAIM: u32 = 50;

/// Recipients that are claimed at most while destinations have no turn for them, so that others get theirs.
const WAITING: usize = 4 * CLAIM as usize;

/// Deliveries that share sender, bytes and next hop: one SMTP transaction.
type Batch = Vec<Delivery>;

/// What waits for its turn, since when.
type Waiting = VecDeque<(Instant, Batch)>;

/// What the deliverer has taken on.
struct Work {
    attempts: JoinSet<()>,
    /// Taken on, oldest first, and waiting for a turn.
    waiting: Waiting,
    lanes: Lanes,
}

impl Work {
    fn has_room(&self) -> bool {
        let waiting = self.waiting.iter().map(|(_, batch)| batch.len());
        waiting.sum::<usize>() < WAITING
    }

    /// What has waited too long, so that its lease would not outlast the attempt.
    fn overdue(&mut self) -> Waiting {
        let is_overdue = |(since, _): &&(Instant, Batch)| since.elapsed() > TURN;
        let overdue = self.waiting.iter().take_while(is_overdue).count();
        self.waiting.drain(..overdue).collect()
    }
}

impl Gateway {
    /// Delivers until `stop` is done, then lets the attempts under way end, for a minute at most.
    pub async fn deliver(self: Arc<Self>, stop: impl Future<Output = ()> + Send) {
        let mut work = Work {
            attempts: JoinSet::new(),
            waiting: VecDeque::new(),
            lanes: Lanes::default(),
        };
        let mut stop = std::pin::pin!(stop);
        'look: loop {
            let pause = self.start_due(&mut work).await;
            let next_look = Instant::now() + pause.unwrap_or(IDLE);
            loop {
                tokio::select! {
                    () = &mut stop => break 'look,
                    // An end makes room, which matters to a look into the queue only when the last one found none: to
                    // look again where there was nothing a moment ago would cost a transaction for each message.
                    Some(_) = work.attempts.join_next(), if !work.attempts.is_empty() => match pause {
                        Some(_) => self.start_waiting(&mut work),
                        None => break,
                    },
                    accepted = self.spool.accepted(self.lease(), CLAIM), if work.has_room() => {
                        self.take_on(&mut work, accepted);
                    }
                    () = self.spool.changed(), if pause.is_some() => break,
                    () = tokio::time::sleep_until(next_look) => break,
                }
            }
        }
        let all_ended = async { while work.attempts.join_next().await.is_some() {} };
        if tokio::time::timeout(DRAIN, all_ended).await.is_err() {
            tracing::warn!(
                "deliveries were cut off that did not end in time; they are tried again after the next start"
            );
        }
    }

    /// Starts attempts for what is due while there is room. Answers how long to wait when nothing more is due.
    async fn start_due(self: &Arc<Self>, work: &mut Work) -> Option<Duration> {
        loop {
            self.start_waiting(work);
            let overdue = work.overdue();
            if !overdue.is_empty() {
                self.give_back(overdue).await;
            }
            if !work.has_room() || work.attempts.len() >= self.identity.concurrency {
                return None;
            }
            match self.claim().await {
                Ok(due) => {
                    // Who gets less than he asked for has it all.
                    let is_all = due.len() < CLAIM as usize;
                    self.take_on(work, due);
                    if is_all {
                        return work.waiting.is_empty().then_some(IDLE);
                    }
                }
                Err(error) => {
                    tracing::error!(%error, "the queue cannot be read");
                    return Some(TROUBLE);
                }
            }
        }
    }

    /// Takes on what is leased, and starts what it can.
    fn take_on(self: &Arc<Self>, work: &mut Work, leased: Vec<Delivery>) {
        let now = Instant::now();
        let batches = self.batches(leased).into_iter();
        work.waiting.extend(batches.map(|batch| (now, batch)));
        self.start_waiting(work);
    }

    /// Starts what has been taken on, in order, as far as transactions, memory and the destinations' limits allow.
    fn start_waiting(self: &Arc<Self>, work: &mut Work) {
        let mut place = 0;
        while work.attempts.len() < self.identity.concurrency {
            let Some(first) = work.waiting.get(place).and_then(|(_, batch)| batch.first()) else {
                return;
            };
            // What is opened on the way is there three times for a moment: closed, opened, and put together.
            let times = match first.purpose {
                Purpose::Inbound => 3,
                _ => 1,
            };
            let octets = usize::try_from(first.size).unwrap_or(usize::MAX);
            let octets = octets.saturating_mul(times);
            let Some(share) = self.bodies.take(octets) else {
                return;
            };
            let destination = self.couriers.next_hop(first);
            let limits = self.couriers.limits(first);
            let Some(turn) = work.lanes.enter(&destination, limits, Instant::now()) else {
                place += 1;
                continue;
            };
            let Some((_, batch)) = work.waiting.remove(place) else {
                return;
            };
            let gateway = Arc::clone(self);
            work.attempts.spawn(async move {
                if let Err(error) = gateway.attempt(batch).await {
                    // The lease runs out and the deliveries are tried again.
                    tracing::error!(%error, "the outcome of an attempt could not be recorded");
                }
                drop((share, turn));
            });
        }
    }

    async fn claim(&self) -> Result<Vec<Delivery>, SpoolError> {
        let now = Timestamp::now();
        self.spool.claim(now, now + self.lease(), CLAIM).await
    }

    /// How long a lease must last.
    fn lease(&self) -> SignedDuration {
        let longest = self.couriers.longest_delivery() + MARGIN;
        SignedDuration::try_from(longest).unwrap_or(SignedDuration::from_hours(24))
    }

    /// Ends the leases of what has waited too long for its turn.
    async fn give_back(&self, waiting: Waiting) {
        let now = Timestamp::now();
        let deferred = |delivery| {
            let reply = "4.3.2 it waited too long for its turn; other deliveries are slow".to_owned();
            (
                delivery,
                Outcome::Deferred {
                    reply,
                    next_attempt: now,
                },
            )
        };
        let batches = waiting.into_iter().map(|(_, batch)| batch);
        let outcomes = batches.flatten().map(deferred).collect();
        if let Err(error) = self.spool.settle(outcomes, Vec::new()).await {
            tracing::error!(%error, "deliveries that waited too long could not be given back");
        }
    }

    fn batches(&self, due: Vec<Delivery>) -> VecDeque<Batch> {
        let mut batches: BTreeMap<(i64, String, bool), Batch> = BTreeMap::new();
        for delivery in due {
            let hop = self.couriers.next_hop(&delivery).into_owned();
            batches
                .entry((delivery.body, hop, delivery.state == State::Bouncing))
                .or_default()
                .push(delivery);
        }
        batches.into_values().collect()
    }

    async fn attempt(&self, batch: Batch) -> Result<(), SpoolError> {
        let attempts = match batch.first() {
            None => return Ok(()),
            Some(first) if first.state == State::Bouncing => batch
                .iter()
                .map(|delivery| given_up(&delivery.last_reply))
                .collect(),
            Some(first) => match self.spool.body(first.body).await {
                Ok(body) => {
                    let body = match first.purpose {
                        Purpose::Inbound => self.opened(first.message, body).await,
                        _ => body,
                    };
                    self.couriers.of(first.purpose).deliver(&batch, &body).await
                }
                // A body that stays unreadable must not wait for ever: its sender is told in the end.
                Err(error) => {
                    tracing::error!(%error, message = %first.message, "a message cannot be read from the store");
                    let reply = "4.3.0 the gateway cannot read the message from its store".to_owned();
                    vec![Attempt::NotNow(reply); batch.len()]
                }
            },
        };
        let now = Timestamp::now();
        let pairs = batch.into_iter().zip(attempts);
        let mut ended: Vec<Ended> = pairs
            .map(|(delivery, attempt)| {
                let silent = matches!(attempt, Attempt::Delivered(_));
                let (delivery, outcome) = self.outcome(delivery, attempt, now);
                (delivery, outcome, silent)
            })
            .collect();
        let notices = self.notices_about(&mut ended, now).await;
        let mut outcomes: Vec<_> = ended
            .into_iter()
            .map(|(delivery, outcome, _)| (delivery, outcome))
            .collect();
        let notices = notices.unwrap_or_else(|error| {
            tracing::error!(%error, "a sender cannot be told of a failure now; the failure waits");
            put_off(&mut outcomes, now);
            Vec::new()
        });
        log(&outcomes);
        self.spool.settle(outcomes, notices).await
    }

    fn outcome(&self, delivery: Delivery, attempt: Attempt, now: Timestamp) -> (Delivery, Outcome) {
        let outcome = match attempt {
            Attempt::Delivered(reply) | Attempt::HandedOn(reply) => Outcome::Delivered { reply },
            Attempt::Never(reply) => Outcome::Failed { reply },
            Attempt::NotNow(reply) => {
                let tried = delivery.attempts.saturating_add(1);
                let give_up = self.identity.give_up_hours;
                match next_attempt(tried, now, delivery.created, give_up, jitter(&delivery)) {
                    Some(next_attempt) => Outcome::Deferred { reply, next_attempt },
                    None => Outcome::Failed {
                        reply: format!("given up after {give_up} hours: {reply}"),
                    },
                }
            }
        };
        (delivery, outcome)
    }
}

/// What an administrator's `sealgate queue bounce` comes to; what was last heard of the next hop is the reason for it.
fn given_up(last_reply: &str) -> Attempt {
    let heard = match last_reply {
        "" => String::new(),
        reply => format!("; before that: {reply}"),
    };
    Attempt::Never(format!("given up by an administrator{heard}"))
}

/// Keeps what failed in the queue, until its sender can be told.
fn put_off(outcomes: &mut [(Delivery, Outcome)], now: Timestamp) {
    for (_, outcome) in outcomes {
        if let Outcome::Failed { reply } = outcome {
            *outcome = Outcome::Deferred {
                reply: std::mem::take(reply),
                next_attempt: now + UNTOLD,
            };
        }
    }
}

/// Spreads the retries of deliveries that failed together; need not be secret.
fn jitter(delivery: &Delivery) -> u64 {
    delivery
        .id
        .unsigned_abs()
        .wrapping_mul(0x9e37_79b9_7f4a_7c15)
        .rotate_left(17)
        ^ u64::from(delivery.attempts)
}

fn log(outcomes: &[(Delivery, Outcome)]) {
    for (delivery, outcome) in outcomes {
        let decision = delivery.message.decision(delivery.place);
        match outcome {
            Outcome::Delivered { reply } => {
                tracing::info!(%decision, delivery = delivery.id, reply, "delivered")
            }
            Outcome::Deferred { reply, next_attempt } => {
                tracing::warn!(%decision, delivery = delivery.id, reply, %next_attempt, "deferred");
            }
            Outcome::Failed { reply } => {
                tracing::warn!(%decision, delivery = delivery.id, reply, "failed for good")
            }
        }
    }
}
