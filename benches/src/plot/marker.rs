//! How a server's line looks: readable in colour, in grey, and by those who do not see all colours.

use plotters::element::{PathElement, Polygon};
use plotters::style::{Color, RGBColor, WHITE};

use crate::server::Kind;

/// Pixels from a marker's middle to its corners.
const RADIUS: f64 = 5.5;
/// To the right and down.
type Pixels = (i32, i32);

/// Corners of what shall look round.
const ROUND: usize = 20;

/// A line's looks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Look {
    pub(super) color: RGBColor,
    /// Pixels.
    pub(super) width: u32,
    pub(super) shape: Shape,
}

/// A marker.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Shape {
    corners: usize,
    /// Where the first corner is, in turns from the right, clockwise.
    turned: f64,
    is_filled: bool,
}

const fn shape(corners: usize, turned: f64, is_filled: bool) -> Shape {
    Shape { corners, turned, is_filled }
}

/// Colours of Okabe and Ito, that nearly everybody can tell apart; the floors are grey.
const LOOKS: [(RGBColor, Shape); 8] = [
    (RGBColor(0x33, 0x33, 0x33), shape(4, 0.125, true)),
    (RGBColor(0x99, 0x99, 0x99), shape(4, 0.125, false)),
    (RGBColor(0xd5, 0x5e, 0x00), shape(ROUND, 0.0, true)),
    (RGBColor(0x00, 0x72, 0xb2), shape(3, 0.75, true)),
    (RGBColor(0x00, 0x9e, 0x73), shape(4, 0.0, true)),
    (RGBColor(0xcc, 0x79, 0xa7), shape(3, 0.25, true)),
    (RGBColor(0x56, 0xb4, 0xe9), shape(ROUND, 0.0, false)),
    (RGBColor(0xe6, 0x9f, 0x00), shape(4, 0.0, false)),
];

/// How this server looks, wherever it is drawn.
pub(super) fn look(server: Kind) -> Look {
    let index = Kind::ALL.iter().position(|kind| *kind == server).unwrap_or_default();
    let (color, shape) = LOOKS[index % LOOKS.len()];
    Look { color, width: if server == Kind::Chat { 4 } else { 2 }, shape }
}

impl Shape {
    /// Its inside, around the middle.
    pub(super) fn fill(self, color: RGBColor) -> Polygon<Pixels> {
        Polygon::new(self.corners(), if self.is_filled { color.filled() } else { WHITE.filled() })
    }

    /// Its edge, around the middle. The first corner comes once more, and the second, so that each is a bend.
    pub(super) fn outline(self, color: RGBColor) -> PathElement<Pixels> {
        let mut corners = self.corners();
        corners.extend_from_within(..2);
        PathElement::new(corners, color.stroke_width(2))
    }

    fn corners(self) -> Vec<Pixels> {
        let corner = |number: usize| {
            let turn = self.turned + number as f64 / self.corners as f64;
            let (sin, cos) = (turn * std::f64::consts::TAU).sin_cos();
            ((RADIUS * cos).round() as i32, (RADIUS * sin).round() as i32)
        };
        (0..self.corners).map(corner).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_servers_look_the_same() {
        for (index, one) in LOOKS.iter().enumerate() {
            for other in &LOOKS[..index] {
                assert!(one.0 != other.0 && one.1 != other.1, "{one:?} {other:?}");
            }
        }
        assert!(Kind::ALL.len() <= LOOKS.len(), "a new server needs a look");
    }
}
