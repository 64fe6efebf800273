//! What several tests need. Each test uses a part of it.
#![allow(dead_code)]

pub(crate) mod naive;

use inos_units::boids::{
    BoidsUnit, Bounds, Header, InitParams, InstructionSet, StepParams, frame_len, write_frame,
};
use inos_units::{Budget, Call, Dispatcher, UnitError, VecOutput};

/// Calls a method without a limit on the output.
pub(crate) fn call(
    unit: &str,
    method: &str,
    input: &[u8],
    params: &[u8],
) -> Result<VecOutput, UnitError> {
    let mut out = VecOutput::new(usize::MAX >> 8);
    let call = Call { input, params };
    let budget = Budget::unlimited();
    let len = Dispatcher::standard().execute_named(unit, method, call, &mut out, &budget)?;
    assert_eq!(len, out.as_bytes().len());
    Ok(out)
}

/// A new flock.
pub(crate) fn init(params: &InitParams) -> VecOutput {
    call("boids", "init", b"", params.to_json().as_bytes()).expect("init")
}

/// The next frame.
pub(crate) fn step(frame: &VecOutput, params: &StepParams) -> VecOutput {
    call("boids", "step", frame.as_bytes(), params.to_json().as_bytes()).expect("step")
}

/// A step with these instructions.
pub(crate) fn step_with(set: InstructionSet, frame: &VecOutput, params: &StepParams) -> VecOutput {
    let mut units = Dispatcher::new();
    units.register(Box::new(BoidsUnit::with_instructions(set))).expect("one unit");
    let params = params.to_json();
    let call = Call { input: frame.as_bytes(), params: params.as_bytes() };
    let mut out = VecOutput::new(frame.as_bytes().len());
    units.execute_named("boids", "step", call, &mut out, &Budget::unlimited()).expect("step");
    out
}

/// A frame with these boids, ids from 0 on.
pub(crate) fn frame_of(
    bounds: Bounds,
    half_extent: f32,
    dim: u32,
    boids: &[[f32; 6]],
) -> VecOutput {
    let header = Header {
        dim,
        count: boids.len() as u32,
        bounds,
        half_extent,
        step: 0,
        seed: 0,
        mean_neighbours: 0.0,
        order_parameter: 0.0,
        max_neighbours: 0,
        predators: 0,
        obstacles: 0,
        caught: 0,
    };
    let arrays: Vec<Vec<f32>> =
        (0..6).map(|index| boids.iter().map(|boid| boid[index]).collect()).collect();
    let dim = dim as usize;
    let pos: Vec<&[f32]> = arrays[..dim].iter().map(Vec::as_slice).collect();
    let vel: Vec<&[f32]> = arrays[3..3 + dim].iter().map(Vec::as_slice).collect();
    let ids: Vec<u32> = (0..header.count).collect();
    let mut out = VecOutput::new(frame_len(header.dim, header.count).expect("a legal frame"));
    write_frame(&mut out, &header, &pos, &vel, &ids).expect("write_frame");
    out
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
