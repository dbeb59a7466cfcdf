//! What a stream is doing, for people and programs.

use std::{
    sync::atomic::Ordering,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use acestream::{ContentId, Infohash, Statistics};
use hls::Window;
use mpegts::{Format, FrameRate};
use serde::Serialize;
use tokio::time::Instant;
use utoipa::ToSchema;

use super::{
    snapshot::{EndReason, Snapshot},
    stream::Shared,
};

/// What a stream does now, finer than its [`State`](super::State).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Asking the engine which broadcast the ID means.
    #[default]
    Resolving,
    /// The engine opens a session.
    Starting,
    /// The engine looks for peers and gathers the first seconds.
    Prebuffering,
    /// Segments are arriving.
    Live,
    /// The engine's data broke off.
    Reconnecting,
    /// Over.
    Ended,
}

/// A stream as `GET /api/streams` shows it. `null` is unknown.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Report {
    /// The ID the stream was tuned by.
    #[schema(value_type = String)]
    pub hash: ContentId,
    /// The swarm it plays.
    #[schema(value_type = Option<String>)]
    pub infohash: Option<Infohash>,
    /// What it does now.
    pub phase: Phase,
    /// Why it does not play, as a sentence.
    pub reason: Option<String>,
    /// Why it does not play, as a stable word.
    pub code: Option<&'static str>,
    /// Seconds of media that can be played, parts of the growing segment included, to the tenth.
    pub ready_s: f64,
    /// The same as a part of what the default buffer profile holds back, 0 to 100.
    pub ready_percent: u8,
    /// Viewers of the last 15 seconds.
    pub viewers: usize,
    /// Requests since it started.
    pub requests: u64,
    /// When it started, RFC 3339.
    pub started_at: String,
    /// The channel's name as the broadcast says it.
    pub service_name: Option<String>,
    /// The tracks of the program that is played.
    pub tracks: Vec<TrackReport>,
    /// Peers the engine is connected to.
    pub peers: Option<u32>,
    /// What the engine receives, bytes a second.
    pub speed_down_bytes: Option<u64>,
    /// What the engine sends to peers, bytes a second.
    pub speed_up_bytes: Option<u64>,
    /// Bytes received from the engine since the stream started.
    pub received_bytes: u64,
    /// The media's bits a second, over the window.
    pub bitrate_bps: Option<u64>,
    /// What can be played.
    pub window: WindowReport,
    /// What went wrong and was survived.
    pub errors: Errors,
}

/// One track of the program.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TrackReport {
    /// Its packet identifier.
    pub pid: u16,
    /// Its codec, a short lower-case name.
    pub codec: String,
    /// Its language, three letters.
    pub language: Option<String>,
    /// `video`, `audio` or `data`.
    pub kind: &'static str,
    /// Its format by RFC 6381, as `CODECS` of the multivariant playlist has it.
    pub rfc6381: Option<String>,
    /// Pixels a line.
    pub width: Option<u32>,
    /// Lines a frame.
    pub height: Option<u32>,
    /// Frames a second.
    pub frame_rate: Option<f64>,
    /// Whether frames may consist of two fields.
    pub interlaced: Option<bool>,
    /// Samples a second.
    pub sample_rate: Option<u32>,
    /// How many channels, the one for low frequencies included.
    pub channels: Option<u8>,
}

/// The segments that a playlist lists, and what memory they take.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct WindowReport {
    /// The number of the first.
    pub first: Option<u64>,
    /// The number of the last.
    pub last: Option<u64>,
    /// How many.
    pub segments: u64,
    /// Their size, and that of those that linger behind the list.
    pub bytes: usize,
    /// The size of the segment that grows, which nobody can fetch yet.
    pub growing_bytes: u64,
    /// Their duration in seconds.
    pub duration_s: f64,
    /// The playlist's target duration in seconds.
    pub target_duration_s: u32,
}

/// Faults of the source, counted since the stream started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, ToSchema)]
pub struct Errors {
    /// Bytes between packets.
    pub skipped_bytes: u64,
    /// Gaps in a track's packets.
    pub continuity_errors: u64,
    /// Packets that came twice.
    pub duplicates: u64,
    /// Packets the sender marked as damaged.
    pub transport_errors: u64,
    /// Packets that are scrambled.
    pub scrambled_packets: u64,
    /// Tables whose checksum is wrong.
    pub crc_errors: u64,
    /// Losses that were survived.
    pub reconnects: u64,
    /// Connections that ended or broke.
    pub cuts: u64,
    /// Connections that stayed open and silent.
    pub silences: u64,
}

/// What the task tells about its stream beside the snapshots.
#[derive(Debug, Default)]
pub(super) struct Details {
    pub(super) phase: Phase,
    pub(super) statistics: Option<Statistics>,
    pub(super) media: mpegts::Stats,
    pub(super) service_name: Option<String>,
    pub(super) tracks: Vec<TrackReport>,
    pub(super) scrambled: bool,
    /// When a report was last asked for.
    pub(super) looked_at: Option<Instant>,
}

impl Report {
    pub(super) fn of(shared: &Shared, now: &Snapshot, end: Option<EndReason>) -> Self {
        shared.details(|details| {
            details.looked_at = Some(Instant::now());
            let phase = if end.is_some() { Phase::Ended } else { details.phase };
            let trouble = end.map(|reason| ended(&reason, details)).or_else(|| trouble(shared, details));
            let statistics = details.statistics.as_ref();
            let ready = now.window.ready();
            Self {
                ready_s: tenths(ready.as_secs_f64()),
                ready_percent: percent(ready),
                hash: shared.id.clone(),
                infohash: shared.infohash.get().cloned(),
                phase,
                code: trouble.as_ref().and_then(|trouble| trouble.code),
                reason: trouble.map(|trouble| trouble.sentence),
                viewers: shared.audience.viewers(),
                requests: shared.audience.requests(),
                started_at: rfc3339(shared.started_at),
                service_name: details.service_name.clone(),
                tracks: details.tracks.clone(),
                peers: statistics.map(|statistics| statistics.peers),
                speed_down_bytes: statistics.map(|statistics| u64::from(statistics.speed_down_kbps) * 1000),
                speed_up_bytes: statistics.map(|statistics| u64::from(statistics.speed_up_kbps) * 1000),
                received_bytes: shared.counters.received_bytes.load(Ordering::Relaxed),
                bitrate_bps: bitrate(&now.window),
                window: WindowReport::of(&now.window, shared.counters.growing_bytes.load(Ordering::Relaxed)),
                errors: Errors::of(shared, &details.media),
            }
        })
    }
}

impl TrackReport {
    pub(super) fn new(track: &mpegts::Track, format: Option<&Format>) -> Self {
        let kind = match track.codec {
            codec if codec.is_video() => "video",
            codec if codec.is_audio() => "audio",
            _ => "data",
        };
        let (video, audio) = match format {
            Some(Format::Video(video)) => (Some(video), None),
            Some(Format::Audio(audio)) => (None, Some(audio)),
            None => (None, None),
        };
        Self {
            pid: track.pid.value(),
            codec: track.codec.to_string(),
            language: track.language.clone(),
            kind,
            rfc6381: format.map(Format::rfc6381),
            width: video.map(|video| video.width),
            height: video.map(|video| video.height),
            frame_rate: video.and_then(|video| video.frame_rate).map(FrameRate::per_second),
            interlaced: video.map(|video| video.interlaced),
            sample_rate: audio.and_then(|audio| audio.sample_rate),
            channels: audio.and_then(|audio| audio.channels),
        }
    }
}

impl WindowReport {
    fn of(window: &Window, growing_bytes: u64) -> Self {
        let segments = window.first().zip(window.last()).map_or(0, |(first, last)| last - first + 1);
        Self {
            first: window.first(),
            last: window.last(),
            segments,
            bytes: window.bytes(),
            growing_bytes,
            duration_s: window.duration().as_secs_f64(),
            target_duration_s: window.target_duration(),
        }
    }
}

impl Errors {
    fn of(shared: &Shared, media: &mpegts::Stats) -> Self {
        let count = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        Self {
            skipped_bytes: media.skipped_bytes,
            continuity_errors: media.continuity_errors,
            duplicates: media.duplicates,
            transport_errors: media.transport_errors,
            scrambled_packets: media.scrambled_packets,
            crc_errors: media.crc_errors,
            reconnects: count(&shared.counters.reconnects),
            cuts: count(&shared.counters.cuts),
            silences: count(&shared.counters.silences),
        }
    }
}

struct Trouble {
    code: Option<&'static str>,
    sentence: String,
}

fn ended(reason: &EndReason, details: &Details) -> Trouble {
    let code = match reason {
        EndReason::Failed(_) if details.scrambled => Some("scrambled"),
        EndReason::Failed(failure) => Some(failure.code()),
        EndReason::Stopped => Some("stopped"),
        EndReason::SourceClosed => Some("source_closed"),
        EndReason::Idle | EndReason::Shutdown | EndReason::SameAs(_) => None,
    };
    Trouble { code, sentence: reason.to_string() }
}

/// What keeps a stream that is not over from playing.
fn trouble(shared: &Shared, details: &Details) -> Option<Trouble> {
    let received = shared.counters.received_bytes.load(Ordering::Relaxed);
    let (code, sentence) = match details.phase {
        _ if details.scrambled => ("scrambled", "the channel is encrypted"),
        Phase::Prebuffering if received == 0 && shared.begun.elapsed() >= shared.start_timeout => {
            ("no_peers", "nobody seems to share this channel now; still trying")
        }
        Phase::Reconnecting => ("source_lost", "the channel broke off; reconnecting"),
        _ => return None,
    };
    Some(Trouble { code: Some(code), sentence: sentence.to_owned() })
}

fn percent(ready: Duration) -> u8 {
    let held_back = hls::Profile::default().hold_back().as_secs_f64();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 100")]
    let percent = (100.0 * ready.as_secs_f64() / held_back).clamp(0.0, 100.0) as u8;
    percent
}

/// Finer than that, a change is none.
fn tenths(seconds: f64) -> f64 {
    (seconds * 10.0).round() / 10.0
}

/// Bits a second of the media in the window.
fn bitrate(window: &Window) -> Option<u64> {
    let (first, last) = window.first().zip(window.last())?;
    let bytes: usize = (first..=last).filter_map(|number| window.segment(number)).map(|it| it.len()).sum();
    let milliseconds = window.duration().as_millis();
    u64::try_from((bytes as u128 * 8000).checked_div(milliseconds)?).ok()
}

/// `time` as RFC 3339 in UTC, whole seconds. A clock before 1970 is 1970.
pub(super) fn rfc3339(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let (day, second) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(day);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// The same of so many seconds since 1970.
pub(crate) fn rfc3339_of(seconds: i64) -> String {
    rfc3339(UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

/// The Gregorian date of a day counted from 1970-01-01.
fn civil(days: u64) -> (u64, u64, u64) {
    // Years begin in March here, so that the leap day is a year's last: eras of 400 years, then of the
    // year's days in months of 30.6 days on average.
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> String {
        rfc3339(UNIX_EPOCH + Duration::from_secs(seconds))
    }

    #[test]
    fn times_are_written_as_rfc_3339() {
        assert_eq!(at(0), "1970-01-01T00:00:00Z");
        assert_eq!(at(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(at(1_709_251_199), "2024-02-29T23:59:59Z");
        assert_eq!(at(1_795_352_118), "2026-11-22T12:55:18Z");
        assert_eq!(at(4_102_444_800), "2100-01-01T00:00:00Z");
    }
}
