//! Events by time: what guides say begins, and what stands in the names of channels that show one event.

use std::{
    collections::{BinaryHeap, HashMap},
    sync::Arc,
};

use iptv::{event, name::fold};

use super::{About, Directory, Programme, answers::shift};
use crate::catalog::{
    Catalog, Channel, ChannelId, Error, Snapshot,
    store::{IDS, Title},
};

/// As many programmes of the guides are looked at at once.
const PAGE: usize = if cfg!(test) { 3 } else { 20_000 };

const DAY: i64 = 24 * 3600;

/// Which events are wanted. Times are seconds since 1970 UTC.
#[derive(Debug, Clone, Default)]
pub struct Sought {
    /// They begin at this time, or later.
    pub from: i64,
    /// They begin before this time.
    pub to: i64,
    /// Words that are all in their titles.
    pub text: String,
    /// Times in names that say no zone are those of one so many seconds east of Greenwich.
    pub zone: i64,
    /// How many to pass over.
    pub offset: usize,
    /// How many at most.
    pub limit: usize,
}

/// A part of the events that were sought.
#[derive(Debug)]
pub struct Found {
    /// The part, by time.
    pub events: Vec<Event>,
    /// How many there are in all.
    pub total: usize,
}

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
    /// What begins on the channels that lists show, as the guides or the names of the channels say. All of it is looked
    /// at; no more is held than what comes up to the end of the part that is wanted.
    ///
    /// # Errors
    /// As the store has them.
    pub async fn events(&self, sought: Sought) -> Result<Found, Error> {
        let (snapshot, directory) = (self.snapshot(), self.directory());
        let begin = move || {
            let search = Search::of(sought, snapshot, &directory);
            let hits = search.named();
            (Arc::new(search), hits)
        };
        let (search, mut hits) = tokio::task::spawn_blocking(begin).await?;
        let mut numbers: Vec<i64> = search.channels.keys().copied().collect();
        numbers.sort_unstable();
        for some in numbers.chunks(IDS) {
            hits = self.search_guides(&search, some, hits).await?;
        }
        let total = hits.total;
        let mut part = hits.heap.into_sorted_vec();
        part.drain(..search.sought.offset.min(part.len()));
        let keys: Vec<(i64, i64)> = part.iter().filter_map(|hit| hit.listed).collect();
        let programmes = self.0.store.programmes_at(&keys).await?;
        let programmes: HashMap<_, _> =
            programmes.into_iter().map(|it| ((it.channel, it.start), it)).collect();
        // A guide that was read anew meanwhile has none of them any more.
        let events = part.into_iter().filter_map(|hit| search.event(&hit, &programmes)).collect();
        Ok(Found { events, total })
    }

    /// Add what the guides say of their channels with these numbers, which are in order.
    async fn search_guides(
        &self,
        search: &Arc<Search>,
        mut numbers: &[i64],
        mut hits: Hits,
    ) -> Result<Hits, Error> {
        let span = search.span(numbers);
        let mut after = (i64::MIN, i64::MIN);
        loop {
            let titles = self.0.store.titles(numbers, span, after, PAGE as i64).await?;
            let last = titles.last().filter(|_| titles.len() == PAGE).map(|it| (it.0, it.1));
            let search = Arc::clone(search);
            let add = move || {
                search.add(&titles, &mut hits);
                hits
            };
            hits = tokio::task::spawn_blocking(add).await?;
            let Some(last) = last else { return Ok(hits) };
            (after, numbers) = (last, &numbers[numbers.partition_point(|number| *number < last.0)..]);
        }
    }
}

/// An event that was found: enough to say which come first.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Hit {
    start: i64,
    channel: ChannelId,
    /// The guide's channel, and when it begins there; nothing if the name says it.
    listed: Option<(i64, i64)>,
}

/// The earliest hits, as many as are wanted.
#[derive(Debug)]
struct Hits {
    heap: BinaryHeap<Hit>,
    room: usize,
    total: usize,
}

impl Hits {
    fn add(&mut self, hit: Hit) {
        self.total += 1;
        if self.heap.len() < self.room {
            self.heap.push(hit);
        } else if let Some(mut last) = self.heap.peek_mut()
            && hit < *last
        {
            *last = hit;
        }
    }
}

/// What is looked for, and where.
struct Search {
    sought: Sought,
    words: Vec<String>,
    snapshot: Arc<Snapshot>,
    /// By the guides' channels: which channels they belong to, and how much later those are.
    channels: HashMap<i64, Vec<(ChannelId, i64)>>,
}

impl Search {
    fn of(sought: Sought, snapshot: Arc<Snapshot>, directory: &Directory) -> Self {
        let words = fold(&sought.text).split_whitespace().map(str::to_owned).collect();
        let mut channels: HashMap<i64, Vec<(ChannelId, i64)>> = HashMap::new();
        for (id, number) in &*directory.all(&snapshot) {
            let shift = snapshot.channel(*id).map_or(0, |it| shift(it));
            channels.entry(*number).or_default().push((*id, shift));
        }
        Self { sought, words, snapshot, channels }
    }

    /// What stands in the names of channels.
    fn named(&self) -> Hits {
        let room = self.sought.offset.saturating_add(self.sought.limit);
        let mut hits = Hits { heap: BinaryHeap::new(), room, total: 0 };
        let shown = self.snapshot.lists().iter().flat_map(|list| &list.channels).filter(|it| it.is_listed());
        let found = shown.filter_map(|channel| self.event_in_name(channel));
        found.filter(|it| self.has_all(&it.programme.title)).for_each(|it| {
            hits.add(Hit { start: it.programme.start, channel: it.channel.id, listed: None });
        });
        hits
    }

    fn event_in_name(&self, channel: &Arc<Channel>) -> Option<Event> {
        named(channel, self.sought.from, self.sought.to, self.sought.zone)
    }

    fn has_all(&self, title: &str) -> bool {
        if self.words.is_empty() {
            return true;
        }
        let title = fold(title);
        self.words.iter().all(|word| title.contains(&**word))
    }

    /// From when to when the guides are to be asked about these of their channels.
    fn span(&self, numbers: &[i64]) -> (i64, i64) {
        let of_all = numbers.iter().filter_map(|number| self.channels.get(number)).flatten();
        let (least, most) = of_all.fold((0, 0), |(least, most), it| (it.1.min(least), it.1.max(most)));
        (self.sought.from - most, self.sought.to - least)
    }

    fn add(&self, titles: &[Title], hits: &mut Hits) {
        for (number, begin, _) in titles.iter().filter(|it| self.has_all(&it.2)) {
            for (channel, shift) in self.channels.get(number).into_iter().flatten() {
                let start = begin.saturating_add(*shift);
                if (self.sought.from..self.sought.to).contains(&start) {
                    hits.add(Hit { start, channel: *channel, listed: Some((*number, *begin)) });
                }
            }
        }
    }

    /// All that is known of what was found.
    fn event(&self, hit: &Hit, programmes: &HashMap<(i64, i64), Programme>) -> Option<Event> {
        let channel = self.snapshot.channel(hit.channel)?;
        let Some(key) = hit.listed else { return self.event_in_name(channel) };
        let programme = programmes.get(&key)?.clone().shifted(hit.start - key.1);
        Some(Event { channel: Arc::clone(channel), programme, is_named: false })
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
