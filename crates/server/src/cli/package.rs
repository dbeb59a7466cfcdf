//! `acehls package`: a transport stream becomes an HLS folder.
//!
//! Segments are written as they close, so memory is bounded whatever the length; the playlist comes last and at
//! once, so a folder with a playlist is a whole one.

use std::{
    io::IsTerminal as _,
    path::PathBuf,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::output::complain;

mod folder;
mod input;

use folder::Folder;
use input::Input;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// A transport stream: a file, `-` for standard input, or an `http://` URL. One whose length is not told is live:
    /// Ctrl-C or SIGTERM ends it, the folder is whole then, and the exit code 0.
    input: String,
    /// Where playlist.m3u8 and the segments go. Made if need be.
    output_dir: PathBuf,
    /// How long a segment should be.
    #[arg(long, value_name = "SECONDS", default_value_t = 4, value_parser = clap::value_parser!(u64).range(1..=60))]
    target: u64,
    /// Replace the playlist and the segments that an earlier run left in the folder.
    #[arg(long)]
    overwrite: bool,
}

pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let begun = Instant::now();
    let mut input = Input::open(&arguments.input)?;
    let mut folder = Folder::new(&arguments.output_dir, arguments.overwrite)?;
    let mut packager = hls::Packager::new(packaging(arguments.target), 0);
    let progress = bar(input.length());
    while let Some(data) = input.next()? {
        progress.inc(data.len() as u64);
        if packager.push(&data) == hls::Change::Segment {
            folder.write(packager.closed())?;
        }
    }
    packager.finish();
    folder.write(packager.closed())?;
    progress.finish_and_clear();
    anyhow::ensure!(!folder.is_empty(), "{}: {}", arguments.input, nothing(&packager, input.received()));
    let written = folder.finish()?;
    complain(&format!(
        "{} {}, {:.1} s, {:.1} MB in {:.1?}: {}{}",
        written.segments,
        if written.segments == 1 { "segment" } else { "segments" },
        packager.media_time().as_secs_f64(),
        megabytes(written.bytes),
        begun.elapsed(),
        written.playlist.display(),
        faults(packager.stats()),
    ));
    Ok(())
}

/// No window: nobody reads it here.
fn packaging(target: u64) -> hls::Config {
    hls::Config {
        target: Duration::from_secs(target),
        window: Duration::ZERO,
        max_bytes: 256 << 20,
        part_target: None,
        fast_start: false,
    }
}

/// Why there is not a single segment.
fn nothing(packager: &hls::Packager, received: u64) -> String {
    let stats = packager.stats();
    if packager.is_scrambled() {
        return "the program is scrambled".to_owned();
    }
    if stats.packets == 0 {
        return format!("no MPEG-TS packet in {received} bytes");
    }
    format!("{} packets, and no program that can be played", stats.packets)
}

fn faults(stats: mpegts::Stats) -> String {
    let found = [
        (stats.skipped_bytes, "bytes between packets"),
        (stats.continuity_errors, "gaps"),
        (stats.transport_errors, "damaged packets"),
        (stats.crc_errors, "damaged tables"),
    ];
    let found: Vec<String> = found
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    if found.is_empty() { String::new() } else { format!(" (the input has {})", found.join(", ")) }
}

/// A progress bar on a terminal, nothing elsewhere. It draws at most ten times a second.
fn bar(length: Option<u64>) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let target = ProgressDrawTarget::stderr_with_hz(10);
    let template = match length {
        Some(_) => "{bar:40} {bytes}/{total_bytes} {bytes_per_sec}, {eta} left",
        None => "{spinner} {bytes} {bytes_per_sec}",
    };
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::with_draw_target(length, target).with_style(style)
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
