//! What passes between the reader of a message and whoever reads its pictures.

use serde::{Deserialize, Serialize};

/// How the pictures of a message are read. By default they are not.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Sight {
    /// How many pictures may be handed out. With 0 none is decoded.
    pub pictures: usize,
    /// The most pixels that a picture may have and still be decoded.
    pub pixels: u64,
    /// Whether a picture that was read well is no obstacle any more.
    pub clears: bool,
    /// What was read in the pictures that an earlier reading of the same message handed out.
    pub readings: Vec<Reading>,
}

/// A picture to be read: gray pixels, row by row, white is 255.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    /// Names the picture within its message.
    pub id: u64,
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// One octet for each pixel.
    pub gray: Vec<u8>,
}

/// What was read in a picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// The picture's name.
    pub id: u64,
    /// What was seen in it.
    pub seen: Seen,
}

/// The outcome of reading a picture.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Seen {
    /// It was read to its end.
    Text {
        /// The words in lines.
        lines: String,
        /// The words in rows and columns, where they stand in such: cells separated by tabs.
        table: Option<String>,
        /// Whether the words were made out for certain.
        legible: bool,
    },
    /// It was not read: how that goes on after "is a picture; ".
    Nothing(String),
}

impl std::fmt::Debug for Picture {
    /// Its size, and nothing of what it shows.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Picture({} × {})", self.width, self.height)
    }
}

impl std::fmt::Debug for Seen {
    /// How much was read, and nothing of it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Seen::Text { lines, legible, .. } => {
                write!(f, "Text({} octets, legible: {legible})", lines.len())
            }
            Seen::Nothing(why) => write!(f, "Nothing({why})"),
        }
    }
}
