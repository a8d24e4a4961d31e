//! What the text of a session description says, read apart from the engine's own reading of it.

use engine::media::Codec;
use std::collections::HashMap;

pub const MID: &str = "urn:ietf:params:rtp-hdrext:sdes:mid";
pub const TRANSPORT_NUMBER: &str =
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
pub const DESCRIPTOR: &str =
    "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension";

/// An m-line.
#[derive(Debug, Default)]
pub struct Section {
    pub mid: String,
    pub audio: bool,
    pub sends: bool,
    /// SSRCs in their order.
    pub ssrcs: Vec<u32>,
    /// Which SSRC each one repeats.
    pub repairs: HashMap<u32, u32>,
    /// What payload types stand for.
    pub formats: HashMap<u8, Format>,
    pub extensions: HashMap<String, u8>,
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
pub fn sections(sdp: &str) -> Vec<Section> {
    sdp.split("\r\nm=").skip(1).map(Section::read).collect()
}

/// The description without payload types of other codecs.
pub fn keep(sdp: &str, codecs: &[Codec]) -> String {
    let mut out = String::with_capacity(sdp.len());
    let mut parts = sdp.split("\r\nm=");
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        out.push_str("\r\nm=");
        out.push_str(&Section::read(part).keep(part, codecs));
    }
    out
}

impl Section {
    fn keep(&self, text: &str, codecs: &[Codec]) -> String {
        let media = |number: &u8| match self.formats.get(number) {
            Some(Format::Media(codec)) => codecs.contains(codec),
            Some(Format::Red) => true,
            _ => false,
        };
        let kept = |number: &u8| match self.formats.get(number) {
            Some(Format::Repair(of)) => media(of),
            _ => media(number),
        };
        let lines = text.split("\r\n").enumerate().filter_map(|(at, line)| {
            if at == 0 && !self.formats.is_empty() {
                let words = line.split(' ').enumerate();
                let words =
                    words.filter(|(at, word)| *at < 3 || word.parse().is_ok_and(|n| kept(&n)));
                let words: Vec<&str> = words.map(|(_, word)| word).collect();
                return Some(words.join(" "));
            }
            let names = ["a=rtpmap:", "a=fmtp:", "a=rtcp-fb:"];
            let value = names.iter().find_map(|name| line.strip_prefix(name));
            let number = value.and_then(|value| value.split(' ').next()?.parse().ok());
            (value.is_none() || number.is_some_and(|n| kept(&n))).then(|| line.to_owned())
        });
        lines.collect::<Vec<String>>().join("\r\n")
    }

    fn read(text: &str) -> Section {
        let values = |name| text.lines().filter_map(move |line| line.strip_prefix(name));
        let mut section = Section {
            mid: values("a=mid:").next().unwrap_or_default().to_owned(),
            audio: text.starts_with("audio"),
            sends: text.contains("\r\na=sendonly") || text.contains("\r\na=sendrecv"),
            ..Section::default()
        };
        for (id, uri) in values("a=extmap:").filter_map(|value| value.split_once(' ')) {
            let known = id.parse().ok().map(|id| (uri.to_owned(), id));
            section.extensions.extend(known);
        }
        section.read_formats(text);
        for pair in values("a=ssrc-group:FID ").filter_map(|value| value.split_once(' ')) {
            let (media, repair) = (pair.0.parse::<u32>().ok(), pair.1.parse::<u32>().ok());
            section.repairs.extend(repair.zip(media));
        }
        for ssrc in values("a=ssrc:").filter_map(|value| value.split(' ').next()?.parse().ok()) {
            if !section.ssrcs.contains(&ssrc) {
                section.ssrcs.push(ssrc);
            }
        }
        section
    }

    fn read_formats(&mut self, text: &str) {
        let repaired: HashMap<u8, u8> = text
            .lines()
            .filter_map(|line| line.strip_prefix("a=fmtp:")?.split_once(" apt="))
            .filter_map(|(repair, media)| Some((repair.parse().ok()?, media.parse().ok()?)))
            .collect();
        let maps = text
            .lines()
            .filter_map(|line| line.strip_prefix("a=rtpmap:"));
        for (number, name) in maps.filter_map(|map| map.split_once(' ')) {
            let Ok(number) = number.parse() else {
                continue;
            };
            let name = name.split('/').next().unwrap_or_default();
            let format = match name.to_ascii_lowercase().as_str() {
                "opus" => Format::Media(Codec::Opus),
                "vp8" => Format::Media(Codec::Vp8),
                "vp9" => Format::Media(Codec::Vp9),
                "av1" => Format::Media(Codec::Av1),
                "h264" => Format::Media(Codec::H264),
                "red" => Format::Red,
                "rtx" => match repaired.get(&number) {
                    Some(media) => Format::Repair(*media),
                    None => continue,
                },
                _ => continue,
            };
            self.formats.insert(number, format);
        }
    }

    /// SSRCs that carry media, and of each the one of its retransmissions.
    pub fn streams(&self) -> Vec<(u32, Option<u32>)> {
        let media = self
            .ssrcs
            .iter()
            .filter(|ssrc| !self.repairs.contains_key(ssrc));
        let repair = |media: u32| self.repairs.iter().find(|(_, of)| **of == media);
        media
            .map(|media| (*media, repair(*media).map(|(repair, _)| *repair)))
            .collect()
    }
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
        assert!((section.mid.as_str(), section.sends, section.audio) == ("v", true, false));
        assert_eq!(section.formats[&96], Format::Media(Codec::Vp8));
        assert_eq!(section.formats[&97], Format::Repair(96));
        assert_eq!(section.streams(), [(5, Some(6))]);
        assert_eq!(section.extensions[MID], 4);
    }
}
