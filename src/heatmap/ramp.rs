//! Perceptual colour ramps.

use serde::{Deserialize, Serialize};

/// From low to high.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ramp {
    /// Dark purple to yellow.
    Viridis,
    /// Black to white through purple and orange.
    Magma,
    /// Blue to red, for projectors.
    Turbo,
    /// Black to white.
    Grey,
    /// Blue through white to red: for values on both sides of zero.
    BlueRed,
}

impl Ramp {
    pub const ALL: [Self; 5] = [Self::Viridis, Self::Magma, Self::Turbo, Self::Grey, Self::BlueRed];

    /// The ramp's name for people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Viridis => "Viridis",
            Self::Magma => "Magma",
            Self::Turbo => "Turbo",
            Self::Grey => "Grey",
            Self::BlueRed => "Blue to red",
        }
    }

    /// The colour at `t` in 0..1.
    pub fn colour(self, t: f32) -> [u8; 3] {
        let t = f64::from(t.clamp(0.0, 1.0));
        let gradient = match self {
            Self::Viridis => colorous::VIRIDIS,
            Self::Magma => colorous::MAGMA,
            Self::Turbo => colorous::TURBO,
            // The other way round: red is for.
            Self::BlueRed => return colorous::RED_BLUE.eval_continuous(1.0 - t).as_array(),
            Self::Grey => {
                let grey = (t * 255.0).round() as u8;
                return [grey; 3];
            }
        };
        gradient.eval_continuous(t).as_array()
    }
}
