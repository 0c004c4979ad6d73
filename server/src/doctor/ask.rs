//! Asking other programs, here and over TCP, without ever waiting longer or taking more than was said before. What
//! the answers mean is not known here.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use super::facts::Listing;

/// Bytes that a program may write. A rule set of a machine with thousands of containers is smaller.
const LISTING_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// Bytes of its complaints that are read.
const COMPLAINT_BYTES_MAX: u64 = 4 * 1024;
/// Where system tools are besides `PATH`, which often leaves them out for those who are not root.
const SYSTEM_FOLDERS: [&str; 5] = ["/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin"];

/// The time that there is in all, which every single wait is cut to.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    end: Instant,
}

impl Budget {
    /// From now on.
    #[must_use]
    pub fn of(time: Duration) -> Self {
        Self { end: Instant::now() + time }
    }

    /// The end of a wait of at most this long.
    #[must_use]
    pub fn deadline(self, longest: Duration) -> Instant {
        self.end.min(Instant::now() + longest)
    }

    /// Whether there is none left.
    #[must_use]
    pub fn is_spent(self) -> bool {
        Instant::now() >= self.end
    }
}

fn left_until(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}

/// Sends a request and reads the answer until it is whole, its end, `bytes_max` or the deadline; what has come by
/// then is returned, and whether that was the end.
///
/// # Errors
/// If it could not be sent.
pub fn exchange(
    address: SocketAddr,
    request: &str,
    deadline: Instant,
    bytes_max: usize,
    is_whole: impl Fn(&[u8]) -> bool,
) -> io::Result<(Vec<u8>, bool)> {
    let timed_out = || io::Error::from(io::ErrorKind::TimedOut);
    // A wait of zero would be refused as none.
    let left = || Some(left_until(deadline)).filter(|left| !left.is_zero());
    let mut stream = TcpStream::connect_timeout(&address, left().ok_or_else(timed_out)?)?;
    stream.set_write_timeout(Some(left().ok_or_else(timed_out)?))?;
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    let mut buf = [0; 2_048];
    while answer.len() < bytes_max && !is_whole(&answer) {
        let Some(left) = left() else { return Ok((answer, false)) };
        stream.set_read_timeout(Some(left))?;
        match stream.read(&mut buf) {
            Ok(0) => return Ok((answer, true)),
            Ok(count) => answer.extend_from_slice(&buf[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return Ok((answer, false)),
        }
    }
    Ok((answer, false))
}

/// What a system tool writes to stdout. It must succeed, and end in time.
#[must_use]
pub fn run(program: &str, args: &[&str], deadline: Instant) -> Listing {
    let Some(path) = find(program) else { return Listing::Absent };
    if left_until(deadline).is_zero() {
        return Listing::Refused("no time left".to_owned());
    }
    let mut command = Command::new(path);
    command.args(args).env("LC_ALL", "C").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    match command.spawn() {
        Ok(mut child) => {
            let listing = listing(&mut child, deadline);
            // It may have ended already.
            let _ = child.kill();
            let _ = child.wait();
            listing
        }
        Err(error) => Listing::Refused(error.to_string()),
    }
}

fn listing(child: &mut Child, deadline: Instant) -> Listing {
    let stdout = child.stdout.take().map(|stream| read_aside(stream, LISTING_BYTES_MAX));
    let stderr = child.stderr.take().map(|stream| read_aside(stream, COMPLAINT_BYTES_MAX));
    let late = || Listing::Refused("no answer in time".to_owned());
    let receive = |stream: Option<mpsc::Receiver<Vec<u8>>>| stream?.recv_timeout(left_until(deadline)).ok();
    let Some(text) = receive(stdout) else { return late() };
    if text.len() as u64 >= LISTING_BYTES_MAX {
        return Listing::Refused(format!("more than {LISTING_BYTES_MAX} bytes"));
    }
    // Both streams have ended, so it is about to end as well; one that does not is killed by the caller.
    let Some(complaints) = receive(stderr) else { return late() };
    let Some(status) = wait(child, deadline) else { return late() };
    if status.success() {
        return Listing::Text(String::from_utf8_lossy(&text).into_owned());
    }
    let complaints = String::from_utf8_lossy(&complaints);
    let line = complaints.lines().map(str::trim).find(|line| !line.is_empty());
    Listing::Refused(line.map_or_else(|| status.to_string(), str::to_owned))
}

/// Reads to the end or the bound on a thread of its own, which nobody waits for after the deadline.
fn read_aside(stream: impl Read + Send + 'static, bytes_max: u64) -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = stream.take(bytes_max).read_to_end(&mut bytes);
        let _ = sender.send(bytes);
    });
    receiver
}

fn wait(child: &mut Child, deadline: Instant) -> Option<std::process::ExitStatus> {
    loop {
        if let Some(status) = child.try_wait().ok()? {
            return Some(status);
        }
        if left_until(deadline).is_zero() {
            return None;
        }
        thread::sleep(Duration::from_millis(2));
    }
}

fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).filter(|folder| folder.is_absolute());
    // The system's own first: root's PATH may still hold a user's folders.
    SYSTEM_FOLDERS
        .map(PathBuf::from)
        .into_iter()
        .chain(folders)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(10)
    }

    fn shell(script: &str, deadline: Instant) -> Listing {
        run("sh", &["-c", script], deadline)
    }

    #[test]
    fn what_a_program_writes_counts_if_it_succeeds() {
        assert_eq!(shell("echo a; echo b >&2", soon()), Listing::Text("a\n".to_owned()));
        let refused = |text: &str| Listing::Refused(text.to_owned());
        assert_eq!(shell("echo a; echo; echo no >&2; exit 1", soon()), refused("no"));
        assert_eq!(shell("exit 3", soon()), refused("exit status: 3"));
        assert_eq!(run("no-such-program-anywhere", &[], soon()), Listing::Absent);
    }

    #[test]
    fn a_program_that_does_not_end_is_not_waited_for() {
        let start = Instant::now();
        let deadline = start + Duration::from_millis(100);
        let late = Listing::Refused("no answer in time".to_owned());
        assert_eq!(shell("exec sleep 60", deadline), late);
        assert_eq!(shell("exec sleep 60 >&- 2>&-", start + Duration::from_millis(200)), late);
        assert!(start.elapsed() < Duration::from_secs(10));
        assert_eq!(shell("echo a", start), Listing::Refused("no time left".to_owned()));
    }

    #[test]
    fn a_program_that_writes_without_end_is_cut_off() {
        let listing = shell("exec cat /dev/zero", soon());
        assert_eq!(listing, Listing::Refused("more than 4194304 bytes".to_owned()));
    }

    #[test]
    fn an_answer_ends_by_itself_at_its_end_at_the_bound_or_at_the_deadline() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            for answer in [&b"whole"[..], b"end", &[b'x'; 100]] {
                let (mut stream, _) = listener.accept().unwrap();
                stream.read_exact(&mut [0; 3]).unwrap();
                stream.write_all(answer).unwrap();
            }
            listener
        });
        let ask =
            |bytes_max, deadline| exchange(address, "ask", deadline, bytes_max, |bytes| bytes == b"whole");
        assert_eq!(ask(99, soon()).unwrap(), (b"whole".to_vec(), false));
        assert_eq!(ask(99, soon()).unwrap(), (b"end".to_vec(), true));
        assert!(ask(10, soon()).unwrap().0.len() >= 10);
        // Accepted by the system, and by nobody else.
        let _listener = server.join().unwrap();
        let start = Instant::now();
        assert_eq!(ask(9, start + Duration::from_millis(100)).unwrap(), (vec![], false));
        assert!(start.elapsed() >= Duration::from_millis(100) && start.elapsed() < Duration::from_secs(10));
        assert!(ask(9, start).is_err());
    }
}
