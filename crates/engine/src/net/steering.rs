//! Which socket of the port gets what comes from a client. Linux spreads senders over the sockets by a hash that nobody knows before; a filter
//! for the group (`SO_ATTACH_REUSEPORT_CBPF`) names the thread of those that it would bring to another, so that a datagram wakes one
//! thread and not two.
//!
//! The filter knows clients by the port they send from. Two with one port are no harm: the second one's datagrams are handed over as before.

use super::queue::lock;
use crate::shard::ShardId;
use crate::strays::Turn;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Mutex;

/// Clients that the filter names. Each datagram passes one comparison for every [`BLOCK`] of them, and the kernel takes no program of any length.
const LIMIT: usize = 512;
/// Ports that are skipped with one comparison.
const BLOCK: usize = 16;

/// One instruction of classic BPF: code, steps when true, steps when false, operand.
pub(super) type Step = (u16, u8, u8, u32);

const LOAD_BYTE: u16 = 0x30;
const LOAD_HALF: u16 = 0x28;
const AND: u16 = 0x54;
const JUMP: u16 = 0x05;
const IF_EQUAL: u16 = 0x15;
const IF_ABOVE: u16 = 0x25;
const RETURN: u16 = 0x06;
/// Loads count from the IP header from here on (`SKF_NET_OFF`).
const IP_HEADER: u32 = -0x10_0000_i32 as u32;
/// No socket's number: the system chooses as without a filter.
const ANY: Step = (RETURN, 0, 0, u32::MAX);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Steered {
    remote: SocketAddr,
    owner: ShardId,
    /// The thread that asked for it.
    asked_by: ShardId,
}

#[derive(Debug, Default)]
pub(super) struct Steering(Mutex<BTreeMap<u16, Steered>>);

impl Steering {
    /// Takes what a thread says of addresses, and gives the new filter to `attach` when it is another one.
    pub fn follow(&self, asked_by: ShardId, turns: Vec<Turn>, attach: impl FnOnce(&[Step])) {
        let mut ports = lock(&self.0);
        let before = ports.clone();
        for (remote, owner) in turns {
            let full = ports.len() >= LIMIT;
            let known = ports.get(&remote.port());
            let same = known.is_some_and(|known| known.remote == remote);
            match owner {
                Some(owner) if same || known.is_none() && !full => {
                    let steered = Steered {
                        remote,
                        owner,
                        asked_by,
                    };
                    ports.insert(remote.port(), steered);
                }
                None if known.is_some_and(|k| k.remote == remote && k.asked_by == asked_by) => {
                    ports.remove(&remote.port());
                }
                _ => {}
            }
        }
        if *ports != before {
            attach(&filter(&ports));
        }
    }

    /// A thread has lost everything, and with it what it would have taken back.
    pub fn forget(&self, asked_by: ShardId, attach: impl FnOnce(&[Step])) {
        let mut ports = lock(&self.0);
        let before = ports.len();
        ports.retain(|_, steered| steered.asked_by != asked_by);
        if ports.len() != before {
            attach(&filter(&ports));
        }
    }
}

/// Sockets have the numbers of their threads: they are bound in that order.
fn filter(ports: &BTreeMap<u16, Steered>) -> Vec<Step> {
    let mut steps = vec![
        // IPv4 without options, or IPv6: the UDP source port into the accumulator.
        (LOAD_BYTE, 0, 0, IP_HEADER),
        (IF_EQUAL, 3, 0, 0x45),
        (AND, 0, 0, 0xF0),
        (IF_EQUAL, 3, 0, 0x60),
        ANY,
        (LOAD_HALF, 0, 0, IP_HEADER.wrapping_add(20)),
        (JUMP, 0, 0, 1),
        (LOAD_HALF, 0, 0, IP_HEADER.wrapping_add(40)),
    ];
    let ports: Vec<(u16, ShardId)> = ports.iter().map(|(port, s)| (*port, s.owner)).collect();
    for block in ports.chunks(BLOCK) {
        let last = block.last().map_or(0, |(port, _)| *port);
        steps.push((IF_ABOVE, 2 * block.len() as u8 + 1, 0, last.into()));
        for (port, owner) in block {
            steps.push((IF_EQUAL, 0, 1, (*port).into()));
            steps.push((RETURN, 0, 0, (*owner).into()));
        }
        steps.push(ANY);
    }
    steps.push(ANY);
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the kernel does with a filter and the start of an IP packet.
    fn run(steps: &[Step], packet: &[u8]) -> u32 {
        let (mut at, mut register) = (0, 0u32);
        loop {
            let (code, yes, no, operand) = steps[at];
            let place = operand.wrapping_sub(IP_HEADER) as usize;
            at += 1;
            match code {
                LOAD_BYTE => register = packet[place].into(),
                LOAD_HALF => {
                    register = u16::from_be_bytes([packet[place], packet[place + 1]]).into()
                }
                AND => register &= operand,
                JUMP => at += operand as usize,
                IF_EQUAL => at += usize::from(if register == operand { yes } else { no }),
                IF_ABOVE => at += usize::from(if register > operand { yes } else { no }),
                RETURN => return operand,
                other => panic!("{other}"),
            }
        }
    }

    fn packet(first: u8, header: usize, port: u16) -> Vec<u8> {
        let mut packet = vec![first];
        packet.resize(header, 0);
        packet.extend(port.to_be_bytes());
        packet
    }

    fn remote(port: u16) -> SocketAddr {
        SocketAddr::new([192, 0, 2, 1].into(), port)
    }

    fn steer(steering: &Steering, turns: &[(u16, Option<ShardId>)]) -> Option<Vec<Step>> {
        let mut attached = None;
        let turns = turns.iter().map(|(port, owner)| (remote(*port), *owner));
        steering.follow(9, turns.collect(), |steps| attached = Some(steps.to_vec()));
        attached
    }

    #[test]
    fn finds_every_port_and_no_other() {
        for count in [0, 1, 15, 16, 17, 32, 100, LIMIT] {
            let steering = Steering::default();
            let owner = |n: usize| (n % 5) as ShardId;
            let port = |n: usize| 1_000 + 7 * n as u16;
            let turns = (0..count).map(|n| (port(n), Some(owner(n))));
            let steps = steer(&steering, &turns.collect::<Vec<_>>());
            let steps = steps.unwrap_or_else(|| filter(&BTreeMap::new()));
            assert!(steps.len() < 2_000, "{}", steps.len());
            for n in 0..count {
                let owner = u32::from(owner(n));
                assert_eq!(run(&steps, &packet(0x45, 20, port(n))), owner);
                assert_eq!(run(&steps, &packet(0x62, 40, port(n))), owner);
                assert_eq!(run(&steps, &packet(0x45, 20, port(n) + 1)), u32::MAX);
                // With options the port is elsewhere.
                assert_eq!(run(&steps, &packet(0x46, 20, port(n))), u32::MAX);
            }
            assert_eq!(run(&steps, &packet(0x45, 20, u16::MAX)), u32::MAX);
            assert_eq!(run(&steps, &packet(0x45, 20, 1)), u32::MAX);
        }
    }

    #[test]
    fn a_port_is_the_first_clients_until_it_lets_go() {
        let steering = Steering::default();
        let seen = |steps: Option<Vec<Step>>| run(&steps.unwrap(), &packet(0x45, 20, 7));
        assert_eq!(seen(steer(&steering, &[(7, Some(1))])), 1);
        assert_eq!(steer(&steering, &[(7, Some(1))]), None, "nothing new");
        assert_eq!(seen(steer(&steering, &[(7, Some(2))])), 2, "it moved");
        let other = SocketAddr::new([192, 0, 2, 2].into(), 7);
        for turn in [Some(3), None] {
            steering.follow(9, vec![(other, turn)], |_| panic!("no change"));
        }
        steering.follow(8, vec![(remote(7), None)], |_| panic!("not asked by it"));
        assert_eq!(seen(steer(&steering, &[(7, None)])), u32::MAX);
        steer(&steering, &[(7, Some(1)), (8, Some(1))]);
        steering.forget(8, |_| panic!("nothing of it"));
        let mut left = None;
        steering.forget(9, |steps| left = Some(steps.to_vec()));
        assert_eq!(left, Some(filter(&BTreeMap::new())));
    }

    #[test]
    fn there_is_an_end_to_it() {
        let steering = Steering::default();
        let many = (0..2 * LIMIT as u16).map(|port| (port, Some(1)));
        steer(&steering, &many.collect::<Vec<_>>());
        assert_eq!(lock(&steering.0).len(), LIMIT);
    }
}
