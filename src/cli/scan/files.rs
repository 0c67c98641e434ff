//! Paths → the files to read, in order.

use std::collections::BTreeSet;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// What stands for the standard input.
pub const STANDARD_INPUT: &str = "-";

/// The files that the paths name: paths in the order given, what is below a directory in order of name. A link is
/// followed, and no directory is entered twice, so that links that go in circles do no harm. What cannot be opened
/// is in the list too: reading it will say why.
pub fn gather(paths: &[PathBuf]) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut entered = BTreeSet::new();
    for path in paths {
        // Taken from the end: a directory is replaced by its entries, the first one last.
        let mut waiting = vec![path.clone()];
        while let Some(path) = waiting.pop() {
            match directory(&path) {
                Some(place) if entered.insert(place) => match entries(&path) {
                    Ok(entries) => waiting.extend(entries),
                    Err(_) => files.push(path),
                },
                Some(_) => {}
                None => files.push(path),
            }
        }
    }
    files
}

/// Where a directory really is, by device and number.
fn directory(path: &Path) -> Option<(u64, u64)> {
    let metadata = fs::metadata(path).ok().filter(Metadata::is_dir)?;
    Some((metadata.dev(), metadata.ino()))
}

/// What is worth reading in a directory, the last name first. Devices, pipes and sockets are not: reading them could
/// wait for ever. Named on the command line, they are read.
fn entries(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut entries: Vec<PathBuf> = fs::read_dir(path)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| fs::metadata(path).map_or(true, |is| is.is_file() || is.is_dir()))
        .collect();
    entries.sort_by(|a, b| b.cmp(a));
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn files_come_in_order_and_links_that_go_in_circles_end() {
        let folder = std::env::temp_dir().join(format!("sealgate-scan-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("b/deep")).unwrap();
        for file in ["b/deep/two", "a", "c"] {
            fs::write(folder.join(file), "x").unwrap();
        }
        symlink(&folder, folder.join("b/deep/up")).unwrap();
        symlink(folder.join("nowhere"), folder.join("d")).unwrap();
        nix::unistd::mkfifo(&folder.join("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        let missing = folder.join("missing");
        let found = gather(&[missing.clone(), folder.clone()]);
        let below = |name: &str| folder.join(name);
        let expected = [missing, below("a"), below("b/deep/two"), below("c"), below("d")];
        assert_eq!(found, expected);
        fs::remove_dir_all(&folder).unwrap();
    }
}
