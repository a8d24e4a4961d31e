//! The dependency descriptor (AV1 RTP specification, appendix A): a header extension that tells of every frame which layers it belongs
//! to, which selections of layers need it and which frames it refers to, for any codec and for encrypted payloads too.
//!
//! Most packets name a template only. The templates come with key frames, so reading needs the state of the stream: one [`Reader`] for an SSRC.
//! A frame is judged by what was so at its place in the stream, however late it comes. What comes late itself (the start of a key frame that
//! was lost) changes nothing of how the frames between were judged: a picture that has gone out in part is not told anew.

mod bits;
mod structure;
mod targets;

pub use targets::{Active, ActivePlace, Targets, rewrite};

use super::bytes::be16;
use super::frame::{Frame, Selection, Selections};
use super::rtp;
use bits::Bits;
use std::collections::VecDeque;
use std::sync::Arc;
use structure::{Structure, Template};

/// Decode target indications: the frame is not needed; decoding may begin with it.
const NOT_PRESENT: u64 = 0;
const SWITCH: u64 = 2;

/// Changes that are remembered, for frames that come late. Few publishers change something more than once a second.
const MAX_CHANGES: usize = 8;

/// What a packet's descriptor says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reading {
    /// The packet's frame; `None` when its template has not come (yet).
    pub frame: Option<Frame>,
    /// First packet of a coded video sequence, that is of a key frame: it brings the templates.
    pub starts_sequence: bool,
    /// It tells too late what was already so for frames that have been read: nobody can begin with it.
    pub overtaken: bool,
    /// The decode targets from here on, with the first packet of which that is known and wherever they are told.
    pub targets: Option<Arc<Targets>>,
    /// Where it tells the active ones, or would.
    pub active: Option<ActivePlace>,
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
    /// The oldest first; each holds until the next.
    states: VecDeque<State>,
    highest: Option<u64>,
    /// From where on the state holds whose targets were last passed on.
    passed: Option<u64>,
}

/// What holds from a frame on: what its key frame brought, and what is made of that.
#[derive(Debug, Clone)]
struct State {
    /// Number of the first frame.
    from: u64,
    structure: Arc<Structure>,
    /// Decode targets that the publisher makes, the first one lowest.
    active: u32,
    /// Which decode target stands for each selection.
    chosen: [u8; Selection::COUNT],
    targets: Arc<Targets>,
}

impl State {
    fn new(from: u64, structure: Arc<Structure>, active: u32) -> State {
        let chosen = structure.select(active);
        State {
            from,
            chosen,
            targets: Arc::new(Targets::new(&structure, active, &chosen)),
            structure,
            active,
        }
    }

    fn frame(&self, head: &Head, number: u64, template: &Template) -> Frame {
        let of = |holds: &dyn Fn(u8) -> bool| {
            Selections::of(|selection| {
                let target = self.chosen.get(selection.index());
                target.is_some_and(|target| holds(*target))
            })
        };
        Frame {
            begins: head.begins,
            ends: head.ends,
            part_of: of(&|target| template.indication(target) != NOT_PRESENT),
            top_of: of(&|target| self.structure.highest_spatial(target) == template.spatial),
            opens: of(&|target| template.indication(target) == SWITCH),
            number: Some(number),
            references: template.references,
            ..Frame::of_layers(template.spatial, template.temporal)
        }
    }
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
            Some(Arc::new(Structure::read(&mut bits)?))
        } else {
            None
        };
        let held = self.at(number);
        let known = held.map(|state| &state.structure);
        let found = brought.as_ref().or(known);
        let Some((structure, template)) = found.and_then(|s| Some((s, s.template(head.template)?)))
        else {
            return Some(Reading::default());
        };
        let place = ActivePlace {
            at: bits.at() as u16,
            count: structure.target_count() as u8,
        };
        let told = if head.tells_active {
            Some(bits.take(structure.target_count())?)
        } else {
            let all = u32::MAX >> (u32::BITS - structure.target_count());
            brought.as_ref().map(|_| all)
        };
        let template = head.customize(&mut bits, structure, template)?;
        let same = |active: u32| {
            held.is_some_and(|held| held.active == active && held.structure == *structure)
        };
        let news = told.filter(|active| !same(*active));
        let news = news.map(|active| State::new(number, structure.clone(), active));
        // Frames of the old structure are named otherwise than those of the new one.
        let own = news.as_ref().filter(|own| {
            let known = known.is_some_and(|known| *known == own.structure);
            !known || self.highest.is_none_or(|highest| number >= highest)
        });
        let frame = own.or(held)?.frame(&head, number, &template);
        let overtaken = news.is_some() && self.highest.is_some_and(|highest| number < highest);
        self.follow(news, number);
        self.highest = self.highest.max(Some(number));
        Some(Reading {
            frame: Some(frame),
            starts_sequence: brought.is_some() && head.begins,
            overtaken,
            targets: self.pass(number, told.is_some()),
            active: Some(place),
        })
    }

    /// The targets from a frame on, unless they were told before and are not told by it, or newer ones are known.
    fn pass(&mut self, number: u64, told: bool) -> Option<Arc<Targets>> {
        let newest = self.states.back().filter(|state| state.from <= number)?;
        let known = self.passed.replace(newest.from) == Some(newest.from);
        (told || !known).then(|| newest.targets.clone())
    }

    /// What holds for a frame.
    fn at(&self, number: u64) -> Option<&State> {
        let mut newest = self.states.iter().rev();
        newest.find(|state| state.from <= number)
    }

    /// Takes over what a frame says, for those that have not been read yet and unless something newer is known.
    fn follow(&mut self, news: Option<State>, number: u64) {
        let newest = self.states.back();
        let Some(mut state) = news.filter(|_| newest.is_none_or(|s| s.from <= number)) else {
            return;
        };
        if let Some(highest) = self.highest.filter(|highest| *highest > number) {
            state.from = highest + 1;
        }
        if newest.is_some_and(|newest| newest.from == state.from) {
            self.states.pop_back();
        }
        if self.states.len() == MAX_CHANGES {
            self.states.pop_front();
        }
        self.states.push_back(state);
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
