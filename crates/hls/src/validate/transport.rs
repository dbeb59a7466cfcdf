//! What the bytes of segments and parts have to be (RFC 8216bis, 3, 3.1.1).

use std::{collections::HashMap, time::Duration};

use mpegts::{Demuxer, Event, PACKET_LEN, Packet, Pid};

use super::{Contents, Finding, finding::Report, timeline::Timeline};

/// What the playlist says of a segment or part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Said {
    /// Whether `EXT-X-DISCONTINUITY` stands between this and what came before, or something was left out.
    pub discontinuity: bool,
    /// Whether it is a part. Its tables may be in another part of its segment.
    pub is_part: bool,
    /// Whether a decoder should be able to start in it: all segments that have video, and parts that say so.
    pub independent: bool,
    /// How long it plays (`EXTINF`, `DURATION`), where that is known.
    pub duration: Option<Duration>,
}

/// Looks at consecutive segments of one playlist, or at consecutive parts.
#[derive(Debug, Default)]
pub struct Transport {
    /// The last continuity counter of each PID.
    counters: HashMap<Pid, u8>,
    timeline: Timeline,
    contents: Contents,
}

impl Transport {
    /// Look at the next segment or part. No finding has a line.
    pub fn take(&mut self, bytes: &[u8], said: Said) -> Vec<Finding> {
        let mut report = Report::default();
        if packets(bytes, &mut report) {
            if said.discontinuity {
                self.counters.clear();
            }
            self.continuity(bytes, &mut report);
            if !said.is_part || said.independent {
                tables(bytes, &mut report);
            }
            decodable(bytes, said, &mut report);
            self.timeline.take(bytes, said, &mut report);
            self.contents.note(self.timeline.demuxer());
            self.contents.weigh(bytes.len(), said.duration.unwrap_or_default(), !said.discontinuity);
        } else {
            self.counters.clear();
            self.timeline.forget();
        }
        report.findings()
    }

    /// What was in the media so far; `target_duration` of their playlist is needed for the bit rate.
    pub fn contents(&mut self) -> &mut Contents {
        &mut self.contents
    }

    /// No more comes: what can be said only now.
    pub fn finish(&mut self) -> Vec<Finding> {
        let mut report = Report::default();
        self.timeline.finish(&mut report);
        report.findings()
    }

    /// 3.1.1: continuity counters go on from segment to segment, and in each.
    fn continuity(&mut self, bytes: &[u8], report: &mut Report) {
        let mut here = HashMap::new();
        for (index, packet) in all(bytes).enumerate().filter(|(_, packet)| packet.pid() != Pid::NULL) {
            let (pid, counter) = (packet.pid(), packet.continuity_counter());
            let first_here = here.insert(pid, ()).is_none();
            let Some(last) = self.counters.insert(pid, counter) else { continue };
            let step = counter.wrapping_sub(last) & 0x0F;
            // A packet may be sent twice (ISO/IEC 13818-1, 2.4.3.3); one without payload does not count.
            let goes_on = if packet.has_payload() { step <= 1 } else { step == 0 };
            if goes_on || packet.discontinuity_indicator() {
                continue;
            }
            let text =
                format!("packet {index} of PID {pid:?} has the continuity counter {counter} behind {last}");
            if first_here {
                report.must("3", 0, format!("{text} of the segment before"));
            } else {
                report.should("3", 0, text);
            }
        }
    }
}

/// 3.1.1, 4.4.4.9: the parts of a segment, one behind the other, are the segment.
#[must_use]
pub fn assembled(parts: &[&[u8]], segment: &[u8]) -> Option<Finding> {
    if parts.concat() == segment {
        return None;
    }
    let mut report = Report::default();
    let bytes: usize = parts.iter().map(|part| part.len()).sum();
    report.must("4.4.4.9", 0, format!("its parts, {bytes} bytes, are not the segment of {}", segment.len()));
    report.findings().pop()
}

fn all(bytes: &[u8]) -> impl Iterator<Item = Packet<'_>> + Clone {
    bytes.chunks(PACKET_LEN).filter_map(Packet::new)
}

/// 3.1.1: a transport stream of whole packets; returns whether it is one.
fn packets(bytes: &[u8], report: &mut Report) -> bool {
    if bytes.is_empty() {
        report.must("3.1.1", 0, "no bytes");
    } else if !bytes.len().is_multiple_of(PACKET_LEN) {
        report.must("3.1.1", 0, format!("{} bytes, not whole packets of {PACKET_LEN}", bytes.len()));
    } else if let Some(index) = bytes.chunks(PACKET_LEN).position(|chunk| Packet::new(chunk).is_none()) {
        report.must("3.1.1", 0, format!("packet {index} does not begin with the sync byte"));
    } else {
        return true;
    }
    false
}

/// 3.1.1: one program, whose tables are there, and had better be the first two packets.
fn tables(bytes: &[u8], report: &mut Report) {
    let Some((at, programs)) =
        all(bytes).enumerate().find_map(|(at, packet)| Some((at, association(packet)?)))
    else {
        report.must("3.1.1", 0, "no PAT");
        return;
    };
    let [map_pid] = programs[..] else {
        report.must("3.1.1", 0, format!("{} programs in the PAT", programs.len()));
        return;
    };
    match all(bytes).position(|packet| packet.pid() == map_pid && section(packet, 0x02).is_some()) {
        None => report.must("3.1.1", 0, "no PMT"),
        Some(1) if at == 0 => {}
        Some(_) => report.should("3.1.1", 0, "the first two packets are not PAT and PMT"),
    }
}

/// The PIDs of the maps that a packet with the begin of a PAT lists.
fn association(packet: Packet<'_>) -> Option<Vec<Pid>> {
    let section = section(packet, 0x00).filter(|_| packet.pid() == Pid::PAT)?;
    let length = usize::from(u16::from_be_bytes([section.get(1)? & 0x0F, *section.get(2)?]));
    // Behind the head of 8 bytes and before the checksum of 4.
    let end = section.len().min(length + 3).saturating_sub(4);
    let entries = section.get(8..end)?.chunks_exact(4);
    let programs = entries.filter(|entry| entry[..2] != [0, 0]);
    Some(programs.map(|entry| Pid::new(u16::from_be_bytes([entry[2], entry[3]]))).collect())
}

/// The section of `table` that begins in the packet, as far as it is in it.
fn section(packet: Packet<'_>, table: u8) -> Option<&[u8]> {
    let (&pointer, rest) = packet.payload().split_first().filter(|_| packet.payload_unit_start())?;
    rest.get(usize::from(pointer)..).filter(|section| section.first() == Some(&table))
}

/// 3: a segment with video had better begin where a decoder can start. 4.4.4.9: a part says whether there is such a
/// place in it, anywhere: parts are cut by time, not by pictures.
fn decodable(bytes: &[u8], said: Said, report: &mut Report) {
    let Some(pictures) = Pictures::of(bytes) else { return };
    if !said.is_part {
        if !pictures.first_alone {
            report.should("3", 0, "it does not begin with a picture that stands alone");
        }
    } else if said.independent && !pictures.any_alone {
        report.must("4.4.4.9", 0, "INDEPENDENT=YES, and no picture in it stands alone");
    } else if !said.independent && pictures.any_alone {
        report.should("4.4.4.9", 0, "it has a picture that stands alone, without INDEPENDENT=YES");
    }
}

/// Where a decoder can start.
#[derive(Debug, Clone, Copy)]
struct Pictures {
    /// At the first picture.
    first_alone: bool,
    /// At one of them.
    any_alone: bool,
}

impl Pictures {
    /// Those that begin in `bytes`; `None` where none does.
    fn of(bytes: &[u8]) -> Option<Self> {
        let (mut demuxer, mut video, mut found) = (Demuxer::default(), None, None);
        let mut on = |event: Event<'_>| match event {
            Event::Program(program) => video = program.video(),
            Event::AccessUnit(unit) if video == Some(unit.track) => {
                let alone = unit.random_access;
                found.get_or_insert(Self { first_alone: alone, any_alone: alone }).any_alone |= alone;
            }
            _ => {}
        };
        demuxer.push(bytes, &mut on);
        demuxer.finish(&mut on);
        found
    }
}
