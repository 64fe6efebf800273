//! What is said about a flock in words: one line of numbers, one line of keys.
//!
//! Both are lists of pieces in the order in which they are shown, and each piece has a rank.
//! A line that is too narrow for all of them leaves out those of the lowest rank.

/// Whose flock it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Role {
    /// One's own.
    #[default]
    Owner,
    /// One's own, which does again what it did before.
    Replay,
    /// Another process's.
    Attached,
}

/// The numbers that the caller knows about a running flock.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Status<'a> {
    /// Simulation steps in the last second.
    pub(crate) steps_per_second: f64,
    /// Frames drawn in the last second.
    pub(crate) frames_per_second: f64,
    /// How many boids there are.
    pub(crate) count: usize,
    /// 2 or 3.
    pub(crate) dim: u32,
    /// How many neighbours a boid sees on average.
    pub(crate) mean_neighbours: f32,
    /// From 0, everybody flies elsewhere, to 1, all in one direction.
    pub(crate) order_parameter: f32,
    /// Frames that were published and never drawn.
    pub(crate) dropped_frames: u64,
    /// How many steps the simulation has made.
    pub(crate) step: u64,
    /// Whether the simulation stands still.
    pub(crate) paused: bool,
    /// Whose flock it is.
    pub(crate) role: Role,
    /// How many predators there are, and how many boids are within their reach.
    pub(crate) predators: u32,
    pub(crate) caught: u32,
    /// Whatever else should be said now; may be empty.
    pub(crate) note: &'a str,
    /// How strongly boids keep apart, fly alike and stay together, where that is known.
    pub(crate) weights: Option<[f32; 3]>,
}

/// One piece of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// What it says.
    pub(crate) text: String,
    /// Pieces of rank 0 are the last to be left out.
    pub(crate) rank: u8,
    /// Whether it should catch the eye.
    pub(crate) bright: bool,
}

/// What stands between two pieces.
pub(crate) const GAP: &str = "  ";

impl Status<'_> {
    /// The numbers, with the name of the view that is shown.
    #[must_use]
    pub(crate) fn pieces(&self, view: &str) -> Vec<Piece> {
        let piece = |rank, text: String| Piece { text, rank, bright: false };
        let loud = |rank, text: &str| Piece { text: text.to_owned(), rank, bright: true };
        let mut pieces = Vec::new();
        if self.paused {
            pieces.push(loud(0, "PAUSED"));
        }
        match self.role {
            Role::Owner => {}
            Role::Replay => pieces.push(loud(2, "replay")),
            Role::Attached => pieces.push(loud(2, "attached")),
        }
        pieces.extend([
            piece(1, format!("{} boids {}D", grouped(self.count as u64), self.dim)),
            piece(0, format!("{} steps/s", rate(self.steps_per_second))),
            piece(3, format!("{} frames/s", rate(self.frames_per_second))),
            piece(2, format!("order {:.2}", self.order_parameter)),
            piece(4, format!("neighbours {:.1}", self.mean_neighbours)),
        ]);
        if self.predators > 0 {
            let text = format!("predators {}, boids caught {}", self.predators, self.caught);
            pieces.push(piece(4, text));
        }
        if let Some([apart, alike, together]) = self.weights {
            pieces.push(piece(5, format!("weights {apart:.2} {alike:.2} {together:.2}")));
        }
        pieces.extend([
            piece(6, format!("dropped {}", grouped(self.dropped_frames))),
            piece(7, format!("step {}", grouped(self.step))),
            piece(8, format!("view {view}")),
        ]);
        if !self.note.is_empty() {
            // What a terminal would obey is not for showing.
            let text: String = self.note.chars().filter(|letter| !letter.is_control()).collect();
            pieces.push(Piece { text, rank: 2, bright: true });
        }
        pieces
    }
}

/// The keys, as a person would be told about them: a flock of another process takes no orders, and
/// a recording only stops and goes on.
#[must_use]
pub(crate) fn key_help(role: Role) -> Vec<Piece> {
    let quit = (0, "q quit");
    let orders = [
        (1, "space pause"),
        (3, "+ - boids"),
        (4, "1 2 apart"),
        (4, "3 4 alike"),
        (4, "5 6 together"),
        (2, "r reset"),
    ];
    let taken = match role {
        Role::Owner => orders.len(),
        Role::Replay => 1,
        Role::Attached => 0,
    };
    let orders = orders.into_iter().take(taken);
    let keys = std::iter::once(quit).chain(orders).chain([(2, "c camera"), (3, "i panel")]);
    keys.map(|(rank, text)| Piece { text: text.to_owned(), rank, bright: false }).collect()
}

/// Those of the pieces that fit into `width` characters, in their order.
#[must_use]
pub(crate) fn fit(pieces: Vec<Piece>, width: usize) -> Vec<Piece> {
    let mut ranks: Vec<usize> = (0..pieces.len()).collect();
    ranks.sort_by_key(|&index| pieces[index].rank);
    let mut kept = vec![false; pieces.len()];
    let mut left = width + GAP.len();
    for index in ranks {
        let needs = pieces[index].text.chars().count() + GAP.len();
        if needs > left {
            break;
        }
        left -= needs;
        kept[index] = true;
    }
    pieces.into_iter().zip(kept).filter_map(|(piece, kept)| kept.then_some(piece)).collect()
}

/// A number with its thousands apart: 12,345.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A rate with as many digits as are worth reading.
fn rate(value: f64) -> String {
    match value {
        value if !value.is_finite() => "-".to_owned(),
        value if value < 10.0 => format!("{value:.1}"),
        value => grouped(value.round() as u64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(pieces: Vec<Piece>) -> String {
        pieces.into_iter().map(|piece| piece.text).collect::<Vec<_>>().join(GAP)
    }

    #[test]
    fn a_wide_line_says_everything() {
        let status = Status {
            steps_per_second: 1234.4,
            frames_per_second: 9.96,
            count: 10_000,
            dim: 3,
            mean_neighbours: 14.25,
            order_parameter: 0.5,
            dropped_frames: 7,
            step: 1_000_000,
            paused: true,
            role: Role::Attached,
            predators: 2,
            caught: 5,
            note: "one\x1b[2J worker",
            weights: Some([1.5, 1.0, 0.25]),
        };
        assert_eq!(
            text(fit(status.pieces("orbit"), 220)),
            "PAUSED  attached  10,000 boids 3D  1,234 steps/s  10.0 frames/s  order 0.50  \
             neighbours 14.2  predators 2, boids caught 5  weights 1.50 1.00 0.25  dropped 7  step 1,000,000  view orbit  \
             one[2J worker"
        );
    }

    #[test]
    fn a_narrow_line_says_what_matters_most() {
        let status = Status { count: 800, dim: 2, paused: true, ..Status::default() };
        assert_eq!(text(fit(status.pieces("whole"), 20)), "PAUSED  0.0 steps/s");
        assert_eq!(text(fit(status.pieces("whole"), 6)), "PAUSED");
        assert_eq!(text(fit(status.pieces("whole"), 5)), "");
        assert_eq!(text(fit(key_help(Role::Owner), 19)), "q quit  space pause");
        assert_eq!(text(fit(key_help(Role::Replay), 99)), "q quit  space pause  c camera  i panel");
        assert_eq!(text(fit(key_help(Role::Attached), 99)), "q quit  c camera  i panel");
        for width in 0..300 {
            assert!(text(fit(status.pieces("whole"), width)).chars().count() <= width);
        }
    }

    #[test]
    fn numbers_read_well() {
        let all = [0, 999, 1000, 1_234_567].map(grouped);
        assert_eq!(all, ["0", "999", "1,000", "1,234,567"]);
        let rates = [0.0, 9.94, 59.6, f64::NAN, f64::INFINITY, 20_000.0].map(rate);
        assert_eq!(rates, ["0.0", "9.9", "60", "-", "-", "20,000"]);
    }
}
