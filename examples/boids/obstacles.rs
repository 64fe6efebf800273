//! A file of obstacles: one in a line, in shares of the world's half extent.
//!
//! ```text
//! # what follows is a comment
//! sphere  x y z  r            a ball, or in 2D a disc
//! box     x y z  hx hy hz     a box, by half its widths
//! ```

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use inos::units::boids::{MAX_OBSTACLES, Obstacle};

use crate::problem::Problem;

/// Longer files are no lists of obstacles.
const MAX_FILE_LEN: u64 = 1 << 20;

/// Reads the obstacles in `file`, for a world of this half extent.
///
/// # Errors
/// What the file system says; the first line that is no obstacle.
pub(crate) fn read(file: &Path, half_extent: f32) -> Result<Vec<Obstacle>, Problem> {
    let fail = |error| Problem::Io(file.display().to_string(), error);
    // A pipe or a device has no length, so it is read before it is measured.
    let mut text = String::new();
    let mut limited = File::open(file).map_err(fail)?.take(MAX_FILE_LEN + 1);
    limited.read_to_string(&mut text).map_err(fail)?;
    if text.len() as u64 > MAX_FILE_LEN {
        return Err(Problem::Usage(format!("{}: longer than 1 MiB", file.display())));
    }
    parse(&text, half_extent)
        .map_err(|problem| Problem::Usage(format!("{}: {problem}", file.display())))
}

fn parse(text: &str, half_extent: f32) -> Result<Vec<Obstacle>, String> {
    let mut obstacles = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        let obstacle = obstacle(line, half_extent).ok_or_else(|| {
            let index = index + 1;
            format!("line {index}: neither `sphere x y z r` nor `box x y z hx hy hz`: {line:.40}")
        })?;
        obstacles.push(obstacle);
        if obstacles.len() > MAX_OBSTACLES as usize {
            return Err(format!("more than {MAX_OBSTACLES} obstacles"));
        }
    }
    Ok(obstacles)
}

fn obstacle(line: &str, half_extent: f32) -> Option<Obstacle> {
    let mut words = line.split_whitespace();
    let kind = words.next()?;
    let numbers = words.map(|word| {
        word.parse::<f32>().ok().filter(|number| number.abs() <= 10.0).map(|n| n * half_extent)
    });
    let numbers = numbers.collect::<Option<Vec<_>>>()?;
    match (kind, numbers.as_slice()) {
        ("sphere", &[x, y, z, radius]) if radius >= 0.0 => {
            Some(Obstacle::Sphere { center: [x, y, z], radius })
        }
        ("box", &[x, y, z, hx, hy, hz]) if hx.min(hy).min(hz) >= 0.0 => {
            Some(Obstacle::Box { center: [x, y, z], half: [hx, hy, hz] })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_become_obstacles_of_the_size_of_the_world() {
        let text = "# a hill\n\nsphere 0 0 -0.5 0.25 # round\n  box 0.5 0 0  0.1 0.2 1\r\n";
        let ball = Obstacle::Sphere { center: [0.0, 0.0, -4.0], radius: 2.0 };
        let block = Obstacle::Box { center: [4.0, 0.0, 0.0], half: [0.8, 1.6, 8.0] };
        assert_eq!(parse(text, 8.0), Ok(vec![ball, block]));
        assert_eq!(parse("", 8.0), Ok(vec![]));
    }

    #[test]
    fn what_is_no_obstacle_is_named_by_its_line() {
        for line in ["sphere 1 2 3", "sphere 0 0 0 -1", "box 1 2 3 4", "cone 0 0 0 1", "sphere a"] {
            let problem = parse(&format!("sphere 0 0 0 1\n{line}"), 1.0).unwrap_err();
            assert!(problem.starts_with("line 2:"), "{problem}");
        }
        for number in ["nan", "inf", "1e30", "11"] {
            assert!(parse(&format!("sphere {number} 0 0 1"), 1.0).is_err(), "{number}");
        }
        let many = "sphere 0 0 0 1\n".repeat(MAX_OBSTACLES as usize + 1);
        assert!(parse(&many, 1.0).unwrap_err().starts_with("more than"));
    }
}
