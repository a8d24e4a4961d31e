//! The engine for Node: converts and batches, decides nothing.

mod convert;
mod types;

use engine::net::{EngineHandle, Options};
use engine::remote::StreamId;
use napi::bindgen_prelude::{Error, Function, Result, Uint8Array};
use napi::threadsafe_function::ThreadsafeFunctionCallMode;
use napi_derive::napi;
use std::io;
use std::net::{IpAddr, SocketAddr};
use types::{EngineCommand, EngineEvent, EngineMetrics, EngineOptions, StreamOutput};

/// A larger batch would hold the event loop for milliseconds.
const EVENTS_A_DRAIN: usize = 1000;

#[napi]
pub struct Engine {
    handle: Option<EngineHandle>,
    port: u16,
}

#[napi]
impl Engine {
    /// Binds the port and starts the media threads. `wake` carries nothing: it says that `drain` or `drainStreams` has
    /// something. It does not keep Node alive.
    #[napi(constructor, catch_unwind)]
    pub fn new(options: EngineOptions, wake: Function<(), ()>) -> Result<Self> {
        let wake = wake
            .build_threadsafe_function::<()>()
            .weak::<true>()
            .max_queue_size::<1>()
            .callee_handled::<false>()
            .build()?;
        let options = options_from(options)?;
        let handle = EngineHandle::start(
            &options,
            Box::new(move || {
                // A full queue means that a wake is under way, a closing one that Node goes.
                let _ = wake.call((), ThreadsafeFunctionCallMode::NonBlocking);
            }),
        )
        .map_err(|error| start_error(&options, &error))?;
        Ok(Engine {
            port: handle.port(),
            handle: Some(handle),
        })
    }

    /// The UDP port, also when any free one was asked for.
    #[napi(getter, catch_unwind)]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// How datagrams come and go on this system, in words for the log.
    #[napi(getter, catch_unwind)]
    pub fn path(&self) -> &'static str {
        self.handle.as_ref().map_or("", EngineHandle::path)
    }

    /// All commands in order. Throws when the queue is full; unknown ids are ignored.
    #[napi(catch_unwind)]
    pub fn apply(&self, commands: Vec<EngineCommand>) -> Result<()> {
        let commands = commands.into_iter().map(convert::command).collect();
        match &self.handle {
            Some(handle) => handle
                .apply(commands)
                .map_err(|full| Error::from_reason(full.to_string())),
            None => Ok(()),
        }
    }

    /// The oldest events, at most 1000; `wake` is called again when more wait.
    #[napi(catch_unwind)]
    pub fn drain(&self) -> Vec<EngineEvent> {
        let events = self
            .handle
            .as_ref()
            .map(|handle| handle.drain(EVENTS_A_DRAIN));
        events
            .unwrap_or_default()
            .into_iter()
            .map(convert::event)
            .collect()
    }

    /// A TCP connection that shall carry media (ICE over TCP), from its first byte on. The ends are IP addresses. 0 when there can be
    /// no more of them.
    #[napi(catch_unwind)]
    pub fn open_stream(
        &self,
        remote_address: String,
        remote_port: u16,
        local_address: String,
        local_port: u16,
    ) -> Result<u32> {
        let from = SocketAddr::new(address(&remote_address, "remoteAddress")?, remote_port);
        let to = SocketAddr::new(address(&local_address, "localAddress")?, local_port);
        let stream = self.handle.as_ref().and_then(|h| h.open_stream(from, to));
        Ok(stream.map_or(0, StreamId::get))
    }

    /// What arrived on a stream. False when it is no media of ours and the connection is to be closed.
    #[napi(catch_unwind)]
    pub fn receive_stream(&self, stream: u32, bytes: Uint8Array) -> bool {
        let stream = StreamId::new(stream);
        let taken = self.handle.as_ref().zip(stream);
        taken.is_some_and(|(handle, stream)| handle.receive_stream(stream, &bytes))
    }

    /// So many bytes that `drainStreams` gave have left: more follow only then.
    #[napi(catch_unwind)]
    pub fn stream_written(&self, stream: u32, bytes: u32) {
        if let (Some(handle), Some(stream)) = (&self.handle, StreamId::new(stream)) {
            handle.stream_written(stream, bytes as usize);
        }
    }

    /// The connection has ended.
    #[napi(catch_unwind)]
    pub fn close_stream(&self, stream: u32) {
        if let (Some(handle), Some(stream)) = (&self.handle, StreamId::new(stream)) {
            handle.close_stream(stream);
        }
    }

    /// What is to leave on streams; `wake` is called again when there is more.
    #[napi(catch_unwind)]
    pub fn drain_streams(&self) -> Vec<StreamOutput> {
        let outputs = self.handle.as_ref().map(EngineHandle::drain_streams);
        let outputs = outputs.unwrap_or_default().into_iter();
        outputs.map(convert::stream_output).collect()
    }

    /// Counters since the start, at most a tenth of a second old.
    #[napi(catch_unwind)]
    pub fn metrics(&self) -> EngineMetrics {
        let metrics = self.handle.as_ref().map(EngineHandle::metrics);
        let threads = self.handle.as_ref().map(EngineHandle::thread_metrics);
        convert::metrics(&metrics.unwrap_or_default(), &threads.unwrap_or_default())
    }

    /// Says good-bye to every client and ends the threads. Repeating it does nothing.
    #[napi(catch_unwind)]
    pub fn shutdown(&mut self) {
        self.handle = None;
    }
}

fn options_from(options: EngineOptions) -> Result<Options> {
    let port = u16::try_from(options.port).map_err(|_| {
        Error::from_reason(format!("EngineOptions.port: {} is no port", options.port))
    })?;
    let bind = options.bind.as_deref();
    let addresses = options.addresses.iter();
    Ok(Options {
        port,
        bind: bind
            .map(|text| address(text, "EngineOptions.bind"))
            .transpose()?,
        addresses: addresses
            .map(|text| address(text, "EngineOptions.addresses"))
            .collect::<Result<_>>()?,
        streams: options.streams.unwrap_or_default(),
        threads: options.threads.map_or(1, |count| count as usize),
        ..Options::default()
    })
}

fn address(text: &str, name: &str) -> Result<IpAddr> {
    let wrong = || Error::from_reason(format!("{name}: '{text}' is no IP address"));
    text.parse().map_err(|_| wrong())
}

fn start_error(options: &Options, error: &io::Error) -> Error {
    let code = match error.kind() {
        io::ErrorKind::AddrInUse => "EADDRINUSE",
        io::ErrorKind::PermissionDenied => "EACCES",
        io::ErrorKind::AddrNotAvailable => "EADDRNOTAVAIL",
        _ => "EIO",
    };
    Error::from_reason(format!("{code}: UDP port {}: {error}", options.port))
}
