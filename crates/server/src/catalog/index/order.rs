//! Names in the order of people, and in that of bytes.

use super::texts::Texts;

/// Before digits and other scripts, and instead of nothing at all: after all letters. No text holds these bytes.
const OTHERS: u8 = 0xFE;
const NOTHING: u8 = 0xFF;

/// The numbers of `names` in their order for people.
///
/// What begins with a letter from A to Z comes first, then digits, then other scripts by their code points, then what
/// has no name. Numbers are in the order of their values, wherever they stand: `canal 2` before `canal 10`. Names that
/// are alike stay in their order.
pub(super) fn natural(names: &Texts) -> Vec<u32> {
    let mut keys = Vec::with_capacity(names.len() as usize * 32);
    let mut starts = vec![0];
    for name in names.iter() {
        write_key(name, &mut keys);
        starts.push(keys.len());
    }
    sorted(names.len(), |place| &keys[starts[place as usize]..starts[place as usize + 1]])
}

/// The numbers of `names` in the order of their bytes.
pub(super) fn by_bytes(names: &Texts) -> Vec<u32> {
    sorted(names.len(), |place| names.get(place).as_bytes())
}

/// `0..len` in the order of what `key` says, then of the numbers. The first bytes of all are kept side by side: most
/// keys differ there, and need not be fetched from afar.
pub(super) fn sorted<'a>(len: u32, key: impl Fn(u32) -> &'a [u8]) -> Vec<u32> {
    let mut numbers: Vec<([u64; 4], u32)> =
        (0..len).map(|number| (first_bytes(key(number)), number)).collect();
    numbers.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| key(a.1).cmp(key(b.1))).then(a.1.cmp(&b.1)));
    numbers.into_iter().map(|(_, number)| number).collect()
}

/// The first 32 bytes as numbers that compare as they do.
fn first_bytes(key: &[u8]) -> [u64; 4] {
    let mut numbers = [0; 4];
    for (number, bytes) in numbers.iter_mut().zip(key.chunks(8)) {
        let mut padded = [0; 8];
        padded[..bytes.len()].copy_from_slice(bytes);
        *number = u64::from_be_bytes(padded);
    }
    numbers
}

/// Bytes that compare as `name` does. A number is written as a zero, how many digits it has, and its digits; so it
/// stays after a space and before a letter, and `01` is `1`.
fn write_key(name: &str, key: &mut Vec<u8>) {
    let mut rest = name.as_bytes();
    key.extend(match rest.first() {
        Some(b'a'..=b'z') => None,
        Some(_) => Some(OTHERS),
        None => Some(NOTHING),
    });
    while let Some(&byte) = rest.first() {
        let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (run, after) = rest.split_at(digits.max(1));
        match byte {
            b'0'..=b'9' => write_number(run, key),
            _ => key.push(byte),
        }
        rest = after;
    }
}

fn write_number(digits: &[u8], key: &mut Vec<u8>) {
    let zeros = digits.iter().take_while(|&&digit| digit == b'0').count();
    let value = &digits[zeros..];
    key.push(b'0');
    key.extend(u16::try_from(value.len()).unwrap_or(u16::MAX).to_be_bytes());
    key.extend(value);
}
