//! Clips in an endless loop.

use std::time::Duration;

use acestream::fake::{Clip, ClipError, Pattern};

use crate::{
    stream::{AUDIO, VIDEO, clocks, continuity_errors, packets, steps, times},
    support::secs,
};

const CYCLE: u64 = 1 << 33;

fn rounds(clip: &Clip, count: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    clip.write(0..clip.len() * count, 0, &mut bytes);
    bytes
}

#[test]
fn over_three_rounds_time_and_counters_go_on_as_if_there_were_no_seam() {
    let clip = Pattern::default().clip();

    let bytes = rounds(&clip, 3);

    let packets = packets(&bytes);
    assert_eq!(continuity_errors(&packets), 0);
    assert_eq!(times(&packets, VIDEO).len(), 3 * 128);
    assert!(steps(&times(&packets, VIDEO), CYCLE).iter().all(|step| *step == 3600));
    assert!(steps(&times(&packets, AUDIO), CYCLE).iter().all(|step| *step == 1920));
    assert!(steps(&clocks(&packets), CYCLE * 300).iter().all(|step| *step == 3600 * 300));
}

#[test]
fn a_round_is_exactly_as_long_as_its_frames() {
    let pattern = Pattern { length: secs(3), ..Pattern::default() };

    let clip = pattern.clip();

    assert_eq!(clip.period_ticks(), 80 * 3600);
    assert_eq!(clip.duration(), Duration::from_millis(3200));
    assert_eq!(clip.due(clip.len() * 7), Duration::from_millis(3200) * 7);
}

#[test]
fn timestamps_wrap_where_33_bits_end() {
    let clip = Pattern { start_ticks: CYCLE - 5 * 90_000, ..Pattern::default() }.clip();

    let bytes = rounds(&clip, 2);

    let packets = packets(&bytes);
    let video = times(&packets, VIDEO);
    assert!(video[0] > video[255]);
    assert!(steps(&video, CYCLE).iter().all(|step| *step == 3600));
    assert!(steps(&clocks(&packets), CYCLE * 300).iter().all(|step| *step == 3600 * 300));
}

#[test]
fn only_timestamps_and_counters_are_touched() {
    let pattern = Pattern::default();
    let original = pattern.transport_stream();
    let clip = pattern.clip();

    let bytes = rounds(&clip, 2);

    assert_eq!(bytes[..original.len()], original);
    let mut second = bytes[original.len()..].to_vec();
    for (before, after) in original.chunks(188).zip(second.chunks_mut(188)) {
        after[3] = before[3];
        if before[3] & 0x20 != 0 && before[4] > 0 && before[5] & 0x10 != 0 {
            after[6..12].copy_from_slice(&before[6..12]);
        }
        let is_media_start = before[1] & 0x41 == 0x41;
        if is_media_start {
            let start = if before[3] & 0x20 == 0 { 4 } else { 5 + usize::from(before[4]) };
            after[start + 9..start + 14].copy_from_slice(&before[start + 9..start + 14]);
        }
    }
    assert!(second == original);
}

#[test]
fn the_stream_is_the_same_however_it_is_cut() {
    let clip = Pattern { length: secs(1), ..Pattern::default() }.clip();
    let whole = rounds(&clip, 3);

    for size in [1, 2, 3, 7, 50, clip.len() - 1, clip.len() + 1] {
        let mut bytes = Vec::new();
        let mut next = 0;
        while next < clip.len() * 3 {
            let end = (next + size).min(clip.len() * 3);
            clip.write(next..end, 0, &mut bytes);
            next = end;
        }
        assert!(bytes == whole, "in pieces of {size} packets");
    }
}

#[test]
fn packets_are_due_in_order_and_found_by_their_time() {
    let clip = Pattern::default().clip();

    for number in 1..clip.len() * 2 {
        let due = clip.due(number);
        assert!(due >= clip.due(number - 1), "packet {number}");
        assert!(clip.after(due) > number && clip.due(clip.after(due)) > due, "packet {number}");
    }
}

#[test]
fn a_clip_without_a_pcr_is_paced_by_its_pictures() {
    let mut bytes = Pattern::default().transport_stream();
    for packet in bytes.chunks_mut(188).filter(|packet| packet[3] & 0x20 != 0 && packet[4] > 0) {
        packet[5] &= !0x10;
    }

    let clip = Clip::new(bytes).unwrap();

    assert_eq!((clip.period_ticks(), clip.duration()), (460_800, Duration::from_millis(5120)));
    assert!(steps(&times(&packets(&rounds(&clip, 3)), VIDEO), CYCLE).iter().all(|step| *step == 3600));
}

#[test]
fn an_audio_only_clip_loops_by_its_sound() {
    // Twenty frames of sound take more than one packet.
    let bytes = Pattern { sound_frames: 20, ..Pattern::default() }.transport_stream();
    let is_video = |packet: &&[u8]| packet[1] & 0x1F == 1 && packet[2] == 0;
    let bytes: Vec<u8> = bytes.chunks(188).filter(|packet| !is_video(packet)).flatten().copied().collect();

    let clip = Clip::new(bytes).unwrap();

    assert_eq!(clip.period_ticks(), 460_800);
    assert!(steps(&times(&packets(&rounds(&clip, 3)), AUDIO), CYCLE).iter().all(|step| *step == 20 * 1920));
}

#[test]
fn longer_packets_and_garbage_between_them_are_left_out() {
    let original = Pattern::default().transport_stream();
    let plain = rounds(&Clip::new(original.clone()).unwrap(), 1);
    let longer = |extra: usize| {
        original.chunks(188).flat_map(|packet| [packet, &[0xAA; 16][..extra]].concat()).collect()
    };

    assert!(rounds(&Clip::new(longer(4)).unwrap(), 1) == plain);
    assert!(rounds(&Clip::new(longer(16)).unwrap(), 1) == plain);
    assert!(rounds(&Clip::new([&[1; 1000], &original[..]].concat()).unwrap(), 1) == plain);
}

#[test]
fn a_clip_with_a_break_in_its_time_never_goes_back_over_the_seam() {
    let first = Pattern { length: secs(2), ..Pattern::default() }.transport_stream();
    let second =
        Pattern { length: secs(2), start_ticks: 90_000_000, ..Pattern::default() }.transport_stream();

    let clip = Clip::new([first, second].concat()).unwrap();

    let bytes = rounds(&clip, 3);
    assert!(steps(&times(&packets(&bytes), VIDEO), CYCLE).iter().all(|step| *step > 0));
    assert!(clip.duration() < secs(6), "{:?}", clip.duration());
}

#[test]
fn what_cannot_be_played_is_refused() {
    assert_eq!(Clip::new(Vec::new()).unwrap_err(), ClipError::NoPackets(0));
    assert_eq!(Clip::new(vec![0; 5000]).unwrap_err(), ClipError::NoPackets(5000));
    assert_eq!(Clip::new([0x47; 188].repeat(50)).unwrap_err(), ClipError::NoClock(50));
}

#[test]
fn no_bytes_make_a_clip_panic() {
    let original = Pattern { length: secs(1), ..Pattern::default() }.transport_stream();
    let mut random = fastrand::Rng::with_seed(1);

    for _ in 0..300 {
        let mut bytes = original.clone();
        for _ in 0..random.usize(1..200) {
            let place = random.usize(..bytes.len());
            bytes[place] = random.u8(..);
        }
        bytes.truncate(random.usize(..bytes.len()));
        if let Ok(clip) = Clip::new(bytes) {
            rounds(&clip, 2);
        }
    }
}
