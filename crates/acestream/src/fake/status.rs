//! What the statistics address of the fake engine says of a session.

use std::{
    sync::atomic::Ordering::Relaxed,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};

use super::{Fault, table::Session};

/// Bytes are counted in these.
const CHUNK: u64 = 16_384;

/// By the clock, whether anybody reads or not: nothing, `idle`, `prebuf`, `dl`.
pub(super) fn statistics(session: &Session, id: &str) -> Value {
    let fault = session.broadcast.fault();
    let delay = session.broadcast.delay();
    let elapsed = session.started.elapsed();
    let progress = elapsed.as_secs_f64() / delay.unwrap_or(Duration::from_secs(8)).as_secs_f64();
    let infohash = &session.broadcast.channel.infohash;
    let is_live = i32::from(session.broadcast.is_live());
    match delay {
        Some(delay) if elapsed >= delay => downloading(session, elapsed.saturating_sub(delay), id),
        _ if progress < 0.1 => json!({}),
        _ if progress < 0.25 => json!({ "status": "idle", "is_live": is_live, "infohash": infohash }),
        _ => complete(
            session,
            id,
            &json!({
                "status": "prebuf",
                "peers": if fault == Fault::NoPeers { 0 } else { 3 },
                "speed_down": 0,
                "downloaded": 0,
            }),
        ),
    }
}

fn downloading(session: &Session, elapsed: Duration, id: &str) -> Value {
    let broadcast = &session.broadcast;
    let rate = broadcast.channel.clip.byte_rate();
    let seconds = (elapsed + broadcast.channel.burst).as_secs();
    let is_silent = broadcast.silent.load(Relaxed);
    // A source that repeats old minutes falls behind the clock.
    let lag = if matches!(broadcast.fault(), Fault::Loop { .. }) { 3700 } else { 0 };
    let last = unix_time().saturating_sub(lag);
    let first = last.saturating_sub(1800);
    let position = json!({
        "first_ts": first.to_string(),
        "last_ts": last.to_string(),
        "live_first": first.to_string(),
        "live_last": last.to_string(),
        "pos": last.saturating_sub(broadcast.channel.burst.as_secs()).to_string(),
        "last": last.to_string(),
        "is_live": "1",
        "buffer_pieces": "30",
    });
    let mut particular = json!({
        "status": "dl",
        "peers": if is_silent { 0 } else { 4 },
        "speed_down": if is_silent { 0 } else { rate / 1024 },
        "downloaded": (rate * seconds).next_multiple_of(CHUNK),
    });
    if broadcast.is_live() {
        particular["livepos"] = position;
    }
    complete(session, id, &particular)
}

/// `particular` among the fields that every answer has.
fn complete(session: &Session, id: &str, particular: &Value) -> Value {
    let mut status = json!({
        "speed_up": 29,
        "uploaded": 30 * CHUNK,
        "total_progress": 0,
        "is_live": i32::from(session.broadcast.is_live()),
        "is_encrypted": 0,
        "infohash": session.broadcast.channel.infohash,
        "playback_session_id": id,
        "client_session_id": -1,
        "selected_stream_index": 0,
        "selected_file_index": -1,
        "stream_status": -1,
        "manifest_access_mode": -1,
        "network_monitor_status": 0,
        "network_monitor_started": false,
        "debug_level": 0,
        "disk_cache_stats": {
            "avail": 10_000_000_000_u64, "disk_cache_limit": 5_000_000_000_u64, "inactive_inuse": 0, "active_inuse": 0,
        },
    });
    for (name, value) in particular.as_object().into_iter().flatten() {
        status[name] = value.clone();
    }
    status
}

/// Seconds since 1970.
pub(super) fn unix_time() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}
