//! Opens the content key with a private key of our own: RSA (RFC 8017 §7), or a key agreement on a curve (RFC 5753).

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5912::{
    ID_MGF_1, ID_RSAES_OAEP, ID_SHA_1, ID_SHA_256, ID_SHA_384, ID_SHA_512, RSA_ENCRYPTION,
};
use der::asn1::{AnyRef, OctetStringRef};
use der::{Decode, Encode, Sequence};
use openssl::bn::BigNumContext;
use openssl::cipher::{Cipher, CipherRef};
use openssl::cipher_ctx::{CipherCtx, CipherCtxFlags};
use openssl::derive::Deriver;
use openssl::ec::{EcKey, EcPoint};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::md::{Md, MdRef};
use openssl::pkey::{PKey, Private};
use openssl::pkey_ctx::PkeyCtx;
use openssl::rsa::Padding;
use zeroize::Zeroizing;

use super::super::asn::{CONTEXT_0, CONTEXT_1, CONTEXT_2, OCTETS, SEQUENCE};
use super::super::cms::derive;
use super::envelope::{Recipient, Way, inner};
use crate::message::ber::Elements;

type ContentKey = Zeroizing<Vec<u8>>;

/// Opens the content key, which must have `size` octets.
///
/// With RSA PKCS#1 v1.5, a key that does not open is replaced by a random one: that the padding was wrong must not be told
/// apart from a wrong content (RFC 3218 §2.3.2, RFC 8017 §7.2.2).
///
/// # Errors
/// What is wrong, in a few words.
pub(super) fn open(
    recipient: &Recipient<'_>,
    own: &PKey<Private>,
    size: usize,
) -> Result<ContentKey, &'static str> {
    let failed = |_: ErrorStack| "the content key does not open";
    match &recipient.way {
        Way::Transport if recipient.algorithm.oid == RSA_ENCRYPTION => {
            let mut spare = Zeroizing::new(vec![0; size]);
            openssl::rand::rand_priv_bytes(&mut spare).map_err(failed)?;
            let opened = rsa(own, recipient.key, |context| {
                context.set_rsa_padding(Padding::PKCS1)
            });
            Ok(opened.ok().filter(|key| key.len() == size).unwrap_or(spare))
        }
        Way::Transport if recipient.algorithm.oid == ID_RSAES_OAEP => {
            let (hash, mask) = oaep(recipient.algorithm.parameters).ok_or("an unknown form of RSA-OAEP")?;
            let prepare = |context: &mut PkeyCtx<Private>| {
                context.set_rsa_padding(Padding::PKCS1_OAEP)?;
                context.set_rsa_oaep_md(hash)?;
                context.set_rsa_mgf1_md(mask)
            };
            rsa(own, recipient.key, prepare).map_err(failed)
        }
        Way::Transport => Err("the content key is encrypted in an unknown way"),
        Way::Agreement { point, more } => {
            let hash = derivation(recipient.algorithm.oid).ok_or("an unknown key agreement")?;
            let wrap = inner(recipient.algorithm.parameters).ok_or("an unknown key agreement")?;
            let (cipher, wrap_size) = key_wrap(wrap.oid).ok_or("an unknown key wrap")?;
            let info = shared_info(recipient.algorithm.parameters, *more, wrap_size);
            let info = info.map_err(|_| "an unknown key agreement")?;
            let secret = agree(own, point).map_err(failed)?;
            let kek = derive(hash, &secret, &info, wrap_size).map_err(failed)?;
            unwrap(cipher, &kek, recipient.key).map_err(failed)
        }
    }
}

fn rsa(
    own: &PKey<Private>,
    encrypted: &[u8],
    prepare: impl Fn(&mut PkeyCtx<Private>) -> Result<(), ErrorStack>,
) -> Result<ContentKey, ErrorStack> {
    let mut context = PkeyCtx::new(own)?;
    context.decrypt_init()?;
    prepare(&mut context)?;
    let mut key = Zeroizing::new(Vec::new());
    context.decrypt_to_vec(encrypted, &mut key)?;
    Ok(key)
}

/// The hash and the hash of MGF1 (RFC 4055 §4.1). A label is not understood, for nobody has one.
fn oaep(parameters: &[u8]) -> Option<(&'static MdRef, &'static MdRef)> {
    let mut fields = match parameters {
        [] => Elements::of(&[]),
        _ => Elements::of(parameters).enter(SEQUENCE)?,
    };
    let hash = match fields.take(CONTEXT_0) {
        Some(hash) => digest(inner(hash.content)?.oid)?,
        None => Md::sha1(),
    };
    let mask = match fields.take(CONTEXT_1) {
        Some(mask) => {
            let mask = inner(mask.content).filter(|mask| mask.oid == ID_MGF_1)?;
            digest(inner(mask.parameters)?.oid)?
        }
        None => Md::sha1(),
    };
    let empty_label = match fields.take(CONTEXT_2) {
        Some(source) => {
            let label = inner(source.content)?.parameters;
            Elements::of(label).take(OCTETS)?.content.is_empty()
        }
        None => true,
    };
    (empty_label && fields.is_empty()).then_some((hash, mask))
}

fn digest(oid: ObjectIdentifier) -> Option<&'static MdRef> {
    match oid {
        ID_SHA_1 => Some(Md::sha1()),
        ID_SHA_256 => Some(Md::sha256()),
        ID_SHA_384 => Some(Md::sha384()),
        ID_SHA_512 => Some(Md::sha512()),
        _ => None,
    }
}

/// dhSinglePass-stdDH, and with the cofactor, which is 1 on all curves here (RFC 5753 §7.1.4).
fn derivation(oid: ObjectIdentifier) -> Option<MessageDigest> {
    match oid.to_string().as_str() {
        "1.3.133.16.840.63.0.2" | "1.3.133.16.840.63.0.3" => Some(MessageDigest::sha1()),
        "1.3.132.1.11.1" | "1.3.132.1.14.1" => Some(MessageDigest::sha256()),
        "1.3.132.1.11.2" | "1.3.132.1.14.2" => Some(MessageDigest::sha384()),
        "1.3.132.1.11.3" | "1.3.132.1.14.3" => Some(MessageDigest::sha512()),
        _ => None,
    }
}

/// AES key wrap (RFC 3565 §2.3.2) and the size of its key.
fn key_wrap(oid: ObjectIdentifier) -> Option<(&'static CipherRef, usize)> {
    match oid.to_string().as_str() {
        "2.16.840.1.101.3.4.1.5" => Some((Cipher::aes_128_wrap(), 16)),
        "2.16.840.1.101.3.4.1.25" => Some((Cipher::aes_192_wrap(), 24)),
        "2.16.840.1.101.3.4.1.45" => Some((Cipher::aes_256_wrap(), 32)),
        _ => None,
    }
}

/// ECC-CMS-SharedInfo (RFC 5753 §7.2) in DER, with the algorithm as the sender wrote it.
#[derive(Sequence)]
struct SharedInfo<'a> {
    key_info: AnyRef<'a>,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    entity_u_info: Option<&'a OctetStringRef>,
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT")]
    supp_pub_info: &'a OctetStringRef,
}

fn shared_info(wrap: &[u8], more: Option<&[u8]>, size: usize) -> der::Result<Vec<u8>> {
    let bits = (size as u32).saturating_mul(8).to_be_bytes();
    let info = SharedInfo {
        key_info: AnyRef::from_der(wrap)?,
        entity_u_info: more.map(OctetStringRef::new).transpose()?,
        supp_pub_info: OctetStringRef::new(&bits)?,
    };
    info.to_der()
}

fn agree(own: &PKey<Private>, point: &[u8]) -> Result<Zeroizing<Vec<u8>>, ErrorStack> {
    let own_ec = own.ec_key()?;
    let group = own_ec.group();
    let mut numbers = BigNumContext::new()?;
    // A point that is not on the curve is refused here.
    let point = EcPoint::from_bytes(group, point, &mut numbers)?;
    let theirs = EcKey::from_public_key(group, &point)?;
    theirs.check_key()?;
    let theirs = PKey::from_ec_key(theirs)?;
    let mut deriver = Deriver::new(own)?;
    deriver.set_peer(&theirs)?;
    Ok(Zeroizing::new(deriver.derive_to_vec()?))
}

/// AES key wrap (RFC 3394).
fn unwrap(cipher: &CipherRef, kek: &[u8], wrapped: &[u8]) -> Result<ContentKey, ErrorStack> {
    let mut context = CipherCtx::new()?;
    context.set_flags(CipherCtxFlags::FLAG_WRAP_ALLOW);
    context.decrypt_init(Some(cipher), Some(kek), None)?;
    let mut key = Zeroizing::new(Vec::new());
    context.cipher_update_vec(wrapped, &mut key)?;
    context.cipher_final_vec(&mut key)?;
    Ok(key)
}
