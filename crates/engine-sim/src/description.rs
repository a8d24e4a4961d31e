//! What the text of a session description says, read apart from the engine's own reading of it.

use engine::media::Codec;
use std::str::FromStr;

pub const MID: &str = "urn:ietf:params:rtp-hdrext:sdes:mid";
pub const TRANSPORT_NUMBER: &str =
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
pub const DESCRIPTOR: &str =
    "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension";

/// An m-line.
#[derive(Debug, Default)]
pub struct Section<'a> {
    pub mid: &'a str,
    /// SSRCs in their order.
    pub ssrcs: Vec<u32>,
    /// SSRCs of retransmissions, and the one that each repeats.
    repairs: Vec<(u32, u32)>,
    /// What payload types stand for.
    pub formats: Vec<(u8, Format)>,
    extensions: Vec<(&'a str, u8)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Media(Codec),
    /// Opus in RED.
    Red,
    /// Retransmissions of another payload type.
    Repair(u8),
}

/// The m-lines of a description.
pub fn sections(sdp: &str) -> Vec<Section<'_>> {
    sdp.split("\r\nm=").skip(1).map(Section::read).collect()
}

/// What a client has to read of a description: no payload types of other codecs, one line of each SSRC, and what every m-line of a bundle
/// says of its connection (RFC 8843, section 7.1.3) once.
pub fn keep(sdp: &str, codecs: &[Codec]) -> String {
    let mut out = String::with_capacity(sdp.len());
    let mut parts = sdp.split("\r\nm=");
    out.push_str(parts.next().unwrap_or_default());
    let mut first = None;
    for part in parts {
        out.push_str("\r\nm=");
        let section = Section::read(part);
        section.keep(part, codecs, first.get_or_insert(part), &mut out);
    }
    out
}

impl<'a> Section<'a> {
    fn keep(&self, text: &str, codecs: &[Codec], first: &str, out: &mut String) {
        let media = |number: u8| match self.format(number) {
            Some(Format::Media(codec)) => codecs.contains(&codec),
            Some(Format::Red) => true,
            _ => false,
        };
        let kept = |number: u8| match self.format(number) {
            Some(Format::Repair(of)) => media(of),
            _ => media(number),
        };
        let mut told = Vec::new();
        for (at, line) in text.split("\r\n").enumerate() {
            if at == 0 {
                self.keep_numbers(line, kept, out);
                continue;
            }
            let value = line
                .strip_prefix("a=")
                .and_then(|line| line.split_once(':'));
            let number = |value: &str| value.split(' ').next()?.parse().ok();
            let keeps = match value {
                Some(("rtpmap" | "fmtp" | "rtcp-fb", value)) => number(value).is_some_and(kept),
                Some(("ssrc", value)) => {
                    let ssrc = value.split(' ').next();
                    let new = !told.contains(&ssrc);
                    told.push(ssrc);
                    new
                }
                Some(("ice-ufrag" | "ice-pwd" | "ice-options" | "fingerprint", _)) => {
                    std::ptr::eq(text, first) || !first.lines().any(|other| other == line)
                }
                _ => true,
            };
            if keeps {
                out.push_str("\r\n");
                out.push_str(line);
            }
        }
    }

    /// The m-line itself without the payload types that are not kept.
    fn keep_numbers(&self, line: &str, kept: impl Fn(u8) -> bool, out: &mut String) {
        for (at, word) in line.split(' ').enumerate() {
            if at < 3 || self.formats.is_empty() || word.parse().is_ok_and(&kept) {
                out.push_str(if at > 0 { " " } else { "" });
                out.push_str(word);
            }
        }
    }

    fn read(text: &'a str) -> Section<'a> {
        let mut section = Section::default();
        let (mut maps, mut repaired) = (Vec::new(), Vec::new());
        let attributes = text
            .lines()
            .filter_map(|line| line.strip_prefix("a=")?.split_once(':'));
        for (name, value) in attributes {
            match name {
                "mid" if section.mid.is_empty() => section.mid = value,
                "extmap" => {
                    let extension = value.split_once(' ');
                    let known = extension.and_then(|(id, uri)| Some((uri, id.parse().ok()?)));
                    section.extensions.extend(known);
                }
                "rtpmap" => maps.extend(value.split_once(' ')),
                "fmtp" => repaired.extend(pair(value, " apt=")),
                "ssrc-group" => {
                    let group = value.strip_prefix("FID ");
                    let group = group.and_then(|group| pair(group, " "));
                    section
                        .repairs
                        .extend(group.map(|(media, repair)| (repair, media)));
                }
                "ssrc" => {
                    let ssrc = value.split(' ').next().and_then(|ssrc| ssrc.parse().ok());
                    let new = ssrc.filter(|ssrc| !section.ssrcs.contains(ssrc));
                    section.ssrcs.extend(new);
                }
                _ => {}
            }
        }
        let formats = maps.into_iter().filter_map(|(number, name)| {
            let number = number.parse().ok()?;
            Some((number, Format::of(number, name, &repaired)?))
        });
        section.formats = formats.collect();
        section
    }

    /// What a payload type stands for.
    pub fn format(&self, number: u8) -> Option<Format> {
        last(&self.formats, number)
    }

    /// The number of a header extension.
    pub fn extension(&self, uri: &str) -> Option<u8> {
        last(&self.extensions, uri)
    }

    /// The SSRC whose packets are repeated on this one.
    pub fn repeats(&self, ssrc: u32) -> Option<u32> {
        last(&self.repairs, ssrc)
    }

    /// SSRCs that carry media, and of each the one of its retransmissions.
    pub fn streams(&self) -> Vec<(u32, Option<u32>)> {
        let media = self.ssrcs.iter().copied();
        let media = media.filter(|ssrc| self.repeats(*ssrc).is_none());
        let repair = |media: u32| self.repairs.iter().find(|(_, of)| *of == media);
        media
            .map(|media| (media, repair(media).map(|(repair, _)| *repair)))
            .collect()
    }
}

impl Format {
    fn of(number: u8, name: &str, repaired: &[(u8, u8)]) -> Option<Format> {
        let name = name.split('/').next().unwrap_or_default();
        let names = [
            ("opus", Format::Media(Codec::Opus)),
            ("vp8", Format::Media(Codec::Vp8)),
            ("vp9", Format::Media(Codec::Vp9)),
            ("av1", Format::Media(Codec::Av1)),
            ("h264", Format::Media(Codec::H264)),
            ("red", Format::Red),
        ];
        if name.eq_ignore_ascii_case("rtx") {
            return last(repaired, number).map(Format::Repair);
        }
        let mut named = names.iter();
        let found = named.find(|(known, _)| name.eq_ignore_ascii_case(known));
        found.map(|(_, format)| *format)
    }
}

/// Two numbers with something between them.
fn pair<N: FromStr>(text: &str, between: &str) -> Option<(N, N)> {
    let (one, other) = text.split_once(between)?;
    one.parse().ok().zip(other.parse().ok())
}

/// What was said last of a key.
fn last<K: PartialEq, V: Copy>(pairs: &[(K, V)], key: K) -> Option<V> {
    pairs.iter().rfind(|pair| pair.0 == key).map(|pair| pair.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_says_what_its_numbers_stand_for() {
        let text = "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96 97\r\na=mid:v\r\na=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\r\n\
            a=sendonly\r\na=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n\
            a=ssrc-group:FID 5 6\r\na=ssrc:5 cname:x\r\na=ssrc:5 msid:a b\r\na=ssrc:6 cname:x\r\n";
        let sections = sections(text);
        let [section] = sections.as_slice() else {
            panic!("{sections:?}");
        };
        assert_eq!(section.mid, "v");
        assert_eq!(section.format(96), Some(Format::Media(Codec::Vp8)));
        assert_eq!(section.format(97), Some(Format::Repair(96)));
        assert_eq!(section.streams(), [(5, Some(6))]);
        assert_eq!(section.extension(MID), Some(4));
    }
    #[test]
    fn what_a_client_need_not_read_is_left_out() {
        let line = |kind, mid, more| {
            let connection = "c=IN IP4 0.0.0.0\r\na=ice-ufrag:u\r\na=fingerprint:sha-256 00";
            format!("m={kind}\r\n{connection}\r\na=mid:{mid}{more}\r\n")
        };
        let formats = "\r\na=rtpmap:98 VP9/90000\r\na=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96";
        let ssrcs = "\r\na=ssrc:5 cname:x\r\na=ssrc:6 cname:x\r\na=ssrc:5 msid:a b";
        let data = line("application 9 UDP/DTLS/SCTP webrtc-datachannel", "d", "");
        let video = line(
            "video 9 UDP/TLS/RTP/SAVPF 98 96 97",
            "v",
            &format!("{formats}{ssrcs}"),
        );
        let kept = keep(&format!("v=0\r\n{data}{video}"), &[Codec::Vp8]);
        let video = "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\nc=IN IP4 0.0.0.0\r\na=mid:v\r\na=rtpmap:96 VP8/90000\r\na=rtpmap:97 rtx/90000\r\n\
            a=fmtp:97 apt=96\r\na=ssrc:5 cname:x\r\na=ssrc:6 cname:x\r\n";
        assert_eq!(kept, format!("v=0\r\n{data}{video}"));
    }
}
