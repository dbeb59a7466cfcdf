//! Events by time: what guides say begins, and what stands in the names of channels that show one event.

use std::{collections::HashMap, sync::Arc};

use iptv::{event, name::fold};

use super::{About, Programme};
use crate::catalog::{Catalog, Channel, ChannelId, Error};

/// As many programmes of the guides are looked at for one answer.
const LOOKED_AT: i64 = 50_000;

const DAY: i64 = 24 * 3600;

/// Something that begins on a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Where it is on.
    pub channel: Arc<Channel>,
    /// What it is. Without an end where a name says it.
    pub programme: Programme,
    /// Whether the name of the channel says so, and no guide.
    pub is_named: bool,
}

impl Catalog {
    /// What begins from `from` to before `to`, in seconds since 1970 UTC, and has all words of `text` in its title; by
    /// time. Times in names that say no zone are those of one so many seconds east of Greenwich.
    ///
    /// # Errors
    /// As the store has them.
    pub async fn events(&self, from: i64, to: i64, text: &str, zone: i64) -> Result<Vec<Event>, Error> {
        let programmes = self.0.store.programmes_by_time(from, to, LOOKED_AT).await?;
        let (snapshot, directory) = (self.snapshot(), self.directory());
        let words: Vec<String> = fold(text).split(' ').map(str::to_owned).collect();
        let found = tokio::task::spawn_blocking(move || {
            let has_all = |title: &str| {
                let title = fold(title);
                words.iter().all(|word| title.contains(&**word))
            };
            let mut channels: HashMap<i64, Vec<ChannelId>> = HashMap::new();
            for (id, number) in &*directory.all(&snapshot) {
                channels.entry(*number).or_default().push(*id);
            }
            let of_guides = programmes.into_iter().filter(|it| has_all(&it.title)).flat_map(|programme| {
                let ids = channels.get(&programme.channel).into_iter().flatten();
                ids.filter_map(|id| snapshot.channel(*id))
                    .map(|channel| Event {
                        channel: Arc::clone(channel),
                        programme: programme.clone(),
                        is_named: false,
                    })
                    .collect::<Vec<_>>()
            });
            let shown = snapshot.lists().iter().flat_map(|list| &list.channels);
            let shown = shown.filter(|it| !it.is_hidden() && it.vanished_at.is_none());
            let of_names =
                shown.filter_map(|it| named(it, from, to, zone)).filter(|it| has_all(&it.programme.title));
            let mut all: Vec<Event> = of_guides.chain(of_names).collect();
            all.sort_by_key(|it| (it.programme.start, it.channel.id));
            all
        });
        Ok(found.await?)
    }
}

/// The event in the channel's name, if it begins in this time.
fn named(channel: &Arc<Channel>, from: i64, to: i64, zone: i64) -> Option<Event> {
    let name = channel.name();
    // Most names have no time, and finding that out is the most of the work.
    if !name.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let found = event::find(name)?;
    let (hour, minute) = found.time?;
    let zone = found.zone.map_or(zone, i64::from);
    let of_day = i64::from(hour) * 3600 + i64::from(minute) * 60 - zone;
    let start = days(found.day, from + zone, to + zone)
        .map(|day| day * DAY + of_day)
        .find(|at| (from..to).contains(at))?;
    let programme = Programme { channel: 0, start, stop: None, title: found.title, more: About::default() };
    Some(Event { channel: Arc::clone(channel), programme, is_named: true })
}

/// The days, counted from 1970, that may be meant between two times of the event's own zone.
fn days(day: Option<event::Day>, from: i64, to: i64) -> impl Iterator<Item = i64> {
    let (first, last) = (from.div_euclid(DAY), to.div_euclid(DAY));
    (first..=last).take(400).filter(move |number| {
        day.is_none_or(|day| {
            let (year, month, of_month) = civil(*number);
            (day.month, day.day) == (month, of_month) && day.year.is_none_or(|it| i64::from(it) == year)
        })
    })
}

/// The Gregorian date of a day counted from 1970.
fn civil(day: i64) -> (i64, u8, u8) {
    let date = crate::live::rfc3339_of(day * DAY);
    let number =
        |range: std::ops::Range<usize>| date.get(range).and_then(|text| text.parse().ok()).unwrap_or(0);
    let small = |range| u8::try_from(number(range)).unwrap_or(0);
    (number(0..4), small(5..7), small(8..10))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Listed;

    /// 2026-11-27 00:00 UTC.
    const TODAY: i64 = 1_795_737_600;

    fn start_of(name: &str, zone: i64) -> Option<i64> {
        let listed =
            Listed::of(&iptv::parse_m3u(format!("#EXTINF:-1,{name}\nhttp://tv.example/1\n")).entries[0]);
        let channel = Arc::new(Channel { id: ChannelId(1), listed, edit: None, vanished_at: None });
        named(&channel, TODAY, TODAY + 2 * DAY, zone).map(|it| (it.programme.start - TODAY) / 60)
    }

    #[test]
    fn the_time_in_a_name_is_that_of_the_next_such_hour_or_of_its_day() {
        assert_eq!(start_of("Event 1: 21:00 A vs B", 0), Some(21 * 60));
        assert_eq!(start_of("Event 1: 21:00 A vs B", 3600), Some(20 * 60));
        assert_eq!(start_of("Event 1: 28/11 21:00 A vs B", 0), Some(45 * 60));
        assert_eq!(start_of("Event 1: 29/11 21:00 A vs B", 0), None);
        assert_eq!(start_of("Event 1: 00:30 A vs B", 3600), Some(23 * 60 + 30));
        assert_eq!(start_of("News 24", 0), None);
    }
}
