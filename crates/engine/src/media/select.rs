//! Which layer of a track a subscriber is to see.

/// How much of a track's quality a subscriber is to get.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Aim {
    /// All that arrives.
    #[default]
    Best,
    /// A layer of the track, and no more than that even when more arrives.
    Layer {
        /// Place in the track's list of layers, 0 the lowest quality; for a stream with layers inside, its spatial layer.
        spatial: u8,
        /// The highest temporal layer, 0 the lowest frame rate.
        temporal: u8,
    },
    /// Nothing.
    Paused,
}

/// Of ranked candidates the one at `rank`; else the best one below it; else the lowest one above it.
pub fn nearest<T>(rank: u8, candidates: impl Iterator<Item = (T, u8)>) -> Option<T> {
    let key = |at: u8| match at.checked_sub(rank) {
        // At or below: nothing missing above, then the least distance.
        None | Some(0) => (0, rank - at),
        Some(above) => (1, above),
    };
    candidates.min_by_key(|(_, at)| key(*at)).map(|(id, _)| id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_the_nearest_layer_from_below_first() {
        let nearest = |rank, ranks: &[u8]| nearest(rank, ranks.iter().map(|rank| (*rank, *rank)));
        let cases: [(u8, &[u8], Option<u8>); 7] = [
            (1, &[0, 1, 2], Some(1)),
            (1, &[0, 2], Some(0)),
            (0, &[1, 2], Some(1)),
            (0, &[2], Some(2)),
            (2, &[0, 1], Some(1)),
            (u8::MAX, &[0, 1, 2], Some(2)),
            (1, &[], None),
        ];
        for (rank, ranks, expected) in cases {
            assert_eq!(nearest(rank, ranks), expected, "{rank} of {ranks:?}");
        }
    }
}
