//! How a built-in camera's picture is to be turned.
//!
//! A phone's sensor is mounted turned against the screen, and the screen itself may be turned in the hand. By
//! Android's rule a back camera's picture stands upright after a clockwise turn by the sensor's angle minus
//! the screen's; a front camera looks the other way round, so there the two add up. A front camera's
//! picture is then mirrored, as people know themselves.

use crate::pipeline::frame::{Orientation, Rotation};

/// Where a built-in camera looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Facing {
    /// At the person who looks at the screen.
    Front,
    /// Away from the screen.
    Back,
}

/// The orientation of pictures from a sensor mounted at `sensor` degrees, clockwise, on a screen that shows
/// its content turned by `screen` degrees, counter-clockwise. Both are rounded to quarters.
pub fn orientation(sensor: i32, screen: i32, facing: Facing) -> Orientation {
    let degrees = match facing {
        Facing::Front => sensor + screen,
        Facing::Back => sensor - screen,
    };
    let rotation = match (degrees.rem_euclid(360) + 45) / 90 {
        1 => Rotation::Quarter,
        2 => Rotation::Half,
        3 => Rotation::ThreeQuarters,
        _ => Rotation::None,
    };
    Orientation { rotation, mirrored: facing == Facing::Front }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_phones_in_every_hand() {
        use Rotation::{Half, None, Quarter, ThreeQuarters};
        let turns =
            |sensor, facing| [0, 90, 180, 270].map(|screen| orientation(sensor, screen, facing).rotation);
        assert_eq!(turns(90, Facing::Back), [Quarter, None, ThreeQuarters, Half]);
        assert_eq!(turns(270, Facing::Front), [ThreeQuarters, None, Quarter, Half]);
        assert_eq!(turns(0, Facing::Back), [None, ThreeQuarters, Half, Quarter]);
    }

    #[test]
    fn only_the_front_camera_is_a_mirror() {
        assert!(orientation(270, 0, Facing::Front).mirrored);
        assert!(!orientation(90, 0, Facing::Back).mirrored);
    }
}
