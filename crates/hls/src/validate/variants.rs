//! Whether what a multivariant playlist says of its media is true (RFC 8216bis, 4.4.6.2, 6.2.4).

use std::collections::HashSet;

use mpegts::{AudioProfile, Format, Video, VideoProfile};

use super::{
    Contents,
    attributes::Attributes,
    finding::{Report, seconds, shown},
    lines::{Kind, Tag, lines, tags},
    value::integer,
};

/// The media of a variant: those of its playlist, and of the renditions that play with it.
struct Media<'a> {
    all: Vec<&'a Contents>,
    /// The largest sum of the peaks of what plays together.
    peak: u64,
}

pub(super) fn check<'a>(text: &str, contents: &impl Fn(&str) -> Option<&'a Contents>, report: &mut Report) {
    let mut open: Option<Tag<'_>> = None;
    for line in lines(text) {
        match line.kind() {
            Kind::Tag(tag) => open = Some(tag).filter(|tag| tag.name == "EXT-X-STREAM-INF").or(open),
            Kind::Uri(uri) => {
                let (Some(tag), Some(own)) = (open.take(), contents(uri)) else { continue };
                let attributes = Attributes::read(tag);
                let media = Media::of(own, &attributes, text, contents);
                variant(&attributes, &media, report);
            }
            Kind::Nothing => {}
        }
    }
    target_durations(text, contents, report);
}

impl<'a> Media<'a> {
    fn of(
        own: &'a Contents,
        attributes: &Attributes<'_>,
        text: &str,
        contents: &impl Fn(&str) -> Option<&'a Contents>,
    ) -> Self {
        let mut media = Self { all: vec![own], peak: own.peak };
        for kind in ["AUDIO", "VIDEO"] {
            let quiet = &mut Report::default();
            let Some(group) = attributes.quoted(kind, quiet) else { continue };
            let renditions = tags(text).filter(|tag| tag.name == "EXT-X-MEDIA").map(Attributes::read);
            let of_group = renditions.filter(|rendition| {
                let quiet = &mut Report::default();
                rendition.word("TYPE") == Some(kind) && rendition.quoted("GROUP-ID", quiet) == Some(group)
            });
            let found: Vec<&Contents> =
                of_group.filter_map(|rendition| contents(rendition.quoted("URI", quiet)?)).collect();
            media.peak += found.iter().map(|found| found.peak).max().unwrap_or(0);
            media.all.extend(found);
        }
        media
    }

    fn formats(&self) -> impl Iterator<Item = &'a Format> {
        self.all.iter().flat_map(|contents| &contents.formats)
    }

    fn videos(&self) -> impl Iterator<Item = &'a Video> {
        self.formats().filter_map(|format| match format {
            Format::Video(video) => Some(video),
            Format::Audio(_) => None,
        })
    }
}

/// What was wrong with the attributes themselves was told where they were read.
fn variant(attributes: &Attributes<'_>, media: &Media<'_>, report: &mut Report) {
    bandwidth(attributes, media, report);
    codecs(attributes, media, report);
    resolution(attributes, media, report);
    frame_rate(attributes, media, report);
}

/// No less than the peak segment bit rate. Of what goes on, nobody knows the peak before it is over: a tenth more is
/// nothing, and more than twice as much no estimate.
fn bandwidth(attributes: &Attributes<'_>, media: &Media<'_>, report: &mut Report) {
    let Some(said) = attributes.integer("BANDWIDTH", &mut Report::default()) else { return };
    let (peak, line) = (media.peak, attributes.line());
    let text = format!("BANDWIDTH is {said}, and segments of {peak} bits per second came");
    let is_over = media.all.iter().all(|contents| contents.is_over);
    let (wide_said, wide_peak) = (u128::from(said), u128::from(peak));
    if wide_said * 2 < wide_peak || (is_over && wide_said * 101 < wide_peak * 100) {
        report.must("4.4.6.2", line, text);
    } else if !is_over && wide_said * 11 < wide_peak * 10 {
        report.should("4.4.6.2", line, text);
    }
}

/// Every format that is there, and better none that is not.
fn codecs(attributes: &Attributes<'_>, media: &Media<'_>, report: &mut Report) {
    let Some(said) = attributes.quoted("CODECS", &mut Report::default()) else { return };
    let (names, line): (Vec<&str>, _) = (said.split(',').map(str::trim).collect(), attributes.line());
    let mut told = HashSet::new();
    for format in media.formats() {
        let name = format.rfc6381();
        let named: Vec<&&str> = names.iter().filter(|said| family(said) == Some(family_of(format))).collect();
        if named.is_empty() && told.insert(name.clone()) {
            report.must("4.4.6.2", line, format!("CODECS does not name {name}, which the media have"));
        } else if !named.iter().any(|said| covers(said, format)) && told.insert(name.clone()) {
            let text = format!("CODECS says {}, and the media have {name}", shown(named[0]));
            report.should("4.4.6.2", line, text);
        }
    }
    let is_known = media.all.iter().all(|contents| !contents.has_unknown && !contents.formats.is_empty());
    let absent = |name: &&&str| {
        family(name).is_some_and(|named| media.formats().all(|format| family_of(format) != named))
    };
    for name in names.iter().filter(absent).filter(|_| is_known) {
        report.should("4.4.6.2", line, format!("CODECS names {}, which the media do not have", shown(name)));
    }
}

/// What decoder a name asks for.
fn family(name: &str) -> Option<&'static str> {
    let lower = name.to_ascii_lowercase();
    Some(match lower.split('.').next()? {
        "avc1" | "avc3" => "H.264",
        "hvc1" | "hev1" | "dvh1" | "dvhe" => "H.265",
        "mp4v" => "MPEG-2",
        "mp4a" => match lower.as_str() {
            "mp4a.40.32" | "mp4a.40.33" | "mp4a.40.34" | "mp4a.69" | "mp4a.6b" => "MPEG audio",
            _ => "AAC",
        },
        "ac-3" => "AC-3",
        "ec-3" => "E-AC-3",
        "opus" => "Opus",
        _ => return None,
    })
}

fn family_of(format: &Format) -> &'static str {
    match format {
        Format::Video(video) => match video.profile {
            VideoProfile::H264 { .. } => "H.264",
            VideoProfile::H265(_) => "H.265",
            VideoProfile::Mpeg2(_) | VideoProfile::Mpeg1 => "MPEG-2",
        },
        Format::Audio(audio) => match audio.profile {
            AudioProfile::Aac(_) => "AAC",
            AudioProfile::MpegAudio(_) => "MPEG audio",
            AudioProfile::Ac3 => "AC-3",
            AudioProfile::Eac3 => "E-AC-3",
            AudioProfile::Opus => "Opus",
        },
    }
}

/// Whether a decoder for `name` is one for `format`, of the same family. Only H.264 names tell profile and level in a
/// way that can be compared; AAC in ADTS does not even tell its own profile.
fn covers(name: &str, format: &Format) -> bool {
    let Format::Video(Video { profile: VideoProfile::H264 { profile, level, .. }, .. }) = format else {
        return true;
    };
    let Some(said) = name.split_once('.').and_then(|(_, hex)| u32::from_str_radix(hex, 16).ok()) else {
        return true;
    };
    let [_, said_profile, _, said_level] = said.to_be_bytes();
    said_profile == *profile && said_level >= *level
}

/// The size of the pictures. Those that are not square are shown wider or narrower than they are.
fn resolution(attributes: &Attributes<'_>, media: &Media<'_>, report: &mut Report) {
    let Some((width, height)) = attributes.word("RESOLUTION").and_then(|text| text.split_once('x')) else {
        return;
    };
    let (Some(width), Some(height)) = (integer(width), integer(height)) else { return };
    let fits = |video: &Video| {
        let (is_width, is_height) = (u64::from(video.width), u64::from(video.height));
        height == is_height && width <= is_width.saturating_mul(2) && width.saturating_mul(2) >= is_width
    };
    let mut videos = media.videos().peekable();
    let Some(video) = videos.peek().copied() else { return };
    if !videos.any(fits) {
        let text =
            format!("RESOLUTION is {width}x{height}, and the media have {}x{}", video.width, video.height);
        report.must("4.4.6.2", attributes.line(), text);
    }
}

/// The frame rate, to a hundredth. Of interlaced pictures, both fields may count.
fn frame_rate(attributes: &Attributes<'_>, media: &Media<'_>, report: &mut Report) {
    let Some(said) = attributes.decimal("FRAME-RATE", &mut Report::default()) else { return };
    let near = |rate: f64| (said.as_secs_f64() - rate).abs() <= rate / 100.0;
    let rates = media.videos().filter_map(|video| Some((video.frame_rate?.per_second(), video.interlaced)));
    let mut rates = rates.peekable();
    let Some(&(rate, _)) = rates.peek() else { return };
    if !rates.any(|(rate, interlaced)| near(rate) || interlaced && near(rate * 2.0)) {
        let text = format!("FRAME-RATE is {}, and the media have {rate:.3}", said.as_secs_f64());
        report.must("4.4.6.2", attributes.line(), text);
    }
}

/// 6.2.4: all media playlists but subtitles have one target duration.
fn target_durations<'a>(text: &str, contents: &impl Fn(&str) -> Option<&'a Contents>, report: &mut Report) {
    let mut first = None;
    for uri in &super::media_playlists(text) {
        let target = contents(uri).and_then(|contents| contents.target_duration);
        let Some(target) = target.filter(|_| !is_subtitles(text, uri)) else { continue };
        let first = *first.get_or_insert(target);
        if target != first {
            let (is, other) = (seconds(target), seconds(first));
            report.must(
                "6.2.4",
                0,
                format!("the target duration of {} is {is}, and not {other}", shown(uri)),
            );
        }
    }
}

fn is_subtitles(text: &str, uri: &str) -> bool {
    let renditions = tags(text).filter(|tag| tag.name == "EXT-X-MEDIA").map(Attributes::read);
    let mut of_uri = renditions.filter(|it| it.quoted("URI", &mut Report::default()) == Some(uri));
    of_uri.any(|rendition| rendition.word("TYPE") == Some("SUBTITLES"))
}
