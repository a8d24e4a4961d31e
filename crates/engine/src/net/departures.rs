//! What leaves: hands trains to the system, and keeps for a short time what the network does not take now.

use crate::outbox::{Class, Outbox, Train};
use std::io;
use std::time::{Duration, Instant};

/// Bytes that may wait for a full send buffer.
const WAITING_LIMIT: usize = 4 << 20;
/// Bytes of a datagram that every path takes: IPv6's least MTU (RFC 8200, 5) without the headers.
const SURE: usize = 1_232;
/// Least time between two searches for what is too old, which move everything that waits. Where a network takes nothing for long, more often
/// would leave no time for anything else; what is too old may leave by so much later.
const TIDY_INTERVAL: Duration = Duration::from_millis(2);

/// The sending half of a socket.
pub(super) trait Wire {
    /// Hands over trains from the front of `trains` without waiting and says how many went, at least one.
    fn send(&mut self, outbox: &Outbox, trains: &[Train]) -> io::Result<usize>;
}

/// Everything that is about to leave.
///
/// Invariant: while something waits, whatever comes waits behind it, so that the order of a stream stays.
pub(super) struct Departures {
    waiting: Outbox,
    /// Waiting trains that have gone.
    head: usize,
    /// Kept to move what still waits to the front of its memory.
    spare: Outbox,
    /// When that was done last.
    tidied: Option<Instant>,
    trains: bool,
    /// A train of several datagrams has left before.
    proven: bool,
    failed: u64,
}

impl Class {
    /// How long it is worth waiting for: what comes later is played as loss anyway.
    fn patience(self) -> Duration {
        Duration::from_millis(match self {
            Class::Video => 20,
            Class::Voice => 60,
            Class::Control => 1_000,
        })
    }

    /// Bytes that may wait when one of this class wants to: the last part is kept for what matters more.
    fn share(self) -> usize {
        match self {
            Class::Video => WAITING_LIMIT / 4 * 3,
            Class::Voice => WAITING_LIMIT / 8 * 7,
            Class::Control => WAITING_LIMIT,
        }
    }
}

impl Departures {
    /// `trains`: whether the system sends several datagrams at once.
    pub fn new(trains: bool) -> Self {
        Departures {
            waiting: Outbox::default(),
            head: 0,
            spare: Outbox::default(),
            tidied: None,
            trains,
            proven: false,
            failed: 0,
        }
    }

    /// Datagrams that were refused or waited too long, since the start.
    pub fn failed(&self) -> u64 {
        self.failed
    }

    /// When what waits longest is to be looked at, whether or not the socket has said that it takes more.
    pub fn deadline(&self) -> Option<Instant> {
        let until = self.waiting.trains().get(self.head)?.until?;
        let tidied = self.tidied.map(|at| at + TIDY_INTERVAL);
        Some(tidied.map_or(until, |tidied| until.max(tidied)))
    }

    /// Sends all of `outbox` or keeps it for later, and empties it.
    pub fn send(&mut self, wire: &mut impl Wire, outbox: &mut Outbox, now: Instant) {
        self.resume(wire, now);
        let mut at = 0;
        if self.deadline().is_none() {
            at = self.hand_over(wire, outbox, 0);
        }
        for train in outbox.trains().get(at..).unwrap_or_default() {
            self.keep(outbox, train, now);
        }
        outbox.clear();
        outbox.set_coupling(self.trains);
    }

    /// Sends what waits, as far as the network takes it and it is still worth it.
    pub fn resume(&mut self, wire: &mut impl Wire, now: Instant) {
        if self.deadline().is_none() {
            return;
        }
        let expired = |train: &Train| train.until.is_some_and(|until| until <= now);
        if self.waiting.trains()[self.head..].iter().any(expired) {
            self.tidy(now);
        }
        let mut waiting = std::mem::take(&mut self.waiting);
        self.head = self.hand_over(wire, &mut waiting, self.head);
        if self.head == waiting.trains().len() {
            waiting.clear();
            self.head = 0;
        }
        self.waiting = waiting;
    }

    fn keep(&mut self, outbox: &Outbox, train: &Train, now: Instant) {
        let limit = train.class.share();
        if self.waiting.byte_count() + train.bytes > limit {
            self.tidy(now);
        }
        if self.waiting.byte_count() + train.bytes > limit {
            self.failed += u64::from(train.count);
            return;
        }
        let until = now + train.class.patience();
        self.waiting.take_over(outbox, train, until);
    }

    /// Drops what is too old and gives back the memory of what is no longer waiting, if that was not done just now.
    fn tidy(&mut self, now: Instant) {
        if self.tidied.is_some_and(|at| now < at + TIDY_INTERVAL) {
            return;
        }
        self.tidied = Some(now);
        self.spare.clear();
        for train in &self.waiting.trains()[self.head..] {
            match train.until {
                Some(until) if until > now => self.spare.take_over(&self.waiting, train, until),
                _ => self.failed += u64::from(train.count),
            }
        }
        std::mem::swap(&mut self.waiting, &mut self.spare);
        self.head = 0;
    }

    /// Hands over trains from `at` on. Returns the first one that the network does not take now, or the number of trains.
    fn hand_over(&mut self, wire: &mut impl Wire, outbox: &mut Outbox, mut at: usize) -> usize {
        if !self.trains {
            // Coupled before it was known that the system cannot.
            for train in (at..outbox.trains().len()).rev() {
                if outbox.trains()[train].count > 1 {
                    outbox.uncouple(train);
                }
            }
        }
        while at < outbox.trains().len() {
            match wire.send(outbox, &outbox.trains()[at..]) {
                Ok(sent) => {
                    let gone = &outbox.trains()[at..][..sent];
                    self.proven = self.proven || gone.iter().any(|train| train.count > 1);
                    at += sent;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return at,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let train = &outbox.trains()[at];
                    if train.count > 1 {
                        self.doubt(&error, train.segment);
                        outbox.uncouple(at);
                    } else {
                        self.failed += 1;
                        at += 1;
                    }
                }
            }
        }
        at
    }

    /// A train of datagrams of so many bytes was refused. When none ever left it is the system that cannot, unless the path may be too narrow
    /// for them, and the same goes for an interface without checksums (EIO); otherwise it is this one alone.
    fn doubt(&mut self, error: &io::Error, segment: usize) {
        const EIO: i32 = 5;
        let unproven = !self.proven && segment <= SURE;
        if unproven || error.raw_os_error() == Some(EIO) {
            self.trains = false;
        }
    }
}

#[cfg(test)]
#[path = "departures_tests.rs"]
mod tests;
