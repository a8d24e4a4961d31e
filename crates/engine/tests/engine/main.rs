//! Whole calls against the engine. One binary, since linking is what costs.

mod allocations;
mod data;
mod exchange;
mod hostile;
mod ingress;
mod layers;
mod life;
mod media;
mod negotiation;
mod repair;
mod shards;
mod single;
mod slices;
mod slow;
mod sockets;
mod streams;
mod trains;
mod world;
