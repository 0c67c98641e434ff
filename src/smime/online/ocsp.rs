//! Questions to OCSP responders (RFC 6960, RFC 5019) and their answers, kept as long as they hold.
//!
//! The first question about a certificate makes its message wait, for a few seconds at most; after half of its life an
//! answer is asked for anew beside the path. Who did not answer is left alone for a minute.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use openssl::asn1::Asn1GeneralizedTimeRef;
use openssl::hash::MessageDigest;
use openssl::ocsp::{
    OcspBasicResponse, OcspCertId, OcspCertStatus, OcspFlag, OcspRequest, OcspResponse, OcspResponseStatus,
};
use openssl::stack::Stack;
use openssl::x509::X509;
use openssl::x509::store::{X509Store, X509StoreBuilder};
use openssl::x509::verify::{X509VerifyFlags, X509VerifyParam};
use tokio::sync::{Mutex as AsyncMutex, Semaphore};

use super::super::Certificate;
use super::http::Http;

/// What a responder says of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum Status {
    /// It has not been revoked.
    Good,
    /// It has.
    Revoked,
    /// Nothing that counts; why, in half a sentence.
    Silent(String),
}

/// Questions under way at once.
const AT_ONCE: usize = 16;
/// Answers kept at most. Beyond it all are forgotten and asked for again.
const KEPT: usize = 100_000;
/// How long an answer holds that names no end, and one that is none, in seconds.
const WITHOUT_END: i64 = 3_600;
const SILENCE: i64 = 60;
/// No answer is believed longer than this, in seconds.
const LONGEST: i64 = 7 * 86_400;
/// How far clocks may differ, in seconds.
const SKEW: i64 = 300;

#[derive(Debug, Clone)]
struct Answer {
    status: Status,
    asked: i64,
    until: i64,
}

/// One certificate's answer. Who asks holds it, so that others wait for the same answer.
type Slot = Arc<AsyncMutex<Option<Answer>>>;

/// Asks responders.
pub(super) struct Responders {
    http: Arc<Http>,
    timeout: Duration,
    kept: Mutex<HashMap<String, Slot>>,
    /// Until when places that failed are left alone, in seconds since 1970.
    dead: Arc<Mutex<HashMap<String, i64>>>,
    free: Arc<Semaphore>,
}

/// All that a question needs.
struct Question {
    http: Arc<Http>,
    dead: Arc<Mutex<HashMap<String, i64>>>,
    certificate: Arc<Certificate>,
    issuer: X509,
}

impl Responders {
    pub(super) fn new(http: Arc<Http>, timeout: Duration) -> Responders {
        Responders {
            http,
            timeout,
            kept: Mutex::default(),
            dead: Arc::default(),
            free: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// From memory, or asked for now.
    pub(super) async fn status(
        &self,
        certificate: &Arc<Certificate>,
        issuer: X509,
        now: jiff::Timestamp,
    ) -> Status {
        let now = now.as_second();
        let slot = self.slot(certificate.fingerprint());
        let question = Question {
            http: Arc::clone(&self.http),
            dead: Arc::clone(&self.dead),
            certificate: Arc::clone(certificate),
            issuer,
        };
        let mut kept = slot.lock().await;
        match &*kept {
            Some(answer) if (answer.asked..answer.until).contains(&now) => {
                let status = answer.status.clone();
                if now - answer.asked > (answer.until - answer.asked) / 2 && status == Status::Good {
                    self.ask_again(Arc::clone(&slot), question, now);
                }
                return status;
            }
            _ => {}
        }
        let answer = ask_within(Arc::clone(&self.free), self.timeout, question, now).await;
        let status = answer.status.clone();
        *kept = Some(answer);
        status
    }

    fn slot(&self, fingerprint: &str) -> Slot {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT && !kept.contains_key(fingerprint) {
            kept.clear();
        }
        Arc::clone(kept.entry(fingerprint.to_owned()).or_default())
    }

    /// Beside the path: whoever comes meanwhile gets the answer that still holds.
    fn ask_again(&self, slot: Slot, question: Question, now: i64) {
        let (free, timeout) = (Arc::clone(&self.free), self.timeout);
        tokio::spawn(async move {
            let answer = ask_within(free, timeout, question, now).await;
            // Silence does not end an answer that still holds.
            if !matches!(answer.status, Status::Silent(_)) {
                *slot.lock().await = Some(answer);
            }
        });
    }
}

async fn ask_within(free: Arc<Semaphore>, timeout: Duration, question: Question, now: i64) -> Answer {
    let silent = |why: &str| Answer {
        status: Status::Silent(why.to_owned()),
        asked: now,
        until: now + SILENCE,
    };
    let Ok(Ok(permit)) = tokio::time::timeout(timeout, free.acquire_owned()).await else {
        return silent("too many responders are slow");
    };
    let asked = tokio::task::spawn_blocking(move || {
        let _permit = permit;
        question.put(now)
    });
    // Names may take longer to look up than questions may take.
    match tokio::time::timeout(timeout * 2, asked).await {
        Ok(Ok(Ok(answer))) => answer,
        Ok(Ok(Err(why))) => silent(&why),
        Ok(Err(_)) | Err(_) => silent("the responder did not answer in time"),
    }
}

impl Question {
    fn put(&self, now: i64) -> Result<Answer, String> {
        let places = &self.certificate.places().responders;
        if places.is_empty() {
            return Err("the certificate names no OCSP responder".to_owned());
        }
        let mut last = String::new();
        for place in places {
            if self.is_dead(place, now) {
                last = format!("{place}: it failed a moment ago");
                continue;
            }
            match self.put_to(place, now) {
                Ok(answer) => return Ok(answer),
                Err(why) => {
                    self.bury(place, now);
                    last = format!("{place}: {why}");
                }
            }
        }
        Err(last)
    }

    /// One slow place must not make each of a thousand recipients wait.
    fn is_dead(&self, place: &str, now: i64) -> bool {
        let dead = self.dead.lock().unwrap_or_else(PoisonError::into_inner);
        dead.get(place).is_some_and(|until| now < *until)
    }

    fn bury(&self, place: &str, now: i64) {
        let mut dead = self.dead.lock().unwrap_or_else(PoisonError::into_inner);
        dead.retain(|_, until| now < *until);
        dead.insert(place.to_owned(), now + SILENCE);
    }

    fn put_to(&self, place: &str, now: i64) -> Result<Answer, String> {
        let failed = |_| "the question cannot be put".to_owned();
        let mut request = OcspRequest::new().map_err(failed)?;
        request.add_id(self.id().map_err(failed)?).map_err(failed)?;
        let question = request.to_der().map_err(failed)?;
        let answer = self.http.post(place, "application/ocsp-request", &question)?;
        self.read(&answer, now)
    }

    /// Responders know certificates by SHA-1 (RFC 5019 §2.1.1); nothing hangs on its strength.
    fn id(&self) -> Result<OcspCertId, openssl::error::ErrorStack> {
        OcspCertId::from_cert(MessageDigest::sha1(), self.certificate.x509(), &self.issuer)
    }

    fn read(&self, der: &[u8], now: i64) -> Result<Answer, String> {
        let damaged = |_| "its answer is damaged".to_owned();
        let response = OcspResponse::from_der(der).map_err(damaged)?;
        if response.status() != OcspResponseStatus::SUCCESSFUL {
            return Err(format!("it refuses to answer ({})", response.status().as_raw()));
        }
        let basic = response.basic().map_err(damaged)?;
        self.verify(&basic, now)?;
        let id = self.id().map_err(damaged)?;
        let found = basic
            .find_status(&id)
            .ok_or("its answer is about another certificate")?;
        let from = seconds(found.this_update).ok_or("its answer has no date")?;
        let until = match found.next_update() {
            Some(end) => seconds(end).ok_or("its answer has no readable end")?,
            None => from + WITHOUT_END,
        };
        if from > now + SKEW || until + SKEW < now || from + LONGEST + SKEW < now {
            return Err("its answer is out of date".to_owned());
        }
        let status = match found.status {
            OcspCertStatus::GOOD => Status::Good,
            OcspCertStatus::REVOKED => Status::Revoked,
            _ => Status::Silent("the responder does not know the certificate".to_owned()),
        };
        let until = match status {
            Status::Silent(_) => now + SILENCE,
            _ => until.min(from + LONGEST).max(now + SILENCE),
        };
        Ok(Answer {
            status,
            asked: now,
            until,
        })
    }

    /// Signed by the issuer, or by somebody to whom the issuer itself has given the right (RFC 6960 §4.2.2.2).
    fn verify(&self, basic: &OcspBasicResponse, now: i64) -> Result<(), String> {
        let wrong = |_| "its answer is not signed by the issuer of the certificate".to_owned();
        let trusted = self.only_the_issuer(now).map_err(wrong)?;
        let none = Stack::new().map_err(wrong)?;
        basic.verify(&none, &trusted, OcspFlag::empty()).map_err(wrong)
    }

    fn only_the_issuer(&self, now: i64) -> Result<X509Store, openssl::error::ErrorStack> {
        let mut param = X509VerifyParam::new()?;
        param.set_time(now);
        param.set_flags(X509VerifyFlags::PARTIAL_CHAIN)?;
        param.set_auth_level(2);
        let mut builder = X509StoreBuilder::new()?;
        builder.add_cert(self.issuer.clone())?;
        builder.set_param(&param)?;
        Ok(builder.build())
    }
}

/// OpenSSL prints these times as `Nov 28 20:00:00 2026 GMT`.
fn seconds(time: &Asn1GeneralizedTimeRef) -> Option<i64> {
    let printed = time.to_string();
    let civil = jiff::civil::DateTime::strptime("%b %e %H:%M:%S %Y GMT", &printed).ok()?;
    Some(
        civil
            .to_zoned(jiff::tz::TimeZone::UTC)
            .ok()?
            .timestamp()
            .as_second(),
    )
}
