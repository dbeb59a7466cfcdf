//! The server as a television tuner on the network, for Plex, Jellyfin and Emby: what a HDHomeRun says of itself and of
//! its channels over HTTP.

use std::collections::HashSet;

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use iptv::Link;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Kind, Problem, Services, address::Address};
use crate::catalog::{Channel, Only, Personal, Query, Snapshot, Sort};

/// More channels than that are too many for Plex.
const CHANNELS_MAX: usize = 480;

/// Numbers of channels that have none begin here.
const FIRST_NUMBER: usize = 1000;

/// The server as a television tuner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Whether the server can be added to Plex, Jellyfin or Emby as a HDHomeRun.
    pub enabled: bool,
    /// Whether it then answers those who look for tuners on the network.
    pub ssdp: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self { enabled: false, ssdp: true }
    }
}

/// The tuner.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = Tuner)]
pub(super) struct Discover {
    friendly_name: &'static str,
    manufacturer: &'static str,
    model_number: &'static str,
    firmware_name: &'static str,
    firmware_version: &'static str,
    #[serde(rename = "DeviceID")]
    device_id: String,
    device_auth: &'static str,
    /// How many channels play at once.
    tuner_count: usize,
    #[serde(rename = "BaseURL")]
    base_url: String,
    #[serde(rename = "LineupURL")]
    lineup_url: String,
}

/// A channel of the tuner.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = TunerChannel)]
pub(super) struct Tuned {
    guide_number: String,
    guide_name: String,
    #[serde(rename = "URL")]
    url: String,
}

/// Whether channels are looked for: they never are.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = TunerStatus)]
pub(super) struct Status {
    scan_in_progress: u8,
    scan_possible: u8,
    source: &'static str,
    source_list: [&'static str; 1],
}

fn enabled(services: &Services) -> Result<(), Problem> {
    if services.hdhomerun.enabled {
        return Ok(());
    }
    Err(Problem::new(Kind::NotFound, "This server is no tuner: hdhomerun.enabled makes it one."))
}

/// What kind of tuner this is.
#[utoipa::path(
    get, path = "/discover.json", operation_id = "hdhomerun_discover", tag = "operation",
    responses(
        (status = 200, body = Discover),
        (status = 404, description = "It is none: hdhomerun.enabled", content_type = "application/problem+json", body = super::problem::Details),
    )
)]
pub(super) async fn discover(
    State(services): State<Services>,
    Address(address): Address,
) -> Result<Json<Discover>, Problem> {
    enabled(&services)?;
    Ok(Json(Discover {
        friendly_name: "acehls",
        manufacturer: "Silicondust",
        model_number: "HDTC-2US",
        firmware_name: "hdhomeruntc_atsc",
        firmware_version: "20200907",
        device_id: services.catalog.device_id().await?,
        device_auth: "acehls",
        tuner_count: services.hub.max_streams(),
        lineup_url: format!("{address}/lineup.json"),
        base_url: address,
    }))
}

/// The channels: the favourites, or all where there are none, 480 at most.
#[utoipa::path(
    get, path = "/lineup.json", operation_id = "hdhomerun_lineup", tag = "operation",
    responses(
        (status = 200, body = Vec<Tuned>),
        (status = 404, description = "This is no tuner: hdhomerun.enabled", content_type = "application/problem+json", body = super::problem::Details),
    )
)]
pub(super) async fn lineup(
    State(services): State<Services>,
    Address(address): Address,
) -> Result<Json<Vec<Tuned>>, Problem> {
    enabled(&services)?;
    services.catalog.settle().await;
    Ok(Json(tuned(&services.catalog.snapshot(), &services.catalog.personal(), &address)))
}

fn tuned(snapshot: &Snapshot, personal: &Personal, address: &str) -> Vec<Tuned> {
    let only = (!personal.favourites.is_empty()).then_some(Only::Favourites);
    let query = Query { only, sort: Some(Sort::List), limit: usize::MAX, ..Query::default() };
    let page = snapshot.find(&query, personal);
    let plays = page.channels.iter().filter_map(|channel| Some((channel, url(channel, address)?)));
    let mut taken = HashSet::new();
    let mut next = FIRST_NUMBER;
    let mut number = |channel: &Channel| {
        let own = channel.number().filter(|number| number.bytes().all(|b| b.is_ascii_digit() || b == b'.'));
        let mut number = own.map(str::to_owned);
        while number.is_none() || !taken.insert(number.clone()) {
            number = Some(next.to_string());
            next += 1;
        }
        number.unwrap_or_default()
    };
    plays
        .take(CHANNELS_MAX)
        .map(|(channel, url)| Tuned {
            guide_number: number(channel),
            guide_name: channel.name().to_owned(),
            url,
        })
        .collect()
}

/// Where the channel comes as one endless transport stream, which is all that tuners give.
fn url(channel: &Channel, address: &str) -> Option<String> {
    let link = channel.sources().next()?.link();
    match (&link, link.acestream_hash()) {
        _ if channel.vanished_at.is_some() => None,
        (_, Some(hash)) => Some(format!("{address}/api/stream/{hash}/stream.ts")),
        (Link::Http(url), None) if !url.split(['?', '#']).next().unwrap_or_default().ends_with(".m3u8") => {
            Some(url.clone())
        }
        _ => None,
    }
}

/// Whether channels are looked for.
#[utoipa::path(
    get, path = "/lineup_status.json", operation_id = "hdhomerun_status", tag = "operation",
    responses(
        (status = 200, body = Status),
        (status = 404, description = "This is no tuner: hdhomerun.enabled", content_type = "application/problem+json", body = super::problem::Details),
    )
)]
pub(super) async fn status(State(services): State<Services>) -> Result<Json<Status>, Problem> {
    enabled(&services)?;
    Ok(Json(Status { scan_in_progress: 0, scan_possible: 1, source: "Cable", source_list: ["Cable"] }))
}

/// Look for channels: they are known already.
#[utoipa::path(
    post, path = "/lineup.post", operation_id = "hdhomerun_scan", tag = "operation",
    responses(
        (status = 200, description = "They are known already"),
        (status = 404, description = "This is no tuner: hdhomerun.enabled", content_type = "application/problem+json", body = super::problem::Details),
    )
)]
pub(super) async fn scan(State(services): State<Services>) -> Result<StatusCode, Problem> {
    enabled(&services)?;
    Ok(StatusCode::OK)
}

/// What the tuner says of itself as a UPnP device (UPnP Device Architecture 1.1, 2.3).
#[utoipa::path(
    get, path = "/device.xml", operation_id = "hdhomerun_device", tag = "operation",
    responses(
        (status = 200, description = "The description", content_type = "application/xml", body = String),
        (status = 404, description = "This is no tuner: hdhomerun.enabled", content_type = "application/problem+json", body = super::problem::Details),
    )
)]
pub(super) async fn device(
    State(services): State<Services>,
    Address(address): Address,
) -> Result<Response, Problem> {
    enabled(&services)?;
    let id = services.catalog.device_id().await?;
    let address = address.replace('&', "&amp;").replace('<', "&lt;");
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<root xmlns=\"urn:schemas-upnp-org:device-1-0\">\n  \
         <specVersion><major>1</major><minor>0</minor></specVersion>\n  <URLBase>{address}</URLBase>\n  <device>\n    \
         <deviceType>urn:schemas-upnp-org:device:MediaServer:1</deviceType>\n    \
         <friendlyName>acehls</friendlyName>\n    <manufacturer>Silicondust</manufacturer>\n    \
         <modelName>HDTC-2US</modelName>\n    <modelNumber>HDTC-2US</modelNumber>\n    \
         <serialNumber>{id}</serialNumber>\n    <UDN>{}</UDN>\n  </device>\n</root>\n",
        udn(&id)
    );
    let kind = HeaderValue::from_static("application/xml; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}

/// The name of the device for UPnP.
pub(crate) fn udn(device_id: &str) -> String {
    format!("uuid:61636568-6c73-4000-8000-0000{device_id}")
}
