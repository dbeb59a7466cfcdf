//! What can go wrong in an engine, on request. Each is a failure that users of real engines have reported.

use std::{str::FromStr, time::Duration};

/// A way for one channel to fail.
///
/// Times `after`, `from` and `every` count media sent to the reader, from the place where it was when it came or
/// when the fault was set, whichever was later. Written as text as in the examples: [`str::parse`] reads them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Fault {
    /// `none`: nothing goes wrong.
    #[default]
    None,
    /// `slow@3s`: takes so much longer until media flows.
    SlowStart {
        /// On top of the channel's own delay.
        delay: Duration,
    },
    /// `silence@5s`: no byte more, on a connection that stays open.
    Silence {
        /// When.
        after: Duration,
    },
    /// `eof@5s`: the body ends. The session goes on.
    Eof {
        /// When.
        after: Duration,
    },
    /// `reset@5s`: the connection is reset. The session goes on.
    Reset {
        /// When.
        after: Duration,
    },
    /// `restart@5s`: the engine starts anew: every connection closes, every session is forgotten.
    Restart {
        /// When.
        after: Duration,
    },
    /// `no-peers`: for ever prebuffering, nobody there.
    NoPeers,
    /// `no-data`: for ever prebuffering with peers.
    PeersButNoData,
    /// `hang`: every request for this channel is taken and never answered.
    Hang,
    /// `failed-to-load`: as if nobody had the channel.
    FailedToLoad,
    /// `loop@60s:30s`: from then on the same old minutes again and again, timestamps and all.
    Loop {
        /// When.
        after: Duration,
        /// How much is repeated, more or less.
        length: Duration,
    },
    /// `jump@10s:+3600s`, `jump@10s:-5s`: PTS, DTS and PCR jump, nothing announces it.
    TimeJump {
        /// When.
        after: Duration,
        /// How far, in milliseconds.
        by_ms: i64,
    },
    /// `no-psi@5s:10s`: PAT and PMT are missing for a while.
    NoPsi {
        /// From when.
        from: Duration,
        /// For how long.
        length: Duration,
    },
    /// `cc@2s`: a packet is lost now and then.
    ContinuityErrors {
        /// How often.
        every: Duration,
    },
    /// `garbage@2s`: bytes that are no packets, now and then.
    Garbage {
        /// How often.
        every: Duration,
    },
    /// `bitrate@10s:3`: so many times the bit rate, the rest null packets.
    BitrateChange {
        /// When.
        after: Duration,
        /// 2 to 10.
        factor: u8,
    },
    /// `scrambled`: sound and picture are marked as scrambled.
    Scrambled,
    /// `premium`: asks for money at the start.
    Premium,
    /// `stop-hangs`: the stop command is never answered, and the session goes on.
    StopHangs,
    /// `status@503`: the playback answers with this status.
    PlaybackStatus(u16),
    /// `host-mismatch`: the URLs handed out lead to a host that does not exist.
    HostMismatch,
}

/// Why a text is no fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidFault {
    /// There is no such fault.
    #[error(
        "no fault {0:?}; there are none, slow@3s, silence@5s, eof@5s, reset@5s, restart@5s, no-peers, no-data, hang, \
         failed-to-load, loop@60s:30s, jump@10s:+3600s, no-psi@5s:10s, cc@2s, garbage@2s, bitrate@10s:3, scrambled, \
         premium, stop-hangs, status@503, host-mismatch"
    )]
    Name(String),
    /// Its values are missing, too many or not what they should be.
    #[error("fault {name:?} is written like {example:?}, not {written:?}")]
    Value {
        /// Which fault.
        name: &'static str,
        /// How it is written.
        example: &'static str,
        /// What stood there.
        written: String,
    },
}

impl FromStr for Fault {
    type Err = InvalidFault;

    fn from_str(text: &str) -> Result<Self, InvalidFault> {
        let (name, values) = text.split_once('@').unwrap_or((text, ""));
        let (first, second) = values.split_once(':').unwrap_or((values, ""));
        let alone = |fault| values.is_empty().then_some(fault);
        let one = |fault: fn(Duration) -> Self| duration(first).filter(|_| second.is_empty()).map(fault);
        let two = |fault: fn(Duration, Duration) -> Self| Some(fault(duration(first)?, duration(second)?));
        let (name, example, fault) = match name {
            "none" => ("none", "none", alone(Self::None)),
            "slow" => ("slow", "slow@3s", one(|delay| Self::SlowStart { delay })),
            "silence" => ("silence", "silence@5s", one(|after| Self::Silence { after })),
            "eof" => ("eof", "eof@5s", one(|after| Self::Eof { after })),
            "reset" => ("reset", "reset@5s", one(|after| Self::Reset { after })),
            "restart" => ("restart", "restart@5s", one(|after| Self::Restart { after })),
            "no-peers" => ("no-peers", "no-peers", alone(Self::NoPeers)),
            "no-data" => ("no-data", "no-data", alone(Self::PeersButNoData)),
            "hang" => ("hang", "hang", alone(Self::Hang)),
            "failed-to-load" => ("failed-to-load", "failed-to-load", alone(Self::FailedToLoad)),
            "loop" => (
                "loop",
                "loop@60s:30s",
                two(|after, length| Self::Loop { after, length }).filter(Self::is_sane),
            ),
            "jump" => ("jump", "jump@10s:+3600s", jump(first, second)),
            "no-psi" => ("no-psi", "no-psi@5s:10s", two(|from, length| Self::NoPsi { from, length })),
            "cc" => ("cc", "cc@2s", one(|every| Self::ContinuityErrors { every }).filter(Self::is_sane)),
            "garbage" => {
                ("garbage", "garbage@2s", one(|every| Self::Garbage { every }).filter(Self::is_sane))
            }
            "bitrate" => ("bitrate", "bitrate@10s:3", bitrate(first, second)),
            "scrambled" => ("scrambled", "scrambled", alone(Self::Scrambled)),
            "premium" => ("premium", "premium", alone(Self::Premium)),
            "stop-hangs" => ("stop-hangs", "stop-hangs", alone(Self::StopHangs)),
            "status" => ("status", "status@503", status(values)),
            "host-mismatch" => ("host-mismatch", "host-mismatch", alone(Self::HostMismatch)),
            other => return Err(InvalidFault::Name(other.to_owned())),
        };
        fault.ok_or_else(|| InvalidFault::Value { name, example, written: text.to_owned() })
    }
}

impl Fault {
    /// A distance of nothing would never be over.
    fn is_sane(&self) -> bool {
        match self {
            Self::Loop { length: step, .. }
            | Self::ContinuityErrors { every: step }
            | Self::Garbage { every: step } => !step.is_zero(),
            _ => true,
        }
    }

    /// Whether media never flows.
    pub(super) fn is_starved(self) -> bool {
        matches!(self, Self::NoPeers | Self::PeersButNoData)
    }

    /// The next time after `elapsed` at which this fault does something new.
    pub(super) fn next_turn(self, elapsed: Duration) -> Option<Duration> {
        match self {
            Self::Silence { after }
            | Self::Eof { after }
            | Self::Reset { after }
            | Self::Restart { after }
            | Self::TimeJump { after, .. }
            | Self::BitrateChange { after, .. } => Some(after).filter(|after| *after > elapsed),
            Self::Loop { after, .. } if after > elapsed => Some(after),
            Self::Loop { after, length } => Some(after + next_multiple(elapsed - after, length)),
            Self::NoPsi { from, length } => [from, from + length].into_iter().find(|turn| *turn > elapsed),
            Self::ContinuityErrors { every } | Self::Garbage { every } => Some(next_multiple(elapsed, every)),
            _ => None,
        }
    }

    /// How often it has done something up to `elapsed`.
    pub(super) fn turns(self, elapsed: Duration) -> u128 {
        match self {
            Self::ContinuityErrors { every } | Self::Garbage { every } => count(elapsed, every),
            Self::Loop { after, length } if elapsed >= after => 1 + count(elapsed - after, length),
            _ => 0,
        }
    }
}

fn next_multiple(elapsed: Duration, step: Duration) -> Duration {
    let micros = step.as_micros().max(1) * (count(elapsed, step) + 1);
    Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
}

fn count(elapsed: Duration, step: Duration) -> u128 {
    elapsed.as_micros() / step.as_micros().max(1)
}

fn jump(after: &str, by: &str) -> Option<Fault> {
    let (sign, length) = match by.split_at_checked(1)? {
        ("+", length) => (1, length),
        ("-", length) => (-1, length),
        _ => (1, by),
    };
    let length = i64::try_from(duration(length)?.as_millis()).ok()?;
    Some(Fault::TimeJump { after: duration(after)?, by_ms: sign * length })
}

fn bitrate(after: &str, factor: &str) -> Option<Fault> {
    let factor = factor.parse().ok().filter(|factor| (2..=10).contains(factor))?;
    Some(Fault::BitrateChange { after: duration(after)?, factor })
}

fn status(text: &str) -> Option<Fault> {
    text.parse().ok().filter(|status| (400..600).contains(status)).map(Fault::PlaybackStatus)
}

/// `5s`, `1.5s`, `700ms`, `2m`; at most a day.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let unit = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(unit);
    let seconds = match unit {
        "ms" => 0.001,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return None,
    };
    let number = number.parse::<f64>().ok().filter(|_| number.starts_with(|c: char| c.is_ascii_digit()))?;
    Duration::try_from_secs_f64(number * seconds).ok().filter(|duration| duration.as_secs() <= 86_400)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    #[test]
    fn every_fault_can_be_written() {
        let faults = [
            ("none", Fault::None),
            ("slow@1.5s", Fault::SlowStart { delay: Duration::from_millis(1500) }),
            ("silence@5s", Fault::Silence { after: secs(5) }),
            ("eof@700ms", Fault::Eof { after: Duration::from_millis(700) }),
            ("reset@0s", Fault::Reset { after: secs(0) }),
            ("restart@2m", Fault::Restart { after: secs(120) }),
            ("no-peers", Fault::NoPeers),
            ("no-data", Fault::PeersButNoData),
            ("hang", Fault::Hang),
            ("failed-to-load", Fault::FailedToLoad),
            ("loop@60s:30s", Fault::Loop { after: secs(60), length: secs(30) }),
            ("jump@10s:+3600s", Fault::TimeJump { after: secs(10), by_ms: 3_600_000 }),
            ("jump@10s:-5s", Fault::TimeJump { after: secs(10), by_ms: -5000 }),
            ("no-psi@5s:10s", Fault::NoPsi { from: secs(5), length: secs(10) }),
            ("cc@2s", Fault::ContinuityErrors { every: secs(2) }),
            ("garbage@2s", Fault::Garbage { every: secs(2) }),
            ("bitrate@10s:3", Fault::BitrateChange { after: secs(10), factor: 3 }),
            ("scrambled", Fault::Scrambled),
            ("premium", Fault::Premium),
            ("stop-hangs", Fault::StopHangs),
            ("status@503", Fault::PlaybackStatus(503)),
            ("host-mismatch", Fault::HostMismatch),
        ];

        for (text, fault) in faults {
            assert_eq!(text.parse(), Ok(fault), "{text}");
        }
    }

    #[test]
    fn a_fault_written_wrongly_is_refused_with_how_to_write_it() {
        let refused = |text: &str| text.parse::<Fault>().unwrap_err().to_string();

        assert_eq!(refused("silence@5"), r#"fault "silence" is written like "silence@5s", not "silence@5""#);
        assert!(refused("silent").starts_with(r#"no fault "silent"; there are none, "#));
        for text in [
            "hang@5s",
            "eof",
            "eof@5s:6s",
            "eof@-5s",
            "eof@1e99s",
            "loop@5s",
            "loop@5s:0s",
            "cc@0s",
            "bitrate@5s:1",
            "status@200",
            "jump@5s:",
            "jump@5s:+",
            "slow@infs",
        ] {
            assert!(matches!(text.parse::<Fault>(), Err(InvalidFault::Value { .. })), "{text}");
        }
    }

    #[test]
    fn turns_come_at_each_multiple() {
        let fault = Fault::ContinuityErrors { every: secs(2) };

        assert_eq!(fault.next_turn(secs(0)), Some(secs(2)));
        assert_eq!(fault.next_turn(secs(2)), Some(secs(4)));
        assert_eq!((fault.turns(secs(3)), fault.turns(secs(4))), (1, 2));
    }
}
