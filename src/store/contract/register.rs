//! What is put into the register is found by what it names, and stays what an administrator made of it.

use std::sync::Arc;

use super::Ground;
use crate::message::{Address, Origin};
use crate::smime::issue::{Authority, KeyKind, Request};
use crate::smime::{Capabilities, Certificate, Curve, Entry, EntryState, Put, Register};
use crate::store::Store;
use crate::store::samples::minute;

const KEY: KeyKind = KeyKind::Ec(Curve::P256);
const ANN: &str = "ann@partner.example";

/// A certificate of its own for each call.
fn certificate(address: &str) -> Arc<Certificate> {
    let (from, to) = (minute(0), minute(60 * 24 * 300));
    let root = Authority::new("Root", KEY, from, to).unwrap();
    let issued = root.issue(&Request::new(address, KEY, from, to)).unwrap();
    let x509 = openssl::x509::X509::from_pem(issued.certificate_pem.as_bytes()).unwrap();
    Arc::new(Certificate::from_der(&x509.to_der().unwrap()).unwrap())
}

fn entry(certificate: &Arc<Certificate>, origin: Origin, state: EntryState, at: i64) -> Entry {
    Entry::new(certificate.clone(), origin, state, minute(at))
}

fn harvested(certificate: &Arc<Certificate>, at: i64) -> Entry {
    entry(certificate, Origin::Harvested, EntryState::InUse, at)
}

async fn look_up(store: &Store, address: &str) -> Vec<Entry> {
    let address: Address = address.parse().unwrap();
    store.look_up(&[address.to_string()]).await.unwrap()
}

async fn only(store: &Store, address: &str) -> Entry {
    let mut found = look_up(store, address).await;
    assert_eq!(found.len(), 1, "{address}");
    found.remove(0)
}

fn prints(entries: &[Entry]) -> Vec<&str> {
    entries
        .iter()
        .map(|entry| entry.certificate.fingerprint())
        .collect()
}

pub(in crate::store) async fn a_certificate_is_found_by_what_it_names_after_a_restart_too(
    ground: &impl Ground,
) {
    let store = ground.open().await;
    let ann = certificate("Ann@PARTNER.example");
    let mut put = harvested(&ann, 3);
    put.capabilities = Some(Capabilities(vec![0x30, 0]));
    put.note = "from \u{1f600} ' a\0b".to_owned();
    assert_eq!(store.put(put.clone()).await.unwrap(), Put::New);
    store
        .put(harvested(&certificate("bob@partner.example"), 3))
        .await
        .unwrap();
    store.close().await;
    let store = ground.open().await;
    let found = only(&store, ANN).await;
    assert_eq!(found.certificate.to_der(), ann.to_der());
    assert_eq!(found.keys(), [ANN]);
    assert_eq!(
        (found.origin, found.state, found.first_seen, found.last_seen),
        (Origin::Harvested, EntryState::InUse, minute(3), minute(3))
    );
    assert_eq!((found.capabilities, found.note), (put.capabilities, put.note));
    assert!(look_up(&store, "eve@partner.example").await.is_empty());
    assert!(store.look_up(&[]).await.unwrap().is_empty());
    let both = [ANN.to_owned(), "bob@partner.example".to_owned(), ANN.to_owned()];
    assert_eq!(store.look_up(&both).await.unwrap().len(), 2, "each once");
}

pub(in crate::store) async fn another_certificate_for_an_address_is_called_a_change(ground: &impl Ground) {
    let store = ground.open().await;
    let (first, second) = (certificate(ANN), certificate(ANN));
    assert_eq!(store.put(harvested(&first, 0)).await.unwrap(), Put::New);
    assert_eq!(store.put(harvested(&first, 1)).await.unwrap(), Put::Refreshed);
    let others = vec![first.fingerprint().to_owned()];
    assert_eq!(
        store.put(harvested(&second, 2)).await.unwrap(),
        Put::Changed(others)
    );
    assert_eq!(store.put(harvested(&second, 3)).await.unwrap(), Put::Refreshed);
    assert_eq!(store.put(harvested(&first, 4)).await.unwrap(), Put::Refreshed);
    assert_eq!(look_up(&store, ANN).await.len(), 2);
}

pub(in crate::store) async fn seeing_a_certificate_again_never_makes_its_entry_weaker(ground: &impl Ground) {
    use EntryState::{InUse, Vouched, Waiting};
    let store = ground.open().await;
    for (before, put, after) in [
        (Waiting, Waiting, Waiting),
        (Waiting, InUse, InUse),
        (InUse, Waiting, InUse),
        (InUse, Vouched, Vouched),
        (Vouched, Waiting, Vouched),
        (Vouched, InUse, Vouched),
    ] {
        let one = certificate(ANN);
        let print = one.fingerprint();
        let mut earlier = entry(&one, Origin::Enrolled, before, 5);
        earlier.note = "first".to_owned();
        earlier.capabilities = Some(Capabilities(vec![1]));
        store.put(earlier).await.unwrap();
        store.put(entry(&one, Origin::Harvested, put, 2)).await.unwrap();
        let kept = store.beginning_with(print).await.unwrap().remove(0);
        assert_eq!(
            (kept.state, kept.origin),
            (after, Origin::Enrolled),
            "{before:?} {put:?}"
        );
        assert_eq!((kept.first_seen, kept.last_seen), (minute(2), minute(5)));
        assert_eq!(
            (kept.note.as_str(), kept.capabilities),
            ("first", Some(Capabilities(vec![1])))
        );
        let mut import = entry(&one, Origin::Imported, InUse, 9);
        import.note = "second".to_owned();
        import.capabilities = Some(Capabilities(vec![2]));
        store.put(import).await.unwrap();
        let kept = store.beginning_with(print).await.unwrap().remove(0);
        assert_eq!((kept.origin, kept.last_seen), (Origin::Imported, minute(9)));
        assert_eq!(
            (kept.note.as_str(), kept.capabilities),
            ("second", Some(Capabilities(vec![2])))
        );
    }
}

pub(in crate::store) async fn an_entry_is_changed_and_removed_by_its_fingerprint(ground: &impl Ground) {
    let store = ground.open().await;
    let one = certificate(ANN);
    let print = one.fingerprint();
    store
        .put(entry(&one, Origin::Harvested, EntryState::Waiting, 0))
        .await
        .unwrap();
    assert!(
        store
            .set_state(print, EntryState::Vouched, "root: known")
            .await
            .unwrap()
    );
    assert!(
        store
            .set_capabilities(print, Some(Capabilities(vec![7])))
            .await
            .unwrap()
    );
    let kept = only(&store, ANN).await;
    assert_eq!(
        (kept.state, kept.note.as_str()),
        (EntryState::Vouched, "root: known")
    );
    assert_eq!(kept.capabilities, Some(Capabilities(vec![7])));
    assert!(store.set_state(print, EntryState::Waiting, "").await.unwrap());
    assert!(store.set_capabilities(print, None).await.unwrap());
    let kept = only(&store, ANN).await;
    assert_eq!((kept.state, kept.capabilities), (EntryState::Waiting, None));
    assert!(store.remove(print).await.unwrap());
    assert!(look_up(&store, ANN).await.is_empty());
    let unknown = [
        store.set_state(print, EntryState::InUse, "").await.unwrap(),
        store.set_capabilities(print, None).await.unwrap(),
        store.remove(print).await.unwrap(),
    ];
    assert_eq!(unknown, [false; 3]);
    assert_eq!(
        store.put(harvested(&one, 1)).await.unwrap(),
        Put::New,
        "nothing was left behind"
    );
}

pub(in crate::store) async fn the_register_is_read_in_pages_and_by_the_first_digits(ground: &impl Ground) {
    let store = ground.open().await;
    let mut all = Vec::new();
    for number in 0..7 {
        let one = certificate(&format!("a{number}@partner.example"));
        all.push(one.fingerprint().to_owned());
        store.put(harvested(&one, 0)).await.unwrap();
    }
    all.sort();
    let mut read = Vec::new();
    let mut after = String::new();
    loop {
        let page = store.page(&after, 3).await.unwrap();
        let Some(last) = page.last() else { break };
        assert!(page.len() <= 3);
        after = last.certificate.fingerprint().to_owned();
        read.extend(prints(&page).into_iter().map(str::to_owned));
    }
    assert_eq!(read, all);
    for print in &all {
        for digits in [print.as_str(), &print[..20]] {
            assert_eq!(
                prints(&store.beginning_with(digits).await.unwrap()),
                [print.as_str()]
            );
        }
    }
    assert_eq!(store.beginning_with("").await.unwrap().len(), 7);
    for none in ["g", "'", "%", &"f".repeat(65)] {
        assert!(store.beginning_with(none).await.unwrap().is_empty(), "{none}");
    }
}
