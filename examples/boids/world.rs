//! The memory of a flock: which sections it has, and how the bytes of a frame become a scene.

use inos::units::boids::{self, Frame};
use inos::{
    Dispatcher, EpochsConfig, Error, Kernel, LanesConfig, Layout, Mode, PartiesConfig,
    PingPongConfig, SectionId,
};

use crate::scene::{Bounds, Scene};

/// The epochs section.
pub(crate) const EPOCHS: SectionId = SectionId(1);
/// The newest frame of the flock.
pub(crate) const FRAMES: SectionId = SectionId(2);
/// Calls to the units, and their answers.
pub(crate) const LANES: SectionId = SectionId(3);
/// Which units there are.
pub(crate) const UNITS: SectionId = SectionId(4);

/// Who looks on from other processes.
pub(crate) const PARTIES: SectionId = SectionId(5);

/// How those prove that they are alive: what a killed one held is free again.
#[cfg(target_os = "linux")]
pub(crate) type Lives<'m> = inos::FileLocks<'m>;
/// How those prove that they are alive: not at all, where there is no such lock.
#[cfg(not(target_os = "linux"))]
pub(crate) type Lives<'m> = inos::AlwaysAlive;

/// Moves on whenever a frame was published.
pub(crate) const FRAME_EPOCH: u32 = 0;

/// Bytes a client has for the parameters and results of its calls.
pub(crate) const BUFFER_LEN: u32 = 4096;

/// Slots for frames: one that is newest, one to write, and what ten viewers may pin.
const SLOTS: u32 = 12;

/// The layout for a flock of up to `capacity` boids.
///
/// # Errors
/// `BadLayout` if a frame of so many boids has no length in 32 bits.
pub(crate) fn layout(dim: u32, capacity: u32) -> Result<Layout, Error> {
    let frame_len = boids::frame_len(dim, capacity)
        .and_then(|len| u32::try_from(len).ok())
        .ok_or(Error::BadLayout { what: "too many boids" })?;
    let frames = PingPongConfig { slots: SLOTS, seats: SLOTS - 2, frame_len, mode: Mode::Observed };
    Layout::builder()
        .epochs(EPOCHS, "epochs", EpochsConfig { count: 1, padded: true })
        .ping_pong(FRAMES, "frames", frames)
        .lanes(LANES, "lanes", LanesConfig { lanes: 2, entries: 16, buffer_len: BUFFER_LEN })
        .parties(PARTIES, "parties", PartiesConfig::of::<Lives<'_>>(SLOTS))
        .registry(UNITS, "units", Kernel::registry_config(&Dispatcher::standard()))
        .build()
}

/// What there is to see in a frame, in place.
#[must_use]
pub(crate) fn scene<'a>(frame: &Frame<'a>) -> Scene<'a> {
    let header = frame.header();
    Scene {
        dim: header.dim,
        half_extent: header.half_extent,
        bounds: match header.bounds {
            boids::Bounds::Torus => Bounds::Torus,
            boids::Bounds::Box => Bounds::Box,
            boids::Bounds::Sphere => Bounds::Sphere,
        },
        position: [0, 1, 2].map(|axis| frame.pos(axis)),
        velocity: [0, 1, 2].map(|axis| frame.vel(axis)),
        ids: frame.ids(),
    }
}
