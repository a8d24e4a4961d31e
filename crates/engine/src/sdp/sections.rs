//! What a description says, as far as str0m does not tell.

use super::{RID_LIMIT, SECTION_LIMIT, SSRC_LIMIT};
use crate::event::MediaKind;

/// What one m-line says, as far as str0m does not tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Section {
    pub mid: String,
    /// None for `m=application` and others.
    pub kind: Option<MediaKind>,
    pub stream_id: String,
    pub track_id: String,
    pub rids: Vec<String>,
    /// The codec of the first payload type, like `video/VP8`.
    pub mime_type: String,
    pub sends: bool,
    pub receives: bool,
    pub refused: bool,
    pub payload_types: Vec<u8>,
    /// Generic NACKs are spoken.
    pub nack: bool,
    pub ssrcs: Vec<u32>,
    /// Pairs of `ssrc-group:FID`: a stream and the one of its retransmissions.
    pub repairs: Vec<(u32, u32)>,
    /// The streams of `ssrc-group:SIM`, lowest quality first. [`scan`] names the layers of such a section in `rids`.
    pub layers: Vec<u32>,
}

/// Names for layers that have none, lowest quality first: those that clients give theirs.
const LAYER_NAMES: [&str; 3] = ["q", "h", "f"];

pub fn scan(text: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let mut first_pt = "";
    for line in text.lines() {
        if let Some(media) = line.strip_prefix("m=") {
            if sections.len() == SECTION_LIMIT {
                break;
            }
            let mut words = media.split_ascii_whitespace();
            let kind = match words.next() {
                Some("audio") => Some(MediaKind::Audio),
                Some("video") => Some(MediaKind::Video),
                _ => None,
            };
            let refused = words.next() == Some("0");
            words.next();
            let payload_types: Vec<u8> = words.clone().filter_map(|pt| pt.parse().ok()).collect();
            first_pt = words.next().unwrap_or_default();
            sections.push(Section {
                kind,
                refused,
                payload_types,
                sends: true,
                receives: true,
                ..Section::default()
            });
        }
        if let (Some(section), Some(attribute)) = (sections.last_mut(), line.strip_prefix("a=")) {
            read(section, attribute, first_pt);
        }
    }
    for section in &mut sections {
        if section.rids.is_empty() && section.layers.len() > 1 {
            let names = LAYER_NAMES.iter().take(section.layers.len());
            section.rids = names.map(|name| (*name).to_owned()).collect();
        } else {
            section.layers.clear();
        }
    }
    sections
}

fn read(section: &mut Section, attribute: &str, first_pt: &str) {
    let (name, value) = attribute.split_once(':').unwrap_or((attribute, ""));
    match name {
        "mid" => section.mid = value.trim().to_owned(),
        "sendonly" => section.receives = false,
        "recvonly" => section.sends = false,
        "inactive" => (section.sends, section.receives) = (false, false),
        // Port 0 does not refuse it then (RFC 8843, 6): Firefox offers all but the first like this.
        "bundle-only" => section.refused = false,
        "msid" => {
            let mut words = value.split(' ');
            section.stream_id = words
                .next()
                .filter(|id| *id != "-")
                .unwrap_or_default()
                .to_owned();
            section.track_id = words.next().unwrap_or_default().to_owned();
        }
        "rid" => {
            if let Some((rid, "send" | "recv")) = value
                .split_once(' ')
                .map(|(rid, rest)| (rid, rest.split(' ').next().unwrap_or_default()))
                && section.rids.len() < RID_LIMIT
            {
                section.rids.push(rid.to_owned());
            }
        }
        "simulcast" => {
            // The order of quality, which the order of the rid lines need not be.
            let list = value.split(' ').nth(1).unwrap_or_default();
            let listed = list.split(';').map(|rid| rid.trim_start_matches('~'));
            let known = |rid: &&str| section.rids.iter().any(|known| known == rid);
            let ordered: Vec<String> = listed.filter(known).map(str::to_owned).collect();
            if ordered.len() == section.rids.len() {
                section.rids = ordered;
            }
        }
        "rtcp-fb" => {
            section.nack |= value.split(' ').nth(1) == Some("nack") && value.split(' ').count() == 2
        }
        "ssrc" => {
            let ssrc = value.split(' ').next().and_then(|ssrc| ssrc.parse().ok());
            if let Some(ssrc) = ssrc.filter(|ssrc| !section.ssrcs.contains(ssrc))
                && section.ssrcs.len() < SSRC_LIMIT
            {
                section.ssrcs.push(ssrc);
            }
        }
        "ssrc-group" => {
            let mut words = value.split_ascii_whitespace();
            let semantics = words.next();
            let ssrcs: Vec<u32> = words.map_while(|ssrc| ssrc.parse().ok()).collect();
            match (semantics, &ssrcs[..]) {
                (Some("FID"), &[main, repair]) if section.repairs.len() < SSRC_LIMIT => {
                    section.repairs.push((main, repair));
                }
                (Some("SIM"), [_, _, ..]) if section.layers.is_empty() => {
                    section.layers = ssrcs;
                    section.layers.truncate(LAYER_NAMES.len());
                }
                _ => {}
            }
        }
        "rtpmap" => {
            let Some((pt, codec)) = value.split_once(' ') else {
                return;
            };
            if pt == first_pt && section.mime_type.is_empty() {
                let kind = match section.kind {
                    Some(MediaKind::Audio) => "audio",
                    _ => "video",
                };
                let name = codec.split('/').next().unwrap_or_default();
                section.mime_type = format!("{kind}/{name}");
            }
        }
        _ => {}
    }
}
