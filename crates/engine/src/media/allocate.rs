//! Which layer of each video a subscriber gets for the bits that its path carries.
//!
//! A function of its arguments alone: no clock, no chance. Voices are paid first, whatever the budget. Then everybody gets the
//! cheapest picture before anybody gets a better one; among equals screens come before cameras, and what brings the most per
//! bit comes first. Going down happens at once; going up is for the caller to allow, because only time shows that a path holds.

#[cfg(test)]
mod tests;

/// Spatial layers that are told apart.
pub const SPATIAL: usize = 4;
/// Temporal layers that are told apart.
pub const TEMPORAL: usize = 4;
/// Of the budget, one part in so many stays free when somebody gets more. Less free shows more; more free bears more noise in
/// the measured rates before somebody has to go down again.
const HEADROOM: u64 = 10;

/// Measured bit/s by spatial and temporal layer, each with the temporal layers it needs; 0 where nothing arrives.
pub type Bitrates = [[u32; TEMPORAL]; SPATIAL];

/// What one video is shown as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Choice {
    /// Nothing: the budget has no room even for the cheapest.
    Paused,
    /// Up to these layers, 0 the lowest.
    Layer {
        /// Rank among the track's spatial layers.
        spatial: u8,
        /// Highest temporal layer.
        temporal: u8,
    },
}

/// One video that a subscriber receives.
#[derive(Debug, Clone, Copy)]
pub struct Video {
    /// Higher ones get all they want before lower ones get more than the cheapest.
    pub priority: u8,
    /// A shared screen, whose sharpness counts more than its motion.
    pub screen: bool,
    /// What the source sends.
    pub bitrates: Bitrates,
    /// Pixels of each spatial layer, 0 where unknown.
    pub pixels: [u32; SPATIAL],
    /// Pixels it is shown with, 0 where unknown.
    pub shown: u32,
    /// Nothing above these layers is of use.
    pub most: (u8, u8),
    /// What it has now.
    pub current: Choice,
    /// It is new or is wanted otherwise than before, so it may go up without waiting.
    pub fresh: bool,
    /// It is not paused, whatever the budget.
    pub kept: bool,
}

/// How somebody may go up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rise {
    /// Not now.
    No,
    /// As far as the budget reaches, with some left free.
    Within,
    /// As before, or else one step of one video although the budget does not reach, to find out whether the path carries more.
    /// All together may cost this many bit/s then.
    Probe(u64),
}

/// What came of an allocation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outcome {
    /// bit/s of the voices and of the videos as chosen.
    pub rate: u64,
    /// bit/s of the voices and of the videos as they are wanted.
    pub wanted: u64,
    /// Somebody has less than it wants.
    pub short: bool,
    /// The step beyond the budget was taken.
    pub probed: bool,
}

/// Decides, and keeps its working memory.
#[derive(Debug, Default)]
pub struct Allocator {
    ladders: Vec<Ladder>,
    steps: Vec<Step>,
    levels: Vec<usize>,
}

/// The choices of one video that make sense: each costs more and shows more than the one before.
#[derive(Debug, Clone, Copy, Default)]
struct Ladder {
    rungs: [Rung; SPATIAL * TEMPORAL],
    len: usize,
}

#[derive(Debug, Clone, Copy, Default)]
struct Rung {
    spatial: u8,
    temporal: u8,
    rate: u64,
    worth: u64,
}

/// From one rung to the next.
#[derive(Debug, Clone, Copy)]
struct Step {
    video: usize,
    /// 1 is the first rung; 0 stands for paused.
    level: usize,
    /// bit/s more than the level before.
    rate: u64,
    order: Order,
}

/// Steps are taken from the lowest order on. The fields count in this sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Order {
    /// 0: the cheapest picture of a video.
    round: u8,
    /// Reversed, so that more important ones come first.
    rank: u16,
    /// Reversed worth per bit; in the first round the rate, so that as many as can be are seen.
    price: u64,
    video: usize,
    level: usize,
}

impl Allocator {
    /// Chooses for all videos of one subscriber; `out` holds one choice for each afterwards. `voice` and `budget` are in bit/s.
    ///
    /// Without `rise` nobody but the fresh gets more than it has. A video whose rates are not known yet is taken to cost nothing:
    /// it keeps what it has, or gets the most that is wanted.
    pub fn allocate(
        &mut self,
        voice: u64,
        videos: &[Video],
        budget: u64,
        rise: Rise,
        out: &mut Vec<Choice>,
    ) -> Outcome {
        self.prepare(videos);
        let room = budget.saturating_sub(voice);
        let mut outcome = Outcome::default();
        let over = self.cost() > room;
        if over || videos.iter().any(|video| video.fresh) {
            self.begin_anew(videos, room);
        } else if rise != Rise::No {
            let kept = room.saturating_sub(room / HEADROOM);
            let raised = self.raise(kept, usize::MAX);
            if let (Rise::Probe(reach), false) = (rise, raised) {
                outcome.probed = self.raise(reach.saturating_sub(voice), 1);
            }
        }
        outcome.rate = voice + self.cost();
        let wanted = self.ladders.iter().map(|ladder| ladder.rate(ladder.len));
        outcome.wanted = voice + wanted.sum::<u64>();
        outcome.short = self
            .levels
            .iter()
            .zip(&self.ladders)
            .any(|(l, ladder)| *l < ladder.len);
        out.clear();
        let chosen = videos.iter().zip(&self.ladders).zip(&self.levels);
        out.extend(chosen.map(|((video, ladder), level)| ladder.choice(*level, video)));
        outcome
    }

    fn prepare(&mut self, videos: &[Video]) {
        self.ladders.clear();
        self.ladders.extend(videos.iter().map(Ladder::new));
        self.levels.clear();
        let levels = videos.iter().zip(&self.ladders);
        self.levels.extend(
            levels.map(|(video, ladder)| ladder.level(video.current).max(ladder.floor(video))),
        );
        self.steps.clear();
        for (index, (video, ladder)) in videos.iter().zip(&self.ladders).enumerate() {
            let rank = u16::MAX - (u16::from(video.priority) << 1 | u16::from(video.screen));
            let (mut rate, mut worth, mut price) = (0, 0, 0);
            for (below, rung) in ladder.rungs().iter().enumerate() {
                let more = rung.rate - rate;
                // A step may not come before the one it stands on.
                price = if below == 0 {
                    more
                } else {
                    (more << 20).div_ceil(rung.worth - worth).max(price)
                };
                let (level, round) = (below + 1, u8::from(below > 0));
                let order = Order {
                    round,
                    rank,
                    price,
                    video: index,
                    level,
                };
                self.steps.push(Step {
                    video: index,
                    level,
                    rate: more,
                    order,
                });
                (rate, worth) = (rung.rate, rung.worth);
                if below == 0 {
                    price = 0;
                }
            }
        }
        self.steps.sort_unstable_by_key(|step| step.order);
    }

    /// bit/s of the videos as they are.
    fn cost(&self) -> u64 {
        let each = self.ladders.iter().zip(&self.levels);
        each.map(|(ladder, level)| ladder.rate(*level)).sum()
    }

    /// Everything is given out from the beginning; who is not fresh gets no more than it had.
    fn begin_anew(&mut self, videos: &[Video], room: u64) {
        for ((video, ladder), level) in videos.iter().zip(&mut self.ladders).zip(&mut self.levels) {
            if !video.fresh {
                ladder.len = *level;
            }
            *level = ladder.floor(video);
        }
        self.raise(room, usize::MAX);
        self.ladders.clear();
        self.ladders.extend(videos.iter().map(Ladder::new));
    }

    /// Takes steps in their order, at most so many, as long as they fit. Where one does not, its round ends for its
    /// rank: going on to cheaper ones would make more budget show less. True: one was taken.
    fn raise(&mut self, room: u64, most: usize) -> bool {
        let mut cost = self.cost();
        let mut taken = 0;
        let mut full = None;
        for step in &self.steps {
            let (Some(level), Some(ladder)) = (
                self.levels.get_mut(step.video),
                self.ladders.get(step.video),
            ) else {
                continue;
            };
            let class = (step.order.round, step.order.rank);
            if step.level != *level + 1 || step.level > ladder.len || full == Some(class) {
                continue;
            }
            if taken == most {
                break;
            }
            if cost.saturating_add(step.rate) > room {
                full = Some(class);
                continue;
            }
            cost += step.rate;
            *level = step.level;
            taken += 1;
        }
        taken > 0
    }
}

impl Ladder {
    fn new(video: &Video) -> Ladder {
        let mut ladder = Ladder::default();
        let (most_spatial, most_temporal) = video.most;
        let layers = video
            .bitrates
            .iter()
            .zip(video.pixels)
            .zip(0..=most_spatial);
        for ((rates, pixels), spatial) in layers {
            let top = rates.iter().rposition(|rate| *rate > 0).unwrap_or_default();
            for ((rate, below_top), temporal) in
                rates.iter().zip((0..=top).rev()).zip(0..=most_temporal)
            {
                ladder.add(Rung {
                    spatial,
                    temporal,
                    rate: u64::from(*rate),
                    worth: worth(video, spatial, pixels, below_top),
                });
            }
        }
        ladder
    }

    /// What costs as much as a better one makes way for it; what shows no more for more is left out.
    fn add(&mut self, rung: Rung) {
        if rung.rate == 0 {
            return;
        }
        while let Some(last) = self.rungs().last() {
            if last.worth >= rung.worth {
                return;
            }
            if last.rate < rung.rate {
                break;
            }
            self.len -= 1;
        }
        if let Some(place) = self.rungs.get_mut(self.len) {
            *place = rung;
            self.len += 1;
        }
    }

    fn rungs(&self) -> &[Rung] {
        self.rungs.get(..self.len).unwrap_or_default()
    }

    fn rate(&self, level: usize) -> u64 {
        let rung = level.checked_sub(1).and_then(|below| self.rungs.get(below));
        rung.map_or(0, |rung| rung.rate)
    }

    /// The level below which a video does not go.
    fn floor(&self, video: &Video) -> usize {
        self.len.min(usize::from(video.kept))
    }

    /// The highest level that is not above a choice.
    fn level(&self, choice: Choice) -> usize {
        let Choice::Layer { spatial, temporal } = choice else {
            return 0;
        };
        let within = |rung: &Rung| (rung.spatial, rung.temporal) <= (spatial, temporal);
        self.rungs()
            .iter()
            .rposition(within)
            .map_or(0, |below| below + 1)
            .max(self.len.min(1))
    }

    fn choice(&self, level: usize, video: &Video) -> Choice {
        if self.len == 0 {
            let (spatial, temporal) = video.most;
            return match video.current {
                Choice::Layer {
                    spatial: s,
                    temporal: t,
                } => Choice::Layer {
                    spatial: s.min(spatial),
                    temporal: t.min(temporal),
                },
                Choice::Paused => Choice::Layer { spatial, temporal },
            };
        }
        let rung = level.checked_sub(1).and_then(|below| self.rungs.get(below));
        rung.map_or(Choice::Paused, |rung| Choice::Layer {
            spatial: rung.spatial,
            temporal: rung.temporal,
        })
    }
}

/// How much a layer shows: the length of a picture's side, less where frames are missing. A picture smaller than the source
/// shows no more of it than it has room for.
fn worth(video: &Video, spatial: u8, pixels: u32, below_top: usize) -> u64 {
    const MOTION: [u64; TEMPORAL] = [100, 75, 45, 25];
    const STILL: [u64; TEMPORAL] = [100, 90, 80, 70];
    let usual = 57_600u32 << (2 * u32::from(spatial));
    let pixels = if pixels == 0 { usual } else { pixels };
    let seen = if video.shown == 0 {
        pixels
    } else {
        pixels.min(video.shown)
    };
    let rates = if video.screen { STILL } else { MOTION };
    // A little for what the page scales down, so that a better layer never counts for nothing.
    let side = u64::from(seen).isqrt() * 16 + u64::from(pixels).isqrt();
    side * rates.get(below_top).copied().unwrap_or_default()
}

/// The lowest spatial layer that is at least as large as wanted; the highest where none is or nothing in particular is wanted.
/// Sizes are (width, height) in pixels, lowest layer first, (0, 0) where unknown. It does not matter how a picture is turned.
pub fn spatial_for(wanted: (u32, u32), sizes: &[(u32, u32)]) -> u8 {
    let sides = |(width, height): (u32, u32)| (width.max(height), width.min(height));
    let last = SPATIAL as u8 - 1;
    let (long, short) = sides(wanted);
    if long == 0 || sizes.iter().any(|size| sides(*size).0 == 0) {
        return last;
    }
    let is_enough = |size: &(u32, u32)| sides(*size).0 >= long && sides(*size).1 >= short;
    let fits = sizes.iter().position(is_enough);
    fits.map_or(last, |rank| (rank as u8).min(last))
}

/// The lowest temporal layer that is at least as fast as wanted, where the highest has `fps` and each below half of it; the
/// highest where nothing in particular is wanted. `layers` is their count.
pub fn temporal_for(wanted: u32, fps: u32, layers: u8) -> u8 {
    let last = TEMPORAL as u8 - 1;
    if wanted == 0 {
        return last;
    }
    let top = layers.saturating_sub(1).min(last);
    let enough = |temporal: &u8| fps >> (top - temporal) >= wanted;
    (0..top).find(enough).unwrap_or(last)
}
