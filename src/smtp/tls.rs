//! Loads certificate and key for STARTTLS (RFC 3207).

use std::path::Path;

use openssl::pkey::{PKey, Private};
use openssl::ssl::{SslAcceptor, SslAcceptorBuilder, SslMethod};
use openssl::x509::X509;

use super::Settings;

/// What STARTTLS needs, or nothing when it is not configured. TLS 1.2 or later, as RFC 8996 asks.
///
/// # Errors
/// What the administrator has to mend.
pub(super) fn acceptor(settings: &Settings) -> Result<Option<SslAcceptor>, String> {
    let (certificate, key) = match (&settings.tls_certificate, &settings.tls_key) {
        (None, None) => return Ok(None),
        (Some(certificate), Some(key)) => (certificate, key),
        (Some(_), None) => {
            return Err("tls_certificate is set without tls_key: STARTTLS needs both".to_owned());
        }
        (None, Some(_)) => {
            return Err("tls_key is set without tls_certificate: STARTTLS needs both".to_owned());
        }
    };
    let chain = read_chain(certificate)?;
    let key = read_key(key)?;
    build(chain, &key).map(Some)
}

fn build(chain: Vec<X509>, key: &PKey<Private>) -> Result<SslAcceptor, String> {
    let unusable = |error| format!("tls_certificate cannot be used: {error}");
    let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server()).map_err(unusable)?;
    let mut chain = chain.into_iter();
    let own = chain.next().ok_or("tls_certificate holds no certificate")?;
    if !own.public_key().is_ok_and(|public| public.public_eq(key)) {
        return Err("tls_key is not the key of the first certificate in tls_certificate".to_owned());
    }
    builder.set_certificate(&own).map_err(unusable)?;
    chain
        .try_for_each(|issuer| builder.add_extra_chain_cert(issuer))
        .map_err(unusable)?;
    builder
        .set_private_key(key)
        .map_err(|error| format!("tls_key cannot be used: {error}"))?;
    Ok(SslAcceptorBuilder::build(builder))
}

fn read_chain(path: &Path) -> Result<Vec<X509>, String> {
    let pem = read("tls_certificate", path)?;
    match X509::stack_from_pem(&pem) {
        Ok(chain) if !chain.is_empty() => Ok(chain),
        _ => Err(format!(
            "tls_certificate {path:?} holds no certificate in PEM form"
        )),
    }
}

fn read_key(path: &Path) -> Result<PKey<Private>, String> {
    let pem = read("tls_key", path)?;
    // Without the callback, OpenSSL would ask for the passphrase on the terminal.
    PKey::private_key_from_pem_callback(&pem, |_| Ok(0))
        .map_err(|_| format!("tls_key {path:?} holds no private key in PEM form without a passphrase"))
}

fn read(name: &str, path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| format!("{name} {path:?} cannot be read: {error}"))
}
