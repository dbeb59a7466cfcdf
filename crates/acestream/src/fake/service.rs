//! The engine's service API: who it is, what a broadcast is called, what there is to find.

use serde_json::{Value, json};

use super::{
    Shared,
    channel::Broadcast,
    http::Request,
    json,
    routes::{Reply, Selection},
};

impl Shared {
    /// `/webui/api/service`.
    pub(super) fn web_service(&self, request: &Request) -> Reply {
        match request.parameter("method") {
            Some("get_version") => {
                let mut version = self.version();
                version["websocket_port"] = 43_257.into();
                Reply::json(json::web_result(&version, &Value::Null))
            }
            _ => Reply::json(json::web_result(&Value::Null, &"unknown method".into())),
        }
    }

    /// `/server/api`: a failure is an object here, unlike everywhere else.
    pub(super) async fn service(&self, request: &Request) -> Reply {
        let result = match request.parameter("method") {
            Some("get_status") => json!({ "playlist_loaded": true, "version": self.version() }),
            Some("get_network_connection_status") => json!({ "connected": true }),
            Some("get_api_access_token") => {
                json!({ "token": format!("{:032x}{:032x}", fastrand::u128(..), fastrand::u128(..)) })
            }
            Some("get_media_files") => return self.media_files(request).await,
            Some("get_content_id") => match self.selected(request).await {
                Some(broadcast) => json!({ "content_id": broadcast.channel.ids[0] }),
                None => return failure("cannot get transport file"),
            },
            Some("search") => self.found(request),
            Some("get_version") => {
                return Reply::json(json::web_result(&Value::Null, &"access denied".into()));
            }
            _ => return failure("unknown method"),
        };
        success(&result)
    }

    /// `/search`.
    pub(super) fn search(&self, request: &Request) -> Reply {
        success(&self.found(request))
    }

    async fn media_files(&self, request: &Request) -> Reply {
        let Some(broadcast) = self.selected(request).await else {
            return failure("cannot get transport file");
        };
        let channel = &broadcast.channel;
        success(&json!({
            "files": [{ "index": 0, "filename": channel.name }],
            "name": channel.name,
            "infohash": channel.infohash,
            "transport_type": "bt",
            "type": if broadcast.is_live() { "live" } else { "vod" },
            "transport_file_cache_key": null,
        }))
    }

    /// The broadcast that is asked for; to find out that there is none takes its time.
    async fn selected(&self, request: &Request) -> Option<&std::sync::Arc<Broadcast>> {
        let selection = Selection::of(request);
        let broadcast = selection.and_then(|selection| self.select(&selection));
        if broadcast.is_none() {
            self.take_time(4700).await;
        }
        broadcast
    }

    fn version(&self) -> Value {
        let mut numbers = self.version.split('.').map(|number| {
            let digits = number.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
            digits.parse::<u64>().unwrap_or_default()
        });
        let mut next = || numbers.next().unwrap_or_default();
        let code = next() * 1_000_000 + next() * 10_000 + next() * 100;
        json!({ "code": code, "platform": "linux", "version": self.version })
    }

    fn found(&self, request: &Request) -> Value {
        let query = request.parameter("query").unwrap_or_default().to_lowercase();
        let number = |name| request.parameter(name).and_then(|value| value.parse::<usize>().ok());
        let size = number("page_size").unwrap_or(10).clamp(1, 200);
        let skip = number("page").unwrap_or_default().saturating_mul(size);
        let is_found =
            |broadcast: &&std::sync::Arc<Broadcast>| broadcast.channel.name.to_lowercase().contains(&query);
        let found: Vec<_> = self.broadcasts.iter().filter(is_found).collect();
        let results: Vec<_> =
            found.iter().skip(skip).take(size).map(|broadcast| search_result(broadcast)).collect();
        json!({ "total": found.len(), "time": 0.01, "results": results })
    }
}

fn search_result(broadcast: &Broadcast) -> Value {
    let channel = &broadcast.channel;
    json!({
        "name": channel.name,
        "items": [{
            "status": 2,
            "name": channel.name,
            "infohash": channel.infohash,
            "availability": 1,
            "availability_updated_at": super::status::unix_time(),
            "categories": ["tv"],
            "bitrate": 0,
        }],
    })
}

fn success(result: &Value) -> Reply {
    Reply::json(format!(r#"{{"result": {}}}"#, json::text(result)))
}

fn failure(message: &str) -> Reply {
    Reply::json(json::text(&json!({ "error": { "message": message, "code": 0 } })))
}
