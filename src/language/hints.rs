//! What a failed program's last words and its signal are known to mean: rules as data, never a ground for an outcome.

use aho_corasick::AhoCorasick;

use crate::domain::{Exit, Limits, bytes_in_words, name_of_signal};

use super::raw::RawHint;

/// Hints of this kind in one reply, at most.
const HINTS_MAX: usize = 3;

/// One thing that is known. Both conditions must hold where both are there.
#[derive(Debug, Clone, PartialEq, Eq)]
struct HintRule {
    /// Part of what the program wrote last to stderr.
    stderr: Option<String>,
    /// What ended it.
    signal: Option<i32>,
    text: String,
}

/// The rules of a language, ready for use: its own, then those of all languages.
#[derive(Debug)]
pub struct HintTable {
    rules: Vec<HintRule>,
    automaton: AhoCorasick,
    /// The rule of each of the automaton's words.
    rule_of_word: Vec<usize>,
}

/// The same rules do the same.
impl PartialEq for HintTable {
    fn eq(&self, other: &Self) -> bool {
        self.rules == other.rules
    }
}

impl Eq for HintTable {}

impl HintTable {
    /// Reads rules, in the order in which they count.
    ///
    /// # Errors
    /// What is wrong with one of them.
    pub(super) fn new<'a>(raw: impl IntoIterator<Item = &'a RawHint>) -> Result<Self, String> {
        let rules = raw.into_iter().map(HintRule::new).collect::<Result<Vec<_>, _>>()?;
        let words =
            || rules.iter().enumerate().filter_map(|(index, rule)| Some((index, rule.stderr.as_ref()?)));
        let automaton = AhoCorasick::new(words().map(|(_, word)| word)).map_err(|error| error.to_string())?;
        let rule_of_word = words().map(|(index, _)| index).collect();
        Ok(Self { rules, automaton, rule_of_word })
    }

    /// What the rules say of a stage that did not end well.
    #[must_use]
    pub fn hints(&self, exit: Exit, last_words: &[u8], limits: &Limits) -> Vec<String> {
        let mut wrote = vec![false; self.rules.len()];
        for hit in self.automaton.find_overlapping_iter(last_words) {
            wrote[self.rule_of_word[hit.pattern().as_usize()]] = true;
        }
        let holds = |rule: &HintRule, wrote: bool| {
            (wrote || rule.stderr.is_none()) && rule.signal.is_none_or(|signal| exit == Exit::Signal(signal))
        };
        let fitting = self.rules.iter().zip(wrote).filter(|(rule, wrote)| holds(rule, *wrote));
        fitting.map(|(rule, _)| rule.fill(limits)).take(HINTS_MAX).collect()
    }
}

impl HintRule {
    fn new(raw: &RawHint) -> Result<Self, String> {
        let wrong = |what: &str| Err(format!("the hint {:?} {what}", raw.text));
        let signal = match &raw.signal {
            None if raw.stderr.is_none() => return wrong("has no condition"),
            None => None,
            Some(name) => match (1..).map_while(name_of_signal).zip(1..).find(|(known, _)| known == name) {
                Some((_, number)) => Some(number),
                None => return wrong(&format!("names {name:?}, which is no signal")),
            },
        };
        if raw.stderr.as_ref().is_some_and(String::is_empty) {
            return wrong("looks for nothing");
        }
        Ok(Self { stderr: raw.stderr.clone(), signal, text: raw.text.clone() })
    }

    fn fill(&self, limits: &Limits) -> String {
        [
            ("{memory}", bytes_in_words(limits.memory_bytes)),
            ("{disk}", bytes_in_words(limits.disk_bytes)),
            ("{file}", bytes_in_words(limits.file_bytes)),
            ("{stack}", bytes_in_words(limits.stack_bytes)),
            ("{inodes}", limits.inodes.to_string()),
            ("{processes}", limits.processes.to_string()),
            ("{open_files}", limits.open_files.to_string()),
        ]
        .iter()
        .fold(self.text.clone(), |text, (name, value)| text.replace(name, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Catalogue;

    fn raw(stderr: Option<&str>, signal: Option<&str>, text: &str) -> RawHint {
        RawHint { stderr: stderr.map(Into::into), signal: signal.map(Into::into), text: text.to_owned() }
    }

    fn limits() -> Limits {
        Catalogue::load(None).unwrap().find("python").unwrap().limits
    }

    #[test]
    fn a_rule_holds_where_all_its_conditions_do() {
        let table = HintTable::new(&[
            raw(Some("full"), Some("SIGABRT"), "both"),
            raw(Some("full"), None, "words, {open_files}"),
            raw(None, Some("SIGSEGV"), "signal"),
        ]);
        let table = table.unwrap();
        let hints = |exit, words: &str| table.hints(exit, words.as_bytes(), &limits());
        assert_eq!(hints(Exit::Signal(6), "it is full"), ["both", "words, 1024"]);
        assert_eq!(hints(Exit::Code(1), "it is full"), ["words, 1024"]);
        assert_eq!(hints(Exit::Signal(11), ""), ["signal"]);
        assert!(hints(Exit::Code(11), "ful").is_empty());
    }

    #[test]
    fn a_rule_that_cannot_hold_is_refused() {
        for (rule, words) in [
            (raw(None, None, "a"), "has no condition"),
            (raw(Some(""), None, "a"), "looks for nothing"),
            (raw(None, Some("SIGNONE"), "a"), "\"SIGNONE\", which is no signal"),
        ] {
            let error = HintTable::new(&[rule]).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }
}
