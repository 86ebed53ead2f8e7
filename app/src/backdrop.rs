//! The pictures that the program brings along to put behind people.

/// A bundled background.
#[derive(Clone, Copy, Debug)]
pub struct Backdrop {
    /// What people read; the command line takes it in lower case.
    pub title: &'static str,
    /// The JPEG file.
    pub bytes: &'static [u8],
}

/// Every bundled background.
pub const BACKDROPS: [Backdrop; 4] = [
    Backdrop { title: "Studio", bytes: include_bytes!("../../assets/backgrounds/studio.jpg") },
    Backdrop { title: "Dusk", bytes: include_bytes!("../../assets/backgrounds/dusk.jpg") },
    Backdrop { title: "Lights", bytes: include_bytes!("../../assets/backgrounds/lights.jpg") },
    Backdrop { title: "Café", bytes: include_bytes!("../../assets/backgrounds/coffee.jpg") },
];
