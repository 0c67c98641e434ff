//! Which real mail software is on this machine. Shared by the journeys and the tests of `smime`.

use std::path::Path;

/// Whether every one of `programs`, by name or by full path, is installed. Where one is missing the test is skipped,
/// by name and loudly, unless `SEALGATE_SKIP_NOTHING` says that nothing may be.
pub fn have(test: &str, programs: &[&str]) -> bool {
    let missing: Vec<&&str> = programs.iter().filter(|program| !is_installed(program)).collect();
    if missing.is_empty() {
        return true;
    }
    assert!(
        std::env::var_os("SEALGATE_SKIP_NOTHING").is_none(),
        "{test} needs {missing:?}, and nothing may be skipped here"
    );
    announce(&format!("SKIPPED {test}: {missing:?} not installed"));
    false
}

/// Straight to the terminal: the test harness would keep quiet about it.
pub fn announce(words: &str) {
    let _ = std::fs::write("/dev/tty", format!("{words}\n"));
    println!("{words}");
}

/// Whether a program, by name or by full path, is there.
pub fn is_installed(program: &str) -> bool {
    // A full path replaces the folder that it is joined to.
    ["/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"]
        .iter()
        .any(|folder| Path::new(folder).join(program).exists())
}
