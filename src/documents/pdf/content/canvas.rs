//! What a content stream leaves on the page: pieces of text with their places, and pictures.

/// Text that is shown in one go.
#[derive(Debug, Clone)]
pub(in super::super) struct Piece {
    /// Its octets in the text of the canvas.
    pub text: (usize, usize),
    /// What it means by another reading: its pictures, or the text that replaces it.
    pub other: Option<Box<str>>,
    /// Where it starts, and where what follows it would start.
    pub start: (f32, f32),
    pub end: (f32, f32),
    /// The height of its font.
    pub size: f32,
    /// Its direction in degrees; nought is from left to right.
    pub angle: i16,
    /// Tells the window through which it is seen from other windows; nought is the whole page.
    pub window: u32,
}

/// A picture that is drawn.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct Picture {
    /// The definition of its stream; `None` when it stands in the content itself.
    pub definition: Option<usize>,
    pub width: usize,
    pub height: usize,
    /// How much of the page it covers, in square units.
    pub area: f64,
}

/// Text and pictures of one page or form.
#[derive(Debug, Default)]
pub(in super::super) struct Canvas {
    pub text: String,
    pub pieces: Vec<Piece>,
    pub pictures: Vec<Picture>,
    /// Descriptions and expansions that stand beside the text.
    pub notes: String,
    /// Glyphs whose meaning is a guess.
    pub guessed: usize,
    /// Lines and curves.
    pub strokes: usize,
}

/// More pieces than this are laid out in portions.
const MOST_PIECES: usize = 200_000;
/// More pictures than this on a page are not told apart.
const MOST_PICTURES: usize = 20_000;

impl Canvas {
    /// Whether it should be laid out before more is added.
    pub fn is_full(&self) -> bool {
        self.pieces.len() >= MOST_PIECES
    }

    /// Adds a picture.
    pub fn picture(&mut self, picture: Picture) {
        if self.pictures.len() < MOST_PICTURES {
            self.pictures.push(picture);
        }
    }

    /// Adds a note on a line of its own.
    pub fn note(&mut self, note: &str) {
        if !note.trim().is_empty() {
            self.notes.push_str(note);
            self.notes.push('\n');
        }
    }

    /// Adds a text at a place, as if it were shown there.
    pub fn place(&mut self, text: &str, at: (f32, f32), size: f32) {
        let start = self.text.len();
        self.text.push_str(text);
        let width = text.chars().count() as f32 * size * 0.5;
        self.pieces.push(Piece {
            text: (start, self.text.len()),
            other: None,
            start: at,
            end: (at.0 + width, at.1),
            size,
            angle: 0,
            window: 0,
        });
    }

    /// The text of a piece by the first reading.
    pub fn first<'c>(&'c self, piece: &'c Piece) -> &'c str {
        self.text.get(piece.text.0..piece.text.1).unwrap_or_default()
    }

    /// The text of a piece by the other reading.
    pub fn other<'c>(&'c self, piece: &'c Piece) -> &'c str {
        piece.other.as_deref().unwrap_or_else(|| self.first(piece))
    }

    /// Replaces the text of the pieces from `first` on in the other reading.
    pub fn replace(&mut self, first: usize, replacement: &str, at: (f32, f32)) {
        let shown: String = self
            .pieces
            .get(first..)
            .unwrap_or_default()
            .iter()
            .map(|piece| self.first(piece))
            .collect();
        if shown.trim() == replacement.trim() {
            return;
        }
        if self.pieces.len() <= first {
            self.place("", at, 10.0);
        }
        let mut replacement = Some(replacement);
        for piece in self.pieces.iter_mut().skip(first) {
            piece.other = Some(replacement.take().unwrap_or_default().into());
        }
    }
}
