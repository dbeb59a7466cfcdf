//! Which channel is to be checked next where that is done by itself.

use std::collections::HashMap;

use super::{Channel, ChannelId, Personal, Snapshot, ToCheck};

/// A look for a channel that is to be checked. Times are seconds since 1970 UTC.
#[derive(Debug)]
pub struct Check<'a> {
    /// When.
    pub now: i64,
    /// What is known for less long, in seconds, is known well enough.
    pub every: i64,
    /// Which channels are meant.
    pub which: ToCheck,
    /// When channels were last checked by themselves: a check may leave nothing to know.
    pub tried: &'a HashMap<ChannelId, i64>,
}

impl Check<'_> {
    /// The first channel of which nothing is known for too long and that `may` be checked: the favourites come first, then
    /// what was played last.
    #[must_use]
    pub fn first(
        &self,
        snapshot: &Snapshot,
        personal: &Personal,
        may: impl Fn(&Channel) -> bool,
    ) -> Option<ChannelId> {
        let recents = personal.recents.iter().map(|(id, _)| id);
        let own = personal.favourites.keys().chain(recents).filter_map(|id| snapshot.channel(*id));
        let lists = match self.which {
            ToCheck::Favourites => &[],
            ToCheck::All => snapshot.lists(),
        };
        let others = lists.iter().flat_map(|list| &list.channels);
        let others = others.filter(|it| it.vanished_at.is_none() && !it.is_hidden());
        own.chain(others).find(|it| self.is_due(it, personal) && may(it)).map(|it| it.id)
    }

    fn is_due(&self, channel: &Channel, personal: &Personal) -> bool {
        let is_recent = |at: i64| (0..self.every).contains(&(self.now - at));
        let tried = self.tried.get(&channel.id).copied();
        !tried.into_iter().chain(told(channel, personal)).any(is_recent)
    }
}

/// When plays and checks told of the channel.
fn told(channel: &Channel, personal: &Personal) -> impl Iterator<Item = i64> {
    let known = channel.listed.sources.iter().filter_map(|source| personal.health(source));
    known.flat_map(|health| [health.worked_at, health.failed_at]).flatten()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::catalog::{Edit, Health, List, Listed, Origin, Playlist, PlaylistId, State};

    const DAY: i64 = 24 * 3600;
    const NOW: i64 = 100 * DAY;

    fn link(number: i64) -> String {
        format!("{number:040}")
    }

    fn snapshot() -> Snapshot {
        let channel = |number: i64| {
            let list = format!("#EXTINF:-1,Channel {number}\nacestream://{}\n", link(number));
            let listed = Listed::of(&iptv::parse_m3u(list).entries[0]);
            Channel { id: ChannelId(number), listed, edit: None, vanished_at: None }
        };
        let mut channels: Vec<Channel> = (1..=6).map(channel).collect();
        channels[0].edit = Some(Box::new(Edit { hidden: true, ..Edit::default() }));
        channels[1].vanished_at = Some(0);
        let name = "tv".parse().unwrap();
        let (origin, state) = (Origin::Upload, State::default());
        let playlist = Playlist { id: PlaylistId(1), name, origin, refresh_s: None, state };
        let channels = channels.into_iter().map(Arc::new).collect();
        Snapshot::new(1, vec![Arc::new(List { playlist, channels })], None)
    }

    /// 4 is a favourite, 6 was played last, before it 5.
    fn personal() -> Personal {
        let (favourites, recents) = ([(ChannelId(4), 0)].into(), vec![(ChannelId(6), 9), (ChannelId(5), 8)]);
        Personal { favourites, recents, ..Personal::default() }
    }

    /// The channels in the order in which they are checked, each as soon as the one before is.
    fn order(which: ToCheck, personal: &Personal) -> Vec<i64> {
        let (snapshot, mut tried) = (snapshot(), HashMap::new());
        let mut order = Vec::new();
        while let Some(id) =
            (Check { now: NOW, every: DAY, which, tried: &tried }).first(&snapshot, personal, |_| true)
        {
            tried.insert(id, NOW);
            order.push(id.0);
        }
        order
    }

    #[test]
    fn favourites_come_first_then_what_was_played_then_what_lists_show() {
        assert_eq!(order(ToCheck::Favourites, &personal()), [4, 6, 5]);
        assert_eq!(order(ToCheck::All, &personal()), [4, 6, 5, 3]);
        assert_eq!(order(ToCheck::Favourites, &Personal::default()), [0; 0]);
    }

    #[test]
    fn a_channel_of_which_a_play_or_a_check_told_lately_is_not_due() {
        let mut personal = personal();
        let worked = |at| Health { worked_at: Some(at), ..Health::default() };
        let failed = |at| Health { failed_at: Some(at), worked_at: Some(0), ..Health::default() };
        personal.health.insert(link(4), worked(NOW - DAY + 1));
        personal.health.insert(link(6), failed(NOW));
        personal.health.insert(link(5), worked(NOW - DAY));
        assert_eq!(order(ToCheck::Favourites, &personal), [5]);

        // A clock that was set back makes nothing wait for years.
        personal.health.insert(link(6), worked(NOW + 1000 * DAY));
        assert_eq!(order(ToCheck::Favourites, &personal), [6, 5]);
    }

    #[test]
    fn a_channel_whose_check_told_nothing_waits_as_long() {
        let (snapshot, personal) = (snapshot(), personal());
        let tried = HashMap::from([(ChannelId(4), NOW)]);
        let first = |now, may: fn(&Channel) -> bool| {
            let check = Check { now, every: DAY, which: ToCheck::Favourites, tried: &tried };
            check.first(&snapshot, &personal, may).map(ChannelId::get)
        };

        assert_eq!((first(NOW + DAY - 1, |_| true), first(NOW + DAY, |_| true)), (Some(6), Some(4)));
        assert_eq!(first(NOW + DAY, |it| it.id.0 == 5), Some(5));
    }
}
