//! The engine's service API: who it is, and what a broadcast is called.

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
            Some("get_api_access_token") => json!({ "token": self.token() }),
            Some("get_media_files") => return self.media_files(request).await,
            Some("get_content_id") => match self.selected(request).await {
                Some(broadcast) => json!({ "content_id": broadcast.channel.ids[0] }),
                None => return failure("cannot get transport file"),
            },
            Some("search") => return self.search_by_token(request),
            Some("get_version") => {
                return Reply::json(json::web_result(&Value::Null, &"access denied".into()));
            }
            _ => return failure("unknown method"),
        };
        success(&result)
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
}

pub(super) fn success(result: &Value) -> Reply {
    Reply::json(format!(r#"{{"result": {}}}"#, json::text(result)))
}

pub(super) fn failure(message: &str) -> Reply {
    Reply::json(json::text(&json!({ "error": { "message": message, "code": 0 } })))
}
