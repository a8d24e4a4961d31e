//! `recvmmsg`, `sendmmsg`, packet info and eventfd.
#![allow(
    unsafe_code,
    reason = "these system calls have no safe wrapper among our dependencies"
)]

use super::socket::{Arrival, DATAGRAM_LIMIT, Mishaps, Sent, for_socket, plain};
use super::wake::Waker;
use crate::outbox::{Datagram, Outbox};
use std::io;
use std::mem::{size_of, zeroed};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::sync::Arc;
use std::time::Duration;

const BATCH: usize = 64;
/// Batches before timers and commands get their turn.
const ROUNDS: usize = 4;
/// Time a full send buffer gets to drain before the rest of a flush is dropped.
const SEND_PATIENCE_MS: i32 = 5;

/// Room for one packet info message of either family, aligned for `cmsghdr`.
#[repr(C, align(8))]
#[derive(Clone, Copy)]
struct Control([u8; 64]);

pub(super) struct EventFd(OwnedFd);

impl EventFd {
    fn new() -> io::Result<Self> {
        // SAFETY: no pointers; a descriptor that is not negative is ours.
        unsafe {
            let fd = libc::eventfd(0, libc::EFD_NONBLOCK | libc::EFD_CLOEXEC);
            if fd < 0 {
                return Err(io::Error::last_os_error());
            }
            Ok(EventFd(OwnedFd::from_raw_fd(fd)))
        }
    }

    pub fn signal(&self) {
        let one = 1u64;
        // SAFETY: eight readable bytes, as eventfd wants. A full counter wakes as well.
        unsafe {
            libc::write(self.0.as_raw_fd(), (&raw const one).cast(), 8);
        }
    }

    fn clear(&self) {
        let mut count = 0u64;
        // SAFETY: eight writable bytes.
        unsafe {
            libc::read(self.0.as_raw_fd(), (&raw mut count).cast(), 8);
        }
    }
}

pub(super) struct LinuxSocket {
    socket: UdpSocket,
    bound: SocketAddr,
    event: Arc<EventFd>,
    buffers: Vec<[u8; DATAGRAM_LIMIT]>,
    controls: Vec<Control>,
    names: Vec<libc::sockaddr_storage>,
    mishaps: Mishaps,
}

impl LinuxSocket {
    pub fn new(socket: UdpSocket, bound: SocketAddr) -> io::Result<(Self, Waker)> {
        let fd = socket.as_raw_fd();
        if bound.is_ipv6() {
            set_option(fd, libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO)?;
        } else {
            set_option(fd, libc::IPPROTO_IP, libc::IP_PKTINFO)?;
        }
        socket.set_nonblocking(true)?;
        let event = Arc::new(EventFd::new()?);
        let linux = LinuxSocket {
            socket,
            bound,
            event: event.clone(),
            buffers: vec![[0; DATAGRAM_LIMIT]; BATCH],
            controls: vec![Control([0; 64]); BATCH],
            // SAFETY: all zeros are a valid sockaddr_storage.
            names: vec![unsafe { zeroed() }; BATCH],
            mishaps: Mishaps::default(),
        };
        Ok((linux, Waker::Event(event)))
    }

    pub fn receive(&mut self, wait: Duration, arrival: &mut Arrival) -> io::Result<()> {
        let (readable, woken) = self.wait(wait);
        if woken {
            self.event.clear();
        }
        if !readable {
            return Ok(());
        }
        for _ in 0..ROUNDS {
            if self.receive_batch(arrival)? < BATCH {
                break;
            }
        }
        Ok(())
    }

    fn wait(&self, wait: Duration) -> (bool, bool) {
        let poll = |fd: RawFd| libc::pollfd {
            fd,
            events: libc::POLLIN,
            revents: 0,
        };
        let mut fds = [
            poll(self.socket.as_raw_fd()),
            poll(self.event.0.as_raw_fd()),
        ];
        let timeout = libc::timespec {
            tv_sec: wait.as_secs() as libc::time_t,
            tv_nsec: wait.subsec_nanos().into(),
        };
        // SAFETY: two valid pollfds, a valid timespec, no signal mask.
        unsafe {
            libc::ppoll(fds.as_mut_ptr(), 2, &timeout, std::ptr::null());
        }
        (fds[0].revents != 0, fds[1].revents != 0)
    }

    fn receive_batch(&mut self, arrival: &mut Arrival) -> io::Result<usize> {
        // SAFETY: all zeros are valid for both structures.
        let mut slices: [libc::iovec; BATCH] = unsafe { zeroed() };
        let mut messages: [libc::mmsghdr; BATCH] = unsafe { zeroed() };
        for i in 0..BATCH {
            slices[i].iov_base = self.buffers[i].as_mut_ptr().cast();
            slices[i].iov_len = DATAGRAM_LIMIT;
            let header = &mut messages[i].msg_hdr;
            header.msg_name = (&raw mut self.names[i]).cast();
            header.msg_namelen = size_of::<libc::sockaddr_storage>() as u32;
            header.msg_iov = &raw mut slices[i];
            header.msg_iovlen = 1;
            header.msg_control = self.controls[i].0.as_mut_ptr().cast();
            header.msg_controllen = size_of::<Control>() as _;
        }
        // SAFETY: every pointer above leads to memory that outlives the call, with its true length.
        let count = unsafe {
            libc::recvmmsg(
                self.socket.as_raw_fd(),
                messages.as_mut_ptr(),
                BATCH as u32,
                libc::MSG_DONTWAIT,
                std::ptr::null_mut(),
            )
        };
        if count < 0 {
            let error = io::Error::last_os_error();
            return match error.kind() {
                io::ErrorKind::WouldBlock
                | io::ErrorKind::Interrupted
                | io::ErrorKind::ConnectionRefused => Ok(0),
                _ => self.mishaps.note(error).map(|()| 0),
            };
        }
        self.mishaps.over();
        for (i, message) in messages.iter().enumerate().take(count as usize) {
            let Some(from) = read_address(&self.names[i]) else {
                continue;
            };
            if message.msg_hdr.msg_flags & libc::MSG_TRUNC != 0 {
                continue;
            }
            let local = local_address(&message.msg_hdr, self.bound.port()).unwrap_or(self.bound);
            let len = (message.msg_len as usize).min(DATAGRAM_LIMIT);
            arrival(plain(from), plain(local), &self.buffers[i][..len]);
        }
        Ok(count as usize)
    }

    pub fn send(&mut self, outbox: &Outbox) -> Sent {
        let mut sent = Sent::default();
        let mut rest = outbox.datagrams();
        while !rest.is_empty() {
            let batch = &rest[..rest.len().min(BATCH)];
            let count = self.send_batch(outbox, batch);
            if count > 0 {
                rest = &rest[count as usize..];
                continue;
            }
            let blocked = io::Error::last_os_error().kind() == io::ErrorKind::WouldBlock;
            if blocked && self.writable() {
                continue;
            }
            if blocked {
                // The network takes no more now; old media is worth nothing later.
                sent.failed += rest.len() as u64;
                break;
            }
            sent.failed += 1;
            rest = &rest[1..];
        }
        sent
    }

    fn writable(&self) -> bool {
        let mut fd = libc::pollfd {
            fd: self.socket.as_raw_fd(),
            events: libc::POLLOUT,
            revents: 0,
        };
        // SAFETY: one valid pollfd.
        unsafe { libc::poll(&mut fd, 1, SEND_PATIENCE_MS) == 1 }
    }

    fn send_batch(&mut self, outbox: &Outbox, batch: &[Datagram]) -> libc::c_int {
        // SAFETY: all zeros are valid for both structures.
        let mut slices: [libc::iovec; BATCH] = unsafe { zeroed() };
        let mut messages: [libc::mmsghdr; BATCH] = unsafe { zeroed() };
        let v6 = self.bound.is_ipv6();
        for (i, datagram) in batch.iter().enumerate() {
            let bytes = outbox.bytes(datagram);
            slices[i].iov_base = bytes.as_ptr().cast_mut().cast();
            slices[i].iov_len = bytes.len();
            let to = for_socket(datagram.route.to, v6);
            let header = &mut messages[i].msg_hdr;
            header.msg_namelen = write_address(&mut self.names[i], to);
            header.msg_name = (&raw mut self.names[i]).cast();
            header.msg_iov = &raw mut slices[i];
            header.msg_iovlen = 1;
            let from = datagram.route.from.map(|from| for_socket(from, v6).ip());
            if let Some(from) = from.filter(|ip| ip.is_ipv6() == v6 && !ip.is_unspecified()) {
                header.msg_control = self.controls[i].0.as_mut_ptr().cast();
                header.msg_controllen = size_of::<Control>() as _;
                header.msg_controllen = write_source(header, from) as _;
            }
        }
        // SAFETY: every pointer above leads to memory that outlives the call; the bytes are only read.
        unsafe {
            libc::sendmmsg(
                self.socket.as_raw_fd(),
                messages.as_mut_ptr(),
                batch.len() as u32,
                libc::MSG_DONTWAIT,
            )
        }
    }
}

fn set_option(fd: RawFd, level: libc::c_int, name: libc::c_int) -> io::Result<()> {
    let on: libc::c_int = 1;
    // SAFETY: the value is one c_int, as its length says.
    let result = unsafe {
        libc::setsockopt(
            fd,
            level,
            name,
            (&raw const on).cast(),
            size_of::<libc::c_int>() as u32,
        )
    };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

fn read_address(storage: &libc::sockaddr_storage) -> Option<SocketAddr> {
    match libc::c_int::from(storage.ss_family) {
        libc::AF_INET => {
            // SAFETY: the family says what the storage holds, which is large and aligned enough for all of them.
            let v4: libc::sockaddr_in = unsafe { *(&raw const *storage).cast() };
            let ip = Ipv4Addr::from(u32::from_be(v4.sin_addr.s_addr));
            Some(SocketAddr::new(ip.into(), u16::from_be(v4.sin_port)))
        }
        libc::AF_INET6 => {
            // SAFETY: as above.
            let v6: libc::sockaddr_in6 = unsafe { *(&raw const *storage).cast() };
            let ip = Ipv6Addr::from(v6.sin6_addr.s6_addr);
            Some(SocketAddr::new(ip.into(), u16::from_be(v6.sin6_port)))
        }
        _ => None,
    }
}

fn write_address(storage: &mut libc::sockaddr_storage, address: SocketAddr) -> u32 {
    let address = socket2::SockAddr::from(address);
    // SAFETY: socket2 gives a valid address of that length, never longer than the storage.
    unsafe {
        std::ptr::copy_nonoverlapping(
            address.as_ptr().cast::<u8>(),
            (&raw mut *storage).cast::<u8>(),
            address.len() as usize,
        );
    }
    address.len()
}

/// The local address of an arrived datagram, from its packet info.
fn local_address(header: &libc::msghdr, port: u16) -> Option<SocketAddr> {
    // SAFETY: the kernel filled the control buffer and its length; the macros stay inside them.
    unsafe {
        let mut control = libc::CMSG_FIRSTHDR(header);
        while !control.is_null() {
            let data = libc::CMSG_DATA(control);
            match ((*control).cmsg_level, (*control).cmsg_type) {
                (libc::IPPROTO_IP, libc::IP_PKTINFO) => {
                    let info: libc::in_pktinfo = std::ptr::read_unaligned(data.cast());
                    let ip = Ipv4Addr::from(u32::from_be(info.ipi_addr.s_addr));
                    return Some(SocketAddr::new(ip.into(), port));
                }
                (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) => {
                    let info: libc::in6_pktinfo = std::ptr::read_unaligned(data.cast());
                    let ip = Ipv6Addr::from(info.ipi6_addr.s6_addr);
                    return Some(SocketAddr::new(ip.into(), port));
                }
                _ => control = libc::CMSG_NXTHDR(header, control),
            }
        }
    }
    None
}

/// Writes the local address to send from and returns the length of the control data.
fn write_source(header: &mut libc::msghdr, from: IpAddr) -> usize {
    // SAFETY: the control buffer has room for the larger of both messages and is aligned.
    unsafe {
        let control = libc::CMSG_FIRSTHDR(header);
        match from {
            IpAddr::V4(v4) => {
                let mut info: libc::in_pktinfo = zeroed();
                info.ipi_spec_dst.s_addr = u32::from(v4).to_be();
                (*control).cmsg_level = libc::IPPROTO_IP;
                (*control).cmsg_type = libc::IP_PKTINFO;
                (*control).cmsg_len = libc::CMSG_LEN(size_of::<libc::in_pktinfo>() as u32) as _;
                std::ptr::write_unaligned(libc::CMSG_DATA(control).cast(), info);
                libc::CMSG_SPACE(size_of::<libc::in_pktinfo>() as u32) as usize
            }
            IpAddr::V6(v6) => {
                let mut info: libc::in6_pktinfo = zeroed();
                info.ipi6_addr.s6_addr = v6.octets();
                (*control).cmsg_level = libc::IPPROTO_IPV6;
                (*control).cmsg_type = libc::IPV6_PKTINFO;
                (*control).cmsg_len = libc::CMSG_LEN(size_of::<libc::in6_pktinfo>() as u32) as _;
                std::ptr::write_unaligned(libc::CMSG_DATA(control).cast(), info);
                libc::CMSG_SPACE(size_of::<libc::in6_pktinfo>() as u32) as usize
            }
        }
    }
}

/// CPU time of the calling thread.
pub(super) fn thread_cpu() -> Duration {
    // SAFETY: a valid timespec to write to.
    unsafe {
        let mut time: libc::timespec = zeroed();
        libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time);
        Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
    }
}
