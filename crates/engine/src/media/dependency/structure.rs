//! The template dependency structure (AV1 RTP specification, appendix A.8.3): what frames of the coded video sequence can look like.

use super::bits::Bits;
use crate::media::frame::{MAX_REFERENCES, SPATIAL_LAYERS, Selection, TEMPORAL_LAYERS};

const MAX_TEMPLATES: usize = 64;

/// One kind of frame; a frame itself is one of them with what is different about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Template {
    pub spatial: u8,
    pub temporal: u8,
    /// Two bits for each decode target, the first target lowest: not present, discardable, switch, required.
    pub indications: u64,
    pub references: [u16; MAX_REFERENCES],
}

impl Template {
    /// How the frame stands to a decode target.
    pub fn indication(&self, target: u8) -> u64 {
        self.indications >> (2 * target) & 3
    }

    pub fn read_indications(&mut self, bits: &mut Bits, targets: u32) -> Option<()> {
        self.indications = 0;
        for target in 0..targets {
            self.indications |= u64::from(bits.take(2)?) << (2 * target);
        }
        Some(())
    }

    /// Notes the next frame that is referred to. `None` when there are more than any codec has.
    pub fn add_reference(&mut self, distance: u32) -> Option<()> {
        *self.references.iter_mut().find(|known| **known == 0)? = distance as u16;
        Some(())
    }
}

/// All that a key frame says of the frames to come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Structure {
    /// Templates are named by numbers that begin here.
    offset: u8,
    templates: Vec<Template>,
    /// Highest spatial and temporal layer of each decode target.
    targets: Vec<(u8, u8)>,
    pub chains: u32,
}

impl Structure {
    pub fn read(bits: &mut Bits) -> Option<Structure> {
        let offset = bits.take(6)? as u8;
        let targets = bits.take(5)? + 1;
        let mut templates = read_layers(bits)?;
        for template in &mut templates {
            template.read_indications(bits, targets)?;
        }
        for template in &mut templates {
            while bits.flag()? {
                template.add_reference(bits.take(4)? + 1)?;
            }
        }
        let chains = skip_chains(bits, targets, templates.len())?;
        if bits.flag()? {
            let spatial = templates.iter().map(|template| template.spatial).max()?;
            for _ in 0..=spatial {
                bits.take(32)?;
            }
        }
        let targets = (0..targets as u8).map(|target| layers_of(&templates, target));
        Some(Structure {
            offset,
            targets: targets.collect(),
            templates,
            chains,
        })
    }

    /// The template of a number as descriptors name it.
    pub fn template(&self, id: u8) -> Option<&Template> {
        let index = id.wrapping_sub(self.offset) % MAX_TEMPLATES as u8;
        self.templates.get(usize::from(index))
    }

    pub fn target_count(&self) -> u32 {
        self.targets.len() as u32
    }

    /// The decode targets, as bits, all of whose frames belong to one target.
    pub fn within(&self, target: u8) -> u32 {
        let left_out = |template: &&Template| template.indication(target) == 0;
        let needs = |template: &Template, other: u8| template.indication(other) != 0;
        (0..self.targets.len() as u8).fold(0, |within, other| {
            let mut missing = self.templates.iter().filter(left_out);
            let whole = !missing.any(|template| needs(template, other));
            within | u32::from(whole) << other
        })
    }

    /// Highest spatial layer of a decode target.
    pub fn highest_spatial(&self, target: u8) -> u8 {
        let layers = self.targets.get(usize::from(target));
        layers.map_or(0, |(spatial, _)| *spatial)
    }

    /// The decode target for each selection: the highest of the active ones that it allows, else the lowest of them.
    pub fn select(&self, active: u32) -> [u8; Selection::COUNT] {
        let numbered = (0u8..).zip(&self.targets);
        let active: Vec<(u8, (u8, u8))> = numbered
            .map(|(target, layers)| (target, *layers))
            .filter(|(target, _)| active >> target & 1 != 0)
            .collect();
        let mut selected = [0; Selection::COUNT];
        for (place, selection) in selected.iter_mut().zip(Selection::every()) {
            let allowed = active.iter().filter(|(_, (spatial, temporal))| {
                (*spatial).min(SPATIAL_LAYERS - 1) <= selection.spatial
                    && (*temporal).min(TEMPORAL_LAYERS - 1) <= selection.temporal
            });
            let best = allowed.max_by_key(|(_, layers)| *layers);
            let best = best.or_else(|| active.iter().min_by_key(|(_, layers)| *layers));
            *place = best.map_or(0, |(target, _)| *target);
        }
        selected
    }
}

/// The templates with their layers, which never go down.
fn read_layers(bits: &mut Bits) -> Option<Vec<Template>> {
    let mut templates = vec![Template::default()];
    let mut last = Template::default();
    loop {
        match bits.take(2)? {
            0 => {}
            1 => last.temporal += 1,
            2 => (last.spatial, last.temporal) = (last.spatial + 1, 0),
            _ => return Some(templates),
        }
        if templates.len() == MAX_TEMPLATES {
            return None;
        }
        templates.push(last);
    }
}

/// Chains tell what a lost frame spoils. We answer losses from the publisher, so only their number counts. Returns it.
fn skip_chains(bits: &mut Bits, targets: u32, templates: usize) -> Option<u32> {
    let chains = bits.below(targets + 1)?;
    if chains > 0 {
        for _ in 0..targets {
            bits.below(chains)?;
        }
        for _ in 0..templates * chains as usize {
            bits.take(4)?;
        }
    }
    Some(chains)
}

fn layers_of(templates: &[Template], target: u8) -> (u8, u8) {
    let present = || templates.iter().filter(|t| t.indication(target) != 0);
    let spatial = present().map(|template| template.spatial).max();
    let temporal = present().map(|template| template.temporal).max();
    (spatial.unwrap_or(0), temporal.unwrap_or(0))
}
