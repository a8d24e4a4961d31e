//! The only place with sockets, threads and a clock: drives an `Engine` on each of its threads, all on one UDP port.

mod departures;
mod desk;
mod handle;
#[cfg(target_os = "linux")]
mod linux;
mod media_thread;
mod portable;
mod queue;
mod ring;
mod socket;
#[cfg(target_os = "linux")]
mod steering;
mod stream_queue;
mod streams;
mod wake;

pub use handle::{EngineHandle, Options};
pub use queue::QueueFull;
pub use streams::{Arrived, StreamOutput, Streams};
