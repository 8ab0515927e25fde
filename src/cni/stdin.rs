//! Standard input, read to its end or to a limit of time.

use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::read as read_some;

/// Read at once; a configuration with its previous result is rarely longer.
const PIECE: usize = 8 * 1024;

/// Reads standard input to its end, but no more than `most` bytes and a piece.
///
/// # Errors
/// It can't be read, or was not closed within `patience`.
pub(super) fn read(patience: Duration, most: usize) -> io::Result<Vec<u8>> {
    let read = read_from(&io::stdin(), Instant::now() + patience, most);
    read.map_err(|errno| {
        if errno != Errno::ETIMEDOUT {
            return errno.into();
        }
        let reason = format!("it was not closed within {} s", patience.as_secs());
        io::Error::new(io::ErrorKind::TimedOut, reason)
    })
}

fn read_from(file: &impl AsFd, end: Instant, most: usize) -> Result<Vec<u8>, Errno> {
    let mut bytes = Vec::new();
    let mut piece = [0; PIECE];
    while bytes.len() < most {
        if !is_ready(file, end)? {
            return Err(Errno::ETIMEDOUT);
        }
        match read_some(file, &mut piece) {
            Ok(0) => break,
            Ok(count) => bytes.extend_from_slice(piece.get(..count).unwrap_or_default()),
            Err(Errno::EINTR | Errno::EAGAIN) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(bytes)
}

fn is_ready(file: &impl AsFd, end: Instant) -> Result<bool, Errno> {
    let left = end.saturating_duration_since(Instant::now());
    let limit = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
    match poll(&mut [PollFd::new(file.as_fd(), PollFlags::POLLIN)], limit) {
        Ok(ready) => Ok(ready > 0),
        // With time left the loop asks again; without, reading would wait.
        Err(Errno::EINTR) if !left.is_zero() => is_ready(file, end),
        Err(errno) => Err(errno),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{PipeWriter, Write, pipe};
    use std::thread::spawn;

    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(50)
    }

    fn late() -> Instant {
        Instant::now() + Duration::from_secs(20)
    }

    #[test]
    fn all_is_read_to_the_end() {
        let (reader, mut writer) = pipe().unwrap();
        let text = "x".repeat(300_000);
        let sent = text.clone();
        let sender = spawn(move || writer.write_all(sent.as_bytes()).unwrap());
        assert_eq!(read_from(&reader, late(), 1 << 20).unwrap(), text.as_bytes());
        sender.join().unwrap();
    }

    #[test]
    fn what_is_never_closed_ends_in_time_or_at_the_limit() {
        let (reader, mut writer): (_, PipeWriter) = pipe().unwrap();
        writer.write_all(b"{").unwrap();
        assert_eq!(read_from(&reader, soon(), 1 << 20), Err(Errno::ETIMEDOUT));
        writer.write_all(&[b'x'; 20_000]).unwrap();
        let read = read_from(&reader, late(), 10_000).unwrap();
        assert!((10_000..=10_000 + PIECE).contains(&read.len()));
    }

    #[test]
    fn a_file_that_cannot_be_read_is_an_error() {
        let folder = std::fs::File::open("/").unwrap();
        assert_eq!(read_from(&folder, late(), 10), Err(Errno::EISDIR));
    }
}
