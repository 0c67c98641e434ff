//! Encrypts the content key to one certificate: RSA PKCS#1 v1.5 (RFC 3370 §4.2.1) or ECDH (RFC 5753 §3.1).
//!
//! These forms, with issuer and serial number, are the ones that every mail client in use can open.

use ::cms::content_info::CmsVersion;
use ::cms::enveloped_data::{
    KeyAgreeRecipientIdentifier, KeyAgreeRecipientInfo, KeyTransRecipientInfo, OriginatorIdentifierOrKey,
    OriginatorPublicKey, RecipientEncryptedKey, RecipientIdentifier, RecipientInfo,
};
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5911::ID_AES_256_WRAP;
use const_oid::db::rfc5912::{ID_EC_PUBLIC_KEY, RSA_ENCRYPTION};
use der::asn1::{Any, BitString, OctetString};
use der::{Encode, Sequence};
use openssl::bn::BigNumContext;
use openssl::cipher::Cipher;
use openssl::cipher_ctx::{CipherCtx, CipherCtxFlags};
use openssl::derive::Deriver;
use openssl::ec::{EcGroup, EcKey, PointConversionForm};
use openssl::error::ErrorStack;
use openssl::hash::{Hasher, MessageDigest};
use openssl::pkey::{PKey, Private};
use openssl::pkey_ctx::PkeyCtx;
use openssl::rsa::Padding;
use spki::AlgorithmIdentifierOwned;
use zeroize::Zeroizing;

use super::super::{Certificate, Curve, Key, SealError};
use super::{ContentKey, KEY_SIZE, crypto, encoding};

/// The content key, encrypted to one recipient.
pub(super) struct Recipient {
    /// RecipientInfo in DER.
    pub(super) info: Vec<u8>,
    /// The version that EnvelopedData has with it (RFC 5652 §6.1).
    pub(super) envelope_version: CmsVersion,
    /// How the key is encrypted, for people.
    pub(super) algorithm: &'static str,
}

pub(super) fn encrypt_key(certificate: &Certificate, key: &ContentKey) -> Result<Recipient, SealError> {
    match certificate.key() {
        Key::Rsa(_) => transport(certificate, key),
        Key::Ec(curve) => agreement(certificate, *curve, key),
        Key::Other(kind) => Err(SealError::Crypto(format!("cannot encrypt to {kind}"))),
    }
}

fn transport(certificate: &Certificate, key: &ContentKey) -> Result<Recipient, SealError> {
    let enc_key = rsa_encrypt(certificate, key).map_err(crypto)?;
    let info = KeyTransRecipientInfo {
        version: CmsVersion::V0,
        rid: RecipientIdentifier::IssuerAndSerialNumber(certificate.id().clone()),
        key_enc_alg: AlgorithmIdentifierOwned {
            oid: RSA_ENCRYPTION,
            parameters: Some(Any::null()),
        },
        enc_key: OctetString::new(enc_key).map_err(encoding)?,
    };
    Ok(Recipient {
        info: RecipientInfo::Ktri(info).to_der().map_err(encoding)?,
        envelope_version: CmsVersion::V0,
        algorithm: "RSA PKCS#1 v1.5",
    })
}

fn rsa_encrypt(certificate: &Certificate, key: &ContentKey) -> Result<Vec<u8>, ErrorStack> {
    let mut context = PkeyCtx::new(&*certificate.x509().public_key()?)?;
    context.encrypt_init()?;
    context.set_rsa_padding(Padding::PKCS1)?;
    let mut encrypted = Vec::new();
    context.encrypt_to_vec(key.as_ref(), &mut encrypted)?;
    Ok(encrypted)
}

fn agreement(certificate: &Certificate, curve: Curve, key: &ContentKey) -> Result<Recipient, SealError> {
    let scheme = Scheme::of(curve);
    let wrap = AlgorithmIdentifierOwned {
        oid: ID_AES_256_WRAP,
        parameters: None,
    };
    let shared_info = SharedInfo::for_wrap(&wrap).map_err(encoding)?;
    let agreed = agree(certificate, curve, scheme.hash, &shared_info, key).map_err(crypto)?;
    let info = KeyAgreeRecipientInfo {
        version: CmsVersion::V3,
        originator: OriginatorIdentifierOrKey::OriginatorKey(OriginatorPublicKey {
            // RFC 5753 §7.2 lets the parameters be absent: the recipient's certificate names the curve.
            algorithm: AlgorithmIdentifierOwned {
                oid: ID_EC_PUBLIC_KEY,
                parameters: None,
            },
            public_key: BitString::from_bytes(&agreed.ephemeral).map_err(encoding)?,
        }),
        ukm: None,
        key_enc_alg: AlgorithmIdentifierOwned {
            oid: scheme.oid,
            parameters: Some(Any::encode_from(&wrap).map_err(encoding)?),
        },
        recipient_enc_keys: vec![RecipientEncryptedKey {
            rid: KeyAgreeRecipientIdentifier::IssuerAndSerialNumber(certificate.id().clone()),
            enc_key: OctetString::new(agreed.wrapped).map_err(encoding)?,
        }],
    };
    Ok(Recipient {
        info: RecipientInfo::Kari(info).to_der().map_err(encoding)?,
        envelope_version: CmsVersion::V2,
        algorithm: scheme.words,
    })
}

/// dhSinglePass-stdDH with a key derivation as strong as the curve (RFC 5753 §7.1.4).
struct Scheme {
    oid: ObjectIdentifier,
    hash: MessageDigest,
    words: &'static str,
}

impl Scheme {
    fn of(curve: Curve) -> Scheme {
        let (oid, hash, words) = match curve {
            Curve::P256 => (
                "1.3.132.1.11.1",
                MessageDigest::sha256(),
                "ECDH P-256, AES-256 key wrap",
            ),
            Curve::P384 => (
                "1.3.132.1.11.2",
                MessageDigest::sha384(),
                "ECDH P-384, AES-256 key wrap",
            ),
            Curve::P521 => (
                "1.3.132.1.11.3",
                MessageDigest::sha512(),
                "ECDH P-521, AES-256 key wrap",
            ),
        };
        Scheme {
            oid: ObjectIdentifier::new_unwrap(oid),
            hash,
            words,
        }
    }
}

/// ECC-CMS-SharedInfo (RFC 5753 §7.2), without user keying material.
#[derive(Sequence)]
struct SharedInfo {
    key_info: AlgorithmIdentifierOwned,
    /// The size of the key-encryption key in bits, four octets.
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT")]
    supp_pub_info: OctetString,
}

impl SharedInfo {
    fn for_wrap(wrap: &AlgorithmIdentifierOwned) -> der::Result<Vec<u8>> {
        let bits = (KEY_SIZE as u32) * 8;
        let info = SharedInfo {
            key_info: wrap.clone(),
            supp_pub_info: OctetString::new(bits.to_be_bytes())?,
        };
        info.to_der()
    }
}

struct Agreed {
    /// The ephemeral public key, an uncompressed point.
    ephemeral: Vec<u8>,
    /// The content key, wrapped.
    wrapped: Vec<u8>,
}

fn agree(
    certificate: &Certificate,
    curve: Curve,
    hash: MessageDigest,
    shared_info: &[u8],
    key: &ContentKey,
) -> Result<Agreed, ErrorStack> {
    let group = EcGroup::from_curve_name(curve.nid())?;
    let ephemeral = EcKey::generate(&group)?;
    let mut numbers = BigNumContext::new()?;
    let form = PointConversionForm::UNCOMPRESSED;
    let point = ephemeral.public_key().to_bytes(&group, form, &mut numbers)?;
    let secret = diffie_hellman(&PKey::from_ec_key(ephemeral)?, certificate)?;
    let kek = derive(hash, &secret, shared_info)?;
    Ok(Agreed {
        ephemeral: point,
        wrapped: wrap(&kek, key)?,
    })
}

fn diffie_hellman(
    ephemeral: &PKey<Private>,
    certificate: &Certificate,
) -> Result<Zeroizing<Vec<u8>>, ErrorStack> {
    let theirs = certificate.x509().public_key()?;
    let mut deriver = Deriver::new(ephemeral)?;
    deriver.set_peer(&theirs)?;
    Ok(Zeroizing::new(deriver.derive_to_vec()?))
}

/// The X9.63 key derivation function (SEC 1 §3.6.1). One round is enough: every hash here has 32 octets or more.
fn derive(hash: MessageDigest, secret: &[u8], shared_info: &[u8]) -> Result<ContentKey, ErrorStack> {
    let mut hasher = Hasher::new(hash)?;
    hasher.update(secret)?;
    hasher.update(&1u32.to_be_bytes())?;
    hasher.update(shared_info)?;
    let digest = Zeroizing::new(hasher.finish()?.to_vec());
    let mut key = ContentKey::default();
    for (to, from) in key.iter_mut().zip(digest.iter()) {
        *to = *from;
    }
    Ok(key)
}

/// AES key wrap (RFC 3394).
fn wrap(kek: &ContentKey, key: &ContentKey) -> Result<Vec<u8>, ErrorStack> {
    let mut context = CipherCtx::new()?;
    context.set_flags(CipherCtxFlags::FLAG_WRAP_ALLOW);
    context.encrypt_init(Some(Cipher::aes_256_wrap()), Some(kek.as_ref()), None)?;
    let mut wrapped = Vec::new();
    context.cipher_update_vec(key.as_ref(), &mut wrapped)?;
    context.cipher_final_vec(&mut wrapped)?;
    Ok(wrapped)
}
