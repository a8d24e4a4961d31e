//! Whole lives of a stream, drawn by a seed: layers, pauses, restarts and loss.

use super::*;

/// A long random life of a subscription: two layers, switches, pauses, publishers that come back, loss, reordering, doubles, padding.
fn life(seed: u64, lossy: bool) {
    let mut random = Random::new(seed);
    let mut next_id = 2;
    let mut layers = [Layer::new(&mut random, 0), Layer::new(&mut random, 1)];
    if random.one_in(4) {
        layers.iter_mut().for_each(|layer| layer.wide = false);
    }
    let narrow = !layers[0].wide;
    let mut munger = Munger::new(random.below(1 << 15) as u16, 90_000, true);
    let mut receiver = Receiver::default();
    let start = Instant::now();
    let mut now = start;
    let mut clock = HashMap::new();
    // What the munger was shown, and what of it a run could not take, by layer and number.
    let (mut shown, mut refused) = (HashSet::new(), HashSet::new());
    let mut held: Vec<(LayerId, MediaPacket)> = vec![];
    munger.want(layers[0].id, Selection::ALL);
    for _ in 0..3_000 {
        now += Duration::from_micros(30_000 + random.below(6_000));
        let mut queue = vec![];
        for layer in &mut layers {
            layer.timestamp = layer.timestamp.wrapping_add(2_970);
            let key = random.one_in(20);
            for packet in layer.frame(key, 1 + random.below(4), now) {
                queue.push((layer.id, packet));
            }
            if random.one_in(8) {
                queue.push((layer.id, layer.padding(now)));
            }
        }
        if lossy {
            for entry in std::mem::take(&mut queue) {
                match random.below(20) {
                    0 => {}
                    1 => held.push(entry),
                    2 => queue.extend([entry.clone(), entry]),
                    _ => queue.push(entry),
                }
            }
            while !held.is_empty() && random.one_in(2) {
                let at = random.below(queue.len() as u64 + 1) as usize;
                queue.insert(
                    at,
                    held.swap_remove(random.below(held.len() as u64) as usize),
                );
            }
            if queue.len() > 1 && random.one_in(5) {
                let at = random.below(queue.len() as u64 - 1) as usize;
                queue.swap(at, at + 1);
            }
        }
        for (layer, packet) in queue {
            let running = munger.current() == Some(layer);
            let highest = munger.highest();
            let given = receiver.take(&mut munger, layer, &packet, now);
            shown.insert((layer, packet.seq));
            match given {
                // What comes late tells nothing of the time that its timestamp stands for.
                Some(rewrite) if highest < Some(rewrite.seq) => {
                    clock.insert(rewrite.seq, now);
                }
                None if !running => {
                    refused.insert((layer, packet.seq));
                }
                _ => {}
            }
        }
        match random.below(60) {
            0 => munger.pause(),
            1 | 2 => {
                let at = random.below(2) as usize;
                layers[at] = Layer {
                    wide: !narrow,
                    ..Layer::new(&mut random, next_id)
                };
                next_id += 1;
            }
            3..8 => munger.want(layers[random.below(2) as usize].id, Selection::ALL),
            _ => {}
        }
        if munger
            .wanted()
            .is_none_or(|wanted| layers.iter().all(|layer| layer.id != wanted))
            && random.one_in(5)
        {
            munger.want(layers[random.below(2) as usize].id, Selection::ALL);
        }
    }
    check(
        &munger,
        &receiver,
        &clock,
        [&shown, &refused],
        lossy,
        narrow,
    );
}

fn check(
    munger: &Munger,
    receiver: &Receiver,
    clock: &HashMap<u64, Instant>,
    [shown, refused]: [&HashSet<(LayerId, u64)>; 2],
    lossy: bool,
    narrow: bool,
) {
    let sent = receiver.in_order();
    assert!(sent.len() > 1_000, "{} packets", sent.len());
    assert!(munger.segments.len() <= MAX_SEGMENTS);
    let mut holes = 0;
    for pair in sent.windows(2) {
        let (before, after) = (pair[0], pair[1]);
        let missing = after.seq - before.seq - 1;
        holes += missing;
        assert!(lossy || missing == 0, "hole of {missing} at {}", before.seq);
        let step = after.timestamp.wrapping_sub(before.timestamp) as i32;
        assert!(step >= 0, "timestamp goes back by {step}");
        // In step with the clock. Frames are irregular by a few milliseconds; what was held back can be the key frame to begin with.
        if let (Some(earlier), Some(later)) = (clock.get(&before.seq), clock.get(&after.seq)) {
            let elapsed = later.saturating_duration_since(*earlier);
            let off = i64::from(step) - elapsed.as_millis() as i64 * 90;
            assert!(
                off.abs() < if lossy { 90_000 } else { 9_000 },
                "timestamp step {step} in {elapsed:?}"
            );
        }
    }
    // Padding that came late holds its place but carries no ids.
    let ids: Vec<_> = sent.iter().filter_map(|rewrite| rewrite.pictures).collect();
    let mask = if narrow { 0x7F } else { 0x7FFF };
    for pair in ids.windows(2) {
        let picture_step = pair[1]
            .picture
            .unwrap()
            .wrapping_sub(pair[0].picture.unwrap())
            & mask;
        let base_step = pair[1]
            .base_layer
            .unwrap()
            .wrapping_sub(pair[0].base_layer.unwrap());
        let key_step = pair[1].key.unwrap().wrapping_sub(pair[0].key.unwrap()) & 0x1F;
        assert!(
            picture_step <= if lossy { 60 } else { 1 },
            "picture id step {picture_step}"
        );
        assert_eq!(u16::from(base_step) & mask, picture_step);
        assert!(u16::from(key_step) <= picture_step, "{pair:?}");
    }
    assert!(!lossy || holes < sent.len() as u64 / 5);
    let given: HashSet<_> = receiver
        .got
        .values()
        .map(|entry| (entry.0, entry.1))
        .collect();
    for seq in munger.highest().unwrap().saturating_sub(2_000)..=munger.highest().unwrap() {
        let Some(origin) = munger
            .origin(seq as u16)
            .filter(|_| !receiver.got.contains_key(&seq))
        else {
            continue;
        };
        let source = (origin.layer, origin.in_seq);
        // A hole is what never came, or came before the key frame that its run began with (the store may have it),
        // or went out in an earlier run: a pause may end at a key frame from before it.
        assert!(
            !shown.contains(&source) || refused.contains(&source) || given.contains(&source),
            "{source:?} was dropped"
        );
    }
}

#[test]
fn lives_without_loss_have_no_seams() {
    for seed in 100..130 {
        life(seed, false);
    }
}

#[test]
fn lives_with_loss_keep_their_promises() {
    for seed in 200..230 {
        life(seed, true);
    }
}
