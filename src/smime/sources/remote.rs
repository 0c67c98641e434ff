//! Sources that have to be asked over the network: what they have in common.
//!
//! An answer is kept, whether something was found or not. While it is fresh it is all that is needed; when it is
//! older it is still given, and asked for anew beside the path; when it is too old it is waited for. Every question
//! is a task of its own: who stops waiting does not stop it, and the next who asks has its answer. Of a place that
//! fails, the failure is remembered for a moment, so that not every message waits for the same dead server.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, watch};

use crate::message::{Address, Boxed};

use super::super::naming;
use super::super::{Candidate, Directory, LookupError};

/// Answers kept at most. Beyond it all are forgotten and asked for again.
const KEPT: usize = 100_000;
/// Questions to one place at once.
const AT_ONCE: usize = 16;
/// How long a failure is remembered.
const PAUSE: Duration = Duration::from_secs(10);

/// A place that answers questions about addresses.
pub(super) trait Place: Send + Sync + 'static {
    /// For people: `LDAP directory ldaps://…`.
    fn name(&self) -> String;

    /// Everything it has for the address. It may take long and may panic; both are seen to here.
    fn ask<'a>(&'a self, address: &'a Address) -> Boxed<'a, Result<Vec<Candidate>, String>>;
}

/// How long answers are good for, and how long one is waited for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    pub(super) timeout: Duration,
    /// An answer with certificates is fresh for so long, and given for twice as long.
    pub(super) found: Duration,
    /// The same for one without.
    pub(super) nothing: Duration,
}

/// A place with its memory.
pub(super) struct Remote<P> {
    desk: Arc<Desk<P>>,
    domains: Vec<String>,
}

struct Desk<P> {
    place: P,
    terms: Terms,
    room: Semaphore,
    memory: Mutex<HashMap<String, Kept>>,
}

type Answer = Result<Vec<Candidate>, LookupError>;

#[derive(Default)]
struct Kept {
    answer: Option<(Instant, Answer)>,
    /// The question that is under way.
    asked: Option<watch::Receiver<Option<Answer>>>,
}

impl<P: Place> Remote<P> {
    /// `domains` are those that it is asked about: `partner.example`, `*.partner.example` for what is below, `*` for all.
    pub(super) fn new(place: P, terms: Terms, domains: &[String]) -> Remote<P> {
        Remote {
            desk: Arc::new(Desk {
                place,
                terms,
                room: Semaphore::new(AT_ONCE),
                memory: Mutex::default(),
            }),
            domains: domains.iter().map(|domain| naming::ascii(domain)).collect(),
        }
    }

    fn serves(&self, address: &Address) -> bool {
        let asked = naming::ascii(address.domain());
        self.domains.iter().any(|domain| match domain.strip_prefix('*') {
            Some("") => true,
            Some(below) => asked.ends_with(below),
            None => asked == *domain,
        })
    }
}

impl<P: Place> Directory for Remote<P> {
    fn candidates<'a>(&'a self, address: &'a Address) -> Boxed<'a, Answer> {
        Box::pin(async move {
            if !self.serves(address) {
                return Ok(Vec::new());
            }
            match self.desk.recall(address) {
                Recalled::Known(answer) => answer,
                Recalled::Asked(mut answer) => {
                    let given = answer.wait_for(Option::is_some).await;
                    let given = given.ok().and_then(|answer| answer.clone());
                    given.unwrap_or_else(|| Err(self.desk.failed("it could not be asked")))
                }
            }
        })
    }
}

enum Recalled {
    Known(Answer),
    Asked(watch::Receiver<Option<Answer>>),
}

impl<P: Place> Desk<P> {
    /// What is known, or the question that is under way; starts one where it is needed.
    fn recall(self: &Arc<Self>, address: &Address) -> Recalled {
        let key = naming::key(address);
        let mut memory = self.memory();
        if memory.len() >= KEPT && !memory.contains_key(&key) {
            memory.retain(|_, kept| kept.asked.is_some());
        }
        let kept = memory.entry(key.clone()).or_default();
        let now = Instant::now();
        let known = kept.answer.as_ref().and_then(|(at, answer)| {
            let age = now.saturating_duration_since(*at);
            let (fresh, last) = self.spans(answer);
            (age < last).then(|| (age < fresh, answer.clone()))
        });
        if let Some((true, answer)) = known {
            return Recalled::Known(answer);
        }
        let asked = match &kept.asked {
            Some(asked) => asked.clone(),
            None => {
                let (tell, asked) = watch::channel(None);
                kept.asked = Some(asked.clone());
                tokio::spawn(Arc::clone(self).ask(key, address.clone(), tell));
                asked
            }
        };
        match known {
            Some((_, answer)) => Recalled::Known(answer),
            None => Recalled::Asked(asked),
        }
    }

    /// How long an answer is fresh, and how long it is given.
    fn spans(&self, answer: &Answer) -> (Duration, Duration) {
        match answer {
            Ok(found) if found.is_empty() => (self.terms.nothing, self.terms.nothing * 2),
            Ok(_) => (self.terms.found, self.terms.found * 2),
            Err(_) => (PAUSE, PAUSE),
        }
    }

    async fn ask(self: Arc<Self>, key: String, address: Address, tell: watch::Sender<Option<Answer>>) {
        let desk = Arc::clone(&self);
        // A task of its own, for what a hostile server sends may make a library panic.
        let work = tokio::spawn(async move {
            let ask = async {
                let _room = desk.room.acquire().await;
                desk.place.ask(&address).await
            };
            tokio::time::timeout(desk.terms.timeout, ask).await
        });
        let answer = match work.await {
            Ok(Ok(Ok(found))) => Ok(found),
            Ok(Ok(Err(reason))) => Err(self.failed(&reason)),
            Ok(Err(_)) => Err(self.failed(&format!("no answer within {} s", self.terms.timeout.as_secs()))),
            Err(_) => Err(self.failed("its answer could not be read")),
        };
        if let Err(error) = &answer {
            tracing::warn!(%error, "a source of certificates failed");
        }
        self.keep(&key, &answer);
        let _ = tell.send(Some(answer));
    }

    fn keep(&self, key: &str, answer: &Answer) {
        let mut memory = self.memory();
        let kept = memory.entry(key.to_owned()).or_default();
        kept.asked = None;
        let now = Instant::now();
        let is_good = kept.answer.as_ref().is_some_and(|(at, known)| {
            known.is_ok() && now.saturating_duration_since(*at) < self.spans(known).1
        });
        // A failure does not push out what is good for a while.
        if answer.is_ok() || !is_good {
            kept.answer = Some((now, answer.clone()));
        }
    }

    fn failed(&self, reason: &str) -> LookupError {
        LookupError(format!("{}: {reason}", self.place.name()))
    }

    fn memory(&self) -> MutexGuard<'_, HashMap<String, Kept>> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Answers as it is told, and counts.
    struct Script {
        asked: AtomicUsize,
        answer: fn(usize) -> Result<Vec<Candidate>, String>,
    }

    impl Place for Arc<Script> {
        fn name(&self) -> String {
            "script".to_owned()
        }

        fn ask<'a>(&'a self, _address: &'a Address) -> Boxed<'a, Result<Vec<Candidate>, String>> {
            let number = self.asked.fetch_add(1, Ordering::Relaxed);
            Box::pin(async move {
                tokio::task::yield_now().await;
                (self.answer)(number)
            })
        }
    }

    fn remote(
        answer: fn(usize) -> Result<Vec<Candidate>, String>,
        seconds: u64,
    ) -> (Arc<Script>, Remote<Arc<Script>>) {
        let script = Arc::new(Script {
            asked: AtomicUsize::new(0),
            answer,
        });
        let terms = Terms {
            timeout: Duration::from_secs(5),
            found: Duration::from_secs(seconds),
            nothing: Duration::from_secs(seconds),
        };
        let domains = ["Partner.example".to_owned(), "*.agency.example".to_owned()];
        (script.clone(), Remote::new(script, terms, &domains))
    }

    async fn ask(remote: &Remote<Arc<Script>>, address: &str) -> Answer {
        remote.candidates(&address.parse().unwrap()).await
    }

    #[tokio::test]
    async fn an_answer_is_asked_for_once_and_only_for_its_domains() {
        let (script, remote) = remote(|_| Ok(Vec::new()), 60);
        for address in [
            "ann@partner.example",
            "ANN@PARTNER.EXAMPLE",
            "ann@partner.example",
        ] {
            assert!(ask(&remote, address).await.unwrap().is_empty());
        }
        assert_eq!(script.asked.load(Ordering::Relaxed), 1);
        for other in ["a@other.example", "a@agency.example", "a@xpartner.example"] {
            assert!(ask(&remote, other).await.unwrap().is_empty());
        }
        assert_eq!(script.asked.load(Ordering::Relaxed), 1);
        ask(&remote, "a@it.agency.example").await.unwrap();
        assert_eq!(script.asked.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn who_asks_at_the_same_time_shares_one_question_and_a_failure_is_remembered() {
        let (script, remote) = remote(|_| Err("broken".to_owned()), 60);
        let (one, other) = tokio::join!(
            ask(&remote, "a@partner.example"),
            ask(&remote, "a@partner.example")
        );
        assert!(one.is_err() && other.is_err());
        let told = ask(&remote, "a@partner.example").await.unwrap_err().to_string();
        assert!(told.contains("script: broken"), "{told}");
        assert_eq!(script.asked.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn a_panic_is_a_failure_and_old_answers_are_not_given_for_ever() {
        let (script, remote) = remote(
            |number| match number {
                0 => panic!("as a library might"),
                _ => Ok(Vec::new()),
            },
            0,
        );
        assert!(ask(&remote, "a@partner.example").await.is_err());
        assert!(ask(&remote, "b@partner.example").await.is_ok());
        assert!(ask(&remote, "b@partner.example").await.is_ok());
        assert_eq!(script.asked.load(Ordering::Relaxed), 3);
    }

    #[tokio::test]
    async fn who_stops_waiting_does_not_stop_the_question() {
        use futures_util::FutureExt;
        let (_, remote) = remote(|_| Ok(Vec::new()), 60);
        assert!(ask(&remote, "a@partner.example").now_or_never().is_none());
        while ask(&remote, "a@partner.example").now_or_never().is_none() {
            tokio::task::yield_now().await;
        }
    }
}
