//! Agrees on a key with the holder of an elliptic curve's (RFC 5753 §3.1) and wraps the content key with it.

use ::cms::content_info::CmsVersion;
use ::cms::enveloped_data::{
    KeyAgreeRecipientIdentifier, KeyAgreeRecipientInfo, OriginatorIdentifierOrKey, OriginatorPublicKey,
    RecipientEncryptedKey, RecipientInfo,
};
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5912::ID_EC_PUBLIC_KEY;
use der::asn1::{Any, BitString, OctetString};
use der::{Encode, Sequence};
use openssl::bn::BigNumContext;
use openssl::cipher::CipherRef;
use openssl::cipher_ctx::{CipherCtx, CipherCtxFlags};
use openssl::derive::Deriver;
use openssl::ec::{EcGroup, EcKey, PointConversionForm};
use openssl::error::ErrorStack;
use openssl::hash::{Hasher, MessageDigest};
use openssl::pkey::{PKey, Private};
use spki::AlgorithmIdentifierOwned;
use zeroize::Zeroizing;

use super::super::{Certificate, ContentCipher, Curve, SealError};
use super::recipient::Recipient;
use super::{ContentKey, crypto, encoding};

/// Encrypts the content key to a certificate with a key on `curve`.
pub(super) fn encrypt_key(
    certificate: &Certificate,
    curve: Curve,
    content: ContentCipher,
    key: &ContentKey,
) -> Result<Recipient, SealError> {
    let scheme = Scheme::of(curve);
    let (oid, cipher, wrap_words) = content.wrap();
    let wrap = AlgorithmIdentifierOwned {
        oid,
        parameters: None,
    };
    let shared_info = SharedInfo::for_wrap(&wrap, key.len()).map_err(encoding)?;
    let derive = |secret: &[u8]| derive(scheme.hash, secret, &shared_info, key.len());
    let agreed = agree(certificate, curve, derive, cipher, key).map_err(crypto)?;
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
        algorithm: format!("ECDH {curve}, {wrap_words}"),
    })
}

/// dhSinglePass-stdDH with a key derivation as strong as the curve (RFC 5753 §7.1.4).
struct Scheme {
    oid: ObjectIdentifier,
    hash: MessageDigest,
}

impl Scheme {
    fn of(curve: Curve) -> Scheme {
        let (oid, hash) = match curve {
            Curve::P256 => ("1.3.132.1.11.1", MessageDigest::sha256()),
            Curve::P384 => ("1.3.132.1.11.2", MessageDigest::sha384()),
            Curve::P521 => ("1.3.132.1.11.3", MessageDigest::sha512()),
        };
        Scheme {
            oid: ObjectIdentifier::new_unwrap(oid),
            hash,
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
    fn for_wrap(wrap: &AlgorithmIdentifierOwned, key_size: usize) -> der::Result<Vec<u8>> {
        let bits = key_size as u32 * 8;
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
    derive: impl Fn(&[u8]) -> Result<ContentKey, ErrorStack>,
    cipher: &CipherRef,
    key: &ContentKey,
) -> Result<Agreed, ErrorStack> {
    let group = EcGroup::from_curve_name(curve.nid())?;
    let ephemeral = EcKey::generate(&group)?;
    let mut numbers = BigNumContext::new()?;
    let form = PointConversionForm::UNCOMPRESSED;
    let point = ephemeral.public_key().to_bytes(&group, form, &mut numbers)?;
    let secret = diffie_hellman(&PKey::from_ec_key(ephemeral)?, certificate)?;
    let kek = derive(&secret)?;
    Ok(Agreed {
        ephemeral: point,
        wrapped: wrap(cipher, &kek, key)?,
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

/// The X9.63 key derivation function (SEC 1 §3.6.1).
pub(in super::super) fn derive(
    hash: MessageDigest,
    secret: &[u8],
    shared_info: &[u8],
    size: usize,
) -> Result<ContentKey, ErrorStack> {
    let mut key = Zeroizing::new(Vec::with_capacity(size + hash.size()));
    let mut round = 1u32;
    while key.len() < size {
        let mut hasher = Hasher::new(hash)?;
        hasher.update(secret)?;
        hasher.update(&round.to_be_bytes())?;
        hasher.update(shared_info)?;
        key.extend_from_slice(&hasher.finish()?);
        round += 1;
    }
    key.truncate(size);
    Ok(key)
}

/// AES key wrap (RFC 3394).
pub(super) fn wrap(cipher: &CipherRef, kek: &ContentKey, key: &ContentKey) -> Result<Vec<u8>, ErrorStack> {
    let mut context = CipherCtx::new()?;
    context.set_flags(CipherCtxFlags::FLAG_WRAP_ALLOW);
    context.encrypt_init(Some(cipher), Some(kek), None)?;
    let mut wrapped = Vec::new();
    context.cipher_update_vec(key, &mut wrapped)?;
    context.cipher_final_vec(&mut wrapped)?;
    Ok(wrapped)
}
