//! The IDs that lead to one channel, of which a source plays one at a time.

use acestream::{ContentId, Form};

/// One of them.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) id: ContentId,
    /// The form in which an engine took it.
    pub(super) form: Option<Form>,
    /// It repeated old minutes.
    loops: bool,
}

/// The stream's own ID, then the others, as they become known.
#[derive(Debug)]
pub(super) struct Candidates {
    all: Vec<Candidate>,
    /// Which of them is played.
    current: usize,
}

impl Candidate {
    fn new(id: ContentId) -> Self {
        Self { id, form: None, loops: false }
    }
}

impl Candidates {
    /// The stream's own ID alone.
    pub(super) fn new(own: ContentId) -> Self {
        Self { all: vec![Candidate::new(own)], current: 0 }
    }

    /// The one that is played.
    pub(super) fn current(&self) -> &Candidate {
        &self.all[self.current]
    }

    pub(super) fn current_mut(&mut self) -> &mut Candidate {
        &mut self.all[self.current]
    }

    /// How many there are besides.
    pub(super) fn others(&self) -> usize {
        self.all.len() - 1
    }

    /// Take in those of `ids` that are new; how many.
    pub(super) fn learn(&mut self, ids: Vec<ContentId>) -> usize {
        let before = self.all.len();
        for id in ids {
            if !self.all.iter().any(|known| known.id == id) {
                self.all.push(Candidate::new(id));
            }
        }
        self.all.len() - before
    }

    /// The one that is played repeats old minutes. Whether there is one that may not.
    pub(super) fn doubt(&mut self) -> bool {
        self.current_mut().loops = true;
        !self.all.iter().all(|candidate| candidate.loops)
    }

    /// Go on to the next one that does not repeat itself, if there is another.
    pub(super) fn advance(&mut self) -> Option<&Candidate> {
        let count = self.all.len();
        let mut others = (1..count).map(|step| (self.current + step) % count);
        self.current = others.find(|next| !self.all[*next].loops)?;
        Some(self.current())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(digit: char) -> ContentId {
        String::from(digit).repeat(40).parse().unwrap()
    }

    #[test]
    fn the_others_have_their_turn_and_then_the_first_again() {
        let mut ids = Candidates::new(id('a'));
        assert!(ids.advance().is_none(), "there is no other");

        assert_eq!(ids.learn(vec![id('a'), id('b'), id('c'), id('b')]), 2);

        assert_eq!(ids.others(), 2);
        let turns = ['b', 'c', 'a', 'b'].map(id);
        assert_eq!(turns.each_ref(), [(); 4].map(|()| ids.advance().unwrap().id.clone()).each_ref());
    }

    #[test]
    fn one_that_repeats_itself_is_passed_over() {
        let mut ids = Candidates::new(id('a'));
        assert!(!ids.doubt(), "nothing else is there");

        ids.learn(vec![id('b'), id('c')]);

        assert!(ids.doubt());
        assert_eq!(ids.advance().unwrap().id, id('b'));
        assert!(ids.doubt());
        assert_eq!(ids.advance().unwrap().id, id('c'));
        assert!(ids.advance().is_none() && !ids.doubt());
    }
}
