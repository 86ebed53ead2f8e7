//! Who ran, how fast, and who won.

use super::contest::Contest;
use super::{LOSING, NOISE, TASTES};
use crate::plan::Plan;
use crate::wgsl::Choice;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// The result of measuring a graph's kernels.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// One for each contest.
    pub entries: Vec<Entry>,
    /// One for each kind of group that may run as a block.
    pub duels: Vec<Duel>,
    /// Whether everything was measured before the time was up.
    pub finished: bool,
    /// The text of each kernel that the heuristic's plans use, by its name, as a fingerprint.
    pub sources: BTreeMap<&'static str, u64>,
}

/// A contest with its trials.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// What was to be decided.
    pub contest: Contest,
    /// The heuristic's choice first.
    pub trials: Vec<Trial>,
}

/// A kernel's part in a contest.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// The kernel and its tunables.
    pub choice: Choice,
    /// The shortest time of its runs.
    pub time: Option<Duration>,
    /// How many times it ran.
    pub runs: u32,
    closed: bool,
}

/// A block against its members, each by the fastest kernel.
#[derive(Clone, Debug, PartialEq)]
pub struct Duel {
    /// The block's contest.
    pub key: String,
    /// The groups that it decides.
    pub groups: u32,
    /// What the block takes; none where it was not measured.
    pub together: Option<Duration>,
    /// What the members take; none where one was not measured.
    pub apart: Option<Duration>,
    /// Whether the heuristic runs them together.
    pub believed: bool,
    /// The fingerprint of the block's text.
    pub source: u64,
}

impl Duel {
    /// Whether both were measured.
    pub fn is_decided(&self) -> bool {
        self.together.is_some() && self.apart.is_some()
    }

    /// Whether the block is used: the faster, unless the heuristic's is as good.
    pub fn is_together(&self) -> bool {
        let Some((together, apart)) = self.together.zip(self.apart) else { return self.believed };
        let challenger = |new: Duration, old: Duration| new.as_secs_f64() < (1.0 - NOISE) * old.as_secs_f64();
        if self.believed { !challenger(apart, together) } else { challenger(together, apart) }
    }
}

impl fmt::Display for Duel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = |time: Option<Duration>| {
            time.map_or("not run".to_string(), |time| format!("{:.1} µs", time.as_secs_f64() * 1e6))
        };
        let (together, apart) = (time(self.together), time(self.apart));
        let won = if self.is_together() { "together" } else { "apart" };
        let first = if self.is_together() == self.believed { ", as the heuristic has it" } else { "" };
        write!(f, "{}  {} groups run {won}{first}: together {together}, apart {apart}", self.key, self.groups)
    }
}

/// What became of a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is used.
    Won,
    /// Another was faster.
    Lost,
    /// It was so much slower that it ran only [`TASTES`] times.
    Dropped,
    /// The time was up before its turn.
    Unmeasured,
}

impl Trial {
    fn new(choice: Choice) -> Self {
        Self { choice, time: None, runs: 0, closed: false }
    }

    /// Notes the time of a run.
    pub(super) fn timed(&mut self, time: Duration) {
        self.time = Some(self.time.map_or(time, |best| best.min(time)));
        self.runs += 1;
    }
}

impl Entry {
    pub(super) fn new(contest: Contest) -> Self {
        Self { contest, trials: Vec::new() }
    }

    /// Opens a round: trials of earlier ones keep their times.
    pub(super) fn enter(&mut self, choices: Vec<Choice>) {
        self.trials.iter_mut().for_each(|trial| trial.closed = true);
        let known = |choice: &Choice, trials: &[Trial]| trials.iter().any(|trial| trial.choice == *choice);
        let fresh: Vec<Choice> = choices.into_iter().filter(|choice| !known(choice, &self.trials)).collect();
        if !fresh.is_empty() && !self.trials.is_empty() {
            // The winner so far runs again beside the new ones.
            let winner = self.winner();
            self.trials[winner].closed = false;
        }
        self.trials.extend(fresh.into_iter().map(Trial::new));
    }

    /// The first round: kernels and tiles.
    pub(super) fn kernels(&self, _plan: &Plan) -> Vec<Choice> {
        self.contest.listed.clone()
    }

    /// The second round: the winner's kernel and tile with other work-groups, where its text leaves them free.
    pub(super) fn workgroups(&self, plan: &Plan) -> Vec<Choice> {
        let winner = self.choice();
        let free = |planned: &crate::plan::Planned| {
            planned
                .dispatch
                .as_ref()
                .is_some_and(|d| d.shader.has_free_workgroup() && d.choice.kernel == winner.kernel)
        };
        match plan.steps.get(self.contest.step).is_some_and(free) {
            true => WORKGROUPS.iter().map(|&workgroup| Choice { workgroup, ..winner.clone() }).collect(),
            false => Vec::new(),
        }
    }

    /// The choice of a trial that is to be measured now.
    pub(super) fn open(&self, trial: usize) -> Option<&Choice> {
        self.trials.get(trial).filter(|trial| !trial.closed).map(|trial| &trial.choice)
    }

    /// Whether a trial is too slow to run again. The heuristic's goes on: all others are compared with it.
    pub(super) fn drops(&self, trial: usize) -> bool {
        if trial == 0 {
            return false;
        }
        let best = self.trials.iter().filter_map(|trial| trial.time).min().unwrap_or_default();
        self.trials[trial].time.is_some_and(|time| time.as_secs_f64() > LOSING * best.as_secs_f64())
    }

    /// The index of the trial that is used: the fastest, unless the heuristic's is as good.
    pub fn winner(&self) -> usize {
        let time = |trial: usize| self.trials[trial].time;
        let fastest =
            (0..self.trials.len()).filter(|&trial| time(trial).is_some()).min_by_key(|&trial| time(trial));
        match (fastest, self.trials.first().and_then(|first| first.time)) {
            (Some(fastest), Some(first)) => {
                let gain = 1.0 - self.seconds(fastest) / first.as_secs_f64().max(f64::MIN_POSITIVE);
                if gain > NOISE { fastest } else { 0 }
            }
            _ => 0,
        }
    }

    fn seconds(&self, trial: usize) -> f64 {
        self.trials[trial].time.unwrap_or_default().as_secs_f64()
    }

    /// The choice that is used.
    pub fn choice(&self) -> &Choice {
        self.trials.get(self.winner()).map_or(&self.contest.listed[0], |trial| &trial.choice)
    }

    /// What became of a trial.
    pub fn fate(&self, trial: usize) -> Fate {
        match (self.winner() == trial, self.trials[trial].runs) {
            (true, _) => Fate::Won,
            (false, 0) => Fate::Unmeasured,
            (false, runs) if runs <= TASTES && trial > 0 => Fate::Dropped,
            (false, _) => Fate::Lost,
        }
    }

    /// What the heuristic's choice and the winner take for all nodes; none before the heuristic's was measured.
    pub fn times(&self) -> Option<(Duration, Duration)> {
        let nodes = self.contest.nodes.len() as u32;
        let first = self.trials.first()?.time?;
        Some((first * nodes, self.trials[self.winner()].time? * nodes))
    }
}

/// The work-groups of the second round.
const WORKGROUPS: [[u32; 3]; 8] =
    [[8, 4, 1], [4, 8, 1], [8, 8, 1], [16, 4, 1], [4, 16, 1], [32, 1, 1], [4, 4, 4], [1, 1, 64]];

impl Report {
    /// What the heuristic's choices and the winners take, of all that was measured; with a group either its block counts or
    /// its members.
    pub fn times(&self) -> (Duration, Duration) {
        let sum = |(a, b): (Duration, Duration), (c, d)| (a + c, b + d);
        let entries = self.entries.iter().filter(|entry| !self.is_block(entry)).filter_map(Entry::times);
        let (heuristic, winners) = entries.fold(Default::default(), sum);
        // What a group takes together in place of its members' time, by the heuristic's kernels and by the fastest.
        let instead = |duel: &Duel| {
            let block = self.entries.iter().find(|entry| entry.contest.key == duel.key)?;
            let first = block.trials.first()?.time?;
            let (together, apart) = duel.together.zip(duel.apart)?;
            let gains = |used: bool, block: Duration| match used {
                true => (block.as_secs_f64() - apart.as_secs_f64()) * f64::from(duel.groups),
                false => 0.0,
            };
            Some((gains(duel.believed, first), gains(duel.is_together(), together)))
        };
        let (old, new) =
            self.duels.iter().filter_map(instead).fold((0.0, 0.0), |(a, b), (c, d)| (a + c, b + d));
        let changed = |time: Duration, by: f64| Duration::from_secs_f64((time.as_secs_f64() + by).max(0.0));
        (changed(heuristic, old), changed(winners, new))
    }

    fn is_block(&self, entry: &Entry) -> bool {
        self.duels.iter().any(|duel| duel.key == entry.contest.key)
    }
}

impl fmt::Display for Report {
    /// For each contest its key and nodes, then a line for each trial: its fate, its choice, its time and why.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for entry in &self.entries {
            let nodes: Vec<String> = entry.contest.nodes.iter().map(|node| node.0.to_string()).collect();
            writeln!(f, "{}  nodes {}", entry.contest.key, nodes.join(" "))?;
            for trial in 0..entry.trials.len() {
                writeln!(f, "  {}", entry.line(trial))?;
            }
        }
        self.duels.iter().try_for_each(|duel| writeln!(f, "{duel}"))?;
        let (heuristic, tuned) = self.times();
        writeln!(
            f,
            "{:.3} ms by the heuristic, {:.3} ms by the winners: {:.1} % less{}",
            heuristic.as_secs_f64() * 1e3,
            tuned.as_secs_f64() * 1e3,
            100.0 * (1.0 - tuned.as_secs_f64() / heuristic.as_secs_f64().max(f64::MIN_POSITIVE)),
            if self.finished { "" } else { "; the time was up before everything was measured" }
        )
    }
}

impl Entry {
    fn line(&self, trial: usize) -> String {
        let Trial { choice, time, runs, .. } = &self.trials[trial];
        let time = time.map_or("        -".into(), |time| format!("{:9.1} µs", time.as_secs_f64() * 1e6));
        let first = if trial == 0 { ", the heuristic's" } else { "" };
        let (fate, why) = match self.fate(trial) {
            Fate::Won if trial == 0 => {
                ("won", format!("no other is faster by more than {:.0} %", NOISE * 100.0))
            }
            Fate::Won => {
                let gain = self.seconds(0) / self.seconds(trial).max(f64::MIN_POSITIVE);
                ("won", format!("{gain:.2} × as fast as the heuristic's, best of {runs} runs"))
            }
            Fate::Lost => {
                ("lost", format!("{:.2} × the winner's time, best of {runs} runs", self.slower(trial)))
            }
            Fate::Dropped => {
                ("dropped", format!("{:.2} × the winner's time in its first runs", self.slower(trial)))
            }
            Fate::Unmeasured => ("not run", "the time was up".to_string()),
        };
        format!("{fate:7} {:44} {time}  {why}{first}", choice.to_string())
    }

    fn slower(&self, trial: usize) -> f64 {
        self.seconds(trial) / self.seconds(self.winner()).max(f64::MIN_POSITIVE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::NodeId;

    fn entry(times: &[u64]) -> Entry {
        let choice = |width: usize| Choice::new("kernel", [width as u32 + 1, 1, 1]);
        let listed: Vec<Choice> = (0..times.len()).map(choice).collect();
        let mut entry = Entry::new(Contest {
            key: "key".into(),
            nodes: vec![NodeId(3)],
            step: 0,
            listed: listed.clone(),
        });
        entry.enter(listed);
        for (trial, &time) in entry.trials.iter_mut().zip(times) {
            (0..TASTES).for_each(|_| trial.timed(Duration::from_micros(time)));
        }
        entry
    }

    #[test]
    fn a_challenger_must_be_clearly_faster() {
        assert_eq!(entry(&[100, 98]).winner(), 0);
        assert_eq!(entry(&[100, 96]).winner(), 1);
        assert_eq!(entry(&[100, 96, 95]).winner(), 2);
    }

    #[test]
    fn slow_trials_are_dropped_and_the_rest_goes_on() {
        assert!(!entry(&[200, 100]).drops(0), "what all others are compared with goes on");
        let mut entry = entry(&[100, 149, 151]);
        assert_eq!([0, 1, 2].map(|trial| entry.drops(trial)), [false, false, true]);
        entry.trials[0].timed(Duration::from_micros(120));
        entry.trials[1].timed(Duration::from_micros(90));
        assert_eq!(entry.trials[0].time, Some(Duration::from_micros(100)));
        assert_eq!([0, 1, 2].map(|trial| entry.fate(trial)), [Fate::Lost, Fate::Won, Fate::Dropped]);
        assert_eq!(entry.times(), Some((Duration::from_micros(100), Duration::from_micros(90))));
    }

    #[test]
    fn a_second_round_is_between_the_winner_and_what_is_new() {
        let mut entry = entry(&[100, 50]);
        let winner = entry.choice().clone();
        entry.enter(vec![winner.clone(), Choice { workgroup: [7, 1, 1], ..winner }]);
        assert_eq!([0, 1, 2, 3].map(|trial| entry.open(trial).is_some()), [false, true, true, false]);
        entry.enter(Vec::new());
        assert!((0..3).all(|trial| entry.open(trial).is_none()));
    }
}
