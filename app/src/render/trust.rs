//! Which graphics adapters have failed with a network, remembered from one start to the next.
//!
//! A driver may refuse a pipeline, lose its device, or end the whole program while it makes a pipeline. The first two
//! are noted when they happen. For the third a trial is noted before the pipelines are made, and struck out when that
//! went well or was given up in order; a trial that the next start still finds did not end. One may be a coincidence,
//! since phones end programs that nobody looks at: [`UNFINISHED`] in a row count as a failure.
//!
//! An adapter is known by its name, its driver's version and the program's, so that new ones get another chance. A
//! file that cannot be read means that nothing is known, and one that cannot be written that nothing is kept.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::platform::whole::WholeFile;

/// The trials in a row that may end the program before the adapter counts as faulty.
pub const UNFINISHED: u32 = 2;

/// What is known of the adapters.
#[derive(Debug, Default)]
pub struct Trust {
    place: Option<PathBuf>,
    known: BTreeMap<String, Standing>,
    /// The adapter on trial now.
    trial: Option<String>,
}

/// What is known of an adapter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Standing {
    /// The trials in a row that have not ended.
    unfinished: u32,
    /// Why it counts as faulty.
    fault: Option<String>,
}

impl Trust {
    /// What the file holds; without one nothing is known and nothing is kept.
    pub fn read(place: Option<PathBuf>) -> Self {
        let text = place.as_ref().and_then(|place| fs::read(place).ok());
        let known = text.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
        Self { place, known, trial: None }
    }

    /// Why the adapter is not to run a network.
    pub fn fault(&self, adapter: &str) -> Option<String> {
        let standing = self.known.get(adapter)?;
        let ended = standing.unfinished >= UNFINISHED && self.trial.as_deref() != Some(adapter);
        let died = || ended.then(|| "the program ended while it was prepared there".into());
        standing.fault.clone().or_else(died)
    }

    /// Whether pipelines are being made.
    pub fn is_trying(&self) -> bool {
        self.trial.is_some()
    }

    /// Pipelines are going to be made on the adapter.
    pub fn begin(&mut self, adapter: &str) {
        self.put_off();
        self.known.entry(adapter.into()).or_default().unfinished += 1;
        self.trial = Some(adapter.into());
        self.write();
    }

    /// The trial went well.
    pub fn pass(&mut self) {
        if let Some(adapter) = self.trial.take() {
            self.forgive(&adapter);
        }
    }

    /// The trial is given up without a result: the program ends, or may be ended at any time.
    pub fn put_off(&mut self) {
        let Some(standing) = self.trial.take().and_then(|adapter| self.known.get_mut(&adapter)) else {
            return;
        };
        standing.unfinished = standing.unfinished.saturating_sub(1);
        self.known.retain(|_, standing| *standing != Standing::default());
        self.write();
    }

    /// The adapter failed, on trial or later.
    pub fn fail(&mut self, adapter: &str, why: &str) {
        self.trial = None;
        self.known.insert(adapter.into(), Standing { unfinished: 0, fault: Some(why.into()) });
        self.write();
    }

    /// The adapter gets another chance.
    pub fn forgive(&mut self, adapter: &str) {
        if self.known.remove(adapter).is_some() {
            self.write();
        }
    }

    fn write(&self) {
        let Some(place) = &self.place else { return };
        let text = serde_json::to_vec_pretty(&self.known).map_err(Into::into);
        if let Err(error) = text.and_then(|text| WholeFile::put(place, &text)) {
            log::info!("{error:#}");
        }
    }
}

/// A program that goes in order leaves no trial behind.
impl Drop for Trust {
    fn drop(&mut self) {
        self.put_off();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of its own for each test.
    struct Place(PathBuf);

    impl Place {
        fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("matte-trust-{}-{name}", std::process::id()));
            Self(folder.join("adapters.json"))
        }

        /// What another start of the program knows.
        fn start(&self) -> Trust {
            Trust::read(Some(self.0.clone()))
        }
    }

    impl Drop for Place {
        fn drop(&mut self) {
            if let Some(folder) = self.0.parent() {
                // A test that wrote nothing has no folder.
                let _ = fs::remove_dir_all(folder);
            }
        }
    }

    /// The program ends while pipelines are made on the adapter A.
    fn die(mut trust: Trust) {
        trust.begin("A");
        std::mem::forget(trust);
    }

    #[test]
    fn a_failure_is_known_at_the_next_start_until_it_is_forgiven() {
        let place = Place::new("failure");
        let mut trust = place.start();
        trust.begin("A");
        trust.fail("A", "out of memory");
        trust.begin("B");
        trust.pass();
        assert_eq!(place.start().fault("A").as_deref(), Some("out of memory"));
        assert_eq!(place.start().fault("B"), None);
        trust.forgive("A");
        assert_eq!(place.start().fault("A"), None);
    }

    #[test]
    fn two_ends_of_the_program_in_a_row_are_a_failure() {
        let place = Place::new("ends");
        die(place.start());
        assert_eq!(place.start().fault("A"), None, "once is a coincidence");
        let mut trust = place.start();
        trust.begin("A");
        assert_eq!(trust.fault("A"), None, "the trial is under way");
        std::mem::forget(trust);
        assert!(place.start().fault("A").is_some());
        assert_eq!(place.start().fault("B"), None);
    }

    #[test]
    fn a_success_and_an_end_in_order_count_for_the_adapter() {
        let place = Place::new("success");
        die(place.start());
        let mut trust = place.start();
        trust.begin("A");
        trust.pass();
        die(place.start());
        let mut trust = place.start();
        trust.begin("A");
        drop(trust);
        assert_eq!(place.start().fault("A"), None);
    }

    #[test]
    fn a_damaged_file_and_no_file_mean_that_nothing_is_known() {
        let place = Place::new("damaged");
        place.start().fail("A", "lost");
        fs::write(&place.0, b"{\"A\": 7").expect("the folder is there");
        assert_eq!(place.start().fault("A"), None);
        let mut trust = Trust::read(None);
        trust.fail("A", "lost");
        assert_eq!(trust.fault("A").as_deref(), Some("lost"), "it counts for this start");
    }
}
