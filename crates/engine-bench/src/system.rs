//! Two system calls without a safe wrapper among our dependencies.
#![allow(
    unsafe_code,
    reason = "sendmmsg and clock_gettime have no safe wrapper here"
)]

use socket2::SockAddr;
use std::io;
use std::mem::zeroed;
use std::net::UdpSocket;
use std::os::fd::AsRawFd;
use std::time::Duration;

/// Datagrams in one call.
pub const BATCH: usize = 64;

/// Processor time of the calling thread.
pub fn thread_cpu() -> Duration {
    // SAFETY: a plain structure of numbers, filled by the call.
    let time = unsafe {
        let mut time: libc::timespec = zeroed();
        libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time);
        time
    };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Sends up to `BATCH` datagrams with one call and returns how many went.
pub fn send_many<'a>(
    socket: &UdpSocket,
    datagrams: impl Iterator<Item = (&'a [u8], &'a SockAddr)>,
) -> io::Result<usize> {
    // SAFETY: null pointers and zero lengths are valid values of these structures.
    let (mut parts, mut messages): ([libc::iovec; BATCH], [libc::mmsghdr; BATCH]) =
        unsafe { (zeroed(), zeroed()) };
    let mut count = 0;
    for (((bytes, to), part), message) in datagrams.zip(&mut parts).zip(&mut messages) {
        part.iov_base = bytes.as_ptr().cast_mut().cast();
        part.iov_len = bytes.len();
        message.msg_hdr.msg_iov = part;
        message.msg_hdr.msg_iovlen = 1;
        message.msg_hdr.msg_name = to.as_ptr().cast_mut().cast();
        message.msg_hdr.msg_namelen = to.len();
        count += 1;
    }
    // SAFETY: `count` messages point to parts, bytes and addresses that live until the call returns; it only reads them.
    let sent = unsafe { libc::sendmmsg(socket.as_raw_fd(), messages.as_mut_ptr(), count, 0) };
    if sent < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(sent as usize)
}
