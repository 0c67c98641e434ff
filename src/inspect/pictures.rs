//! What the gateway and a child say to each other about pictures.
//!
//! Before a question the gateway may say how pictures are read: a frame that begins with [`SIGHT`], and a [`Sight`] in
//! JSON. It holds for that question. After an answer that names pictures, each comes in a frame of its own: its gray
//! pixels. A child hands out none unless it was told to.

use std::io::{Error, ErrorKind, Result, Write};

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::wire::{receive, send_labelled, write_octets};
use crate::documents::{Picture, Sight};

/// The first octet of a frame that says how pictures are read. Questions begin with 0 or 1.
const SIGHT: u8 = 2;

/// The longest such frame.
pub(super) const SIGHT_LIMIT: usize = 64 << 20;

/// The most that all pictures of an answer may have together. An honest child stays far below it.
const PICTURES_LIMIT: usize = 192 << 20;

/// What an answer says of a picture before its pixels come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Announced {
    id: u64,
    width: u32,
    height: u32,
}

/// What an answer says of these pictures.
pub(super) fn announced(pictures: &[Picture]) -> Vec<Announced> {
    let announced = |picture: &Picture| Announced {
        id: picture.id,
        width: picture.width,
        height: picture.height,
    };
    pictures.iter().map(announced).collect()
}

/// Writes the pixels of pictures.
///
/// # Errors
/// When the gateway has hung up.
pub(super) fn write_pixels(sink: &mut impl Write, pictures: &[Picture]) -> Result<()> {
    pictures
        .iter()
        .try_for_each(|picture| write_octets(sink, &picture.gray))
}

/// Receives the pictures that an answer names.
///
/// # Errors
/// When there are more than `most`, or their pixels are not as announced.
pub(super) async fn receive_pixels(
    source: &mut (impl AsyncReadExt + Unpin),
    announced: Vec<Announced>,
    most: usize,
) -> Result<Vec<Picture>> {
    let nonsense = || Error::from(ErrorKind::InvalidData);
    if announced.len() > most {
        return Err(nonsense());
    }
    let (mut pictures, mut room) = (Vec::new(), PICTURES_LIMIT);
    for Announced { id, width, height } in announced {
        let octets = u64::from(width).checked_mul(u64::from(height));
        let octets = octets.and_then(|octets| usize::try_from(octets).ok());
        let octets = octets.filter(|octets| *octets <= room).ok_or_else(nonsense)?;
        let gray = receive(source, octets).await?;
        if gray.len() != octets {
            return Err(nonsense());
        }
        room -= octets;
        pictures.push(Picture {
            id,
            width,
            height,
            gray,
        });
    }
    Ok(pictures)
}

/// Says how pictures are read.
///
/// # Errors
/// When the child has hung up.
pub(super) async fn send_sight(sink: &mut (impl AsyncWriteExt + Unpin), sight: &Sight) -> Result<()> {
    let told = serde_json::to_vec(sight)?;
    send_labelled(sink, &[SIGHT], &told).await
}

/// How pictures are read, if the frame says that.
///
/// # Errors
/// When it begins like that and does not say it.
pub(super) fn sight(frame: &[u8]) -> Result<Option<Sight>> {
    match frame.split_first() {
        Some((&SIGHT, told)) => Ok(Some(serde_json::from_slice(told)?)),
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::documents::{Reading, Seen};

    fn receive_all(announced: Vec<Announced>, octets: &[u8], most: usize) -> Result<Vec<Picture>> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(receive_pixels(&mut &*octets, announced, most))
    }

    #[test]
    fn a_child_cannot_make_the_gateway_take_memory_for_pictures_that_do_not_come() {
        let huge = Announced {
            id: 1,
            width: u32::MAX,
            height: u32::MAX,
        };
        assert!(receive_all(vec![huge.clone()], &[], 9).is_err());
        let many = vec![
            Announced {
                width: 1,
                height: 1,
                ..huge
            };
            10
        ];
        assert!(receive_all(many, &[], 9).is_err());
        let empty = Announced {
            id: 1,
            width: 2,
            height: 2,
        };
        assert!(receive_all(vec![empty], &[1, 0, 0, 0, 7], 9).is_err());
    }

    #[test]
    fn a_sight_is_told_from_a_question() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let told = Sight {
            pictures: 3,
            pixels: 5,
            clears: true,
            readings: vec![Reading {
                id: u64::MAX,
                seen: Seen::Nothing("it was too large".to_owned()),
            }],
        };
        let mut frame = Vec::new();
        runtime.block_on(send_sight(&mut frame, &told)).unwrap();
        assert_eq!(sight(&frame[4..]).unwrap(), Some(told));
        assert_eq!(sight(&[0, b'{']).unwrap(), None);
        assert!(sight(&[SIGHT, b'{']).is_err());
    }

    proptest! {
        #[test]
        fn pictures_arrive_as_they_were_sent(sizes in prop::collection::vec((0u32..9, 0u32..9), 0..5)) {
            let picture = |(id, (width, height)): (usize, (u32, u32))| Picture {
                id: id as u64,
                width,
                height,
                gray: vec![u8::try_from(id).unwrap(); (width * height) as usize],
            };
            let pictures: Vec<Picture> = sizes.into_iter().enumerate().map(picture).collect();
            let mut sent = Vec::new();
            write_pixels(&mut sent, &pictures).unwrap();
            prop_assert_eq!(receive_all(announced(&pictures), &sent, 5).unwrap(), pictures);
        }
    }
}
