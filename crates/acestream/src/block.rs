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

/// So many free blocks, 2.6 MB, are kept for the next who needs one, and one more for so many mapped: a segment lets go
/// of dozens at once, which are taken again within a tick or two. Who maps as many anew has the system clear them, which
/// takes longer than to fill them.
const KEPT: usize = 20;
const MAPPED_FOR_ONE_KEPT: usize = 512;
/// Of a block with less in it than that, too much would be held for nothing: its bytes move to the heap.
const WORTH_HOLDING: usize = Block::LEN / 4 * 3;
/// A process may have 65 530 mappings (`vm.max_map_count`): what is beyond so many blocks, 2 GB, is the allocator's.
const MOST_MAPPED: usize = 16_384;

/// The packets of a transport stream, which media is made of (ISO/IEC 13818-1, 2.4.3.2).
pub(crate) const PACKET_LEN: usize = 188;

/// With fewer free blocks than this, blocks will soon have to be mapped: a stream takes two or three at a tick.
const FEW: usize = 3;

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
    pub(crate) const LEN: usize = 697 * PACKET_LEN;

    /// A block with anything in it.
    pub(crate) fn take() -> Self {
        let free = FREE.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Self { memory: free.unwrap_or_else(Memory::new), filled: 0 }
    }

    /// Whether hardly any is free.
    pub(crate) fn are_few() -> bool {
        FREE.lock().unwrap_or_else(PoisonError::into_inner).len() < FEW
    }

    /// Where to put what is received, when `begun` bytes of a packet came before: it ends where a packet does. A packet
    /// in two blocks is copied by whoever reads it.
    pub(crate) fn space(&mut self, begun: usize) -> &mut [u8] {
        &mut self.memory.bytes_mut()[..Self::LEN - begun % PACKET_LEN]
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
        let memory = mem::replace(&mut self.memory, Memory::Heap(Box::default()));
        let mut free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
        free.push(memory);
        let kept = free.len().min(KEPT + MAPPED.load(Relaxed) / MAPPED_FOR_ONE_KEPT);
        let unmapped = free.split_off(kept);
        drop(free);
        drop(unmapped);
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

        let free = FREE.lock().unwrap().len();
        assert!(free <= KEPT + 2 && !Block::are_few(), "{free}");
    }

    #[test]
    fn who_holds_much_has_more_free_blocks_for_what_comes() {
        let _alone = ALONE.lock().unwrap();
        let mut held: Vec<Bytes> = (0..4_000).map(|_| filled(Block::LEN, 1)).collect();
        held.truncate(3_900);

        assert!(FREE.lock().unwrap().len() > KEPT + 5);
    }

    #[test]
    fn a_block_ends_where_a_packet_does_that_may_have_begun_before() {
        for begun in [0, 1, PACKET_LEN - 1] {
            let space = Block::take().space(begun).len();
            assert!(space > Block::LEN - PACKET_LEN);
            assert_eq!((begun + space) % PACKET_LEN, 0, "behind {begun}");
        }
    }

    fn filled(count: usize, with: u8) -> Bytes {
        let mut block = Block::take();
        block.space(0)[..count].fill(with);
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
