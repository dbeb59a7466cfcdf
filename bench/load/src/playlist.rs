//! What a viewer has to know of a low-latency playlist.

/// A part's place: its segment's number and its own in there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Place {
    pub(crate) segment: u64,
    pub(crate) part: u64,
}

impl Place {
    pub(crate) fn file(self) -> String {
        format!("part_{}_{}.ts", self.segment, self.part)
    }

    pub(crate) fn directives(self) -> String {
        format!("_HLS_msn={}&_HLS_part={}", self.segment, self.part)
    }

    fn parse(line: &str) -> Option<Self> {
        let name = line.split_once("URI=\"part_")?.1.split_once(".ts\"")?.0;
        let (segment, part) = name.split_once('_')?;
        Some(Self { segment: segment.parse().ok()?, part: part.parse().ok()? })
    }
}

/// The parts listed behind `known`, oldest first; the newest alone where nothing is known.
pub(crate) fn new_parts(text: &str, known: Option<Place>) -> Vec<Place> {
    let parts = text.lines().rev().filter(|line| line.starts_with("#EXT-X-PART:")).filter_map(Place::parse);
    let mut new: Vec<Place> = match known {
        Some(known) => parts.take_while(|part| *part > known).collect(),
        None => parts.take(1).collect(),
    };
    new.reverse();
    new
}

/// The part that comes next.
pub(crate) fn hint(text: &str) -> Option<Place> {
    text.lines().rev().find(|line| line.starts_with("#EXT-X-PRELOAD-HINT:")).and_then(Place::parse)
}
