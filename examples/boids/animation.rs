//! An animation of a flock, as a GIF that plays for ever.
//!
//! All frames share one table of 256 colours, designed rather than fitted: every hue that a
//! heading can have, from the background up to its full brightness, paler where tails cross,
//! shades of obstacles, and greys. A table fitted to each frame would make still things flicker,
//! and one fitted to the first frame would lack the headings that the flock takes later.

use super::palette::{self, Rgb};
use super::picture::Picture;
use super::props::{LIT, SHADED};
use gif::{Encoder, Frame, Repeat};
use std::borrow::Cow;
use std::io::{self, Write};

/// How many bits of each channel decide which colour of the table is the nearest.
const BITS: u32 = 6;

/// A GIF in the making.
pub(crate) struct Gif<W: Write> {
    encoder: Encoder<W>,
    width: u16,
    height: u16,
    /// In hundredths of a second.
    delay: u16,
    nearest: Nearest,
}

impl<W: Write> Gif<W> {
    /// Starts a GIF of frames of one size, shown at `frames_per_second` from 1 to 50.
    ///
    /// # Errors
    /// `InvalidInput` if a side is zero or longer than 65,535; else what went wrong with `sink`.
    pub(crate) fn new(
        sink: W,
        width: u32,
        height: u32,
        frames_per_second: u32,
    ) -> io::Result<Self> {
        let side = |side: u32| u16::try_from(side).ok().filter(|&side| side > 0);
        let (Some(width), Some(height)) = (side(width), side(height)) else {
            return Err(invalid(format!("a GIF of {width} by {height} pixels")));
        };
        let table = table();
        let mut encoder =
            Encoder::new(sink, width, height, table.as_flattened()).map_err(io::Error::other)?;
        encoder.set_repeat(Repeat::Infinite).map_err(io::Error::other)?;
        let delay = (100 / frames_per_second.clamp(1, 50)) as u16;
        Ok(Self { encoder, width, height, delay, nearest: Nearest::new(&table) })
    }

    /// Appends a frame.
    ///
    /// # Errors
    /// `InvalidInput` if the picture has another size; else what went wrong with the sink.
    pub(crate) fn push(&mut self, picture: &Picture) -> io::Result<()> {
        let size = (u32::from(self.width), u32::from(self.height));
        if (picture.width(), picture.height()) != size {
            return Err(invalid(format!(
                "a frame of {} by {} pixels in a GIF of {} by {}",
                picture.width(),
                picture.height(),
                self.width,
                self.height
            )));
        }
        let index = |pixel: &[u8]| match pixel {
            &[r, g, b, _] => self.nearest.index([r, g, b]),
            _ => 0,
        };
        let frame = Frame {
            width: self.width,
            height: self.height,
            delay: self.delay,
            buffer: Cow::Owned(picture.rgba().chunks_exact(4).map(index).collect()),
            ..Frame::default()
        };
        self.encoder.write_frame(&frame).map_err(io::Error::other)
    }

    /// Writes the end of the GIF and gives the sink back.
    ///
    /// # Errors
    /// What went wrong with the sink.
    pub(crate) fn finish(self) -> io::Result<W> {
        let mut sink = self.encoder.into_inner().map_err(io::Error::other)?;
        sink.flush()?;
        Ok(sink)
    }
}

fn invalid(text: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, text)
}

/// The 256 colours, the background first.
fn table() -> Vec<Rgb> {
    const HUES: usize = 24;
    const LEVELS: usize = 8;
    const PALE_HUES: usize = 10;
    const SOLID: usize = 8;
    const PALE_LEVELS: usize = 4;
    const GREYS: usize = 15;
    let turn = |index: usize, hues: usize| index as f32 / hues as f32;
    let mut table = vec![palette::BACKGROUND];
    for hue in 0..HUES {
        let full = palette::oklch(0.80, 0.15, turn(hue, HUES));
        // Closer together in the dark, where tails and glow fade out.
        let level = |level: usize| (level as f32 / LEVELS as f32).powf(1.8);
        table.extend((1..=LEVELS).map(|l| palette::mix(palette::BACKGROUND, full, level(l))));
    }
    for hue in 0..PALE_HUES {
        let lightness = |level: usize| 0.5 + 0.13 * level as f32;
        let pale = |level| palette::oklch(lightness(level), 0.07, turn(hue, PALE_HUES));
        table.extend((0..PALE_LEVELS).map(pale));
    }
    // What obstacles are shaded with: fewer, and a ball becomes a target.
    table.extend(
        (0..SOLID).map(|shade| palette::mix(SHADED, LIT, (shade as f32 + 0.5) / SOLID as f32)),
    );
    // The first of the greys is the colour of the edges of the space.
    table.extend(
        (0..GREYS)
            .map(|grey| palette::mix(palette::FAINT, [255; 3], grey as f32 / (GREYS - 1) as f32)),
    );
    table
}

/// Finds the colour of the table that looks most like a given one.
///
/// Colours are told apart by their upper [`BITS`] only, and each such cell is looked up once.
struct Nearest {
    /// The table in OKLab.
    table: Vec<[f32; 3]>,
    /// The index for each cell that was asked for.
    known: Vec<Option<u8>>,
}

impl Nearest {
    fn new(table: &[Rgb]) -> Self {
        let mut known = vec![None; 1 << (3 * BITS)];
        known[cell(palette::BACKGROUND)] = Some(0);
        Self { table: table.iter().map(|&colour| palette::oklab(colour)).collect(), known }
    }

    fn index(&mut self, colour: Rgb) -> u8 {
        let cell = cell(colour);
        if let Some(index) = self.known[cell] {
            return index;
        }
        let middle = |value: u8| (value >> (8 - BITS) << (8 - BITS)) + (1 << (7 - BITS));
        let wanted = palette::oklab(colour.map(middle));
        let distances = self.table.iter().map(|colour| distance(*colour, wanted)).enumerate();
        let nearest = distances.min_by(|a, b| a.1.total_cmp(&b.1));
        let index = nearest.map_or(0, |(index, _)| index as u8);
        self.known[cell] = Some(index);
        index
    }
}

/// Which cell this colour lies in.
fn cell(colour: Rgb) -> usize {
    colour.iter().fold(0, |cell, &value| cell << BITS | usize::from(value >> (8 - BITS)))
}

/// How different two colours in OKLab look, squared.
fn distance(one: [f32; 3], other: [f32; 3]) -> f32 {
    (0..3).map(|axis| (one[axis] - other[axis]).powi(2)).sum()
}

#[cfg(test)]
mod tests {
    use super::super::camera::Camera;
    use super::super::picture::render;
    use super::super::scene::samples::Flock;
    use super::super::trails::Trails;
    use super::*;

    fn picture(turn: f32) -> Picture {
        let flock = Flock::spiral(2, 60, turn);
        let scene = flock.scene();
        render(&scene, &Camera::new(&scene), 96, 72, &Trails::new(0)).unwrap()
    }

    #[test]
    fn the_table_is_full_and_the_background_comes_out_exact() {
        let table = table();
        assert_eq!(table.len(), 256);
        assert_eq!(Nearest::new(&table).index(palette::BACKGROUND), 0);
        assert_eq!(table[0], palette::BACKGROUND);
    }

    #[test]
    fn every_heading_finds_a_colour_like_its_own() {
        let table = table();
        let mut nearest = Nearest::new(&table);
        for turn in 0..64 {
            let (sin, cos) = (turn as f32 / 64.0 * std::f32::consts::TAU).sin_cos();
            let colour = palette::heading([cos, sin, 0.0], 0.86);
            let found = table[usize::from(nearest.index(colour))];
            let far = distance(palette::oklab(found), palette::oklab(colour)).sqrt();
            assert!(far < 0.05, "{colour:?} became {found:?}");
        }
    }

    #[test]
    fn frames_decode_and_differ() {
        let mut gif = Gif::new(Vec::new(), 96, 72, 20).unwrap();
        for turn in 0..3 {
            gif.push(&picture(turn as f32 * 0.3)).unwrap();
        }
        let bytes = gif.finish().unwrap();
        let mut options = gif::DecodeOptions::new();
        options.set_color_output(gif::ColorOutput::RGBA);
        let mut decoder = options.read_info(bytes.as_slice()).unwrap();
        assert_eq!(decoder.repeat(), Repeat::Infinite);
        assert_eq!((decoder.width(), decoder.height()), (96, 72));
        let mut frames = Vec::new();
        while let Some(frame) = decoder.read_next_frame().unwrap() {
            assert_eq!(frame.delay, 5);
            assert!(frame.palette.is_none(), "a table of its own");
            frames.push(frame.buffer.to_vec());
        }
        assert_eq!(frames.len(), 3);
        assert!(frames[0] != frames[1] && frames[1] != frames[2]);
        let [r, g, b] = palette::BACKGROUND;
        assert_eq!(frames[0][..4], [r, g, b, 255]);
    }

    #[test]
    fn wrong_sizes_are_refused() {
        for (width, height) in [(0, 1), (1, 0), (65_536, 1)] {
            assert!(Gif::new(Vec::new(), width, height, 10).is_err());
        }
        let mut gif = Gif::new(Vec::new(), 10, 10, 0).unwrap();
        assert!(gif.push(&picture(0.0)).is_err());
    }
}
