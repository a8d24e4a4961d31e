//! Clients that come by TCP, because nothing else gets through or for a while.

use crate::world::{Client, Feed, Setup, World, engine_address, opening};
use engine::command::{Command, TransportRole};
use engine::event::Event;
use engine::media::framing::{FrameReader, write_frame};
use engine::net::{EngineHandle, Options, StreamOutput};
use engine::remote::StreamId;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};
use str0m::Input;
use str0m::media::MediaKind::{Audio, Video};
use str0m::net::{Protocol, Receive};

const TCP: Setup = Setup {
    answers: true,
    red: true,
    vp8: true,
    active: true,
    estimates: false,
    tells_arrivals: true,
    udp: false,
    tcp: true,
    keep_pictures: false,
};
const BOTH: Setup = Setup { udp: true, ..TCP };

/// A publisher with a microphone and a camera, and a subscriber that sees and hears it.
fn call(mut world: World, publisher: Setup, subscriber: Setup) -> World {
    let now = world.now;
    world.publisher_with(1, vec![Feed::audio(now), Feed::video(now)], publisher);
    world.publish("TR_a", 1, 0);
    world.publish("TR_v", 1, 1);
    world.subscriber_with(2, &["TR_a", "TR_v"], subscriber);
    world.until("the subscriber sees pictures", |w| {
        w.client(2).packets(Video).len() > 30
    });
    world
}

/// Nothing stays away for long.
fn goes_on(world: &mut World, what: &str) {
    let count = |w: &World| [Audio, Video].map(|kind| w.client(2).packets(kind).len());
    let before = count(world);
    world.until(what, |w| {
        let now = count(w);
        now[0] > before[0] + 40 && now[1] > before[1] + 40
    });
}

#[test]
fn who_has_no_other_way_sees_and_hears_by_tcp() {
    for shards in [1, 3] {
        let mut world = call(World::of_shards(shards), TCP, TCP);
        goes_on(&mut world, "the call goes on");
        assert!(!world.client(1).reported.is_empty() && world.client(2).reports > 0);
        world.client_mut(1).send_data("_reliable", b"hello");
        let arrived = |w: &mut World| {
            let data = |event: &Event| match event {
                Event::DataReceived { payload, .. } => payload == b"hello",
                _ => false,
            };
            w.events.iter().any(data)
        };
        world.until("data arrives", arrived);
        assert_eq!(world.closed(1).or(world.closed(2)), None);
    }
}

#[test]
fn both_ways_are_offered_datagrams_first() {
    let mut world = World::of_shards(1);
    world.subscriber_with(2, &[], BOTH);
    let offer = world.offers(2)[0].0.clone();
    let candidates: Vec<&str> = offer.lines().filter(|l| l.contains("candidate:")).collect();
    let [udp, tcp] = candidates[..] else {
        panic!("{candidates:?}");
    };
    let here = format!("{} {}", engine_address().ip(), engine_address().port());
    let priority = |line: &str| line.split(' ').nth(3).unwrap().parse::<u32>().unwrap();
    assert!(udp.contains(&format!(" {here} typ host")) && udp.contains(" udp "));
    assert!(tcp.contains(&format!(" {here} typ host tcptype passive")) && tcp.contains(" tcp "));
    assert!(priority(udp) > priority(tcp));
}

#[test]
fn tcp_alone_is_offered_where_that_was_asked_for() {
    let mut world = World::of_shards(1);
    let Command::OpenTransport {
        transport,
        role,
        room,
        ..
    } = opening(2, TransportRole::Subscriber)
    else {
        unreachable!()
    };
    world.command(Command::OpenTransport {
        transport,
        role,
        room,
        tcp_only: true,
        keep_pictures: false,
    });
    world.subscribe(2, &[]);
    let offer = &world.offers(2)[0].0;
    let mut candidates = offer.lines().filter(|line| line.contains("candidate:"));
    assert!(candidates.next().is_some_and(|line| line.contains(" tcp ")));
    assert_eq!(candidates.next(), None);
}

#[test]
fn the_call_moves_to_the_stream_when_datagrams_stop_and_back_when_they_come_again() {
    let mut world = call(World::of_shards(1), BOTH, BOTH);
    let streamed = |w: &World| {
        let to = w.client(2).stream.address;
        w.trains.iter().filter(|(_, at, _)| *at == to).count()
    };
    let before = streamed(&world);
    goes_on(&mut world, "the call goes on by datagrams");
    assert!(streamed(&world) < before + 10, "no media on the stream");
    world.without_udp = vec![1, 2];
    // This client waits that long before it gives up the path it has; browsers take a third of it.
    world.run_for(Duration::from_secs(25));
    let before = streamed(&world);
    goes_on(&mut world, "the call goes on by the stream");
    assert!(streamed(&world) > before + 30, "media on the stream");
    world.without_udp.clear();
    world.command(Command::RestartIce { transport: 2 });
    world.run_for(Duration::from_secs(1));
    let before = streamed(&world);
    goes_on(&mut world, "the call goes on by datagrams again");
    assert!(streamed(&world) < before + 10, "no media on the stream");
    assert_eq!(world.closed(1).or(world.closed(2)), None);
}

#[test]
fn a_transport_takes_its_stream_with_it() {
    let mut world = call(World::of_shards(1), TCP, TCP);
    assert!(world.engine.take_ended_streams().is_empty());
    world.command(Command::CloseTransport { transport: 2 });
    assert_eq!(
        world.engine.take_ended_streams(),
        [StreamId::new(2).unwrap()]
    );
    world.until("the client hears of it", |w| w.client(2).closed);
}

#[test]
fn a_stream_of_a_stranger_changes_nothing() {
    let mut world = call(World::of_shards(1), TCP, TCP);
    let mut stranger = world.client(2).stream;
    stranger.stream = StreamId::new(77);
    let dropped = world.engine.metrics().strays_dropped;
    for _ in 0..10 {
        for bytes in [&[0x80, 96, 0, 0][..], &[22, 254, 253, 0], &[0; 40]] {
            world.inject(stranger, bytes);
        }
    }
    assert_eq!(world.engine.metrics().strays_dropped, dropped + 30);
    world.run_for(Duration::from_millis(200));
    goes_on(&mut world, "the call goes on");
}

/// The real threads. Only the TCP socket is missing: its bytes go by hand, cut as they please.
#[test]
fn threads_serve_whoever_comes_by_stream() {
    let here: IpAddr = Ipv4Addr::LOCALHOST.into();
    let options = Options {
        addresses: vec![here],
        streams: true,
        threads: 3,
        ..Options::default()
    };
    let handle = EngineHandle::start(&options, Box::new(|| {})).unwrap();
    let target = SocketAddr::new(here, handle.port());
    let mut client = Client::new(1, Instant::now(), TCP);
    let from = client.stream.address;
    let stream = handle.open_stream(from, target).unwrap();
    let role = TransportRole::Subscriber;
    let wanted = Vec::new();
    let transport = 1;
    let subscribe = Command::Subscribe { transport, wanted };
    let mut waiting = vec![opening(1, role), subscribe];
    let (mut reader, mut greeted) = (FrameReader::default(), false);
    let end = Instant::now() + Duration::from_secs(20);
    while client.data.is_empty() {
        assert!(Instant::now() < end, "not within twenty seconds");
        handle.apply(std::mem::take(&mut waiting)).unwrap();
        client.tick(Instant::now());
        let mut bytes = Vec::new();
        for (_, packet) in client.sent.drain(..) {
            assert!(write_frame(&mut bytes, &packet));
        }
        for piece in bytes.chunks(100) {
            assert!(handle.receive_stream(stream, piece));
        }
        for output in handle.drain_streams() {
            assert_eq!((output.stream, output.ended), (stream, false));
            let read = reader.read(&output.bytes, |packet| {
                let receive = Receive::new(Protocol::Tcp, target, from, packet).unwrap();
                let input = Input::Receive(Instant::now(), receive);
                let _ = client.rtc.handle_input(input);
                client.poll();
            });
            assert_eq!(read, Ok(()));
            handle.stream_written(stream, output.bytes.len());
        }
        for event in handle.drain(1000) {
            if let Event::Offered { offer, sdp, .. } = event {
                let sdp = client.answer(&sdp);
                waiting.push(Command::AcceptAnswer {
                    transport,
                    offer,
                    sdp,
                });
            }
        }
        if client.connected && !greeted && client.channels.contains_key("_reliable") {
            greeted = true;
            waiting.push(Command::SendData {
                transports: vec![1],
                reliable: true,
                payload: b"hello"[..].into(),
            });
        }
        std::thread::yield_now();
    }
    assert_eq!(client.data[0].1, b"hello");
    handle
        .apply(vec![Command::CloseTransport { transport }])
        .unwrap();
    let mut outputs = Vec::new();
    while !outputs.iter().any(|output: &StreamOutput| output.ended) {
        assert!(Instant::now() < end, "not within twenty seconds");
        outputs.extend(handle.drain_streams());
        std::thread::yield_now();
    }
    let last_words: usize = outputs.iter().map(|output| output.bytes.len()).sum();
    assert!(last_words > 0);
    assert!(!handle.receive_stream(stream, &[0]));
}
