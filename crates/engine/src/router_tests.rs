use super::*;

/// Three shards, nobody kept at home: the first four transports of a room come to 0, 0, 1, 2.
fn router() -> Router {
    let mut router = Router::new(3, 0);
    for (transport, shard) in [(1, 0), (2, 1), (3, 2)] {
        let role = match transport {
            1 => TransportRole::Publisher,
            _ => TransportRole::Subscriber,
        };
        let routed = router.route(open(transport, role), &[]);
        assert_eq!(routed.len(), 1);
        assert_eq!(routed[0].0, shard);
    }
    router
}

fn open(transport: TransportId, role: TransportRole) -> Command {
    let room = "hall".to_owned();
    Command::OpenTransport {
        transport,
        role,
        room,
        tcp_only: false,
        keep_pictures: false,
    }
}

fn publish(router: &mut Router, track: &str, transport: TransportId) -> Vec<String> {
    let command = Command::PublishTrack {
        track: track.to_owned(),
        transport,
        mid: "0".to_owned(),
    };
    told(router.route(command, &[]))
}

fn subscribe(router: &mut Router, transport: TransportId, tracks: &[&str]) -> Vec<String> {
    let wanted = tracks.iter().map(|track| WantedTrack {
        track: (*track).to_owned(),
        stream_id: String::new(),
        enabled: true,
        ..WantedTrack::default()
    });
    let wanted = wanted.collect();
    told(router.route(Command::Subscribe { transport, wanted }, &[]))
}

/// Short texts, in order.
fn told(routed: Routed) -> Vec<String> {
    let text = |(shard, command): &(ShardId, Command)| match command {
        Command::Export { track, shards } => format!("{shard}: export {track} {shards:?}"),
        Command::Expect { track } => format!("{shard}: expect {track}"),
        Command::PublishTrack { track, .. } => format!("{shard}: publish {track}"),
        Command::UnpublishTrack { track } => format!("{shard}: unpublish {track}"),
        Command::Subscribe { transport, .. } => format!("{shard}: subscribe {transport}"),
        Command::CloseTransport { transport } => format!("{shard}: close {transport}"),
        Command::SendData { transports, .. } => format!("{shard}: data {transports:?}"),
        other => format!("{shard}: {other:?}"),
    };
    routed.iter().map(text).collect()
}

#[test]
fn a_track_goes_where_somebody_wants_it() {
    let mut router = router();
    assert_eq!(
        publish(&mut router, "a", 1),
        ["0: publish a", "0: export a []"]
    );
    assert_eq!(
        subscribe(&mut router, 2, &["a"]),
        ["0: export a [1]", "1: expect a", "1: subscribe 2"]
    );
    assert_eq!(
        subscribe(&mut router, 3, &["a"]),
        ["0: export a [1, 2]", "2: expect a", "2: subscribe 3"]
    );
    // The same wish again is no news.
    assert_eq!(subscribe(&mut router, 3, &["a"]), ["2: subscribe 3"]);
    assert_eq!(
        subscribe(&mut router, 2, &[]),
        ["0: export a [2]", "1: subscribe 2"]
    );
    let transport = 3;
    let closed = router.route(Command::CloseTransport { transport }, &[]);
    assert_eq!(told(closed), ["2: close 3", "0: export a []"]);
    assert!(router.interest.is_empty());
}

#[test]
fn a_wish_may_come_before_the_track() {
    let mut router = router();
    assert_eq!(subscribe(&mut router, 2, &["a"]), ["1: subscribe 2"]);
    assert_eq!(
        publish(&mut router, "a", 1),
        ["0: publish a", "0: export a [1]"]
    );
}

#[test]
fn a_track_that_moves_leaves_its_former_shard() {
    let mut router = router();
    publish(&mut router, "a", 1);
    subscribe(&mut router, 2, &["a"]);
    subscribe(&mut router, 3, &["a"]);
    assert_eq!(
        publish(&mut router, "a", 3),
        ["0: unpublish a", "2: publish a", "2: export a [1]"]
    );
}

#[test]
fn data_is_split_by_shard() {
    let mut router = router();
    let command = Command::SendData {
        transports: vec![3, 1, 2, 9],
        reliable: true,
        payload: [].into(),
    };
    let routed = router.route(command, &[]);
    assert_eq!(told(routed), ["0: data [1]", "1: data [2]", "2: data [3]"]);
}

#[test]
fn what_ended_by_itself_is_forgotten() {
    let mut router = router();
    publish(&mut router, "a", 1);
    subscribe(&mut router, 2, &["a"]);
    let closed = |transport| Event::TransportClosed {
        transport,
        reason: String::new(),
    };
    assert_eq!(told(router.note(&closed(2))), ["0: export a []"]);
    assert!(router.note(&closed(1)).is_empty());
    assert!(router.note(&closed(3)).is_empty());
    assert!(router.transports.is_empty() && router.tracks.is_empty());
    // And opening again is new.
    let opened = router.route(open(2, TransportRole::Subscriber), &[]);
    assert_eq!(opened.len(), 1);
}
