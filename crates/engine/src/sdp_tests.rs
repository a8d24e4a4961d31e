use super::*;
use crate::event::MediaKind;

const OFFER: &str = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\na=msid-semantic: WMS s\r\n\
m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 13 110\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\na=candidate:1 1 udp 1 10.0.0.1 5 typ host\r\n\
a=mid:0\r\na=sendonly\r\na=msid:s a\r\na=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\na=extmap:9 urn:unknown\r\n\
a=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 transport-cc\r\na=fmtp:111 minptime=10;useinbandfec=1\r\na=rtpmap:63 red/48000/2\r\n\
a=fmtp:63 111/111\r\na=rtpmap:9 G722/8000\r\na=rtpmap:110 telephone-event/48000\r\na=ssrc:7 cname:x\r\na=ssrc:7 msid:s a\r\n\
m=video 9 UDP/TLS/RTP/SAVPF 96 97 45 46 118 119\r\nc=IN IP4 0.0.0.0\r\na=mid:1\r\na=sendonly\r\na=msid:s v\r\n\
a=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\na=rtpmap:45 FLEXFEC/90000\r\na=rtpmap:46 rtx/90000\r\n\
a=fmtp:46 apt=45\r\na=rtpmap:118 red/90000\r\na=rtpmap:119 rtx/90000\r\na=fmtp:119 apt=118\r\na=rid:h send\r\na=rid:q send\r\n\
a=rid:f send\r\na=simulcast:send q;~h;f\r\na=ssrc-group:FID 8 9\r\na=ssrc-group:SIM 8 10\r\n";

struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 8) as usize % limit
    }
}

#[test]
fn trimming_keeps_what_is_spoken() {
    let trimmed = trim(OFFER).unwrap();
    assert!(
        trimmed.contains("m=audio 9 UDP/TLS/RTP/SAVPF 111 63\r\n"),
        "{trimmed}"
    );
    assert!(
        trimmed.contains("m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\n"),
        "{trimmed}"
    );
    let gone = "candidate rtcp:9 G722 telephone FLEXFEC apt=45 apt=118 urn:unknown SIM";
    for gone in gone.split(' ') {
        assert!(!trimmed.contains(gone), "{gone} in {trimmed}");
    }
    for kept in [
        "ssrc-audio-level",
        "a=ssrc:7 cname:x\r\n",
        "FID 8 9",
        "c=IN",
        "111/111",
    ] {
        assert!(trimmed.contains(kept), "{kept} not in {trimmed}");
    }
    assert_eq!(trimmed.matches("a=ssrc:7").count(), 1);
}

#[test]
fn a_section_without_a_codec_of_ours_stays_for_str0m_to_refuse() {
    let text = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=rtpmap:0 PCMU/8000\r\na=mid:0\r\n";
    assert_eq!(trim(text).unwrap(), text);
}

#[test]
fn the_scan_reads_what_str0m_does_not_tell() {
    let sections = scan(&trim(OFFER).unwrap());
    assert_eq!(sections.len(), 2);
    let [audio, video] = &sections[..] else {
        panic!()
    };
    assert_eq!(
        (audio.mid.as_str(), audio.mime_type.as_str()),
        ("0", "audio/opus")
    );
    assert_eq!(
        (audio.stream_id.as_str(), audio.track_id.as_str()),
        ("s", "a")
    );
    assert!(audio.sends && !audio.receives && !audio.refused);
    assert_eq!(video.kind, Some(MediaKind::Video));
    assert_eq!(video.rids, ["q", "h", "f"], "in the order of quality");
    assert_eq!(video.layers, [], "named layers are told by their names");
    assert_eq!(
        (&audio.payload_types[..], audio.nack),
        (&[111, 63][..], false)
    );
    assert_eq!(audio.ssrcs, [7]);
    assert_eq!(video.repairs, [(8, 9)]);
}

#[test]
fn layers_made_of_ssrcs_get_names() {
    let text = "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\na=rtcp-fb:96 nack pli\r\na=ssrc-group:FID 1 11\r\na=ssrc-group:SIM 1 2\r\n\
a=ssrc-group:FID 2 12\r\na=ssrc-group:SIM 5 6\r\na=ssrc-group:FID 7 x\r\na=ssrc:1 cname:a\r\na=ssrc:1 msid:a\r\na=ssrc:2 cname:a\r\n";
    let section = &scan(text)[0];
    assert_eq!(section.layers, [1, 2]);
    assert_eq!(section.rids, ["q", "h"]);
    assert_eq!(section.repairs, [(1, 11), (2, 12)]);
    assert_eq!(section.ssrcs, [1, 2]);
    assert!(!section.nack);
    assert!(scan(&text.replace("nack pli", "nack"))[0].nack);
}

#[test]
fn msids_change_in_their_section_only() {
    let names = [("1".to_owned(), ("PA|TR".to_owned(), "TR".to_owned()))];
    let text = set_msids(OFFER, &names.into());
    assert!(text.contains("a=msid:PA|TR TR\r\n") && text.contains("a=msid:s a\r\n"));
    assert!(!text.contains("a=msid:s v"));
    assert!(text.contains("a=msid-semantic: WMS *\r\n"));
    assert_eq!(text.lines().count(), OFFER.lines().count());
}

#[test]
fn a_silent_section_sends_nothing() {
    let text = silence(OFFER, &["1".to_owned()]);
    let sections = scan(&text);
    assert!(sections[0].sends && !sections[1].sends);
    assert!(text.contains("a=msid:s a\r\n") && !text.contains("a=msid:s v"));
    assert!(text.contains("a=ssrc:7 cname:x") && !text.contains("ssrc-group"));
    assert_eq!(silence(OFFER, &[]), OFFER);
}

#[test]
fn a_spare_section_sends_something_without_a_name() {
    let text = unnamed(OFFER, &["1".to_owned()]);
    let sections = scan(&text);
    assert!(sections[0].sends && sections[1].sends);
    assert!(text.contains("a=msid:s a\r\n") && !text.contains("a=msid:s v"));
    assert!(text.contains("a=ssrc:7 cname:x") && !text.contains("ssrc-group"));
}

#[test]
fn repeating_is_not_promised_where_nobody_asked_for_it() {
    let text = "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=rtcp-fb:111 nack\r\na=rtcp-fb:111 transport-cc\r\n\
m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\na=rtcp-fb:96 nack\r\na=rtcp-fb:96 nack pli\r\n";
    let none = without_nack(text, &["0".to_owned(), "1".to_owned()]);
    assert_eq!(
        text.len() - none.len(),
        2 * "a=rtcp-fb:96 nack\r\n".len() + 1
    );
    assert!(none.contains("nack pli") && none.contains("transport-cc"));
    assert_eq!(without_nack(text, &["2".to_owned()]), text);
}

#[test]
fn names_in_a_broken_text_are_none() {
    assert_eq!(ufrag("a=ice-ufrag:abc\r\nb"), Some("abc"));
    assert_eq!(ufrag("ice-ufrag:abc"), None);
    assert!(scan("a=mid:0\r\na=sendonly").is_empty());
}

#[test]
fn port_0_refuses_a_section_unless_it_is_bundle_only() {
    let section = |lines: &str| format!("m=video 0 UDP/TLS/RTP/SAVPF 96\r\n{lines}a=mid:1\r\n");
    assert!(scan(&section("")).iter().all(|section| section.refused));
    let bundled = scan(&section("a=bundle-only\r\na=recvonly\r\n"));
    assert!(bundled.iter().all(|s| s.receives && !s.refused));
}

#[test]
fn texts_without_end_are_refused() {
    assert!(trim(&"a".repeat(TEXT_LIMIT + 1)).is_err());
    assert!(trim(&"m=audio\r\n".repeat(SECTION_LIMIT + 1)).is_err());
    assert!(trim(&format!("a=group:BUNDLE{}\r\n", " 0".repeat(9_000))).is_err());
}

#[test]
fn lines_without_end_are_cut() {
    let many = |line: &str| format!("{line}\r\n").repeat(5_000);
    let numbered: String = (1..5_000)
        .map(|i| format!("a=ssrc:{i} cname:x\r\na=rid:r{i} send\r\n"))
        .collect();
    let head = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=rtpmap:111 opus/48000/2\r\n";
    let doubled =
        many("a=rtpmap:112 opus/48000/2") + &many("a=fmtp:112 useinbandfec=1") + &many("a=mid:0");
    let text = format!("{head}{doubled}{numbered}");
    let trimmed = trim(&text).unwrap();
    assert!(trimmed.lines().count() < 250, "{}", trimmed.lines().count());
    assert!(trimmed.contains("a=rtpmap:111 opus/48000/2\r\n"));
    assert_eq!(scan(&text)[0].rids.len(), RID_LIMIT);
}

/// Lines dropped, doubled, swapped and cut: trimming never panics, never grows the text, keeps every m-line, and
/// changes nothing the second time.
#[test]
fn trimming_holds_for_mangled_texts() {
    let mut random = Random(0x5eed);
    for round in 0..3000 {
        let mut lines: Vec<String> = OFFER.lines().map(str::to_owned).collect();
        for _ in 0..random.below(12) {
            let (a, b) = (random.below(lines.len()), random.below(lines.len()));
            match random.below(5) {
                0 => drop(lines.remove(a)),
                1 => lines.insert(b, lines[a].clone()),
                2 => lines.swap(a, b),
                3 => {
                    let at = random.below(lines[a].len().max(1));
                    lines[a].truncate(at);
                }
                _ => lines[a].push_str([" ", ":", "/", "=", "한", ";;"][random.below(6)]),
            }
            if lines.is_empty() {
                lines.push(String::new());
            }
        }
        let text = lines.join("\r\n") + "\r\n";
        let trimmed = trim(&text).unwrap();
        assert!(trimmed.len() <= text.len() + 2, "round {round}");
        let media = |text: &str| text.lines().filter(|line| line.starts_with("m=")).count();
        assert_eq!(media(&text), media(&trimmed), "round {round}");
        assert_eq!(trim(&trimmed).unwrap(), trimmed, "round {round}");
        let sections = scan(&trimmed);
        assert_eq!(sections.len(), media(&trimmed));
        let names = sections
            .iter()
            .map(|s| (s.mid.clone(), ("a".to_owned(), "b".to_owned())));
        set_msids(&trimmed, &names.collect());
    }
}
