//! The content of a part, by what it is: a message after all, a CMS object, or a leaf to hand out.

use crate::message::ObstacleKind;

use super::encrypted::{self, Cms};
use super::labels::Labels;
use super::lookalike;
use super::output::named;
use super::place::Position;
use super::runs::printable;
use super::walk::Walk;

impl Walk {
    /// Reads decoded content.
    pub(super) fn content(&mut self, bytes: &[u8], labels: &Labels, at: &Position) {
        if bytes.trim_ascii().is_empty() {
            return;
        }
        // A text that people read may quote a header section; saved to a file, the same is a message.
        let message = lookalike::message(bytes).filter(|_| !labels.is_shown_text());
        match (message, encrypted::recognise(bytes)) {
            (Some(message), _) => self.messages(message, at),
            (None, Some(cms)) => self.cms(&cms, bytes, at),
            (None, None) => self.plain(bytes, labels, at),
        }
    }

    /// Hands out a leaf, and the files that stand uuencoded in it.
    fn plain(&mut self, bytes: &[u8], labels: &Labels, at: &Position) {
        self.out.leaf(bytes, labels, at);
        for (name, file) in lookalike::uuencoded(bytes) {
            let labels = Labels {
                file_name: Some(name),
                ..Labels::unlabelled()
            };
            self.out.leaf(&file, &labels, at);
        }
    }

    fn cms(&mut self, cms: &Cms<'_>, bytes: &[u8], at: &Position) {
        let part = named(&at.content);
        let (kind, detail) = match cms {
            Cms::Signed(content) => {
                self.messages(content, at);
                return self.certificates(bytes, content, at);
            }
            Cms::Detached => return self.certificates(bytes, &[], at),
            Cms::Encrypted(..) => (
                ObstacleKind::EncryptedContainer,
                format!("{part} is S/MIME-encrypted."),
            ),
            Cms::Compressed => (
                ObstacleKind::UnknownContent,
                format!("{part} is compressed S/MIME data, which cannot be checked yet."),
            ),
            Cms::Doubtful => (
                ObstacleKind::UnknownContent,
                format!("{part} looks like S/MIME data, but is not sound, or its cipher is too weak."),
            ),
        };
        let clear = match cms {
            Cms::Encrypted(_, around) => around.iter().map(|octets| printable(octets)).collect(),
            _ => printable(bytes),
        };
        self.out
            .beside(clear.as_bytes(), "the legible parts of S/MIME data", &at.inside());
        self.out.obstacle(kind, &at.content, capitalised(&detail));
    }

    /// A signature may carry anything in its certificates and attributes, which people do not see and programs do.
    fn certificates(&mut self, bytes: &[u8], content: &[u8], at: &Position) {
        const MOST: usize = 256 << 10;
        if bytes.len().saturating_sub(content.len()) > MOST {
            self.out.limit(&at.content, "the signature is too large");
        }
        if content.is_empty() {
            let kept = bytes.get(..MOST).unwrap_or(bytes);
            self.out
                .beside(printable(kept).as_bytes(), "the signature", &at.inside());
        }
    }
}

fn capitalised(sentence: &str) -> String {
    let mut characters = sentence.chars();
    characters
        .next()
        .map(|first| first.to_ascii_uppercase())
        .into_iter()
        .chain(characters)
        .collect()
}
