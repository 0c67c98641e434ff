//! DANE for SMTP (RFC 7672): the DNS says which certificate or which CA a host has.

use openssl::error::ErrorStack;
use openssl::hash::{MessageDigest, hash};
use openssl::ssl::SslRef;
use openssl::stack::Stack;
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::verify::{X509CheckFlags, X509VerifyFlags, X509VerifyParam};
use openssl::x509::{X509, X509PurposeId, X509Ref, X509StoreContext, X509VerifyResult};

use super::report::Failure;

/// The key or certificate is that of a CA above the host (DANE-TA).
const ANCHOR: u8 = 2;
/// It is the host's own (DANE-EE).
const OWN: u8 = 3;

/// A TLSA record (RFC 6698 §2.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) usage: u8,
    pub(super) selector: u8,
    pub(super) matching: u8,
    pub(super) data: Vec<u8>,
}

impl Record {
    /// Whether it can be used for SMTP: usages 0 and 1 cannot (RFC 7672 §3.1.3).
    pub(super) fn is_usable(&self) -> bool {
        let length = match self.matching {
            0 => !self.data.is_empty(),
            1 => self.data.len() == 32,
            2 => self.data.len() == 64,
            _ => false,
        };
        matches!(self.usage, ANCHOR | OWN) && self.selector <= 1 && length
    }

    fn matches(&self, certificate: &X509Ref) -> bool {
        let selected = match self.selector {
            0 => certificate.to_der(),
            _ => certificate.public_key().and_then(|key| key.public_key_to_der()),
        };
        let hashed = selected.and_then(|octets| match self.matching {
            0 => Ok(octets),
            1 => hash(MessageDigest::sha256(), &octets).map(|digest| digest.to_vec()),
            _ => hash(MessageDigest::sha512(), &octets).map(|digest| digest.to_vec()),
        });
        hashed.is_ok_and(|octets| octets == self.data)
    }
}

/// Whether the other end has what the records say; `names` are those that it may have under a CA's record.
///
/// # Errors
/// What is wrong, for the report and in words.
pub(super) fn verify(
    session: &SslRef,
    records: &[Record],
    names: &[String],
) -> Result<(), (Failure, String)> {
    let fail = |failure, why: &str| {
        Err((
            failure,
            format!("its certificate does not fit its TLSA records: {why}"),
        ))
    };
    let Some(own) = session.peer_certificate() else {
        return fail(Failure::Validation, "it has none");
    };
    // RFC 7672 §3.1.1: what is said of the host itself counts alone, whatever its names and dates.
    if records
        .iter()
        .any(|record| record.usage == OWN && record.matches(&own))
    {
        return Ok(());
    }
    let mut verdict = None;
    for name in names {
        match under_an_anchor(session, &own, records, name) {
            Ok(Some(X509VerifyResult::OK)) => return Ok(()),
            // Under the second name, too, it would be expired, say: that tells more than that this is not its name.
            Ok(other) => {
                verdict = verdict
                    .filter(|first| Failure::of(*first) != Failure::HostMismatch)
                    .or(other)
            }
            Err(why) => return fail(Failure::Validation, &why.to_string()),
        }
    }
    match verdict {
        None => fail(Failure::NotTrusted, "none of them names it or its CA"),
        Some(refused) => fail(Failure::of(refused), refused.error_string()),
    }
}

/// OpenSSL's verdict on the path from the host to a CA that a record names; `None` when no record names one.
fn under_an_anchor(
    session: &SslRef,
    own: &X509,
    records: &[Record],
    name: &str,
) -> Result<Option<X509VerifyResult>, ErrorStack> {
    let mut between = Stack::new()?;
    let mut terms = X509VerifyParam::new()?;
    terms.set_hostflags(X509CheckFlags::NO_PARTIAL_WILDCARDS);
    terms.set_flags(X509VerifyFlags::PARTIAL_CHAIN)?;
    terms.set_purpose(X509PurposeId::SSL_SERVER)?;
    terms.set_host(name)?;
    let mut store = X509StoreBuilder::new()?;
    store.set_param(&terms)?;
    let mut is_named = false;
    for certificate in session.peer_cert_chain().into_iter().flatten().skip(1) {
        if records
            .iter()
            .any(|record| record.usage == ANCHOR && record.matches(certificate))
        {
            store.add_cert(certificate.to_owned())?;
            is_named = true;
        } else {
            between.push(certificate.to_owned())?;
        }
    }
    // A whole CA certificate in the DNS need not be sent by the host.
    let whole = records
        .iter()
        .filter(|record| (record.usage, record.selector, record.matching) == (ANCHOR, 0, 0));
    for anchor in whole.filter_map(|record| X509::from_der(&record.data).ok()) {
        store.add_cert(anchor)?;
        is_named = true;
    }
    if !is_named {
        return Ok(None);
    }
    let mut context = X509StoreContext::new()?;
    let verdict = context.init(&store.build(), own, &between, |context| {
        context.verify_cert()?;
        Ok(context.error())
    })?;
    Ok(Some(verdict))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_records_that_smtp_can_use_are_used() {
        let record = |usage, selector, matching, length| Record {
            usage,
            selector,
            matching,
            data: vec![0; length],
        };
        for usable in [record(3, 1, 1, 32), record(2, 0, 2, 64), record(3, 0, 0, 1)] {
            assert!(usable.is_usable(), "{usable:?}");
        }
        for other in [
            record(0, 0, 1, 32),
            record(1, 0, 1, 32),
            record(4, 0, 1, 32),
            record(3, 2, 1, 32),
            record(3, 1, 3, 32),
            record(3, 1, 1, 31),
            record(3, 1, 2, 32),
            record(3, 1, 0, 0),
        ] {
            assert!(!other.is_usable(), "{other:?}");
        }
    }
}
