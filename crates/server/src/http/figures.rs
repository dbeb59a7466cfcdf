//! What the server counts about its own work, and `GET /api/metrics` and, in the words of Prometheus, `GET /metrics`.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;

use super::Services;

pub(super) mod prometheus;

/// Counters that every request and every write touches: nothing but additions.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    requests: AtomicU64,
    latency_us: AtomicU64,
    sent_bytes: AtomicU64,
    connections: AtomicU64,
    cut: AtomicU64,
    rate: Mutex<Rate>,
    ledger: Mutex<prometheus::Ledger>,
}

impl Figures {
    /// A request was answered, its headers ready after `took`.
    pub(super) fn answered(&self, took: Duration) {
        self.requests.fetch_add(1, Relaxed);
        self.latency_us.fetch_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Relaxed);
    }

    /// Bytes went out.
    pub(super) fn sent(&self, bytes: usize) {
        self.sent_bytes.fetch_add(bytes as u64, Relaxed);
    }

    /// A connection was opened; it counts as long as the answer is kept.
    pub(super) fn connected(&self) -> Connected<'_> {
        self.connections.fetch_add(1, Relaxed);
        Connected(self)
    }

    /// A connection was cut, because its client took nothing of an answer.
    pub(super) fn cut(&self) {
        self.cut.fetch_add(1, Relaxed);
    }

    fn average_latency_ms(&self) -> f64 {
        let requests = self.requests.load(Relaxed).max(1);
        as_f64(self.latency_us.load(Relaxed)) / as_f64(requests) / 1000.0
    }

    fn bandwidth_mbps(&self, now: Instant) -> f64 {
        let mut rate = self.rate.lock().unwrap_or_else(PoisonError::into_inner);
        rate.at(now, self.sent_bytes.load(Relaxed))
    }
}

/// An open connection.
pub(super) struct Connected<'a>(&'a Figures);

impl Drop for Connected<'_> {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Relaxed);
    }
}

/// How fast a counter grows: looked at when somebody asks, at most once a second.
#[derive(Debug, Default)]
struct Rate {
    last: Option<(Instant, u64)>,
    mbps: f64,
}

impl Rate {
    fn at(&mut self, now: Instant, bytes: u64) -> f64 {
        let Some((then, before)) = self.last else {
            self.last = Some((now, bytes));
            return self.mbps;
        };
        let passed = now.saturating_duration_since(then);
        if passed >= Duration::from_secs(1) {
            self.mbps = as_f64(bytes.saturating_sub(before)) * 8.0 / 1e6 / passed.as_secs_f64();
            self.last = Some((now, bytes));
        }
        self.mbps
    }
}

#[expect(clippy::cast_precision_loss, reason = "figures for people; exact to 9e15")]
fn as_f64(number: u64) -> f64 {
    number as f64
}

/// The server in figures.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Metrics {
    /// Streams that play or start now.
    active_streams: usize,
    /// Requests answered since the server started.
    total_requests: u64,
    /// From a request to the head of its answer, on average, in milliseconds. Waiting for a stream counts.
    average_latency_ms: f64,
    /// FFmpeg processes running now.
    ffmpeg_processes: usize,
    /// Media held now, in megabytes of a million bytes. It is held in memory.
    storage_used_mb: f64,
    /// Megabits a second sent to clients, since the figure was last asked for.
    bandwidth_mbps: f64,
    /// Connections open now.
    connections: u64,
    /// Connections cut because their client took nothing of an answer.
    connections_cut: u64,
}

/// The server in figures, as JSON.
#[utoipa::path(get, path = "/api/metrics", tag = "operation", responses((status = 200, body = Metrics)))]
pub(super) async fn metrics(State(services): State<Services>) -> Json<Metrics> {
    let streams = services.hub.streams();
    let held: usize = streams.iter().map(|stream| stream.now().window.bytes()).sum();
    let figures = &services.figures;
    Json(Metrics {
        active_streams: streams.iter().filter(|stream| !stream.is_over()).count(),
        total_requests: figures.requests.load(Relaxed),
        average_latency_ms: figures.average_latency_ms(),
        // Media passes through as it is received: nothing in this server starts FFmpeg.
        ffmpeg_processes: 0,
        storage_used_mb: as_f64(held as u64) / 1e6,
        bandwidth_mbps: figures.bandwidth_mbps(Instant::now()),
        connections: figures.connections.load(Relaxed),
        connections_cut: figures.cut.load(Relaxed),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_of_the_time_since_it_was_last_asked_for() {
        let begun = Instant::now();
        let mut rate = Rate::default();

        assert_eq!(rate.at(begun, 1_000_000), 0.0);
        assert_eq!(rate.at(begun + Duration::from_millis(500), 9_000_000), 0.0);
        assert_eq!(rate.at(begun + Duration::from_secs(2), 3_000_000), 8.0);
        assert_eq!(rate.at(begun + Duration::from_secs(3), 3_000_000), 0.0);
    }
}
