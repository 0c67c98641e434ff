use super::super::issue::{Authority, make_key};
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

/// A distribution point by its full name, an address of the web.
fn full_name(place: &str) -> Vec<u8> {
    element(0xa0, &element(0xa0, &element(0x86, place.as_bytes())))
}

/// A certificate of Ann's with such a distribution point.
fn issued_with_point(root: &Authority, point: &[u8]) -> (String, String) {
    let key = make_key(EC).unwrap();
    let points = extension("2.5.29.31", false, &element(0x30, &element(0x30, point)));
    let x509 = root.certify(&request(ANN, EC), &key, vec![points]).unwrap();
    let serial = x509
        .serial_number()
        .to_bn()
        .unwrap()
        .to_hex_str()
        .unwrap()
        .to_string();
    (String::from_utf8(x509.to_pem().unwrap()).unwrap(), serial)
}

#[test]
fn a_list_for_a_part_of_the_certificates_speaks_for_these_and_no_others() {
    let root = root();
    let here = full_name("http://ca.example/7.crl");
    let only_cas: &[u8] = &[0x82, 0x01, 0xff];
    let only_ends: &[u8] = &[0x81, 0x01, 0xff];
    let some_reasons: &[u8] = &[0x83, 0x02, 0x01, 0x40];
    let indirect: &[u8] = &[0x84, 0x01, 0xff];
    let only_attributes: &[u8] = &[0x85, 0x01, 0xff];
    let with_issuer = [&here[..], &element(0xa2, &element(0x86, b"urn:other"))].concat();
    let with_reasons = [&here[..], &[0x81, 0x02, 0x01, 0x40]].concat();
    // What the certificate names, what the list says of itself, whether silence means that it is not revoked.
    let cases: &[(&str, &[u8], Vec<u8>, bool)] = &[
        ("the same point", &here, here.clone(), true),
        ("end entities only", &here, only_ends.to_vec(), true),
        (
            "the same point, end entities only",
            &here,
            [&here, only_ends].concat(),
            true,
        ),
        (
            "another point",
            &here,
            full_name("http://ca.example/8.crl"),
            false,
        ),
        ("CAs only", &here, only_cas.to_vec(), false),
        (
            "the same point, CAs only",
            &here,
            [&here, only_cas].concat(),
            false,
        ),
        ("both kinds at once", &here, [only_ends, only_cas].concat(), false),
        ("some reasons", &here, [&here, some_reasons].concat(), false),
        ("other issuers too", &here, [&here, indirect].concat(), false),
        ("attribute certificates", &here, only_attributes.to_vec(), false),
        (
            "a point that somebody else keeps",
            &with_issuer,
            here.clone(),
            false,
        ),
        ("a point for some reasons", &with_reasons, here.clone(), false),
        ("nonsense", &here, vec![0x87, 0x01, 0xff], false),
    ];
    for (what, certificate_says, list_says, speaks) in cases {
        let mut folders = Folders::trusting(&root);
        let (ann, serial) = issued_with_point(&root, certificate_says);
        folders.put("recipients/ann.pem", ann);
        folders.require_crl = true;
        let scope = || vec![extension("2.5.29.28", true, &element(0x30, list_says))];
        let list = |serials: &[&str]| {
            root.revocation_list_with(serials, [start(), end()], scope())
                .unwrap()
        };
        folders.put("crls/part.crl", list(&[]));
        let expected = if *speaks {
            Verdict::Chosen
        } else {
            Verdict::RevocationUnknown
        };
        assert_eq!(folders.verdict(ANN), expected, "{what}");
        folders.put("crls/part.crl", list(&[&serial]));
        assert_eq!(
            folders.verdict(ANN),
            Verdict::Revoked,
            "{what}: a list that names it is always believed"
        );
    }
}

#[test]
fn silence_of_a_list_with_an_unknown_critical_extension_proves_nothing() {
    let root = root();
    let mut folders = Folders::trusting(&root);
    folders.recipient("ann", &root.issue(&request(ANN, EC)).unwrap());
    folders.require_crl = true;
    let unknown = vec![extension("2.5.29.27", true, &[0x02, 0x01, 0x01])];
    let list = root.revocation_list_with(&[], [start(), end()], unknown).unwrap();
    folders.put("crls/delta.crl", list);
    assert_eq!(folders.verdict(ANN), Verdict::RevocationUnknown);
}
