//! Program specific information: tables in sections (ISO/IEC 13818-1, 2.4.4), read and written.

mod section;
mod tables;
mod write;

pub(crate) use section::Sections;
pub(crate) use tables::{Association, Descriptors, Map, Stream, association, map, service_names};
pub use write::{pat_packet, pmt_packet};

/// The checksum of a section (annex A): zero over a whole sound one.
fn crc32(bytes: &[u8]) -> u32 {
    bytes.iter().fold(u32::MAX, |crc, &byte| crc << 8 ^ CRC_TABLE[usize::from((crc >> 24) as u8 ^ byte)])
}

const CRC_TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut n: u32 = 0;
    while n < 256 {
        let mut crc = n << 24;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x8000_0000 == 0 { crc << 1 } else { crc << 1 ^ 0x04C1_1DB7 };
            bit += 1;
        }
        table[n as usize] = crc;
        n += 1;
    }
    table
};
