//! ML-KEM (FIPS 203), by RustCrypto: OpenSSL knows it from 3.5 on, and its safe API does not offer it.

use ml_kem::{B32, EncapsulationKey, MlKem512, MlKem768, MlKem1024, TryKeyInit};
use zeroize::Zeroizing;

use super::MlKem;

/// Octets of randomness that one encapsulation takes (FIPS 203 §7.2).
pub(super) const RANDOM: usize = 32;

/// Whether the octets are a key of this kind (FIPS 203 §7.2: size and modulus check).
pub(super) fn is_key(level: MlKem, public: &[u8]) -> bool {
    match level {
        MlKem::L512 => EncapsulationKey::<MlKem512>::new_from_slice(public).is_ok(),
        MlKem::L768 => EncapsulationKey::<MlKem768>::new_from_slice(public).is_ok(),
        MlKem::L1024 => EncapsulationKey::<MlKem1024>::new_from_slice(public).is_ok(),
    }
}

/// The ciphertext for the holder of the key, and the secret that only he gets from it. None when it is no such key.
/// `random` must come from a generator for secrets, and be used once.
pub(super) fn encapsulate(
    level: MlKem,
    public: &[u8],
    random: &[u8; RANDOM],
) -> Option<(Vec<u8>, Zeroizing<Vec<u8>>)> {
    let random = B32::from(*random);
    macro_rules! with {
        ($kind:ty) => {{
            let key = EncapsulationKey::<$kind>::new_from_slice(public).ok()?;
            let (ciphertext, secret) = key.encapsulate_deterministic(&random);
            (ciphertext.to_vec(), Zeroizing::new(secret.to_vec()))
        }};
    }
    Some(match level {
        MlKem::L512 => with!(MlKem512),
        MlKem::L768 => with!(MlKem768),
        MlKem::L1024 => with!(MlKem1024),
    })
}
