//! A broadcast the fake engine has, and how it is written on a command line.

use std::{
    str::FromStr,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64},
    },
    time::{Duration, SystemTime},
};

use tokio::{sync::watch, time::Instant};

use super::{
    Clip, Fault,
    clip::ticks,
    fault::{InvalidFault, duration},
};
use crate::{ContentId, Infohash, InvalidContentId};

/// A broadcast of the fake engine.
#[derive(Debug, Clone)]
pub struct Channel {
    /// The content IDs that lead here; more than one are several links to one swarm.
    pub ids: Vec<ContentId>,
    /// Its swarm.
    pub infohash: Infohash,
    /// What `get_media_files` and the search call it.
    pub name: String,
    /// The categories that the search finds it in.
    pub categories: Vec<String>,
    /// What it plays.
    pub clip: Arc<Clip>,
    /// From the start of a session until media flows.
    pub start_delay: Duration,
    /// How much media a new reader gets at once, as from a real engine's buffer.
    pub burst: Duration,
    /// Where in the clip the first reader begins: usually in the middle of a group of pictures.
    pub offset: Duration,
    /// How much media comes at a time: 40 ms is a steady flow; peers that hand on whole pieces give seconds.
    pub lump: Duration,
    /// How much media there is, from the offset on. A broadcast with an end is not live: every reader gets it
    /// from its beginning, as fast as it takes it, and then the end of the body. Only the progressive output
    /// knows of it, the engine's own HLS does not.
    pub ends_after: Option<Duration>,
    /// PTS, DTS and PCR carry the wall clock, so that whoever shows a picture can tell how old it is: the PTS is when
    /// the picture would be sent without a burst, by UTC, in 1/90 000 s modulo 2^33. The engine's own HLS goes without.
    pub wall_clock: bool,
    /// What goes wrong.
    pub fault: Fault,
}

impl Channel {
    /// A channel that starts at once, 0.7 s into `clip`, with a burst of 12 s.
    ///
    /// Its infohash is other digits, made from those of `id`.
    #[must_use]
    pub fn new(id: ContentId, clip: Arc<Clip>) -> Self {
        Self {
            infohash: infohash_of(&id),
            name: format!("Channel {}", &id.as_str()[..8]),
            ids: vec![id],
            categories: vec!["tv".to_owned()],
            clip,
            start_delay: Duration::ZERO,
            burst: Duration::from_secs(12),
            offset: Duration::from_millis(700),
            lump: Duration::from_millis(40),
            ends_after: None,
            wall_clock: false,
            fault: Fault::None,
        }
    }
}

impl Channel {
    /// How far timestamps are moved so that they carry the wall clock, in 1/90 000 s, when the first reader came at
    /// `started`.
    fn by_wall_clock(&self, started: SystemTime) -> i64 {
        let began = started.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        // What the first reader gets last of its burst is what is new.
        let began = began.saturating_sub(self.offset + self.burst);
        self.clip.set_clock(ticks(u64::try_from(began.as_micros()).unwrap_or(u64::MAX)))
    }
}

/// A [`Channel`] as text: `id=<40 hex>,clip=<path>` and any of `name=Foo`, `infohash=<40 hex>`, `fault=silence@5s`,
/// `start_delay=3s`, `burst=12s`, `offset=0s`, `lump=5s`, `ends_after=60s`, `wall_clock=true`; `id` may come again for
/// more links to the same swarm.
#[derive(Debug, Clone)]
pub struct ChannelArgument {
    ids: Vec<ContentId>,
    infohash: Option<Infohash>,
    name: Option<String>,
    clip: String,
    start_delay: Option<Duration>,
    burst: Option<Duration>,
    offset: Option<Duration>,
    lump: Option<Duration>,
    ends_after: Option<Duration>,
    wall_clock: bool,
    fault: Fault,
}

/// Why a text is no channel.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidChannel {
    /// A piece between two commas is not `key=value`.
    #[error(
        "{0:?} is not key=value; the keys are id, clip, name, infohash, fault, start_delay, burst, offset, lump, \
         ends_after, wall_clock"
    )]
    Key(String),
    /// `id` or `clip` is missing.
    #[error("a channel needs {0}=…")]
    Missing(&'static str),
    /// A content ID or infohash is none.
    #[error("{key}: {error}")]
    Id {
        /// `id` or `infohash`.
        key: String,
        /// What is wrong with it.
        error: InvalidContentId,
    },
    /// A duration is none.
    #[error("{key}: {value:?} is no duration such as 3s or 700ms")]
    Duration {
        /// Which key.
        key: String,
        /// What stood there.
        value: String,
    },
    /// What is neither yes nor no.
    #[error("{key}: {value:?} is neither true nor false")]
    Choice {
        /// Which key.
        key: String,
        /// What stood there.
        value: String,
    },
    /// The fault is none.
    #[error(transparent)]
    Fault(#[from] InvalidFault),
}

impl ChannelArgument {
    /// Where the clip is, as written. Reading it is the caller's.
    #[must_use]
    pub fn clip(&self) -> &str {
        &self.clip
    }

    /// The channel, playing `clip`.
    #[must_use]
    pub fn with_clip(self, clip: Arc<Clip>) -> Channel {
        let mut channel = Channel::new(self.ids[0].clone(), clip);
        channel.ids = self.ids;
        channel.infohash = self.infohash.unwrap_or(channel.infohash);
        channel.name = self.name.unwrap_or(channel.name);
        channel.start_delay = self.start_delay.unwrap_or(channel.start_delay);
        channel.burst = self.burst.unwrap_or(channel.burst);
        channel.offset = self.offset.unwrap_or(channel.offset);
        channel.lump = self.lump.unwrap_or(channel.lump);
        channel.ends_after = self.ends_after;
        channel.wall_clock = self.wall_clock;
        channel.fault = self.fault;
        channel
    }
}

impl FromStr for ChannelArgument {
    type Err = InvalidChannel;

    fn from_str(text: &str) -> Result<Self, InvalidChannel> {
        let mut ids = Vec::new();
        let (mut infohash, mut name, mut clip, mut fault) = (None, None, None, Fault::None);
        let (mut start_delay, mut burst, mut offset, mut lump, mut ends_after) =
            (None, None, None, None, None);
        let mut wall_clock = false;
        for pair in text.split(',') {
            let (key, value) = pair.split_once('=').ok_or_else(|| InvalidChannel::Key(pair.to_owned()))?;
            let invalid_id = |error| InvalidChannel::Id { key: key.to_owned(), error };
            let time = || {
                let invalid = || InvalidChannel::Duration { key: key.to_owned(), value: value.to_owned() };
                duration(value).ok_or_else(invalid).map(Some)
            };
            match key.trim() {
                "id" => ids.push(value.parse().map_err(invalid_id)?),
                "infohash" => infohash = Some(value.parse().map_err(invalid_id)?),
                "name" => name = Some(value.to_owned()),
                "clip" => clip = Some(value.to_owned()),
                "fault" => fault = value.parse()?,
                "start_delay" => start_delay = time()?,
                "burst" => burst = time()?,
                "offset" => offset = time()?,
                "lump" => lump = time()?,
                "ends_after" => ends_after = time()?,
                "wall_clock" => {
                    let invalid = |_| InvalidChannel::Choice { key: key.to_owned(), value: value.to_owned() };
                    wall_clock = value.parse().map_err(invalid)?;
                }
                _ => return Err(InvalidChannel::Key(pair.to_owned())),
            }
        }
        if ids.is_empty() {
            return Err(InvalidChannel::Missing("id"));
        }
        let clip = clip.ok_or(InvalidChannel::Missing("clip"))?;
        Ok(Self {
            ids,
            infohash,
            name,
            clip,
            start_delay,
            burst,
            offset,
            lump,
            ends_after,
            wall_clock,
            fault,
        })
    }
}

/// Forty digits that differ from `id`'s and are always the same for it.
fn infohash_of(id: &ContentId) -> Infohash {
    // FNV-1a, once for every eight digits.
    let word = |salt: u32| {
        let seed = 0x811C_9DC5 ^ salt;
        id.as_str().bytes().fold(seed, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
    };
    let digits: String = (1..=5).map(|salt| format!("{:08x}", word(salt))).collect();
    digits.parse().expect("forty hexadecimal digits are an infohash")
}

/// A channel while the engine runs: its clock, and the fault of the moment.
#[derive(Debug)]
pub(super) struct Broadcast {
    pub(super) channel: Channel,
    pub(super) fault: watch::Sender<Fault>,
    /// Whether the last reader is kept in silence by a fault.
    pub(super) silent: AtomicBool,
    /// Bytes that went out to readers, counted for the open dialect.
    pub(super) sent: AtomicU64,
    /// When the first media was asked for, by both clocks: live time counts from there, for every session.
    started: OnceLock<(Instant, SystemTime)>,
}

impl Broadcast {
    pub(super) fn new(channel: Channel) -> Self {
        let fault = watch::Sender::new(channel.fault);
        Self {
            channel,
            fault,
            silent: AtomicBool::new(false),
            sent: AtomicU64::new(0),
            started: OnceLock::new(),
        }
    }

    pub(super) fn fault(&self) -> Fault {
        *self.fault.borrow()
    }

    /// From the start of a session until media flows; `None` when it never does.
    pub(super) fn delay(&self) -> Option<Duration> {
        match self.fault() {
            fault if fault.is_starved() => None,
            Fault::SlowStart { delay } => Some(self.channel.start_delay + delay),
            _ => Some(self.channel.start_delay),
        }
    }

    /// Whether it has no end.
    pub(super) fn is_live(&self) -> bool {
        self.channel.ends_after.is_none()
    }

    /// Where it ends, if it does, in the broadcast's time.
    pub(super) fn end(&self) -> Option<Duration> {
        self.channel.ends_after.map(|after| self.channel.offset + after)
    }

    /// The newest media there is, in the broadcast's time.
    pub(super) fn edge(&self) -> Duration {
        if let Some(end) = self.end() {
            return end;
        }
        self.join() + self.channel.burst
    }

    /// Where a reader that comes now begins, in the broadcast's time.
    pub(super) fn join(&self) -> Duration {
        if !self.is_live() {
            return self.channel.offset;
        }
        let now = Instant::now();
        // The first reader begins exactly at the offset.
        self.channel.offset + now.saturating_duration_since(self.started(now).0)
    }

    /// How far timestamps are moved from the clip's, in 1/90 000 s.
    pub(super) fn shift(&self) -> i64 {
        if self.channel.wall_clock { self.channel.by_wall_clock(self.started(Instant::now()).1) } else { 0 }
    }

    fn started(&self, now: Instant) -> (Instant, SystemTime) {
        *self.started.get_or_init(|| (now, SystemTime::now()))
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Pattern, *};

    const ID: &str = "0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn a_channel_is_written_as_keys_and_values() {
        let text = format!(
            "id={ID},clip=a/b.ts,name=Foo Bar,fault=silence@5s,start_delay=3s,burst=12s,lump=500ms,ends_after=60s"
        );

        let argument = text.parse::<ChannelArgument>().unwrap();

        assert_eq!((argument.clip(), argument.name.as_deref()), ("a/b.ts", Some("Foo Bar")));
        assert_eq!(argument.fault, Fault::Silence { after: Duration::from_secs(5) });
        assert_eq!(argument.start_delay, Some(Duration::from_secs(3)));
        assert_eq!(argument.ends_after, Some(Duration::from_secs(60)));
        assert_eq!(
            (argument.burst, argument.lump),
            (Some(Duration::from_secs(12)), Some(Duration::from_millis(500)))
        );
    }

    #[test]
    fn no_picture_goes_out_before_its_time_by_the_wall_clock_and_the_last_at_it() {
        let clip = Arc::new(Pattern::default().clip());
        let channel = Channel { wall_clock: true, ..Channel::new(ID.parse().unwrap(), clip) };
        // The broadcast began 12.7 s before its first reader came, and the clock's cycle began with 1970.
        let reader = SystemTime::UNIX_EPOCH + Duration::from_millis(100_000_000 + 12_700);

        let shift = channel.by_wall_clock(reader);

        let began = 100_000 * 90_000 % (1 << 33);
        let ages: Vec<i64> = pictures(&channel.clip, shift)
            .map(|(number, shown)| began + ticks_of(channel.clip.due(number)) - i64::try_from(shown).unwrap())
            .collect();
        assert_eq!(ages.len(), 128);
        assert_eq!(ages.iter().min(), Some(&0));
        assert!(ages.iter().all(|age| *age < 3_600), "{ages:?}");
    }

    /// The packets of the first round at which pictures begin, and their PTS.
    fn pictures(clip: &Clip, shift: i64) -> impl Iterator<Item = (u64, u64)> {
        (0..clip.len()).filter_map(move |number| {
            let mut bytes = Vec::new();
            clip.write(number..number + 1, shift, &mut bytes);
            let packet = mpegts::Packet::new(&bytes)?;
            let starts = packet.payload_unit_start() && packet.payload().starts_with(&[0, 0, 1, 0xE0]);
            starts.then(|| (number, super::super::clip::pes_time(&packet.payload()[9..])))
        })
    }

    fn ticks_of(time: Duration) -> i64 {
        i64::try_from(ticks(u64::try_from(time.as_micros()).unwrap())).unwrap()
    }

    #[test]
    fn a_channel_written_wrongly_says_where() {
        let refused = |text: &str| text.parse::<ChannelArgument>().unwrap_err().to_string();

        assert_eq!(refused("clip=a.ts"), "a channel needs id=…");
        assert_eq!(refused(&format!("id={ID}")), "a channel needs clip=…");
        assert!(refused("id=abc,clip=a.ts").starts_with("id: a content ID has 32 to 64"));
        assert!(
            refused(&format!("id={ID},clip=a.ts,brust=12s")).starts_with("\"brust=12s\" is not key=value")
        );
        assert_eq!(
            refused(&format!("id={ID},clip=a,burst=12")),
            "burst: \"12\" is no duration such as 3s or 700ms"
        );
        assert_eq!(
            refused(&format!("id={ID},clip=a,wall_clock=1")),
            "wall_clock: \"1\" is neither true nor false"
        );
        assert!(refused(&format!("id={ID},clip=a,fault=x")).starts_with("no fault \"x\""));
    }

    #[test]
    fn an_infohash_is_made_from_the_id_and_differs_from_it() {
        let id: ContentId = ID.parse().unwrap();

        assert_eq!(infohash_of(&id), infohash_of(&id));
        assert_ne!(infohash_of(&id).as_str(), ID);
    }
}
