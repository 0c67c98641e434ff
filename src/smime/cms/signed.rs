//! Writes CMS SignedData (RFC 5652 §5) with one signer, in DER.
//!
//! Must not know: mail, who signs and why. The content stands beside it (detached) or is written between two pieces
//! of DER, so that no second copy of it is made.

use std::io::{self, Write};

use ::cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use ::cms::content_info::CmsVersion;
use ::cms::signed_data::{CertificateSet, SignerIdentifier, SignerInfo, SignerInfos};
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5911::{
    ID_AES_128_CBC, ID_AES_128_GCM, ID_AES_256_CBC, ID_AES_256_GCM, ID_CONTENT_TYPE, ID_DATA,
    ID_MESSAGE_DIGEST, ID_SIGNED_DATA, ID_SIGNING_TIME,
};
use der::asn1::{Any, OctetString, SetOfVec};
use der::{Decode, Encode, Tag};
use spki::AlgorithmIdentifierOwned;
use x509_cert::attr::{Attribute, Attributes};
use x509_cert::time::Time;

use super::super::Certificate;
use super::super::signing::Scheme;
use super::{context, nest, oid, start};

/// `smimeCapabilities` (RFC 8551 §2.5.2).
const CAPABILITIES: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.15");
/// `id-aa-encrypKeyPref` (RFC 8551 §2.5.3).
const KEY_PREFERENCE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.11");

/// What is said and proved beside the content.
pub(in crate::smime) struct Statement<'a> {
    /// The signer.
    pub(in crate::smime) certificate: &'a Certificate,
    /// The CAs above him, and other certificates that the reader should know.
    pub(in crate::smime) more: Vec<&'a Certificate>,
    /// The hash and the signature.
    pub(in crate::smime) scheme: Scheme,
    /// When.
    pub(in crate::smime) at: jiff::Timestamp,
    /// Whether answers may come in AES-GCM.
    pub(in crate::smime) reads_gcm: bool,
    /// The certificate that answers should be encrypted to.
    pub(in crate::smime) answer_to: Option<&'a Certificate>,
}

/// SignedData, cut where the content stands.
pub(in crate::smime) struct SignedData {
    head: Vec<u8>,
    behind: Vec<u8>,
}

impl SignedData {
    /// Signs content of which only the digest is needed. `content_size` is its size when it is put inside.
    pub(in crate::smime) fn new(
        statement: &Statement<'_>,
        digest: &[u8],
        content_size: Option<usize>,
        sign: impl FnOnce(&[u8]) -> Result<Vec<u8>, String>,
    ) -> Result<SignedData, String> {
        let attributes = attributes(statement, digest).map_err(encoding)?;
        // RFC 5652 §5.4: what is signed is the DER of the attributes as a SET.
        let signature = sign(&attributes.to_der().map_err(encoding)?)?;
        let signer = SignerInfo {
            version: CmsVersion::V1,
            sid: SignerIdentifier::IssuerAndSerialNumber(statement.certificate.id().clone()),
            digest_alg: statement.scheme.digest_identifier(),
            signed_attrs: Some(attributes),
            signature_algorithm: statement.scheme.identifier().map_err(encoding)?,
            signature: OctetString::new(signature).map_err(encoding)?,
            unsigned_attrs: None,
        };
        assemble(statement, signer, content_size).map_err(encoding)
    }

    /// How many octets [`SignedData::write`] will write.
    pub(in crate::smime) fn size(&self, content_size: usize) -> usize {
        self.head.len() + content_size + self.behind.len()
    }

    /// Writes all of it, with the content in its place.
    pub(in crate::smime) fn write(&self, content: &[&[u8]], out: &mut impl Write) -> io::Result<()> {
        out.write_all(&self.head)?;
        content.iter().try_for_each(|part| out.write_all(part))?;
        out.write_all(&self.behind)
    }
}

fn assemble(
    statement: &Statement<'_>,
    signer: SignerInfo,
    content_size: Option<usize>,
) -> der::Result<SignedData> {
    let mut certificates: Vec<CertificateChoices> = Vec::new();
    for certificate in std::iter::once(&statement.certificate).chain(&statement.more) {
        let choice =
            CertificateChoices::Certificate(x509_cert::Certificate::from_der(&certificate.to_der())?);
        if !certificates.contains(&choice) {
            certificates.push(choice);
        }
    }
    let certificates = CertificateSet::try_from(certificates)?.0.to_der()?;
    // [0] IMPLICIT CertificateSet: the same octets under another tag.
    let mut behind = retag(certificates, 0xa0);
    SignerInfos::try_from(vec![signer])?.encode_to_vec(&mut behind)?;
    let size = content_size.unwrap_or(0);
    let mut content = oid(ID_DATA)?;
    if content_size.is_some() {
        let octets = start(Tag::OctetString, size, &[])?;
        content.extend(nest(context(0, true), &[&octets], size)?);
    }
    let content = nest(Tag::Sequence, &[&content], size)?;
    let digests = SetOfVec::try_from(vec![statement.scheme.digest_identifier()])?.to_der()?;
    // RFC 5652 §5.1: version 1, for there are only X.509 certificates and the content is plain data.
    let later = size + behind.len();
    let signed = nest(
        Tag::Sequence,
        &[&CmsVersion::V1.to_der()?, &digests, &content],
        later,
    )?;
    let explicit = nest(context(0, true), &[&signed], later)?;
    let head = nest(Tag::Sequence, &[&oid(ID_SIGNED_DATA)?, &explicit], later)?;
    Ok(SignedData { head, behind })
}

/// RFC 8551 §2.5: content type, digest and time; what may be answered with, and to which key.
fn attributes(statement: &Statement<'_>, digest: &[u8]) -> der::Result<Attributes> {
    let time = std::time::Duration::from_secs(u64::try_from(statement.at.as_second()).unwrap_or(0));
    // RFC 5652 §11.3: UTCTime until 2049, GeneralizedTime afterwards; `Time` chooses.
    let time = Time::try_from(std::time::UNIX_EPOCH + time)?;
    let mut all = vec![
        attribute(ID_CONTENT_TYPE, Any::encode_from(&ID_DATA)?)?,
        attribute(ID_MESSAGE_DIGEST, Any::encode_from(&OctetString::new(digest)?)?)?,
        attribute(ID_SIGNING_TIME, Any::encode_from(&time)?)?,
        attribute(CAPABILITIES, capabilities(statement.reads_gcm)?)?,
    ];
    if let Some(certificate) = statement.answer_to {
        all.push(attribute(KEY_PREFERENCE, key_preference(certificate.id())?)?);
    }
    Attributes::try_from(all)
}

fn attribute(oid: ObjectIdentifier, value: Any) -> der::Result<Attribute> {
    let values = SetOfVec::try_from(vec![value])?;
    Ok(Attribute { oid, values })
}

/// Best first. The parameters are absent (RFC 3565 §4.1, RFC 5084 §3).
fn capabilities(gcm: bool) -> der::Result<Any> {
    let modern: &[ObjectIdentifier] = if gcm {
        &[ID_AES_256_GCM, ID_AES_128_GCM]
    } else {
        &[]
    };
    let all = modern.iter().chain(&[ID_AES_256_CBC, ID_AES_128_CBC]);
    let capability = |oid: &ObjectIdentifier| AlgorithmIdentifierOwned {
        oid: *oid,
        parameters: None,
    };
    Any::encode_from(&all.map(capability).collect::<Vec<_>>())
}

/// `SMIMEEncryptionKeyPreference`, `issuerAndSerialNumber [0]`.
fn key_preference(id: &IssuerAndSerialNumber) -> der::Result<Any> {
    Any::from_der(&retag(id.to_der()?, 0xa0))
}

/// An implicit tag (X.690 §8.14): the same octets, another first one.
fn retag(mut der: Vec<u8>, tag: u8) -> Vec<u8> {
    if let Some(first) = der.first_mut() {
        *first = tag;
    }
    der
}

fn encoding(error: der::Error) -> String {
    format!("the signature could not be encoded: {error}")
}
