//! Mail that waits for a recipient's certificate: how it is looked at, and how its wait ends.
//!
//! A copy waits in the store, sealed to the vault (`queue::WaitingRoom` says which steps are durable). Whatever brings a
//! certificate, from signed mail to a file in a folder, the copy is then opened in memory, **decided afresh** under the
//! rules of that moment, and what follows is written in the transaction that ends its wait. When its time is over, the same
//! decision is made without the way out of waiting.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::audit::{Lookup, Record, TrailError};
use crate::message::{Address, Envelope, Outbound, RawMessage};
use crate::notice::{Invitation, NoticeError};
use crate::policy::{Action, Judgment, decide};
use crate::queue::{SpoolError, Waiting, WaitingFilter, WaitingOrder};
use crate::smime::VaultError;
use crate::smtp::Client;

use super::accept::{Arrival, NotTaken, Outcome};
use super::{Gateway, Rulebook, server};

/// How often the room is looked into. What one gateway enrols, another sees this late.
const GLANCE: Duration = Duration::from_secs(2);
/// How long after a look without a certificate the next one follows, if nothing is heard meanwhile.
const LATER: SignedDuration = SignedDuration::from_secs(60);
/// The same after a failure.
const TROUBLE: SignedDuration = SignedDuration::from_mins(5);
/// Copies looked at in one go.
const SOME: u32 = 100;
/// How long nobody is invited a second time.
const INVITED: SignedDuration = SignedDuration::from_hours(24);

/// Why a copy was not decided on. It goes on waiting.
#[derive(Debug, thiserror::Error)]
enum NotNow {
    #[error(transparent)]
    NotTaken(#[from] NotTaken),
    #[error(transparent)]
    Spool(#[from] SpoolError),
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error("the record of the message is not there")]
    NoRecord,
}

impl From<TrailError> for NotNow {
    fn from(error: TrailError) -> Self {
        NotNow::NotTaken(error.into())
    }
}

impl Gateway {
    /// Looks after what waits until `stop` is done.
    pub async fn keep_waiting(self: Arc<Self>, stop: impl Future<Output = ()> + Send) {
        let mut stop = std::pin::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => return,
                () = self.look_around() => {}
            }
            tokio::select! {
                () = &mut stop => return,
                () = self.wake.notified() => {}
                () = tokio::time::sleep(GLANCE) => {}
            }
        }
    }

    /// After a certificate was recorded: what waits for it is looked at now. A failure costs a minute at most.
    pub(super) async fn wake_those_who_wait_for(&self, recipient: Address) {
        let filter = WaitingFilter {
            recipient: Some(recipient),
            ..WaitingFilter::default()
        };
        match self
            .waiting
            .order(filter, WaitingOrder::LookNow, Timestamp::now())
            .await
        {
            Ok(0) => {}
            Ok(_) => self.wake.notify_one(),
            Err(error) => tracing::warn!(%error, "what waits could not be woken"),
        }
    }

    async fn look_around(&self) {
        let filter = WaitingFilter {
            due: Some(Timestamp::now()),
            ..WaitingFilter::default()
        };
        let due = match self.waiting.waiting(filter, SOME).await {
            Ok(due) => due,
            Err(error) => return tracing::error!(%error, "what waits cannot be read"),
        };
        for one in due {
            let decision = one.message.decision(one.place);
            let wait = match self.look_at(&one).await {
                Ok(true) => continue,
                Ok(false) => LATER,
                Err(error) => {
                    tracing::warn!(%decision, %error, "a copy that waits could not be decided on; it goes on waiting");
                    TROUBLE
                }
            };
            self.look_later(&one, Timestamp::now() + wait).await;
        }
    }

    async fn look_later(&self, one: &Waiting, at: Timestamp) {
        let filter = WaitingFilter {
            ids: vec![one.id],
            ..WaitingFilter::default()
        };
        if let Err(error) = self
            .waiting
            .order(filter, WaitingOrder::LookAt(at), Timestamp::now())
            .await
        {
            tracing::error!(%error, "the next look at a copy that waits could not be recorded");
        }
    }

    /// Decides on a copy if there is a certificate or its time is over. True when its wait has ended.
    async fn look_at(&self, one: &Waiting) -> Result<bool, NotNow> {
        let (now, rulebook) = (Timestamp::now(), self.rulebook());
        let is_over = now >= one.until;
        let profile = rulebook.policy.profile(&one.recipient);
        let choice = rulebook.certificates.choose(&one.recipient, profile, now).await;
        let choice = choice.map_err(NotTaken::from)?;
        if choice.chosen.is_none() && !is_over {
            return Ok(false);
        }
        let found = self.trail.find(Lookup::Id(one.message)).await?;
        let first = found.into_iter().next().ok_or(NotNow::NoRecord)?.record;
        let octets = usize::try_from(one.size).unwrap_or(usize::MAX);
        // Not from the room for copies, in which making the new copy waits for its turn.
        let share = self.bodies.wait_for(octets.saturating_mul(2)).await;
        let _share = share.ok_or(NotTaken::Interrupted)?;
        let opened = self.open(one).await;
        let (raw, inspection) = match opened {
            Ok(raw) => {
                let inspection = self.inspector.inspect(&raw).await.map_err(NotTaken::from)?;
                (raw, inspection)
            }
            // Nobody can open it any more: the sender is told by what the record knows.
            Err(error) if is_over && choice.chosen.is_none() => {
                tracing::error!(%error, "a copy that waited cannot be opened");
                (RawMessage::new(Vec::new()), first.inspection.clone())
            }
            Err(error) => return Err(error),
        };
        let arrival = arrival(one, &first, raw, now);
        let judgment = decide(
            &rulebook.policy,
            &inspection,
            &self.facts(&arrival.envelope, std::slice::from_ref(&choice)),
        );
        let Some(judgment) = end(judgment, is_over) else {
            return Ok(false);
        };
        let outcome = Outcome {
            inspection,
            judgment,
            choices: vec![choice],
            size: first.size,
            instead_of: Some(one.message.decision(one.place)),
        };
        let (record, outbounds, _more) = self.carry_out(&rulebook, arrival, outcome).await?;
        let (id, decision) = (record.id, one.message.decision(one.place));
        let released = record
            .recipients
            .iter()
            .any(|recipient| recipient.leaving.is_some());
        self.trail.commit_instead(one.id, record, outbounds).await?;
        tracing::info!(%decision, %id, released, "a copy has ceased to wait");
        Ok(true)
    }

    async fn open(&self, one: &Waiting) -> Result<RawMessage, NotNow> {
        let sealed = self.spool.body(one.body).await?;
        let vault = Arc::clone(&self.vault);
        let opened = tokio::task::spawn_blocking(move || vault.unseal(&sealed)).await;
        Ok(opened.map_err(|_| NotTaken::Interrupted)??)
    }

    /// What recipients are asked, whose copies wait now: once a day each, if there is an address to answer to.
    pub(super) async fn invitations(
        &self,
        rulebook: &Rulebook,
        arrival: &Arrival,
        judgment: &Judgment,
    ) -> Result<Vec<Outbound>, NotTaken> {
        let mut letters = Vec::new();
        let (Some(enrol), Some(sender)) = (&self.identity.enrol, &arrival.envelope.sender) else {
            return Ok(letters);
        };
        for decision in &judgment.decisions {
            let Action::Hold { hours, .. } = &decision.action else {
                continue;
            };
            if self.was_invited(&decision.recipient, arrival.at).await? {
                continue;
            }
            let letter = rulebook.notices.invitation(&Invitation {
                id: arrival.id,
                sender: sender.clone(),
                recipient: decision.recipient.clone(),
                enrol: enrol.clone(),
                until: until(arrival.at, *hours),
                now: arrival.at,
            });
            letters.push(letter.map_err(|error: NoticeError| NotTaken::from(error))?);
        }
        Ok(letters)
    }

    /// Whether something younger than a day waits for the recipient already.
    async fn was_invited(&self, recipient: &Address, now: Timestamp) -> Result<bool, NotTaken> {
        let filter = WaitingFilter {
            recipient: Some(recipient.clone()),
            ..WaitingFilter::default()
        };
        let waiting = self.waiting.waiting(filter, SOME).await;
        let waiting = waiting.map_err(|error| TrailError::Unavailable(error.0))?;
        Ok(waiting.iter().any(|one| now.duration_since(one.since) < INVITED))
    }
}

/// When a wait that begins now ends.
pub(super) fn until(now: Timestamp, hours: u64) -> Timestamp {
    let hours = i64::try_from(hours).unwrap_or(1).clamp(1, 24 * 366);
    now + SignedDuration::from_hours(hours)
}

/// What may come of a copy that waited: while there is time, not a refusal that a certificate could mend; when it is over,
/// no further wait.
fn end(mut judgment: Judgment, is_over: bool) -> Option<Judgment> {
    for decision in &mut judgment.decisions {
        if let Action::Hold { refusal, .. } = &decision.action {
            if !is_over {
                return None;
            }
            decision.action = Action::Refuse {
                refusal: refusal.clone(),
            };
        }
    }
    Some(judgment)
}

/// The copy as if it had just arrived for this recipient alone; it bears the gateway's trace field already.
fn arrival(one: &Waiting, first: &Record, raw: RawMessage, now: Timestamp) -> Arrival {
    let place = usize::try_from(one.place).unwrap_or(0);
    let dsn = place
        .checked_sub(1)
        .and_then(|place| first.dsn.get(place))
        .cloned();
    Arrival {
        id: server::name(now),
        at: now,
        client: Client {
            address: first
                .client
                .parse()
                .unwrap_or(std::net::Ipv4Addr::UNSPECIFIED.into()),
            helo: String::new(),
            tls: false,
            extended: true,
            user: None,
            lmtp: false,
        },
        envelope: Envelope {
            sender: Some(one.sender.clone()),
            recipients: vec![one.recipient.clone()],
            smtputf8: !one.recipient.is_ascii(),
            dsn: dsn.into_iter().collect(),
            tls: first.tls,
        },
        raw,
    }
}
