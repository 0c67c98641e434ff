//! Keeps the last of the disk for mail that is already here: to send it on takes writing too, and a queue that
//! has filled the disk could never empty it again.

use std::path::Path;

use crate::store::failure::Failure;

/// Whether `octets` can be written and `reserve` is still free.
///
/// # Errors
/// [`Failure::Full`] when not. What the system does not tell is no reason to take no mail.
pub(super) fn check(directory: &Path, octets: u64, reserve: u64) -> Result<(), Failure> {
    let Ok(disk) = nix::sys::statvfs::statvfs(directory) else {
        return Ok(());
    };
    let free = disk.blocks_available().saturating_mul(disk.fragment_size());
    match free < octets.saturating_add(reserve) {
        true => Err(Failure::Full),
        false => Ok(()),
    }
}
