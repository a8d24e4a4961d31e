//! Socket addresses and packet info as the system writes them.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

pub(super) fn read_address(storage: &libc::sockaddr_storage) -> Option<SocketAddr> {
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

/// The local address of an arrived datagram, from its packet info.
pub(super) fn local_address(header: &libc::msghdr, port: u16) -> Option<SocketAddr> {
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
