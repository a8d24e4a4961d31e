//! What forwarding has to know of the frame that a packet belongs to: its layers, and which selections of layers need it.

/// Spatial layers of one stream that are told apart; higher ones count as the highest.
pub const SPATIAL_LAYERS: u8 = 4;
/// Temporal layers that are told apart; higher ones count as the highest.
pub const TEMPORAL_LAYERS: u8 = 4;
/// Frames that one frame may refer to; no codec has more.
pub const MAX_REFERENCES: usize = 8;

/// The layers of one stream that go out: those up to a spatial and a temporal one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Selection {
    /// Highest spatial layer, 0 the lowest.
    pub spatial: u8,
    /// Highest temporal layer, 0 the lowest.
    pub temporal: u8,
}

impl Selection {
    /// How many selections there are.
    pub const COUNT: usize = (SPATIAL_LAYERS * TEMPORAL_LAYERS) as usize;
    /// Everything that there is.
    pub const ALL: Selection = Selection {
        spatial: SPATIAL_LAYERS - 1,
        temporal: TEMPORAL_LAYERS - 1,
    };

    /// A selection up to these layers.
    pub fn new(spatial: u8, temporal: u8) -> Selection {
        Selection {
            spatial: spatial.min(SPATIAL_LAYERS - 1),
            temporal: temporal.min(TEMPORAL_LAYERS - 1),
        }
    }

    /// All selections, the lowest first.
    pub fn every() -> impl Iterator<Item = Selection> {
        (0..SPATIAL_LAYERS)
            .flat_map(|spatial| (0..TEMPORAL_LAYERS).map(move |t| Selection::new(spatial, t)))
    }

    /// Place in the order of [`Selection::every`].
    pub fn index(self) -> usize {
        usize::from(self.spatial * TEMPORAL_LAYERS + self.temporal)
    }
}

/// A set of selections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Selections(u16);

impl Selections {
    /// Those for which `holds`.
    pub fn of(holds: impl Fn(Selection) -> bool) -> Selections {
        let members = Selection::every().filter(|selection| holds(*selection));
        Selections(members.fold(0, |bits, member| bits | 1 << member.index()))
    }

    /// Whether a selection belongs to the set.
    pub fn has(self, selection: Selection) -> bool {
        self.0 >> selection.index() & 1 != 0
    }
}

/// The frame of a packet: one layer of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// Spatial layer.
    pub spatial: u8,
    /// Temporal layer.
    pub temporal: u8,
    /// The packet is the frame's first one.
    pub begins: bool,
    /// The packet is the frame's last one.
    pub ends: bool,
    /// It is known to refer to no earlier picture.
    pub anew: bool,
    /// Selections that need the frame.
    pub part_of: Selections,
    /// Selections of which its spatial layer is the highest: where it ends, their picture ends.
    pub top_of: Selections,
    /// Highest spatial layer that is made, as far as that was told.
    pub highest: u8,
    /// Selections of more temporal layers that can be decoded from this frame on.
    pub opens: Selections,
    /// For `opens` to hold, this temporal layer must have gone out before.
    pub opens_above: u8,
    /// The frame's own number, extended, where the stream numbers its frames.
    pub number: Option<u64>,
    /// Distances in those numbers to the frames that it refers to; 0 is none.
    pub references: [u16; MAX_REFERENCES],
}

impl Frame {
    /// A frame of these layers that all selections from there on need.
    pub fn of_layers(spatial: u8, temporal: u8) -> Frame {
        let own = Selection::new(spatial, temporal);
        Frame {
            spatial: own.spatial,
            temporal: own.temporal,
            begins: false,
            ends: false,
            anew: false,
            part_of: Selections::of(|selection| {
                selection.spatial >= own.spatial && selection.temporal >= own.temporal
            }),
            top_of: Selections::of(|selection| selection.spatial == own.spatial),
            highest: SPATIAL_LAYERS - 1,
            opens: Selections::default(),
            opens_above: 0,
            number: None,
            references: [0; MAX_REFERENCES],
        }
    }
}
