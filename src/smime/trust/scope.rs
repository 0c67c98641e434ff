//! Which certificates a revocation list speaks for (RFC 5280 §5.2.5, §6.3.3 (b)): large CAs cut their lists into
//! parts, one for each distribution point, and keep CAs and end entities apart.

use const_oid::ObjectIdentifier;
use der::{Decode, Encode};
use openssl::x509::X509CrlRef;
use x509_cert::certificate::Rfc5280;
use x509_cert::crl::CertificateList;
use x509_cert::ext::pkix::IssuingDistributionPoint;
use x509_cert::name::Name;

use super::super::Certificate;
use super::super::places::point_names;

const ISSUING_DISTRIBUTION_POINT: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.28");

/// The certificates of the list's issuer that are not revoked if the list does not name them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Scope {
    kind: Kind,
    /// Names of the distribution point in DER, one of which the certificate must name; none where the list is for all.
    point: Option<Vec<Vec<u8>>>,
}

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    All,
    Authorities,
    EndEntities,
}

impl Scope {
    /// None when silence of the list proves nothing about anybody: it only says what has changed (delta lists), is for
    /// some reasons only, is about certificates of other issuers too, or has a critical extension nobody here knows.
    pub(super) fn of(crl: &X509CrlRef) -> Option<Scope> {
        let der = crl.to_der().ok()?;
        let list = CertificateList::<Rfc5280>::from_der(&der).ok()?;
        let mut scope = Scope {
            kind: Kind::All,
            point: None,
        };
        for extension in list.tbs_cert_list.crl_extensions.iter().flatten() {
            if extension.extn_id == ISSUING_DISTRIBUTION_POINT {
                let issuing = IssuingDistributionPoint::from_der(extension.extn_value.as_bytes()).ok()?;
                scope = Scope::within(issuing, &list.tbs_cert_list.issuer)?;
            } else if extension.critical {
                return None;
            }
        }
        Some(scope)
    }

    fn within(issuing: IssuingDistributionPoint, issuer: &Name) -> Option<Scope> {
        if issuing.only_some_reasons.is_some()
            || issuing.indirect_crl
            || issuing.only_contains_attribute_certs
        {
            return None;
        }
        let kind = match (issuing.only_contains_user_certs, issuing.only_contains_ca_certs) {
            (false, false) => Kind::All,
            (false, true) => Kind::Authorities,
            (true, false) => Kind::EndEntities,
            (true, true) => return None,
        };
        let point = match issuing.distribution_point {
            None => None,
            Some(point) => {
                let names = point_names(point, issuer)?;
                Some(
                    names
                        .iter()
                        .map(|name| name.to_der().ok())
                        .collect::<Option<_>>()?,
                )
            }
        };
        Some(Scope { kind, point })
    }

    /// Whether the list would name this certificate, which its issuer has issued, if it were revoked.
    pub(super) fn covers(&self, certificate: &Certificate) -> bool {
        let kind = match self.kind {
            Kind::All => true,
            Kind::Authorities => certificate.is_authority(),
            Kind::EndEntities => !certificate.is_authority(),
        };
        let named = |names: &Vec<Vec<u8>>| {
            names
                .iter()
                .any(|name| certificate.places().points.contains(name))
        };
        kind && self.point.as_ref().is_none_or(named)
    }
}
