//! The memory that the windows of all streams share.
//!
//! While all fits, each stream keeps what its own limit allows. When it does not, those that keep the most give way,
//! down to three segments; a new stream begins only if there is room for as much of it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use hls::Window;

/// Where nobody tells how much memory there is, all windows may hold this much.
const UNKNOWN: usize = 512 << 20;

/// What a stream is taken to need at least while none says: 4 s at 4 Mbit/s, four times.
const TYPICAL: usize = 8 << 20;

/// As few segments a stream keeps.
const FEWEST: usize = 3;

/// What one stream's media takes, in bytes. The segment that grows is taken to become as large as the largest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Needs {
    /// What it holds now.
    pub(super) held: usize,
    /// What it cannot do without; 0 while that is not known.
    pub(super) least: usize,
    /// What of both is the segment that grows.
    pub(super) growing: usize,
}

impl Needs {
    /// What a stream with this window needs.
    pub(super) fn of(window: &Window) -> Self {
        let growing = window.listed().map(|segment| segment.len()).max().unwrap_or_default();
        let older = window.listed().len().saturating_sub(FEWEST);
        let few: usize = window.listed().skip(older).map(|segment| segment.len()).sum();
        Self { held: window.bytes() + growing, least: few + growing, growing }
    }
}

/// How much each stream may hold so that all of them fit into `total`; `None` when they do as they are.
pub(super) fn share(total: usize, needs: &[Needs]) -> Option<usize> {
    let fits = |share: usize| {
        let kept = needs.iter().map(|it| it.held.min(share).max(it.least));
        kept.fold(0, usize::saturating_add) <= total
    };
    if fits(usize::MAX) {
        return None;
    }
    let (mut fitting, mut too_much) = (0, needs.iter().map(|it| it.held).max()?);
    while too_much - fitting > 1 {
        let middle = fitting + (too_much - fitting) / 2;
        if fits(middle) { fitting = middle } else { too_much = middle }
    }
    Some(fitting)
}

/// Whether one more stream fits into `total` beside those that need this, each with as little as it can do with.
pub(super) fn fits_one_more(total: usize, needs: &[Needs]) -> bool {
    let known: Vec<usize> = needs.iter().map(|it| it.least).filter(|least| *least > 0).collect();
    let sum = known.iter().copied().fold(0, usize::saturating_add);
    let guess = if known.is_empty() { TYPICAL } else { sum / known.len() };
    let unknown = needs.len() - known.len() + 1;
    // One stream plays on any machine.
    needs.is_empty() || sum.saturating_add(unknown.saturating_mul(guess)) <= total
}

/// Half of the memory that this process may have.
pub(super) fn half_of_all() -> usize {
    let all = [machine(), container()].into_iter().flatten().min();
    all.map_or(UNKNOWN, |bytes| bytes / 2)
}

/// `MemTotal` of the machine.
fn machine() -> Option<usize> {
    mem_total(&fs::read_to_string("/proc/meminfo").ok()?)
}

fn mem_total(meminfo: &str) -> Option<usize> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<usize>().ok()?.checked_mul(1024)
}

/// What the control groups of this process allow, the strictest of them.
fn container() -> Option<usize> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let files = groups.lines().flat_map(limit_files);
    files.filter_map(|file| fs::read_to_string(file).ok()?.trim().parse().ok()).min()
}

/// Where the limits stand for a line of `/proc/self/cgroup`, in version 2 (`0::/path`) or 1 (`4:memory:/path`): for the
/// group and for those that it is in. In a container the path may be the host's, and only the last is there.
fn limit_files(line: &str) -> Vec<PathBuf> {
    let mut fields = line.splitn(3, ':').skip(1);
    let (Some(controllers), Some(path)) = (fields.next(), fields.next()) else { return Vec::new() };
    let (root, file) = match controllers {
        "" => ("/sys/fs/cgroup", "memory.max"),
        _ if controllers.split(',').any(|it| it == "memory") => {
            ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
        }
        _ => return Vec::new(),
    };
    let groups = Path::new(path.trim_start_matches('/')).ancestors();
    groups.map(|group| Path::new(root).join(group).join(file)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needs(held: usize, least: usize) -> Needs {
        Needs { held, least, growing: 0 }
    }

    #[test]
    fn who_fits_keeps_what_he_has() {
        assert_eq!(share(100, &[needs(60, 10), needs(40, 10)]), None);
        assert_eq!(share(100, &[]), None);
    }

    #[test]
    fn those_who_keep_the_most_give_way() {
        assert_eq!(share(100, &[needs(10, 5), needs(60, 10), needs(60, 10)]), Some(45));
        assert_eq!(share(100, &[needs(1, 1), needs(1, 1), needs(200, 10)]), Some(98));
    }

    #[test]
    fn nobody_gives_up_what_he_cannot_do_without() {
        assert_eq!(share(100, &[needs(80, 70), needs(60, 10)]), Some(30));
        assert_eq!(share(100, &[needs(80, 70), needs(60, 50)]), Some(0));
    }

    #[test]
    fn a_new_stream_needs_room_for_as_little_as_the_others() {
        assert!(fits_one_more(100, &[needs(90, 30), needs(10, 10)]));
        assert!(!fits_one_more(100, &[needs(30, 30), needs(40, 40)]));
        assert!(fits_one_more(1, &[]), "one stream plays on any machine");
    }

    #[test]
    fn streams_that_only_begin_are_taken_to_need_something() {
        let [begins, plays] = [needs(0, 0), needs(30, 30)];

        assert!(fits_one_more(90, &[plays, begins]));
        assert!(!fits_one_more(89, &[plays, begins]));
        assert!(fits_one_more(2 * TYPICAL, &[begins]));
        assert!(!fits_one_more(2 * TYPICAL - 1, &[begins]));
    }

    #[test]
    fn the_memory_of_the_machine_is_read() {
        let meminfo = "MemTotal:       24682500 kB\nMemFree:        20597000 kB\n";
        assert_eq!(mem_total(meminfo), Some(24_682_500 * 1024));
        assert_eq!(mem_total("MemFree: 1 kB\n"), None);
        assert!(half_of_all() > 1 << 20);
    }

    #[test]
    fn the_limits_of_a_container_are_looked_for_in_every_group() {
        let files = |line| limit_files(line).iter().map(|it| it.display().to_string()).collect::<Vec<_>>();

        let version_2 = ["a/b/memory.max", "a/memory.max", "memory.max"];
        assert_eq!(files("0::/a/b"), version_2.map(|it| format!("/sys/fs/cgroup/{it}")));
        assert_eq!(files("0::/"), ["/sys/fs/cgroup/memory.max"]);
        let version_1 = ["a/memory.limit_in_bytes", "memory.limit_in_bytes"];
        assert_eq!(files("4:memory:/a"), version_1.map(|it| format!("/sys/fs/cgroup/memory/{it}")));
        assert!(files("3:cpu,cpuacct:/a").is_empty() && files("").is_empty());
    }
}
