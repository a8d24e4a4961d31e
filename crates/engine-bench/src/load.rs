//! Clients by the thousand in one thread. What it is told and says:
//!
//! | line | answer |
//! |---|---|
//! | `source ID TRACKS` | `offer` with the tracks' m-lines |
//! | `answer ID SDP` | `connected`, in time |
//! | `sink ID SAMPLED GROUP BITS WAY` | `WAY` is `udp`, or the server's address and port for TCP |
//! | `offer ID SDP` | `answer`; then `connected`, in time |
//! | `candidate ID LINE` | |
//! | `close ID` | |
//! | `lighten` | subscribers that are connected let go of all but keys and socket |
//! | `play`, `pause` | |
//! | `spread` | key frames of different publishers come one after the other |
//! | `speakers SECONDS` | voices take turns, two at a time |
//! | `deafen ID` | a subscriber reads nothing any more |
//! | `hurry N` | subscribers from now on report and ping so many times as often |
//! | `targets N` | `targets`: ports of sockets that keep and drop what subscribers do |
//! | `relay IP PORT MILLISECONDS` | |
//! | `count` | `count`: what happened since the last one |

use crate::delays::Delays;
use crate::probe::Probe;
use crate::sink::{Counts, Sink};
use crate::source::{self, Source};
use crate::system;
use crate::targets::Targets;
use crate::way::Way;
use crate::wire::{self, quoted, word};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashSet};
use std::net::IpAddr;
use std::sync::mpsc::TryRecvError;
use std::time::{Duration, Instant};

/// Groups whose delays are told apart.
const GROUPS: usize = 2;
/// Between looks at what publishers were sent.
const SOURCE_LOOK: Duration = Duration::from_millis(2);

/// Serves until stdin ends.
pub fn run(ip: IpAddr) -> Result<(), String> {
    system::raise_file_limit();
    let mut load = Load::new(ip);
    let stdin = wire::lines();
    loop {
        loop {
            match stdin.try_recv() {
                Ok(words) => load.hear(&words)?,
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return Ok(()),
            }
        }
        let now = Instant::now();
        load.turn(now)?;
        let next = load.next(now);
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
    }
}

struct Load {
    ip: IpAddr,
    sources: Vec<Source>,
    sinks: BTreeMap<u32, Sink>,
    visits: BinaryHeap<Reverse<(Instant, u32)>>,
    connecting: HashSet<u32>,
    targets: Targets,
    probe: Option<Probe>,
    delays: Vec<Delays>,
    buffer: Vec<u8>,
    playing: bool,
    look_at: Instant,
    speakers: Option<(Duration, Instant, usize)>,
    hurry: u32,
    sent: u64,
    cpu: Duration,
    since: Instant,
}

impl Load {
    fn new(ip: IpAddr) -> Load {
        Load {
            ip,
            sources: vec![],
            sinks: BTreeMap::new(),
            visits: BinaryHeap::new(),
            connecting: HashSet::new(),
            targets: Targets::default(),
            probe: None,
            delays: (0..GROUPS).map(|_| Delays::default()).collect(),
            buffer: vec![0; 2_048],
            playing: false,
            look_at: Instant::now(),
            speakers: None,
            hurry: 1,
            sent: 0,
            cpu: system::process_cpu(),
            since: Instant::now(),
        }
    }

    fn hear(&mut self, words: &[String]) -> Result<(), String> {
        let now = Instant::now();
        match words[0].as_str() {
            "source" => self.add_source(word(words, 1)?, &word::<String>(words, 2)?),
            "answer" => self.take_answer(word(words, 1)?, &word::<String>(words, 2)?),
            "sink" => self.add_sink(words),
            "offer" => self.take_offer(word(words, 1)?, &word::<String>(words, 2)?),
            "candidate" => self.take_candidate(word(words, 1)?, &word::<String>(words, 2)?),
            "deafen" => {
                let sink = self.sinks.get_mut(&word(words, 1)?);
                sink.into_iter().for_each(Sink::deafen);
                Ok(())
            }
            "close" => self.close(word(words, 1)?),
            "lighten" => {
                self.sinks.values_mut().for_each(|sink| sink.lighten(now));
                Ok(())
            }
            "play" => {
                self.play(now);
                Ok(())
            }
            "pause" => {
                self.playing = false;
                Ok(())
            }
            "spread" => {
                let count = self.sources.len() as u32;
                for (number, source) in (0..).zip(&mut self.sources) {
                    source.spread(number, count);
                }
                Ok(())
            }
            "speakers" => {
                let interval = Duration::from_secs_f64(word(words, 1)?);
                self.speakers = Some((interval, now, 0));
                Ok(())
            }
            "hurry" => {
                self.hurry = word::<u32>(words, 1)?.max(1);
                Ok(())
            }
            "targets" => self.add_targets(word(words, 1)?),
            "relay" => {
                let interval = Duration::from_millis(word(words, 3)?);
                let relay = Probe::new(self.ip, word(words, 1)?, word(words, 2)?, interval)?;
                self.probe = Some(relay);
                Ok(())
            }
            "count" => {
                let json = self.count();
                wire::say(&json);
                Ok(())
            }
            other => Err(format!("The load knows no '{other}'.")),
        }
    }

    fn add_source(&mut self, id: u32, tracks: &str) -> Result<(), String> {
        let (source, sdp, offered) = Source::new(id, self.ip, tracks)?;
        self.sources.push(source);
        self.connecting.insert(id);
        let tracks: Vec<String> = offered
            .iter()
            .map(|each| {
                format!(
                    "{{\"track\":{},\"mid\":{},\"video\":{},\"layers\":{}}}",
                    quoted(&each.track),
                    quoted(&each.mid),
                    each.video,
                    each.layers
                )
            })
            .collect();
        wire::say(&format!(
            "{{\"type\":\"offer\",\"id\":{id},\"sdp\":{},\"tracks\":[{}]}}",
            quoted(&sdp),
            tracks.join(",")
        ));
        Ok(())
    }

    fn take_answer(&mut self, id: u32, sdp: &str) -> Result<(), String> {
        match self.sources.iter_mut().find(|source| source.id == id) {
            Some(source) => source.accept(sdp),
            None => Ok(()),
        }
    }

    fn add_sink(&mut self, words: &[String]) -> Result<(), String> {
        let (id, sampled) = (word(words, 1)?, word::<String>(words, 2)? == "true");
        let (group, estimate) = (word(words, 3)?, word(words, 4)?);
        let way = match word::<String>(words, 5)?.as_str() {
            "udp" => Way::udp(self.ip)?,
            _ => Way::tcp(word(words, 5)?)?,
        };
        let sink = Sink::new(id, way, sampled, group, estimate, self.hurry)?;
        self.visits.push(Reverse((Instant::now(), id)));
        self.connecting.insert(id);
        self.sinks.insert(id, sink);
        Ok(())
    }

    fn take_offer(&mut self, id: u32, sdp: &str) -> Result<(), String> {
        let Some(sink) = self.sinks.get_mut(&id) else {
            return Ok(());
        };
        let sdp = sink.answer(sdp)?;
        wire::say(&format!(
            "{{\"type\":\"answer\",\"id\":{id},\"sdp\":{}}}",
            quoted(&sdp)
        ));
        Ok(())
    }

    fn take_candidate(&mut self, id: u32, line: &str) -> Result<(), String> {
        if let Some(sink) = self.sinks.get_mut(&id) {
            return sink.candidate(line);
        }
        match self.sources.iter_mut().find(|source| source.id == id) {
            Some(source) => source.peer.candidate(line, &mut source.way),
            None => Ok(()),
        }
    }

    fn close(&mut self, id: u32) -> Result<(), String> {
        self.sinks.remove(&id);
        self.sources.retain(|source| source.id != id);
        self.connecting.remove(&id);
        Ok(())
    }

    fn play(&mut self, now: Instant) {
        let count = self.sources.len();
        for (number, source) in self.sources.iter_mut().enumerate() {
            source.play(now + source::phase(number, count));
        }
        self.playing = true;
    }

    fn add_targets(&mut self, count: usize) -> Result<(), String> {
        self.targets = Targets::new(self.ip, count)?;
        wire::say(&format!(
            "{{\"type\":\"targets\",\"ports\":[{}]}}",
            self.targets.ports().join(",")
        ));
        Ok(())
    }

    /// When there is something to do again; lines of stdin wait as long.
    fn next(&self, now: Instant) -> Instant {
        let sends = self.sources.iter().filter(|_| self.playing);
        let visit = self.visits.peek().map(|Reverse((at, _))| *at);
        let probe = self.probe.as_ref().map(Probe::next);
        let all = sends.filter_map(Source::next).chain(visit).chain(probe);
        let targets = self.targets.next();
        all.chain(targets)
            .chain([self.look_at])
            .min()
            .unwrap_or(now)
    }

    fn turn(&mut self, now: Instant) -> Result<(), String> {
        self.take_turns(now);
        if self.playing {
            for source in &mut self.sources {
                let before = source.sent;
                source.send(now)?;
                self.sent += source.sent - before;
            }
        }
        if let Some(probe) = &mut self.probe {
            probe.turn(now, self.playing, &mut self.buffer);
        }
        self.targets.turn(now, &mut self.buffer);
        if now >= self.look_at {
            self.look_at = now + SOURCE_LOOK;
            for source in &mut self.sources {
                source.receive(&mut self.buffer)?;
                if source.peer.connected && self.connecting.remove(&source.id) {
                    connected(source.id);
                }
            }
        }
        self.visit(now)
    }

    fn visit(&mut self, now: Instant) -> Result<(), String> {
        while let Some(Reverse((at, id))) = self.visits.peek().copied() {
            if at > now {
                break;
            }
            self.visits.pop();
            let Some(sink) = self.sinks.get_mut(&id) else {
                continue;
            };
            let again = sink
                .visit(now, &mut self.buffer, &mut self.delays)
                .map_err(|problem| format!("Subscriber {id} failed: {problem}"))?;
            self.visits.push(Reverse((again, id)));
            if sink.connected() && self.connecting.remove(&id) {
                connected(id);
            }
        }
        Ok(())
    }

    /// Two who speak beside each other, then the next two.
    fn take_turns(&mut self, now: Instant) {
        let Some((interval, at, first)) = &mut self.speakers else {
            return;
        };
        if now < *at {
            return;
        }
        let count = self.sources.len().max(1);
        *at = now + *interval;
        *first = (*first + 1) % count;
        for (number, source) in self.sources.iter_mut().enumerate() {
            source.loud = (number + count - *first) % count < 2;
        }
    }

    fn count(&mut self) -> String {
        let mut all = Counts::default();
        let (mut silent, mut sampled) = (0, 0u64);
        for sink in self.sinks.values_mut() {
            let counts = sink.counts();
            silent += u32::from(counts.received == 0);
            sampled += u64::from(sink.sampled);
            all.add(counts);
        }
        for source in &mut self.sources {
            all.others += std::mem::take(&mut source.heard);
        }
        let cpu = system::process_cpu();
        let spent = cpu.saturating_sub(self.cpu).as_secs_f64() * 1e6;
        let wall = self.since.elapsed().as_secs_f64() * 1e6;
        (self.cpu, self.since) = (cpu, Instant::now());
        let sent = std::mem::take(&mut self.sent);
        let groups: Vec<String> = self.delays.iter_mut().map(Delays::take).collect();
        let relay = self.probe.as_mut().map(|probe| probe.delays.take());
        format!(
            concat!(
                "{{\"type\":\"count\",\"sources\":{},\"sinks\":{},\"sampled\":{},\"connecting\":{},\"silent\":{},\"sent\":{},",
                "\"received\":{},\"read\":{},\"bytes\":{},\"opened\":{},\"refused\":{},\"lost\":{},\"overflowed\":{},\"others\":{},",
                "\"cpuMicros\":{:.0},\"wallMicros\":{:.0},\"delays\":[{}],\"relay\":{}}}"
            ),
            self.sources.len(),
            self.sinks.len(),
            sampled,
            self.connecting.len(),
            silent,
            sent,
            all.received,
            all.read,
            all.bytes,
            all.opened,
            all.refused,
            all.lost,
            all.overflowed,
            all.others,
            spent,
            wall,
            groups.join(","),
            relay.unwrap_or_else(|| "null".to_owned()),
        )
    }
}

fn connected(id: u32) {
    wire::say(&format!("{{\"type\":\"connected\",\"id\":{id}}}"));
}
