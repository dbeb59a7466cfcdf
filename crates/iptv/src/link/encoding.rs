//! The encodings that links wear: percent (RFC 3986, 2.1), base32 and base64 (RFC 4648).

use std::fmt::Write as _;

use memchr::memchr;

/// `text` with `%41` read as `A`. What is no escape stays as it is; a `+` stays a plus.
pub(crate) fn percent_decode(text: &str) -> String {
    if memchr(b'%', text.as_bytes()).is_none() {
        return text.to_owned();
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let escape = tail.first_chunk().and_then(|pair| hex_pair(*pair)).filter(|_| *first == b'%');
        bytes.push(escape.unwrap_or(*first));
        rest = if escape.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8(bytes).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned())
}

/// The 20 bytes of a base32 info-hash as 40 lower-case hexadecimal digits.
pub(super) fn base32_to_hex(text: &str) -> Option<String> {
    if text.len() != 32 {
        return None;
    }
    let bytes = unpack(text.bytes(), 5, |c| match c.to_ascii_uppercase() {
        c @ b'A'..=b'Z' => Some(c - b'A'),
        c @ b'2'..=b'7' => Some(c - b'2' + 26),
        _ => None,
    })?;
    Some(bytes.iter().fold(String::with_capacity(40), |mut hex, byte| {
        // Writing to a String never fails.
        let _ = write!(hex, "{byte:02x}");
        hex
    }))
}

/// The bytes of a base64 text, in either alphabet, with or without padding.
pub(super) fn base64_decode(text: &str) -> Option<Vec<u8>> {
    unpack(text.trim_end_matches('=').bytes(), 6, |c| match c {
        b'A'..=b'Z' => Some(c - b'A'),
        b'a'..=b'z' => Some(c - b'a' + 26),
        b'0'..=b'9' => Some(c - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    })
}

/// Joins digits of `width` bits (at most 6) into bytes; leftover bits are padding.
fn unpack(digits: impl Iterator<Item = u8>, width: u32, value: impl Fn(u8) -> Option<u8>) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(digits.size_hint().0);
    let (mut buffer, mut bits) = (0u16, 0);
    for digit in digits {
        buffer = buffer << width | u16::from(value(digit)?);
        bits += width;
        if bits >= 8 {
            bits -= 8;
            bytes.push((buffer >> bits & 0xFF) as u8);
        }
    }
    Some(bytes)
}

fn hex_pair([high, low]: [u8; 2]) -> Option<u8> {
    let digit = |c: u8| char::from(c).to_digit(16).and_then(|d| u8::try_from(d).ok());
    Some(digit(high)? << 4 | digit(low)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_escapes_are_read_and_everything_else_stays() {
        assert_eq!(percent_decode("%3Fa%3d%D0%96+b"), "?a=Ж+b");
        assert_eq!(percent_decode("100% %zz %4"), "100% %zz %4");
        assert_eq!(percent_decode("%ff"), "\u{FFFD}");
    }

    #[test]
    fn base32_is_read_as_rfc_4648_says() {
        let all = base32_to_hex("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567").unwrap();

        assert_eq!(all, "00443214c74254b635cf84653a56d7c675be77df");
        assert_eq!(base32_to_hex("abcdefghijklmnopqrstuvwxyz234567").unwrap(), all);
        assert_eq!(base32_to_hex("ABCDEFGHIJKLMNOPQRSTUVWXYZ234561"), None);
        assert_eq!(base32_to_hex("MFRGG"), None);
    }

    #[test]
    fn base64_is_read_in_both_alphabets_with_or_without_padding() {
        assert_eq!(base64_decode("Zm9vYg==").unwrap(), b"foob");
        assert_eq!(base64_decode("Zm9vYg").unwrap(), b"foob");
        assert_eq!(base64_decode("-_8").unwrap(), base64_decode("+/8=").unwrap());
        assert_eq!(base64_decode("Zm9v!"), None);
    }
}
