//! What an RTF document holds, as it was read.

use super::story::Story;
use super::words::Aside;

/// More pictures or objects than these are not opened.
const MOST_FILES: usize = 10_000;

/// What a document holds.
#[derive(Default)]
pub(super) struct Document {
    pub story: Story,
    /// Texts outside of the body, numbered like [`Aside::TEXTS`].
    pub asides: [String; Aside::TEXTS.len()],
    /// The HTML that the document was made from, if it was.
    pub html: String,
    /// What old programs show in place of Unicode characters.
    pub fallback: String,
    /// Data of pictures and of objects.
    pub pictures: Vec<Vec<u8>>,
    pub objects: Vec<Vec<u8>>,
    /// Drawings that most programs never show, as there is a better picture.
    pub spare_pictures: Vec<Vec<u8>>,
    /// What is wrong with it, for people.
    pub damage: Option<&'static str>,
    /// Groups nest deeper than is followed, or hold more files than are opened.
    pub too_deep: bool,
}

impl Document {
    /// Keeps the data of a picture or an object.
    pub fn keep(&mut self, data: Vec<u8>, is_picture: bool, is_spare: bool) {
        let list = match (is_picture, is_spare) {
            (false, _) => &mut self.objects,
            (true, false) => &mut self.pictures,
            (true, true) => &mut self.spare_pictures,
        };
        if list.len() >= MOST_FILES {
            self.too_deep = true;
        } else if !data.is_empty() {
            list.push(data);
        }
    }
}
