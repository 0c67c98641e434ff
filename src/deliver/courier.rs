//! Puts route, session and transaction together.

use std::borrow::Cow;
use std::time::Duration;

use crate::message::{Address, RawMessage, TlsWish};
use crate::queue::Delivery;

use super::dns::Dns;
use super::health::Health;
use super::hops::NextHop;
use super::letter::Letter;
use super::mta_sts::MtaSts;
use super::plan::Candidate;
use super::pool::{Pool, Pools};
use super::requiretls;
use super::route::{Routes, Way};
use super::session::{Caller, Session};
use super::target::Target;
use super::transaction::{self, Ended, Mail};
use super::wire::Pace;
use super::{Attempt, Limits, Settings};

/// How long a connection waits for the next transaction. Servers wait far longer; a dead one costs a retry.
const KEEP_IDLE: Duration = Duration::from_secs(10);
/// Recipients that every server takes in one transaction (RFC 5321 §4.5.3.1.8).
const RECIPIENTS: usize = 100;
const HOSTNAME: &str = "must be this gateway's own full name, for example \"gate.example.org\"";
const NO_WAY: Limits = Limits {
    concurrency: usize::MAX,
    per_minute: 0,
};
/// Trying again would not help: the bytes stay as they are.
const NOT_SENDABLE: &str = "5.6.0 a line of the message ends without CRLF; \
    it is not sent, since some servers would take that for the end of the message";

/// What all clones of a courier share.
pub(super) struct Shared {
    pub(super) routes: Routes,
    pub(super) pools: Pools,
    pub(super) health: Health,
    /// There when a route asks the DNS.
    pub(super) dns: Option<Dns>,
    /// There when a route follows DANE.
    pub(super) validating_dns: Option<Dns>,
    /// There when a route follows MTA-STS.
    pub(super) mta_sts: Option<MtaSts>,
    pub(super) caller: Caller,
    pub(super) step: Duration,
}

impl Shared {
    pub(super) fn new(settings: &Settings, hostname: &str) -> Result<Shared, String> {
        let mistakes = settings.mistakes();
        if !mistakes.is_empty() {
            return Err(format!("[deliver] {}", mistakes.join("; ")));
        }
        if !hostname.is_ascii() || format!("x@{hostname}").parse::<Address>().is_err() {
            return Err(format!("hostname {HOSTNAME}"));
        }
        let routes = Routes::new(settings)?;
        let asks = |way: &Way| matches!(way.next_hop, NextHop::Exchangers { .. }) && !way.tls.uses_dane();
        let dns = routes.ways().any(asks).then(|| Dns::new(&settings.dns, false));
        let validates = routes.ways().any(|way| way.tls.uses_dane());
        let validating_dns = validates.then(|| Dns::new(&settings.dns, true));
        let fetches = routes.ways().any(|way| way.tls.uses_mta_sts());
        let mta_sts = fetches.then(|| MtaSts::new(&settings.mta_sts));
        Ok(Shared {
            routes,
            pools: Pools::new(settings.concurrency.0, KEEP_IDLE),
            health: Health::default(),
            dns: dns.transpose()?,
            validating_dns: validating_dns.transpose()?,
            mta_sts: mta_sts.transpose()?,
            caller: Caller {
                hostname: hostname.to_owned(),
            },
            step: Duration::from_secs(settings.timeout.0),
        })
    }

    pub(super) fn next_hop(&self, recipient: &Address) -> Cow<'_, str> {
        let domain = recipient.domain();
        let way = self.routes.way(domain);
        way.map(|way| Cow::Owned(way.next_hop.name(domain)))
            .unwrap_or_default()
    }

    pub(super) fn limits(&self, recipient: &Address) -> Limits {
        let way = self.routes.way(recipient.domain());
        // Where nothing goes, nothing is to be kept back.
        way.map_or(NO_WAY, |way| way.limits)
    }

    pub(super) fn longest_delivery(&self) -> Duration {
        Pace::longest(self.step)
    }

    pub(super) async fn deliver(&self, deliveries: &[Delivery], body: &RawMessage) -> Vec<Attempt> {
        let Some(first) = deliveries.first() else {
            return Vec::new();
        };
        let all = |attempt: Attempt| vec![attempt; deliveries.len()];
        let domain = first.recipient.domain();
        let Some(way) = self.routes.way(domain) else {
            return all(Attempt::NotNow(format!(
                "4.3.5 no route for {domain}: [deliver] has no line for it and no next_hop"
            )));
        };
        let Ok(letter) = Letter::new(body.as_bytes()) else {
            return all(Attempt::Never(NOT_SENDABLE.to_owned()));
        };
        let next_hop = way.next_hop.name(domain);
        let fits = |delivery: &Delivery| {
            delivery.body == first.body
                && delivery.sender == first.sender
                && delivery.tls == first.tls
                && self.next_hop(&delivery.recipient) == next_hop
        };
        let recipients: Vec<&Delivery> = deliveries.iter().filter(|delivery| fits(delivery)).collect();
        let mut mail = Mail {
            sender: first.sender.as_ref(),
            recipients: &recipients,
            letter,
            tls: first.tls,
        };
        let pace = Pace::new(self.step);
        let mut attempts = self.send(way, domain, mail, pace).await;
        // RFC 8689 §5: what tells a sender of a failure is not lost for that.
        if mail.tls.is_required() && mail.sender.is_none() && attempts.iter().all(requiretls::is_lack) {
            tracing::info!(message = %first.message, "a notice goes on without REQUIRETLS, which the next hop does not promise");
            mail.tls = TlsWish::AsConfigured;
            attempts = self.send(way, domain, mail, pace).await;
        }
        let mut attempts = attempts.into_iter();
        deliveries
            .iter()
            .map(|delivery| fits(delivery).then(|| attempts.next()).flatten())
            .map(|attempt| attempt.unwrap_or_else(strayed))
            .collect()
    }

    /// In transactions of a bounded number of recipients; one after the other, since they share a connection.
    async fn send(&self, way: &Way, domain: &str, mail: Mail<'_>, pace: Pace) -> Vec<Attempt> {
        let recipients = mail.recipients;
        let candidates = match self.candidates(way, domain, mail.tls, pace).await {
            Ok(candidates) => candidates,
            Err(attempt) => return vec![attempt; recipients.len()],
        };
        let mut attempts = Vec::with_capacity(recipients.len());
        for some in recipients.chunks(RECIPIENTS) {
            let mail = Mail {
                recipients: some,
                ..mail
            };
            let ended = self.transact(way, &candidates, domain, mail, pace).await;
            attempts.extend(ended.attempts);
            // What broke one transaction would hold up the next one too.
            if let Some(reason) = ended.broken {
                let lack = attempts.last().filter(|last| requiretls::is_lack(last)).cloned();
                attempts.resize(recipients.len(), lack.unwrap_or(Attempt::NotNow(reason)));
                break;
            }
        }
        attempts
    }

    /// With the first host that can be reached.
    async fn transact(
        &self,
        way: &Way,
        candidates: &[Candidate],
        domain: &str,
        mail: Mail<'_>,
        pace: Pace,
    ) -> Ended {
        let several = candidates.len() > 1;
        let mut last: Option<Ended> = None;
        for candidate in candidates {
            let mut ended = self.try_one(way, candidate, domain, mail, pace).await;
            if several || candidate.is_exchanger() {
                let name = candidate.name();
                ended.attempts = ended
                    .attempts
                    .into_iter()
                    .map(|one| said_by(one, &name))
                    .collect();
            }
            if ended.broken.is_none() || !ended.repeatable {
                return ended;
            }
            tracing::debug!(host = %candidate.name(), why = ended.broken, "the next host is tried");
            // A host that could not be asked may have what the others lack.
            last = last
                .filter(|last| !last.lacks_tls() && ended.lacks_tls())
                .or(Some(ended));
        }
        let nobody = || Attempt::NotNow(format!("4.4.4 no host takes mail for {domain}"));
        last.unwrap_or_else(|| refused(mail, nobody()))
    }

    async fn try_one(
        &self,
        way: &Way,
        candidate: &Candidate,
        domain: &str,
        mail: Mail<'_>,
        pace: Pace,
    ) -> Ended {
        let target = self.target(way, candidate, domain, mail.tls, pace).await;
        let target = target.and_then(|target| match mail.tls.is_required() {
            true => requiretls::raised(target, candidate, way),
            false => Ok(target),
        });
        let target = match target {
            Ok(target) => target,
            // With no other host left, this is what it comes to.
            Err(attempt) => return refused(mail, attempt),
        };
        let ended = self.converse(&target, mail, pace).await;
        match ended.broken.is_some() && ended.repeatable && !ended.lacks_tls() {
            true => self.health.failed(&target.name),
            false => self.health.answered(&target.name),
        }
        ended
    }

    async fn converse(&self, target: &Target, mail: Mail<'_>, pace: Pace) -> Ended {
        let pool = self.pools.of(&target.key);
        if let Some(mut session) = pool.take().await {
            session.wire.pace = pace;
            let ended = transact_in(session, &pool, target, mail).await;
            // A connection that waited may have died meanwhile; that says nothing of the host.
            if ended.broken.is_none() || !ended.repeatable || ended.lacks_tls() {
                return ended;
            }
        }
        match Session::open(target, &self.caller, pace).await {
            Ok(session) => transact_in(session, &pool, target, mail).await,
            Err(broken) if mail.tls.is_required() => {
                refused(mail, requiretls::without_session(broken, target))
            }
            Err(broken) => refused(mail, Attempt::NotNow(broken.into_text())),
        }
    }
}

/// One transaction, if the host promises what the mail asks; then the session waits for the next one.
async fn transact_in(mut session: Session, pool: &Pool, target: &Target, mail: Mail<'_>) -> Ended {
    let is_required = mail.tls.is_required();
    let ended = match requiretls::lack(&session, target).filter(|_| is_required) {
        Some(lack) => refused(mail, lack),
        None => transaction::run(&mut session, mail).await,
    };
    if ended.broken.is_none() || ended.lacks_tls() {
        keep(pool, session).await;
    }
    ended
}

/// What stands before the name of the host that gave a reply.
const SAID: &str = " (said ";

/// Names the host that has answered, where several could have; what we say ourselves names it already.
fn said_by(attempt: Attempt, host: &str) -> Attempt {
    let say = |text: String| match text.as_bytes().get(3) {
        Some(b' ') => format!("{text}{SAID}{host})"),
        _ => text,
    };
    match attempt {
        Attempt::Delivered(text) => Attempt::Delivered(say(text)),
        Attempt::HandedOn(text) => Attempt::HandedOn(say(text)),
        Attempt::NotNow(text) => Attempt::NotNow(say(text)),
        Attempt::Never(text) => Attempt::Never(say(text)),
    }
}

/// See [`super::answered_by`].
pub(super) fn answered_by<'a>(next_hop: &'a str, reply: &'a str) -> &'a str {
    if !next_hop.starts_with("mx:") && !next_hop.contains([',', ';']) {
        return next_hop;
    }
    let said = reply
        .rsplit_once(SAID)
        .and_then(|(_, said)| said.strip_suffix(')'));
    said.unwrap_or_default()
}

/// A delivery that was handed over together with others that it has nothing to do with.
fn strayed() -> Attempt {
    Attempt::NotNow(
        "4.3.5 it was mixed with mail of another sender, body or next hop and was not sent".to_owned(),
    )
}

/// No transaction came about. Another host may still take the mail.
fn refused(mail: Mail<'_>, attempt: Attempt) -> Ended {
    Ended {
        broken: Some(attempt.text().to_owned()),
        attempts: vec![attempt; mail.recipients.len()],
        repeatable: true,
    }
}

async fn keep(pool: &Pool, session: Session) {
    // Replies that nothing asked for would be taken for those of the next transaction.
    if !session.wire.unasked() {
        pool.put(session).await;
    }
}
