//! What is particular to this kind: group commit, files, crashes, a full disk, the lock, tampering, purges.

use super::*;
use crate::store::Store;
use crate::store::contract::{self, Ground};
use crate::store::samples::TemporaryDirectory;

impl Ground for TemporaryDirectory {
    async fn open(&self) -> Store {
        Store::open(&self.settings()).await.unwrap()
    }
}

mod contract_suite {
    use super::*;

    contract::suite!(TemporaryDirectory::new());
}
