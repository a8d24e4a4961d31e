//! What every forwarding costs: a process that takes a datagram and sends it back.

use crate::wire;
use std::net::{IpAddr, UdpSocket};

/// Serves until stdin ends.
pub fn run(address: IpAddr) -> Result<(), String> {
    let words = |error: std::io::Error| format!("The relay has no socket: {error}");
    let socket = UdpSocket::bind((address, 0)).map_err(words)?;
    let port = socket.local_addr().map_err(words)?.port();
    wire::say(&format!("{{\"port\":{port}}}"));
    std::thread::spawn(move || {
        let mut buffer = [0; 2_048];
        loop {
            if let Ok((length, from)) = socket.recv_from(&mut buffer) {
                // A full buffer is loss, as on any network.
                let _ = socket.send_to(&buffer[..length], from);
            }
        }
    });
    let stdin = wire::lines();
    while stdin.recv().is_ok() {}
    Ok(())
}
