//! What senders are told of deliveries: that they failed, that they are late, that they were handed on. Each as far as the
//! sender wants to know it (RFC 3461 §4.1).

use jiff::{SignedDuration, Timestamp};

use crate::audit::Lookup;
use crate::deliver::answered_by;
use crate::message::{Address, MessageId, Outbound, Purpose};
use crate::notice::{About, Failure, NoticeError};
use crate::queue::{Delivery, Outcome};

use super::{Gateway, Rulebook};

/// What came of a delivery, and whether the next hop took it without a word of what becomes of it.
pub(super) type Ended = (Delivery, Outcome, bool);

/// Why nobody could be told of failures. They must not be settled.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Untold(String);

impl Gateway {
    /// The notices about deliveries of one message; marks those whose sender is told that they are late.
    ///
    /// A notice that fails tells nobody, for there is nobody left to tell (RFC 5321 §6.1); the same holds for mail with a
    /// null sender.
    ///
    /// # Errors
    /// When somebody had to be told of a failure and could not. About the rest, the log must do.
    pub(super) async fn notices_about(
        &self,
        ended: &mut [Ended],
        now: Timestamp,
    ) -> Result<Vec<(MessageId, Outbound)>, Untold> {
        // All deliveries of a batch are of one message, for they share its bytes.
        let Some((
            Delivery {
                message: id,
                sender: Some(sender),
                purpose: Purpose::Mail | Purpose::Inbound,
                ..
            },
            ..,
        )) = ended.first()
        else {
            return Ok(Vec::new());
        };
        let (id, sender) = (*id, sender.clone());
        let after = self.identity.delay_notice_hours;
        let failed = self.those(ended, |delivery, outcome, _| {
            matches!(outcome, Outcome::Failed { .. }) && delivery.dsn.wants_failure()
        });
        let late = self.those(ended, |delivery, outcome, _| {
            matches!(outcome, Outcome::Deferred { .. }) && is_late(delivery, now, after)
        });
        let relayed = self.those(ended, |delivery, outcome, silent| {
            matches!(outcome, Outcome::Delivered { .. }) && silent && delivery.dsn.wants_success()
        });
        if failed.is_empty() && late.is_empty() && relayed.is_empty() {
            return Ok(Vec::new());
        }
        let about = self.about(id, sender, now).await;
        let rulebook = self.rulebook();
        let mut notices = Vec::new();
        if !failed.is_empty() {
            let about = about.as_ref().map_err(|why| Untold(why.clone()))?;
            let notice = rulebook.notices.failed(about, &failed);
            notices.push((id, notice.map_err(|error| Untold(error.to_string()))?));
        }
        let (late, relayed) = match &about {
            Ok(about) => (
                self.delay_notice(&rulebook, about, &late, ended),
                (!relayed.is_empty()).then(|| rulebook.notices.relayed(about, &relayed)),
            ),
            Err(why) => {
                tracing::warn!(%id, why, "a sender cannot be told how far the mail has come");
                (None, None)
            }
        };
        for notice in [late, relayed].into_iter().flatten() {
            match notice {
                Ok(notice) => notices.push((id, notice)),
                Err(error) => {
                    tracing::warn!(%id, %error, "a sender cannot be told how far the mail has come")
                }
            }
        }
        let sign = |(id, notice)| (id, self.sign_notice(notice, now));
        Ok(notices.into_iter().map(sign).collect())
    }

    fn delay_notice(
        &self,
        rulebook: &Rulebook,
        about: &About,
        late: &[Failure],
        ended: &mut [Ended],
    ) -> Option<Result<Outbound, NoticeError>> {
        if late.is_empty() {
            return None;
        }
        let until = later(about.received, self.identity.give_up_hours);
        let notice = rulebook.notices.delayed(about, late, until);
        if notice.is_ok() {
            for (delivery, outcome, _) in ended {
                delivery.told_late |= matches!(outcome, Outcome::Deferred { .. })
                    && late.iter().any(|one| one.recipient == delivery.recipient);
            }
        }
        Some(notice)
    }

    async fn about(&self, id: MessageId, sender: Address, now: Timestamp) -> Result<About, String> {
        let found = self.trail.find(Lookup::Id(id)).await;
        let found = found.map_err(|error| error.to_string())?;
        let record = found.into_iter().next().map(|traced| traced.record);
        Ok(About {
            id,
            sender,
            message_id: record.as_ref().and_then(|record| record.message_id.clone()),
            received: record.as_ref().map_or(now, |record| record.received),
            now,
            tls: record.as_ref().map(|record| record.tls).unwrap_or_default(),
            dsn: record.map(|record| record.dsn).unwrap_or_default(),
        })
    }

    fn those(&self, ended: &[Ended], is_meant: impl Fn(&Delivery, &Outcome, bool) -> bool) -> Vec<Failure> {
        let meant = ended
            .iter()
            .filter(|(delivery, outcome, silent)| is_meant(delivery, outcome, *silent));
        let told = meant.map(|(delivery, outcome, _)| {
            let (Outcome::Delivered { reply } | Outcome::Deferred { reply, .. } | Outcome::Failed { reply }) =
                outcome;
            Failure {
                recipient: delivery.recipient.clone(),
                next_hop: answered_by(&self.couriers.next_hop(delivery), reply).to_owned(),
                reply: reply.clone(),
                dsn: delivery.dsn.clone(),
            }
        });
        told.collect()
    }
}

/// Whether its sender is to be told now that it is late.
fn is_late(delivery: &Delivery, now: Timestamp, after_hours: u64) -> bool {
    !delivery.told_late && delivery.dsn.wants_delay() && now >= later(delivery.created, after_hours)
}

fn later(time: Timestamp, hours: u64) -> Timestamp {
    let hours = i64::try_from(hours).ok().and_then(SignedDuration::try_from_hours);
    time.checked_add(hours.unwrap_or(SignedDuration::MAX))
        .unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{DsnRequest, Notify};
    use crate::queue::State;

    const NOW: Timestamp = Timestamp::constant(1_790_000_000, 0);

    fn waiting_since(hours: i64, notify: Option<Notify>, told_late: bool) -> Delivery {
        Delivery {
            id: 1,
            message: MessageId::new(0, 1),
            place: 1,
            purpose: Purpose::Mail,
            sender: None,
            recipient: "b@partner.example".parse().unwrap(),
            body: 1,
            size: 1,
            state: State::Queued,
            attempts: 5,
            created: NOW.checked_sub(SignedDuration::from_hours(hours)).unwrap(),
            next_attempt: NOW,
            last_reply: String::new(),
            dsn: DsnRequest {
                notify,
                ..DsnRequest::default()
            },
            told_late,
            tls: Default::default(),
        }
    }

    #[test]
    fn a_sender_is_told_once_that_mail_is_late_unless_he_does_not_want_to_be() {
        let never = Some(Notify::default());
        let delay = Some(Notify {
            delay: true,
            ..Notify::default()
        });
        assert!(is_late(&waiting_since(4, None, false), NOW, 4));
        assert!(is_late(&waiting_since(5, delay, false), NOW, 4));
        assert!(!is_late(&waiting_since(3, None, false), NOW, 4));
        assert!(!is_late(&waiting_since(5, None, true), NOW, 4));
        assert!(!is_late(&waiting_since(5, never, false), NOW, 4));
        assert!(!is_late(&waiting_since(5, None, false), NOW, u64::MAX));
    }
}
