//! A publisher that has good keys and bad intentions, beside people who must not notice.

use super::network::turns;
use super::people::{Room, kinds, with};
use crate::random::Random;
use crate::rules::Rule;
use crate::world::World;
use std::time::Duration;

/// RTP of any shape under good keys.
fn rtp(random: &mut Random) -> (Vec<u8>, usize) {
    let mut packet = vec![
        0x80 | random.below(64) as u8,
        *random.pick(&[96, 97, 98, 111, 63, 100, 0, 127]),
    ];
    packet[1] |= (random.below(2) as u8) << 7;
    packet.extend(random.bytes(2));
    packet.extend(random.bytes(4));
    // Some SSRCs come again, most do not.
    let ssrc = if random.chance(0.5) {
        random.below(20)
    } else {
        random.number()
    };
    packet.extend((ssrc as u32).to_be_bytes());
    packet.extend(random.bytes(4 * usize::from(packet[0] & 15)));
    if packet[0] & 16 != 0 {
        packet.extend(*random.pick(&[[0xbe, 0xde], [0x10, 0x00], [0x55, 0x55]]));
        let words = random.below(6) as u16;
        packet.extend(words.to_be_bytes());
        let mut block = random.bytes(4 * usize::from(words));
        // A mid that exists, now and then.
        if let [first, second, ..] = block.as_mut_slice()
            && random.chance(0.7)
        {
            (*first, *second) = (4 << 4, b'0' + random.below(4) as u8);
        }
        packet.extend(block);
    }
    let header = packet.len();
    let length = random.below(200) as usize;
    packet.extend(random.bytes(length));
    (packet, header)
}

/// Compound RTCP of any shape under good keys.
fn rtcp(random: &mut Random) -> Vec<u8> {
    let mut compound = Vec::new();
    for _ in 0..1 + random.below(4) {
        let words = random.below(12) as u16;
        compound.push(0x80 | random.below(64) as u8);
        compound.push(200 + random.below(8) as u8);
        compound.extend(words.to_be_bytes());
        let body = random.bytes(4 * usize::from(words));
        compound.extend(body);
    }
    if random.chance(0.2) {
        compound.truncate(8 + random.below(compound.len() as u64) as usize);
    }
    compound.resize(compound.len().max(8), 0);
    compound
}

struct Attacker {
    publisher: u32,
    replays: Vec<Vec<u8>>,
}

impl Attacker {
    fn datagram(&mut self, world: &mut World, random: &mut Random) -> Option<Vec<u8>> {
        let client = world.clients.get_mut(&self.publisher)?;
        let seal = &mut client.sealing.as_mut()?.seal;
        let datagram = match random.below(6) {
            0 | 1 => {
                let (packet, header) = rtp(random);
                let mut sealed = packet;
                let roc = if random.chance(0.9) {
                    0
                } else {
                    random.number()
                };
                let seq = u64::from(u16::from_be_bytes([sealed[2], sealed[3]]));
                seal.seal_last(&mut sealed, 0, header, roc << 16 | seq)
                    .ok()?;
                sealed
            }
            2 => {
                let mut sealed = Vec::new();
                seal.seal_rtcp(&rtcp(random), &mut sealed).ok()?;
                sealed
            }
            3 => {
                let length = 1 + random.below(1_200) as usize;
                random.bytes(length)
            }
            4 if !self.replays.is_empty() => {
                let mut replayed = random.pick(&self.replays).clone();
                if random.chance(0.5) {
                    let at = random.below(replayed.len() as u64) as usize;
                    replayed[at] ^= 1 << random.below(8);
                }
                replayed
            }
            _ => forged_record(random),
        };
        if self.replays.len() < 200 {
            self.replays.push(datagram.clone());
        }
        Some(datagram)
    }
}

/// A DTLS record in the clear, as before a handshake.
fn forged_record(random: &mut Random) -> Vec<u8> {
    let mut record = vec![20 + random.below(5) as u8, 0xfe, 0xfd, 0, 0, 0, 0];
    record.extend(random.bytes(4));
    let length = random.below(60) as u16;
    record.extend(length.to_be_bytes());
    record.extend(random.bytes(usize::from(length)));
    record
}

pub fn hostile(world: &mut World, time: Duration) {
    let room = Room::of(world, 3, &kinds());
    let victims = [0, 1].map(|index| room.people[index].subscriber);
    let honest = [0, 1].map(|index| room.people[index].tracks.clone());
    for plan in &room.people[2].tracks {
        if let Some(track) = world.truth.tracks.get_mut(&plan.track) {
            track.hostile = true;
        }
    }
    let mut attacker = Attacker {
        publisher: room.people[2].publisher,
        replays: Vec::new(),
    };
    turns(world, time, |world, random| {
        let Some(from) = with(world, attacker.publisher, |client| client.public) else {
            world.run_for(Duration::from_millis(100));
            return;
        };
        for _ in 0..random.below(40) {
            if let Some(datagram) = attacker.datagram(world, random) {
                world.inject(from, &datagram);
            }
        }
        if random.chance(0.1) {
            let label = *random.pick(&["_reliable", "_lossy"]);
            let length = random.below(2_000) as usize;
            let message = random.bytes(length);
            with(world, attacker.publisher, |client| {
                client.send_data(label, &message)
            });
        }
        world.run_for(Duration::from_millis(1 + random.below(20)));
    });
    for (index, victim) in victims.into_iter().enumerate() {
        let heard = world
            .clients
            .get(&victim)
            .map(|client| client.heard.clone());
        for plan in &honest[1 - index] {
            let heard = heard.as_ref().and_then(|heard| heard.get(&plan.track));
            let silence = heard.map_or(time, |heard| heard.silence);
            if silence > Duration::from_millis(200) {
                let what = format!("an attacker silences track {} for {silence:?}", plan.track);
                world
                    .observer
                    .rules
                    .add(world.now, victim, Rule::Liveness, what);
            }
        }
    }
    // His own tracks may come to nothing.
    for victim in victims {
        let wishes = world.wishes(victim).into_iter();
        let wishes =
            wishes.filter(|(track, _)| honest.iter().flatten().any(|plan| plan.track == *track));
        let wishes = wishes.collect();
        world.wish(victim, wishes);
    }
}
