//! Whole streams through the demultiplexer: cut anywhere, damaged anyhow, and compared with another reader.

use std::{cell::RefCell, rc::Rc};

use mpegts::{
    AccessUnit, Cause, Codec, Demuxer, Event, PACKET_LEN, Packet, Pid, Ticks,
    testing::{ADTS, AUDIO, IDR, Muxer, PREDICTED, VIDEO},
};
use proptest::prelude::*;

/// Everything that the demultiplexer told, as text that can be compared and read.
#[derive(Default, Debug, PartialEq)]
struct Told {
    programs: Vec<String>,
    packets: Vec<u8>,
    units: Vec<AccessUnit>,
    breaks: Vec<(u64, Cause)>,
}

impl Told {
    fn note(&mut self, event: Event<'_>) {
        match event {
            Event::Program(program) => {
                let tracks: Vec<String> =
                    program.tracks.iter().map(|track| track.codec.to_string()).collect();
                self.programs.push(format!("{}: {}", program.number, tracks.join(" ")));
            }
            Event::Packets(packets) => self.packets.extend(packets.bytes()),
            Event::AccessUnit(unit) => self.units.push(unit),
            Event::Discontinuity(found) => self.breaks.push((found.first_packet, found.cause)),
        }
    }

    fn random_access(&self, track: usize) -> Vec<i64> {
        let units = self.units.iter().filter(|unit| unit.track == track && unit.random_access);
        units.map(|unit| unit.dts.0).collect()
    }
}

fn demux<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Told, Demuxer) {
    let (mut demuxer, mut told) = (Demuxer::new(), Told::default());
    for piece in pieces {
        demuxer.push(piece, |event| told.note(event));
    }
    demuxer.finish(|event| told.note(event));
    (told, demuxer)
}

fn sample() -> Vec<u8> {
    let mut muxer = Muxer::default();
    muxer.pictures(Ticks(90_000), 50, 25);
    muxer.stream
}

/// The same, with another end to each packet in which nothing begins.
fn distinct() -> Vec<u8> {
    let mut stream = sample();
    for (n, packet) in (0_u32..).zip(stream.chunks_mut(PACKET_LEN)).filter(|(_, packet)| is_plain(packet)) {
        packet[PACKET_LEN - 4..].copy_from_slice(&n.to_be_bytes());
    }
    stream
}

fn is_plain(packet: &[u8]) -> bool {
    packet[1] & 0x40 == 0 && packet[3] & 0x30 == 0x10
}

#[test]
fn pictures_and_sound_are_found_with_their_times() {
    let stream = sample();

    let (told, demuxer) = demux([&stream[..]]);

    assert_eq!(told.programs, ["1: h264 aac"]);
    assert_eq!(told.random_access(0), [90_000, 180_000]);
    assert_eq!(told.units.iter().filter(|unit| unit.track == 1).count(), 50);
    assert_eq!(told.units[0].pts - told.units[0].dts, Ticks(3_600));
    assert_eq!(demuxer.stats().continuity_errors, 0);
}

#[test]
fn a_unit_begins_in_the_packet_it_says() {
    let (told, _) = demux([&sample()[..]]);

    for unit in &told.units {
        let at = usize::try_from(unit.first_packet).unwrap() * PACKET_LEN;
        let packet = Packet::new(&told.packets[at..]).unwrap();
        let pid = if unit.track == 0 { VIDEO } else { AUDIO };
        assert!(packet.payload_unit_start() && packet.pid() == pid);
    }
}

#[test]
fn a_stream_cut_at_any_byte_is_the_same_stream() {
    let stream = sample();
    let (whole, _) = demux([&stream[..]]);

    for at in 0..stream.len().min(4_000) {
        let (head, tail) = stream.split_at(at);
        assert!(demux([head, tail]).0 == whole, "cut at byte {at}");
    }
}

#[test]
fn lost_packets_are_counted_and_cost_no_more_than_their_pictures() {
    let stream = sample();
    let mut packets: Vec<&[u8]> = stream.chunks(PACKET_LEN).collect();
    // Inside of pictures.
    packets.remove(300);
    packets.remove(100);

    let (told, demuxer) = demux(packets);

    assert_eq!(demuxer.stats().continuity_errors, 2);
    assert_eq!(told.random_access(0).len(), 2);
}

#[test]
fn packets_that_come_twice_are_passed_on_once() {
    let stream = distinct();
    let (once, _) = demux([&stream[..]]);
    // Whether they come one by one or together, at once or later: there is one in the middle of many a picture.
    for every in [1, 13] {
        let packets = stream.chunks(PACKET_LEN).enumerate();
        let doubled: Vec<u8> =
            packets.flat_map(|(at, packet)| packet.repeat(1 + usize::from(at % every == 0))).collect();
        let counts = [1, 2, 5, 1_000].map(|packets| {
            let (told, demuxer) = demux(doubled.chunks(packets * PACKET_LEN));
            assert!(told == once, "one in {every}, {packets} packets at a time");
            assert_eq!(demuxer.stats().continuity_errors, 0);
            demuxer.stats().duplicates
        });
        assert!(counts[0] > 10 && counts == [counts[0]; 4], "{counts:?}");
    }
}

#[test]
fn of_tracks_whose_packets_come_in_turns_each_is_remembered() {
    let mut stream = sample();
    let counter = |pid: Pid, stream: &[u8]| {
        let last = stream.chunks(PACKET_LEN).rfind(|packet| Packet::new(packet).unwrap().pid() == pid);
        last.unwrap()[3]
    };
    let (mut video, mut audio) = (counter(VIDEO, &stream), counter(AUDIO, &stream));
    let mut plain = |pid: Pid, fill: u8| {
        let counter = if pid == VIDEO { &mut video } else { &mut audio };
        *counter = 0x10 | (*counter + 1) & 0x0F;
        let [high, low] = pid.value().to_be_bytes();
        [&[0x47, high, low, *counter][..], &[fill; PACKET_LEN - 4]].concat()
    };
    let turns: Vec<Vec<u8>> = (1..=4).flat_map(|fill| [plain(VIDEO, fill), plain(AUDIO, fill)]).collect();
    stream.extend(turns.concat());

    // The last of each once more.
    let again = turns[6..].concat();
    let (told, demuxer) = demux([&stream[..], &again]);

    assert_eq!((demuxer.stats().duplicates, demuxer.stats().continuity_errors), (2, 0));
    assert!(told.packets.ends_with(&turns.concat()));
}

#[test]
fn a_packet_like_an_older_one_with_the_counter_of_the_last_is_passed_on() {
    let stream = distinct();
    let mut packets: Vec<Vec<u8>> = stream.chunks(PACKET_LEN).map(<[u8]>::to_vec).collect();
    let alike = |run: &[Vec<u8>]| run.iter().all(|packet| is_plain(packet) && packet[..3] == run[0][..3]);
    let at = packets.windows(3).position(alike).unwrap();
    let counter = packets[at + 1][3];
    packets[at + 2] = packets[at].clone();
    packets[at + 2][3] = counter;

    for together in [1, 2, 1_000] {
        let (told, demuxer) = demux(packets.concat().chunks(together * PACKET_LEN));
        assert_eq!(demuxer.stats().duplicates, 0);
        assert!(told.packets.chunks(PACKET_LEN).any(|packet| packet == packets[at + 2]));
    }
}

#[test]
fn time_goes_on_over_the_wrap_of_33_bits() {
    let mut muxer = Muxer::default();
    muxer.pictures(Ticks((1 << 33) - 45_000), 50, 25);

    let (told, _) = demux([&muxer.stream[..]]);

    assert!(told.breaks.is_empty());
    assert_eq!(told.random_access(0), [(1 << 33) - 45_000, (1 << 33) + 45_000]);
}

#[test]
fn a_jump_in_time_is_told_before_the_picture_it_begins_with() {
    for jump in [3_600 * 90_000, -2 * 90_000] {
        let mut muxer = Muxer::default();
        muxer.pictures(Ticks(900_000), 25, 25);
        muxer.pictures(Ticks(900_000 + 90_000 + jump), 25, 25);

        let (told, _) = demux([&muxer.stream[..]]);

        let after = told.units.iter().find(|unit| unit.dts.0 == 990_000 + jump).unwrap();
        assert_eq!(told.breaks[0], (after.first_packet, Cause::Timeline), "jump by {jump}");
    }
}

#[test]
fn other_parameters_are_told_before_the_picture_they_come_with() {
    let mut muxer = Muxer::default();
    muxer.pictures(Ticks(0), 25, 25);
    let other: Vec<u8> = IDR.iter().map(|&byte| if byte == 0x64 { 0x4D } else { byte }).collect();
    muxer.pes(VIDEO, Ticks(93_600), Ticks(90_000), &other, 900);

    let (told, _) = demux([&muxer.stream[..]]);

    assert_eq!(told.breaks, [(told.units.last().unwrap().first_packet, Cause::Parameters)]);
}

#[test]
fn of_several_programs_the_first_with_video_is_played_and_kept() {
    let mut radio = Muxer::new(&[(Pid::new(0x50), Codec::Aac, 0x0F)]);
    let mut first = Muxer::default();
    let mut second = Muxer::new(&[(Pid::new(0x300), Codec::H264, 0x1B)]);
    (radio.program.number, radio.program.pmt_pid) = (7, Pid::new(0x1007));
    (first.program.number, first.program.pmt_pid) = (8, Pid::new(0x1008));
    (second.program.number, second.program.pmt_pid) = (9, Pid::new(0x1009));
    let mut stream = association(&[(0, 0x10), (7, 0x1007), (8, 0x1008), (9, 0x1009)]);
    for muxer in [&mut second, &mut first, &mut radio] {
        muxer.tables();
        stream.extend(&muxer.stream[PACKET_LEN..]);
        muxer.stream.clear();
    }
    second.pes(Pid::new(0x300), Ticks(0), Ticks(0), IDR, 400);
    first.pes(VIDEO, Ticks(0), Ticks(0), IDR, 400);
    stream.extend(second.stream.iter().chain(&first.stream));

    let (told, demuxer) = demux([&stream[..]]);

    assert_eq!(demuxer.program().map(|program| program.number), Some(8));
    assert_eq!(told.units.len(), 1);
}

#[test]
fn a_program_without_video_is_random_access_throughout() {
    let mut muxer = Muxer::new(&[(AUDIO, Codec::Aac, 0x0F)]);
    muxer.tables();
    for n in 0..10 {
        muxer.pes(AUDIO, Ticks(n * 2_160), Ticks(n * 2_160), ADTS, 300);
    }

    let (told, demuxer) = demux([&muxer.stream[..]]);

    assert_eq!(told.random_access(0).len(), 10);
    assert_eq!(demuxer.program().and_then(mpegts::Program::leading), Some(0));
}

#[test]
fn packets_that_come_before_their_map_are_not_lost() {
    let mut muxer = Muxer::default();
    muxer.pes(VIDEO, Ticks(0), Ticks(0), IDR, 900);
    muxer.tables();
    muxer.pes(VIDEO, Ticks(3_600), Ticks(3_600), PREDICTED, 900);

    let (told, _) = demux([&muxer.stream[..]]);

    assert_eq!(told.random_access(0), [0]);
    assert_eq!(told.units.len(), 2);
}

#[test]
fn a_scrambled_program_is_reported_and_its_packets_left_out() {
    let mut stream = sample();
    for packet in stream.chunks_mut(PACKET_LEN).filter(|packet| Packet::new(packet).unwrap().pid() == VIDEO) {
        packet[3] |= 0x80;
    }

    let (told, demuxer) = demux([&stream[..]]);

    assert!(demuxer.is_scrambled() && demuxer.stats().scrambled_packets > 0);
    assert!(told.random_access(0).is_empty());
}

#[test]
fn after_an_interruption_another_time_is_no_jump() {
    let (stream, mut told, mut demuxer) = (sample(), Told::default(), Demuxer::new());
    demuxer.push(&stream[..stream.len() - 100], |event| told.note(event));
    let mut later = Muxer::default();
    later.pictures(Ticks(3_600 * 90_000), 25, 25);

    demuxer.interrupt();
    demuxer.push(&later.stream, |event| told.note(event));

    assert!(told.breaks.is_empty());
    assert_eq!(told.random_access(0), [90_000, 180_000, 3_600 * 90_000]);
    assert_eq!((told.programs.len(), demuxer.stats().continuity_errors), (1, 0));
}

/// A program association table that lists these numbers and PIDs.
fn association(programs: &[(u16, u16)]) -> Vec<u8> {
    let length = u8::try_from(9 + 4 * programs.len()).expect("a short list");
    let mut section = vec![0, 0xB0, length, 0, 1, 0xC1, 0, 0];
    for (number, pid) in programs {
        section.extend(number.to_be_bytes());
        section.extend((0xE000 | pid).to_be_bytes());
    }
    let crc = section.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte) << 24, |crc, _| {
            if crc & 1 << 31 == 0 { crc << 1 } else { crc << 1 ^ 0x04C1_1DB7 }
        })
    });
    section.extend(crc.to_be_bytes());
    let mut packet = vec![0x47, 0x40, 0, 0x10, 0];
    packet.extend(section);
    packet.resize(PACKET_LEN, 0xFF);
    packet
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damage_never_panics_and_never_depends_on_the_cuts(
        damage in prop::collection::vec((0_usize..80_000, any::<u8>()), 0..60),
        removed in prop::collection::vec((0_usize..80_000, 1_usize..700), 0..6),
        piece in 1_usize..3_000,
    ) {
        let mut stream = sample();
        for (at, byte) in damage {
            let at = at % stream.len();
            stream[at] = byte;
        }
        for (at, len) in removed {
            let at = at % stream.len();
            stream.drain(at..(at + len).min(stream.len()));
        }

        let (whole, _) = demux([&stream[..]]);
        let (cut, _) = demux(stream.chunks(piece));

        prop_assert!(whole == cut);
    }

    #[test]
    fn any_bytes_are_a_stream(bytes in prop::collection::vec(any::<u8>(), 0..5_000)) {
        let (_, demuxer) = demux([&bytes[..]]);
        prop_assert!(demuxer.stats().skipped_bytes <= bytes.len() as u64);
    }

    #[test]
    fn any_fields_in_sound_packets_are_a_stream(
        packets in prop::collection::vec((0_u16..40, any::<[u8; 40]>()), 0..200),
    ) {
        let mut stream = Vec::new();
        for (pid, fill) in packets {
            let [high, low] = pid.to_be_bytes();
            let mut packet = vec![0x47, fill[0] & 0xE0 | high, low, fill[1]];
            packet.extend(fill.iter().cycle().take(184));
            stream.extend(packet);
        }
        let _ = demux([&stream[..]]);
    }
}

#[expect(unreachable_pub, reason = "the macro of the other reader makes these types public")]
mod oracle {
    //! The times of all PES packets, as `mpeg2ts-reader` finds them.

    use mpeg2ts_reader::{
        StreamType, demultiplex, packet, packet_filter_switch,
        pes::{self, PesContents, PtsDts},
    };

    use super::*;

    thread_local! {
        static TIMES: Rc<RefCell<Vec<u64>>> = Rc::default();
    }

    pub struct Consumer;

    impl pes::ElementaryStreamConsumer<Context> for Consumer {
        fn start_stream(&mut self, _: &mut Context) {}
        fn begin_packet(&mut self, _: &mut Context, header: pes::PesHeader<'_>) {
            if let PesContents::Parsed(Some(parsed)) = header.contents() {
                let pts = match parsed.pts_dts() {
                    Ok(PtsDts::PtsOnly(Ok(pts)) | PtsDts::Both { pts: Ok(pts), .. }) => pts.value(),
                    _ => return,
                };
                TIMES.with(|times| times.borrow_mut().push(pts));
            }
        }
        fn continue_packet(&mut self, _: &mut Context, _: &[u8]) {}
        fn end_packet(&mut self, _: &mut Context) {}
        fn continuity_error(&mut self, _: &mut Context) {}
    }

    packet_filter_switch! {
        Filter<Context> {
            Pes: pes::PesPacketFilter<Context, Consumer>,
            Pat: demultiplex::PatPacketFilter<Context>,
            Pmt: demultiplex::PmtPacketFilter<Context>,
            Null: demultiplex::NullPacketFilter<Context>,
        }
    }

    pub struct Context {
        changes: demultiplex::FilterChangeset<Filter>,
    }

    impl demultiplex::DemuxContext for Context {
        type F = Filter;
        fn filter_changeset(&mut self) -> &mut demultiplex::FilterChangeset<Filter> {
            &mut self.changes
        }
        fn construct(&mut self, request: demultiplex::FilterRequest<'_, '_>) -> Filter {
            match request {
                demultiplex::FilterRequest::ByPid(packet::Pid::PAT) => Filter::Pat(Default::default()),
                demultiplex::FilterRequest::ByStream { stream_type, .. } if known(stream_type) => {
                    Filter::Pes(pes::PesPacketFilter::new(Consumer))
                }
                demultiplex::FilterRequest::Pmt { pid, program_number } => {
                    Filter::Pmt(demultiplex::PmtPacketFilter::new(pid, program_number))
                }
                _ => Filter::Null(demultiplex::NullPacketFilter::default()),
            }
        }
    }

    fn known(stream_type: StreamType) -> bool {
        matches!(u8::from(stream_type), 0x02 | 0x03 | 0x04 | 0x0F | 0x1B | 0x24)
    }

    pub(super) fn times(stream: &[u8]) -> Vec<u64> {
        let mut context = Context { changes: demultiplex::FilterChangeset::default() };
        let mut demultiplexer = demultiplex::Demultiplex::new(&mut context);
        demultiplexer.push(&mut context, stream);
        TIMES.with(|times| std::mem::take(&mut *times.borrow_mut()))
    }
}

#[test]
fn another_reader_finds_the_same_times() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus/");
    let mut streams = vec![sample()];
    for name in [
        "Eyevinn+mp2ts-tools/bbb_1s.ts",
        "generated/h264_aac.ts",
        "generated/hevc_aac.ts",
        "generated/mpeg2_mp2.ts",
    ] {
        match std::fs::read(format!("{root}{name}")) {
            Ok(capture) => streams.push(capture),
            Err(_) => println!("NOTICE: skipped {name}, no captures here"),
        }
    }
    for stream in streams {
        let (told, _) = demux([&stream[..]]);
        let mut ours: Vec<u64> = told.units.iter().map(|unit| u64::try_from(unit.pts.0).unwrap()).collect();
        let mut theirs = oracle::times(&stream);
        ours.sort_unstable();
        theirs.sort_unstable();
        assert_eq!(ours, theirs);
    }
}
