//! Colours: a heading becomes a hue, and every hue is equally bright.
//!
//! The wheel is laid out in OKLCH, where equal numbers look equally bright and equally far
//! apart; a wheel in HSV would make a flock that turns seem to flash from yellow to blue.

use std::f32::consts::TAU;
use std::sync::LazyLock;

/// Red, green and blue, as a screen takes them.
pub(crate) type Rgb = [u8; 3];

/// Behind everything: a blue that is nearly black.
pub(crate) const BACKGROUND: Rgb = [9, 11, 19];
/// Walls, edges and whatever else should be seen only when looked for.
pub(crate) const FAINT: Rgb = [44, 50, 70];

const HUES: usize = 128;
const SHADES: usize = 16;
/// East is this far round the OKLCH wheel, in turns: an amber.
const EAST: f32 = 0.19;

/// Every heading in every shade, worked out once.
static WHEEL: LazyLock<Vec<Rgb>> = LazyLock::new(|| {
    let shade = |index: usize| index as f32 / (SHADES - 1) as f32;
    let hue = |index: usize| index as f32 / HUES as f32;
    (0..HUES * SHADES)
        .map(|index| {
            let (hue, shade) = (hue(index / SHADES), shade(index % SHADES));
            oklch(0.34 + 0.50 * shade, 0.085 + 0.075 * shade, hue + EAST)
        })
        .collect()
});

/// The colour of something that flies along `velocity`.
///
/// The hue follows the direction in the plane of the first two axes. `shade` runs from 0, dark,
/// to 1; flying up the third axis adds to it, flying down takes away.
#[must_use]
pub(crate) fn heading(velocity: [f32; 3], shade: f32) -> Rgb {
    let [x, y, z] = velocity;
    let speed = x.hypot(y).hypot(z).max(f32::MIN_POSITIVE);
    let climb = if z == 0.0 { 0.0 } else { (z / speed).clamp(-1.0, 1.0) };
    let shade = (shade + 0.16 * climb).clamp(0.0, 1.0);
    let hue = (y.atan2(x) / TAU).rem_euclid(1.0);
    let hue = (hue * HUES as f32).round() as usize % HUES;
    let shade = (shade * (SHADES - 1) as f32).round() as usize;
    WHEEL.get(hue * SHADES + shade).copied().unwrap_or(BACKGROUND)
}

/// `from` at 0, `to` at 1, in between in between.
#[must_use]
pub(crate) fn mix(from: Rgb, to: Rgb, part: f32) -> Rgb {
    let part = part.clamp(0.0, 1.0);
    std::array::from_fn(|channel| {
        let (from, to) = (f32::from(from[channel]), f32::from(to[channel]));
        (from + (to - from) * part).round() as u8
    })
}

/// The colour at a lightness of 0 to 1, a chroma of about 0 to 0.3 and a hue in turns.
///
/// Where a screen has no such colour, its chroma is taken down until there is one, so that hue
/// and lightness stay what they were.
#[must_use]
pub(crate) fn oklch(lightness: f32, chroma: f32, hue: f32) -> Rgb {
    let (sin, cos) = (hue * TAU).sin_cos();
    let mut chroma = chroma;
    loop {
        let linear = oklab_to_linear(lightness, chroma * cos, chroma * sin);
        let shown = linear.iter().all(|value| (-0.0005..=1.0005).contains(value));
        if shown || chroma <= 0.0 {
            return linear.map(|value| (encode(value.clamp(0.0, 1.0)) * 255.0).round() as u8);
        }
        chroma -= 0.004;
    }
}

/// A colour in OKLab, where distance is how different two colours look.
#[must_use]
pub(crate) fn oklab(colour: Rgb) -> [f32; 3] {
    let [r, g, b] = colour.map(|value| decode(f32::from(value) / 255.0));
    let l = (0.412_221_46 * r + 0.536_332_55 * g + 0.051_445_995 * b).cbrt();
    let m = (0.211_903_5 * r + 0.680_699_5 * g + 0.107_396_96 * b).cbrt();
    let s = (0.088_302_46 * r + 0.281_718_85 * g + 0.629_978_7 * b).cbrt();
    [
        0.210_454_26 * l + 0.793_617_8 * m - 0.004_072_047 * s,
        1.977_998_5 * l - 2.428_592_2 * m + 0.450_593_7 * s,
        0.025_904_037 * l + 0.782_771_77 * m - 0.808_675_77 * s,
    ]
}

/// The index of the nearest of the 256 colours that terminals without true colour have.
#[must_use]
pub(crate) fn nearest_256(colour: Rgb) -> u8 {
    const STEPS: [i32; 6] = [0, 95, 135, 175, 215, 255];
    let distance = |other: [i32; 3]| -> i32 {
        (0..3).map(|channel| (i32::from(colour[channel]) - other[channel]).pow(2)).sum()
    };
    let nearest = |value: u8| (0..6).min_by_key(|&step| (STEPS[step] - i32::from(value)).abs());
    let cube = colour.map(|value| nearest(value).unwrap_or(0));
    let grey = (colour.iter().map(|&value| i32::from(value)).sum::<i32>() / 3 - 3) / 10;
    let grey = grey.clamp(0, 23);
    if distance([8 + 10 * grey; 3]) < distance(cube.map(|step| STEPS[step])) {
        232 + grey as u8
    } else {
        (16 + 36 * cube[0] + 6 * cube[1] + cube[2]) as u8
    }
}

fn oklab_to_linear(lightness: f32, a: f32, b: f32) -> [f32; 3] {
    let l = (lightness + 0.396_337_78 * a + 0.215_803_76 * b).powi(3);
    let m = (lightness - 0.105_561_346 * a - 0.063_854_17 * b).powi(3);
    let s = (lightness - 0.089_484_18 * a - 1.291_485_5 * b).powi(3);
    [
        4.076_741_7 * l - 3.307_711_6 * m + 0.230_969_94 * s,
        -1.268_438 * l + 2.609_757_4 * m - 0.341_319_4 * s,
        -0.004_196_086_3 * l - 0.703_418_6 * m + 1.707_614_7 * s,
    ]
}

/// The sRGB curve, from light to what is stored.
fn encode(linear: f32) -> f32 {
    if linear <= 0.003_130_8 { linear * 12.92 } else { 1.055 * linear.powf(1.0 / 2.4) - 0.055 }
}

/// The sRGB curve, from what is stored to light.
fn decode(stored: f32) -> f32 {
    if stored <= 0.040_45 { stored / 12.92 } else { ((stored + 0.055) / 1.055).powf(2.4) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oklab_gives_the_published_answers() {
        // From the article that introduced OKLab: white, and the red of sRGB.
        let near = |found: [f32; 3], expected: [f32; 3]| {
            found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-3)
        };
        assert!(near(oklab([255; 3]), [1.0, 0.0, 0.0]));
        assert!(near(oklab([255, 0, 0]), [0.628, 0.225, 0.126]));
        assert_eq!(oklch(1.0, 0.0, 0.3), [255; 3]);
        assert_eq!(oklch(0.0, 0.2, 0.3), [0; 3]);
    }

    #[test]
    fn headings_differ_in_hue_but_not_in_lightness() {
        let wheel: Vec<Rgb> = (0..24)
            .map(|turn| (turn as f32 / 24.0 * TAU).sin_cos())
            .map(|(sin, cos)| heading([cos, sin, 0.0], 0.8))
            .collect();
        for (index, &colour) in wheel.iter().enumerate() {
            assert!(!wheel[..index].contains(&colour), "{colour:?} twice");
            assert!((oklab(colour)[0] - oklab(wheel[0])[0]).abs() < 0.02, "{colour:?}");
        }
        assert_eq!(heading([3.0, 4.0, 0.0], 0.5), heading([6.0, 8.0, 0.0], 0.5));
    }

    #[test]
    fn climbing_is_lighter_than_diving() {
        let lightness = |z| oklab(heading([1.0, 0.0, z], 0.5))[0];
        assert!(lightness(1.0) > lightness(0.0) && lightness(0.0) > lightness(-1.0));
    }

    #[test]
    fn broken_velocities_have_a_colour_too() {
        for value in [f32::NAN, f32::INFINITY, f32::MAX, 0.0, -0.0] {
            let _ = heading([value; 3], value);
        }
    }

    #[test]
    fn the_256_colours_have_known_numbers() {
        assert_eq!(nearest_256([0, 0, 0]), 16);
        assert_eq!(nearest_256([255, 255, 255]), 231);
        assert_eq!(nearest_256([255, 0, 0]), 196);
        assert_eq!(nearest_256([128, 128, 128]), 244);
    }
}
