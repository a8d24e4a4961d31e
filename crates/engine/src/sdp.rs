//! SDP as text: what str0m does not need is cut away before parsing (its parser is dear by the line), the few
//! facts it does not tell are read here, and `msid` is rewritten when an m-line is used again.

mod sections;

pub use sections::{Section, scan};

use std::collections::{HashMap, HashSet};

/// Longest text and most m-lines that are looked at.
const TEXT_LIMIT: usize = 1 << 20;
const SECTION_LIMIT: usize = 512;
/// Longest line: a group names every m-line.
const LINE_LIMIT: usize = 16 << 10;
/// Payload types of one m-line; a browser offers some thirty of ours, repetition included.
const PAYLOAD_TYPE_LIMIT: usize = 48;
/// Layers of one m-line that are looked at.
const RID_LIMIT: usize = 8;
/// SSRCs of one section that are looked at.
const SSRC_LIMIT: usize = 32;

pub const DEPENDENCY_DESCRIPTOR: &str =
    "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension";

/// Header extensions that are negotiated with anybody.
const EXTENSIONS: [&str; 8] = [
    "urn:ietf:params:rtp-hdrext:sdes:mid",
    "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
    "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
    "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
    "urn:3gpp:video-orientation",
    "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
    "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
    DEPENDENCY_DESCRIPTOR,
];

const ATTRIBUTES: [&str; 19] = [
    "mid",
    "sendrecv",
    "sendonly",
    "recvonly",
    "inactive",
    "setup",
    "ice-ufrag",
    "ice-pwd",
    "ice-options",
    "fingerprint",
    "rtcp-mux",
    "rtcp-rsize",
    "rid",
    "simulcast",
    "msid",
    "sctp-port",
    "max-message-size",
    "extmap-allow-mixed",
    "bundle-only",
];

/// How many lines of a kind one m-line may keep. str0m compares payload types in the third power and SSRCs in the second, on the media
/// thread.
fn line_limit(name: &str) -> usize {
    match name {
        "rtpmap" | "fmtp" => PAYLOAD_TYPE_LIMIT,
        "rtcp-fb" => 8 * PAYLOAD_TYPE_LIMIT,
        "rid" => RID_LIMIT,
        "simulcast" => 1,
        _ => SSRC_LIMIT,
    }
}

/// The lines str0m needs, nothing else. Fails for texts that no client of ours would send.
pub fn trim(text: &str) -> Result<String, String> {
    if text.len() > TEXT_LIMIT {
        return Err(format!("the description is longer than {TEXT_LIMIT} bytes"));
    }
    let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
    if lines.iter().any(|line| line.len() > LINE_LIMIT) {
        return Err(format!("a line is longer than {LINE_LIMIT} bytes"));
    }
    let starts: Vec<usize> = (0..lines.len())
        .filter(|&i| lines[i].starts_with("m="))
        .collect();
    if starts.len() > SECTION_LIMIT {
        return Err(format!("more than {SECTION_LIMIT} media sections"));
    }
    let mut out = String::with_capacity(text.len().min(64 << 10));
    let first = starts.first().copied().unwrap_or(lines.len());
    for line in &lines[..first] {
        if !line.starts_with("a=candidate") {
            push(&mut out, line);
        }
    }
    for (i, &start) in starts.iter().enumerate() {
        let end = starts.get(i + 1).copied().unwrap_or(lines.len());
        trim_section(&lines[start..end], &mut out);
    }
    Ok(out)
}

fn push(out: &mut String, line: &str) {
    out.push_str(line);
    out.push_str("\r\n");
}

fn trim_section(lines: &[&str], out: &mut String) {
    let media = lines[0];
    let keep = payload_types(lines);
    if keep.is_empty() {
        push(out, media);
    } else {
        let mut words = media.split_ascii_whitespace();
        let head: Vec<&str> = words.by_ref().take(3).collect();
        out.push_str(&head.join(" "));
        let kept = words.filter(|pt| keep.contains(pt));
        for pt in kept.take(PAYLOAD_TYPE_LIMIT) {
            out.push(' ');
            out.push_str(pt);
        }
        out.push_str("\r\n");
    }
    let mut ssrcs = HashSet::new();
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for line in &lines[1..] {
        let Some(attribute) = line.strip_prefix("a=") else {
            if line.starts_with("c=") {
                push(out, line);
            }
            continue;
        };
        let (name, value) = attribute.split_once(':').unwrap_or((attribute, ""));
        let wanted = match name {
            "rtpmap" | "fmtp" | "rtcp-fb" => {
                let pt = value.split(' ').next().unwrap_or_default();
                keep.is_empty() || keep.contains(pt) || pt == "*"
            }
            "extmap" => EXTENSIONS
                .iter()
                .any(|uri| value.split(' ').nth(1) == Some(uri)),
            "ssrc-group" => value.starts_with("FID"),
            // One line tells that the SSRC exists; the rest repeats msid and cname.
            "ssrc" => ssrcs.insert(value.split(' ').next().unwrap_or_default()),
            _ => ATTRIBUTES.contains(&name),
        };
        if !wanted {
            continue;
        }
        let count = counts.entry(name).or_default();
        *count += 1;
        if *count <= line_limit(name) {
            push(out, line);
        }
    }
}

/// The payload types of codecs we forward; empty when there is none (the section then stays as it is and is refused).
fn payload_types<'a>(lines: &[&'a str]) -> HashSet<&'a str> {
    let mut keep = HashSet::new();
    let mut depends = Vec::new();
    if !(lines[0].starts_with("m=audio") || lines[0].starts_with("m=video")) {
        return keep;
    }
    for line in lines {
        let Some((pt, codec)) = line
            .strip_prefix("a=rtpmap:")
            .and_then(|rest| rest.split_once(' '))
        else {
            continue;
        };
        match codec.to_ascii_lowercase().as_str() {
            "opus/48000/2" | "vp8/90000" | "vp9/90000" | "h264/90000" | "av1/90000" => {
                keep.insert(pt);
            }
            "rtx/90000" | "red/48000/2" => depends.push(pt),
            _ => {}
        }
    }
    // One pass over the lines: an offer may have any number of them.
    let mut targets = HashMap::new();
    for line in lines {
        if let Some((pt, value)) = line
            .strip_prefix("a=fmtp:")
            .and_then(|rest| rest.split_once(' '))
        {
            let value = value.strip_prefix("apt=").unwrap_or(value);
            targets
                .entry(pt)
                .or_insert_with(|| value.split(['/', ';', ' ']).next());
        }
    }
    for pt in depends {
        let target = targets.get(pt).copied().flatten();
        if target.is_some_and(|target| keep.contains(target)) {
            keep.insert(pt);
        }
    }
    keep
}

pub fn ufrag(text: &str) -> Option<&str> {
    text.lines()
        .find_map(|line| line.strip_prefix("a=ice-ufrag:"))
}

/// The text with `msid` of the named m-lines replaced by (stream id, track id).
pub fn set_msids(text: &str, msids: &HashMap<String, (String, String)>) -> String {
    let mut out = String::with_capacity(text.len() + 64);
    let lines: Vec<&str> = text.lines().collect();
    let mut msid: Option<&(String, String)> = None;
    for (i, line) in lines.iter().enumerate() {
        if line.starts_with("m=") {
            let mid = lines[i + 1..]
                .iter()
                .take_while(|line| !line.starts_with("m="))
                .find_map(|line| line.strip_prefix("a=mid:"));
            msid = mid.and_then(|mid| msids.get(mid));
        }
        let Some((stream, track)) = msid else {
            // The list of streams would still have the old names; every stream is what clients assume anyway.
            let semantic = line.starts_with("a=msid-semantic:");
            push(
                &mut out,
                if semantic {
                    "a=msid-semantic: WMS *"
                } else {
                    line
                },
            );
            continue;
        };
        if line.starts_with("a=msid:") {
            push(&mut out, &format!("a=msid:{stream} {track}"));
        } else if let Some((ssrc, _)) = line
            .strip_prefix("a=ssrc:")
            .and_then(|rest| rest.split_once(" msid:"))
        {
            push(&mut out, &format!("a=ssrc:{ssrc} msid:{stream} {track}"));
        } else {
            push(&mut out, line);
        }
    }
    out
}

/// The text with the named m-lines sending nothing.
pub fn silence(text: &str, mids: &[String]) -> String {
    rewrite(text, mids, |line| match line {
        "a=sendonly" => Some("a=inactive"),
        "a=sendrecv" => Some("a=recvonly"),
        _ => (!names(line)).then_some(line),
    })
}

/// The text with nothing said about what the named m-lines send.
pub fn unnamed(text: &str, mids: &[String]) -> String {
    rewrite(text, mids, |line| (!names(line)).then_some(line))
}

fn names(line: &str) -> bool {
    line.starts_with("a=msid:") || line.starts_with("a=ssrc")
}

/// The text without generic NACKs on the named m-lines.
pub fn without_nack(text: &str, mids: &[String]) -> String {
    let nack = |line: &str| line.starts_with("a=rtcp-fb:") && line.ends_with(" nack");
    rewrite(text, mids, |line| (!nack(line)).then_some(line))
}

/// The text with every line of the named m-lines changed; None leaves a line out.
fn rewrite<'a>(
    text: &'a str,
    mids: &[String],
    change: impl Fn(&'a str) -> Option<&'a str>,
) -> String {
    let mut out = String::with_capacity(text.len());
    let lines: Vec<&str> = text.lines().collect();
    let mut named = false;
    for (i, line) in lines.iter().enumerate() {
        if line.starts_with("m=") {
            let section = lines[i + 1..].iter();
            let mut section = section.take_while(|line| !line.starts_with("m="));
            let mid = section.find_map(|line| line.strip_prefix("a=mid:"));
            named = mid.is_some_and(|mid| mids.iter().any(|named| named == mid));
        }
        let line = if named { change(line) } else { Some(*line) };
        if let Some(line) = line {
            push(&mut out, line);
        }
    }
    out
}

#[cfg(test)]
#[path = "sdp_tests.rs"]
mod tests;
