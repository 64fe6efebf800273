//! Light that spills over: a picture's bright parts, blurred and added to what lies behind.
//!
//! The blur is done on a smaller copy, because nobody sees detail in a blur, and three passes
//! of a running mean come close enough to a Gaussian.

/// A small, blurred copy of a picture: red, green and blue in numbers from 0 to about 255.
pub(crate) struct Glow {
    width: usize,
    height: usize,
    /// How many pixels of the picture one of these stands for, along each side.
    factor: usize,
    /// The width of the picture.
    full_width: usize,
    light: Vec<[f32; 3]>,
}

impl Glow {
    /// The glow of a picture of premultiplied RGBA bytes, `width` pixels wide.
    ///
    /// It reaches about `factor * 4` pixels far.
    #[must_use]
    pub(crate) fn of(rgba: &[u8], width: usize, factor: usize) -> Self {
        let (full_width, factor) = (width.max(1), factor.max(1));
        let full_height = rgba.len() / 4 / full_width;
        let (width, height) = (full_width.div_ceil(factor), full_height.div_ceil(factor));
        let mut light = vec![[0.0; 3]; width * height];
        for (y, row) in rgba.chunks_exact(4 * full_width).enumerate() {
            let small = &mut light[y / factor * width..][..width];
            for (x, pixel) in row.chunks_exact(4).enumerate() {
                if pixel[3] != 0 {
                    let sum = &mut small[x / factor];
                    (0..3).for_each(|channel| sum[channel] += f32::from(pixel[channel]));
                }
            }
        }
        let share = 1.0 / (factor * factor) as f32;
        light.iter_mut().for_each(|pixel| *pixel = pixel.map(|value| value * share));
        let mut glow = Self { width, height, factor, full_width, light };
        for _ in 0..3 {
            glow.blur();
        }
        glow
    }

    /// Adds the glow to a picture of RGBA bytes, of the size of that which it was made from.
    pub(crate) fn add_to(&self, rgba: &mut [u8], strength: f32) {
        if self.light.is_empty() {
            return;
        }
        for (y, row) in rgba.chunks_exact_mut(4 * self.full_width).enumerate() {
            let (above, below, down) = self.between(y, self.height);
            let above = &self.light[above * self.width..][..self.width];
            let below = &self.light[below * self.width..][..self.width];
            for (x, pixel) in row.chunks_exact_mut(4).enumerate() {
                let (left, right, along) = self.between(x, self.width);
                for channel in 0..3 {
                    let mix = |row: &[[f32; 3]]| {
                        row[left][channel] * (1.0 - along) + row[right][channel] * along
                    };
                    let light = mix(above) * (1.0 - down) + mix(below) * down;
                    // What is bright already gains less, and nothing passes 255.
                    let dark = 1.0 - f32::from(pixel[channel]) / 255.0;
                    let sum = f32::from(pixel[channel]) + light * strength * dark;
                    pixel[channel] = (sum + 0.5) as u8;
                }
            }
        }
    }

    /// The two small pixels between whose centres a full one lies, and how far along.
    fn between(&self, full: usize, limit: usize) -> (usize, usize, f32) {
        let small = ((full as f32 + 0.5) / self.factor as f32 - 0.5).max(0.0);
        let last = limit.saturating_sub(1);
        let first = (small as usize).min(last);
        (first, (first + 1).min(last), (small - first as f32).min(1.0))
    }

    fn blur(&mut self) {
        let (width, height) = (self.width, self.height);
        for row in 0..height {
            self.mean(row * width, 1, width);
        }
        for column in 0..width {
            self.mean(column, width, height);
        }
    }

    /// Replaces each of `count` pixels from `start` on by the mean of it and two on each side.
    fn mean(&mut self, start: usize, stride: usize, count: usize) {
        const SIDE: usize = 2;
        let dark = [0.0; 3];
        let mut window = [dark; 2 * SIDE + 1];
        for ahead in 0..count + SIDE {
            window.rotate_left(1);
            let next = if ahead < count { self.light[start + ahead * stride] } else { dark };
            window[2 * SIDE] = next;
            if ahead >= SIDE {
                let mean = |channel: usize| {
                    window.iter().map(|pixel| pixel[channel]).sum::<f32>() / window.len() as f32
                };
                self.light[start + (ahead - SIDE) * stride] = [mean(0), mean(1), mean(2)];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One white dot in the middle of black, and its glow on black.
    fn dot(width: usize, height: usize, factor: usize) -> Vec<u8> {
        let mut picture = vec![0; width * height * 4];
        let middle = (height / 2 * width + width / 2) * 4;
        picture[middle..middle + 4].fill(255);
        let glow = Glow::of(&picture, width, factor);
        let mut lit = vec![0; picture.len()];
        glow.add_to(&mut lit, 20.0);
        lit
    }

    #[test]
    fn a_dot_lights_its_neighbourhood_and_no_more() {
        let lit = dot(41, 41, 1);
        let at = |x: usize, y: usize| lit[(y * 41 + x) * 4];
        assert!(at(20, 20) > at(22, 20) && at(22, 20) > at(25, 20) && at(25, 20) > 0);
        assert_eq!((at(27, 20), at(20, 27), at(0, 0)), (0, 0, 0));
        assert_eq!(at(22, 20), at(18, 20));
        assert_eq!(at(22, 20), at(20, 18));
    }

    #[test]
    fn sizes_that_do_not_divide_are_fine() {
        for (width, height, factor) in [(1, 1, 4), (7, 3, 4), (3, 7, 2), (9, 8, 100), (2, 2, 0)] {
            assert_eq!(dot(width, height, factor).len(), width * height * 4);
        }
        Glow::of(&[], 0, 0).add_to(&mut [], 1.0);
        Glow::of(&[], 4, 2).add_to(&mut [0; 64], 1.0);
    }
}
