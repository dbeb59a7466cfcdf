//! Where an element ends.

use memchr::memmem::{self, Finder};

use super::frames::{ELEMENT_MAX, Kind};

/// What was found.
pub(super) enum End {
    /// Its end tag.
    Here(usize),
    /// The beginning of another element.
    Another(usize),
    /// One of them, unless the comment or CDATA section that it is in ends.
    Hidden(usize),
    /// More of the text is needed to tell.
    NotYet,
}

/// Look for tags by the names in them, which is as fast as memory.
#[derive(Debug)]
pub(super) struct Names {
    channel: Finder<'static>,
    programme: Finder<'static>,
}

impl Default for Names {
    fn default() -> Self {
        Self { channel: Finder::new("channel"), programme: Finder::new("programme") }
    }
}

impl Names {
    /// Where the element at the beginning of `text` ends, looked for behind `from`: at its end tag, or where another
    /// begins, of either kind, because its end tag is missing. Tags in comments and CDATA sections are none; `outside`
    /// is a place where the text is in neither, and moves on. Nothing comes behind the `last` text.
    pub(super) fn end(
        &self,
        kind: Kind,
        text: &[u8],
        mut from: usize,
        outside: &mut usize,
        last: bool,
    ) -> End {
        loop {
            let end = self.anywhere(kind, text, from, last);
            let (End::Here(at) | End::Another(at)) = end else { return end };
            match section_at(text, at, outside) {
                Section::None => return end,
                Section::To(behind) => from = behind,
                // One that never ends is none.
                Section::Open if last || text.len() > ELEMENT_MAX => return end,
                Section::Open => return End::Hidden(at),
            }
        }
    }

    /// The same, in comments and CDATA sections too.
    fn anywhere(&self, kind: Kind, text: &[u8], from: usize, last: bool) -> End {
        let (own, other) = match kind {
            Kind::Channel => (&self.channel, &self.programme),
            Kind::Programme => (&self.programme, &self.channel),
        };
        let ends = Search { text, from, until: text.len(), last, ends: true };
        let end = ends.first(own);
        let until = match end {
            End::Here(at) | End::Another(at) => at,
            End::Hidden(_) | End::NotYet => text.len(),
        };
        match (Search { until, ends: false, ..ends }).first(other) {
            End::NotYet => end,
            another => another,
        }
    }
}

/// A comment or CDATA section.
enum Section {
    None,
    /// It ends in front of this.
    To(usize),
    /// Its end has not come.
    Open,
}

/// The one that `at` is in. `outside` is a place before it that is in none, and moves on.
fn section_at(text: &[u8], at: usize, outside: &mut usize) -> Section {
    while let Some(begin) = memmem::find(text.get(*outside..at).unwrap_or_default(), b"<!") {
        let begin = *outside + begin;
        let (opening, end) = match &text[begin + 2..] {
            [b'-', b'-', ..] => (4, b"-->"),
            [b'[', ..] => (b"<![CDATA[".len(), b"]]>"),
            _ => {
                *outside = begin + 2;
                continue;
            }
        };
        let inside = text.get(begin + opening..).unwrap_or_default();
        let Some(length) = memmem::find(inside, end) else { return Section::Open };
        *outside = begin + opening + length + end.len();
        if *outside > at {
            return Section::To(*outside);
        }
    }
    Section::None
}

/// Where tags are looked for.
struct Search<'a> {
    text: &'a [u8],
    from: usize,
    until: usize,
    /// Nothing comes behind the text.
    last: bool,
    /// End tags count.
    ends: bool,
}

impl Search<'_> {
    /// The first tag of that name.
    fn first(&self, name: &Finder<'_>) -> End {
        let part = self.text.get(self.from..self.until).unwrap_or_default();
        for at in name.find_iter(part).map(|at| self.from + at) {
            let behind = self.text.get(at + name.needle().len());
            if !behind.map_or(self.last, |c| c.is_ascii_whitespace() || b">/".contains(c)) {
                continue;
            }
            match &self.text[..at] {
                [.., b'<', b'/'] if self.ends => return End::Here(at - 2),
                [.., b'<'] => return End::Another(at - 1),
                _ => {}
            }
        }
        End::NotYet
    }
}
