//! Many trains in one `sendmmsg`: each one message with its address, the local address to leave from, and the size that
//! the kernel cuts it into (UDP GSO).

use crate::net::departures::Wire;
use crate::net::socket::for_socket;
use crate::outbox::{Outbox, Route, Train};
use std::io;
use std::mem::{size_of, zeroed};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::sync::Arc;

/// Messages of one call.
const BATCH: usize = 64;
/// Pieces of one call; a train has at most 64.
const PIECES: usize = 256;
/// The same for a call with few trains: what is not used need not be cleared.
const FEW: usize = 16;
const FEW_PIECES: usize = 64;

/// Room for packet info of either family and the segment size, aligned for `cmsghdr`.
#[repr(C, align(8))]
#[derive(Clone, Copy)]
struct Control([u8; 64]);

pub(in crate::net) struct LinuxWire {
    socket: Arc<UdpSocket>,
    v6: bool,
    /// Bound to one address, from which everything leaves anyway.
    single: bool,
    controls: Vec<Control>,
    names: Vec<libc::sockaddr_in6>,
}

impl LinuxWire {
    pub fn new(socket: Arc<UdpSocket>, bound: SocketAddr) -> Self {
        LinuxWire {
            socket,
            v6: bound.is_ipv6(),
            single: !bound.ip().is_unspecified(),
            controls: vec![Control([0; 64]); BATCH],
            // SAFETY: all zeros are a valid sockaddr_in6.
            names: vec![unsafe { zeroed() }; BATCH],
        }
    }

    /// Whether the kernel knows UDP GSO. What an interface lacks shows when sending.
    pub fn knows_trains(&self) -> bool {
        let mut size: libc::c_int = 0;
        let mut length = size_of::<libc::c_int>() as libc::socklen_t;
        // SAFETY: the value is one c_int, as its length says.
        let result = unsafe {
            libc::getsockopt(
                self.socket.as_raw_fd(),
                libc::SOL_UDP,
                libc::UDP_SEGMENT,
                (&raw mut size).cast(),
                &raw mut length,
            )
        };
        result == 0
    }

    /// The source to name in packet info; the system chooses one where it is unknown.
    fn source(&self, route: Route) -> Option<IpAddr> {
        let from = for_socket(route.from.filter(|_| !self.single)?, self.v6).ip();
        Some(from).filter(|ip| ip.is_ipv6() == self.v6 && !ip.is_unspecified())
    }
}

impl Wire for LinuxWire {
    fn send(&mut self, outbox: &Outbox, trains: &[Train]) -> io::Result<usize> {
        match trains.len() <= FEW {
            true => self.send_some::<FEW, FEW_PIECES>(outbox, trains),
            false => self.send_some::<BATCH, PIECES>(outbox, trains),
        }
    }
}

impl LinuxWire {
    /// At most `TRAINS` of them, no more than [`BATCH`], in at most `PIECES` pieces.
    fn send_some<const TRAINS: usize, const PIECES: usize>(
        &mut self,
        outbox: &Outbox,
        trains: &[Train],
    ) -> io::Result<usize> {
        // SAFETY: all zeros are valid for both structures.
        let mut slices: [libc::iovec; PIECES] = unsafe { zeroed() };
        let mut messages: [libc::mmsghdr; TRAINS] = unsafe { zeroed() };
        let (mut count, mut used) = (0, 0);
        for train in trains.iter().take(TRAINS) {
            let first = used;
            let mut fits = true;
            for bytes in outbox.pieces(train) {
                let Some(slice) = slices.get_mut(used) else {
                    fits = false;
                    break;
                };
                slice.iov_base = bytes.as_ptr().cast_mut().cast();
                slice.iov_len = bytes.len();
                used += 1;
            }
            if !fits {
                break;
            }
            let source = self.source(train.route);
            let segment = (train.count > 1).then_some(train.segment as u16);
            let header = &mut messages[count].msg_hdr;
            header.msg_namelen =
                write_address(&mut self.names[count], train.route.to.address, self.v6);
            header.msg_name = (&raw mut self.names[count]).cast();
            header.msg_iov = (&raw mut slices[first]).cast();
            header.msg_iovlen = (used - first) as _;
            if source.is_some() || segment.is_some() {
                let control = &mut self.controls[count];
                header.msg_control = control.0.as_mut_ptr().cast();
                header.msg_controllen = write_control(control, source, segment) as _;
            }
            count += 1;
        }
        // SAFETY: every pointer above leads to memory that outlives the call; the bytes are only read.
        let sent = unsafe {
            libc::sendmmsg(
                self.socket.as_raw_fd(),
                messages.as_mut_ptr(),
                count as u32,
                libc::MSG_DONTWAIT,
            )
        };
        match usize::try_from(sent) {
            Ok(sent) => Ok(sent),
            Err(_) => Err(io::Error::last_os_error()),
        }
    }
}

/// Writes an address in the form the socket wants and returns its length.
fn write_address(name: &mut libc::sockaddr_in6, to: SocketAddr, v6: bool) -> u32 {
    match to {
        SocketAddr::V4(to) if !v6 => {
            // SAFETY: all zeros are a valid sockaddr_in.
            let mut short: libc::sockaddr_in = unsafe { zeroed() };
            short.sin_family = libc::AF_INET as libc::sa_family_t;
            short.sin_port = to.port().to_be();
            short.sin_addr.s_addr = u32::from(*to.ip()).to_be();
            // SAFETY: the longer structure holds the shorter one and is aligned for it.
            unsafe {
                std::ptr::write((&raw mut *name).cast(), short);
            }
            size_of::<libc::sockaddr_in>() as u32
        }
        _ => {
            let (ip, scope) = match to {
                SocketAddr::V4(to) => (to.ip().to_ipv6_mapped(), 0),
                SocketAddr::V6(to) => (*to.ip(), to.scope_id()),
            };
            name.sin6_family = libc::AF_INET6 as libc::sa_family_t;
            name.sin6_port = to.port().to_be();
            name.sin6_flowinfo = 0;
            name.sin6_addr.s6_addr = ip.octets();
            name.sin6_scope_id = scope;
            size_of::<libc::sockaddr_in6>() as u32
        }
    }
}

/// Writes the source address and the segment size beside each other and returns the length of the control data.
fn write_control(control: &mut Control, source: Option<IpAddr>, segment: Option<u16>) -> usize {
    let mut at = 0;
    match source {
        Some(IpAddr::V4(v4)) => {
            // SAFETY: all zeros are valid for a structure of numbers.
            let mut info: libc::in_pktinfo = unsafe { zeroed() };
            info.ipi_spec_dst.s_addr = u32::from(v4).to_be();
            at += put(control, at, libc::IPPROTO_IP, libc::IP_PKTINFO, info);
        }
        Some(IpAddr::V6(v6)) => {
            // SAFETY: as above.
            let mut info: libc::in6_pktinfo = unsafe { zeroed() };
            info.ipi6_addr.s6_addr = v6.octets();
            at += put(control, at, libc::IPPROTO_IPV6, libc::IPV6_PKTINFO, info);
        }
        None => {}
    }
    if let Some(segment) = segment {
        at += put(control, at, libc::SOL_UDP, libc::UDP_SEGMENT, segment);
    }
    at
}

/// One control message at `at`; returns the space it takes.
fn put<T>(
    control: &mut Control,
    at: usize,
    level: libc::c_int,
    kind: libc::c_int,
    value: T,
) -> usize {
    let length = size_of::<T>() as u32;
    // SAFETY: pure arithmetic on the length.
    let (space, whole) = unsafe { (libc::CMSG_SPACE(length) as usize, libc::CMSG_LEN(length)) };
    assert!(at + space <= size_of::<Control>(), "room for both messages");
    // SAFETY: the assertion keeps the message inside the buffer, which is aligned for it at multiples of CMSG_SPACE.
    unsafe {
        let header: *mut libc::cmsghdr = control.0.as_mut_ptr().add(at).cast();
        (*header).cmsg_level = level;
        (*header).cmsg_type = kind;
        (*header).cmsg_len = whole as _;
        std::ptr::write_unaligned(libc::CMSG_DATA(header).cast(), value);
    }
    space
}
