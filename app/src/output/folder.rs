//! Where the user's files lie, and what new ones are called.

use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

/// The user's own folder, if the system names it.
pub fn home() -> Option<PathBuf> {
    std::env::var_os("HOME").or_else(|| std::env::var_os("USERPROFILE")).map(PathBuf::from)
}

/// Where pictures are put: the user's folder for them, or else their own, or else the current one.
pub fn pictures() -> PathBuf {
    of_user("Pictures")
}

/// Where recordings are put.
pub fn videos() -> PathBuf {
    of_user(if cfg!(target_os = "macos") { "Movies" } else { "Videos" })
}

fn of_user(name: &str) -> PathBuf {
    let home = home();
    let folder = home.as_ref().map(|home| home.join(name)).filter(|folder| folder.is_dir());
    folder.or(home).unwrap_or_else(|| PathBuf::from("."))
}

/// A name with the present time (UTC), as in `matte-2026-11-24-08-53-13.png`.
pub fn dated(extension: &str) -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    format!("matte-{}.{extension}", date_and_time(seconds))
}

/// The Gregorian date of a number of seconds since 1970, by counting 400-year cycles from a March.
fn date_and_time(seconds: u64) -> String {
    let days = seconds / 86_400 + 719_468;
    let (cycle, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = 400 * cycle + year + u64::from(month <= 2);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}-{hour:02}-{minute:02}-{second:02}")
}

#[cfg(test)]
mod tests {
    use super::date_and_time;

    #[test]
    fn dates_follow_the_calendar() {
        assert_eq!(date_and_time(0), "1970-01-01-00-00-00");
        assert_eq!(date_and_time(951_782_400), "2000-02-29-00-00-00");
        assert_eq!(date_and_time(951_868_800), "2000-03-01-00-00-00");
        assert_eq!(date_and_time(1_767_225_599), "2025-12-31-23-59-59");
        assert_eq!(date_and_time(1_795_510_393), "2026-11-24-08-53-13");
    }
}
