//! What one reader gets next: the broadcast's packets as they fall due, spoilt as the fault says.

use std::{ops::Range, time::Duration};

use mpegts::{PACKET_LEN, Packet, Pid};
use tokio::sync::watch;

use super::{Clip, Fault, channel::Broadcast, open::Retold, table::Session};

/// Packets handed out at a time: enough that writing costs little, few enough that nobody waits for memory.
const BATCH: u64 = 700;

const TICKS_PER_MS: i64 = 90;

/// What to do next for the reader.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Send what [`Feed::bytes`] holds.
    Send,
    /// Nothing is due yet.
    Wait,
    /// Nothing comes any more, until the fault changes.
    Silence,
    /// The reader's connection ends.
    End(Ending),
}

/// How a reader's connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Close,
    Reset,
    Restart,
}

pub(super) struct Feed<'a> {
    broadcast: &'a Broadcast,
    faults: watch::Receiver<Fault>,
    fault: Fault,
    /// Where in the broadcast the fault begins to count.
    since: Duration,
    /// What the fault did so often already.
    turns: u128,
    /// The next packet by the clock.
    next: u64,
    /// How many packets what is sent lies behind the clock, when the broadcast loops.
    lag: u64,
    /// How far timestamps are moved, by the wall clock and by jumps that earlier faults made, in 1/90 000 s.
    jumped: i64,
    /// How the open dialect changes what is sent; `None` where packets go out as they are.
    retold: Option<Retold>,
    /// The last step was silence.
    silent: bool,
    packets: Vec<u8>,
    spoilt: Vec<u8>,
}

impl<'a> Feed<'a> {
    /// For a reader that comes now.
    pub(super) fn new(broadcast: &'a Broadcast) -> Self {
        let mut faults = broadcast.fault.subscribe();
        let fault = *faults.borrow_and_update();
        let next = broadcast.channel.clip.after(broadcast.join());
        Self {
            fault,
            faults,
            since: broadcast.channel.clip.due(next),
            turns: 0,
            next,
            lag: 0,
            jumped: broadcast.shift(),
            retold: None,
            silent: false,
            packets: Vec::new(),
            spoilt: Vec::new(),
            broadcast,
        }
    }

    /// For a reader of `session` in the open dialect, which begins where a decoder can.
    pub(super) fn open(session: &'a Session) -> Self {
        let mut feed = Self::new(&session.broadcast);
        feed.next = feed.clip().key_from(feed.next);
        feed.since = feed.clip().due(feed.next);
        feed.retold = Some(Retold::of(session));
        feed
    }

    /// What to send.
    pub(super) fn bytes(&self) -> &[u8] {
        if self.spoilt.is_empty() { &self.packets } else { &self.spoilt }
    }

    /// Wait until another fault is set. Safe to drop half done.
    pub(super) async fn fault_changes(&mut self) {
        // The sender lives in the broadcast that is borrowed here.
        let _ = self.faults.changed().await;
        self.adopt();
    }

    /// What to do next.
    pub(super) fn step(&mut self) -> Step {
        if self.faults.has_changed().unwrap_or_default() {
            self.adopt();
        }
        let elapsed = self.clip().due(self.next).saturating_sub(self.since);
        match self.fault {
            Fault::Silence { after } if elapsed >= after => {
                self.silent = true;
                return Step::Silence;
            }
            Fault::Eof { after } if elapsed >= after => return Step::End(Ending::Close),
            Fault::Reset { after } if elapsed >= after => return Step::End(Ending::Reset),
            Fault::Restart { after } if elapsed >= after => return Step::End(Ending::Restart),
            _ => {}
        }
        if self.broadcast.end().is_some_and(|end| self.next >= self.clip().after(end)) {
            return Step::End(Ending::Close);
        }
        let packets = self.due(elapsed);
        if packets.is_empty() {
            return Step::Wait;
        }
        self.next = packets.end;
        self.fill(&packets, elapsed);
        Step::Send
    }

    fn clip(&self) -> &'a Clip {
        &self.broadcast.channel.clip
    }

    fn adopt(&mut self) {
        let elapsed = self.clip().due(self.next).saturating_sub(self.since);
        self.jumped = self.shift(elapsed);
        self.fault = *self.faults.borrow_and_update();
        if std::mem::take(&mut self.silent) {
            self.come_back();
        }
        self.since = self.clip().due(self.next);
        self.turns = 0;
    }

    /// In the open dialect a source that was lost begins anew: as long as the clip, and what was missed is gone.
    fn come_back(&mut self) {
        let Some(retold) = &mut self.retold else { return };
        retold.begin_again();
        let clip = &self.broadcast.channel.clip;
        self.next = clip.after(self.broadcast.join());
        self.lag = self.next - clip.key_from(0);
        self.jumped = self.broadcast.shift();
    }

    /// Packets that may go now, up to where the fault does something new.
    fn due(&self, elapsed: Duration) -> Range<u64> {
        let edge = self.clip().after(self.broadcast.edge());
        let mut end = edge.min(self.next + BATCH);
        if let Some(turn) = self.fault.next_turn(elapsed) {
            // The first packet that is due at the turn or later begins another batch.
            let before = (self.since + turn).saturating_sub(Duration::from_micros(1));
            end = end.min(self.clip().after(before));
        }
        self.next..end
    }

    fn fill(&mut self, packets: &Range<u64>, elapsed: Duration) {
        let turns = self.fault.turns(elapsed);
        let is_turn = turns > self.turns;
        self.turns = turns;
        if let Fault::Loop { after, length } = self.fault
            && is_turn
        {
            let again = (self.since + after).saturating_sub(length);
            self.lag = packets.start.saturating_sub(self.clip().after(again));
        }
        self.packets.clear();
        self.spoilt.clear();
        let shift = self.shift(elapsed);
        let (start, end) = (packets.start - self.lag, packets.end - self.lag);
        let clip = self.clip();
        clip.write(start..end, shift, &mut self.packets);
        if let Some(retold) = &mut self.retold {
            retold.retell(clip, &mut self.packets);
        }
        self.spoil(elapsed, is_turn);
    }

    fn shift(&self, elapsed: Duration) -> i64 {
        match self.fault {
            Fault::TimeJump { after, by_ms } if elapsed >= after => self.jumped + by_ms * TICKS_PER_MS,
            _ => self.jumped,
        }
    }

    fn spoil(&mut self, elapsed: Duration, is_turn: bool) {
        let Self { packets, spoilt, fault, .. } = self;
        let tables = &self.broadcast.channel.clip.tables.pids;
        let is_table = |pid: Pid| tables.contains(&pid.value());
        match *fault {
            Fault::NoPsi { from, length } if elapsed >= from && elapsed < from + length => {
                keep(packets, |packet| !is_table(packet.pid()));
            }
            Fault::ContinuityErrors { .. } if is_turn => {
                let mut lost = false;
                keep(packets, |packet| {
                    let is_media =
                        packet.has_payload() && !is_table(packet.pid()) && packet.pid() != Pid::NULL;
                    let is_kept = lost || !is_media;
                    lost |= is_media;
                    is_kept
                });
            }
            Fault::Garbage { .. } if is_turn => {
                spoilt.extend(std::iter::repeat_with(|| fastrand::u8(..)).take(fastrand::usize(1..1000)));
                spoilt.extend_from_slice(packets);
            }
            Fault::BitrateChange { after, factor } if elapsed >= after => {
                for packet in packets.chunks_exact(PACKET_LEN) {
                    spoilt.extend_from_slice(packet);
                    (1..factor).for_each(|_| spoilt.extend_from_slice(&NULL_PACKET));
                }
            }
            Fault::Scrambled => {
                packets.chunks_exact_mut(PACKET_LEN).for_each(|packet| scramble(packet, is_table));
            }
            _ => {}
        }
    }
}

const NULL_PACKET: [u8; PACKET_LEN] = {
    let mut packet = [0xFF; PACKET_LEN];
    (packet[0], packet[1], packet[3]) = (mpegts::SYNC_BYTE, 0x1F, 0x10);
    packet
};

fn keep(packets: &mut Vec<u8>, mut is_kept: impl FnMut(Packet<'_>) -> bool) {
    let mut kept = Vec::with_capacity(packets.len());
    for packet in packets.chunks_exact(PACKET_LEN).filter_map(Packet::new).filter(|packet| is_kept(*packet)) {
        kept.extend_from_slice(packet.bytes());
    }
    *packets = kept;
}

/// Mark a packet as scrambled with the even key. PIDs below 0x20 are tables, which never are.
fn scramble(bytes: &mut [u8], is_table: impl Fn(Pid) -> bool) {
    let Some(packet) = Packet::new(bytes) else { return };
    let pid = packet.pid();
    if pid.value() >= 0x20 && pid != Pid::NULL && packet.has_payload() && !is_table(pid) {
        bytes[3] |= 0x80;
    }
}
