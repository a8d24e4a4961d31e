//! The dependency descriptor (AV1 RTP specification, appendix A): a header extension that tells of every frame which layers it belongs
//! to, which selections of layers need it and which frames it refers to, for any codec and for encrypted payloads too.
//!
//! Most packets name a template only. The templates come with key frames, so reading needs the state of the stream: one [`Reader`] for an SSRC.

mod bits;
mod structure;

use super::bytes::be16;
use super::frame::{Frame, Selection, Selections};
use super::rtp;
use bits::Bits;
use structure::{Structure, Template};

/// Decode target indications: the frame is not needed; decoding may begin with it.
const NOT_PRESENT: u64 = 0;
const SWITCH: u64 = 2;

/// What a packet's descriptor says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// The packet's frame; `None` when its template has not come (yet).
    pub frame: Option<Frame>,
    /// First packet of a coded video sequence, that is of a key frame: it brings the templates.
    pub starts_sequence: bool,
}

/// The frame number of a descriptor.
pub fn frame_number(descriptor: &[u8]) -> Option<u16> {
    be16(descriptor, 1)
}

/// Writes another frame number into a descriptor.
pub fn set_frame_number(descriptor: &mut [u8], number: u16) {
    if let Some(place) = descriptor.get_mut(1..3) {
        place.copy_from_slice(&number.to_be_bytes());
    }
}

/// Reads the descriptors of one SSRC, in the order of their arrival.
#[derive(Debug, Default)]
pub struct Reader {
    sequence: Option<Sequence>,
    highest: Option<u64>,
}

/// A coded video sequence: what its key frame brought and what has changed since.
#[derive(Debug)]
struct Sequence {
    structure: Structure,
    /// Number of its first frame.
    first: u64,
    /// Decode targets that the publisher makes, the first one lowest, and the frame that said so.
    active: (u32, u64),
    /// Which decode target stands for each selection.
    targets: [u8; Selection::COUNT],
}

impl Reader {
    /// Reads one descriptor. `None` when it is malformed; nothing has changed then.
    pub fn read(&mut self, descriptor: &[u8]) -> Option<Reading> {
        let mut bits = Bits::new(descriptor);
        let head = Head::read(&mut bits, descriptor.len() > 3)?;
        let number = match self.highest {
            // Leaves room below for frames that come late.
            None => 1 << 16 | u64::from(head.number),
            highest => rtp::extend(highest, head.number),
        };
        let brought = if head.brings_structure {
            Some(Structure::read(&mut bits)?)
        } else {
            None
        };
        let known = self.sequence.as_ref().map(|sequence| &sequence.structure);
        let found = brought.as_ref().or(known);
        let Some((structure, template)) = found.and_then(|s| Some((s, s.template(head.template)?)))
        else {
            return Some(Reading {
                frame: None,
                starts_sequence: false,
            });
        };
        let active = if head.tells_active {
            Some(bits.take(structure.target_count())?)
        } else {
            brought.as_ref().map(|_| u32::MAX)
        };
        let template = head.customize(&mut bits, structure, template)?;
        self.highest = self.highest.max(Some(number));
        let starts_sequence = brought.is_some() && head.begins;
        self.follow(number, brought, active);
        Some(Reading {
            frame: self.frame(&head, number, &template),
            starts_sequence,
        })
    }

    /// Takes over what a packet says of the sequence, unless something newer is known.
    fn follow(&mut self, number: u64, brought: Option<Structure>, active: Option<u32>) {
        // The same again, sent twice, takes nothing back of what has changed since.
        let newest = self.sequence.as_ref().is_none_or(|s| s.first < number);
        if let Some(structure) = brought.filter(|_| newest) {
            let active = active.unwrap_or(u32::MAX);
            self.sequence = Some(Sequence {
                targets: structure.select(active),
                structure,
                first: number,
                active: (active, number),
            });
        } else if let (Some(sequence), Some(active)) = (self.sequence.as_mut(), active)
            && sequence.active.1 <= number
            && sequence.active.0 != active
        {
            sequence.active = (active, number);
            sequence.targets = sequence.structure.select(active);
        }
    }

    fn frame(&self, head: &Head, number: u64, template: &Template) -> Option<Frame> {
        let sequence = self.sequence.as_ref()?;
        if head.brings_structure && sequence.first != number {
            // Late: of a sequence that is over.
            return None;
        }
        let targets = &sequence.targets;
        let stands = |selection: Selection, wanted: fn(u64) -> bool| {
            let target = targets.get(selection.index());
            target.is_some_and(|target| wanted(template.indication(*target)))
        };
        Some(Frame {
            begins: head.begins,
            ends: head.ends,
            part_of: Selections::of(|s| stands(s, |indication| indication != NOT_PRESENT)),
            opens: Selections::of(|s| stands(s, |indication| indication == SWITCH)),
            number: Some(number),
            references: template.references,
            ..Frame::of_layers(template.spatial, template.temporal)
        })
    }
}

/// The mandatory fields and the flags of the extended ones.
struct Head {
    begins: bool,
    ends: bool,
    template: u8,
    number: u16,
    brings_structure: bool,
    tells_active: bool,
    custom_indications: bool,
    custom_references: bool,
    custom_chains: bool,
}

impl Head {
    fn read(bits: &mut Bits, extended: bool) -> Option<Head> {
        let (begins, ends) = (bits.flag()?, bits.flag()?);
        let (template, number) = (bits.take(6)? as u8, bits.take(16)? as u16);
        let mut flag = || {
            if extended { bits.flag() } else { Some(false) }
        };
        Some(Head {
            begins,
            ends,
            template,
            number,
            brings_structure: flag()?,
            tells_active: flag()?,
            custom_indications: flag()?,
            custom_references: flag()?,
            custom_chains: flag()?,
        })
    }

    /// The template with what this frame has of its own.
    fn customize(
        &self,
        bits: &mut Bits,
        structure: &Structure,
        template: &Template,
    ) -> Option<Template> {
        let mut own = *template;
        if self.custom_indications {
            own.read_indications(bits, structure.target_count())?;
        }
        if self.custom_references {
            own.references = Default::default();
            loop {
                let size = bits.take(2)?;
                if size == 0 {
                    break;
                }
                own.add_reference(bits.take(4 * size)? + 1)?;
            }
        }
        if self.custom_chains {
            for _ in 0..structure.chains {
                bits.take(8)?;
            }
        }
        Some(own)
    }
}

#[cfg(test)]
mod recorded_tests;
#[cfg(test)]
mod tests;
