//! A small certification authority: makes CA certificates, certificates for mail, and revocation lists.
//!
//! For the demonstration, the tests, and sites that want a CA of their own. Must not know: where keys are kept.

pub(in crate::smime) mod extensions;
mod request;

pub use request::{Issued, KeyKind, Placement, Request, Usage};

use openssl::asn1::{Asn1Integer, Asn1Time};
use openssl::bn::{BigNum, MsbOption};
use openssl::ec::{EcGroup, EcKey};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{HasPublic, PKey, PKeyRef, Private};
use openssl::rsa::Rsa;
use openssl::x509::{
    X509, X509Builder, X509CrlBuilder, X509Extension, X509Name, X509NameRef, X509RevokedBuilder,
};

/// A CA: its certificate and its private key.
pub struct Authority {
    certificate: X509,
    key: PKey<Private>,
}

/// A certificate or list could not be made.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct IssueError(String);

impl Authority {
    /// Makes a self-signed root CA.
    ///
    /// # Errors
    /// When OpenSSL refuses the name, the key or the dates.
    pub fn new(
        common_name: &str,
        kind: KeyKind,
        not_before: jiff::Timestamp,
        not_after: jiff::Timestamp,
    ) -> Result<Authority, IssueError> {
        Authority::new_with(common_name, kind, [not_before, not_after], None, Vec::new())
    }

    /// A root that may have `below` levels of CAs below it, with more extensions.
    pub(super) fn new_with(
        common_name: &str,
        kind: KeyKind,
        validity: [jiff::Timestamp; 2],
        below: Option<u32>,
        more: Vec<X509Extension>,
    ) -> Result<Authority, IssueError> {
        let key = make_key(kind)?;
        let subject = name(common_name, None)?;
        let mut builder = certificate(&subject, &key, validity, None)?;
        builder.set_issuer_name(&subject)?;
        extensions::authority(&mut builder, &key, &key, below)?;
        for extension in more {
            builder.append_extension(extension)?;
        }
        builder.sign(&key, digest(&key))?;
        let certificate = builder.build();
        Ok(Authority { certificate, key })
    }

    /// Takes a CA that was made before: certificate and private key in PEM.
    ///
    /// # Errors
    /// When one of them cannot be read or they do not belong together.
    pub fn from_pem(certificate_pem: &str, key_pem: &str) -> Result<Authority, IssueError> {
        let certificate = X509::from_pem(certificate_pem.as_bytes())?;
        Authority::from_parts(certificate, PKey::private_key_from_pem(key_pem.as_bytes())?)
    }

    /// Takes a CA that was made before.
    pub(super) fn from_parts(certificate: X509, key: PKey<Private>) -> Result<Authority, IssueError> {
        if !certificate.public_key()?.public_eq(&key) {
            return Err(IssueError(
                "the key does not belong to the CA certificate".to_owned(),
            ));
        }
        Ok(Authority { certificate, key })
    }

    /// Makes a CA below this one.
    ///
    /// # Errors
    /// When OpenSSL refuses the name, the key or the dates.
    pub fn intermediate(
        &self,
        common_name: &str,
        kind: KeyKind,
        not_before: jiff::Timestamp,
        not_after: jiff::Timestamp,
    ) -> Result<Authority, IssueError> {
        self.intermediate_with(common_name, kind, [not_before, not_after], Vec::new())
    }

    /// A CA below this one, with extensions of its own: what tests need to break rules one by one.
    pub(super) fn intermediate_with(
        &self,
        common_name: &str,
        kind: KeyKind,
        validity: [jiff::Timestamp; 2],
        more: Vec<X509Extension>,
    ) -> Result<Authority, IssueError> {
        let key = make_key(kind)?;
        let subject = name(common_name, None)?;
        let mut builder = certificate(&subject, &key, validity, None)?;
        extensions::authority(&mut builder, &key, &self.key, None)?;
        for extension in more {
            builder.append_extension(extension)?;
        }
        let certificate = self.sign(builder)?;
        Ok(Authority { certificate, key })
    }

    /// Issues a certificate, with a fresh key pair.
    ///
    /// # Errors
    /// When OpenSSL refuses the names, the key, the serial number or the dates.
    pub fn issue(&self, request: &Request) -> Result<Issued, IssueError> {
        let key = make_key(request.key)?;
        let certificate = self.certify(request, &key, Vec::new())?;
        Ok(Issued {
            certificate_pem: text(certificate.to_pem()?),
            key_pem: text(key.private_key_to_pem_pkcs8()?),
            serial: certificate.serial_number().to_bn()?.to_hex_str()?.to_lowercase(),
        })
    }

    /// Issues a certificate for a key that is there, with more extensions. The kind of key in the request must be the
    /// key's.
    pub(super) fn certify(
        &self,
        request: &Request,
        key: &PKeyRef<impl HasPublic>,
        more: Vec<X509Extension>,
    ) -> Result<X509, IssueError> {
        let in_subject = request.placement == Placement::SubjectOnly;
        let subject = name(
            &request.common_name,
            in_subject.then_some(request.address.as_str()),
        )?;
        let validity = [request.not_before, request.not_after];
        let mut builder = certificate(&subject, key, validity, request.serial.as_deref())?;
        extensions::end_entity(&mut builder, request, key, &self.key)?;
        for extension in more {
            builder.append_extension(extension)?;
        }
        self.sign(builder)
    }

    /// The CA certificate.
    pub(super) fn certificate(&self) -> &X509 {
        &self.certificate
    }

    /// The private key.
    pub(super) fn key(&self) -> &PKey<Private> {
        &self.key
    }

    /// Makes a revocation list of these serial numbers (hexadecimal), in PEM. Its number is the time it was
    /// made, so that later lists have higher numbers (RFC 5280 §5.2.3).
    ///
    /// # Errors
    /// When a serial number or a date cannot be read.
    pub fn revocation_list(
        &self,
        serials: &[&str],
        this_update: jiff::Timestamp,
        next_update: jiff::Timestamp,
    ) -> Result<String, IssueError> {
        self.revocation_list_with(serials, [this_update, next_update], Vec::new())
    }

    /// A list with extensions of its own, for tests.
    pub(super) fn revocation_list_with(
        &self,
        serials: &[&str],
        [this_update, next_update]: [jiff::Timestamp; 2],
        more: Vec<X509Extension>,
    ) -> Result<String, IssueError> {
        let this = time(this_update)?;
        let mut builder = X509CrlBuilder::new()?;
        builder.set_issuer_name(self.certificate.subject_name())?;
        builder.set_last_update(&this)?;
        builder.set_next_update(&*time(next_update)?)?;
        for serial in serials {
            let mut revoked = X509RevokedBuilder::new()?;
            revoked.set_serial_number(&*Asn1Integer::from_bn(&*BigNum::from_hex_str(serial)?)?)?;
            revoked.set_revocation_date(&this)?;
            builder.add_revoked(revoked.build())?;
        }
        extensions::revocation_list(&mut builder, this_update, &self.key)?;
        for extension in more {
            builder.append_extension(extension)?;
        }
        builder.sort()?;
        builder.sign(&self.key, digest(&self.key))?;
        Ok(text(builder.build()?.to_pem()?))
    }

    /// The CA certificate in PEM.
    ///
    /// # Errors
    /// When OpenSSL cannot encode it.
    pub fn certificate_pem(&self) -> Result<String, IssueError> {
        Ok(text(self.certificate.to_pem()?))
    }

    /// The CA's private key in PEM (PKCS#8), not encrypted. Never log it.
    ///
    /// # Errors
    /// When OpenSSL cannot encode it.
    pub fn key_pem(&self) -> Result<String, IssueError> {
        Ok(text(self.key.private_key_to_pem_pkcs8()?))
    }

    /// The CA certificate's serial number in hexadecimal, to revoke it by.
    ///
    /// # Errors
    /// When OpenSSL cannot write it.
    pub fn serial(&self) -> Result<String, IssueError> {
        let number = self.certificate.serial_number().to_bn()?;
        Ok(number.to_hex_str()?.to_lowercase())
    }

    fn sign(&self, mut builder: X509Builder) -> Result<X509, IssueError> {
        builder.set_issuer_name(self.certificate.subject_name())?;
        builder.sign(&self.key, digest(&self.key))?;
        Ok(builder.build())
    }
}

impl From<ErrorStack> for IssueError {
    fn from(error: ErrorStack) -> Self {
        IssueError(format!("OpenSSL: {error}"))
    }
}

impl From<der::Error> for IssueError {
    fn from(error: der::Error) -> Self {
        IssueError(format!("DER: {error}"))
    }
}

/// Everything that all certificates share.
fn certificate(
    subject: &X509NameRef,
    key: &PKeyRef<impl HasPublic>,
    [not_before, not_after]: [jiff::Timestamp; 2],
    serial: Option<&str>,
) -> Result<X509Builder, IssueError> {
    let number = match serial {
        Some(text) => BigNum::from_hex_str(text)?,
        None => random_serial()?,
    };
    let mut builder = X509::builder()?;
    builder.set_version(2)?;
    builder.set_serial_number(&*Asn1Integer::from_bn(&number)?)?;
    builder.set_not_before(&*time(not_before)?)?;
    builder.set_not_after(&*time(not_after)?)?;
    builder.set_subject_name(subject)?;
    builder.set_pubkey(key)?;
    Ok(builder)
}

/// 127 random bits: unique without a register, positive, and short enough (RFC 5280 §4.1.2.2).
fn random_serial() -> Result<BigNum, ErrorStack> {
    let mut number = BigNum::new()?;
    number.rand(127, MsbOption::ONE, false)?;
    Ok(number)
}

/// Makes a key pair.
///
/// # Errors
/// When OpenSSL refuses the kind.
pub fn make_key(kind: KeyKind) -> Result<PKey<Private>, ErrorStack> {
    match kind {
        KeyKind::Rsa(bits) => PKey::from_rsa(Rsa::generate(bits)?),
        KeyKind::Ec(curve) => {
            let group = EcGroup::from_curve_name(curve.nid())?;
            PKey::from_ec_key(EcKey::generate(&group)?)
        }
    }
}

/// A hash as strong as the key.
pub(super) fn digest(key: &PKey<Private>) -> MessageDigest {
    match key.ec_key().map(|_| key.bits()) {
        Ok(bits) if bits > 384 => MessageDigest::sha512(),
        Ok(bits) if bits > 256 => MessageDigest::sha384(),
        _ => MessageDigest::sha256(),
    }
}

fn name(common_name: &str, address: Option<&str>) -> Result<X509Name, ErrorStack> {
    let mut name = X509Name::builder()?;
    name.append_entry_by_nid(Nid::COMMONNAME, common_name)?;
    if let Some(address) = address {
        name.append_entry_by_nid(Nid::PKCS9_EMAILADDRESS, address)?;
    }
    Ok(name.build())
}

fn time(timestamp: jiff::Timestamp) -> Result<Asn1Time, ErrorStack> {
    Asn1Time::from_unix(timestamp.as_second())
}

fn text(pem: Vec<u8>) -> String {
    String::from_utf8_lossy(&pem).into_owned()
}
