//! One media playlist, followed for a while, and the media that it lists.

use std::time::Duration;

use hls::validate::{Contents, Fetched, Follower, Playlist};
use reqwest::Url;
use tokio::time::{Instant, sleep, timeout_at};

use super::{
    delivery,
    fetch::{Answer, Fetch, Refused},
    media::Media,
    told::Told,
};

/// An answer that took less was there already, and did not wait for anything.
const AT_ONCE: Duration = Duration::from_millis(20);

/// The pause before a playlist is asked for again that says nothing of its pace, or was refused.
const PAUSE: Duration = Duration::from_millis(250);

/// Looks at one media playlist.
pub(super) struct Watch {
    fetch: Fetch,
    url: Url,
    follower: Follower,
    media: Media,
    told: Told,
    reloads: u64,
    /// Where the newest version came from in the end.
    base: Option<Url>,
}

/// What was seen.
pub(super) struct Watched {
    pub(super) told: Told,
    pub(super) contents: Contents,
}

impl Watch {
    pub(super) fn new(fetch: Fetch, url: Url, prefix: String) -> Self {
        let media = Media::new(fetch.clone());
        Self {
            fetch,
            url,
            follower: Follower::default(),
            media,
            told: Told::new(prefix),
            reloads: 0,
            base: None,
        }
    }

    /// Look at the playlist, which may have come already as `first`, and at its next versions as long as `follow` says.
    pub(super) async fn run(mut self, first: Option<Answer>, follow: Duration) -> anyhow::Result<Watched> {
        let begun = Instant::now();
        let end = begun + follow;
        let answer = match first {
            Some(answer) => answer,
            None => self.fetch.playlist(&self.url).await?,
        };
        self.take(answer, None, Fetched { at: Duration::ZERO, blocked: false }).await;
        while Instant::now() < end && !self.follower.playlist().is_some_and(|playlist| playlist.is_over) {
            self.ask_for_hint();
            let blocks = self.pause(end).await;
            let asked = Instant::now();
            let url = self.next();
            let Ok(answer) = timeout_at(end, self.fetch.playlist(&url)).await else { break };
            let blocked = blocks && asked.elapsed() > AT_ONCE;
            match answer {
                Ok(answer) => {
                    let wanted = self.follower.playlist().filter(|_| blocks).map(next_place);
                    self.take(answer, Some(&url), Fetched { at: begun.elapsed(), blocked }).await;
                    self.reached(wanted).await;
                }
                // A server that blocked for three target durations gives up so (6.2.5.2).
                Err(error) if matches!(error.downcast_ref(), Some(Refused(503))) => sleep(PAUSE).await,
                Err(error) => return Err(error),
            }
        }
        self.refuses().await;
        let contents = self.media.finish(&mut self.told);
        Ok(Watched { told: self.told, contents })
    }

    /// `asked` is with which directives.
    async fn take(&mut self, answer: Answer, asked: Option<&Url>, fetched: Fetched) {
        self.reloads += 1;
        self.told.tell(answer.findings);
        self.told.tell(self.follower.take(fetched, &answer.text));
        self.base = Some(answer.url.clone());
        if let Some(playlist) = self.follower.playlist().filter(|_| answer.url.scheme() == "http") {
            let has = |name| asked.is_some_and(|url| url.query_pairs().any(|(found, _)| found == name));
            let waited = has("_HLS_msn");
            delivery::playlist_caching(answer.cache.as_deref(), waited, playlist, &mut self.told);
            if has("_HLS_skip") {
                delivery::skipped(&answer.text, playlist, &mut self.told);
            }
        }
        // Only MPEG-TS as it is can be looked into, and not single pictures of it.
        let others = ["#EXT-X-MAP", "#EXT-X-KEY", "#EXT-X-I-FRAMES-ONLY"];
        let is_other = others.iter().any(|tag| answer.text.contains(tag));
        if let Some(playlist) = self.follower.playlist().filter(|_| !is_other) {
            self.media.look(&answer.url, playlist, &mut self.told).await;
        }
    }

    /// Ask for the part that comes next, where the server says that it waits for it.
    fn ask_for_hint(&mut self) {
        if let (Some(base), Some(playlist)) = (&self.base, self.follower.playlist()) {
            self.media.ask(base, playlist);
        }
    }

    /// Ask what makes no sense, of a server that takes directives.
    async fn refuses(&mut self) {
        let live = self.follower.playlist().filter(|playlist| can_block(playlist) && !playlist.is_over);
        if let Some(playlist) = live.filter(|_| self.url.scheme() == "http") {
            delivery::refuses(&self.fetch, &self.url, playlist, &mut self.told).await;
        }
    }

    /// 6.2.5.2: a server that blocks does so until what was asked for is there.
    async fn reached(&mut self, wanted: Option<(u64, usize)>) {
        let Some((playlist, wanted)) = self.follower.playlist().zip(wanted) else { return };
        if next_place(playlist) <= wanted && !playlist.is_over {
            let text = "the answer to a blocking reload is without what was asked for".to_owned();
            self.told.must("6.2.5.2", text);
            // It would be asked again and again without end.
            sleep(PAUSE).await;
        }
    }

    /// Wait until it is time to ask again, unless the server does the waiting; returns whether it does.
    async fn pause(&self, end: Instant) -> bool {
        let playlist = self.follower.playlist();
        if playlist.is_some_and(can_block) {
            return true;
        }
        // Twice a target duration is often enough to see every segment come (6.3.4).
        let pause = playlist.and_then(|playlist| playlist.target_duration).map_or(PAUSE, |target| target / 2);
        tokio::time::sleep_until(end.min(Instant::now() + pause)).await;
        false
    }

    /// Where the next version is: with the directives that make the server wait for it, and every second time with
    /// the one that asks for a delta update.
    fn next(&self) -> Url {
        let mut url = self.url.clone();
        let Some(playlist) = self.follower.playlist().filter(|playlist| can_block(playlist)) else {
            return url;
        };
        let (segment, part) = next_place(playlist);
        let mut query = url.query_pairs_mut();
        query.append_pair("_HLS_msn", &segment.to_string());
        if playlist.part_target.is_some() {
            query.append_pair("_HLS_part", &part.to_string());
        }
        let can_skip = playlist.server_control.is_some_and(|control| control.can_skip_until.is_some());
        if can_skip && self.reloads % 2 == 1 {
            query.append_pair("_HLS_skip", "YES");
        }
        drop(query);
        url
    }
}

/// The segment that is not whole, and how many parts of it there are.
fn next_place(playlist: &Playlist) -> (u64, usize) {
    (playlist.growing.number, playlist.growing.parts.len())
}

fn can_block(playlist: &Playlist) -> bool {
    playlist.server_control.is_some_and(|control| control.can_block)
}
