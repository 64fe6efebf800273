//! The memory of a flock: which sections it has, and how the bytes of a frame become a scene.

use std::f32::consts::PI;

use inos::units::boids;
use inos::{
    Dispatcher, EpochsConfig, Error, Kernel, KernelConfig, LanesConfig, Layout, Mode,
    PartiesConfig, PingPongConfig, SectionId,
};

use crate::script::Needs;

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

/// The newest population of rules, where some evolve.
pub(crate) const POPULATIONS: SectionId = SectionId(6);

/// Moves on whenever a frame was published.
pub(crate) const FRAME_EPOCH: u32 = 0;
/// Moves on whenever a population was published.
pub(crate) const POPULATION_EPOCH: u32 = 1;

/// Bytes a client has for the parameters and results of its calls: as obstacles are written, as
/// many as there may be take half of what one of four calls has.
pub(crate) const BUFFER_LEN: u32 = 1 << 17;

/// Bytes of the largest population that the example breeds.
const POPULATION_LEN: u32 = 1 << 14;

/// Slots for frames: one that is newest, one to write, and what ten viewers may pin.
const SLOTS: u32 = 12;

/// Half the width of a world where everybody has so many others within a radius of 1, if they are
/// spread evenly; at least 2, so that no preset sees round a torus.
#[must_use]
pub(crate) fn half_extent(dim: u32, count: u32, neighbours: f32) -> f32 {
    let (ball, root) = if dim == 3 { (4.0 / 3.0 * PI, 1.0 / 3.0) } else { (PI, 0.5) };
    (0.5 * (count as f32 * ball / neighbours).powf(root)).max(2.0)
}

/// A kernel that serves all sections of the layout.
#[must_use]
pub(crate) fn config(threads: usize) -> KernelConfig {
    KernelConfig::new(LANES, UNITS).threads(threads).publish(FRAMES, EPOCHS, FRAME_EPOCH).publish(
        POPULATIONS,
        EPOCHS,
        POPULATION_EPOCH,
    )
}

/// The layout for a flock of up to so many boids and what is around them.
///
/// # Errors
/// `BadLayout` if a frame of so many boids has no length in 32 bits.
pub(crate) fn layout(needs: &Needs) -> Result<Layout, Error> {
    let Needs { dim, count, predators, obstacles } = *needs;
    let frame_len = boids::frame_len_with(dim, count, predators, obstacles)
        .and_then(|len| u32::try_from(len).ok())
        .ok_or(Error::BadLayout { what: "too many boids" })?;
    let frames = PingPongConfig { slots: SLOTS, seats: SLOTS - 2, frame_len, mode: Mode::Observed };
    // Observed only: they are small, and whoever looks copies them.
    let populations = PingPongConfig { slots: 3, seats: 1, frame_len: POPULATION_LEN, ..frames };
    Layout::builder()
        .epochs(EPOCHS, "epochs", EpochsConfig { count: 2, padded: true })
        .ping_pong(FRAMES, "frames", frames)
        .ping_pong(POPULATIONS, "populations", populations)
        .lanes(LANES, "lanes", LanesConfig { lanes: 2, entries: 16, buffer_len: BUFFER_LEN })
        .parties(PARTIES, "parties", PartiesConfig::of::<Lives<'_>>(SLOTS))
        .registry(UNITS, "units", Kernel::registry_config(&Dispatcher::standard()))
        .build()
}
