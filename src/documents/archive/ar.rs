//! Archives of `ar`, which Debian packages are: files one behind the other, each with a header in text.

use super::super::Visit;
use super::number;
use crate::message::ObstacleKind;

pub(super) fn read(visit: &mut Visit<'_>) -> bool {
    let Some(members) = visit.bytes().strip_prefix(b"!<arch>\n") else {
        return false;
    };
    if members.get(58..60) != Some(b"`\n") {
        return false;
    }
    visit.members(members);
    true
}

const HEADER: usize = 60;

impl Visit<'_> {
    fn members(&mut self, mut rest: &[u8]) {
        while !rest.is_empty() {
            let header = rest.get(..HEADER).filter(|header| header.ends_with(b"`\n"));
            let size = header.and_then(|header| number(header.get(48..58)?, 10));
            let Some((header, size)) = header.zip(size) else {
                self.obstacle(ObstacleKind::Malformed, "is damaged: a header in it is not sound");
                return self.outside(rest);
            };
            let content = rest.get(HEADER..).unwrap_or_default();
            if size > content.len() {
                self.obstacle(
                    ObstacleKind::Malformed,
                    "is damaged: it ends in the middle of a file",
                );
            }
            let (content, behind) = content.split_at(size.min(content.len()));
            self.archived(header, content);
            // Files begin at even offsets.
            rest = behind
                .strip_prefix(b"\n")
                .filter(|_| size % 2 == 1)
                .unwrap_or(behind);
        }
    }

    fn archived(&mut self, header: &[u8], content: &[u8]) {
        let name = String::from_utf8_lossy(header.get(..16).unwrap_or_default()).into_owned();
        let name = name.trim_end();
        // BSD puts a long name before the content.
        let length = name.strip_prefix("#1/").and_then(|length| length.parse().ok());
        match length.and_then(|length| content.split_at_checked(length)) {
            Some((name, content)) => self.stored(Some(&super::field(name)), content),
            None => self.stored(Some(name.trim_end_matches('/')), content),
        }
    }
}
