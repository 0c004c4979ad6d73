//! The server's binary as a child process.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};

use super::{Client, PATIENCE, eventually};

/// Lines of its log that a failed test shows.
const LOG_LINES_SHOWN: usize = 30;

/// In which Linux counts processor time for programs that ask, on every machine of today.
const TICKS_PER_SECOND: u32 = 100;

/// A running server. It is killed when it is dropped, and a panic in its log fails the test.
#[derive(Debug)]
pub struct Server {
    /// Where it listens.
    pub port: u16,
    /// What it said on stdout when it listened.
    pub first_line: String,
    child: Child,
    log: Arc<Mutex<String>>,
    log_reader: Option<JoinHandle<()>>,
    /// Open as long as the server runs, so that it may write.
    _stdout: BufReader<ChildStdout>,
}

impl Server {
    /// Starts it on a free port of 127.0.0.1, with these options more.
    #[track_caller]
    pub fn start(options: &[&str]) -> Self {
        Self::spawn(command(["0", "--bind", "127.0.0.1"]).args(options).stderr(Stdio::piped()))
    }

    /// Starts it by a command whose stderr is already decided, and waits until it listens.
    #[track_caller]
    pub fn spawn(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let log_reader = child.stderr.take().map(|stderr| {
            let log = Arc::clone(&log);
            std::thread::spawn(move || {
                for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                    let mut log = log.lock().unwrap();
                    log.push_str(&line);
                    log.push('\n');
                }
            })
        });
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let first_line = line.trim_end_matches('\n').to_owned();
        let port = first_line.rsplit(' ').next().and_then(|word| word.parse().ok());
        let mut server = Self { port: 0, first_line, child, log, log_reader, _stdout: stdout };
        server.port = port.unwrap_or_else(|| panic!("no port at the end of {:?}", server.first_line));
        server
    }

    /// Waits for a line of the log that holds all of these words.
    #[track_caller]
    pub fn logged(&self, words: &[&str]) -> String {
        let mut line = None;
        eventually(&format!("a line of the log with {words:?}"), || {
            let holds_all = |line: &&str| words.iter().all(|word| line.contains(word));
            line = self.log().lines().find(holds_all).map(str::to_owned);
            line.is_some()
        });
        line.unwrap()
    }

    /// Its address on loopback.
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// Clients that are registered under these names in this order, and have read what that brought them.
    #[track_caller]
    pub fn room<const N: usize>(&self, names: [&str; N]) -> [Client; N] {
        let mut clients: Vec<Client> = Vec::new();
        for name in names {
            let mut client = Client::connect(self);
            client.register(name);
            for earlier in &mut clients {
                earlier.expect_status(name, "ACTIVO", "joined");
            }
            clients.push(client);
        }
        clients.try_into().unwrap()
    }

    /// So many users more, `u0`, `u1` and so on, whom a witness has seen come.
    #[track_caller]
    pub fn crowd(&self, witness: &mut Client, count: usize) -> Vec<Client> {
        let user = |n| {
            let mut client = Client::connect(self);
            client.register(&format!("u{n}"));
            witness.expect_status(&format!("u{n}"), "ACTIVO", "joined");
            client
        };
        (0..count).map(user).collect()
    }

    /// Sends a signal to the process.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for the end of the process.
    #[track_caller]
    pub fn wait(&mut self) -> ExitStatus {
        let child = &mut self.child;
        let mut status = None;
        eventually("the server's process ends", || {
            status = child.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap()
    }

    /// Whether the process has not ended.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// What it has written to its log so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Starts it where it may have this many descriptors, with these options more.
    #[track_caller]
    pub fn start_within_descriptors(count: usize, options: &[&str]) -> Self {
        let server = command(["0", "--bind", "127.0.0.1"]);
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("ulimit -n {count}; exec \"$0\" \"$@\"")]).arg(server.get_program());
        shell.args(server.get_args()).args(options);
        for (name, value) in server.get_envs() {
            assert!(value.is_none(), "only removed");
            shell.env_remove(name);
        }
        Self::spawn(shell.stderr(Stdio::piped()))
    }

    /// The numbers of its open descriptors.
    pub fn descriptors(&self) -> Vec<u64> {
        let entries = std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap();
        // One may be closed while they are listed.
        entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect()
    }

    /// Takes all free descriptors away from it: it keeps those it has. Returns how many it might have before.
    pub fn forbid_more_descriptors(&self) -> Option<u64> {
        let taken = self.descriptors();
        // What others left open in it may stand higher up.
        let first_free = (0..).find(|number| !taken.contains(number));
        self.limit_descriptors(first_free)
    }

    /// Changes how many descriptors it may have. Returns how many it might have before.
    pub fn limit_descriptors(&self, count: Option<u64>) -> Option<u64> {
        let pid = Some(Pid::from_child(&self.child));
        let maximum = rustix::process::getrlimit(Resource::Nofile).maximum;
        prlimit(pid, Resource::Nofile, Rlimit { current: count, maximum }).unwrap().current
    }

    /// How many times as long it took for what it did, because it had to wait for a processor: 1 on a quiet machine,
    /// and where the system does not count it.
    pub fn crowding(&self) -> f64 {
        let counted = std::fs::read_to_string(format!("/proc/{}/schedstat", self.child.id()));
        let numbers: Vec<f64> =
            counted.unwrap_or_default().split_whitespace().filter_map(|n| n.parse().ok()).collect();
        match numbers[..] {
            [ran, waited, ..] if ran > 0.0 => (ran + waited) / ran,
            _ => 1.0,
        }
    }

    /// The time that processors have spent on it.
    pub fn processor_time(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        // After the name in parentheses come the state and ten numbers more, then user and system time.
        let numbers = stat.rsplit(')').next().unwrap().split_whitespace();
        let ticks: u64 = numbers.skip(11).take(2).map(|number| number.parse::<u64>().unwrap()).sum();
        Duration::from_secs(ticks) / TICKS_PER_SECOND
    }

    /// The memory it occupies, in KiB.
    pub fn resident_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.split_whitespace().next().unwrap().parse().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if let Some(reader) = self.log_reader.take() {
            let _ = reader.join();
        }
        let log = self.log.lock().map(|log| log.clone()).unwrap_or_default();
        if std::thread::panicking() {
            let lines: Vec<_> = log.lines().collect();
            let last = &lines[lines.len().saturating_sub(LOG_LINES_SHOWN)..];
            eprintln!("---- the end of the server's log\n{}\n----", last.join("\n"));
        } else {
            assert!(!log.contains("panicked at"), "the server panicked:\n{log}");
        }
    }
}

/// The server's binary with these arguments, in an environment that chooses neither language nor log.
pub fn command<const N: usize>(args: [&str; N]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chat-server"));
    command.args(args);
    for name in ["LC_ALL", "LC_MESSAGES", "LANG", "RUST_LOG", "RUST_BACKTRACE"] {
        command.env_remove(name);
    }
    command
}

/// How a process ended that was not meant to stay, and what it wrote.
#[derive(Debug)]
pub struct Finished {
    /// The exit status; none if a signal ended it.
    pub code: Option<i32>,
    /// All of stdout.
    pub stdout: String,
    /// All of stderr.
    pub stderr: String,
}

/// Runs a command to its end, which must come soon.
#[track_caller]
pub fn run(command: &mut Command) -> Finished {
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if start.elapsed() > PATIENCE {
            child.kill().unwrap();
            panic!("did not end: {command:?}");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Finished { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}
