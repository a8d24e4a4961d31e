//! As much of STUN (RFC 8489) as finding the owner of a datagram needs. Integrity is checked by the ICE agent, never here:
//! nothing learnt from this parser may change state before the agent has answered.

use super::bytes::{be16, be32};
use aws_lc_rs::hmac;

const MAGIC_COOKIE: u32 = 0x2112_A442;
const HEADER_LEN: usize = 20;
const ATTR_USERNAME: u16 = 0x0006;
const ATTR_MESSAGE_INTEGRITY: u16 = 0x0008;
const ATTR_USE_CANDIDATE: u16 = 0x0025;
const ATTR_FINGERPRINT: u16 = 0x8028;
/// Type, length and an HMAC-SHA1.
const INTEGRITY_LEN: usize = 24;
/// More attributes than any ICE agent sends; stops a datagram made of empty ones from costing time.
const MAX_ATTRIBUTES: usize = 32;

/// The class bits of a STUN message type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StunClass {
    /// A request.
    Request,
    /// An indication.
    Indication,
    /// A success response.
    Success,
    /// An error response.
    Error,
}

/// A STUN message, read but not authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stun<'a> {
    /// Request, indication or response.
    pub class: StunClass,
    /// 1 is Binding.
    pub method: u16,
    /// The transaction id.
    pub transaction: [u8; 12],
    /// USERNAME as `receiver:sender`, absent in responses.
    pub username: Option<&'a str>,
    /// Whether USE-CANDIDATE (RFC 8445 7.1.1) is there.
    pub use_candidate: bool,
}

impl<'a> Stun<'a> {
    /// Reads a message. `None` for anything that is not well-formed STUN with the magic cookie.
    pub fn parse(datagram: &'a [u8]) -> Option<Stun<'a>> {
        let kind = be16(datagram, 0)?;
        let length = usize::from(be16(datagram, 2)?);
        if kind & 0xC000 != 0 || be32(datagram, 4)? != MAGIC_COOKIE || length % 4 != 0 {
            return None;
        }
        let transaction = *datagram.get(8..)?.first_chunk()?;
        let mut rest = datagram.get(HEADER_LEN..HEADER_LEN + length)?;
        let (mut username, mut use_candidate) = (None, false);
        for _ in 0..MAX_ATTRIBUTES {
            if rest.is_empty() {
                break;
            }
            let (kind, length) = (be16(rest, 0)?, usize::from(be16(rest, 2)?));
            let value = rest.get(4..4 + length)?;
            match kind {
                ATTR_USERNAME if username.is_none() => {
                    username = Some(std::str::from_utf8(value).ok()?)
                }
                ATTR_USE_CANDIDATE => use_candidate = true,
                _ => {}
            }
            rest = rest.get(4 + length.next_multiple_of(4)..)?;
        }
        let class = match (kind & 0x0100 != 0, kind & 0x0010 != 0) {
            (false, false) => StunClass::Request,
            (false, true) => StunClass::Indication,
            (true, false) => StunClass::Success,
            (true, true) => StunClass::Error,
        };
        let method = (kind & 0x000F) | (kind & 0x00E0) >> 1 | (kind & 0x3E00) >> 2;
        Some(Stun {
            class,
            method,
            transaction,
            username,
            use_candidate,
        })
    }

    /// The receiver's half of the username: our ufrag in a request that came to us.
    pub fn local_ufrag(&self) -> Option<&'a str> {
        self.username
            .and_then(|name| name.split(':').next())
            .filter(|ufrag| !ufrag.is_empty())
    }

    /// A Binding request.
    pub fn is_binding_request(&self) -> bool {
        self.method == 1 && self.class == StunClass::Request
    }

    /// A Binding success response: what the agent sends only after MESSAGE-INTEGRITY was right.
    pub fn is_binding_success(&self) -> bool {
        self.method == 1 && self.class == StunClass::Success
    }
}

/// The same Binding request with USE-CANDIDATE in it, signed with `password`, and its own transaction id.
///
/// A lite agent sends nothing on a path before the other side has nominated it, although RFC 8445 (12.1) allows any valid one.
/// Browsers nominate a good 50 ms after the first check; told this way, the agent answers their first DTLS flight at once. For
/// requests only whose integrity was found right. `None` for anything that is not a signed request.
pub fn nominating(request: &[u8], password: &str) -> Option<(Vec<u8>, [u8; 12])> {
    let message = Stun::parse(request).filter(Stun::is_binding_request)?;
    let mut end = HEADER_LEN;
    for _ in 0..MAX_ATTRIBUTES {
        match be16(request, end)? {
            ATTR_MESSAGE_INTEGRITY => break,
            ATTR_FINGERPRINT => return None,
            _ => end += 4 + usize::from(be16(request, end + 2)?).next_multiple_of(4),
        }
    }
    if be16(request, end) != Some(ATTR_MESSAGE_INTEGRITY) {
        return None;
    }
    let mut copy = request.get(..end)?.to_vec();
    copy.extend(ATTR_USE_CANDIDATE.to_be_bytes());
    copy.extend([0, 0]);
    let length = u16::try_from(copy.len() - HEADER_LEN + INTEGRITY_LEN).ok()?;
    copy.get_mut(2..4)?.copy_from_slice(&length.to_be_bytes());
    let transaction = message.transaction.map(|byte| !byte);
    copy.get_mut(8..HEADER_LEN)?.copy_from_slice(&transaction);
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes());
    let tag = hmac::sign(&key, &copy);
    copy.extend(ATTR_MESSAGE_INTEGRITY.to_be_bytes());
    copy.extend([0, 20]);
    copy.extend(tag.as_ref());
    Some((copy, transaction))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::testing::Random;

    fn request(username: &str, use_candidate: bool) -> Vec<u8> {
        let mut attributes = vec![0, 6, 0, username.len() as u8];
        attributes.extend(username.as_bytes());
        attributes.resize(attributes.len().next_multiple_of(4), 0);
        if use_candidate {
            attributes.extend([0, 0x25, 0, 0]);
        }
        let mut message = vec![0, 1, 0, attributes.len() as u8, 0x21, 0x12, 0xA4, 0x42];
        message.extend([7; 12]);
        message.extend(attributes);
        message
    }

    #[test]
    fn reads_a_binding_request() {
        let bytes = request("ours:theirs", true);
        let message = Stun::parse(&bytes).unwrap();
        assert!(message.is_binding_request() && message.use_candidate);
        assert_eq!(message.local_ufrag(), Some("ours"));
        assert_eq!(message.transaction, [7; 12]);
        assert!(
            !Stun::parse(&request("ours:theirs", false))
                .unwrap()
                .use_candidate
        );
        assert_eq!(
            Stun::parse(&request(":theirs", false))
                .unwrap()
                .local_ufrag(),
            None
        );
    }

    #[test]
    fn nominates_with_the_signature_of_the_password() {
        let mut signed = request("ours:theirs", false);
        assert_eq!(nominating(&signed, "secret"), None, "not signed");
        signed.extend([0, 8, 0, 20]);
        signed.extend([9; 20]);
        let length = (signed.len() - HEADER_LEN) as u16;
        signed[2..4].copy_from_slice(&length.to_be_bytes());
        let (copy, transaction) = nominating(&signed, "secret").unwrap();
        let message = Stun::parse(&copy).unwrap();
        assert!(message.is_binding_request() && message.use_candidate);
        assert_eq!(message.username, Some("ours:theirs"));
        assert_eq!((message.transaction, transaction), ([!7; 12], [!7; 12]));
        // RFC 8489 14.5: the length counts the integrity attribute, the HMAC ends before it.
        let (body, attribute) = copy.split_at(copy.len() - INTEGRITY_LEN);
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, b"secret");
        hmac::verify(&key, body, &attribute[4..]).unwrap();
    }

    #[test]
    fn nominating_survives_mutated_requests() {
        let mut random = Random::new(17);
        let mut signed = request("ours:theirs", false);
        signed.extend([0, 8, 0, 20]);
        signed.extend([9; 20]);
        for _ in 0..20_000 {
            let mut bytes = signed.clone();
            for _ in 0..random.below(4) {
                let at = random.below(bytes.len() as u64) as usize;
                bytes[at] = random.next() as u8;
            }
            bytes.truncate(random.below(bytes.len() as u64 + 1) as usize);
            let _ = nominating(&bytes, "secret");
        }
    }

    #[test]
    fn tells_the_classes_apart() {
        for (first, second, class) in [
            (0, 1, StunClass::Request),
            (0, 0x11, StunClass::Indication),
            (1, 1, StunClass::Success),
            (1, 0x11, StunClass::Error),
        ] {
            let mut bytes = request("a:b", false);
            (bytes[0], bytes[1]) = (first, second);
            let message = Stun::parse(&bytes).unwrap();
            assert_eq!((message.class, message.method), (class, 1));
        }
    }

    #[test]
    fn survives_mutated_and_cut_messages() {
        let mut random = Random::new(1);
        for _ in 0..50_000 {
            let bytes = random.mutate(&request("abcdefgh:ijkl", true));
            if let Some(message) = Stun::parse(&bytes) {
                let _ = message.local_ufrag();
            }
        }
    }
}
