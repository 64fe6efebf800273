//! What a flock is doing, as JSON.

use crate::budget::Budget;
use crate::error::UnitError;
use crate::output::require;
use crate::schema::{Scalar, write_member};
use crate::unit::Output;

use super::frame::Frame;
use super::neighbours::Structure;
use super::order::HeadingSum;
use super::params::StatsParams;
use super::rule::length_of;

/// More bytes than any statistics are.
pub(super) const MAX_LEN: usize = 1024;

/// Statistics of a frame: the header's, those of its velocities, and how it hangs together.
pub(super) fn stats(
    params: &StatsParams,
    input: &[u8],
    out: &mut dyn Output,
    budget: &Budget,
) -> Result<usize, UnitError> {
    let frame = Frame::new(input)?;
    let header = frame.header();
    budget.check()?;

    let mut headings = HeadingSum::default();
    let mut sum = 0.0_f64;
    let (mut lowest, mut highest) = (f32::INFINITY, 0.0_f32);
    for index in 0..frame.count() {
        let vel = frame.vel_of(index);
        let speed = length_of(vel);
        if !speed.is_finite() {
            return Err(UnitError::BadInput { what: "a velocity that is not finite or too large" });
        }
        headings.add(vel);
        sum += f64::from(speed);
        lowest = lowest.min(speed);
        highest = highest.max(speed);
    }
    let mean_speed = (sum / frame.count() as f64) as f32;
    let order_parameter = headings.order_parameter(frame.count());

    let structure = Structure::of(&frame, params.radius, budget)?;
    let float = |value: f32| Scalar::Float(f64::from(value));
    let whole = |value: u32| Scalar::Unsigned(u64::from(value));
    let mut json = String::from("{");
    for (name, value) in [
        ("count", whole(header.count)),
        ("dim", whole(header.dim)),
        ("bounds", Scalar::Text(header.bounds.name())),
        ("half_extent", float(header.half_extent)),
        ("step", Scalar::Unsigned(header.step)),
        ("seed", Scalar::Unsigned(header.seed)),
        ("mean_neighbours", float(header.mean_neighbours)),
        ("max_neighbours", whole(header.max_neighbours)),
        ("order_parameter", float(order_parameter)),
        ("min_speed", float(lowest)),
        ("mean_speed", float(mean_speed)),
        ("max_speed", float(highest)),
        ("clusters", whole(structure.clusters)),
        ("largest_cluster", whole(structure.largest)),
        ("lonely", whole(structure.lonely)),
        ("mean_nearest", float(structure.mean_nearest)),
        ("predators", whole(header.predators)),
        ("obstacles", whole(header.obstacles)),
        ("caught", whole(header.caught)),
    ] {
        write_member(&mut json, name, value);
    }
    json.push('}');
    require(out, json.len())?;
    out.write(0, json.as_bytes())?;
    Ok(json.len())
}
