//! Pictures in a PDF: which of them go to the reader of pictures.

use super::content::Picture;
use super::filters::Encoding;
use super::raster;
use super::reader::Reader;
use super::syntax::Object;
use crate::documents::Visit;
use crate::message::ObstacleKind;

/// Smaller pictures are logos and lines; a number does not fit into them.
const WIDTH: usize = 200;
const HEIGHT: usize = 60;
/// Small pictures that together have as many dots as this may be one that was cut up.
const DOTS: usize = 120_000;
/// A page with fewer characters than this has no text to speak of.
const TEXT: usize = 60;

/// Hands on the pictures of a page of `area` square units with `length` octets of text.
pub(super) fn on_page(reader: &mut Reader<'_, '_, '_>, pictures: &[Picture], area: f64, length: usize) {
    let (large, small): (Vec<&Picture>, Vec<&Picture>) = pictures
        .iter()
        .partition(|picture| picture.width >= WIDTH && picture.height >= HEIGHT);
    let covered: f64 = pictures.iter().map(|picture| picture.area).sum();
    let scanned = covered > 0.5 * area && length < TEXT;
    for picture in &large {
        hand_on(reader, picture, scanned);
    }
    let dots = small
        .iter()
        .map(|picture| picture.width.saturating_mul(picture.height));
    let dots = dots.fold(0, usize::saturating_add);
    if large.is_empty() && dots >= DOTS {
        stated(reader.visit, scanned);
    }
}

/// A picture goes to the reader of pictures once, as a file or as samples; in other encodings it is an obstacle.
fn hand_on(reader: &mut Reader<'_, '_, '_>, picture: &Picture, scanned: bool) {
    let Some(index) = picture.definition else {
        return stated(reader.visit, scanned);
    };
    match reader.visited.get_mut(index) {
        Some(visited) if !*visited => *visited = true,
        _ => return,
    }
    let Object::Dictionary(dictionary) = reader.object(index) else {
        return;
    };
    let reads = reader.visit.sight().pictures > 0;
    match reader.unpack(index, &dictionary) {
        Some((bytes, Some(Encoding::Jpeg))) => {
            reader.pictures += 1;
            let name = format!("image {}.jpg", reader.pictures);
            reader.visit.file(Some(&name), bytes);
        }
        Some((bytes, rest)) if reads && raster::hand_on(reader, &dictionary, &bytes, rest) => {}
        _ => stated(reader.visit, scanned),
    }
}

fn stated(visit: &mut Visit<'_>, scanned: bool) {
    let what = if scanned {
        "holds a scanned page, which cannot be checked"
    } else {
        "holds pictures, which cannot be checked"
    };
    unread(visit, what);
}

/// States that something is only to be seen. Whoever learns to read pictures begins here.
pub(super) fn unread(visit: &mut Visit<'_>, what: &str) {
    visit.obstacle(ObstacleKind::Image, what);
}
