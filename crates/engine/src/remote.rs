//! Where a client is: an address from which its datagrams come, or a TCP stream it has opened (RFC 6544).

use std::hash::{Hash, Hasher};
use std::net::SocketAddr;
use std::num::NonZeroU32;

/// The number of a TCP stream, never reused.
pub type StreamId = NonZeroU32;

/// The other end of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remote {
    pub address: SocketAddr,
    /// None for datagrams.
    pub stream: Option<StreamId>,
}

/// A stream hardly ever has the address of somebody's datagrams, so that the address alone tells them apart well enough.
impl Hash for Remote {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.address.hash(state);
    }
}

impl From<SocketAddr> for Remote {
    fn from(address: SocketAddr) -> Self {
        Remote {
            address,
            stream: None,
        }
    }
}
