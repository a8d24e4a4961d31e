//! How much of a published video anybody wants: the publisher need not send more.
//!
//! Each shard knows the wishes of its own subscribers; the one where the track lives hears of the others' by post.

use crate::command::LayerSize;
use crate::engine::Engine;
use crate::event::{Event, MediaKind};
use crate::media::allocate::{SPATIAL, spatial_for};
use crate::shard::{Post, ShardId};
use crate::tracks::{Home, Track, TrackKey};
use std::time::{Duration, Instant};

/// A layer that nobody wants any more is kept for this long: who looks away often looks back, and starting it again costs a
/// key frame.
const UNWANTED_TIME: Duration = Duration::from_secs(5);
/// The same for a new track, whose subscribers first have to come and say what they want.
const FIRST_UNWANTED_TIME: Duration = Duration::from_secs(10);
/// Tracks are compared with their subscribers' wishes this often; who wants more does not wait for it.
const INTERVAL: Duration = Duration::from_secs(1);

/// What is known of a video beside its packets, and how much of it is wanted.
#[derive(Default)]
pub struct Picture {
    pub view: View,
    /// Wishes have changed since it was looked at.
    pub stirred: bool,
    /// The highest layer that the publisher, or the shard of the track, was told is wanted. `None`: nothing was said, all are.
    told: Option<u8>,
    /// Since when less is wanted than was told.
    unwanted_since: Option<Instant>,
    /// The highest layer that each other shard wants.
    remote: Vec<(ShardId, u8)>,
}

/// What a video shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct View {
    /// A shared screen.
    pub screen: bool,
    /// Width and height of the layers in pixels, lowest first; (0, 0) where unknown.
    pub sizes: Vec<(u32, u32)>,
}

impl View {
    pub fn new(screen: bool, layers: &[LayerSize]) -> View {
        let layers = layers.iter().take(SPATIAL);
        View {
            screen,
            sizes: layers.map(|layer| (layer.width, layer.height)).collect(),
        }
    }
}

impl Engine {
    pub(crate) fn describe(&mut self, now: Instant, track: &str, view: View) {
        if let Some(key) = self.tracks.key(track) {
            self.view(now, key, view);
            self.export_state(key);
        }
    }

    /// Takes over what a track shows; its subscribers' wishes may mean another layer now.
    pub(crate) fn view(&mut self, now: Instant, key: TrackKey, view: View) {
        let Some(track) = self.tracks.get_mut(key).filter(|t| t.picture.view != view) else {
            return;
        };
        track.picture.view = view;
        track.picture.stirred = true;
        for subscriber in track.source.subscribers.clone() {
            if let Some(sender) = self.senders.get_mut(subscriber.sender) {
                sender.share.fresh = true;
                self.allocate(now, subscriber.transport);
            }
        }
    }

    /// Compares tracks with the wishes of their subscribers, at once where these have changed.
    pub(crate) fn tell_wanted_layers(&mut self, now: Instant) {
        let all = now >= self.next_wishes;
        if all {
            self.next_wishes = now + INTERVAL;
        }
        let videos = self.tracks.iter().filter(|(_, track)| {
            track.kind == Some(MediaKind::Video) && (all || track.picture.stirred)
        });
        let keys: Vec<TrackKey> = videos.map(|(key, _)| key).collect();
        for key in keys {
            self.compare(now, key);
        }
    }

    fn compare(&mut self, now: Instant, key: TrackKey) {
        let Some(here) = self.tracks.get(key).map(|track| self.wanted_here(track)) else {
            return;
        };
        let Some(track) = self.tracks.get_mut(key) else {
            return;
        };
        let (picture, home) = (&mut track.picture, track.home);
        picture.stirred = false;
        let remote = picture.remote.iter().map(|(_, spatial)| *spatial);
        let wanted = remote.fold(here, u8::max);
        let Home::Shard(shard, key) = home else {
            if picture.tell(now, wanted) {
                let track = track.id.clone();
                self.emit(Event::WantedLayers {
                    track,
                    spatial: wanted,
                });
            }
            return;
        };
        // The shard of the track waits before it believes that less is enough, so this one need not.
        if picture.told.replace(wanted) != Some(wanted) {
            let spatial = wanted;
            self.posts.push(shard, Post::Wanted { key, spatial });
        }
    }

    /// The highest layer that a subscriber of this shard wants. The lowest is always wanted, so that whoever comes has a picture.
    fn wanted_here(&self, track: &Track) -> u8 {
        let senders = track.source.subscribers.iter();
        let senders = senders.filter_map(|subscriber| self.senders.get(subscriber.sender));
        let wishes = senders.filter(|sender| sender.enabled).map(|sender| {
            let sizes = &track.picture.view.sizes;
            spatial_for(sender.share.wish.size, sizes)
        });
        wishes.max().unwrap_or_default()
    }

    /// Another shard says what its subscribers want of a track of ours.
    pub(crate) fn want_remotely(&mut self, key: TrackKey, from: ShardId, spatial: u8) {
        if let Some(track) = self.tracks.get_mut(key) {
            let picture = &mut track.picture;
            picture.remote.retain(|(shard, _)| *shard != from);
            picture.remote.push((from, spatial));
            picture.stirred = true;
        }
    }
}

impl Picture {
    pub fn new(view: View) -> Picture {
        Picture {
            view,
            ..Picture::default()
        }
    }

    /// A shard has the track no longer.
    pub fn forget_shard(&mut self, shard: ShardId) {
        self.remote.retain(|(other, _)| *other != shard);
    }

    /// Whether this is to be told now: more at once, less after a while.
    fn tell(&mut self, now: Instant, wanted: u8) -> bool {
        let told = self.told.unwrap_or(SPATIAL as u8 - 1);
        if wanted == told {
            self.unwanted_since = None;
            return false;
        }
        if wanted < told {
            let patience = match self.told {
                Some(_) => UNWANTED_TIME,
                None => FIRST_UNWANTED_TIME,
            };
            if now < *self.unwanted_since.get_or_insert(now) + patience {
                return false;
            }
        }
        self.unwanted_since = None;
        self.told = Some(wanted);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_is_told_at_once_and_less_after_a_while() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut picture = Picture::default();
        assert!(!picture.tell(at(0), 3), "all are sent anyway");
        assert!(!picture.tell(at(1), 0));
        assert!(!picture.tell(at(10), 1));
        assert!(picture.tell(at(11), 1));
        assert!(!picture.tell(at(12), 1));
        assert!(picture.tell(at(13), 2));
        assert!(!picture.tell(at(14), 0));
        assert!(!picture.tell(at(18), 2), "somebody looked back");
        assert!(!picture.tell(at(19), 1));
        assert!(!picture.tell(at(23), 0));
        assert!(picture.tell(at(24), 0));
    }
}
