//! Multivariant playlists.

use hls::validate;

use crate::samples::each_alone;

const CLEAN: &str = "#EXTM3U
#EXT-X-VERSION:6
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"aac\",NAME=\"English\",DEFAULT=YES,AUTOSELECT=YES,URI=\"en.m3u8\"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"aac\",NAME=\"French\",DEFAULT=NO,AUTOSELECT=YES,URI=\"fr.m3u8\"
#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"text\",NAME=\"English\",URI=\"text.m3u8\"
#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID=\"cc\",NAME=\"English\",INSTREAM-ID=\"CC1\"
#EXT-X-STREAM-INF:BANDWIDTH=5300000,AVERAGE-BANDWIDTH=5000000,CODECS=\"avc1.4d401f,mp4a.40.2\",RESOLUTION=1280x720,FRAME-RATE=25.000,AUDIO=\"aac\",SUBTITLES=\"text\",CLOSED-CAPTIONS=\"cc\"
live.m3u8
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=300000,URI=\"key.m3u8\"
";

#[test]
fn variants_and_renditions() {
    insta::assert_snapshot!(each_alone(
        CLEAN,
        &[
            ("BANDWIDTH=5300000,", ""),
            ("BANDWIDTH=5300000,", "BANDWIDTH=5.3,"),
            ("=5300000,AVERAGE-BANDWIDTH=5000000,", "=0,"),
            ("AVERAGE-BANDWIDTH=5000000", "AVERAGE-BANDWIDTH=6000000"),
            ("CODECS=\"avc1.4d401f,mp4a.40.2\",", ""),
            ("avc1.4d401f,mp4a.40.2", "avc1.4d401f,"),
            ("RESOLUTION=1280x720,", ""),
            ("RESOLUTION=1280x720,", "RESOLUTION=720p,"),
            ("FRAME-RATE=25.000,", ""),
            ("FRAME-RATE=25.000,", "FRAME-RATE=25/1,"),
            ("AUDIO=\"aac\",SUB", "AUDIO=\"mp3\",SUB"),
            ("live.m3u8\n", ""),
            ("live.m3u8\n", "live.m3u8\nother.m3u8\n"),
            ("live.m3u8\n#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=300000,URI=\"key.m3u8\"\n", ""),
            ("BANDWIDTH=300000,", ""),
            (",URI=\"key.m3u8\"", ""),
            ("TYPE=AUDIO", "TYPE=SOUND"),
            ("NAME=\"French\",", ""),
            ("NAME=\"French\",", "NAME=\"English\","),
            ("DEFAULT=NO", "DEFAULT=YES"),
            ("DEFAULT=YES,AUTOSELECT=YES", "DEFAULT=YES,AUTOSELECT=NO"),
            (",URI=\"text.m3u8\"", ""),
            ("INSTREAM-ID=\"CC1\"", "URI=\"cc.m3u8\""),
            ("#EXT-X-VERSION:6", "#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:4"),
        ],
        validate::multivariant
    ));
}

#[test]
fn a_list_without_a_variant_is_none() {
    let findings =
        validate::multivariant("#EXTM3U\n#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI=\"key.m3u8\"\n");

    assert_eq!(crate::samples::told(&findings), "MUST (4.4.6.2): no variant\n");
}

#[test]
fn closed_captions_may_be_none() {
    let text = CLEAN.replace("CLOSED-CAPTIONS=\"cc\"", "CLOSED-CAPTIONS=NONE");

    assert_eq!(validate::multivariant(&text), []);
}

#[test]
fn the_playlists_of_a_multivariant_one_are_named_once() {
    assert!(validate::is_multivariant(CLEAN) && !validate::is_multivariant("#EXTM3U\n#EXTINF:4,\na.ts\n"));
    assert_eq!(validate::media_playlists(CLEAN), ["live.m3u8", "en.m3u8", "fr.m3u8", "text.m3u8"]);
    assert_eq!(validate::media_playlists(&CLEAN.replace("fr.m3u8", "en.m3u8")).len(), 3);
}
