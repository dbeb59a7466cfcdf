//! The demultiplexer: packets in, one program's packets and the beginnings of its access units out.

use std::mem;

use crate::{
    format::Format,
    packet::{PACKET_LEN, Packet, Packets, Pid},
    program::Program,
    sync::Scanner,
    tables::Tables,
    ticks::{Ticks, Unwrapper, near},
    track::{Order, TrackReader, Unit},
};

/// A step back of more than this is another timeline.
const MAX_BACK: Ticks = Ticks(Ticks::PER_SECOND);
/// So is a step forward of more than this.
const MAX_AHEAD: Ticks = Ticks(10 * Ticks::PER_SECOND);

/// Bytes kept while the program is not known: more than a second of any channel.
const MAX_EARLY: usize = 8_192 * PACKET_LEN;

/// What the demultiplexer finds, in stream order.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// The program was chosen, or its tracks changed. The packets that follow are of these tracks.
    Program(&'a Program),
    /// Packets of the program's first video, its audio, or its clock, to be passed on as they are. At least one.
    Packets(Packets<'a>),
    /// An access unit began at an earlier packet; told as soon as its nature is known.
    AccessUnit(AccessUnit),
    /// Something other than the continuation of what came begins with the access unit that is told next.
    Discontinuity(Discontinuity),
}

/// The beginning of a coded picture or of a run of audio frames: of a PES packet that has a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccessUnit {
    /// Which of the program's tracks.
    pub track: usize,
    /// When to show it.
    pub pts: Ticks,
    /// When to decode it.
    pub dts: Ticks,
    /// Whether a decoder can start here; true for all audio.
    pub random_access: bool,
    /// The number of the packet it begins in, of those in [`Event::Packets`], counted from 0 over the life of the
    /// demultiplexer.
    pub first_packet: u64,
}

/// A break in a track.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Discontinuity {
    /// Which of the program's tracks.
    pub track: usize,
    /// The number of the packet it begins with.
    pub first_packet: u64,
    /// What broke.
    pub cause: Cause,
}

/// What broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// Time went back, or far ahead. The wrap of 33 bits is no break.
    Timeline,
    /// The sequence parameters of the video changed: size, profile, frame rate.
    Parameters,
}

/// What was met since the demultiplexer began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stats {
    /// Whole packets, of whatever PID.
    pub packets: u64,
    /// Bytes that belonged to no packet.
    pub skipped_bytes: u64,
    /// Times that packets of the program were missing.
    pub continuity_errors: u64,
    /// Packets that came twice, left out the second time.
    pub duplicates: u64,
    /// Packets that the sender marked as damaged, left out.
    pub transport_errors: u64,
    /// Packets of the program that are scrambled, left out.
    pub scrambled_packets: u64,
    /// Sections of tables whose checksum was wrong.
    pub crc_errors: u64,
}

/// Takes a transport stream apart. Any bytes are a stream: what makes no sense is counted and passed over, and what
/// is kept between two pushes is bounded.
#[derive(Debug)]
pub struct Demuxer {
    scanner: Scanner,
    stream: Stream,
}

#[derive(Debug)]
struct Stream {
    roles: Vec<Role>,
    tables: Tables,
    /// Where the maps come.
    map_pids: Vec<Pid>,
    program: Option<Program>,
    /// What came before the program was known, to be read again then.
    early: Vec<u8>,
    /// One a track of the program; tracks that are passed over have one too.
    readers: Vec<TrackReader>,
    last_dts: Vec<Option<Ticks>>,
    clock: Unwrapper,
    passed: u64,
    stats: Stats,
}

/// What a PID is to us: in two bytes, as there are 8,192 of them and each packet asks for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Nothing,
    Tables,
    Clock,
    /// A program map has room for 201 of them (ISO/IEC 13818-1, 2.4.4.8).
    Track(u8),
}

impl Default for Demuxer {
    fn default() -> Self {
        Self::new()
    }
}

impl Demuxer {
    /// A demultiplexer that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        let mut stream = Stream {
            roles: vec![Role::Nothing; 0x2000],
            tables: Tables::default(),
            map_pids: Vec::new(),
            program: None,
            early: Vec::new(),
            readers: Vec::new(),
            last_dts: Vec::new(),
            clock: Unwrapper::default(),
            passed: 0,
            stats: Stats::default(),
        };
        stream.assign_roles();
        Self { scanner: Scanner::default(), stream }
    }

    /// Take the next bytes of the stream, cut anywhere, and tell what is in them to `on`.
    pub fn push(&mut self, data: &[u8], mut on: impl FnMut(Event<'_>)) {
        let Self { scanner, stream } = self;
        scanner.push(data, |packets| stream.packets(packets, &mut on));
    }

    /// No more bytes come: tell what the last ones were.
    pub fn finish(&mut self, mut on: impl FnMut(Event<'_>)) {
        let Self { scanner, stream } = self;
        scanner.finish(|packets| stream.packets(packets, &mut on));
    }

    /// The bytes that come next do not continue those that came: a connection was made anew.
    ///
    /// The program stays chosen, the counts go on; time and continuity begin again.
    pub fn interrupt(&mut self) {
        self.scanner.finish(|_| ());
        self.stream.tables.interrupt();
        self.stream.early.clear();
        self.stream.readers.iter_mut().for_each(TrackReader::interrupt);
        self.stream.last_dts.fill(None);
        self.stream.clock = Unwrapper::default();
    }

    /// The program chosen, once its map came.
    #[must_use]
    pub fn program(&self) -> Option<&Program> {
        self.stream.program.as_ref()
    }

    /// What this track of the program is, once its own headers told. None for a track that is not passed on.
    ///
    /// Parameters that change are noticed where they stand; of audio, where time or the program breaks.
    #[must_use]
    pub fn format(&self, track: usize) -> Option<&Format> {
        self.stream.readers.get(track)?.format()
    }

    /// Whether this track of the program had an access unit yet: some are announced and never come.
    #[must_use]
    pub fn is_present(&self, track: usize) -> bool {
        self.stream.readers.get(track).is_some_and(TrackReader::met)
    }

    /// Whether the program's leading track is scrambled, as far as its last packet tells.
    #[must_use]
    pub fn is_scrambled(&self) -> bool {
        let leading = self.stream.program.as_ref().and_then(Program::leading);
        leading.is_some_and(|track| self.stream.readers[track].scrambled)
    }

    /// What was met so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        Stats { skipped_bytes: self.scanner.skipped(), ..self.stream.stats }
    }
}

impl Stream {
    /// Most packets are passed on unread, together with those around them.
    fn packets(&mut self, packets: Packets<'_>, on: &mut impl FnMut(Event<'_>)) {
        let (mut rest, mut begun) = (packets, 0);
        for (at, packet) in packets.iter().enumerate() {
            if self.skim(packet, at) {
                continue;
            }
            let (passed, behind) = rest.split_at(at - begun);
            self.pass_middle(passed, packets, on);
            self.packet(packet, on);
            (rest, begun) = (behind.split_at(1).1, at + 1);
        }
        self.pass_middle(rest, packets, on);
    }

    /// Note the packet, number `at` of those at hand, if it is from the middle of a unit whose nature is known, and no
    /// other is missing before it; says whether it is. [`Stream::pass_middle`] has to follow.
    fn skim(&mut self, packet: Packet<'_>, at: usize) -> bool {
        let Role::Track(track) = self.roles[usize::from(packet.pid().value())] else { return false };
        packet.is_plain() && self.readers[usize::from(track)].skim(packet, at)
    }

    /// Pass on those of `packets` of which nothing need be known but that they came.
    fn pass_middle(&mut self, passed: Packets<'_>, packets: Packets<'_>, on: &mut impl FnMut(Event<'_>)) {
        if passed.is_empty() {
            return;
        }
        self.stats.packets += passed.len() as u64;
        self.pass(passed, on);
        self.readers.iter_mut().for_each(|reader| reader.continuity.remember(packets));
    }

    fn packet(&mut self, packet: Packet<'_>, on: &mut impl FnMut(Event<'_>)) {
        self.stats.packets += 1;
        if packet.transport_error() {
            // Not even its PID can be trusted.
            self.stats.transport_errors += 1;
            return;
        }
        match self.roles[usize::from(packet.pid().value())] {
            Role::Tables => self.table(packet, on),
            role => self.media(role, packet, on),
        }
    }

    fn media(&mut self, role: Role, packet: Packet<'_>, on: &mut impl FnMut(Event<'_>)) {
        match role {
            Role::Track(track) => self.track(track.into(), packet, on),
            Role::Clock => self.pass(packet.into(), on),
            Role::Nothing if self.program.is_none() => self.keep(packet),
            Role::Nothing | Role::Tables => {}
        }
    }

    /// Keep a packet whose program is not known yet.
    fn keep(&mut self, packet: Packet<'_>) {
        if self.early.len() >= MAX_EARLY {
            self.early.clear();
        }
        self.early.extend_from_slice(packet.bytes());
    }

    /// Read the packets that came before the program was known.
    fn replay(&mut self, on: &mut impl FnMut(Event<'_>)) {
        for packet in mem::take(&mut self.early).chunks(PACKET_LEN).filter_map(Packet::new) {
            self.media(self.roles[usize::from(packet.pid().value())], packet, on);
        }
    }

    fn pass(&mut self, packets: Packets<'_>, on: &mut impl FnMut(Event<'_>)) {
        on(Event::Packets(packets));
        self.passed += packets.len() as u64;
    }

    fn table(&mut self, packet: Packet<'_>, on: &mut impl FnMut(Event<'_>)) {
        self.stats.crc_errors += self.tables.push(packet, self.stats.packets);
        let program = self.tables.program(self.stats.packets);
        let listed: Vec<Pid> = self.tables.map_pids().collect();
        let moved = listed != self.map_pids;
        self.map_pids = listed;
        let Some(program) = program else { return self.assign_roles() };
        let same = |old: &Program| {
            (&old.tracks, old.pcr_pid, old.number) == (&program.tracks, program.pcr_pid, program.number)
        };
        let changed = !self.program.as_ref().is_some_and(same);
        let program = self.program.insert(program);
        if changed {
            self.readers = program.tracks.iter().map(|track| TrackReader::new(track.codec)).collect();
            self.last_dts = vec![None; self.readers.len()];
            on(Event::Program(program));
        }
        if changed || moved {
            self.assign_roles();
        }
        self.replay(on);
    }

    fn track(&mut self, track: usize, packet: Packet<'_>, on: &mut impl FnMut(Event<'_>)) {
        let reader = &mut self.readers[track];
        match reader.continuity.check(packet) {
            Order::Next => {}
            Order::Duplicate => {
                self.stats.duplicates += 1;
                return;
            }
            Order::Gap => self.stats.continuity_errors += 1,
        }
        reader.scrambled = packet.is_scrambled();
        if reader.scrambled {
            self.stats.scrambled_packets += 1;
            return;
        }
        let index = self.passed;
        self.pass(packet.into(), on);
        let Self { readers, clock, last_dts, .. } = self;
        readers[track].push(packet, index, &mut |unit| tell(track, unit, clock, &mut last_dts[track], on));
    }

    /// Say what each PID is to us, now that the tables changed.
    fn assign_roles(&mut self) {
        self.roles.fill(Role::Nothing);
        let roles = &mut self.roles;
        let mut assign = |pid: Pid, role| {
            let place = &mut roles[usize::from(pid.value())];
            if *place == Role::Nothing && pid != Pid::NULL {
                *place = role;
            }
        };
        for pid in [Pid::PAT, Pid::SDT].iter().chain(&self.map_pids) {
            assign(*pid, Role::Tables);
        }
        let Some(program) = &self.program else { return };
        for (n, track) in (0..=u8::MAX).zip(&program.tracks).filter(|(n, _)| program.is_passed((*n).into())) {
            assign(track.pid, Role::Track(n));
        }
        assign(program.pcr_pid, Role::Clock);
    }
}

/// Tell that `unit` of `track` began, and first of all whether it continues what came before. True when time jumped.
fn tell(
    track: usize,
    unit: Unit,
    clock: &mut Unwrapper,
    last_dts: &mut Option<Ticks>,
    on: &mut impl FnMut(Event<'_>),
) -> bool {
    let dts = clock.advance(unit.dts);
    let pts = near(dts, unit.pts);
    let step = last_dts.map_or(Ticks(0), |last| dts - last);
    *last_dts = Some(dts);
    let first_packet = unit.first_packet;
    let jumped = step > MAX_AHEAD || step < Ticks(0) - MAX_BACK;
    if jumped || unit.new_parameters {
        let cause = if jumped { Cause::Timeline } else { Cause::Parameters };
        on(Event::Discontinuity(Discontinuity { track, first_packet, cause }));
    }
    on(Event::AccessUnit(AccessUnit { track, pts, dts, random_access: unit.random_access, first_packet }));
    jumped
}
