//! What is on now, and from when to when.

use std::collections::HashMap;

use super::Programme;
use crate::catalog::{Catalog, Channel, ChannelId, Error};

/// No programme is longer, in seconds: one that began earlier is over.
const LONGEST: i64 = 24 * 3600;

/// So far ahead the next programme is looked for, in seconds, and so far back the one that is on.
const SPAN: i64 = LONGEST;

/// What is on, and what comes next.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NowNext {
    /// What is on.
    pub now: Option<Programme>,
    /// What comes next.
    pub next: Option<Programme>,
}

impl NowNext {
    /// What is on at `time` of a channel's programmes, which are in order.
    fn at(time: i64, programmes: &[Programme]) -> Self {
        let is_on = |it: &&Programme| it.start <= time && it.stop.is_none_or(|stop| stop > time);
        Self {
            now: programmes.iter().rfind(is_on).cloned(),
            next: programmes.iter().find(|it| it.start > time).cloned(),
        }
    }

    fn shifted(self, seconds: i64) -> Self {
        let shift = |it: Option<Programme>| it.map(|it| it.shifted(seconds));
        Self { now: shift(self.now), next: shift(self.next) }
    }
}

/// The programmes of each channel, in order.
pub type Grid = HashMap<ChannelId, Vec<Programme>>;

impl Catalog {
    /// What is on each of these channels at `time`, in seconds since 1970 UTC. Those that no guide has are left out.
    ///
    /// # Errors
    /// As the store has them.
    pub async fn now_next(&self, ids: &[ChannelId], time: i64) -> Result<HashMap<ChannelId, NowNext>, Error> {
        let (snapshot, directory) = (self.snapshot(), self.directory());
        let channels = ids.iter().filter_map(|id| snapshot.channel(*id));
        let found: Vec<(ChannelId, i64, i64)> =
            channels.filter_map(|it| Some((it.id, directory.belonging(it)?.id, shift(it)))).collect();
        let mut asked: Vec<(i64, i64)> = found.iter().map(|it| (it.1, time - it.2)).collect();
        asked.sort_unstable();
        asked.dedup();
        let by_number = by_number(self.0.store.on_air(&asked, SPAN).await?);
        let both = |(id, number, shift): (ChannelId, i64, i64)| {
            Some((id, NowNext::at(time - shift, by_number.get(&number)?).shifted(shift)))
        };
        Ok(found.into_iter().filter_map(both).collect())
    }

    /// What is on these channels between `from` and `to`, in seconds since 1970 UTC.
    ///
    /// # Errors
    /// As the store has them.
    pub async fn grid(&self, ids: &[ChannelId], from: i64, to: i64) -> Result<Grid, Error> {
        let (snapshot, directory) = (self.snapshot(), self.directory());
        let channels = ids.iter().filter_map(|id| snapshot.channel(*id));
        let found: Vec<(ChannelId, i64, i64)> =
            channels.filter_map(|it| Some((it.id, directory.belonging(it)?.id, shift(it)))).collect();
        let (least, most) = found.iter().fold((0, 0), |(least, most), it| (it.2.min(least), it.2.max(most)));
        let numbers: Vec<i64> = found.iter().map(|it| it.1).collect();
        let programmes = self.0.store.programmes(&numbers, from - LONGEST - most, to - least).await?;
        let by_number = by_number(programmes);
        let row = |(id, number, shift): (ChannelId, i64, i64)| {
            let all = by_number.get(&number).into_iter().flatten().cloned().map(|it| it.shifted(shift));
            let is_in = |it: &Programme| it.start < to && it.stop.unwrap_or(it.start + LONGEST) > from;
            (id, all.filter(is_in).collect())
        };
        Ok(found.into_iter().map(row).collect())
    }
}

/// The programmes of each channel of a guide, in order, and each with an end if another follows.
fn by_number(programmes: Vec<Programme>) -> HashMap<i64, Vec<Programme>> {
    let mut by_number: HashMap<i64, Vec<Programme>> = HashMap::new();
    for programme in programmes {
        by_number.entry(programme.channel).or_default().push(programme);
    }
    for programmes in by_number.values_mut() {
        programmes.dedup_by_key(|it| it.start);
        end(programmes);
    }
    by_number
}

/// How much later the channel is than its guide says, in seconds.
pub(super) fn shift(channel: &Channel) -> i64 {
    channel.listed.more.as_ref().and_then(|more| more.shift).map_or(0, i64::from)
}

/// One without an end goes on until the next begins.
pub(super) fn end(programmes: &mut [Programme]) {
    for at in 1..programmes.len() {
        let next = programmes[at].start;
        programmes[at - 1].stop.get_or_insert(next);
    }
}
