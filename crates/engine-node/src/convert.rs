//! Between the engine's words and the seam's.

use crate::types::{
    AudioLevel, EngineCommand, EngineEvent, EngineMetrics, LayerInfo, LayerSize, LogLevel,
    MediaKind, MidTrack, OfferedMedia, StreamOutput, ThreadMetrics, TransportRole,
};
use engine::command::{self, Command};
use engine::event::{self, Event};
use engine::metrics::Metrics;
use engine::net;

pub fn command(command: EngineCommand) -> Command {
    match command {
        EngineCommand::OpenTransport {
            transport,
            role,
            room,
            tcp_only,
            keep_pictures,
        } => {
            let role = match role {
                TransportRole::Publisher => command::TransportRole::Publisher,
                TransportRole::Subscriber => command::TransportRole::Subscriber,
                TransportRole::Single => command::TransportRole::Single,
            };
            Command::OpenTransport {
                transport,
                role,
                room,
                tcp_only: tcp_only.unwrap_or_default(),
                keep_pictures: keep_pictures.unwrap_or_default(),
            }
        }
        EngineCommand::CloseTransport { transport } => Command::CloseTransport { transport },
        EngineCommand::AcceptOffer {
            transport,
            offer,
            sdp,
        } => Command::AcceptOffer {
            transport,
            offer,
            sdp,
        },
        EngineCommand::AcceptAnswer {
            transport,
            offer,
            sdp,
        } => Command::AcceptAnswer {
            transport,
            offer,
            sdp,
        },
        EngineCommand::PublishTrack {
            track,
            transport,
            mid,
        } => Command::PublishTrack {
            track,
            transport,
            mid,
        },
        EngineCommand::DescribeTrack {
            track,
            screen,
            layers,
        } => Command::DescribeTrack {
            track,
            screen,
            layers: layers
                .into_iter()
                .map(|LayerSize { width, height }| command::LayerSize { width, height })
                .collect(),
        },
        EngineCommand::UnpublishTrack { track } => Command::UnpublishTrack { track },
        EngineCommand::SetTrackMuted { track, muted } => Command::SetTrackMuted { track, muted },
        EngineCommand::Subscribe { transport, wanted } => Command::Subscribe {
            transport,
            wanted: wanted
                .into_iter()
                .map(|wanted| command::WantedTrack {
                    track: wanted.track,
                    stream_id: wanted.stream_id,
                    enabled: wanted.enabled,
                    width: wanted.width,
                    height: wanted.height,
                    fps: wanted.fps,
                    priority: u8::try_from(wanted.priority).unwrap_or(u8::MAX),
                })
                .collect(),
        },
        EngineCommand::RestartIce { transport } => Command::RestartIce { transport },
        EngineCommand::AssumeCapacity { transport, bitrate } => Command::AssumeCapacity {
            transport,
            bitrate: u64::from(bitrate),
        },
        EngineCommand::SendData {
            transports,
            reliable,
            payload,
        } => Command::SendData {
            transports,
            reliable,
            payload: payload.as_ref().into(),
        },
        EngineCommand::InjectPanic { transport } => Command::InjectPanic { transport },
    }
}

pub fn event(event: Event) -> EngineEvent {
    match event {
        Event::Answered {
            transport,
            offer,
            sdp,
            media,
            tracks,
        } => EngineEvent::Answered {
            transport,
            offer,
            sdp,
            media: media.into_iter().map(offered_media).collect(),
            tracks: mid_tracks(tracks),
        },
        Event::SectionsRequired {
            transport,
            audio,
            video,
        } => EngineEvent::SectionsRequired {
            transport,
            audio,
            video,
        },
        Event::Offered {
            transport,
            offer,
            sdp,
            tracks,
        } => EngineEvent::Offered {
            transport,
            offer,
            sdp,
            tracks: mid_tracks(tracks),
        },
        Event::NegotiationFailed {
            transport,
            offer,
            message,
        } => EngineEvent::NegotiationFailed {
            transport,
            offer,
            message,
        },
        Event::TransportConnected { transport } => EngineEvent::TransportConnected { transport },
        Event::TransportClosed { transport, reason } => {
            EngineEvent::TransportClosed { transport, reason }
        }
        Event::LayerStarted { track, ssrc, rid } => EngineEvent::LayerStarted {
            track,
            layer: LayerInfo { ssrc, rid },
        },
        Event::SubscriptionStarted { transport, track } => {
            EngineEvent::SubscriptionStarted { transport, track }
        }
        Event::SubscriptionFailed {
            transport,
            track,
            reason,
            codec,
        } => EngineEvent::SubscriptionFailed {
            transport,
            track,
            reason,
            codec,
        },
        Event::SubscriptionPaused { transport, track } => {
            EngineEvent::SubscriptionPaused { transport, track }
        }
        Event::SubscriptionResumed { transport, track } => {
            EngineEvent::SubscriptionResumed { transport, track }
        }
        Event::WantedLayers { track, spatial } => EngineEvent::WantedLayers {
            track,
            spatial: u32::from(spatial),
        },
        Event::DataReceived {
            transport,
            reliable,
            label,
            payload,
        } => EngineEvent::DataReceived {
            transport,
            reliable,
            label,
            payload: payload.into(),
        },
        Event::AudioLevels { levels } => EngineEvent::AudioLevels {
            levels: levels
                .into_iter()
                .map(|event::AudioLevel { track, level }| AudioLevel { track, level })
                .collect(),
        },
        Event::Quality {
            transport,
            loss_percent,
            rtt_ms,
        } => EngineEvent::Quality {
            transport,
            loss_percent,
            rtt_ms,
        },
        Event::Log {
            level,
            message,
            transport,
        } => EngineEvent::Log {
            level: match level {
                event::LogLevel::Debug => LogLevel::Debug,
                event::LogLevel::Info => LogLevel::Info,
                event::LogLevel::Warn => LogLevel::Warn,
                event::LogLevel::Error => LogLevel::Error,
            },
            message,
            transport,
        },
        Event::EngineFailed { reason } => EngineEvent::EngineFailed { reason },
    }
}

fn mid_tracks(tracks: Vec<event::MidTrack>) -> Vec<MidTrack> {
    let tracks = tracks.into_iter();
    tracks
        .map(|event::MidTrack { mid, track }| MidTrack { mid, track })
        .collect()
}

fn offered_media(media: event::OfferedMedia) -> OfferedMedia {
    OfferedMedia {
        mid: media.mid,
        kind: match media.kind {
            event::MediaKind::Audio => MediaKind::Audio,
            event::MediaKind::Video => MediaKind::Video,
        },
        stream_id: media.stream_id,
        track_id: media.track_id,
        mime_type: media.mime_type,
        rids: media.rids,
        sending: media.sending,
    }
}

pub fn stream_output(output: net::StreamOutput) -> StreamOutput {
    StreamOutput {
        stream: output.stream.get(),
        bytes: output.bytes.into(),
        ended: output.ended,
    }
}

/// Counters stay below 2^53 for longer than a process lives.
pub fn metrics(metrics: &Metrics, threads: &[Metrics]) -> EngineMetrics {
    EngineMetrics {
        packets_in: metrics.packets_in as f64,
        packets_out: metrics.packets_out as f64,
        bytes_in: metrics.bytes_in as f64,
        bytes_out: metrics.bytes_out as f64,
        packets_dropped: metrics.packets_dropped as f64,
        handed_over: metrics.handed_over as f64,
        posts_dropped: metrics.posts_dropped as f64,
        strays_dropped: metrics.strays_dropped as f64,
        retransmitted: metrics.retransmitted as f64,
        nacks: metrics.nacks as f64,
        keyframe_requests: metrics.keyframe_requests as f64,
        send_errors: metrics.send_errors as f64,
        transports: metrics.transports as f64,
        tracks: metrics.tracks as f64,
        subscriptions: metrics.subscriptions as f64,
        events_dropped: metrics.events_dropped as f64,
        thread_cpu_micros: metrics.thread_cpu_micros as f64,
        threads: threads.iter().map(thread_metrics).collect(),
    }
}

fn thread_metrics(metrics: &Metrics) -> ThreadMetrics {
    ThreadMetrics {
        packets_in: metrics.packets_in as f64,
        packets_out: metrics.packets_out as f64,
        transports: metrics.transports as f64,
        subscriptions: metrics.subscriptions as f64,
        cpu_micros: metrics.thread_cpu_micros as f64,
    }
}
