//! The guide of all channels as XMLTV, for other programs: piece by piece, as fast as it is read.

use std::{
    collections::{HashMap, HashSet},
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use iptv::xmltv::{Channel, Text, Writer};
use tokio::sync::mpsc;

use super::{Directory, Programme, answers::end};
use crate::catalog::{Catalog, ChannelId, Error, Snapshot, now};

/// As many channels are written at once.
const CHANNELS: usize = 50;

/// As far as the guide goes, in seconds.
const BACK: i64 = 24 * 3600;
const AHEAD: i64 = 15 * 24 * 3600;

/// As many pieces wait to be read.
const PIECES: usize = 2;

/// The guide as XMLTV, in pieces.
#[derive(Debug)]
pub struct Pieces(Option<mpsc::Receiver<Piece>>);

/// Text, or that this was all of it: who writes may fail, and then there is less.
#[derive(Debug)]
enum Piece {
    Text(String),
    End,
}

/// The guide broke off: what was read of it is not the whole.
#[derive(Debug, thiserror::Error)]
#[error("the guide broke off")]
pub struct BrokenOff;

impl Pieces {
    /// The next piece, if it is there; nothing when that was all.
    ///
    /// # Errors
    /// It broke off.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BrokenOff>>> {
        let Some(pieces) = &mut self.0 else { return Poll::Ready(None) };
        let last = match ready!(pieces.poll_recv(cx)) {
            Some(Piece::Text(text)) => return Poll::Ready(Some(Ok(text.into()))),
            Some(Piece::End) => None,
            None => Some(Err(BrokenOff)),
        };
        self.0 = None;
        Poll::Ready(last)
    }
}

impl Catalog {
    /// The IDs by which `xmltv.xml` and `playlist.m3u` name the channels of guides.
    #[must_use]
    pub fn guide_ids(&self, snapshot: &Snapshot) -> HashMap<ChannelId, String> {
        let directory = self.directory();
        let matches = directory.all(snapshot);
        let ids: HashMap<i64, String> =
            directory.outgoing(&used(&directory, snapshot)).into_iter().map(|(it, id)| (it.id, id)).collect();
        matches.iter().filter_map(|(id, number)| Some((*id, ids.get(number)?.clone()))).collect()
    }

    /// The guide as XMLTV. Who does not read holds nobody up.
    #[must_use]
    pub fn xmltv(&self) -> Pieces {
        let (writing, reading) = mpsc::channel(PIECES);
        let this = self.clone();
        self.0.tasks.spawn(async move {
            let stop = this.0.stop.clone();
            let written = tokio::select! {
                written = this.write_xmltv(&writing) => written,
                () = stop.cancelled() => Err(Error::Cancelled),
            };
            if let Err(error) = written {
                tracing::warn!("the guide as XMLTV broke off: {error}");
            }
        });
        Pieces(Some(reading))
    }

    async fn write_xmltv(&self, out: &mpsc::Sender<Piece>) -> Result<(), Error> {
        let (snapshot, directory) = (self.snapshot(), self.directory());
        let find = move || {
            let used = used(&directory, &snapshot);
            let own = |(channel, id): (&super::GuideChannel, String)| (channel.clone(), id);
            directory.outgoing(&used).into_iter().map(own).collect::<Vec<_>>()
        };
        let channels = tokio::task::spawn_blocking(find).await?;
        let mut text = Writer::new(String::new(), "acehls").map_err(written)?;
        for (channel, id) in &channels {
            let names =
                channel.names.iter().map(|name| Text { text: (&**name).into(), lang: None }).collect();
            let icon = channel.icon.as_deref().map(Into::into);
            let channel = Channel { id: id.into(), names, icon, urls: Vec::new() };
            text.channel(&channel).map_err(written)?;
        }
        let now = now();
        for some in channels.chunks(CHANNELS) {
            let numbers: Vec<i64> = some.iter().map(|(channel, _)| channel.id).collect();
            let ids: HashMap<i64, &str> = some.iter().map(|(channel, id)| (channel.id, &**id)).collect();
            let mut programmes = self.0.store.programmes(&numbers, now - BACK, now + AHEAD).await?;
            programmes.chunk_by_mut(|a, b| a.channel == b.channel).for_each(end);
            for programme in &programmes {
                text.programme(&programme.xmltv(ids[&programme.channel])).map_err(written)?;
            }
            if send(out, Piece::Text(std::mem::take(text.get_mut()))).await.is_none() {
                return Ok(());
            }
        }
        let rest = text.finish().map_err(written)?;
        for last in [Piece::Text(rest), Piece::End] {
            send(out, last).await;
        }
        Ok(())
    }
}

/// Nothing if nobody reads any more.
async fn send(out: &mpsc::Sender<Piece>, piece: Piece) -> Option<()> {
    out.send(piece).await.ok()
}

/// The numbers of the channels of guides that channels of lists have.
fn used(directory: &Directory, snapshot: &Snapshot) -> HashSet<i64> {
    directory.all(snapshot).values().copied().collect()
}

fn written(error: std::fmt::Error) -> Error {
    Error::Invalid(error.to_string())
}

impl Programme {
    /// As XMLTV has it.
    fn xmltv<'a>(&'a self, channel: &'a str) -> iptv::xmltv::Programme<'a> {
        let text = |text: &'a str| Text { text: text.into(), lang: None };
        let more = &self.more;
        let number = |number: Option<u32>| {
            number.and_then(|it| it.checked_sub(1)).map_or(String::new(), |it| it.to_string())
        };
        let episode = (more.season.is_some() || more.episode.is_some())
            .then(|| format!("{}.{}.", number(more.season), number(more.episode)).into());
        iptv::xmltv::Programme {
            channel: channel.into(),
            start: self.start,
            stop: self.stop,
            titles: vec![text(&self.title)],
            sub_titles: more.sub_title.as_deref().map(text).into_iter().collect(),
            descriptions: more.description.as_deref().map(text).into_iter().collect(),
            categories: more.categories.iter().map(|it| text(it)).collect(),
            xmltv_ns: episode,
            icon: more.icon.as_deref().map(Into::into),
            date: more.year.map(|year| year.to_string().into()),
            rating: more.rating.as_deref().map(Into::into),
            is_new: more.is_new,
            is_repeat: more.is_repeat,
            is_live: more.is_live,
            ..iptv::xmltv::Programme::default()
        }
    }
}
