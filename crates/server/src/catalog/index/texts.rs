//! Many short texts in one buffer.

use std::ops::Range;

use memchr::memmem::Finder;

/// Texts by number. Each ends with a line feed in the buffer, which a folded text never holds.
#[derive(Debug)]
pub(super) struct Texts {
    buffer: String,
    /// Where each text begins, and the end of the buffer.
    starts: Vec<u32>,
}

impl Texts {
    pub(super) fn len(&self) -> u32 {
        number(self.starts.len() - 1)
    }

    pub(super) fn get(&self, number: u32) -> &str {
        let number = number as usize;
        &self.buffer[self.starts[number] as usize..self.starts[number + 1] as usize - 1]
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|number| self.get(number))
    }

    /// The numbers of the texts that begin with `text`, if the texts are sorted.
    pub(super) fn beginning(&self, text: &str) -> Range<usize> {
        beginning(&self.starts[..self.starts.len() - 1], text, |start| &self.buffer[start as usize..])
    }

    /// Where those end that begin with `text`, which the one at `first` does, if the texts are sorted.
    ///
    /// The end is mostly near, so the steps begin small.
    pub(super) fn end_of(&self, first: usize, text: &str) -> usize {
        let begins = |&start: &u32| self.buffer.as_bytes()[start as usize..].starts_with(text.as_bytes());
        let (mut from, mut step) = (first + 1, 1);
        while self.starts.get(from + step).is_some_and(begins) {
            from += step;
            step *= 2;
        }
        let to = (from + step).min(self.starts.len() - 1);
        from + self.starts[from..to].partition_point(begins)
    }

    /// The numbers of the texts in which the finder's text occurs, ascending. That text is not empty.
    pub(super) fn holding(&self, finder: &Finder<'_>) -> impl Iterator<Item = usize> {
        let mut next = 0;
        std::iter::from_fn(move || {
            let from = self.starts[next] as usize;
            let at = from + finder.find(&self.buffer.as_bytes()[from..])?;
            next += self.starts[next..].iter().take_while(|&&start| start as usize <= at).count();
            Some(next - 1)
        })
    }

    /// The bytes they take.
    pub(super) fn memory(&self) -> usize {
        self.buffer.capacity() + self.starts.capacity() * size_of::<u32>()
    }
}

impl<T: AsRef<str>> FromIterator<T> for Texts {
    fn from_iter<I: IntoIterator<Item = T>>(texts: I) -> Self {
        let mut made = Self { buffer: String::new(), starts: vec![0] };
        for text in texts {
            made.buffer.push_str(text.as_ref());
            made.buffer.push('\n');
            made.starts.push(number(made.buffer.len()));
        }
        made.buffer.shrink_to_fit();
        made.starts.shrink_to_fit();
        made
    }
}

/// Where in `sorted` those stand whose text begins with `text`.
pub(super) fn beginning<'a>(sorted: &[u32], text: &str, text_of: impl Fn(u32) -> &'a str) -> Range<usize> {
    let first = sorted.partition_point(|&one| text_of(one) < text);
    let count = sorted[first..].partition_point(|&one| text_of(one).starts_with(text));
    first..first + count
}

/// `count` as a number of a channel, a word or a byte.
pub(super) fn number(count: usize) -> u32 {
    u32::try_from(count).expect("MAX_CHANNELS names of MAX_BYTES are less than 4 GiB")
}
