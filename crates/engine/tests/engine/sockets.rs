//! The real thing on loopback: sockets, threads and the clock.

use crate::world::{Client, Feed, Setup, opening};
use engine::command::{Command, TransportRole};
use engine::event::Event;
use engine::net::{EngineHandle, Options};
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};
use str0m::media::MediaKind::Audio;
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Input};

struct Live {
    handle: EngineHandle,
    woken: Receiver<()>,
    events: Vec<Event>,
    target: SocketAddr,
    clients: Vec<(Client, UdpSocket)>,
}

impl Live {
    /// The engine knows the addresses; clients talk to the first one.
    fn start(addresses: &[&str], portable: bool) -> Self {
        let (wake, woken) = channel();
        let addresses: Vec<IpAddr> = addresses.iter().map(|ip| ip.parse().unwrap()).collect();
        let options = Options {
            port: 0,
            bind: None,
            addresses: addresses.clone(),
            portable,
        };
        let wake = Box::new(move || {
            let _ = wake.send(());
        });
        let handle = EngineHandle::start(&options, wake).unwrap();
        let target = SocketAddr::new(addresses[0], handle.port());
        Live {
            handle,
            woken,
            events: Vec::new(),
            target,
            clients: Vec::new(),
        }
    }

    fn add(&mut self, transport: u32, role: TransportRole) {
        let mut client = Client::new(transport, Instant::now(), Setup::default());
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
        let end = Instant::now() + Duration::from_secs(20);
        while !holds(self) {
            assert!(
                Instant::now() < end,
                "not within twenty seconds: {what}\n{:?}",
                self.events
            );
            self.turn();
        }
    }

    fn turn(&mut self) {
        let mut buffer = [0; 2048];
        for (client, socket) in &mut self.clients {
            client.tick(Instant::now());
            for bytes in client.sent.drain(..) {
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

fn sound_arrives(addresses: &[&str], portable: bool) {
    let mut live = Live::start(addresses, portable);
    live.add(1, TransportRole::Publisher);
    let (sdp, pending) = live.clients[0].0.offer(vec![Feed::audio(Instant::now())]);
    let mid = live.clients[0].0.feeds[0].mid.to_string();
    let offer = Command::AcceptOffer {
        transport: 1,
        offer: 1,
        sdp,
    };
    live.handle.apply(vec![offer]).unwrap();
    let mut answer = None;
    live.until("the answer", |live| {
        answer = live.events.iter().find_map(|event| match event {
            Event::Answered { sdp, .. } => Some(sdp.clone()),
            _ => None,
        });
        answer.is_some()
    });
    live.clients[0].0.accept(pending, &answer.unwrap());
    live.add(2, TransportRole::Subscriber);
    let track = "TR_a".to_owned();
    let wanted = vec![crate::world::wanted("TR_a", true)];
    let commands = vec![
        Command::PublishTrack {
            track,
            transport: 1,
            mid,
        },
        Command::Subscribe {
            transport: 2,
            wanted,
        },
    ];
    live.handle.apply(commands).unwrap();
    live.until("sound arrives", |live| {
        live.clients[1].0.packets(Audio).len() > 20
    });
    live.until("counters are published", |live| {
        live.handle.metrics().packets_out > 20
    });
    assert_eq!(live.handle.metrics().send_errors, 0);
    live.handle.shutdown();
    live.until("clients are told", |live| {
        live.clients.iter().all(|(client, _)| client.closed)
    });
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
