//! Certification paths (RFC 5280 §6) to the trust anchors, by OpenSSL.

use std::sync::Arc;

use openssl::error::ErrorStack;
use openssl::stack::Stack;
use openssl::x509::store::{X509Store, X509StoreBuilder};
use openssl::x509::verify::{X509VerifyFlags, X509VerifyParam};
use openssl::x509::{X509, X509StoreContext, X509StoreContextRef};

use super::super::Certificate;
use super::bindings::Anchor;

/// OpenSSL's level for 112 bits: no CA key under RSA 2048, no MD5 or SHA-1 signature.
const SECURITY_LEVEL: i32 = 2;

/// A path ends before it begins where OpenSSL cannot read the key at its end.
const TOO_OLD: &str = "this build's OpenSSL is older than 3.5 and checks no certificate with an ML-KEM key; Sealgate built with \
                       the feature `vendored` does";

/// The certificates that paths are made of.
pub(super) struct Paths {
    anchors: Vec<Anchor>,
    intermediates: Vec<Certificate>,
}

impl Paths {
    pub(super) fn new(anchors: Vec<Anchor>, intermediates: Vec<Certificate>) -> Paths {
        Paths {
            anchors,
            intermediates,
        }
    }

    /// Every CA certificate at hand.
    pub(super) fn authorities(&self) -> impl Iterator<Item = &Certificate> {
        let anchors = self.anchors.iter().map(|anchor| &anchor.certificate);
        anchors.chain(&self.intermediates)
    }

    /// Which of the anchors that are bound to domains may vouch for addresses of `domain`.
    pub(super) fn bound_to(&self, domain: &str) -> Vec<usize> {
        let anchors = self.anchors.iter().enumerate();
        let bound = anchors.filter(|(_, anchor)| anchor.domains.is_some() && anchor.serves(domain));
        bound.map(|(place, _)| place).collect()
    }

    /// Seconds at which one of them begins or ends to be valid.
    pub(super) fn moments(&self) -> impl Iterator<Item = i64> {
        let ends = |authority: &Certificate| [authority.not_before(), authority.not_after()];
        self.authorities().flat_map(ends).map(|moment| moment.as_second())
    }

    /// Finds a valid path from the certificate to an anchor that may vouch for addresses of `domain`, at `now`: the
    /// authorities above it, its issuer first, the anchor last. Empty when the certificate itself is an anchor.
    ///
    /// An anchor need not be self-signed (RFC 5280 §6.1.1 (d)): what stands in the folder is trusted. `helpers` may
    /// stand between, like the intermediates, and are no more trusted than these.
    ///
    /// # Errors
    /// Says where every path ends, for people.
    pub(super) fn validate<'a>(
        &'a self,
        certificate: &Certificate,
        domain: &str,
        helpers: &'a [Arc<Certificate>],
        now: i64,
    ) -> Result<Vec<&'a Certificate>, String> {
        if certificate.key().is_post_quantum() && certificate.x509().public_key().is_err() {
            return Err(TOO_OLD.to_owned());
        }
        let refused = match self.find(certificate, helpers, now, |anchor| anchor.serves(domain)) {
            Ok(path) => return Ok(path),
            Err(reason) => reason,
        };
        if self.anchors.iter().all(|anchor| anchor.serves(domain)) {
            return Err(refused);
        }
        // Where only the binding stands in the way, saying so is worth a second look.
        let elsewhere = self.find(certificate, helpers, now, |anchor| !anchor.serves(domain));
        let end = elsewhere.map(|path| {
            path.last()
                .map_or(certificate.fingerprint(), |end| end.fingerprint())
        });
        let by = |anchor: &&Anchor| Ok(anchor.certificate.fingerprint()) == end.as_deref();
        Err(match self.anchors.iter().find(by) {
            Some(anchor) => format!(
                "the anchor {} vouches only for {}",
                anchor.certificate.subject(),
                anchor.domains.as_deref().unwrap_or_default().join(", ")
            ),
            None => refused,
        })
    }

    fn find<'a>(
        &'a self,
        certificate: &Certificate,
        helpers: &'a [Arc<Certificate>],
        now: i64,
        wanted: impl Fn(&Anchor) -> bool,
    ) -> Result<Vec<&'a Certificate>, String> {
        let failed = |_: ErrorStack| "OpenSSL could not check the path".to_owned();
        let store = self.store(now, wanted).map_err(failed)?;
        let untrusted = self.untrusted(helpers).map_err(failed)?;
        let mut context = X509StoreContext::new().map_err(failed)?;
        let chain = context
            .init(&store, certificate.x509(), &untrusted, |context| {
                Ok(if context.verify_cert()? {
                    Ok(chain_of(context))
                } else {
                    Err(explain(context))
                })
            })
            .map_err(failed)??;
        let above: Vec<&Certificate> = chain
            .iter()
            .skip(1)
            .filter_map(|x509| {
                let helpers = helpers.iter().map(|helper| &**helper);
                self.authorities()
                    .chain(helpers)
                    .find(|known| known.x509() == x509)
            })
            .collect();
        if above.len() + 1 != chain.len() {
            return Err("the path holds a certificate that is not among the known ones".to_owned());
        }
        check_authorities(&above)?;
        Ok(above)
    }

    fn store(&self, now: i64, wanted: impl Fn(&Anchor) -> bool) -> Result<X509Store, ErrorStack> {
        let mut param = X509VerifyParam::new()?;
        param.set_time(now);
        param.set_flags(X509VerifyFlags::PARTIAL_CHAIN | X509VerifyFlags::TRUSTED_FIRST)?;
        param.set_auth_level(SECURITY_LEVEL);
        let mut builder = X509StoreBuilder::new()?;
        for anchor in self.anchors.iter().filter(|anchor| wanted(anchor)) {
            builder.add_cert(anchor.certificate.x509().clone())?;
        }
        builder.set_param(&param)?;
        Ok(builder.build())
    }

    fn untrusted(&self, helpers: &[Arc<Certificate>]) -> Result<Stack<X509>, ErrorStack> {
        let mut stack = Stack::new()?;
        for intermediate in &self.intermediates {
            stack.push(intermediate.x509().clone())?;
        }
        for helper in helpers {
            stack.push(helper.x509().clone())?;
        }
        Ok(stack)
    }
}

/// What OpenSSL asks only with a purpose set. Its purpose for S/MIME encryption cannot be used: it wants
/// keyEncipherment, which no certificate with an EC key has.
fn check_authorities(path: &[&Certificate]) -> Result<(), String> {
    let Some((_anchor, below)) = path.split_last() else {
        return Ok(());
    };
    for authority in below {
        if !authority.is_authority() {
            return Err(format!("{} is not a CA certificate", authority.subject()));
        }
        if !authority.serves_mail() {
            return Err(format!("the CA {} may not vouch for mail", authority.subject()));
        }
    }
    Ok(())
}

fn chain_of(context: &X509StoreContextRef) -> Vec<X509> {
    let chain = context.chain();
    chain.map_or_else(Vec::new, |chain| chain.iter().map(ToOwned::to_owned).collect())
}

/// Where the path ends, in words.
fn explain(context: &X509StoreContextRef) -> String {
    let error = context.error();
    let at = context.current_cert().and_then(|x509| x509.to_der().ok());
    let at = at.and_then(|der| Certificate::from_der(&der).ok());
    let subject = at.as_ref().map_or("a certificate", |at| at.subject());
    let issuer = at.as_ref().map_or("its issuer", |at| at.issuer());
    match error.as_raw() {
        // X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, its _LOCALLY, X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE
        2 | 20 | 21 => format!("the issuer {issuer} is not among the anchors and intermediates"),
        // X509_V_ERR_CERT_SIGNATURE_FAILURE
        7 => format!("the signature on {subject} is wrong"),
        // X509_V_ERR_CERT_NOT_YET_VALID
        9 => format!("the CA certificate {subject} is not yet valid"),
        // X509_V_ERR_CERT_HAS_EXPIRED
        10 => format!("the CA certificate {subject} has expired"),
        // X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT
        18 => "it is self-signed and not among the anchors".to_owned(),
        // X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN
        19 => format!("the root {subject} is not among the anchors"),
        _ => format!("{} ({subject})", error.error_string()),
    }
}
