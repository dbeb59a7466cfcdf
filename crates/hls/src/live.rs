//! The playlist of low-latency HLS (RFC 8216bis, section 4.4 and appendix B.1).

use std::{
    fmt::{self, Write},
    time::Duration,
};

use crate::{Profile, Segment, Window, playlist::Date};

/// A player may ask to leave out what it knows if it is this many target durations from the end (4.4.3.8: 6 at least).
const SKIP_UNTIL: u32 = 6;
/// Parts are listed this many target durations from the end (6.2.2), and players of whole segments hold back as much.
const EDGE: u32 = 3;

impl Window {
    /// Whether a low-latency playlist can be written: `EXT-X-TARGETDURATION` is fixed.
    #[must_use]
    pub fn is_announced(&self) -> bool {
        self.target_duration() > 0
    }

    /// The low-latency media playlist, with relative URIs. It asks its players to hold back as `profile` says.
    ///
    /// With `skip`, the segments that a player must know already are left out (a delta update, 6.2.5.1), if there are
    /// any.
    #[must_use]
    pub fn live_playlist(&self, profile: Profile, skip: bool) -> String {
        let mut text = String::with_capacity(8 * 1_024);
        self.write_live(&mut text, profile, skip).expect("a String takes everything");
        text
    }

    fn write_live(&self, text: &mut String, profile: Profile, skip: bool) -> fmt::Result {
        let gaps = if profile == Profile::Fast { self.gaps() } else { 0 };
        self.write_head(text, profile, gaps)?;
        // What is over is never skipped in (6.2.5.1).
        let skipped = if skip && gaps == 0 && !self.is_over() { self.skippable() } else { 0 };
        if skipped > 0 {
            writeln!(text, "#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}")?;
        }
        self.write_gaps(text, gaps)?;
        let mut left = self.ready();
        for (n, segment) in self.listed().enumerate() {
            left = left.saturating_sub(segment.duration);
            if n >= skipped {
                write_opening(text, segment)?;
                // A part stays while any of it is so near the end.
                if left <= EDGE * self.target() {
                    write_parts(text, segment)?;
                }
                let Segment { number, duration, .. } = **segment;
                writeln!(text, "#EXTINF:{:.6},\nsegment_{number}.ts", duration.as_secs_f64())?;
            }
        }
        if let Some(growing) = self.unfinished() {
            write_opening(text, growing)?;
            write_parts(text, growing)?;
        }
        self.write_end(text)
    }

    fn target(&self) -> Duration {
        Duration::from_secs(self.target_duration().into())
    }

    fn write_head(&self, text: &mut String, profile: Profile, gaps: u64) -> fmt::Result {
        let (target, part_target) = (self.target(), self.part_target());
        let oldest = self.first().or(self.unfinished().map(|growing| growing.number)).unwrap_or(0);
        // SKIP needs version 9 (8).
        writeln!(text, "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:{}", target.as_secs())?;
        writeln!(text, "#EXT-X-PART-INF:PART-TARGET={:.6}", part_target.as_secs_f64())?;
        writeln!(
            text,
            "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL={},HOLD-BACK={:.6},PART-HOLD-BACK={:.6}",
            (SKIP_UNTIL * target).as_secs(),
            profile.hold_back().max(EDGE * target).as_secs_f64(),
            profile.hold_back().max(3 * part_target).as_secs_f64(),
        )?;
        writeln!(text, "#EXT-X-MEDIA-SEQUENCE:{}", oldest.saturating_sub(gaps))?;
        match self.discontinuity_sequence() {
            Some(sequence) => writeln!(text, "#EXT-X-DISCONTINUITY-SEQUENCE:{sequence}"),
            None => Ok(()),
        }
    }

    /// How many of the oldest segments a delta update leaves out.
    fn skippable(&self) -> usize {
        let boundary = SKIP_UNTIL * self.target();
        let mut left = self.ready();
        let far = self.listed().take_while(|segment| {
            left = left.saturating_sub(segment.duration);
            left >= boundary
        });
        far.count()
    }

    /// Segments that never were, in front of the first (4.4.4.7). The last of them is two parts long and lists them: hls.js
    /// loads no part of the growing segment before an older segment has parts.
    fn write_gaps(&self, text: &mut String, gaps: u64) -> fmt::Result {
        let Some(oldest) = self.listed().next().or(self.unfinished()) else { return Ok(()) };
        let short = 2 * self.part_target();
        for before in (1..=gaps).rev() {
            let number = oldest.number.saturating_sub(before);
            let further =
                u32::try_from(before - 1).unwrap_or(u32::MAX).saturating_mul(self.target_duration());
            let behind = short + Duration::from_secs(further.into());
            let date = oldest.date.checked_sub(behind).unwrap_or(oldest.date);
            writeln!(text, "#EXT-X-PROGRAM-DATE-TIME:{}\n#EXT-X-GAP", Date(date))?;
            let duration = if before == 1 { short } else { self.target() };
            for part in 0..if before == 1 { 2 } else { 0 } {
                let seconds = self.part_target().as_secs_f64();
                writeln!(text, "#EXT-X-PART:DURATION={seconds:.6},URI=\"part_{number}_{part}.ts\",GAP=YES")?;
            }
            writeln!(text, "#EXTINF:{:.6},\nsegment_{number}.ts", duration.as_secs_f64())?;
        }
        Ok(())
    }

    fn write_end(&self, text: &mut String) -> fmt::Result {
        match self.next() {
            _ if self.is_over() => writeln!(text, "#EXT-X-ENDLIST"),
            Some((segment, part)) => {
                writeln!(text, "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"part_{segment}_{part}.ts\"")
            }
            None => Ok(()),
        }
    }
}

/// What stands in front of a segment, and of its first part (4.4.4.9).
fn write_opening(text: &mut String, segment: &Segment) -> fmt::Result {
    if segment.discontinuity {
        writeln!(text, "#EXT-X-DISCONTINUITY")?;
    }
    writeln!(text, "#EXT-X-PROGRAM-DATE-TIME:{}", Date(segment.date))
}

fn write_parts(text: &mut String, segment: &Segment) -> fmt::Result {
    for (n, part) in segment.parts().iter().enumerate() {
        let (number, duration) = (segment.number, part.duration.as_secs_f64());
        write!(text, "#EXT-X-PART:DURATION={duration:.6},URI=\"part_{number}_{n}.ts\"")?;
        writeln!(text, "{}", if part.independent { ",INDEPENDENT=YES" } else { "" })?;
    }
    Ok(())
}
