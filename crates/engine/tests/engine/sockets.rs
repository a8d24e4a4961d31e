//! The real thing on loopback: sockets, threads and the clock.

use crate::world::{Client, Feed, Setup, opening};
use engine::command::{Command, TransportRole};
use engine::event::Event;
use engine::net::{EngineHandle, Options};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};
use str0m::media::MediaKind::{Audio, Video};
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Input};

/// Turns that a test waits for something: forty seconds where nothing happens, more on a machine that has little time for it.
const PATIENCE: u32 = 20_000;

struct Live {
    handle: EngineHandle,
    woken: Receiver<()>,
    events: Vec<Event>,
    target: SocketAddr,
    clients: Vec<(Client, UdpSocket)>,
    setup: Setup,
    /// Sound packets that each client had when the last frames were sent, where frames wait for each other.
    steps: Option<Vec<usize>>,
}

impl Live {
    /// The engine knows the addresses; clients talk to the first one.
    fn start(addresses: &[&str], portable: bool) -> Self {
        let addresses = addresses.iter().map(|ip| ip.parse().unwrap());
        Live::start_with(Options {
            addresses: addresses.collect(),
            portable,
            ..Options::default()
        })
    }

    /// Several threads, and subscribers on all of them.
    fn start_spread(threads: usize) -> Self {
        Live::start_with(Options {
            addresses: vec![IpAddr::V4(Ipv4Addr::LOCALHOST)],
            threads,
            spread_above: 0,
            ..Options::default()
        })
    }

    fn start_with(options: Options) -> Self {
        let (wake, woken) = channel();
        let wake = Box::new(move || {
            let _ = wake.send(());
        });
        let handle = EngineHandle::start(&options, wake).unwrap();
        let target = SocketAddr::new(options.addresses[0], handle.port());
        Live {
            handle,
            woken,
            events: Vec::new(),
            target,
            clients: Vec::new(),
            setup: Setup::default(),
            steps: None,
        }
    }

    /// From now on a frame is sent when everybody has the one before: no socket ever holds more than it has room for, however long
    /// nobody reads it, so that nothing is lost. Clients tell of no arrivals, which say nothing about such a stream.
    fn step_by_step(&mut self) {
        self.setup.tells_arrivals = false;
        self.steps = Some(Vec::new());
    }

    /// Whether who hears something has heard the last of it.
    fn may_step(&mut self) -> bool {
        let Some(steps) = &mut self.steps else {
            return true;
        };
        let clients = self.clients.iter();
        let now: Vec<usize> = clients.map(|(c, _)| c.packets(Audio).len()).collect();
        let before = steps.iter().chain(std::iter::repeat(&0));
        let may = now
            .iter()
            .zip(before)
            .all(|(now, then)| *now == 0 || now > then);
        if may {
            *steps = now;
        }
        may
    }

    fn add(&mut self, transport: u32, role: TransportRole) {
        let mut client = Client::new(transport, Instant::now(), self.setup);
        let any: IpAddr = if self.target.is_ipv4() {
            "127.0.0.1"
        } else {
            "::1"
        }
        .parse()
        .unwrap();
        let socket = UdpSocket::bind((any, 0)).unwrap();
        socket.set_nonblocking(true).unwrap();
        client.address = socket.local_addr().unwrap();
        let candidate = Candidate::host(client.address, "udp").unwrap();
        client.rtc.add_local_candidate(candidate);
        self.clients.push((client, socket));
        self.handle.apply(vec![opening(transport, role)]).unwrap();
    }

    fn until(&mut self, what: &str, mut holds: impl FnMut(&mut Live) -> bool) {
        for _ in 0..PATIENCE {
            if holds(self) {
                return;
            }
            self.turn();
        }
        panic!("it does not happen: {what}\n{:?}", self.events);
    }

    /// The engine goes and says good-bye to everybody. str0m takes one that comes while its SCTP association is still being made for an
    /// error; media do not wait for that, and a machine that is busy brings any number of them before.
    fn shut_down(&mut self) {
        self.until("data channels are open", |live| {
            let mut clients = live.clients.iter();
            clients.all(|(client, _)| client.channels.len() == 2)
        });
        self.handle.shutdown();
        self.until("clients are told", |live| {
            live.clients.iter().all(|(client, _)| client.closed)
        });
    }

    fn turn(&mut self) {
        let mut buffer = [0; 2048];
        let (stepping, may_step) = (self.steps.is_some(), self.may_step());
        for (client, socket) in &mut self.clients {
            let now = Instant::now();
            if stepping {
                for feed in &mut client.feeds {
                    (feed.running, feed.next) = (may_step, now);
                }
            }
            client.tick(now);
            for (_, bytes) in client.sent.drain(..) {
                let _ = socket.send_to(&bytes, self.target);
            }
            while let Ok((len, from)) = socket.recv_from(&mut buffer) {
                assert_eq!(
                    from, self.target,
                    "answers come from the address that was asked"
                );
                let (proto, to) = (Protocol::Udp, client.address);
                let receive = Receive::new(proto, from, to, &buffer[..len]).unwrap();
                let _ = client
                    .rtc
                    .handle_input(Input::Receive(Instant::now(), receive));
                client.poll();
            }
        }
        let _ = self.woken.recv_timeout(Duration::from_millis(2));
        for event in self.handle.drain(1000) {
            if let Event::Offered {
                transport,
                offer,
                sdp,
                ..
            } = &event
            {
                let client = self
                    .clients
                    .iter_mut()
                    .find(|(c, _)| c.transport == *transport);
                let sdp = client.unwrap().0.answer(sdp);
                let (transport, offer) = (*transport, *offer);
                self.handle
                    .apply(vec![Command::AcceptAnswer {
                        transport,
                        offer,
                        sdp,
                    }])
                    .unwrap();
            }
            self.events.push(event);
        }
    }
}

impl Live {
    /// A publisher with these feeds, its tracks called `TR_0` and so on.
    fn publish(&mut self, transport: u32, feeds: Vec<Feed>) {
        self.add(transport, TransportRole::Publisher);
        let client = &mut self.clients.last_mut().unwrap().0;
        let (sdp, pending) = client.offer(feeds);
        let mids: Vec<String> = client.feeds.iter().map(|f| f.mid.to_string()).collect();
        let offer = Command::AcceptOffer {
            transport,
            offer: transport,
            sdp,
        };
        self.handle.apply(vec![offer]).unwrap();
        let mut answer = None;
        self.until("the answer", |live| {
            answer = live.events.iter().find_map(|event| match event {
                Event::Answered { sdp, offer, .. } if *offer == transport => Some(sdp.clone()),
                _ => None,
            });
            answer.is_some()
        });
        let client = &mut self.clients.last_mut().unwrap().0;
        client.accept(pending, &answer.unwrap());
        let tracks = mids.into_iter().enumerate();
        let commands = tracks.map(|(number, mid)| Command::PublishTrack {
            track: format!("TR_{number}"),
            transport,
            mid,
        });
        self.handle.apply(commands.collect()).unwrap();
    }

    fn subscribe(&mut self, transport: u32, tracks: &[&str]) {
        self.add(transport, TransportRole::Subscriber);
        let wanted = tracks.iter().map(|id| crate::world::wanted(id, true));
        let wanted = wanted.collect();
        let command = Command::Subscribe { transport, wanted };
        self.handle.apply(vec![command]).unwrap();
    }
}

fn sound_arrives(addresses: &[&str], portable: bool) {
    let mut live = Live::start(addresses, portable);
    live.publish(1, vec![Feed::audio(Instant::now())]);
    live.subscribe(2, &["TR_0"]);
    live.until("sound arrives", |live| {
        live.clients[1].0.packets(Audio).len() > 20
    });
    live.until("counters are published", |live| {
        live.handle.metrics().packets_out > 20
    });
    assert_eq!(live.handle.metrics().send_errors, 0);
    live.shut_down();
}

/// The wildcard socket answers from the address that was asked, which is not the one the system would choose.
#[test]
#[cfg(target_os = "linux")]
fn a_wildcard_socket_answers_from_the_address_that_was_asked() {
    sound_arrives(&["127.0.0.2", "127.0.0.1"], false);
}

#[test]
fn the_portable_path_works_as_well() {
    sound_arrives(&["127.0.0.1"], true);
}

#[test]
fn ipv6_works_where_it_is() {
    if UdpSocket::bind("[::1]:0").is_ok() {
        sound_arrives(&["::1", "127.0.0.1"], false);
    }
}

/// An address that came to the machine after the start is served as well.
#[test]
#[cfg(target_os = "linux")]
fn an_unknown_local_address_is_answered_too() {
    let mut live = Live::start(&["127.0.0.1"], false);
    live.target.set_ip("127.0.0.3".parse().unwrap());
    live.add(2, TransportRole::Subscriber);
    let subscribe = Command::Subscribe {
        transport: 2,
        wanted: vec![],
    };
    live.handle.apply(vec![subscribe]).unwrap();
    let connected = Event::TransportConnected { transport: 2 };
    live.until("it connects", |live| live.events.contains(&connected));
}

#[test]
fn a_taken_port_is_said() {
    let live = Live::start(&["127.0.0.1"], false);
    let options = Options {
        port: live.handle.port(),
        ..Options::default()
    };
    let second = EngineHandle::start(&options, Box::new(|| {}));
    let error = second.err().expect("the port is taken");
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
}

#[test]
fn the_command_queue_has_an_end() {
    let live = Live::start(&["127.0.0.1"], false);
    let close = vec![Command::CloseTransport { transport: 9 }; 65_537];
    assert!(live.handle.apply(close).is_err());
}

/// Datagrams of a client land on any of the threads, its transport lives on one of them.
#[test]
#[cfg(target_os = "linux")]
fn a_call_goes_over_several_threads() {
    let mut live = Live::start_spread(4);
    live.step_by_step();
    let now = Instant::now();
    live.publish(1, vec![Feed::audio(now), Feed::video(now)]);
    for transport in 2..10 {
        live.subscribe(transport, &["TR_0", "TR_1"]);
    }
    live.until("everybody hears and sees", |live| {
        let mut subscribers = live.clients.iter().skip(1).map(|(client, _)| client);
        subscribers.all(|c| c.packets(Audio).len() > 20 && c.packets(Video).len() > 30)
    });
    for (client, _) in live.clients.iter().skip(1) {
        crate::media::unbroken(&client.packets(Audio));
        crate::media::unbroken(&client.packets(Video));
        let first = client.packets(Video)[0];
        assert_eq!(first.payload[4] & 1, 0, "a picture begins with a key frame");
    }
    live.until("every thread has sent", |live| {
        let threads = live.handle.thread_metrics();
        threads.len() == 4 && threads.iter().all(|thread| thread.packets_out > 100)
    });
    let metrics = live.handle.metrics();
    assert_eq!((metrics.transports, metrics.tracks), (9, 2));
    assert_eq!(metrics.subscriptions, 16);
    assert!(metrics.handed_over > 0);
    assert_eq!(metrics.posts_dropped, 0);
    let mut before = metrics;
    live.until("what arrives finds its thread by itself", |live| {
        let after = live.handle.metrics();
        let came = after.packets_in - before.packets_in;
        if came < 50 {
            return false;
        }
        let detours = after.handed_over - before.handed_over;
        before = after;
        detours < came / 10
    });
    live.shut_down();
}

#[test]
#[cfg(target_os = "linux")]
fn a_thread_that_fails_begins_anew() {
    let mut live = Live::start_spread(2);
    live.publish(1, vec![Feed::audio(Instant::now())]);
    live.subscribe(2, &["TR_0"]);
    live.subscribe(3, &["TR_0"]);
    let hear = |live: &Live, index: usize| live.clients[index].0.packets(Audio).len() > 10;
    live.until("both hear", |live| hear(live, 1) && hear(live, 2));
    // The first thread has the publisher and one of the subscribers.
    let panic = Command::InjectPanic { transport: 0 };
    live.handle.apply(vec![panic]).unwrap();
    let lost = |live: &Live| {
        let events = live.events.iter();
        let lost = events.filter_map(|event| match event {
            Event::TransportClosed { transport, reason } if reason.contains("injectPanic") => {
                Some(*transport)
            }
            _ => None,
        });
        lost.collect::<Vec<_>>()
    };
    live.until("its transports are told", |live| !lost(live).is_empty());
    let mut gone = lost(&live);
    gone.sort_unstable();
    assert!(gone == [1, 2] || gone == [1, 3], "{gone:?}");
    let staying = 5 - gone[1];
    live.clients
        .retain(|(client, _)| client.transport == staying);
    let before = live.clients[0].0.packets(Audio).len();
    // Clients come again; the track is another one of the same name.
    live.publish(4, vec![Feed::audio(Instant::now())]);
    live.subscribe(5, &["TR_0"]);
    live.until("everybody hears again", |live| {
        live.clients[0].0.packets(Audio).len() > before + 10 && hear(live, 2)
    });
    let failed = |event: &Event| matches!(event, Event::EngineFailed { .. });
    assert!(!live.events.iter().any(failed));
}

#[test]
#[cfg(target_os = "linux")]
fn several_threads_share_no_port_with_a_second_engine() {
    let live = Live::start_spread(3);
    for threads in [1, 3] {
        let options = Options {
            port: live.handle.port(),
            threads,
            ..Options::default()
        };
        let second = EngineHandle::start(&options, Box::new(|| {}));
        let error = second.err().expect("the port is taken");
        assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
    }
}
