//! The guide of all channels as XMLTV, for other programs: piece by piece, as fast as it is read.

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use iptv::{
    m3u,
    xmltv::{Channel, Text, Writer},
};
use tokio::io::{AsyncWriteExt as _, DuplexStream};

use super::{Directory, Programme, answers::end};
use crate::catalog::{Catalog, ChannelId, Error, Snapshot, now};

/// As many channels are written at once.
const CHANNELS: usize = 50;

/// As far as the guide goes, in seconds.
const BACK: i64 = 24 * 3600;
const AHEAD: i64 = 15 * 24 * 3600;

/// What is written and not read yet, in bytes.
const AHEAD_BYTES: usize = 256 << 10;

impl Catalog {
    /// The IDs by which `xmltv.xml` and `playlist.m3u` name the channels of guides.
    #[must_use]
    pub fn guide_ids(&self, snapshot: &Snapshot) -> HashMap<ChannelId, Box<str>> {
        let directory = self.directory();
        let names = directory.channels();
        let matches = directory.all(snapshot);
        let id = |number| names.get(number).map(|it| shared_id(&it.xmltv_id).into());
        matches.iter().filter_map(|(channel, number)| Some((*channel, id(number)?))).collect()
    }

    /// The guide as XMLTV. The reading end of a pipe comes back; who does not read holds nobody up.
    #[must_use]
    pub fn xmltv(&self) -> DuplexStream {
        let (reading, writing) = tokio::io::duplex(AHEAD_BYTES);
        let this = self.clone();
        self.0.tasks.spawn(async move {
            let stop = this.0.stop.clone();
            let written = tokio::select! {
                written = this.write_xmltv(writing) => written,
                () = stop.cancelled() => Ok(()),
            };
            if let Err(error) = written {
                tracing::debug!("writing the guide: {error}");
            }
        });
        reading
    }

    async fn write_xmltv(&self, mut out: DuplexStream) -> Result<(), Error> {
        let (snapshot, directory) = (self.snapshot(), self.directory());
        let of_lists = Arc::clone(&directory);
        let numbers = tokio::task::spawn_blocking(move || used(&of_lists, &snapshot)).await?;
        let channels = directory.channels();
        let mut text = Writer::new(String::new(), "acehls").map_err(written)?;
        for channel in numbers.iter().filter_map(|number| channels.get(number)) {
            let names =
                channel.names.iter().map(|name| Text { text: (&**name).into(), lang: None }).collect();
            let icon = channel.icon.as_deref().map(Into::into);
            let channel = Channel { id: shared_id(&channel.xmltv_id), names, icon, urls: Vec::new() };
            text.channel(&channel).map_err(written)?;
        }
        let now = now();
        for some in numbers.chunks(CHANNELS) {
            let mut programmes = self.0.store.programmes(some, now - BACK, now + AHEAD).await?;
            programmes.chunk_by_mut(|a, b| a.channel == b.channel).for_each(end);
            for programme in &programmes {
                let Some(channel) = channels.get(&programme.channel) else { continue };
                text.programme(&programme.xmltv(&shared_id(&channel.xmltv_id))).map_err(written)?;
            }
            out.write_all(std::mem::take(text.get_mut()).as_bytes()).await?;
        }
        out.write_all(text.finish().map_err(written)?.as_bytes()).await?;
        Ok(out.shutdown().await?)
    }
}

/// The ID as both formats can hold it: a list's attributes have no double quotes, and players compare.
fn shared_id(xmltv_id: &str) -> Cow<'_, str> {
    m3u::attribute_text(xmltv_id)
}

/// The numbers of the channels of guides that channels of lists have, each once.
fn used(directory: &Arc<Directory>, snapshot: &Snapshot) -> Vec<i64> {
    let mut numbers: Vec<i64> = directory.all(snapshot).values().copied().collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
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
