//! Memory that is left for more users: of the machine (`/proc/meminfo`) and of the control group that the process is
//! in, of both versions. It does not read files.

use std::path::{Component, Path, PathBuf};

use super::facts::Room;

/// What the older version writes for "no limit": the largest number of whole pages.
const UNLIMITED_V1_MIN: u64 = 1 << 60;

/// The bytes that the kernel thinks can be had without swapping.
#[must_use]
pub fn available(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// Where the limits of a control group stand: the names of its files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Names {
    /// The most that it may use.
    pub max: &'static str,
    /// What it uses.
    pub current: &'static str,
    /// The line of `memory.stat` with what is a copy of files and can be let go.
    pub cache: &'static str,
}

const V1: Names =
    Names { max: "memory.limit_in_bytes", current: "memory.usage_in_bytes", cache: "total_inactive_file" };
const V2: Names = Names { max: "memory.max", current: "memory.current", cache: "inactive_file" };

/// The folders to look in, by `/proc/self/cgroup`: of the group and of those around it, innermost first.
#[must_use]
pub fn folders(cgroup: &str) -> Vec<(PathBuf, Names)> {
    let mut folders = Vec::new();
    for line in cgroup.lines() {
        let mut fields = line.splitn(3, ':');
        let (Some(_), Some(controllers), Some(path)) = (fields.next(), fields.next(), fields.next()) else {
            continue;
        };
        let (roots, names): (&[&str], _) = if controllers.is_empty() {
            (&["/sys/fs/cgroup", "/sys/fs/cgroup/unified"], V2)
        } else if controllers.split(',').any(|name| name == "memory") {
            (&["/sys/fs/cgroup/memory"], V1)
        } else {
            continue;
        };
        // From within a container the path may lead out of what is mounted.
        let path = Path::new(path.trim_start_matches('/'));
        let is_inside = path.components().all(|part| matches!(part, Component::Normal(_)));
        for root in roots {
            let inside = path.ancestors().filter(|part| is_inside && !part.as_os_str().is_empty());
            folders.extend(inside.map(|part| (Path::new(root).join(part), names)));
            folders.push((PathBuf::from(root), names));
        }
    }
    folders
}

/// What one group leaves, by the texts of its files.
#[must_use]
pub fn room(max: &str, current: Option<&str>, stat: Option<&str>, names: Names) -> Room {
    if max.trim() == "max" {
        return Room::Unlimited;
    }
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let Some(max) = number(max) else { return Room::Unknown };
    if max >= UNLIMITED_V1_MIN {
        return Room::Unlimited;
    }
    let cache = stat.and_then(|stat| {
        stat.lines().find_map(|line| number(line.strip_prefix(names.cache)?.strip_prefix(' ')?))
    });
    match current.and_then(number) {
        Some(current) => Room::Bytes(max.saturating_sub(current.saturating_sub(cache.unwrap_or_default()))),
        None => Room::Unknown,
    }
}

/// The tightest of several.
#[must_use]
pub fn tightest(rooms: impl IntoIterator<Item = Room>) -> Room {
    rooms.into_iter().fold(Room::Unknown, |tightest, room| match (tightest, room) {
        (Room::Bytes(a), Room::Bytes(b)) => Room::Bytes(a.min(b)),
        (Room::Bytes(bytes), _) | (_, Room::Bytes(bytes)) => Room::Bytes(bytes),
        (Room::Unlimited, _) | (_, Room::Unlimited) => Room::Unlimited,
        (Room::Unknown, Room::Unknown) => Room::Unknown,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_available_is_read_in_bytes() {
        assert_eq!(available("MemTotal: 9 kB\nMemAvailable:    1000 kB\n"), Some(1_024_000));
        for unknown in ["", "MemAvailable: x kB", "MemFree: 9 kB", "MemAvailable: 99999999999999999999 kB"] {
            assert_eq!(available(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn a_group_and_those_around_it_are_looked_at() {
        let paths = |cgroup| folders(cgroup).into_iter().map(|(path, _)| path).collect::<Vec<_>>();
        let v2 = paths("0::/a/b\n");
        assert_eq!(v2[..3], ["/sys/fs/cgroup/a/b", "/sys/fs/cgroup/a", "/sys/fs/cgroup"].map(PathBuf::from));
        let v1 = folders("9:name=systemd:/\n4:cpu,memory:/x\n");
        assert_eq!(v1[0], (PathBuf::from("/sys/fs/cgroup/memory/x"), V1));
        assert_eq!(v1.len(), 2);
        assert_eq!(paths("0::/../../x"), ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].map(PathBuf::from));
        assert!(paths("").is_empty() && paths("junk").is_empty());
    }

    #[test]
    fn what_is_left_counts_copies_of_files_as_free() {
        let stat = "anon 5\ninactive_file 100\n";
        assert_eq!(room("1000\n", Some("400\n"), Some(stat), V2), Room::Bytes(700));
        assert_eq!(room("1000", Some("400"), None, V2), Room::Bytes(600));
        assert_eq!(room("max\n", Some("400"), None, V2), Room::Unlimited);
        assert_eq!(room("9223372036854771712", Some("4"), None, V1), Room::Unlimited);
        assert_eq!(room("1000", None, None, V2), Room::Unknown);
        assert_eq!(room("x", Some("4"), None, V2), Room::Unknown);
        assert_eq!(room("1000", Some("2000"), None, V2), Room::Bytes(0));
    }

    #[test]
    fn the_tightest_group_counts_and_not_knowing_is_not_unlimited() {
        assert_eq!(tightest([Room::Unlimited, Room::Bytes(7), Room::Bytes(9)]), Room::Bytes(7));
        assert_eq!(tightest([Room::Unknown, Room::Unlimited]), Room::Unlimited);
        assert_eq!(tightest([]), Room::Unknown);
    }
}
