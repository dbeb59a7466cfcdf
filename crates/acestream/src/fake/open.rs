//! The dialect of an open re-implementation of the engine, as it was measured on the wire at version 0.2.0.
//!
//! `/ace/getstream` answers with the stream itself, `format=json` opens nothing before its playback is read, an
//! ID asked for by `content_id=` comes back as the `infohash`, and sessions of one broadcast share its download.
//! Nothing measured says the following; here it is assumed, and nobody may rely on it:
//!
//! - an unknown content ID is taken as an unknown infohash is: a session without a byte;
//! - `get_media_files` refuses an unknown content ID after 4.7 s, and finds whatever infohash it is asked for;
//! - a reader begins with as much as other engines hand over at once (the channel's burst), cut into pieces;
//! - when the source is back, its media comes at once, and begins where the clip does;
//! - a fault that ends the media lets go of the piece that is not whole yet;
//! - a HEAD of `/ace/getstream` leaves a session that runs until nobody watched it for long enough;
//! - there is no search;
//! - the engine never asks for money.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use mpegts::{PACKET_LEN, Packet};
use serde_json::{Value, json};

use super::{
    Fault, Shared,
    channel::{Broadcast, Channel},
    clip::Clip,
    http::{Framing, Request},
    pattern::Pattern,
    routes::{Reply, Selection, url_base},
    table::{Output, Session, Wish},
};
use crate::{ContentId, Infohash};

const UNKNOWN_SESSION: &str = "invalid or expired playback session";

/// The service description table (ETSI EN 300 468, 5.1.3).
const SDT: u16 = 0x11;

impl Shared {
    /// The answer to any request.
    pub(super) async fn open_dialect(&self, request: &Request) -> Reply {
        let path: Vec<_> = request.path.split('/').skip(1).collect();
        match path[..] {
            ["server", "api"] => self.open_service(request).await,
            ["ace", "getstream"] => self.open_start(request).await,
            ["ace", "r", name, key] => self.open_playback(request, name, key),
            ["ace", "stat", name, key] => self.open_statistics(name, key),
            ["ace", "cmd", name, key] => self.open_command(request, name, key),
            _ => Reply::text(404, ""),
        }
    }

    async fn open_start(&self, request: &Request) -> Reply {
        self.starts.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let Some(asked) = Asked::of(request) else { return refusal("missing content_id/infohash/id") };
        let broadcast = self.open_broadcast(&asked);
        if broadcast.fault() == Fault::Hang {
            return Reply::Never;
        }
        self.take_time(20).await;
        let session = self.table().start(asked.wish(broadcast, self.idle_timeout), self.profile);
        if request.parameter("format") == Some("json") {
            return reply(&addresses(&session, request));
        }
        Reply::Share(Box::new(session), framing(request))
    }

    /// What is meant; where nobody has it, a broadcast without peers: it cannot be told apart here.
    fn open_broadcast(&self, asked: &Asked) -> Arc<Broadcast> {
        let known = self.open_known(asked).filter(|known| known.fault() != Fault::FailedToLoad);
        known.cloned().unwrap_or_else(|| Arc::new(nobody(&asked.digits)))
    }

    fn open_known(&self, asked: &Asked) -> Option<&Arc<Broadcast>> {
        let digits = &asked.digits;
        if asked.by_id { self.by_id(digits) } else { self.by_infohash(&digits.into()) }
    }

    fn open_playback(&self, request: &Request, name: &str, key: &str) -> Reply {
        let session = self.find(name, key).filter(|session| session.end.is_none());
        let Some(session) = session else { return Reply::text(404, "") };
        match session.broadcast.fault() {
            Fault::Hang => Reply::Never,
            Fault::PlaybackStatus(status) => Reply::text(status, ""),
            _ => Reply::Share(Box::new(session), framing(request)),
        }
    }

    fn open_statistics(&self, name: &str, key: &str) -> Reply {
        let session = self.find(name, key).filter(|session| session.end.is_none());
        let Some(session) = session else { return refusal(UNKNOWN_SESSION) };
        if session.broadcast.fault() == Fault::Hang {
            return Reply::Never;
        }
        let sent = session.broadcast.sent.load(std::sync::atomic::Ordering::Relaxed);
        reply(&json!({
            "status": if session.is_open { "dl" } else { "idle" },
            "peers": if session.is_open && session.broadcast.fault() != Fault::NoPeers { 4 } else { 0 },
            "downloaded": if session.is_open { sent } else { 0 },
            "uploaded": 0,
            "infohash": shown(&session),
            "is_live": 1,
            "is_encrypted": 0,
            "playback_session_id": session.key,
            "client_session_id": -1,
        }))
    }

    fn open_command(&self, request: &Request, name: &str, key: &str) -> Reply {
        let session = self.find(name, key).filter(|session| session.end.is_none());
        let Some(session) = session else { return refusal(UNKNOWN_SESSION) };
        match (request.parameter("method"), session.broadcast.fault()) {
            (_, Fault::Hang) | (Some("stop"), Fault::StopHangs) => Reply::Never,
            (Some("stop"), _) => {
                self.table().stop(key, self.profile);
                reply(&"ok".into())
            }
            _ => refusal("missing method"),
        }
    }

    async fn open_service(&self, request: &Request) -> Reply {
        let result = match request.parameter("method") {
            Some("get_version") => json!({ "code": 200, "version": self.version }),
            Some("get_status") => {
                json!({ "status": "idle", "active_sessions": self.table().running().count() })
            }
            Some("get_network_connection_status") => json!({ "connected": true }),
            Some("get_media_files") => return self.open_media_files(request).await,
            _ => return failure("unknown method"),
        };
        Reply::json(json!({ "error": null, "result": result }).to_string())
    }

    async fn open_media_files(&self, request: &Request) -> Reply {
        let Some(asked) = Asked::of(request) else {
            return failure("missing content_id/infohash/url/magnet");
        };
        let known = self.open_known(&asked).filter(|known| known.fault() != Fault::FailedToLoad);
        let infohash = match known {
            Some(broadcast) => broadcast.channel.infohash.clone(),
            None if asked.by_id => {
                self.take_time(4700).await;
                return failure("content-id resolution failed: NotFound");
            }
            None => Infohash::from(&asked.digits),
        };
        let file = json!({ "infohash": infohash, "index": 0, "is_live": 1 });
        let result = json!({ "infohash": infohash, "files": [file] });
        Reply::json(json!({ "error": null, "result": result }).to_string())
    }
}

/// What a client names.
struct Asked {
    digits: ContentId,
    by_id: bool,
}

impl Asked {
    fn of(request: &Request) -> Option<Self> {
        let (digits, by_id) = match Selection::of(request)? {
            Selection::ContentId(id) => (id, true),
            Selection::Infohash(infohash) => (infohash, false),
            Selection::Url => return None,
        };
        Some(Self { digits: digits.parse().ok()?, by_id })
    }

    fn wish(&self, broadcast: Arc<Broadcast>, timeout: Duration) -> Wish {
        Wish {
            broadcast,
            output: Output::Progressive,
            player: String::new(),
            timeout,
            name: if self.by_id { format!("cid:{}", self.digits) } else { self.digits.to_string() },
            key: format!("{:032x}{:032x}", fastrand::u128(..), fastrand::u128(..)),
        }
    }
}

/// A broadcast that nobody has.
fn nobody(digits: &ContentId) -> Broadcast {
    let clip = Arc::new(Pattern { length: Duration::from_secs(1), ..Pattern::default() }.clip());
    let channel = Channel::new(digits.clone(), clip);
    Broadcast::new(Channel { infohash: digits.into(), fault: Fault::NoPeers, ..channel })
}

/// The digits that a session was asked for, whatever they are.
fn shown(session: &Session) -> &str {
    session.name.strip_prefix("cid:").unwrap_or(&session.name)
}

fn addresses(session: &Session, request: &Request) -> Value {
    let base = url_base(request, &session.broadcast);
    let (name, key) = (&session.name, &session.key);
    json!({
        "infohash": shown(session),
        "playback_url": format!("{base}/ace/r/{name}/{key}"),
        "stat_url": format!("{base}/ace/stat/{name}/{key}"),
        "command_url": format!("{base}/ace/cmd/{name}/{key}"),
        "playback_session_id": key,
        "client_session_id": -1,
        "is_live": 1,
        "is_encrypted": 0,
    })
}

fn framing(request: &Request) -> Framing {
    match request.method.as_str() {
        "HEAD" => Framing::NoBody,
        _ if request.is_old => Framing::Close,
        _ => Framing::Chunks,
    }
}

fn reply(response: &Value) -> Reply {
    Reply::json(json!({ "response": response, "error": null }).to_string())
}

fn refusal(error: &str) -> Reply {
    Reply::json(json!({ "response": null, "error": error }).to_string())
}

fn failure(error: &str) -> Reply {
    Reply::json(json!({ "result": null, "error": error }).to_string())
}

/// How this dialect sends packets: tables in front, and counters of its own for them.
pub(super) struct Retold {
    /// The counters of PAT, PMT and SDT are not advanced: so it does for sessions by content ID.
    frozen: bool,
    counters: BTreeMap<u16, u8>,
    needs_tables: bool,
    /// The next packets with a clock say that it begins anew.
    is_new_time: bool,
}

impl Retold {
    pub(super) fn of(session: &Session) -> Self {
        let frozen = session.name.starts_with("cid:");
        Self { frozen, counters: BTreeMap::new(), needs_tables: true, is_new_time: false }
    }

    /// The source was lost and is back: it begins with its tables, and time anew.
    pub(super) fn begin_again(&mut self) {
        self.needs_tables = true;
        self.is_new_time = true;
    }

    /// Change `packets` of `clip` before they go out.
    pub(super) fn retell(&mut self, clip: &Clip, packets: &mut Vec<u8>) {
        if std::mem::take(&mut self.needs_tables) {
            let mut tables = Vec::new();
            for packet in &clip.tables.packets {
                clip.write(*packet as u64..*packet as u64 + 1, 0, &mut tables);
            }
            packets.splice(0..0, tables);
        }
        for bytes in packets.chunks_exact_mut(PACKET_LEN) {
            let Some(packet) = Packet::new(bytes) else { continue };
            let (pid, has_clock) = (packet.pid().value(), packet.pcr().is_some());
            if pid == SDT || clip.tables.pids.contains(&pid) {
                let counter = self.counters.entry(pid).or_default();
                bytes[3] = bytes[3] & 0xF0 | *counter;
                *counter = if self.frozen { *counter } else { (*counter + 1) & 0x0F };
            } else if has_clock && std::mem::take(&mut self.is_new_time) {
                bytes[5] |= 0x80;
            }
        }
    }
}
