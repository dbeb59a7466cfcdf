//! Read a list or a guide as fast as it goes, for benchmarks: `read m3u|xmltv FILE TIMES`.
//!
//! Prints as JSON how many bytes and channels or programmes one reading has, and how many seconds each took.
#![expect(clippy::print_stdout, reason = "that is what it is for")]

use std::{error::Error, fs::File, io::Read as _, time::Instant};

use iptv::{m3u, xmltv};

/// As much is read at once, in bytes.
const CHUNK: usize = 256 << 10;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [format, file, times] = &arguments[..] else { return Err("read m3u|xmltv FILE TIMES".into()) };
    let mut seconds = Vec::new();
    let mut what = (0, 0);
    for _ in 0..times.parse()? {
        // A list is in memory first, as its peers have it; a guide is too large for that.
        let list = if format == "m3u" { std::fs::read(file)? } else { Vec::new() };
        let mut guide = File::open(file)?;
        let begun = Instant::now();
        what = if format == "m3u" { channels(&list)? } else { programmes(&mut guide)? };
        seconds.push(begun.elapsed().as_secs_f64());
    }
    println!("{{\"bytes\": {}, \"found\": {}, \"seconds\": {seconds:?}}}", what.0, what.1);
    Ok(())
}

fn channels(list: &[u8]) -> Result<(usize, usize), Box<dyn Error>> {
    let mut reader = m3u::Reader::new(u64::MAX);
    for piece in list.chunks(CHUNK) {
        reader.push(piece, |entry| drop(std::hint::black_box(entry)))?;
    }
    Ok((list.len(), reader.finish(|_| {})?.entries))
}

fn programmes(file: &mut File) -> Result<(usize, usize), Box<dyn Error>> {
    let mut reader = xmltv::Reader::new(u64::MAX);
    let bytes = pieces(file, |piece| Ok(reader.push(piece, |item| drop(std::hint::black_box(item)))?))?;
    Ok((bytes, reader.finish(|_| {})?.programmes))
}

fn pieces(
    file: &mut File,
    mut each: impl FnMut(&[u8]) -> Result<(), Box<dyn Error>>,
) -> Result<usize, Box<dyn Error>> {
    let mut piece = vec![0; CHUNK];
    let mut bytes = 0;
    loop {
        let length = file.read(&mut piece)?;
        if length == 0 {
            return Ok(bytes);
        }
        bytes += length;
        each(&piece[..length])?;
    }
}
