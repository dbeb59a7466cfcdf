//! What multivariant playlists say of media.

use std::{collections::HashMap, time::Duration};

use hls::validate::{Contents, Said, Transport, variants};
use mpegts::{
    Codec, Ticks,
    testing::{ADTS, AUDIO, Muxer, VIDEO},
};

use crate::samples::{each_alone, told};

/// The begin of a picture of 1920 by 1080 at 25 frames a second, H.264 High at level 4.0, as x264 writes it.
const PICTURE: &[u8] = &[
    0, 0, 0, 1, 9, 16, 0, 0, 0, 1, 0x67, 0x64, 0, 0x28, 0xAC, 0xD9, 0x40, 0x78, 0x02, 0x27, 0xE5, 0xC0, 0x44,
    0, 0, 3, 0, 4, 0, 0, 3, 0, 0xC8, 0x3C, 0x60, 0xC6, 0x58, 0, 0, 0, 1, 0x68, 0xEB, 0xE3, 0xCB, 0, 0, 0, 1,
    0x65, 0x88,
];

const CLEAN: &str = "#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"one\",URI=\"audio.m3u8\"
#EXT-X-STREAM-INF:BANDWIDTH=700000,CODECS=\"avc1.640028,mp4a.40.2\",RESOLUTION=1920x1080,FRAME-RATE=25.000,AUDIO=\"a\"
video.m3u8
";

/// One segment of four seconds, with pictures or with sound.
fn contents(tracks: &[Codec], is_over: bool) -> Contents {
    let all = [(VIDEO, Codec::H264, 0x1B), (AUDIO, Codec::Aac, 0x0F)];
    let announced: Vec<_> = all.into_iter().filter(|(_, codec, _)| tracks.contains(codec)).collect();
    let mut muxer = Muxer::new(&announced);
    muxer.tables();
    for n in 0..100 {
        for &(pid, codec, _) in &announced {
            let time = Ticks(90_000 + 3_600 * n);
            let head = if codec == Codec::H264 { PICTURE } else { ADTS };
            muxer.pes(pid, time, time, head, 1_500);
        }
    }
    let mut transport = Transport::default();
    transport.contents().target_duration = Some(Duration::from_secs(4));
    transport.contents().is_over = is_over;
    let said = Said { independent: true, duration: Some(Duration::from_secs(4)), ..Said::default() };
    assert_eq!(told(&transport.take(&muxer.stream, said)), "");
    std::mem::take(transport.contents())
}

fn known(is_over: bool) -> HashMap<&'static str, Contents> {
    let (video, audio) = (contents(&[Codec::H264], is_over), contents(&[Codec::Aac], is_over));
    HashMap::from([("video.m3u8", video), ("audio.m3u8", audio)])
}

#[test]
fn h264_above_level_4_2_is_told_once() {
    let mut muxer = Muxer::new(&[(VIDEO, Codec::H264, 0x1B)]);
    let picture: Vec<u8> =
        PICTURE.iter().enumerate().map(|(at, &byte)| if at == 13 { 51 } else { byte }).collect();
    muxer.tables();
    for n in 0..10 {
        muxer.pes(VIDEO, Ticks(90_000 + 3_600 * n), Ticks(90_000 + 3_600 * n), &picture, 1_500);
    }
    let (mut transport, said) = (Transport::default(), Said { independent: true, ..Said::default() });

    insta::assert_snapshot!(told(&transport.take(&muxer.stream, said)), @"SHOULD (Apple 1.2): H.264 of a level above 4.2");
    assert_eq!(told(&transport.take(&muxer.stream, Said { discontinuity: true, ..said })), "");
}

#[test]
fn what_is_said_of_media_is_true() {
    let known = known(true);
    insta::assert_snapshot!(each_alone(
        CLEAN,
        &[
            ("BANDWIDTH=700000", "BANDWIDTH=1000"),
            ("BANDWIDTH=700000", "BANDWIDTH=678304"),
            ("BANDWIDTH=700000", "BANDWIDTH=600000"),
            ("avc1.640028,", ""),
            ("avc1.640028", "hvc1.1.6.L93.B0"),
            ("avc1.640028", "avc1.42C01E"),
            ("avc1.640028", "avc1.64001F"),
            ("avc1.640028", "avc3.640029"),
            ("mp4a.40.2", "mp4a.40.5"),
            ("mp4a.40.2", "mp4a.40.34"),
            ("mp4a.40.2", "mp4a.40.2,ac-3"),
            ("mp4a.40.2", "mp4a.40.2,wvtt"),
            ("1920x1080", "16x16"),
            ("1920x1080", "1440x1080"),
            ("FRAME-RATE=25.000", "FRAME-RATE=50.000"),
            ("FRAME-RATE=25.000", "FRAME-RATE=24.900"),
        ],
        |text| variants(text, |uri| known.get(uri))
    ));
}

#[test]
fn nobody_knows_the_peak_of_what_goes_on() {
    let known = known(false);
    let look = |bandwidth: &str| {
        let text = CLEAN.replace("=700000", &format!("={bandwidth}"));
        told(&variants(&text, |uri| known.get(uri)))
    };

    assert_eq!(look("650000"), "");
    insta::assert_snapshot!(look("600000"), @"line 3: SHOULD (4.4.6.2): BANDWIDTH is 600000, and segments of 678304 bits per second came");
    insta::assert_snapshot!(look("1000"), @"line 3: MUST (4.4.6.2): BANDWIDTH is 1000, and segments of 678304 bits per second came");
}

#[test]
fn all_playlists_have_one_target_duration() {
    let mut known = known(true);
    known.get_mut("audio.m3u8").unwrap().target_duration = Some(Duration::from_secs(6));

    insta::assert_snapshot!(told(&variants(CLEAN, |uri| known.get(uri))), @"MUST (6.2.4): the target duration of audio.m3u8 is 6 s, and not 4 s");
    let subtitles = CLEAN.replace("TYPE=AUDIO", "TYPE=SUBTITLES").replace("AUDIO=\"a\"", "SUBTITLES=\"a\"");
    assert!(!told(&variants(&subtitles, |uri| known.get(uri))).contains("6.2.4"));
}

#[test]
fn of_media_that_nobody_saw_nothing_is_said() {
    assert_eq!(told(&variants(CLEAN, |_| None)), "");
    let nothing = Contents::default();
    assert_eq!(told(&variants(CLEAN, |_| Some(&nothing))), "");
}
