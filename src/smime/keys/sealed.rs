//! Private keys at rest: PKCS#8, encrypted by PBES2 with AES-256 and scrypt (RFC 5958 §3, RFC 8018, RFC 7914).

use pkcs8::der::pem::PemLabel;
use pkcs8::pkcs5::EncryptionScheme;
use pkcs8::pkcs5::pbes2::{self, Kdf, Pbkdf2Prf};
use pkcs8::{EncryptedPrivateKeyInfoRef, LineEnding, PrivateKeyInfoRef};
use zeroize::Zeroizing;

use super::Secret;

/// scrypt with N = 2^14, r = 8, p = 5: a strength that OWASP counts as equal to N = 2^17, p = 1, and in 16 MB, so that
/// OpenSSL opens it, too, whose limit is 32 MB.
const COST: u64 = 1 << 14;
const BLOCK: u16 = 8;
const PARALLEL: u16 = 5;
/// Rounds of PBKDF2 that are enough (OWASP, for HMAC with SHA-256).
const ROUNDS: u32 = 600_000;

/// Encrypts a private key (PKCS#8 in DER); gives PEM.
///
/// # Errors
/// When it is no private key or there is no randomness.
pub fn seal(der: &[u8], secret: &Secret) -> Result<String, String> {
    let failed = |error: &dyn std::fmt::Display| format!("the private key could not be sealed: {error}");
    let (mut salt, mut iv) = ([0; 16], [0; 16]);
    openssl::rand::rand_bytes(&mut salt).map_err(|e| failed(&e))?;
    openssl::rand::rand_bytes(&mut iv).map_err(|e| failed(&e))?;
    let kdf = pbes2::ScryptParams {
        salt: salt.as_slice().try_into().map_err(|_| failed(&"salt"))?,
        cost_parameter: COST,
        block_size: BLOCK,
        parallelization: PARALLEL,
        key_length: None,
    };
    let parameters = pbes2::Parameters {
        kdf: kdf.into(),
        encryption: pbes2::EncryptionScheme::Aes256Cbc { iv },
    };
    let info = PrivateKeyInfoRef::try_from(der).map_err(|e| failed(&e))?;
    let sealed = info
        .encrypt_with_params(parameters, secret.as_bytes())
        .map_err(|e| failed(&e))?;
    let pem = sealed.to_pem(EncryptedPrivateKeyInfoRef::PEM_LABEL, LineEnding::LF);
    pem.map(|pem| pem.to_string()).map_err(|e| failed(&e))
}

/// Decrypts a private key in DER; gives PKCS#8 in DER.
///
/// # Errors
/// When it is not sealed well enough, or not with this secret.
pub fn open(der: &[u8], secret: &Secret) -> Result<Zeroizing<Vec<u8>>, String> {
    let sealed = EncryptedPrivateKeyInfoRef::try_from(der)
        .map_err(|error| format!("the sealed private key cannot be read: {error}"))?;
    if !is_strong(&sealed.encryption_algorithm) {
        return Err(format!(
            "the private key is sealed too weakly; AES-256 with scrypt, or with {ROUNDS} rounds of PBKDF2 is wanted. \
             'sealgate cert own import' seals it anew"
        ));
    }
    let opened = sealed
        .decrypt(secret.as_bytes())
        .map_err(|_| "the private key does not open with the secret in secret_file".to_owned())?;
    Ok(Zeroizing::new(opened.as_bytes().to_vec()))
}

fn is_strong(scheme: &EncryptionScheme) -> bool {
    let EncryptionScheme::Pbes2(parameters) = scheme else {
        return false;
    };
    let derivation = match &parameters.kdf {
        Kdf::Scrypt(scrypt) => {
            // More than this would stop the start for a long time, or for good.
            let bounded =
                scrypt.cost_parameter <= 1 << 20 && scrypt.block_size <= 32 && scrypt.parallelization <= 64;
            bounded && scrypt.cost_parameter >= COST && scrypt.block_size >= BLOCK
        }
        Kdf::Pbkdf2(pbkdf2) => {
            let hash = matches!(
                pbkdf2.prf,
                Pbkdf2Prf::HmacWithSha256 | Pbkdf2Prf::HmacWithSha384 | Pbkdf2Prf::HmacWithSha512
            );
            hash && (ROUNDS..=10_000_000).contains(&pbkdf2.iteration_count)
        }
        _ => false,
    };
    let cipher = matches!(parameters.encryption, pbes2::EncryptionScheme::Aes256Cbc { .. });
    derivation && cipher
}
