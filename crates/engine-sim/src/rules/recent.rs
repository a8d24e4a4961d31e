//! The newest packets of a stream by their numbers.

use std::collections::VecDeque;

/// Numbers that are remembered.
const KEPT: u64 = 1_024;

pub(super) struct Recent<T> {
    /// The number of the first place.
    first: u64,
    places: VecDeque<Option<T>>,
}

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Recent {
            first: 0,
            places: VecDeque::new(),
        }
    }
}

impl<T> Recent<T> {
    fn end(&self) -> u64 {
        self.first + self.places.len() as u64
    }

    /// The nearest one below a number.
    pub fn before(&self, number: u64) -> Option<&T> {
        let count = number.min(self.end()).saturating_sub(self.first);
        self.places.range(..count as usize).rev().flatten().next()
    }

    /// The nearest one above a number.
    pub fn after(&self, number: u64) -> Option<&T> {
        let from = (number + 1).max(self.first).min(self.end()) - self.first;
        self.places.range(from as usize..).flatten().next()
    }

    /// All that are remembered.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.places.iter().flatten()
    }

    /// The newest one whose number ends in these 16 bits.
    pub fn newest(&self, low: u16) -> Option<&T> {
        let last = self.end().checked_sub(1)?;
        let number = last.checked_sub(u64::from((last as u16).wrapping_sub(low)))?;
        let place = number.checked_sub(self.first)?;
        self.places.get(place as usize)?.as_ref()
    }

    /// Notes what went out under a number; what is older than all that is remembered is not noted.
    pub fn insert(&mut self, number: u64, what: T) {
        if self.places.is_empty() || number >= self.end() + KEPT {
            self.places.clear();
            self.first = number;
        }
        let Some(place) = number.checked_sub(self.first) else {
            return;
        };
        while self.places.len() as u64 <= place {
            self.places.push_back(None);
        }
        if let Some(entry) = self.places.get_mut(place as usize) {
            *entry = Some(what);
        }
        while self.places.len() as u64 > KEPT {
            self.places.pop_front();
            self.first += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_found_over_holes() {
        let mut recent = Recent::default();
        for number in [70_000, 70_003, 70_001] {
            recent.insert(number, number);
        }
        assert_eq!(
            (recent.before(70_003), recent.after(70_001)),
            (Some(&70_001), Some(&70_003))
        );
        assert_eq!((recent.before(70_000), recent.after(70_003)), (None, None));
        assert_eq!(
            (recent.before(1 << 40), recent.after(0)),
            (Some(&70_003), Some(&70_000))
        );
        assert_eq!(
            (recent.newest(4_465), recent.newest(4_466)),
            (Some(&70_001), None)
        );
        recent.insert(70_003 + 2 * KEPT, 1);
        assert_eq!(recent.before(70_003 + 2 * KEPT), None);
        recent.insert(5, 5);
        assert_eq!(recent.after(0), Some(&1));
    }
}
