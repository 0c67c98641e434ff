//! Base 64 as SASL exchanges carry it (RFC 4648 §4): exactly one spelling of each text is read.

/// The text's octets.
pub(super) fn encode(octets: &[u8]) -> String {
    openssl::base64::encode_block(octets)
}

/// The octets of a text that [`encode`] could have written.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let octets = openssl::base64::decode_block(text).ok()?;
    // OpenSSL overlooks spaces and stray bits.
    (encode(&octets) == text).then_some(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling_is_read() {
        assert_eq!(decode("").as_deref(), Some(&b""[..]));
        assert_eq!(decode("AGE=").as_deref(), Some(&b"\0a"[..]));
        for wrong in ["AGE", "AGF=", " AGE=", "AGE=\n", "A", "====", "AG=E", "ü", "AG E"] {
            assert_eq!(decode(wrong), None, "{wrong:?}");
        }
    }
}
