//! Desktop systems: windows are never covered or taken away, and cameras are guarded by the system itself.

use anyhow::Result;

use super::permission::Word;

/// Whether the system tells when the window is covered, hidden, or to be closed.
pub const TELLS_LIFE: bool = false;

/// What the system says of the camera.
pub fn camera_word() -> Result<Word> {
    Ok(Word { granted: true, refused_once: false })
}

/// Puts the system's question for the camera.
pub fn ask_for_camera() -> Result<()> {
    Ok(())
}

/// Opens the system's settings of this program.
pub fn open_settings() -> Result<()> {
    Ok(())
}

/// Learns anew how the screen is turned.
pub fn screen_turned() {}

/// What the system covers of the window, in pixels: left, top, right, bottom.
pub fn insets(_: [u32; 2]) -> Option<[u32; 4]> {
    None
}
