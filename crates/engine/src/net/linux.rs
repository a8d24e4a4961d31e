//! `recvmmsg`, `sendmmsg` with UDP GSO, packet info and eventfd.
#![allow(
    unsafe_code,
    reason = "these system calls have no safe wrapper among our dependencies"
)]

mod address;
mod send;

use super::departures::Departures;
use super::socket::{Arrival, DATAGRAM_LIMIT, Mishaps, plain};
use super::steering::Step;
use super::wake::Waker;
use crate::outbox::Outbox;
use address::{local_address, read_address};
use send::LinuxWire;
use std::io;
use std::mem::{size_of, zeroed};
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Datagrams of one call.
const BATCH: usize = 32;
/// The first batch after a wake: of a larger one most would be prepared for nothing where little comes at once.
const FIRST_BATCH: usize = 8;
/// After this time what has come is forwarded before more is read: thousands of subscribers that tell of arrivals at one moment take
/// milliseconds, and a voice among them would leave with the last.
const READING: Duration = Duration::from_micros(300);

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

struct Ready {
    readable: bool,
    takes_more: bool,
    woken: bool,
}

pub(super) struct LinuxSocket {
    socket: Arc<UdpSocket>,
    bound: SocketAddr,
    wire: LinuxWire,
    departures: Departures,
    trains: bool,
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
        let socket = Arc::new(socket);
        let wire = LinuxWire::new(socket.clone(), bound);
        let trains = wire.knows_trains();
        let linux = LinuxSocket {
            socket,
            bound,
            wire,
            departures: Departures::new(trains),
            trains,
            event: event.clone(),
            buffers: vec![[0; DATAGRAM_LIMIT]; BATCH],
            controls: vec![Control([0; 64]); BATCH],
            // SAFETY: all zeros are a valid sockaddr_storage.
            names: vec![unsafe { zeroed() }; BATCH],
            mishaps: Mishaps::default(),
        };
        Ok((linux, Waker::Event(event)))
    }

    /// Whether the kernel cuts trains into datagrams.
    pub fn trains(&self) -> bool {
        self.trains
    }

    pub fn receive(&mut self, wait: Duration, arrival: &mut Arrival) -> io::Result<()> {
        let ready = self.wait(wait);
        if ready.woken {
            self.event.clear();
        }
        if ready.takes_more || self.departures.deadline().is_some() {
            self.departures.resume(&mut self.wire, Instant::now());
        }
        if !ready.readable {
            return Ok(());
        }
        let begun = Instant::now();
        let mut more = self.receive_batch::<FIRST_BATCH>(arrival)?;
        while more && begun.elapsed() < READING {
            more = self.receive_batch::<BATCH>(arrival)?;
        }
        Ok(())
    }

    /// Waits for datagrams, a wake, room to send what is waiting, or the end of `wait`.
    fn wait(&self, wait: Duration) -> Ready {
        let waiting = self.departures.deadline();
        let poll = |fd: &dyn AsRawFd, events| libc::pollfd {
            fd: fd.as_raw_fd(),
            events,
            revents: 0,
        };
        let room = waiting.map_or(0, |_| libc::POLLOUT);
        let mut fds = [
            poll(&*self.socket, libc::POLLIN | room),
            poll(&self.event.0, libc::POLLIN),
        ];
        let wait = waiting.map_or(wait, |until| {
            wait.min(until.saturating_duration_since(Instant::now()))
        });
        let timeout = libc::timespec {
            tv_sec: wait.as_secs() as libc::time_t,
            tv_nsec: wait.subsec_nanos().into(),
        };
        // SAFETY: two valid pollfds, a valid timespec, no signal mask.
        unsafe {
            libc::ppoll(fds.as_mut_ptr(), 2, &timeout, std::ptr::null());
        }
        Ready {
            readable: fds[0].revents & !libc::POLLOUT != 0,
            takes_more: fds[0].revents & libc::POLLOUT != 0,
            woken: fds[1].revents != 0,
        }
    }

    /// At most `COUNT` datagrams, no more than [`BATCH`]. True when there may be more.
    fn receive_batch<const COUNT: usize>(&mut self, arrival: &mut Arrival) -> io::Result<bool> {
        // SAFETY: all zeros are valid for both structures.
        let mut slices: [libc::iovec; COUNT] = unsafe { zeroed() };
        let mut messages: [libc::mmsghdr; COUNT] = unsafe { zeroed() };
        for i in 0..COUNT {
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
                COUNT as u32,
                libc::MSG_DONTWAIT,
                std::ptr::null_mut(),
            )
        };
        if count < 0 {
            let error = io::Error::last_os_error();
            return match error.kind() {
                io::ErrorKind::WouldBlock
                | io::ErrorKind::Interrupted
                | io::ErrorKind::ConnectionRefused => Ok(false),
                _ => self.mishaps.note(error).map(|()| false),
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
        Ok(count as usize == COUNT)
    }

    /// Sends everything, or keeps it for a moment when the network takes no more.
    pub fn send(&mut self, outbox: &mut Outbox) {
        self.departures.send(&mut self.wire, outbox, Instant::now());
    }

    pub fn failed(&self) -> u64 {
        self.departures.failed()
    }

    /// Gives the sockets of the port another filter. Where the system takes none, it goes on as before.
    pub fn steer(&self, steps: &[Step]) {
        let filter = |(code, jt, jf, k): &Step| libc::sock_filter {
            code: *code,
            jt: *jt,
            jf: *jf,
            k: *k,
        };
        let mut filters: Vec<libc::sock_filter> = steps.iter().map(filter).collect();
        let program = libc::sock_fprog {
            len: filters.len() as u16,
            filter: filters.as_mut_ptr(),
        };
        // SAFETY: the program and its steps outlive the call, with their true lengths; the kernel checks and copies them.
        unsafe {
            libc::setsockopt(
                self.socket.as_raw_fd(),
                libc::SOL_SOCKET,
                libc::SO_ATTACH_REUSEPORT_CBPF,
                (&raw const program).cast(),
                size_of::<libc::sock_fprog>() as u32,
            );
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

/// CPU time of the calling thread.
pub(super) fn thread_cpu() -> Duration {
    // SAFETY: a valid timespec to write to.
    unsafe {
        let mut time: libc::timespec = zeroed();
        libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time);
        Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
    }
}
