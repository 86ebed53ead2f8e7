//! What the user chooses about the picture: plain data, which the UI writes and the pipeline reads.

use serde::{Deserialize, Serialize};

/// What stands behind the person.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Effect {
    /// The frame as it is.
    Off,
    /// The background blurred.
    #[default]
    Blur,
    /// The background as a lens with a wide aperture draws it.
    Portrait,
    /// One color, sRGB in 0..1.
    Color([f32; 3]),
    /// A color at the top that runs into another at the bottom, sRGB in 0..1.
    Gradient([f32; 3], [f32; 3]),
    /// The picture given to [`super::Pipeline::set_backdrop`]; a plain dark color without one.
    Picture,
    /// The frames given to [`super::Pipeline::upload_backdrop`]; a plain dark color without one.
    Video,
    /// The background without its colors.
    Monochrome,
    /// The background as it is, with a line of this color around the person, sRGB in 0..1.
    Outline([f32; 3]),
    /// A checkerboard, which stands for nothing.
    CutOut,
    /// Nothing: the result has alpha, not premultiplied.
    Transparent,
}

/// What of the pipeline is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum View {
    /// The effect.
    #[default]
    Result,
    /// The full-size matte, white on the person.
    Matte,
    /// The network's mask as it came.
    Mask,
    /// How near everything is, white for the nearest.
    Depth,
    /// The circles of confusion: blue behind the focus, orange before it.
    Circles,
    /// The matte's edge: white where it is neither 0 nor 1.
    Edges,
    /// The frame before any effect.
    Source,
}

impl View {
    /// Every view, the usual one first.
    pub const ALL: [Self; 7] =
        [Self::Result, Self::Matte, Self::Mask, Self::Depth, Self::Circles, Self::Edges, Self::Source];

    /// What people read.
    pub fn title(self) -> &'static str {
        match self {
            Self::Result => "Result",
            Self::Matte => "Matte",
            Self::Mask => "Network's mask",
            Self::Depth => "Depth",
            Self::Circles => "Circles of confusion",
            Self::Edges => "Edges",
            Self::Source => "Source",
        }
    }
}

/// How the mask is smoothed in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Temporal {
    /// Every frame by itself.
    Off,
    /// The past is kept where the network is unsure.
    Entropy,
    /// The past is kept where neither the picture nor the mask moves.
    #[default]
    Motion,
}

/// How the mask comes to the frame's size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Upsampling {
    /// Interpolated, blind to the picture.
    Bilinear,
    /// By the color guided filter.
    #[default]
    Guided,
    /// By the joint bilateral filter, which is cheaper to set up and follows colors less well.
    Bilateral,
}

/// From the network's mask to the matte.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Refinement {
    /// How the mask is smoothed in time.
    pub temporal: Temporal,
    /// The most that the past may weigh, 0..1.
    pub temporal_strength: f32,
    /// How the mask comes to the frame's size.
    pub upsampling: Upsampling,
    /// The guided filter's ε, the variance of color below which a surface counts as even.
    pub epsilon: f32,
    /// By how much the matte's edge moves inward, in pixels of a picture of 720 rows; outward when negative.
    pub shrink: f32,
    /// The radius over which the matte's edge is softened, in pixels of a picture of 720 rows.
    pub feather: f32,
    /// Whether bodies much smaller than the largest are dropped from the mask.
    pub drop_small: bool,
}

impl Refinement {
    /// What suits most cameras and rooms.
    pub const DEFAULT: Self = Self {
        temporal: Temporal::Motion,
        temporal_strength: 0.9,
        upsampling: Upsampling::Guided,
        epsilon: 1e-4,
        shrink: 0.0,
        feather: 0.0,
        drop_small: true,
    };
}

impl Default for Refinement {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// Everything the user chooses about the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// What stands behind the person.
    pub effect: Effect,
    /// What of the pipeline is shown.
    pub view: View,
    /// From the network's mask to the matte.
    pub refinement: Refinement,
    /// How strong the effect is, 0..1: the radius of a blur, the aperture, the lost color, the line's width.
    pub strength: f32,
    /// How far the picture of [`Effect::Picture`] is out of focus, 0..1.
    pub softness: f32,
    /// The place that [`Effect::Portrait`] focuses on, in 0..1 of the picture as it is shown; the person without one.
    pub focus: Option<[f32; 2]>,
    /// How much bright spots stand out in [`Effect::Portrait`], 0..1.
    pub highlights: f32,
    /// Whether the picture follows the people and comes closer to them.
    pub framing: bool,
    /// How far it follows with each mask, 0..1; 1 for a picture that stands still.
    pub framing_pace: f32,
    /// By how much the picture is shrunk before it is worked on: 1 or 2.
    pub shrink: u32,
    /// The light that the replacement throws around the person's edge, 0..1.
    pub light_wrap: f32,
    /// Whether the old background's color is taken out of the person's edge.
    pub recovery: bool,
    /// Where the untouched frame ends and the result begins, 0..1 from the left.
    pub wipe: Option<f32>,
    /// Whether the picture is mirrored left to right; its replacement is not.
    pub mirror: bool,
    /// Whether everything is hidden: a plain dark picture, whatever else is set.
    pub hidden: bool,
    /// The color around a picture that does not fill its viewport, sRGB in 0..1.
    pub surround: [f32; 3],
}

impl Settings {
    /// A soft blur behind the person.
    pub const DEFAULT: Self = Self {
        effect: Effect::Blur,
        view: View::Result,
        refinement: Refinement::DEFAULT,
        strength: 0.6,
        softness: 0.0,
        focus: None,
        highlights: 0.5,
        framing: false,
        framing_pace: 0.08,
        shrink: 1,
        light_wrap: 0.0,
        recovery: true,
        wipe: None,
        mirror: false,
        hidden: false,
        surround: [0.0; 3],
    };
}

impl Settings {
    /// The same for a picture that no mask belongs to: it is shown as it is.
    pub fn without_mask(self) -> Self {
        Self { effect: Effect::Off, view: View::Source, wipe: None, recovery: false, ..self }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self::DEFAULT
    }
}
