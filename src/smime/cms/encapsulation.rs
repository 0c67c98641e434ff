//! Encrypts the content key to an ML-KEM key: KEMRecipientInfo (RFC 9629) as RFC 9936 has it.

use ::cms::content_info::CmsVersion;
use ::cms::enveloped_data::{OtherRecipientInfo, RecipientIdentifier, RecipientInfo};
use const_oid::ObjectIdentifier;
use der::asn1::{Any, OctetString};
use der::{Encode, Sequence};
use openssl::error::ErrorStack;
use openssl::md::Md;
use openssl::pkey::Id;
use openssl::pkey_ctx::PkeyCtx;
use spki::AlgorithmIdentifierOwned;
use zeroize::Zeroizing;

use super::super::{Certificate, ContentCipher, MlKem, SealError, kem};
use super::recipient::Recipient;
use super::{ContentKey, agreement, crypto, encoding};

/// id-ori-kem (RFC 9629 §4).
const ORI_KEM: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.13.3");
/// id-alg-hkdf-with-sha256 (RFC 8619 §2), which every implementation has (RFC 9936 §2.2).
const HKDF_SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.3.28");

/// KEMRecipientInfo (RFC 9629 §3), without user keying material.
#[derive(Sequence)]
struct KemRecipientInfo {
    version: CmsVersion,
    rid: RecipientIdentifier,
    kem: AlgorithmIdentifierOwned,
    kemct: OctetString,
    kdf: AlgorithmIdentifierOwned,
    kek_length: u16,
    wrap: AlgorithmIdentifierOwned,
    encrypted_key: OctetString,
}

/// CMSORIforKEMOtherInfo (RFC 9629 §5), without user keying material.
#[derive(Sequence)]
struct OtherInfo {
    wrap: AlgorithmIdentifierOwned,
    kek_length: u16,
}

/// Encrypts the content key to a certificate with an ML-KEM key.
pub(super) fn encrypt_key(
    certificate: &Certificate,
    level: MlKem,
    content: ContentCipher,
    key: &ContentKey,
) -> Result<Recipient, SealError> {
    let (oid, cipher, wrap_words) = content.wrap();
    let kek_length = content.key_size();
    let info = OtherInfo {
        wrap: bare(oid),
        kek_length: kek_length as u16,
    };
    let public = certificate.public_octets();
    let unusable = || SealError::Crypto("the ML-KEM key of the certificate cannot be used".to_owned());
    let mut random = Zeroizing::new([0; kem::RANDOM]);
    openssl::rand::rand_priv_bytes(&mut *random).map_err(crypto)?;
    let (kemct, secret) = kem::encapsulate(level, &public, &random).ok_or_else(unusable)?;
    let kek = derive(&secret, &info.to_der().map_err(encoding)?, kek_length).map_err(crypto)?;
    let encrypted_key = agreement::wrap(cipher, &kek, key).map_err(crypto)?;
    let value = KemRecipientInfo {
        version: CmsVersion::V0,
        rid: RecipientIdentifier::IssuerAndSerialNumber(certificate.id().clone()),
        kem: bare(level.oid()),
        kemct: OctetString::new(kemct).map_err(encoding)?,
        kdf: bare(HKDF_SHA_256),
        kek_length: info.kek_length,
        wrap: info.wrap,
        encrypted_key: OctetString::new(encrypted_key).map_err(encoding)?,
    };
    let other = OtherRecipientInfo {
        ori_type: ORI_KEM,
        ori_value: Any::encode_from(&value).map_err(encoding)?,
    };
    Ok(Recipient {
        info: RecipientInfo::Ori(other).to_der().map_err(encoding)?,
        envelope_version: CmsVersion::V3,
        algorithm: format!("{level}, {wrap_words}"),
    })
}

/// An algorithm without parameters.
fn bare(oid: ObjectIdentifier) -> AlgorithmIdentifierOwned {
    AlgorithmIdentifierOwned {
        oid,
        parameters: None,
    }
}

/// HKDF with SHA-256 and no salt (RFC 5869).
pub(in super::super) fn derive(secret: &[u8], info: &[u8], size: usize) -> Result<ContentKey, ErrorStack> {
    let mut context = PkeyCtx::new_id(Id::HKDF)?;
    context.derive_init()?;
    context.set_hkdf_md(Md::sha256())?;
    context.set_hkdf_key(secret)?;
    context.add_hkdf_info(info)?;
    let mut key = Zeroizing::new(vec![0; size]);
    context.derive(Some(&mut key))?;
    Ok(key)
}
