//! Secrets in files: a passphrase, a PIN. Never in the environment, where every child process would have them.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use zeroize::Zeroizing;

/// Octets that a secret may have.
const LARGEST: u64 = 4096;
/// Characters that a passphrase must have. Key derivation slows guessing down; it cannot save a short word.
const SHORTEST: usize = 16;

/// A secret; wiped when it is dropped.
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Reads the secret that keys are sealed with: the first line of a file that only its owner may read.
    ///
    /// # Errors
    /// Names the file, what is wrong with it and how to mend it.
    pub fn passphrase(file: &Path) -> Result<Secret, String> {
        let secret = Secret::read(file)?;
        match secret.0.len() < SHORTEST {
            true => Err(format!(
                "{}: the secret is shorter than {SHORTEST} characters; make one with: openssl rand -base64 32",
                file.display()
            )),
            false => Ok(secret),
        }
    }

    /// Reads a secret of any length, such as the PIN of an HSM.
    ///
    /// # Errors
    /// Names the file, what is wrong with it and how to mend it.
    pub fn read(file: &Path) -> Result<Secret, String> {
        let mut line = Zeroizing::new(private_file(file, LARGEST)?);
        let whole = line.len();
        let end = line.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
        line.truncate(end.unwrap_or(whole));
        match line.is_empty() {
            true => Err(format!("{}: the first line is empty", file.display())),
            false => Ok(Secret(line)),
        }
    }

    /// The secret itself. Never log it.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// Reads a file that nobody but its owner may read, up to `largest` octets.
///
/// # Errors
/// Names the file; also when its group or others may read or write it.
pub fn private_file(file: &Path, largest: u64) -> Result<Vec<u8>, String> {
    let cannot = |error: std::io::Error| format!("{}: cannot be read: {error}", file.display());
    let opened = File::open(file).map_err(cannot)?;
    // Of the file that was opened: its name may point elsewhere by now.
    let meta = opened.metadata().map_err(cannot)?;
    if !meta.is_file() {
        return Err(format!("{}: is no file", file.display()));
    }
    if meta.permissions().mode() & 0o077 != 0 {
        return Err(format!(
            "{}: its group or others may read or change it; mend it with: chmod 600 {0}",
            file.display()
        ));
    }
    let mut content = Vec::new();
    opened
        .take(largest + 1)
        .read_to_end(&mut content)
        .map_err(cannot)?;
    match content.len() as u64 > largest {
        true => Err(format!("{}: is larger than {largest} octets", file.display())),
        false => Ok(content),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::tests::pki::Temporary;
    use super::*;

    fn chmod(file: &Path, mode: u32) {
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_secret_is_the_first_line_of_a_file_that_only_its_owner_reads() {
        let folder = Temporary::new();
        let file = folder.write("secret", "correct horse battery\nstaple\n");
        for mode in [0o640, 0o604, 0o620, 0o666, 0o610] {
            chmod(&file, mode);
            let told = Secret::passphrase(&file).unwrap_err();
            assert!(told.contains("chmod 600"), "{told}");
        }
        chmod(&file, 0o400);
        assert_eq!(
            Secret::passphrase(&file).unwrap().as_bytes(),
            b"correct horse battery"
        );
        assert_eq!(format!("{:?}", Secret::passphrase(&file).unwrap()), "Secret");
    }

    #[test]
    fn a_short_an_empty_and_a_missing_secret_are_refused() {
        let folder = Temporary::new();
        for (content, words) in [("short\n", "shorter than 16"), ("\nlong enough a line", "empty")] {
            let file = folder.write("secret", content);
            chmod(&file, 0o600);
            let told = Secret::passphrase(&file).unwrap_err();
            assert!(told.contains(words), "{told}");
        }
        let told = Secret::passphrase(&folder.0.join("none")).unwrap_err();
        assert!(told.contains("cannot be read"), "{told}");
        assert!(Secret::passphrase(&folder.0).unwrap_err().contains("no file"));
    }
}
