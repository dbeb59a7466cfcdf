//! A file of a stranger's as a picture of ours.

use std::io::Cursor;

use bytes::Bytes;
use image::{ImageFormat, ImageReader, Limits};

use super::{Error, Kind, Logo, Width};

/// No logo is wider or higher, in pixels, nor needs more memory, in bytes.
const SIDE_MAX: u32 = 4096;
const MEMORY_MAX: u64 = 96 << 20;

/// So far into a file a drawing says that it is one.
const HEAD: usize = 1024;

/// What is in the file, no larger than `width`. A drawing is given back as it is.
pub(super) fn small(file: &Bytes, width: Width) -> Result<Logo, Error> {
    if is_drawing(file) {
        return Ok(Logo { bytes: file.clone(), kind: Kind::Svg });
    }
    let no_picture = |error: image::ImageError| Error::NoPicture(error.to_string());
    let mut reader = ImageReader::new(Cursor::new(file)).with_guessed_format()?;
    let mut limits = Limits::default();
    (limits.max_image_width, limits.max_image_height) = (Some(SIDE_MAX), Some(SIDE_MAX));
    limits.max_alloc = Some(MEMORY_MAX);
    reader.limits(limits);
    let mut picture = reader.decode().map_err(no_picture)?;
    if picture.width() > width.0 || picture.height() > width.0 {
        picture = picture.thumbnail(width.0, width.0);
    }
    let mut png = Cursor::new(Vec::new());
    picture.into_rgba8().write_to(&mut png, ImageFormat::Png).map_err(no_picture)?;
    Ok(Logo { bytes: png.into_inner().into(), kind: Kind::Png })
}

/// Whether this is SVG: text with its element at the beginning.
fn is_drawing(file: &[u8]) -> bool {
    let head = file.get(..HEAD).unwrap_or(file).trim_ascii_start();
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    head.starts_with(b"<") && head.windows(4).any(|four| four.eq_ignore_ascii_case(b"<svg"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_that_claims_to_be_huge_is_refused() {
        // The head of a BMP of 60,000 by 60,000 pixels.
        let mut bmp = b"BM\x36\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00\x28\x00\x00\x00".to_vec();
        bmp.extend(60_000_i32.to_le_bytes());
        bmp.extend(60_000_i32.to_le_bytes());
        bmp.extend([1, 0, 24, 0]);
        bmp.extend([0; 24]);

        assert!(matches!(small(&bmp.into(), Width(64)), Err(Error::NoPicture(_))));
    }

    #[test]
    fn what_is_no_picture_is_refused() {
        for file in [&b""[..], b"hello", b"<html></html>", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP"] {
            assert!(small(&Bytes::from_static(file), Width(64)).is_err(), "{file:?}");
        }
    }
}
