//! Which channel of a guide belongs to which channel of the lists: by what the user says, by ID, by name.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use iptv::{
    m3u,
    name::{normalise, score},
};

use super::{Guide, GuideChannel};
use crate::catalog::{Channel, ChannelId, Snapshot};

/// A name that is this near, of 1, is taken for the same.
const NEAR: f32 = 0.88;

/// As many channels of a guide are compared with one name.
const COMPARED: usize = 200;

/// All channels of all guides.
#[derive(Debug, Default)]
pub struct Directory {
    /// Counts the directories of this process.
    pub version: u64,
    guides: Vec<(Guide, Vec<GuideChannel>)>,
    /// By ID, folded: which guide, and which of its channels.
    by_id: HashMap<String, Place>,
    /// The normalised names of each channel of each guide.
    names: Vec<Vec<Vec<String>>>,
    /// By normalised name, without spaces: `la1` is `la 1`.
    by_name: HashMap<String, Place>,
    /// By each word of a normalised name.
    by_word: HashMap<String, Vec<Place>>,
    /// The matches of all channels of one snapshot, made when somebody asks for the first time.
    all: Mutex<Option<(u64, Arc<Matches>)>>,
    /// What belongs to the channels that were asked about one by one. A channel that changes is another `Arc`.
    belonging: Mutex<HashMap<ChannelId, Belonging>>,
}

/// As many answers of [`Directory::belonging`] are remembered.
const REMEMBERED: usize = 10_000;

/// The store's numbers of what belongs to each channel.
pub type Matches = HashMap<ChannelId, i64>;

/// A channel, and what belongs to it.
type Belonging = (Arc<Channel>, Option<Place>);

/// A guide, and one of its channels.
type Place = (u32, u32);

/// A channel of a guide that belongs to a channel of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Match<'a> {
    /// The guide.
    pub guide: &'a Guide,
    /// Its channel.
    pub channel: &'a GuideChannel,
    /// What tells.
    pub by: By,
    /// How sure it is: 1 is the same.
    pub score: f32,
}

/// What tells that two channels are one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The user.
    User,
    /// The ID.
    Id,
    /// The name.
    Name,
}

impl Directory {
    /// Put guides together, those that are asked first first.
    #[must_use]
    pub fn new(version: u64, guides: Vec<(Guide, Vec<GuideChannel>)>) -> Self {
        let mut this = Self { version, ..Self::default() };
        for ((_, channels), guide) in guides.iter().zip(0..) {
            let names = channels.iter().zip(0..).map(|(channel, place)| this.add(channel, (guide, place)));
            let names = names.collect();
            this.names.push(names);
        }
        this.guides = guides;
        this
    }

    /// Take in a channel; its names come back normalised.
    fn add(&mut self, channel: &GuideChannel, place: Place) -> Vec<String> {
        self.by_id.entry(channel.xmltv_id.to_lowercase()).or_insert(place);
        let names: Vec<String> =
            channel.names.iter().map(|name| normalise(name)).filter(|name| !name.is_empty()).collect();
        for name in &names {
            for word in name.split(' ') {
                let places = self.by_word.entry(word.to_owned()).or_default();
                if places.last() != Some(&place) {
                    places.push(place);
                }
            }
            self.by_name.entry(name.replace(' ', "")).or_insert(place);
        }
        names
    }

    /// The guides, those that are asked first first.
    pub fn guides(&self) -> impl Iterator<Item = &Guide> {
        self.guides.iter().map(|(guide, _)| guide)
    }

    /// The channels of the guides with these numbers in the store, each with the ID under which it goes out: its own,
    /// but for those behind the first of two guides that use one ID for two channels. Those that are asked first first.
    #[must_use]
    pub fn outgoing(&self, numbers: &HashSet<i64>) -> Vec<(&GuideChannel, String)> {
        let (mut out, mut taken) = (Vec::with_capacity(numbers.len()), HashSet::new());
        for (guide, channels) in &self.guides {
            let mut used: Vec<&GuideChannel> =
                channels.iter().filter(|channel| numbers.contains(&channel.id)).collect();
            // The numbers are others with each edition.
            used.sort_unstable_by(|a, b| a.xmltv_id.cmp(&b.xmltv_id));
            for channel in used {
                let id = free_id(&shared(&channel.xmltv_id), guide.name.as_str(), |id| !taken.contains(id));
                taken.insert(id.to_lowercase());
                out.push((channel, id));
            }
        }
        out
    }

    /// What of the guides belongs to `channel`, if anything does.
    #[must_use]
    pub fn find(&self, channel: &Channel) -> Option<Match<'_>> {
        let ((guide, place), by, score) = self.place(channel)?;
        let (guide, channels) = &self.guides[guide as usize];
        Some(Match { guide, channel: &channels[place as usize], by, score })
    }

    fn place(&self, channel: &Channel) -> Option<(Place, By, f32)> {
        let listed = &channel.listed;
        if let Some(id) = channel.edit.as_deref().and_then(|edit| edit.guide.as_deref()) {
            // What the user says is so, also while no guide has it.
            return self.by_id(id).map(|place| (place, By::User, 1.0));
        }
        if let Some(place) = listed.tvg_id.as_deref().and_then(|id| self.by_id(id)) {
            return Some((place, By::Id, 1.0));
        }
        let names = [listed.tvg_name.as_deref(), Some(channel.name()), Some(&*listed.name)];
        let names: Vec<String> =
            names.into_iter().flatten().map(normalise).filter(|it| !it.is_empty()).collect();
        if let Some(place) = names.iter().find_map(|name| self.by_name.get(&name.replace(' ', ""))) {
            return Some((*place, By::Name, 1.0));
        }
        let near = names.iter().filter_map(|name| self.near(name)).max_by(|a, b| a.1.total_cmp(&b.1));
        near.map(|(place, score)| (place, By::Name, score))
    }

    /// What of the guides belongs to `channel`, if anything does: as [`Self::find`], which takes long where no name is
    /// the same, and remembered for the next who asks.
    #[must_use]
    pub fn belonging(&self, channel: &Arc<Channel>) -> Option<&GuideChannel> {
        let of = |(guide, channel): Place| &self.guides[guide as usize].1[channel as usize];
        let known = || self.belonging.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, place)) = known().get(&channel.id).filter(|(it, _)| Arc::ptr_eq(it, channel)) {
            return place.map(of);
        }
        let place = self.place(channel).map(|(place, ..)| place);
        let mut known = known();
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(channel.id, (Arc::clone(channel), place));
        place.map(of)
    }

    /// The store's numbers of what belongs to each channel of `snapshot` that lists show. The first time takes a second
    /// for 300,000 channels: not for the runtime's threads.
    #[must_use]
    pub fn all(&self, snapshot: &Snapshot) -> Arc<Matches> {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((version, matches)) = &*all
            && *version == snapshot.version
        {
            return Arc::clone(matches);
        }
        let channels = snapshot.lists().iter().flat_map(|list| &list.channels).filter(|it| it.is_listed());
        let matches = channels.filter_map(|it| Some((it.id, self.find(it)?.channel.id))).collect();
        let matches = Arc::new(matches);
        *all = Some((snapshot.version, Arc::clone(&matches)));
        matches
    }

    fn by_id(&self, id: &str) -> Option<Place> {
        self.by_id.get(&id.to_lowercase()).copied()
    }

    /// The channel whose name is the nearest, among those that share the rarest word.
    fn near(&self, name: &str) -> Option<(Place, f32)> {
        let candidates =
            name.split(' ').filter_map(|word| self.by_word.get(word)).min_by_key(|it| it.len())?;
        let scored = candidates.iter().take(COMPARED).map(|place| {
            let names = &self.names[place.0 as usize][place.1 as usize];
            let best = names.iter().map(|other| score(name, other)).fold(0.0, f32::max);
            (*place, best)
        });
        scored.max_by(|a, b| a.1.total_cmp(&b.1)).filter(|(_, score)| *score >= NEAR)
    }
}

/// The ID as both formats can hold it: a list's attributes have no double quotes, and players compare.
fn shared(xmltv_id: &str) -> Cow<'_, str> {
    m3u::attribute_text(xmltv_id)
}

/// `id` or, if that is taken, one like it. Programs differ in whether case counts.
fn free_id(id: &str, guide: &str, is_free: impl Fn(&str) -> bool) -> String {
    let more = (2_u32..).map(|number| format!("{id}@{guide} {number}"));
    let mut ids = [id.to_owned(), format!("{id}@{guide}")].into_iter().chain(more);
    ids.find(|id| is_free(&id.to_lowercase())).expect("there are more numbers than channels")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{
        Edit, Listed, Origin,
        guide::{GuideId, GuideState},
    };

    fn guide(name: &str, channels: &[(&str, &str)]) -> (Guide, Vec<GuideChannel>) {
        let guide = Guide {
            id: GuideId(1),
            name: name.parse().unwrap(),
            origin: Origin::Upload,
            refresh_s: None,
            priority: 0,
            state: GuideState::default(),
            edition: Some(1),
        };
        let channel = |((id, name), number): (&(&str, &str), i64)| GuideChannel {
            id: number,
            xmltv_id: (*id).into(),
            names: vec![(*name).into()],
            icon: None,
        };
        (guide, channels.iter().zip(1..).map(channel).collect())
    }

    fn channel(attributes: &str, name: &str) -> Channel {
        let list = format!("#EXTINF:-1 {attributes},{name}\nhttp://tv.example/1\n");
        let listed = Listed::of(&iptv::parse_m3u(list).entries[0]);
        Channel { id: ChannelId(1), listed, edit: None, vanished_at: None }
    }

    fn directory() -> Directory {
        let first = guide(
            "first",
            &[("La1.es", "La 1"), ("dazn1", "DAZN 1"), ("eurosport", "Eurosport Deutschland")],
        );
        Directory::new(1, vec![first, guide("second", &[("la1.ES", "Uno"), ("cuatro", "Cuatro HD")])])
    }

    fn found(channel: &Channel) -> Option<(String, By)> {
        let directory = directory();
        directory
            .find(channel)
            .map(|it| (format!("{} {}", it.guide.name.as_str(), it.channel.xmltv_id), it.by))
    }

    #[test]
    fn an_id_tells_before_a_name_and_the_first_guide_before_the_second() {
        let is =
            |channel: &Channel, text: &str, by: By| assert_eq!(found(channel), Some((text.to_owned(), by)));

        is(&channel("tvg-id=\"la1.es\"", "Cuatro"), "first La1.es", By::Id);
        is(&channel("tvg-id=\"unknown\"", "ES | Cuatro FHD"), "second cuatro", By::Name);
        is(&channel("tvg-name=\"DAZN 1\"", "Something"), "first dazn1", By::Name);
        is(&channel("", "LA1"), "first La1.es", By::Name);
        is(&channel("", "Eurosport Deutschlnd"), "first eurosport", By::Name);
        assert_eq!(found(&channel("", "DAZN 2")), None);
        assert_eq!(found(&channel("", "Nothing like it")), None);
    }

    #[test]
    fn what_the_user_says_is_so_also_when_no_guide_has_it() {
        let mut known = channel("tvg-id=\"la1.es\"", "La 1");
        let says = |id: &str| Some(Box::new(Edit { guide: Some(id.to_owned()), ..Edit::default() }));

        known.edit = says("cuatro");
        assert_eq!(found(&known), Some(("second cuatro".to_owned(), By::User)));
        known.edit = says("none of them");
        assert_eq!(found(&known), None);
    }
}
