//! How a server delivers a live playlist and its media (RFC 8216bis, 6.2.2, 6.2.5, B.1).

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    time::Duration,
};

use bytes::Bytes;
use hls::validate::Playlist;
use reqwest::Url;
use tokio::{task::JoinSet, time::timeout};

use super::{
    fetch::{Fetch, Refused, join},
    told::Told,
};

/// What is there, and what makes no sense, is answered within this.
const SOON: Duration = Duration::from_secs(5);
/// So many segments ahead is too far for any server, however long the question is on its way.
const TOO_FAR: u64 = 50;

/// 6.2.5.1: who asks for a delta update gets one, where there is enough to be skipped. `playlist` is the whole answer.
pub(super) fn skipped(text: &str, playlist: &Playlist, told: &mut Told) {
    let until = playlist.server_control.and_then(|control| control.can_skip_until);
    let (Some(until), Some(target)) = (until, playlist.target_duration) else { return };
    let first = playlist.segments.first().map_or(Duration::ZERO, |segment| segment.duration);
    let behind_first = (playlist.duration() + playlist.growing.parts_duration()).saturating_sub(first);
    // A target duration more than it must be: some count to the begin of a segment, and some to its end.
    if !playlist.is_over && !text.contains("#EXT-X-SKIP") && behind_first > until + target {
        told.must("6.2.5.1", "the answer to _HLS_skip=YES is without EXT-X-SKIP".to_owned());
    }
}

/// 6.2.5.2: what makes no sense is refused, and what is too far ahead had better be.
pub(super) async fn refuses(fetch: &Fetch, url: &Url, playlist: &Playlist, told: &mut Told) {
    let far = (playlist.growing.number.saturating_add(TOO_FAR)).to_string();
    for (name, value) in [("_HLS_part", "0"), ("_HLS_msn", &far)] {
        let mut url = url.clone();
        url.query_pairs_mut().append_pair(name, value);
        let answer = match timeout(SOON, fetch.playlist(&url)).await {
            Err(_) => "no answer".to_owned(),
            Ok(Ok(_)) => "a playlist".to_owned(),
            Ok(Err(error)) => match error.downcast_ref() {
                Some(Refused(400)) => continue,
                _ => format!("{error:#}"),
            },
        };
        if name == "_HLS_part" {
            told.must("6.2.5.2", format!("_HLS_part without _HLS_msn is to be refused with 400: {answer}"));
        } else {
            let text = format!("_HLS_msn far ahead had better be refused with 400 at once: {answer}");
            told.should("6.2.5.2", text);
        }
    }
}

/// B.1: a playlist of low latency may be kept for half a target duration, or six when it was waited for.
pub(super) fn playlist_caching(cache: Option<&str>, waited: bool, playlist: &Playlist, told: &mut Told) {
    let Some(target) = playlist.target_duration.filter(|_| playlist.has_parts() && !playlist.is_over) else {
        return;
    };
    let most = if waited { target * 6 } else { target / 2 };
    let fits = cache.is_some_and(|cache| is_unkept(cache) || age(cache).is_some_and(|age| age <= most));
    if !fits {
        let (cache, kind) = (shown(cache), if waited { "playlist waited for" } else { "playlist" });
        told.should("B.1", format!("a {kind} comes {cache}: at most {} s, or no-cache", most.as_secs_f64()));
    }
}

/// B.1: segments and parts of low latency can be kept for six target durations.
pub(super) fn media_caching(cache: Option<&str>, playlist: &Playlist, told: &mut Told) {
    let Some(target) = playlist.target_duration.filter(|_| playlist.has_parts()) else { return };
    let fits =
        cache.is_some_and(|cache| !is_unkept(cache) && age(cache).is_some_and(|age| age >= target * 6));
    if !fits {
        let (cache, least) = (shown(cache), (target * 6).as_secs());
        told.should("B.1", format!("segments and parts come {cache}: better max-age={least} or more"));
    }
}

fn is_unkept(cache: &str) -> bool {
    words(cache).any(|word| word == "no-cache" || word == "no-store")
}

fn age(cache: &str) -> Option<Duration> {
    let seconds = words(cache).find_map(|word| word.strip_prefix("max-age=")?.parse().ok())?;
    Some(Duration::from_secs(seconds))
}

fn words(cache: &str) -> impl Iterator<Item = String> + '_ {
    cache.split(',').map(|word| word.trim().to_ascii_lowercase())
}

fn shown(cache: Option<&str>) -> String {
    let with = |cache: &str| format!("with Cache-Control: {}", cache.escape_debug());
    cache.map_or("without Cache-Control".to_owned(), with)
}

/// A part that was asked for as soon as it was hinted at.
#[derive(Default)]
pub(super) struct Hinted {
    uri: String,
    answer: JoinSet<anyhow::Result<Bytes>>,
}

impl Hinted {
    /// Ask for what `playlist`, which came from `base`, hints at.
    pub(super) fn ask(&mut self, fetch: &Fetch, base: &Url, playlist: &Playlist) {
        let hint = playlist.hints.iter().find(|hint| hint.kind == "PART" && !hint.is_range);
        let Some(hint) = hint.filter(|hint| hint.uri != self.uri && !playlist.is_over) else { return };
        let Some(url) = join(base, &hint.uri).ok().filter(|url| url.scheme() == "http") else { return };
        self.uri.clone_from(&hint.uri);
        self.answer = JoinSet::new();
        let fetch = fetch.clone();
        self.answer.spawn(async move { Ok(fetch.media(&url).await?.bytes) });
    }

    /// 4.4.5.3, 6.2.6: the part at `uri` is there, and has these bytes: so had the answer to who asked before.
    pub(super) async fn came(&mut self, uri: &str, bytes: &Bytes, told: &mut Told) {
        if uri != self.uri || self.answer.is_empty() {
            return;
        }
        let name = uri.escape_debug();
        match timeout(SOON, self.answer.join_next()).await {
            Err(_) => told.must("6.2.6", format!("{name} is there, and who asked by the hint has no answer")),
            Ok(Some(Ok(Ok(early)))) if early != *bytes => {
                let (early, now) = (early.len(), bytes.len());
                told.must("6.2.6", format!("{name} had {early} bytes by the hint, and others now, {now}"));
            }
            Ok(Some(Ok(Err(error)))) => {
                told.must("6.2.6", format!("{name} could not be fetched by the hint: {error:#}"));
            }
            Ok(_) => {}
        }
    }
}

/// 6.2.2: a segment that left the playlist can still be fetched. One is looked at.
#[derive(Default)]
pub(super) struct Removed {
    /// Where those are that are listed, and what they are.
    listed: BTreeMap<u64, (Url, u64)>,
    is_done: bool,
}

impl Removed {
    /// The segment `number` was fetched from `url`.
    pub(super) fn note(&mut self, number: u64, url: Url, bytes: &Bytes) {
        if !self.is_done {
            self.listed.insert(number, (url, fingerprint(bytes)));
        }
    }

    /// `playlist` is the newest version.
    pub(super) async fn look(&mut self, fetch: &Fetch, playlist: &Playlist, told: &mut Told) {
        let left = self.listed.range(..playlist.media_sequence).next_back();
        let Some((_, (url, print))) = left else { return };
        match timeout(SOON, fetch.media(url)).await {
            Ok(Ok(media)) if fingerprint(&media.bytes) == *print => {}
            Ok(Ok(_)) => told.must("6.2.2", format!("{url} left the playlist, and has other bytes now")),
            Ok(Err(error)) => {
                told.must("6.2.2", format!("{url} left the playlist, and cannot be fetched: {error:#}"));
            }
            Err(_) => told.must("6.2.2", format!("{url} left the playlist, and does not come")),
        }
        (self.is_done, self.listed) = (true, BTreeMap::new());
    }
}

fn fingerprint(bytes: &Bytes) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}
