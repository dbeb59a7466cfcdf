//! What is on now, and from when to when.

use std::collections::HashMap;

use super::Programme;
use crate::catalog::{Catalog, Channel, ChannelId, Error};

/// No programme is longer, in seconds: one that began earlier is over.
const LONGEST: i64 = 24 * 3600;

/// So far ahead the next programme is looked for, in seconds.
const SOON: i64 = 24 * 3600;

/// What is on, and what comes next.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NowNext {
    /// What is on.
    pub now: Option<Programme>,
    /// What comes next.
    pub next: Option<Programme>,
}

/// The programmes of each channel, in order.
pub type Grid = HashMap<ChannelId, Vec<Programme>>;

impl Catalog {
    /// What is on each of these channels at `time`, in seconds since 1970 UTC. Those that no guide has are left out.
    ///
    /// # Errors
    /// As the store has them.
    pub async fn now_next(&self, ids: &[ChannelId], time: i64) -> Result<HashMap<ChannelId, NowNext>, Error> {
        let grid = self.grid(ids, time, time + SOON).await?;
        let pick = |programmes: Vec<Programme>| {
            let is_on = |it: &Programme| it.start <= time && it.stop.is_none_or(|stop| stop > time);
            NowNext {
                now: programmes.iter().rfind(|it| is_on(it)).cloned(),
                next: programmes.into_iter().find(|it| it.start > time),
            }
        };
        Ok(grid.into_iter().map(|(id, programmes)| (id, pick(programmes))).collect())
    }

    /// What is on these channels between `from` and `to`, in seconds since 1970 UTC.
    ///
    /// # Errors
    /// As the store has them.
    pub async fn grid(&self, ids: &[ChannelId], from: i64, to: i64) -> Result<Grid, Error> {
        let (snapshot, directory) = (self.snapshot(), self.directory());
        let channels = ids.iter().filter_map(|id| snapshot.channel(*id));
        let found: Vec<(ChannelId, i64, i64)> =
            channels.filter_map(|it| Some((it.id, directory.find(it)?.channel.id, shift(it)))).collect();
        let (least, most) = found.iter().fold((0, 0), |(least, most), it| (it.2.min(least), it.2.max(most)));
        let numbers: Vec<i64> = found.iter().map(|it| it.1).collect();
        let programmes = self.0.store.programmes(&numbers, from - LONGEST - most, to - least).await?;
        let mut by_number: HashMap<i64, Vec<Programme>> = HashMap::new();
        for programme in programmes {
            by_number.entry(programme.channel).or_default().push(programme);
        }
        by_number.values_mut().for_each(|programmes| end(programmes));
        let row = |(id, number, shift): (ChannelId, i64, i64)| {
            let all = by_number.get(&number).into_iter().flatten().cloned().map(|it| it.shifted(shift));
            let is_in = |it: &Programme| it.start < to && it.stop.unwrap_or(it.start + LONGEST) > from;
            (id, all.filter(is_in).collect())
        };
        Ok(found.into_iter().map(row).collect())
    }
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
