//! Parsing of descriptions, which takes longer than media can wait.

use crate::command::TransportId;
use crate::panics;
use crate::sdp::{self, Section};
use str0m::change::{SdpAnswer, SdpOffer};

/// A description to be parsed away from the media thread.
#[derive(Debug)]
pub struct SdpJob {
    pub(crate) transport: TransportId,
    pub(crate) offer: u32,
    pub(crate) sdp: String,
    pub(crate) is_offer: bool,
}

pub struct SdpResult {
    pub(crate) transport: TransportId,
    pub(crate) offer: u32,
    pub(crate) is_offer: bool,
    pub(crate) parsed: Result<Parsed, String>,
}

pub(crate) enum Parsed {
    Offer(SdpOffer, Vec<Section>),
    Answer(SdpAnswer),
}

impl SdpJob {
    pub fn run(self) -> SdpResult {
        let SdpJob {
            transport,
            offer,
            sdp,
            is_offer,
        } = self;
        let parsed = panics::catch(|| parse(&sdp, is_offer)).unwrap_or_else(Err);
        SdpResult {
            transport,
            offer,
            is_offer,
            parsed,
        }
    }
}

fn parse(text: &str, is_offer: bool) -> Result<Parsed, String> {
    let trimmed = sdp::trim(text)?;
    if is_offer {
        let offer = SdpOffer::from_sdp_string(&trimmed).map_err(|error| error.to_string())?;
        // The whole text: str0m would only stumble over groups of SSRCs that we read ourselves.
        return Ok(Parsed::Offer(offer, sdp::scan(text)));
    }
    SdpAnswer::from_sdp_string(&trimmed)
        .map(Parsed::Answer)
        .map_err(|error| error.to_string())
}
