//! The machine: which cores are used, how much CPU a process has had, and what the results are recorded with.

use std::fs;
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The core for the server and the one for the crowd. `None` where there is only one, or where cores cannot be
/// chosen: then the figures are those of two processes that share.
#[must_use]
pub fn cores() -> Option<(usize, usize)> {
    let cores = cores_at_start();
    Some((*cores.first()?, *cores.get(1)?))
}

/// The cores that this process might use before it was pinned to one.
fn cores_at_start() -> &'static [usize] {
    static CORES: OnceLock<Vec<usize>> = OnceLock::new();
    CORES.get_or_init(allowed_cores)
}

#[cfg(target_os = "linux")]
fn allowed_cores() -> Vec<usize> {
    use rustix::thread::{CpuSet, sched_getaffinity};
    let Ok(allowed) = sched_getaffinity(None) else { return Vec::new() };
    (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core)).collect()
}

#[cfg(not(target_os = "linux"))]
fn allowed_cores() -> Vec<usize> {
    Vec::new()
}

/// Keeps this thread, and those that it starts, on one core. Where that is refused the figures are only noisier.
#[cfg(target_os = "linux")]
pub fn pin(core: usize) {
    use rustix::thread::{CpuSet, sched_setaffinity};
    let _ = cores_at_start();
    let mut only = CpuSet::new();
    only.set(core);
    let _ = sched_setaffinity(None, &only);
}

/// Cores cannot be chosen on this system.
#[cfg(not(target_os = "linux"))]
pub fn pin(_: usize) {}

/// The CPU time of all threads of a process, user and system. `None` where the system does not tell.
///
/// A runtime may end threads that it has no work for. What they have used is found in one of two places only, so the
/// greater one counts; while they live it is the finer one, which is read last.
#[must_use]
pub fn cpu_time(process: u32) -> Option<Duration> {
    by_stat(process).max(by_schedstat(process))
}

/// To the nanosecond, as the scheduler counts, of the threads that live.
fn by_schedstat(process: u32) -> Option<Duration> {
    let mut nanos = 0;
    for thread in fs::read_dir(format!("/proc/{process}/task")).ok()? {
        let text = fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        nanos += text.split_ascii_whitespace().next()?.parse::<u64>().ok()?;
    }
    (nanos > 0).then(|| Duration::from_nanos(nanos))
}

/// To a hundredth of a second, also of threads that have ended, and on kernels without the former.
fn by_stat(process: u32) -> Option<Duration> {
    stat_time(&format!("/proc/{process}/stat"))
}

fn stat_time(path: &str) -> Option<Duration> {
    let text = fs::read_to_string(path).ok()?;
    // The second field is the program's name and may contain anything; utime and stime are the 14th and 15th.
    let mut fields = text.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let ticks: u64 = fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?;
    Some(Duration::from_millis(ticks * 10))
}

/// Bytes of a process that are in memory. `None` where the system does not tell.
#[must_use]
pub fn resident_bytes(process: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    Some(field(&text, "VmRSS:")? * 1_024)
}

/// How often the threads of a process were given the processor: it gave it up and was woken, or had to give it up.
/// `None` where the system does not tell.
#[must_use]
pub fn switches(process: u32) -> Option<u64> {
    let mut switches = 0;
    for thread in fs::read_dir(format!("/proc/{process}/task")).ok()? {
        let text = fs::read_to_string(thread.ok()?.path().join("status")).ok()?;
        switches += field(&text, "voluntary_ctxt_switches:")? + field(&text, "nonvoluntary_ctxt_switches:")?;
    }
    Some(switches)
}

/// The number behind a name at the beginning of a line.
fn field(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

/// What the results are recorded with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Description {
    /// The processor's model.
    pub processor: Option<String>,
    /// How many cores this process may use.
    pub cores: usize,
    /// System, kernel and architecture.
    pub system: String,
    /// The commit of the work tree, with `-dirty` if it differs.
    pub commit: Option<String>,
    /// Seconds since the Unix epoch.
    pub unix_seconds: u64,
}

impl Description {
    /// Of here and now. What cannot be found out is left out.
    #[must_use]
    pub fn new() -> Self {
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Self {
            processor: processor(),
            cores: match cores_at_start().len() {
                0 => std::thread::available_parallelism().map_or(1, usize::from),
                cores => cores,
            },
            system: format!("{} {} {}", std::env::consts::OS, kernel.trim(), std::env::consts::ARCH),
            commit: commit(),
            unix_seconds: now.as_secs(),
        }
    }
}

impl Default for Description {
    fn default() -> Self {
        Self::new()
    }
}

fn processor() -> Option<String> {
    let text = fs::read_to_string("/proc/cpuinfo").ok()?;
    let line = text.lines().find(|line| line.starts_with("model name"))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn commit() -> Option<String> {
    let output = Command::new("git")
        .args(["describe", "--always", "--dirty"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .ok()?;
    let commit = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !commit.is_empty()).then_some(commit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_by_their_whole_name() {
        let text = "VmRSS:\t    1234 kB\nvoluntary_ctxt_switches:\t5\nnonvoluntary_ctxt_switches:\t7\n";
        let names = ["VmRSS:", "voluntary_ctxt_switches:", "nonvoluntary_ctxt_switches:", "VmSwap:"];
        assert_eq!(names.map(|name| field(text, name)), [Some(1_234), Some(5), Some(7), None]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_has_memory_and_has_been_woken() {
        let process = std::process::id();
        assert!(resident_bytes(process).is_some_and(|bytes| bytes > 100_000));
        assert!(switches(process).is_some());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_time_of_a_thread_that_has_ended_counts() {
        let used = Duration::from_millis(100);
        let this = std::process::id();
        let before = cpu_time(this).unwrap();
        let work = move || while stat_time("/proc/thread-self/stat").unwrap() < used {};
        std::thread::spawn(work).join().unwrap();
        let after = cpu_time(this).unwrap();
        assert!(after - before > used / 2, "{before:?}, then {after:?}");
    }
}
