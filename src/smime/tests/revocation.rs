use super::super::issue::Authority;
use super::pki::*;
use crate::message::CertificateVerdict as Verdict;

#[test]
fn without_a_current_list_nothing_is_sent_when_lists_are_required() {
    let root = root();
    let mut folders = Folders::trusting(&root);
    let ann = root.issue(&request(ANN, EC)).unwrap();
    folders.recipient("ann", &ann);
    folders.require_crl = true;
    assert_eq!(folders.verdict(ANN), Verdict::RevocationUnknown);
    let list =
        |serials: &[&str], from: &str, to: &str| root.revocation_list(serials, at(from), at(to)).unwrap();
    folders.put(
        "crls/root.crl",
        list(&[], "2027-01-01T00:00:00Z", "2027-06-01T12:00:00Z"),
    );
    assert_eq!(folders.verdict(ANN), Verdict::RevocationUnknown, "stale");
    folders.put(
        "crls/root.crl",
        list(&[], "2027-06-01T12:00:01Z", "2028-06-01T00:00:00Z"),
    );
    assert_eq!(
        folders.verdict(ANN),
        Verdict::RevocationUnknown,
        "from the future"
    );
    folders.put(
        "crls/root.crl",
        list(&[], "2027-06-01T12:00:00Z", "2028-06-01T00:00:00Z"),
    );
    assert_eq!(folders.verdict(ANN), Verdict::Chosen);
    folders.put(
        "crls/root.crl",
        list(&[&ann.serial], "2027-06-01T12:00:00Z", "2028-06-01T00:00:00Z"),
    );
    assert_eq!(folders.verdict(ANN), Verdict::Revoked);
    folders.require_crl = false;
    folders.put(
        "crls/root.crl",
        list(&[&ann.serial], "2026-06-01T12:00:00Z", "2026-07-01T00:00:00Z"),
    );
    assert_eq!(
        folders.verdict(ANN),
        Verdict::Revoked,
        "a stale list that names it is still believed"
    );
}

#[test]
fn a_list_of_another_ca_with_the_same_name_proves_nothing_good() {
    let root = root();
    let namesake = Authority::new("Test Root", EC, start(), end()).unwrap();
    let mut folders = Folders::trusting(&root);
    folders.put("anchors/namesake.pem", namesake.certificate_pem().unwrap());
    folders.recipient("ann", &root.issue(&request(ANN, EC)).unwrap());
    folders.put(
        "crls/list.pem",
        namesake.revocation_list(&[], start(), end()).unwrap(),
    );
    folders.require_crl = true;
    assert_eq!(folders.verdict(ANN), Verdict::RevocationUnknown);
}

#[test]
fn a_list_that_no_known_ca_has_signed_is_an_error_that_names_the_file() {
    let root = root();
    let folders = Folders::trusting(&root);
    let forger = Authority::new("Test Root", EC, start(), end()).unwrap();
    folders.put(
        "crls/forged.crl",
        forger.revocation_list(&[], start(), end()).unwrap(),
    );
    let error = folders.load().err().unwrap();
    assert!(
        error.contains("forged.crl") && error.contains("CN=Test Root"),
        "{error}"
    );
}

#[test]
fn a_revoked_intermediate_takes_its_certificates_with_it() {
    let root = root();
    let folders = Folders::trusting(&root);
    let middle = root.intermediate("Middle", EC, start(), end()).unwrap();
    folders.put("intermediates/middle.pem", middle.certificate_pem().unwrap());
    folders.recipient("ann", &middle.issue(&request(ANN, EC)).unwrap());
    assert_eq!(folders.verdict(ANN), Verdict::Chosen);
    let list = root
        .revocation_list(&[&middle.serial().unwrap()], start(), end())
        .unwrap();
    folders.put("crls/root.crl", list);
    assert_eq!(
        untrusted(folders.verdict(ANN)),
        "the CA certificate CN=Middle has been revoked"
    );
}

#[test]
fn a_certificate_on_a_list_is_revoked_even_when_its_path_is_broken_too() {
    let root = root();
    let folders = Folders::trusting(&root);
    let middle = root
        .intermediate("Middle", EC, start(), at("2027-01-01T00:00:00Z"))
        .unwrap();
    folders.put("intermediates/middle.pem", middle.certificate_pem().unwrap());
    let ann = middle.issue(&request(ANN, EC)).unwrap();
    folders.recipient("ann", &ann);
    assert_eq!(
        untrusted(folders.verdict(ANN)),
        "the CA certificate CN=Middle has expired"
    );
    folders.put(
        "crls/middle.crl",
        middle.revocation_list(&[&ann.serial], start(), end()).unwrap(),
    );
    assert_eq!(folders.verdict(ANN), Verdict::Revoked);
}

#[test]
fn silence_of_a_list_for_a_part_of_the_certificates_proves_nothing() {
    let root = root();
    let mut folders = Folders::trusting(&root);
    let ann = root.issue(&request(ANN, EC)).unwrap();
    folders.recipient("ann", &ann);
    folders.require_crl = true;
    // issuingDistributionPoint { onlyContainsCACerts TRUE }, critical (RFC 5280 §5.2.5).
    let only_cas = || vec![extension("2.5.29.28", true, &[0x30, 0x03, 0x82, 0x01, 0xff])];
    let list = |serials: &[&str]| {
        root.revocation_list_with(serials, [start(), end()], only_cas())
            .unwrap()
    };
    folders.put("crls/part.crl", list(&[]));
    assert_eq!(folders.verdict(ANN), Verdict::RevocationUnknown);
    folders.put("crls/part.crl", list(&[&ann.serial]));
    assert_eq!(folders.verdict(ANN), Verdict::Revoked);
}
