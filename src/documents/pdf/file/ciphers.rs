//! The ciphers of encrypted files. They protect nothing here: they open what every viewer opens.

use aes::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit, block_padding::NoPadding};
use aes::{Aes128, Aes256};

/// RC4, which is its own inverse.
pub(super) fn rc4(key: &[u8], bytes: &[u8]) -> Vec<u8> {
    let mut state: [u8; 256] = std::array::from_fn(|place| u8::try_from(place).unwrap_or_default());
    let at = |state: &[u8; 256], place: u8| state.get(usize::from(place)).copied().unwrap_or_default();
    let mut j = 0_u8;
    for (i, octet) in (0..=255_u8).zip(key.iter().cycle()) {
        j = j.wrapping_add(at(&state, i)).wrapping_add(*octet);
        state.swap(usize::from(i), usize::from(j));
    }
    let (mut i, mut j) = (0_u8, 0_u8);
    let mut output = Vec::with_capacity(bytes.len());
    for octet in bytes {
        i = i.wrapping_add(1);
        j = j.wrapping_add(at(&state, i));
        state.swap(usize::from(i), usize::from(j));
        let place = at(&state, i).wrapping_add(at(&state, j));
        output.push(octet ^ at(&state, place));
    }
    output
}

/// AES-CBC with the initialisation vector in front and PKCS#7 padding at the end, as far as it goes.
pub(super) fn aes(key: &[u8], bytes: &[u8]) -> Vec<u8> {
    let Some((vector, data)) = bytes.split_at_checked(16) else {
        return Vec::new();
    };
    let whole = data.len() - data.len() % 16;
    let mut plain = aes_blocks(key, vector, data.get(..whole).unwrap_or_default()).unwrap_or_default();
    let padding = plain.last().map_or(0, |last| usize::from(*last));
    if (1..=16).contains(&padding) && padding <= plain.len() {
        plain.truncate(plain.len() - padding);
    }
    plain
}

/// AES-CBC without padding.
pub(super) fn aes_blocks(key: &[u8], vector: &[u8], data: &[u8]) -> Option<Vec<u8>> {
    let mut plain = data.to_vec();
    match key.len() {
        16 => cbc::Decryptor::<Aes128>::new_from_slices(key, vector)
            .ok()?
            .decrypt_padded::<NoPadding>(&mut plain)
            .ok()?,
        32 => cbc::Decryptor::<Aes256>::new_from_slices(key, vector)
            .ok()?
            .decrypt_padded::<NoPadding>(&mut plain)
            .ok()?,
        _ => return None,
    };
    Some(plain)
}

/// AES-128-CBC encryption without padding, which one of the key derivations uses.
pub(super) fn aes_encrypt(key: &[u8], vector: &[u8], mut data: Vec<u8>) -> Option<Vec<u8>> {
    let length = data.len();
    cbc::Encryptor::<Aes128>::new_from_slices(key, vector)
        .ok()?
        .encrypt_padded::<NoPadding>(&mut data, length)
        .ok()?;
    Some(data)
}
