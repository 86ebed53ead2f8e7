//! Where the program keeps what it has to keep.
//!
//! | | Linux | macOS | Windows | Android |
//! |---|---|---|---|---|
//! | settings | `$XDG_CONFIG_HOME/matte` | `~/Library/Application Support/matte` | `%APPDATA%\matte` | the app's own |
//! | data | `$XDG_DATA_HOME/matte` | the same | `%APPDATA%\matte` | the app's own |
//! | cache | `$XDG_CACHE_HOME/matte` | `~/Library/Caches/matte` | `%LOCALAPPDATA%\matte` | the app's own |
//!
//! On Linux the usual places below the home folder stand in for unset variables. Nothing is created here.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// The program's folders; they need not exist yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folders {
    /// Settings that people would want on their next machine.
    pub settings: PathBuf,
    /// Downloads.
    pub data: PathBuf,
    /// What can be made again.
    pub cache: PathBuf,
}

/// The folders that a system gave in place of the user's.
static GIVEN: Mutex<Option<Folders>> = Mutex::new(None);

/// Takes the program's own folder, as Android gives it to each app, in place of the user's.
pub fn live_in(own: &std::path::Path) {
    let folders = Folders { settings: own.into(), data: own.join("data"), cache: own.join("cache") };
    *GIVEN.lock().unwrap_or_else(PoisonError::into_inner) = Some(folders);
}

/// The program's folders; none where the user has no home.
pub fn folders() -> Option<Folders> {
    let given = GIVEN.lock().unwrap_or_else(PoisonError::into_inner).clone();
    given.or_else(|| of_environment(|name| std::env::var_os(name).map(PathBuf::from)))
}

fn of_environment(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<Folders> {
    let absolute = |name| variable(name).filter(|path| path.is_absolute());
    if cfg!(windows) {
        let roaming = absolute("APPDATA")?.join("matte");
        let cache = absolute("LOCALAPPDATA").map_or_else(|| roaming.join("cache"), |path| path.join("matte"));
        return Some(Folders { settings: roaming.clone(), data: roaming, cache });
    }
    let home = absolute("HOME");
    if cfg!(target_os = "macos") {
        let library = home?.join("Library");
        let support = library.join("Application Support/matte");
        return Some(Folders {
            settings: support.clone(),
            data: support,
            cache: library.join("Caches/matte"),
        });
    }
    let place = |name, usual: &str| {
        let base = absolute(name).or_else(|| Some(home.as_ref()?.join(usual)))?;
        Some(base.join("matte"))
    };
    Some(Folders {
        settings: place("XDG_CONFIG_HOME", ".config")?,
        data: place("XDG_DATA_HOME", ".local/share")?,
        cache: place("XDG_CACHE_HOME", ".cache")?,
    })
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn unset_and_relative_variables_mean_the_usual_places() {
        let variable = |name: &str| match name {
            "HOME" => Some("/home/ada".into()),
            "XDG_CACHE_HOME" => Some("/var/ada".into()),
            "XDG_DATA_HOME" => Some("relative".into()),
            _ => None,
        };
        let folders = of_environment(variable).expect("a home");
        assert_eq!(folders.settings, PathBuf::from("/home/ada/.config/matte"));
        assert_eq!(folders.data, PathBuf::from("/home/ada/.local/share/matte"));
        assert_eq!(folders.cache, PathBuf::from("/var/ada/matte"));
        assert_eq!(of_environment(|_| None), None);
    }
}
