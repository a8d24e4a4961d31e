//! Sizes of the packets of a train: a few bytes of padding make those of one frame equal, which is what lets them leave as
//! one send. Encoders split a frame into packets that differ by a byte or so.

/// Packets of one run.
pub const RUN: usize = 16;
/// Padding that a video packet may get: little beside 1,100 bytes.
pub const VIDEO_PADDING: usize = 16;
/// Padding that a voice packet may get.
pub const VOICE_PADDING: usize = 8;

/// What each packet of a run is padded to so that a train can begin with it: the size of the longest of those that follow it
/// and are almost as long.
pub fn sizes(lengths: &[usize], padding: usize) -> [usize; RUN] {
    let mut sizes = [0; RUN];
    for (at, size) in sizes.iter_mut().enumerate().take(lengths.len()) {
        let (mut least, mut most) = (usize::MAX, 0);
        for length in lengths.iter().skip(at) {
            let (less, more) = (least.min(*length), most.max(*length));
            if more - less > padding {
                break;
            }
            (least, most) = (less, more);
        }
        *size = most;
    }
    sizes
}

/// Bytes of padding for a packet of `length` bytes: to the size of the train it can ride on, else to its own size of `sizes`.
pub fn pad(length: usize, size: usize, train: Option<usize>, padding: usize) -> usize {
    let fits = |size: &usize| (length..=length + padding).contains(size);
    let size = train.filter(fits).unwrap_or(size);
    size.saturating_sub(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_of_a_frame_become_equal() {
        let sized = |lengths: &[usize]| sizes(lengths, 16)[..lengths.len()].to_vec();
        assert_eq!(sized(&[]), [0; 0]);
        assert_eq!(sized(&[1_100, 1_100, 1_101, 1_101]), [1_101; 4]);
        assert_eq!(sized(&[1_100, 1_100, 400]), [1_100, 1_100, 400]);
        assert_eq!(sized(&[1_100, 1_115, 1_090]), [1_115, 1_115, 1_090]);
        assert_eq!(sized(&[80, 1_100, 1_116]), [80, 1_116, 1_116]);
    }

    #[test]
    fn padding_is_never_much() {
        assert_eq!(pad(1_100, 1_101, None, 16), 1);
        assert_eq!(pad(1_100, 1_100, Some(1_110), 16), 10);
        assert_eq!(pad(1_100, 1_101, Some(1_200), 16), 1, "another train");
        assert_eq!(pad(1_100, 1_101, Some(1_000), 16), 1, "too long for it");
        assert_eq!(pad(90, 90, Some(1_100), 8), 0, "rides last as it is");
        for first in 0..40 {
            for second in 0..40 {
                let sizes = sizes(&[first, second], 16);
                assert!(sizes[0] - first <= 16 && sizes[1] == second);
            }
        }
    }
}
