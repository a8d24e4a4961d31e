//! System calls without a safe wrapper among our dependencies.
#![allow(
    unsafe_code,
    reason = "sendmmsg, recvmsg with timestamps, socket filters and clocks have no safe wrapper here"
)]

use socket2::{SockAddr, SockAddrStorage};
use std::io;
use std::mem::{size_of, zeroed};
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::time::Duration;

/// Messages in one `sendmmsg`.
pub const BATCH: usize = 64;
/// Room for one `u16` of ancillary data with its header, aligned as the kernel wants it.
type Control = [u64; 4];

/// Processor time of this process, all of its threads.
pub fn process_cpu() -> Duration {
    clock(libc::CLOCK_PROCESS_CPUTIME_ID)
}

/// Nanoseconds of the clock that the kernel stamps received packets with.
pub fn wall_nanos() -> u64 {
    clock(libc::CLOCK_REALTIME).as_nanos() as u64
}

fn clock(id: libc::clockid_t) -> Duration {
    // SAFETY: a plain structure of numbers, filled by the call.
    let time = unsafe {
        let mut time: libc::timespec = zeroed();
        libc::clock_gettime(id, &raw mut time);
        time
    };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// As many open files as this process may have.
pub fn raise_file_limit() {
    // SAFETY: a plain structure of numbers, filled by one call and read by the other.
    unsafe {
        let mut limit: libc::rlimit = zeroed();
        if libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) == 0 {
            limit.rlim_cur = limit.rlim_max;
            libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit);
        }
    }
}

/// What leaves with one message of a batch.
pub struct Train<'a> {
    pub bytes: &'a [u8],
    /// Length of each of its datagrams but the last; all of it is one datagram when this is its length.
    pub segment: usize,
    pub to: &'a SockAddr,
}

/// Sends up to `BATCH` trains with one call and returns how many went.
pub fn send_trains<'a>(
    socket: &UdpSocket,
    trains: impl Iterator<Item = Train<'a>>,
) -> io::Result<usize> {
    // SAFETY: null pointers and zero lengths are valid values of these structures.
    let (mut parts, mut messages): ([libc::iovec; BATCH], [libc::mmsghdr; BATCH]) =
        unsafe { (zeroed(), zeroed()) };
    let mut controls: [Control; BATCH] = [[0; 4]; BATCH];
    let mut count = 0;
    let places = parts.iter_mut().zip(&mut messages).zip(&mut controls);
    for (train, ((part, message), control)) in trains.zip(places) {
        part.iov_base = train.bytes.as_ptr().cast_mut().cast();
        part.iov_len = train.bytes.len();
        let header = &mut message.msg_hdr;
        header.msg_iov = part;
        header.msg_iovlen = 1;
        header.msg_name = train.to.as_ptr().cast_mut().cast();
        header.msg_namelen = train.to.len();
        if train.segment < train.bytes.len() {
            header.msg_control = control.as_mut_ptr().cast();
            // SAFETY: `control` is aligned for and longer than one header and a u16, which is all that is written to it.
            unsafe {
                header.msg_controllen = libc::CMSG_SPACE(size_of::<u16>() as u32) as usize;
                let head = libc::CMSG_FIRSTHDR(header);
                (*head).cmsg_level = libc::SOL_UDP;
                (*head).cmsg_type = libc::UDP_SEGMENT;
                (*head).cmsg_len = libc::CMSG_LEN(size_of::<u16>() as u32) as usize;
                libc::CMSG_DATA(head)
                    .cast::<u16>()
                    .write_unaligned(train.segment as u16);
            }
        }
        count += 1;
    }
    // SAFETY: `count` messages point to parts, bytes, addresses and control data that live until the call returns; it only reads them.
    let sent = unsafe { libc::sendmmsg(socket.as_raw_fd(), messages.as_mut_ptr(), count, 0) };
    if sent < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(sent as usize)
}

const fn step(code: u32, jump: u8, skip: u8, k: u32) -> libc::sock_filter {
    libc::sock_filter {
        code: code as u16,
        jt: jump,
        jf: skip,
        k,
    }
}

const LOAD_BYTE: u32 = libc::BPF_LD | libc::BPF_B | libc::BPF_ABS;
const AT_LEAST: u32 = libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K;
const MORE_THAN: u32 = libc::BPF_JMP | libc::BPF_JGT | libc::BPF_K;
const HAS_BITS: u32 = libc::BPF_JMP | libc::BPF_JSET | libc::BPF_K;
const ANSWER: u32 = libc::BPF_RET | libc::BPF_K;

/// Bytes that an RTP header with its extensions may have.
const RTP_HEADER: u32 = 96;

/// Of RTP packets (RFC 5761 section 4) the headers of each that ends a frame and of one in eight of each stream; all of anything else. Offsets begin at
/// the UDP header.
static SOME_RTP: [libc::sock_filter; 12] = [
    step(LOAD_BYTE, 0, 0, 8),
    step(AT_LEAST, 0, 9, 128),
    step(MORE_THAN, 8, 0, 191),
    step(LOAD_BYTE, 0, 0, 9),
    step(AT_LEAST, 0, 1, 192),
    step(MORE_THAN, 0, 5, 223),
    step(HAS_BITS, 3, 0, 0x80),
    step(LOAD_BYTE, 0, 0, 11),
    step(HAS_BITS, 0, 1, 7),
    step(ANSWER, 0, 0, 0),
    step(ANSWER, 0, 0, 8 + RTP_HEADER),
    step(ANSWER, 0, 0, 65_535),
];

/// Has the kernel throw most of RTP away at the socket, where `drops` counts it, and cut the rest down to the headers.
pub fn thin_rtp(socket: &UdpSocket) -> io::Result<()> {
    filter(socket, &SOME_RTP)
}

fn filter(socket: &UdpSocket, steps: &'static [libc::sock_filter]) -> io::Result<()> {
    let program = libc::sock_fprog {
        len: steps.len() as u16,
        filter: steps.as_ptr().cast_mut(),
    };
    // SAFETY: the program lives for ever, the kernel copies it and checks every jump.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_ATTACH_FILTER,
            (&raw const program).cast(),
            size_of::<libc::sock_fprog>() as u32,
        )
    };
    checked(result)
}

/// Has the kernel say when each datagram came.
pub fn stamp_arrivals(socket: &UdpSocket) -> io::Result<()> {
    let on: libc::c_int = 1;
    // SAFETY: a pointer to an int and its length, read by the call.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_TIMESTAMPNS,
            (&raw const on).cast(),
            size_of::<libc::c_int>() as u32,
        )
    };
    checked(result)
}

/// Datagrams that reached the socket and were not put in its queue: refused by the filter, or no room. Wraps.
pub fn drops(socket: &UdpSocket) -> u32 {
    const SO_MEMINFO: libc::c_int = 55;
    const DROPS: usize = 8;
    let mut numbers = [0u32; 9];
    let mut length = size_of::<[u32; 9]>() as u32;
    // SAFETY: the call writes at most `length` bytes to `numbers`, which has as many.
    unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            SO_MEMINFO,
            numbers.as_mut_ptr().cast(),
            &raw mut length,
        )
    };
    numbers[DROPS]
}

/// Takes one datagram: its length, its sender, and the kernel's stamp of its arrival in nanoseconds, 0 where there is none.
pub fn receive_stamped(
    socket: &UdpSocket,
    buffer: &mut [u8],
) -> io::Result<(usize, Option<SocketAddr>, u64)> {
    let mut name = SockAddrStorage::zeroed();
    let mut control = [0u64; 8];
    let mut part = libc::iovec {
        iov_base: buffer.as_mut_ptr().cast(),
        iov_len: buffer.len(),
    };
    // SAFETY: the message points to the buffer and the control space, both longer than the lengths given and alive over the call;
    // the header returned is checked to be ours before a timespec is read from it.
    unsafe {
        let mut message: libc::msghdr = zeroed();
        message.msg_name = (&raw mut name).cast();
        message.msg_namelen = name.size_of();
        message.msg_iov = &raw mut part;
        message.msg_iovlen = 1;
        message.msg_control = control.as_mut_ptr().cast();
        message.msg_controllen = size_of_val(&control);
        let length = libc::recvmsg(socket.as_raw_fd(), &raw mut message, libc::MSG_DONTWAIT);
        if length < 0 {
            return Err(io::Error::last_os_error());
        }
        let from = SockAddr::new(name, message.msg_namelen).as_socket();
        let head = libc::CMSG_FIRSTHDR(&raw const message);
        if head.is_null() || (*head).cmsg_type != libc::SCM_TIMESTAMPNS {
            return Ok((length as usize, from, 0));
        }
        let time = libc::CMSG_DATA(head)
            .cast::<libc::timespec>()
            .read_unaligned();
        Ok((
            length as usize,
            from,
            time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64,
        ))
    }
}

fn checked(result: libc::c_int) -> io::Result<()> {
    match result {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
