//! What went wrong with TLS, in the words of RFC 8460 §4.3: one line in the log for each failure, which whoever writes
//! TLS reports to domains can count.

use openssl::x509::X509VerifyResult;

/// Result types of RFC 8460 §4.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// It does not offer TLS.
    NotSupported,
    /// It offers TLS, and refuses it when asked: RFC 8460 has no other word for that.
    Refused,
    HostMismatch,
    Expired,
    NotTrusted,
    /// Anything else about the session.
    Validation,
    /// TLSA records that cannot be used.
    TlsaInvalid,
    /// The DNS could not be verified.
    DnssecInvalid,
    PolicyFetch,
    PolicyInvalid,
    PolicyWebpki,
}

impl Failure {
    pub(super) fn name(self) -> &'static str {
        match self {
            Failure::NotSupported | Failure::Refused => "starttls-not-supported",
            Failure::HostMismatch => "certificate-host-mismatch",
            Failure::Expired => "certificate-expired",
            Failure::NotTrusted => "certificate-not-trusted",
            Failure::Validation => "validation-failure",
            Failure::TlsaInvalid => "tlsa-invalid",
            Failure::DnssecInvalid => "dnssec-invalid",
            Failure::PolicyFetch => "sts-policy-fetch-error",
            Failure::PolicyInvalid => "sts-policy-invalid",
            Failure::PolicyWebpki => "sts-webpki-invalid",
        }
    }

    /// What OpenSSL's verdict on a certificate is.
    pub(super) fn of(verdict: X509VerifyResult) -> Failure {
        // `X509_V_ERR_…`, which the crate does not name.
        match verdict.as_raw() {
            10 => Failure::Expired,
            62 | 64 => Failure::HostMismatch,
            50 => Failure::Validation,
            _ => Failure::NotTrusted,
        }
    }
}

/// Which policy a session was to follow (RFC 8460 §4.2, `policy-type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PolicyType {
    Tlsa,
    Sts,
    /// Only what this gateway's settings ask.
    NotFound,
}

impl PolicyType {
    fn name(self) -> &'static str {
        match self {
            PolicyType::Tlsa => "tlsa",
            PolicyType::Sts => "sts",
            PolicyType::NotFound => "no-policy-found",
        }
    }
}

/// Writes the line. `host` is empty when it is about the domain as a whole.
pub(super) fn line(policy: PolicyType, domain: &str, host: &str, failure: Failure, why: &str) {
    let (policy, result) = (policy.name(), failure.name());
    tracing::warn!(report = "tls", policy, domain, host, result, why, "TLS failed");
}
