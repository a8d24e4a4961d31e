//! The engine for Node: converts and batches, decides nothing.

mod convert;
mod types;

use engine::net::{EngineHandle, Options};
use napi::bindgen_prelude::{Error, Function, Result};
use napi::threadsafe_function::ThreadsafeFunctionCallMode;
use napi_derive::napi;
use std::io;
use std::net::IpAddr;
use types::{EngineCommand, EngineEvent, EngineMetrics, EngineOptions};

/// A larger batch would hold the event loop for milliseconds.
const EVENTS_A_DRAIN: usize = 1000;

#[napi]
pub struct Engine {
    handle: Option<EngineHandle>,
    port: u16,
}

#[napi]
impl Engine {
    /// Binds the port and starts the media threads. `wake` carries nothing: it says that `drain` has something. It does not keep
    /// Node alive.
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
    let address = |text: &str, name: &str| -> Result<IpAddr> {
        text.parse().map_err(|_| {
            Error::from_reason(format!("EngineOptions.{name}: '{text}' is no IP address"))
        })
    };
    let port = u16::try_from(options.port).map_err(|_| {
        Error::from_reason(format!("EngineOptions.port: {} is no port", options.port))
    })?;
    let bind = options.bind.as_deref();
    let addresses = options.addresses.iter();
    Ok(Options {
        port,
        bind: bind.map(|text| address(text, "bind")).transpose()?,
        addresses: addresses
            .map(|text| address(text, "addresses"))
            .collect::<Result<_>>()?,
        threads: options.threads.map_or(1, |count| count as usize),
        ..Options::default()
    })
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
