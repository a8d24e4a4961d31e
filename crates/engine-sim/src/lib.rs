//! Whole calls against the engine on a virtual clock: seeded wires, real clients, and invariants on every packet that leaves.

pub mod arrival;
pub mod client;
pub mod crowd;
pub mod description;
pub mod feed;
pub mod machine;
pub mod memory;
pub mod observer;
pub mod payload;
pub mod produced;
pub mod random;
pub mod reception;
pub mod rules;
pub mod scenario;
pub mod stream;
pub mod tag;
pub mod truth;
pub mod wire;
pub mod world;
