//! The engine's search, over the channels of the fake engine.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    Fault, Shared,
    channel::Broadcast,
    http::Request,
    routes::Reply,
    service::{failure, success},
    status::unix_time,
};

const PAGE: usize = 10;
const LARGEST_PAGE: usize = 200;

impl Shared {
    /// `/search`: for everybody, unless the engine is set up to want its token here too.
    pub(super) fn search(&self, request: &Request) -> Reply {
        if self.search_needs_token { self.search_by_token(request) } else { success(&self.found(request)) }
    }

    /// `method=search` of the service API: for those who have the token.
    pub(super) fn search_by_token(&self, request: &Request) -> Reply {
        if request.parameter("token") == Some(&*self.token()) {
            success(&self.found(request))
        } else {
            failure("access denied")
        }
    }

    fn found(&self, request: &Request) -> Value {
        let wanted = Wanted::of(request);
        let found = || self.broadcasts.iter().enumerate().filter(|(_, broadcast)| wanted.takes(broadcast));
        let (skip, size) = page(request);
        let results: Vec<_> = found().skip(skip).take(size).map(result).collect();
        json!({ "total": found().count(), "time": 0.01, "results": results })
    }
}

struct Wanted<'a> {
    query: String,
    category: Option<&'a str>,
}

impl<'a> Wanted<'a> {
    fn of(request: &'a Request) -> Self {
        let query = request.parameter("query").unwrap_or_default().to_lowercase();
        Self { query, category: request.parameter("category") }
    }

    fn takes(&self, broadcast: &Broadcast) -> bool {
        let channel = &broadcast.channel;
        let is_in = |category| channel.categories.iter().any(|of_channel| of_channel == category);
        channel.name.to_lowercase().contains(&self.query) && self.category.is_none_or(is_in)
    }
}

/// How many results stand before the page, and how many on it.
fn page(request: &Request) -> (usize, usize) {
    let number = |name| request.parameter(name).and_then(|value| value.parse::<usize>().ok());
    let size = number("page_size").unwrap_or(PAGE).clamp(1, LARGEST_PAGE);
    (number("page").unwrap_or_default().saturating_mul(size), size)
}

/// One channel as a result of its own. Every other one says all that can be said, as some lack most of it.
fn result((index, broadcast): (usize, &Arc<Broadcast>)) -> Value {
    let channel = &broadcast.channel;
    let plays = broadcast.fault() == Fault::None;
    let mut item = json!({
        "status": if plays { 2 } else { 1 },
        "name": channel.name,
        "infohash": channel.infohash,
        "availability": if plays { 1.0 } else { 0.4 },
        "availability_updated_at": unix_time(),
        "categories": channel.categories,
        "bitrate": 0,
    });
    if index % 2 == 0 {
        item["languages"] = json!(["eng"]);
        item["countries"] = json!(["gb"]);
        item["channel_id"] = (1000 + index).into();
    }
    json!({ "name": channel.name, "items": [item] })
}
