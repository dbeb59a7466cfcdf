//! Blocks that media is received into.
//!
//! Nearly all memory of this program is such blocks, and it comes and goes by megabytes, as segments do. So they are
//! mapped one by one, and given back to the system one by one: an allocator would keep what the worst moment took. What
//! one stream's window lets go of, another's fills again, as a page that is there already need not be cleared.

use std::{
    mem,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use bytes::Bytes;
use memmap2::{MmapMut, MmapOptions};

/// So many free blocks, 2 MB, are kept for the next who needs one: a segment lets go of dozens at once, and who maps as
/// many anew has the system clear them.
const KEPT: usize = 16;
/// Of a block with less in it than that, too much would be held for nothing: its bytes move to the heap.
const WORTH_HOLDING: usize = Block::LEN / 4 * 3;
/// A process may have 65 530 mappings (`vm.max_map_count`): what is beyond so many blocks, 2 GB, is the allocator's.
const MOST_MAPPED: usize = 16_384;

static FREE: Mutex<Vec<Memory>> = Mutex::new(Vec::new());
static MAPPED: AtomicUsize = AtomicUsize::new(0);

/// A buffer of [`Block::LEN`] bytes, which goes back to the free ones when nobody needs it any more.
#[derive(Debug)]
pub(crate) struct Block {
    memory: Memory,
    filled: usize,
}

/// Where the bytes of a block lie.
#[derive(Debug)]
enum Memory {
    Mapped(Mapping),
    Heap(Box<[u8]>),
}

/// A mapping that is counted.
#[derive(Debug)]
struct Mapping(MmapMut);

impl Mapping {
    fn new() -> Option<Self> {
        if MAPPED.load(Relaxed) >= MOST_MAPPED {
            return None;
        }
        // Filled at once: a fault for each of its pages would cost more.
        let map = MmapOptions::new().len(Block::LEN).populate().map_anon().ok()?;
        MAPPED.fetch_add(1, Relaxed);
        Some(Self(map))
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        MAPPED.fetch_sub(1, Relaxed);
    }
}

impl Memory {
    fn new() -> Self {
        Mapping::new().map_or_else(|| Self::Heap(vec![0; Block::LEN].into()), Self::Mapped)
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Self::Mapped(mapping) => &mapping.0,
            Self::Heap(bytes) => bytes,
        }
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        match self {
            Self::Mapped(mapping) => &mut mapping.0,
            Self::Heap(bytes) => bytes,
        }
    }
}

impl Block {
    /// A multiple of the packets of a transport stream, just below a power of two.
    pub(crate) const LEN: usize = 697 * 188;

    /// A block with anything in it.
    pub(crate) fn take() -> Self {
        let free = FREE.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Self { memory: free.unwrap_or_else(Memory::new), filled: 0 }
    }

    /// Where to put what is received.
    pub(crate) fn space(&mut self) -> &mut [u8] {
        self.memory.bytes_mut()
    }

    /// What was received: the first `filled` bytes. They hold the whole block, unless most of it is empty.
    pub(crate) fn filled(mut self, filled: usize) -> Bytes {
        self.filled = filled.min(Self::LEN);
        if self.filled < WORTH_HOLDING {
            return Bytes::copy_from_slice(self.as_ref());
        }
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for Block {
    fn as_ref(&self) -> &[u8] {
        &self.memory.bytes()[..self.filled]
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        let mut free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
        if free.len() < KEPT {
            free.push(mem::replace(&mut self.memory, Memory::Heap(Box::default())));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tests that count what is mapped run one after the other.
    static ALONE: Mutex<()> = Mutex::new(());

    #[test]
    fn little_that_came_holds_little() {
        let _alone = ALONE.lock().unwrap();
        let held: Vec<Bytes> = (0..1_000).map(|_| filled(Block::LEN / 4, 1)).collect();

        assert!(MAPPED.load(Relaxed) < 500);
        assert!(held.iter().all(|bytes| bytes[..] == [1; Block::LEN / 4]));
    }

    #[test]
    fn who_lets_go_of_much_leaves_little_behind() {
        let _alone = ALONE.lock().unwrap();
        drop((0..2_000).map(|_| filled(Block::LEN, 1)).collect::<Vec<_>>());

        assert!(FREE.lock().unwrap().len() <= KEPT);
    }

    fn filled(count: usize, with: u8) -> Bytes {
        let mut block = Block::take();
        block.space()[..count].fill(with);
        block.filled(count)
    }

    #[test]
    fn a_block_used_again_leaves_what_is_held_alone() {
        let held = filled(Block::LEN, 1);
        let slice = held.slice(188..376);
        drop(filled(Block::LEN, 2));

        assert_eq!(filled(Block::LEN, 3)[..], [3; Block::LEN]);
        drop(held);
        drop(filled(Block::LEN, 4));
        assert_eq!(slice[..], [1; 188]);
    }
}
