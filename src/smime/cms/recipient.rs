//! Encrypts the content key to one certificate: to an RSA key here, to an elliptic curve's in [`agreement`], to
//! ML-KEM in [`encapsulation`].
//!
//! Recipients are named by issuer and serial number, which every mail client in use understands.

use ::cms::content_info::CmsVersion;
use ::cms::enveloped_data::{KeyTransRecipientInfo, RecipientIdentifier, RecipientInfo};
use const_oid::db::rfc5912::{ID_MGF_1, ID_RSAES_OAEP, ID_SHA_256, RSA_ENCRYPTION};
use der::asn1::{Any, OctetString};
use der::{Encode, Sequence};
use openssl::error::ErrorStack;
use openssl::md::Md;
use openssl::pkey_ctx::PkeyCtx;
use openssl::rsa::Padding;
use spki::AlgorithmIdentifierOwned;

use super::super::{Algorithms, Certificate, Key, KeyEncryption, SealError};
use super::{ContentKey, agreement, crypto, encapsulation, encoding};

/// The content key, encrypted to one recipient.
pub(super) struct Recipient {
    /// RecipientInfo in DER.
    pub(super) info: Vec<u8>,
    /// The version that EnvelopedData has with it (RFC 5652 §6.1).
    pub(super) envelope_version: CmsVersion,
    /// How the key is encrypted, for people.
    pub(super) algorithm: String,
}

/// Encrypts the key by the algorithm asked for, which must be one for this kind of key.
pub(super) fn encrypt_key(
    certificate: &Certificate,
    algorithms: Algorithms,
    key: &ContentKey,
) -> Result<Recipient, SealError> {
    match (certificate.key(), algorithms.key) {
        (Key::Rsa(_), KeyEncryption::RsaPkcs1) => transport(certificate, &PKCS1, key),
        (Key::Rsa(_), KeyEncryption::RsaOaep) => transport(certificate, &OAEP, key),
        (Key::Ec(curve), KeyEncryption::Ecdh) => {
            agreement::encrypt_key(certificate, *curve, algorithms.content, key)
        }
        (Key::MlKem(level), KeyEncryption::MlKem) => {
            encapsulation::encrypt_key(certificate, *level, algorithms.content, key)
        }
        (kind, _) => Err(SealError::Crypto(format!("cannot encrypt to {kind} this way"))),
    }
}

/// A way of RSA.
struct Transport {
    identifier: fn() -> der::Result<AlgorithmIdentifierOwned>,
    prepare: fn(&mut PkeyCtx<openssl::pkey::Public>) -> Result<(), ErrorStack>,
    words: &'static str,
}

const PKCS1: Transport = Transport {
    identifier: || {
        Ok(AlgorithmIdentifierOwned {
            oid: RSA_ENCRYPTION,
            parameters: Some(Any::null()),
        })
    },
    prepare: |context| context.set_rsa_padding(Padding::PKCS1),
    words: "RSA PKCS#1 v1.5",
};

const OAEP: Transport = Transport {
    identifier: oaep,
    prepare: |context| {
        context.set_rsa_padding(Padding::PKCS1_OAEP)?;
        context.set_rsa_oaep_md(Md::sha256())?;
        context.set_rsa_mgf1_md(Md::sha256())
    },
    words: "RSA-OAEP SHA-256",
};

/// RSAES-OAEP-params (RFC 4055 §4.1). The label stays out: it is the default, the empty one.
#[derive(Sequence)]
struct OaepParameters {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT")]
    hash: AlgorithmIdentifierOwned,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT")]
    mask: AlgorithmIdentifierOwned,
}

fn oaep() -> der::Result<AlgorithmIdentifierOwned> {
    let hash = AlgorithmIdentifierOwned {
        oid: ID_SHA_256,
        parameters: Some(Any::null()),
    };
    let mask = AlgorithmIdentifierOwned {
        oid: ID_MGF_1,
        parameters: Some(Any::encode_from(&hash)?),
    };
    Ok(AlgorithmIdentifierOwned {
        oid: ID_RSAES_OAEP,
        parameters: Some(Any::encode_from(&OaepParameters { hash, mask })?),
    })
}

fn transport(certificate: &Certificate, way: &Transport, key: &ContentKey) -> Result<Recipient, SealError> {
    let enc_key = rsa_encrypt(certificate, way, key).map_err(crypto)?;
    let info = KeyTransRecipientInfo {
        version: CmsVersion::V0,
        rid: RecipientIdentifier::IssuerAndSerialNumber(certificate.id().clone()),
        key_enc_alg: (way.identifier)().map_err(encoding)?,
        enc_key: OctetString::new(enc_key).map_err(encoding)?,
    };
    Ok(Recipient {
        info: RecipientInfo::Ktri(info).to_der().map_err(encoding)?,
        envelope_version: CmsVersion::V0,
        algorithm: way.words.to_owned(),
    })
}

fn rsa_encrypt(certificate: &Certificate, way: &Transport, key: &ContentKey) -> Result<Vec<u8>, ErrorStack> {
    let mut context = PkeyCtx::new(&*certificate.x509().public_key()?)?;
    context.encrypt_init()?;
    (way.prepare)(&mut context)?;
    let mut encrypted = Vec::new();
    context.encrypt_to_vec(key, &mut encrypted)?;
    Ok(encrypted)
}
