//! PKCS#11 libraries in this process. Each is loaded once and stays: it can be set up only once at a time, and an old
//! key ring must not take it away from the new one.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, PoisonError, RwLock};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};

/// Numbers each time that a library is set up.
static TIMES: AtomicU64 = AtomicU64::new(0);

/// Each library with the number of the time that it was set up. Whoever calls one holds the lock for reading: while a
/// library is taken down, nobody may be in it (PKCS#11 2.40 §5.4, C_Finalize).
static LIBRARIES: LazyLock<RwLock<HashMap<PathBuf, (Pkcs11, u64)>>> = LazyLock::new(RwLock::default);

/// Calls the library, which is loaded when it is not yet.
pub(super) fn with<T>(path: &Path, call: impl FnOnce(&Pkcs11, u64) -> T) -> Result<T, String> {
    let libraries = LIBRARIES.read().unwrap_or_else(PoisonError::into_inner);
    if let Some((library, time)) = libraries.get(path) {
        return Ok(call(library, *time));
    }
    drop(libraries);
    let mut libraries = LIBRARIES.write().unwrap_or_else(PoisonError::into_inner);
    if !libraries.contains_key(path) {
        libraries.insert(path.to_owned(), load(path)?);
    }
    drop(libraries);
    let libraries = LIBRARIES.read().unwrap_or_else(PoisonError::into_inner);
    match libraries.get(path) {
        Some((library, time)) => Ok(call(library, *time)),
        None => Err("the PKCS#11 library is being set up anew".to_owned()),
    }
}

/// Takes the library down and sets it up again, which makes it look for its tokens again. All its sessions end.
pub(super) fn set_up_anew(path: &Path) -> Result<(), String> {
    let mut libraries = LIBRARIES.write().unwrap_or_else(PoisonError::into_inner);
    if let Some((library, _)) = libraries.remove(path) {
        // That it fails is no reason not to try again.
        let _ = library.finalize();
    }
    libraries.insert(path.to_owned(), load(path)?);
    Ok(())
}

fn load(path: &Path) -> Result<(Pkcs11, u64), String> {
    let failed = |error: Error| format!("the PKCS#11 library {} cannot be used: {error}", path.display());
    let library = Pkcs11::new(path).map_err(failed)?;
    match library.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {
            Ok((library, TIMES.fetch_add(1, Ordering::Relaxed)))
        }
        Err(error) => Err(failed(error)),
    }
}
