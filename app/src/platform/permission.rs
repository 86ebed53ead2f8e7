//! Whether the camera may be used, and how people are asked.
//!
//! A system that guards its cameras is asked whenever the program becomes usable: people may have answered a
//! question or changed their mind in the system's settings meanwhile. The question is put once by itself;
//! after a refusal only a button puts it again, and where the system would no longer show it, the button
//! opens the system's settings.

/// What is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Permission {
    /// Nobody was asked yet.
    #[default]
    Unknown,
    /// The question is on the screen.
    Asked,
    /// The camera may be used.
    Granted,
    /// It may not. `final_word`: the system would not show the question any more.
    Denied {
        /// Whether only the system's settings can change that.
        final_word: bool,
    },
}

/// What the system says of the camera.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Word {
    /// Whether it may be used.
    pub granted: bool,
    /// Whether people should be told why before they are asked again: they refused once.
    pub refused_once: bool,
}

/// What there is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// Nothing.
    Nothing,
    /// Put the system's question.
    Ask,
    /// Open the system's settings of this program.
    OpenSettings,
}

impl Permission {
    /// Takes the system's word, as it is whenever the program becomes usable.
    pub fn checked(&mut self, word: Word) -> Step {
        if word.granted {
            *self = Self::Granted;
            return Step::Nothing;
        }
        match *self {
            Self::Unknown => {
                *self = Self::Asked;
                Step::Ask
            }
            // Back from the question: without a reason to explain it was the last one that will be shown.
            Self::Asked => {
                *self = Self::Denied { final_word: !word.refused_once };
                Step::Nothing
            }
            Self::Granted | Self::Denied { .. } => {
                let final_word = matches!(self, Self::Denied { final_word: true }) && !word.refused_once;
                *self = Self::Denied { final_word };
                Step::Nothing
            }
        }
    }

    /// People pressed the button.
    pub fn pressed(&mut self) -> Step {
        match *self {
            Self::Denied { final_word: true } => Step::OpenSettings,
            Self::Denied { final_word: false } | Self::Unknown => {
                *self = Self::Asked;
                Step::Ask
            }
            Self::Asked | Self::Granted => Step::Nothing,
        }
    }

    /// Whether cameras may be opened.
    pub fn allows(self) -> bool {
        self == Self::Granted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const YES: Word = Word { granted: true, refused_once: false };
    const NO: Word = Word { granted: false, refused_once: false };
    const NOT_NOW: Word = Word { granted: false, refused_once: true };

    #[test]
    fn the_first_start_asks_and_the_answer_counts() {
        let mut permission = Permission::default();
        assert_eq!(permission.checked(NO), Step::Ask);
        assert_eq!(permission.checked(YES), Step::Nothing);
        assert!(permission.allows());
    }

    #[test]
    fn a_refusal_is_not_followed_by_another_question_until_the_button() {
        let mut permission = Permission::default();
        permission.checked(NO);
        assert_eq!(permission.checked(NOT_NOW), Step::Nothing);
        assert_eq!(permission, Permission::Denied { final_word: false });
        assert_eq!(permission.checked(NOT_NOW), Step::Nothing);
        assert_eq!(permission.pressed(), Step::Ask);
        assert_eq!(permission.checked(NO), Step::Nothing);
        assert_eq!(permission.pressed(), Step::OpenSettings);
        assert_eq!(permission.checked(YES), Step::Nothing);
        assert!(permission.allows());
    }

    #[test]
    fn what_was_granted_can_be_taken_back() {
        let mut permission = Permission::Granted;
        assert_eq!(permission.checked(NO), Step::Nothing);
        assert_eq!(permission.pressed(), Step::Ask);
    }
}
