//! What is tried next when a broadcast broke off: one rung after another, the cheapest first.

/// What an attempt to get media again consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rung {
    /// The same playback once more: an engine that closed it may serve on.
    SamePlayback,
    /// A new session with a player ID of its own: the old one may be replaced, or forgotten.
    NewSession,
    /// A session of the next ID that leads to the same channel.
    NextId,
    /// A session of another engine.
    OtherEngine,
}

/// The rung of an attempt, which counts from 1, with so many other IDs and other engines.
///
/// The same playback gets one chance. Then a new session, each other ID, and each other engine have their turn,
/// and again, until the budget is spent.
pub(super) fn rung(attempt: u32, other_ids: usize, other_engines: usize) -> Rung {
    let Some(turn) = attempt.checked_sub(2) else { return Rung::SamePlayback };
    let turn = usize::try_from(turn).unwrap_or_default() % (1 + other_ids + other_engines);
    match turn {
        0 => Rung::NewSession,
        turn if turn <= other_ids => Rung::NextId,
        _ => Rung::OtherEngine,
    }
}

#[cfg(test)]
mod tests {
    use Rung::{NewSession, NextId, OtherEngine, SamePlayback};

    use super::*;

    fn rungs(other_ids: usize, other_engines: usize) -> Vec<Rung> {
        (1..=6).map(|attempt| rung(attempt, other_ids, other_engines)).collect()
    }

    #[test]
    fn alone_a_channel_gets_new_sessions_only() {
        let rest = [NewSession; 5];
        assert_eq!(rungs(0, 0), [&[SamePlayback][..], &rest].concat());
    }

    #[test]
    fn other_ids_come_before_other_engines_and_then_all_again() {
        assert_eq!(rungs(2, 1), [SamePlayback, NewSession, NextId, NextId, OtherEngine, NewSession]);
        assert_eq!(rungs(0, 1), [SamePlayback, NewSession, OtherEngine, NewSession, OtherEngine, NewSession]);
    }
}
