//! The only place with sockets, threads and a clock: drives an `Engine` on one UDP port.

mod departures;
#[cfg(target_os = "linux")]
mod linux;
mod media_thread;
mod queue;
mod socket;
mod wake;

pub use media_thread::{EngineHandle, Options};
pub use queue::QueueFull;
