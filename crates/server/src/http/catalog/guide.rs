//! What is on: now and next, a grid, events by time, and all of it as XMLTV.

use std::{
    collections::BTreeMap,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use http_body::Frame;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::super::{Kind, Problem, Services, extract::Query};
use crate::{
    catalog::{ChannelId, guide},
    clock::now,
    live::rfc3339_of,
};

/// As many channels are asked about at once.
const IDS_MAX: usize = 500;

/// The longest span of a grid, in seconds: two days.
const SPAN_MAX: i64 = 2 * 86_400;

/// The end of the year 9999: times behind it cannot be written.
const LAST: i64 = 253_402_300_799;

/// As many events come at once.
const EVENTS_MAX: usize = 1000;

/// As many are passed over at most.
const OFFSET_MAX: usize = 100_000;

/// Which channels.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Ids {
    /// The channels' IDs with commas between them, 500 at most.
    ids: String,
}

/// Which channels, from when to when.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Span {
    /// The channels' IDs with commas between them, 500 at most.
    ids: String,
    /// Seconds since 1970 UTC.
    from: i64,
    /// The same, at most two days later.
    to: i64,
}

/// Which events.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct When {
    /// Seconds since 1970 UTC.
    from: i64,
    /// The same, at most two days later.
    to: i64,
    /// Words of their titles.
    #[serde(default)]
    q: String,
    /// Minutes east of Greenwich, for hours that stand in the names of channels without a zone.
    #[serde(default)]
    zone: i64,
    /// How many to pass over, up to 100,000.
    #[serde(default)]
    offset: usize,
    /// How many at most: 100 unless told, up to 1000.
    limit: Option<usize>,
}

/// A broadcast.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Programme)]
pub(super) struct Programme {
    /// When it begins, RFC 3339.
    start: String,
    /// When it ends, if that is known.
    stop: Option<String>,
    /// What it is called; empty if nobody says.
    title: String,
    #[serde(flatten)]
    about: guide::About,
}

/// What is on a channel.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NowNext)]
pub(super) struct OnChannel {
    /// What is on.
    pub(super) now: Option<Programme>,
    /// What comes next.
    pub(super) next: Option<Programme>,
}

/// What is on now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GuideNow)]
pub(super) struct Now {
    /// By the channel's ID; those that no guide has are left out.
    channels: BTreeMap<String, OnChannel>,
}

/// What is on from when to when.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GuideGrid)]
pub(super) struct Grid {
    /// By the channel's ID, each by time; those that no guide has are left out.
    channels: BTreeMap<String, Vec<Programme>>,
}

/// What begins from when to when.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GuideEvents)]
pub(super) struct Events {
    /// By time.
    events: Vec<Event>,
    /// How many there are in all.
    total: usize,
}

/// Something that begins.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GuideEvent)]
pub(super) struct Event {
    /// The channel's ID.
    #[schema(value_type = i64)]
    channel: ChannelId,
    /// The channel's name.
    channel_name: String,
    /// Whether the name of the channel says so, and no guide.
    from_name: bool,
    #[serde(flatten)]
    programme: Programme,
}

impl From<guide::NowNext> for OnChannel {
    fn from(it: guide::NowNext) -> Self {
        Self { now: it.now.map(Into::into), next: it.next.map(Into::into) }
    }
}

impl From<guide::Programme> for Programme {
    fn from(it: guide::Programme) -> Self {
        Self { start: rfc3339_of(it.start), stop: it.stop.map(rfc3339_of), title: it.title, about: it.more }
    }
}

fn ids(text: &str) -> Result<Vec<ChannelId>, Problem> {
    let ids =
        text.split(',').filter(|id| !id.is_empty()).map(str::parse).collect::<Result<Vec<ChannelId>, _>>()?;
    if ids.len() > IDS_MAX {
        let detail = format!("ids: {} channels are too many at once, it takes {IDS_MAX}", ids.len());
        return Err(Problem::new(Kind::InvalidRequest, detail));
    }
    Ok(ids)
}

fn check_span(from: i64, to: i64) -> Result<(), Problem> {
    match to.checked_sub(from) {
        Some(1..=SPAN_MAX) if (0..=LAST).contains(&from) => Ok(()),
        _ => {
            let detail = format!("from, to: seconds since 1970, to is later than from by {SPAN_MAX} at most");
            Err(Problem::new(Kind::InvalidRequest, detail))
        }
    }
}

/// What is on now, and what comes next.
#[utoipa::path(
    get, path = "/api/guide/now", operation_id = "guide_now", tag = "guide", params(Ids),
    responses(
        (status = 200, body = Now),
        (status = 400, description = "An ID is none, or they are too many", content_type = "application/problem+json", body = super::super::problem::Details),
    )
)]
pub(super) async fn on_now(
    State(services): State<Services>,
    Query(of): Query<Ids>,
) -> Result<Json<Now>, Problem> {
    let found = services.catalog.now_next(&ids(&of.ids)?, now()).await?;
    Ok(Json(Now { channels: found.into_iter().map(|(id, it)| (id.to_string(), it.into())).collect() }))
}

/// What is on these channels from when to when.
#[utoipa::path(
    get, path = "/api/guide", operation_id = "guide_grid", tag = "guide", params(Span),
    responses(
        (status = 200, body = Grid),
        (status = 400, description = "An ID is none, they are too many, or the span is too long", content_type = "application/problem+json", body = super::super::problem::Details),
    )
)]
pub(super) async fn grid(
    State(services): State<Services>,
    Query(span): Query<Span>,
) -> Result<Json<Grid>, Problem> {
    check_span(span.from, span.to)?;
    let found = services.catalog.grid(&ids(&span.ids)?, span.from, span.to).await?;
    let row = |(id, programmes): (ChannelId, Vec<guide::Programme>)| {
        (id.to_string(), programmes.into_iter().map(Into::into).collect())
    };
    Ok(Json(Grid { channels: found.into_iter().map(row).collect() }))
}

/// What begins from when to when, on the channels of the lists: by the guides, and by the names of channels that show
/// one event, such as `21:00 A - B`.
#[utoipa::path(
    get, path = "/api/guide/events", operation_id = "guide_events", tag = "guide", params(When),
    responses(
        (status = 200, body = Events),
        (status = 400, description = "The span is too long, or a parameter does not fit", content_type = "application/problem+json", body = super::super::problem::Details),
    )
)]
pub(super) async fn events(
    State(services): State<Services>,
    Query(when): Query<When>,
) -> Result<Json<Events>, Problem> {
    check_span(when.from, when.to)?;
    let limit = when.limit.unwrap_or(100);
    if limit > EVENTS_MAX || when.offset > OFFSET_MAX || !(-1440..=1440).contains(&when.zone) {
        let detail = format!(
            "limit: {EVENTS_MAX} at most; offset: {OFFSET_MAX} at most; zone: minutes, less than a day"
        );
        return Err(Problem::new(Kind::InvalidRequest, detail));
    }
    let When { from, to, q, zone, offset, .. } = when;
    let sought = guide::Sought { from, to, text: q, zone: zone * 60, offset, limit };
    let found = services.catalog.events(sought).await?;
    let event = |it: guide::Event| Event {
        channel: it.channel.id,
        channel_name: it.channel.name().to_owned(),
        from_name: it.is_named,
        programme: it.programme.into(),
    };
    Ok(Json(Events { events: found.events.into_iter().map(event).collect(), total: found.total }))
}

/// The guide of all channels as XMLTV, for the players that take `playlist.m3u`, under the IDs that stand there.
///
/// A guide that cannot be read to its end breaks off: the connection does, not the text alone.
#[utoipa::path(
    get, path = "/xmltv.xml", operation_id = "xmltv", tag = "guide",
    responses((status = 200, description = "The guide", content_type = "application/xml", body = String))
)]
pub(super) async fn xmltv(State(services): State<Services>) -> Response {
    let about = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/xml; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    (about, Body::new(Written(services.catalog.xmltv()))).into_response()
}

/// A guide as a body: it is asked for more only when the client took what there was.
struct Written(guide::Pieces);

impl http_body::Body for Written {
    type Data = Bytes;
    type Error = guide::BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, guide::BrokenOff>>> {
        self.0.poll_next(cx).map_ok(Frame::data)
    }
}
