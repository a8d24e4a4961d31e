//! Which protocol a datagram on the one UDP port belongs to (RFC 7983, RTP against RTCP by RFC 5761).

/// The protocol of one datagram, told from its first two bytes alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// STUN (first byte 0..=3).
    Stun,
    /// DTLS (first byte 20..=63).
    Dtls,
    /// SRTP (first byte 128..=191, payload type not in the RTCP range).
    Rtp,
    /// SRTCP (first byte 128..=191, second byte 192..=223).
    Rtcp,
    /// Nothing of ours: ZRTP, TURN channels, QUIC, an empty datagram.
    Other,
}

/// Classifies a datagram.
pub fn classify(datagram: &[u8]) -> Class {
    match datagram {
        [0..=3, ..] => Class::Stun,
        [20..=63, ..] => Class::Dtls,
        [128..=191, 192..=223, ..] => Class::Rtcp,
        [128..=191, _, ..] => Class::Rtp,
        _ => Class::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_bytes_choose_the_protocol() {
        let cases: [(&[u8], Class); 11] = [
            (&[], Class::Other),
            (&[0], Class::Stun),
            (&[1, 1], Class::Stun),
            (&[4, 0], Class::Other),
            (&[20, 254], Class::Dtls),
            (&[63], Class::Dtls),
            (&[64, 0], Class::Other),
            (&[128, 200], Class::Rtcp),
            (&[191, 111], Class::Rtp),
            (&[144, 96 | 0x80], Class::Rtp),
            (&[128], Class::Other),
        ];
        for (bytes, class) in cases {
            assert_eq!(classify(bytes), class, "{bytes:?}");
        }
    }
}
