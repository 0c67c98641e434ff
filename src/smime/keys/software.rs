//! A private key in memory, by OpenSSL.

use openssl::error::ErrorStack;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Padding;
use openssl::sign::{RsaPssSaltlen, Signer};

use super::super::Certificate;
use super::super::signing::Scheme;
use super::SigningKey;

/// A private key in memory.
pub struct SoftwareKey(PKey<Private>);

impl SoftwareKey {
    /// Takes a private key (PKCS#8 in DER).
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn from_pkcs8(der: &[u8]) -> Result<SoftwareKey, String> {
        let key = PKey::private_key_from_pkcs8(der);
        key.map(SoftwareKey)
            .map_err(|_| "the private key is of a kind that OpenSSL does not read".to_owned())
    }

    /// Whether it is the private key to the certificate's public one.
    pub fn belongs_to(&self, certificate: &Certificate) -> bool {
        let public = certificate.x509().public_key();
        public.is_ok_and(|public| public.public_eq(&self.0))
    }
}

impl SigningKey for SoftwareKey {
    fn sign(&self, scheme: Scheme, message: &[u8]) -> Result<Vec<u8>, String> {
        let sign = || -> Result<Vec<u8>, ErrorStack> {
            let mut signer = Signer::new(scheme.hash().openssl(), &self.0)?;
            match scheme {
                Scheme::RsaPkcs1(_) => signer.set_rsa_padding(Padding::PKCS1)?,
                Scheme::RsaPss(hash) => {
                    signer.set_rsa_padding(Padding::PKCS1_PSS)?;
                    signer.set_rsa_mgf1_md(hash.openssl())?;
                    signer.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH)?;
                }
                Scheme::Ecdsa(_) => {}
            }
            signer.sign_oneshot_to_vec(message)
        };
        sign().map_err(|error| error.to_string())
    }
}
