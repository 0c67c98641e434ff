//! The extensions of what the small CA issues (RFC 5280 §4.2, §5.2).

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::ID_CE_AUTHORITY_KEY_IDENTIFIER as AUTHORITY_KEY;
use const_oid::db::rfc5280::ID_CE_CRL_NUMBER as CRL_NUMBER;
use const_oid::db::rfc5280::ID_CE_SUBJECT_KEY_IDENTIFIER as SUBJECT_KEY;
use der::Encode;
use der::asn1::OctetString;
use openssl::asn1::{Asn1Object, Asn1OctetString};
use openssl::hash::MessageDigest;
use openssl::pkey::{HasPublic, PKey, PKeyRef, Private};
use openssl::x509::extension::{BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAlternativeName};
use openssl::x509::{X509Builder, X509CrlBuilder, X509Extension};
use x509_cert::ext::pkix::AuthorityKeyIdentifier;

use super::super::certificate::SMTP_UTF8_MAILBOX;
use super::{IssueError, KeyKind, Placement, Request, Usage};

pub(super) fn authority(
    builder: &mut X509Builder,
    key: &PKey<Private>,
    issuer: &PKey<Private>,
    below: Option<u32>,
) -> Result<(), IssueError> {
    let mut basic = BasicConstraints::new();
    basic.critical().ca();
    if let Some(below) = below {
        basic.pathlen(below);
    }
    builder.append_extension(basic.build()?)?;
    let usage = KeyUsage::new().critical().key_cert_sign().crl_sign().build()?;
    builder.append_extension(usage)?;
    key_identifiers(builder, key, issuer)
}

pub(super) fn end_entity(
    builder: &mut X509Builder,
    request: &Request,
    key: &PKeyRef<impl HasPublic>,
    issuer: &PKey<Private>,
) -> Result<(), IssueError> {
    builder.append_extension(BasicConstraints::new().critical().build()?)?;
    if let Some(usage) = key_usage(request) {
        builder.append_extension(usage.build()?)?;
    }
    if let Some(purpose) = purpose(request.usage) {
        builder.append_extension(purpose.build()?)?;
    }
    if request.placement == Placement::AltName {
        let names = alt_name(&request.address)?.build(&builder.x509v3_context(None, None))?;
        builder.append_extension(names)?;
    }
    key_identifiers(builder, key, issuer)
}

pub(super) fn revocation_list(
    builder: &mut X509CrlBuilder,
    this_update: jiff::Timestamp,
    issuer: &PKey<Private>,
) -> Result<(), IssueError> {
    builder.append_extension(authority_key(issuer)?)?;
    let number = this_update.as_second().to_der()?;
    builder.append_extension(extension(CRL_NUMBER, &number)?)?;
    Ok(())
}

/// Encryption needs keyEncipherment with RSA and keyAgreement with EC (RFC 8550 §4.4.2).
fn key_usage(request: &Request) -> Option<KeyUsage> {
    let mut usage = KeyUsage::new();
    usage.critical();
    match (request.usage, request.key) {
        (Usage::Unrestricted, _) => return None,
        (Usage::EncryptMail, KeyKind::Rsa(_)) => usage.key_encipherment(),
        (Usage::EncryptMail, KeyKind::Ec(_)) => usage.key_agreement(),
        (Usage::Mail, KeyKind::Rsa(_)) => usage.digital_signature().key_encipherment(),
        (Usage::Mail, KeyKind::Ec(_)) => usage.digital_signature().key_agreement(),
        (Usage::SignMail, _) => usage.digital_signature().non_repudiation(),
        (Usage::ServeTls, _) => usage.digital_signature().key_encipherment().key_agreement(),
    };
    Some(usage)
}

/// An address beyond ASCII is no rfc822Name but a SmtpUTF8Mailbox (RFC 9598 §3).
fn alt_name(address: &str) -> Result<SubjectAlternativeName, IssueError> {
    let mut names = SubjectAlternativeName::new();
    if address.is_ascii() {
        names.email(address);
    } else {
        let oid = Asn1Object::from_str(&SMTP_UTF8_MAILBOX.to_string())?;
        names.other_name2(oid, &address.to_der()?);
    }
    Ok(names)
}

fn purpose(usage: Usage) -> Option<ExtendedKeyUsage> {
    let mut purpose = ExtendedKeyUsage::new();
    match usage {
        Usage::Unrestricted => return None,
        Usage::EncryptMail | Usage::SignMail | Usage::Mail => purpose.email_protection(),
        Usage::ServeTls => purpose.server_auth(),
    };
    Some(purpose)
}

fn key_identifiers(
    builder: &mut X509Builder,
    key: &PKeyRef<impl HasPublic>,
    issuer: &PKey<Private>,
) -> Result<(), IssueError> {
    let subject_key = OctetString::new(key_identifier(key)?)?.to_der()?;
    builder.append_extension(extension(SUBJECT_KEY, &subject_key)?)?;
    builder.append_extension(authority_key(issuer)?)?;
    Ok(())
}

fn authority_key(issuer: &PKey<Private>) -> Result<X509Extension, IssueError> {
    let identifier = AuthorityKeyIdentifier {
        key_identifier: Some(OctetString::new(key_identifier(issuer)?)?),
        ..AuthorityKeyIdentifier::default()
    };
    extension(AUTHORITY_KEY, &identifier.to_der()?)
}

/// The first 20 octets of the SHA-256 of the public key (RFC 7093 §2, method 4).
pub(in crate::smime) fn key_identifier(key: &PKeyRef<impl HasPublic>) -> Result<Vec<u8>, IssueError> {
    let digest = openssl::hash::hash(MessageDigest::sha256(), &key.public_key_to_der()?)?;
    Ok(digest.iter().copied().take(20).collect())
}

fn extension(oid: ObjectIdentifier, der: &[u8]) -> Result<X509Extension, IssueError> {
    any(oid, false, der)
}

/// An extension by its DER.
pub(in crate::smime) fn any(
    oid: ObjectIdentifier,
    critical: bool,
    der: &[u8],
) -> Result<X509Extension, IssueError> {
    let oid = Asn1Object::from_str(&oid.to_string())?;
    let content = Asn1OctetString::new_from_bytes(der)?;
    Ok(X509Extension::new_from_der(&oid, critical, &content)?)
}
