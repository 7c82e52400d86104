//! Lines on standard output and standard error, as a courtesy: they are dropped rather than waited for.

use std::os::fd::AsFd;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::write;

/// What a pipe that reports room takes without blocking: PIPE_BUF of Linux (`pipe(7)`).
const MAXIMUM_LINE_BYTES: usize = 4096;

/// Writes a line if that is possible at once, cut at [`MAXIMUM_LINE_BYTES`] and without control characters.
pub(crate) fn write_line(to: impl AsFd, text: &str) {
    let mut line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let mut end = line.len().min(MAXIMUM_LINE_BYTES - 1);
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    line.truncate(end);
    line.push('\n');
    let mut fds = [PollFd::new(to.as_fd(), PollFlags::POLLOUT)];
    let room = poll(&mut fds, PollTimeout::ZERO).is_ok_and(|ready| ready > 0)
        && fds[0].revents().is_some_and(|events| events.contains(PollFlags::POLLOUT));
    if room {
        // Nobody reads it any more, or the disk behind it is full: then it is lost, as said above.
        let _ = write(to.as_fd(), line.as_bytes());
    }
}
