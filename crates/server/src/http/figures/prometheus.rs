//! `GET /metrics`: the figures in the text format of Prometheus, version 0.0.4.

use std::{
    collections::HashMap,
    fmt::{Display, Write as _},
    sync::{PoisonError, atomic::Ordering::Relaxed},
};

use acestream::ContentId;
use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use tokio::runtime::Handle;

use super::{Figures, Services, as_f64};
use crate::live::{EngineHealth, Phase, Report, Stream, limits::Usage};

const TEXT: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

/// Every phase, as the label says it.
const PHASES: [(Phase, &str); 6] = [
    (Phase::Resolving, "resolving"),
    (Phase::Starting, "starting"),
    (Phase::Prebuffering, "prebuffering"),
    (Phase::Live, "live"),
    (Phase::Reconnecting, "reconnecting"),
    (Phase::Ended, "ended"),
];

/// What a stream counts: the metric, what it is, and where the report has it.
type Counted = (&'static str, &'static str, fn(&Report) -> u64);

/// What streams count.
const COUNTED: [Counted; 10] = [
    ("acehls_received_bytes_total", "Bytes received from the engine.", |it| it.received_bytes),
    ("acehls_continuity_errors_total", "Gaps in a track's packets.", |it| it.errors.continuity_errors),
    ("acehls_transport_errors_total", "Packets marked as damaged.", |it| it.errors.transport_errors),
    ("acehls_scrambled_packets_total", "Packets that are scrambled.", |it| it.errors.scrambled_packets),
    ("acehls_duplicate_packets_total", "Packets that came twice.", |it| it.errors.duplicates),
    ("acehls_crc_errors_total", "Tables whose checksum is wrong.", |it| it.errors.crc_errors),
    ("acehls_skipped_bytes_total", "Bytes between packets.", |it| it.errors.skipped_bytes),
    ("acehls_reconnects_total", "Losses of the source that were survived.", |it| it.errors.reconnects),
    ("acehls_source_cuts_total", "Connections to the engine that broke.", |it| it.errors.cuts),
    ("acehls_source_silences_total", "Connections to the engine that fell silent.", |it| it.errors.silences),
];

type Counts = [u64; COUNTED.len()];

/// A stream is told from a later one of the same channel by when it started.
type Key = (ContentId, String);

/// The sums of what streams count, so that the end of a stream takes nothing away.
///
/// It knows what somebody looked at: what a stream counts between the last look and its end is not in it.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    sums: Counts,
    seen: HashMap<Key, Counts>,
}

impl Ledger {
    /// Add what the streams counted since the last look, and forget those that are gone.
    fn look(&mut self, streams: impl Iterator<Item = (Key, Counts)>) -> Counts {
        let before = std::mem::take(&mut self.seen);
        for (key, counts) in streams {
            let known = before.get(&key).filter(|known| known.iter().zip(&counts).all(|(a, b)| a <= b));
            // Smaller numbers are another stream's, which started within the same second.
            let known = known.copied().unwrap_or_default();
            let grown = counts.iter().zip(known).map(|(now, then)| now - then);
            self.sums.iter_mut().zip(grown).for_each(|(sum, more)| *sum = sum.saturating_add(more));
            self.seen.insert(key, counts);
        }
        self.sums
    }
}

/// The server in figures, for Prometheus.
///
/// Counts of streams hold what was there when somebody asked; a stream's last few seconds may be missing.
#[utoipa::path(
    get, path = "/metrics", operation_id = "prometheus", tag = "operation",
    responses((status = 200, description = "The figures in the text format 0.0.4", content_type = "text/plain", body = String))
)]
pub(in crate::http) async fn scrape(State(services): State<Services>) -> Response {
    let mut page = Page::default();
    about_server(&mut page, &services);
    about_requests(&mut page, &services.figures);
    about_streams(&mut page, &services);
    about_limits(&mut page, &services.hub.usage());
    ([(header::CONTENT_TYPE, TEXT)], page.0).into_response()
}

fn about_server(page: &mut Page, services: &Services) {
    page.family("acehls_build_info", "gauge", "Always 1; the label has the version.");
    page.sample("acehls_build_info", concat!("{version=\"", env!("CARGO_PKG_VERSION"), "\"}"), 1);
    let up = matches!(services.hub.engine(), EngineHealth::Up { .. });
    page.gauge("acehls_engine_up", "Whether the engine answered when it was last asked.", u8::from(up));
    let tasks = Handle::current().metrics().num_alive_tasks();
    page.gauge(
        "acehls_tasks",
        "Tasks of the runtime: those of connections, streams and the server itself.",
        tasks,
    );
    // Media passes through as it is received: nothing in this server starts FFmpeg.
    page.gauge("acehls_ffmpeg_processes", "FFmpeg processes running now.", 0);
}

fn about_requests(page: &mut Page, figures: &Figures) {
    let requests = figures.requests.load(Relaxed);
    page.counter("acehls_http_requests_total", "Requests answered.", requests);
    let (took, seconds) =
        ("acehls_http_request_duration_seconds", as_f64(figures.latency_us.load(Relaxed)) / 1e6);
    page.family(took, "summary", "From a request to the head of its answer; waiting for a stream counts.");
    page.sample(took, "_sum", seconds);
    page.sample(took, "_count", requests);
    page.counter("acehls_http_sent_bytes_total", "Bytes sent to clients.", figures.sent_bytes.load(Relaxed));
    page.gauge("acehls_http_connections", "Connections open now.", figures.connections.load(Relaxed));
    let cut = figures.cut.load(Relaxed);
    page.counter(
        "acehls_http_connections_cut_total",
        "Connections cut whose client took nothing, or next to nothing.",
        cut,
    );
}

fn about_streams(page: &mut Page, services: &Services) {
    let reports: Vec<Report> = services.hub.streams().iter().map(Stream::report).collect();
    page.family("acehls_streams", "gauge", "Streams there are now, by phase.");
    for (phase, name) in PHASES {
        let count = reports.iter().filter(|report| report.phase == phase).count();
        page.sample("acehls_streams", &format!("{{phase=\"{name}\"}}"), count);
    }
    let active = reports.iter().filter(|report| report.phase != Phase::Ended);
    page.gauge("acehls_active_streams", "Streams that play or start now.", active.clone().count());
    let viewers: usize = active.map(|report| report.viewers).sum();
    page.gauge("acehls_viewers", "Viewers of the last 15 seconds.", viewers);
    let held: usize = reports.iter().map(|report| report.window.bytes).sum();
    page.gauge("acehls_media_held_bytes", "Media held in memory now.", held);

    let counted =
        reports.iter().map(|it| ((it.hash.clone(), it.started_at.clone()), COUNTED.map(|(.., of)| of(it))));
    let mut ledger = services.figures.ledger.lock().unwrap_or_else(PoisonError::into_inner);
    for ((name, help, _), sum) in COUNTED.iter().zip(ledger.look(counted)) {
        page.counter(name, help, sum);
    }
}

fn about_limits(page: &mut Page, limits: &[Usage]) {
    let of = |it: &Usage| format!("{{limit=\"{}\"}}", it.limit.key());
    page.family("acehls_limit", "gauge", "What a limit is set to, by its key in the section live.");
    limits.iter().for_each(|it| page.sample("acehls_limit", &of(it), it.value));
    page.family("acehls_limit_used", "gauge", "How much of a limit is in use; of one stream's, the most.");
    limits.iter().for_each(|it| page.sample("acehls_limit_used", &of(it), it.used));
    page.family("acehls_limit_refused_total", "counter", "How often more was asked for than a limit allows.");
    limits.iter().for_each(|it| page.sample("acehls_limit_refused_total", &of(it), it.refused));
}

/// The text, family by family.
#[derive(Default)]
struct Page(String);

impl Page {
    fn gauge(&mut self, name: &str, help: &str, value: impl Display) {
        self.family(name, "gauge", help);
        self.sample(name, "", value);
    }

    fn counter(&mut self, name: &str, help: &str, value: impl Display) {
        self.family(name, "counter", help);
        self.sample(name, "", value);
    }

    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    /// A value of the family; `rest` is what follows its name, such as labels.
    fn sample(&mut self, name: &str, rest: &str, value: impl Display) {
        let _ = writeln!(self.0, "{name}{rest} {value}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(second: &str, count: u64) -> (Key, Counts) {
        (("a".repeat(40).parse().unwrap(), second.to_owned()), [count; COUNTED.len()])
    }

    #[test]
    fn sums_only_grow_though_streams_end() {
        let mut ledger = Ledger::default();
        let mut look = |streams: &[(Key, Counts)]| ledger.look(streams.iter().cloned())[0];

        assert_eq!(look(&[stream("12:00:00", 5)]), 5);
        assert_eq!(look(&[stream("12:00:00", 7), stream("12:00:01", 1)]), 8);
        assert_eq!(look(&[]), 8);
        assert_eq!(look(&[stream("12:00:02", 4)]), 12);
        assert_eq!(look(&[stream("12:00:02", 3)]), 15, "another stream of the same second");
    }
}
