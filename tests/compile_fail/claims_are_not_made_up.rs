//! A claim that a slice is made from comes from the protocol.
use inos_core::protocol::ping_pong;

pub fn case() {
    let _ = ping_pong::Claim { slot: 0 }; //~ E0451
}
