//! Another track jumps in time before the one that leads does.

/// Where the old time ends, when another track has jumped and the leading one may be about to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Jump {
    /// The packet that the other track jumped with.
    from: u64,
    /// From this packet on, nothing of the leading track is of the old time, if it jumps next.
    end: u64,
    /// The leading track has begun something since.
    begun: bool,
}

impl Jump {
    /// The other track jumps with packet number `from`.
    pub(crate) fn new(from: u64) -> Self {
        Self { from, end: from, begun: false }
    }

    /// Packet `number` of the leading track came. What was under way stays whole, and so does what began behind it and
    /// is followed by something else, as it did not jump.
    pub(crate) fn pass(&mut self, number: u64, begins: bool) {
        match (begins, self.begun) {
            (true, false) => self.begun = true,
            (false, false) => self.end = number + 1,
            (true, true) => self.end = number,
            (false, true) => {}
        }
    }

    /// Where the old time ends, if the leading track jumps with packet number `first`.
    pub(crate) fn end(self, first: u64) -> u64 {
        self.end.min(first)
    }

    /// Whether the leading track went on with packet number `first` behind the jump, so that there was none for it.
    pub(crate) fn is_over(self, first: u64) -> bool {
        first > self.from
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_under_way_stays_whole() {
        let mut jump = Jump::new(10);

        jump.pass(11, false);
        jump.pass(13, false);
        assert_eq!(jump.end(20), 14);

        jump.pass(20, true);
        jump.pass(21, false);
        assert_eq!((jump.end(20), jump.end(12)), (14, 12));
    }

    #[test]
    fn what_is_followed_by_more_did_not_jump() {
        let mut jump = Jump::new(10);

        jump.pass(12, true);
        jump.pass(13, false);
        jump.pass(15, true);

        assert_eq!(jump.end(15), 15);
    }

    #[test]
    fn what_began_before_says_nothing() {
        assert_eq!([9, 11].map(|first| Jump::new(10).is_over(first)), [false, true]);
    }
}
