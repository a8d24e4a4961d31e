//! A packet that a publisher has put on its wire.

use crate::feed::{Kind, Packet};
use crate::payload::{self, Reading};
use crate::stream::Stream;
use crate::tag::Tag;
use std::rc::Rc;

pub struct Produced {
    pub tag: Tag,
    pub ssrc: u32,
    pub first_seq: u64,
    pub reading: Reading,
    pub descriptor: Option<Rc<[u8]>>,
}

impl Produced {
    pub fn of(stream: &Stream, packet: &Packet) -> Produced {
        let kind = stream.feed.plan.kind;
        let reading = match kind {
            Kind::Red => payload::read(kind.codec(), packet.newest()),
            _ => payload::read(kind.codec(), &packet.payload),
        };
        Produced {
            tag: packet.tag,
            ssrc: stream.ssrc,
            first_seq: stream.feed.first_seq,
            reading,
            descriptor: packet.descriptor.as_deref().map(Rc::from),
        }
    }
}
