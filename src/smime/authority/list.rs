//! Revocation lists (RFC 5280 §5): every certificate that is revoked and has not ended by itself.
//!
//! Written with RustCrypto's types, since OpenSSL's safe API has no reasons in the entries of a list.

use const_oid::AssociatedOid;
use const_oid::db::rfc5912::{
    ECDSA_WITH_SHA_256, ECDSA_WITH_SHA_384, ECDSA_WITH_SHA_512, SHA_256_WITH_RSA_ENCRYPTION,
};
use der::asn1::{Any, BitString, OctetString, Uint};
use der::{Decode, Encode};
use openssl::pkey::Id;
use openssl::sign::Signer;
use spki::AlgorithmIdentifierOwned;
use x509_cert::Version;
use x509_cert::crl::{CertificateList, RevokedCert, TbsCertList};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::{AuthorityKeyIdentifier, CrlNumber, CrlReason};
use x509_cert::serial_number::SerialNumber;
use x509_cert::time::Time;

use super::super::issue::extensions::key_identifier;
use super::super::issue::{Authority, IssueError, digest};
use super::{Entry, Ledger, Reason};

/// Makes the list with the ledger's number, in DER.
pub(super) fn make(
    authority: &Authority,
    ledger: &Ledger,
    now: jiff::Timestamp,
    next: jiff::Timestamp,
) -> Result<Vec<u8>, IssueError> {
    let certificate = x509_cert::Certificate::from_der(&authority.certificate().to_der()?)?;
    let algorithm = algorithm(authority)?;
    let listed = ledger.certificates.iter().filter(|entry| entry.not_after > now);
    let revoked = listed.filter_map(|entry| revoked(entry).transpose());
    let revoked: Vec<RevokedCert> = revoked.collect::<Result<_, _>>()?;
    let tbs: TbsCertList = TbsCertList {
        version: Version::V2,
        signature: algorithm.clone(),
        issuer: certificate.tbs_certificate().subject().clone(),
        this_update: time(now)?,
        next_update: Some(time(next)?),
        // RFC 5280 §5.1.2.6: absent when there is none.
        revoked_certificates: (!revoked.is_empty()).then_some(revoked),
        crl_extensions: Some(extensions(authority, ledger.list_number)?),
    };
    let mut signer = Signer::new(digest(authority.key()), authority.key())?;
    let signature = signer.sign_oneshot_to_vec(&tbs.to_der()?)?;
    let list: CertificateList = CertificateList {
        tbs_cert_list: tbs,
        signature_algorithm: algorithm,
        signature: BitString::from_bytes(&signature)?,
    };
    Ok(list.to_der()?)
}

fn revoked(entry: &Entry) -> Result<Option<RevokedCert>, IssueError> {
    let Some(revocation) = &entry.revoked else {
        return Ok(None);
    };
    let reason = match revocation.reason {
        // RFC 5280 §5.3.1: left out rather than said.
        Reason::Unspecified => None,
        Reason::KeyCompromise => Some(CrlReason::KeyCompromise),
        Reason::AffiliationChanged => Some(CrlReason::AffiliationChanged),
        Reason::Superseded => Some(CrlReason::Superseded),
        Reason::CessationOfOperation => Some(CrlReason::CessationOfOperation),
    };
    let reason = reason.map(|reason| extension::<CrlReason>(&reason)).transpose()?;
    let number = openssl::bn::BigNum::from_hex_str(&entry.serial)?.to_vec();
    Ok(Some(RevokedCert {
        serial_number: SerialNumber::new(&number)?,
        revocation_date: time(revocation.at)?,
        crl_entry_extensions: reason.map(|reason| vec![reason]),
    }))
}

fn extensions(authority: &Authority, number: u64) -> Result<Vec<Extension>, IssueError> {
    let issuer = AuthorityKeyIdentifier {
        key_identifier: Some(OctetString::new(key_identifier(authority.key())?)?),
        ..AuthorityKeyIdentifier::default()
    };
    let number = CrlNumber(Uint::new(&number.to_be_bytes())?);
    Ok(vec![extension(&issuer)?, extension(&number)?])
}

fn extension<T: AssociatedOid + Encode>(value: &T) -> der::Result<Extension> {
    Ok(Extension {
        extn_id: T::OID,
        critical: false,
        extn_value: OctetString::new(value.to_der()?)?,
    })
}

fn algorithm(authority: &Authority) -> Result<AlgorithmIdentifierOwned, IssueError> {
    let key = authority.key();
    let oid = match (key.id(), key.bits()) {
        (Id::EC, bits) if bits > 384 => ECDSA_WITH_SHA_512,
        (Id::EC, bits) if bits > 256 => ECDSA_WITH_SHA_384,
        (Id::EC, _) => ECDSA_WITH_SHA_256,
        _ => SHA_256_WITH_RSA_ENCRYPTION,
    };
    Ok(AlgorithmIdentifierOwned {
        oid,
        parameters: (key.id() != Id::EC).then(Any::null),
    })
}

fn time(at: jiff::Timestamp) -> der::Result<Time> {
    let seconds = std::time::Duration::from_secs(u64::try_from(at.as_second()).unwrap_or(0));
    Time::try_from(std::time::UNIX_EPOCH + seconds)
}
