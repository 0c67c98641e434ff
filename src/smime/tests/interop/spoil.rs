//! Messages that nobody may open.

use ::cms::authenveloped_data::AuthEnvelopedData;
use ::cms::content_info::ContentInfo;
use ::cms::enveloped_data::{EnvelopedData, RecipientInfo, RecipientInfos};
use der::Decode;

use super::{Algorithms, ContentCipher, Letter, Person};

/// Spoils a message in every way, each with its name.
pub fn all<'a>(
    whole: &Letter<'a>,
    algorithms: Algorithms,
    person: &'a Person,
) -> Vec<(&'static str, Letter<'a>)> {
    let parts = Parts::of(&whole.der, algorithms.content);
    let size = whole.der.len();
    let mut all = vec![
        ("a bit of the encrypted key", flip(whole, &parts.key)),
        ("a bit of the content", flip(whole, &parts.content)),
        ("half of it", cut(whole, size / 2)),
        ("its end", cut(whole, size - 20)),
    ];
    if let Some(tag) = &parts.tag {
        all.push(("a bit of the tag", flip(whole, tag)));
    }
    let mut foreign = with(whole, whole.der.clone());
    foreign.owner = &person.stranger;
    all.push(("another key", foreign));
    all
}

struct Parts {
    key: Vec<u8>,
    content: Vec<u8>,
    tag: Option<Vec<u8>>,
}

impl Parts {
    fn of(der: &[u8], content: ContentCipher) -> Parts {
        let info = ContentInfo::from_der(der).unwrap();
        let (recipients, content, tag) = match content {
            ContentCipher::Aes128Cbc | ContentCipher::Aes256Cbc => {
                let data: EnvelopedData = info.content.decode_as().unwrap();
                (data.recip_infos, data.encrypted_content, None)
            }
            ContentCipher::Aes128Gcm | ContentCipher::Aes256Gcm => {
                let data: AuthEnvelopedData = info.content.decode_as().unwrap();
                let tag = data.mac.as_bytes().to_vec();
                (data.recip_infos, data.auth_encrypted_content_info, Some(tag))
            }
        };
        Parts {
            key: key_of(&recipients),
            content: content.encrypted_content.unwrap().as_bytes().to_vec(),
            tag,
        }
    }
}

fn key_of(recipients: &RecipientInfos) -> Vec<u8> {
    match recipients.0.get(0).unwrap() {
        RecipientInfo::Ktri(info) => info.enc_key.as_bytes().to_vec(),
        RecipientInfo::Kari(info) => info.recipient_enc_keys[0].enc_key.as_bytes().to_vec(),
        _ => panic!("another kind of recipient"),
    }
}

/// Turns the lowest bit of the last octet of a part around; in content, that of one in its last text.
fn flip<'a>(whole: &Letter<'a>, part: &[u8]) -> Letter<'a> {
    let mut der = whole.der.clone();
    let begin = memchr::memmem::find(&der, part).unwrap();
    // Behind the header, in the text of the body, and in the last block but one.
    let at = if part.len() > 512 {
        part.len() - 24
    } else {
        part.len() - 1
    };
    der[begin + at] ^= 1;
    with(whole, der)
}

fn cut<'a>(whole: &Letter<'a>, size: usize) -> Letter<'a> {
    with(whole, whole.der[..size].to_vec())
}

/// The same mail around other CMS.
fn with<'a>(whole: &Letter<'a>, der: Vec<u8>) -> Letter<'a> {
    let header = super::split(&whole.mail).0;
    let mut mail = header.to_vec();
    for line in openssl::base64::encode_block(&der).as_bytes().chunks(76) {
        mail.extend_from_slice(line);
        mail.extend_from_slice(b"\r\n");
    }
    Letter {
        der,
        mail,
        owner: whole.owner,
    }
}
