//! What a program's sources show of the time that it will take: a table of words, searched for in one pass.
//!
//! The table and the automaton are made at start. A request costs one look at a bounded part of its sources.

use std::sync::Arc;
use std::time::Duration;

use aho_corasick::AhoCorasick;

use crate::domain::{Estimate, FiredRule, SourceFile};

use super::raw::RawEstimate;

/// How much of a program's sources is looked at, in bytes: what a program uses, it names at its beginning. A KiB costs two
/// microseconds.
const SCAN_BYTES_MAX: usize = 16 << 10;
/// Rules of a table, files included: they are marks in one word.
const RULES_MAX: usize = 32;

/// A table, ready for use.
#[derive(Debug)]
pub struct Estimator {
    raw: RawEstimate,
    rules: Vec<FiredRule>,
    automaton: AhoCorasick,
    /// The rule of each of the automaton's words.
    rule_of_word: Vec<usize>,
    files: Arc<str>,
}

/// The same table does the same.
impl PartialEq for Estimator {
    fn eq(&self, other: &Self) -> bool {
        self.raw == other.raw
    }
}

impl Eq for Estimator {}

impl Estimator {
    /// Reads a table.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn new(raw: RawEstimate) -> Result<Self, String> {
        if raw.rules.len() > RULES_MAX {
            return Err(format!("estimate has {} rules; the most is {RULES_MAX}", raw.rules.len()));
        }
        if let Some(rule) = raw.rules.iter().find(|rule| rule.words.iter().any(String::is_empty)) {
            return Err(format!("the estimate's rule {:?} has an empty word", rule.name));
        }
        let words = raw.rules.iter().flat_map(|rule| &rule.words);
        let automaton = AhoCorasick::new(words).map_err(|error| error.to_string())?;
        let of_rule = |(index, rule): (usize, &super::raw::RawEstimateRule)| vec![index; rule.words.len()];
        let rule_of_word = raw.rules.iter().enumerate().flat_map(of_rule).collect();
        let fired = |rule: &super::raw::RawEstimateRule| FiredRule {
            name: rule.name.as_str().into(),
            added: Duration::from_secs(rule.seconds),
        };
        let rules = raw.rules.iter().map(fired).collect();
        let files = raw.files.name.as_str().into();
        Ok(Self { raw, rules, automaton, rule_of_word, files })
    }

    /// The wall time of a program whose language allows `base` by default. Files with the main one's ending are its
    /// sources, all others its input.
    #[must_use]
    pub fn estimate(&self, base: Duration, files: &[SourceFile], main: &str) -> Estimate {
        let ending = |path: &str| path.rsplit_once('.').map(|(_, ending)| ending.to_owned());
        let of_sources = ending(main);
        let is_source = |file: &&SourceFile| file.path == main || ending(&file.path) == of_sources;
        let main_first = files.iter().filter(|file| file.path == main);
        let others = files.iter().filter(is_source).filter(|file| file.path != main);
        let mut fired = self.scan(main_first.chain(others).map(|file| file.content.as_ref()));

        let input_files = files.len() - files.iter().filter(is_source).count();
        let counted = input_files.saturating_sub(self.raw.files.free);
        if counted > 0 {
            let added = Duration::from_secs(self.raw.files.seconds_each.saturating_mul(counted as u64));
            fired.push(FiredRule { name: Arc::clone(&self.files), added });
        }
        let most = Duration::from_secs(self.raw.most_seconds).max(base);
        let sum = fired.iter().fold(base, |sum, rule| sum.saturating_add(rule.added));
        Estimate { wall_time: sum.min(most), fired }
    }

    fn scan<'a>(&self, texts: impl Iterator<Item = &'a [u8]>) -> Vec<FiredRule> {
        let all = (1_u64 << self.rules.len()) - 1;
        let (mut found, mut room) = (0_u64, SCAN_BYTES_MAX);
        for text in texts {
            let text = &text[..text.len().min(room)];
            room -= text.len();
            for hit in self.automaton.find_overlapping_iter(text) {
                let rule = 1 << self.rule_of_word[hit.pattern().as_usize()];
                if found & rule == 0 && is_word(text, hit.start(), hit.end()) {
                    found |= rule;
                    if found == all {
                        break;
                    }
                }
            }
        }
        let fired = self.rules.iter().enumerate().filter(|(index, _)| found & (1 << index) != 0);
        fired.map(|(_, rule)| rule.clone()).collect()
    }
}

/// Whether the place is not a part of a longer name.
pub(super) fn is_word(text: &[u8], start: usize, end: usize) -> bool {
    let is_name = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    !is_name(start.checked_sub(1).and_then(|before| text.get(before))) && !is_name(text.get(end))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::language::Catalogue;

    fn estimate(code: &str, input_files: usize) -> (u64, Vec<String>) {
        let file = |path: String, content: &str| SourceFile {
            path,
            content: Bytes::copy_from_slice(content.as_bytes()),
            executable: false,
        };
        let mut files = vec![file("main.py".to_owned(), code)];
        files.extend((0..input_files).map(|number| file(format!("{number}.csv"), "import torch")));
        let catalogue = Catalogue::load(None).unwrap();
        let python = catalogue.find("python").unwrap();
        let estimate = python.estimator.estimate(Duration::from_secs(60), &files, "main.py");
        let names = estimate.fired.iter().map(|rule| rule.name.to_string()).collect();
        (estimate.wall_time.as_secs(), names)
    }

    #[test]
    fn each_rule_adds_its_time_once() {
        assert_eq!(estimate("print(1)", 0), (60, vec![]));
        assert_eq!(
            estimate("import requests\nimport requests\nfrom bs4 import BeautifulSoup", 0),
            (120, vec!["web scraping".to_owned()])
        );
        assert_eq!(estimate("from sklearn import svm", 0), (105, vec!["machine learning".to_owned()]));
        assert_eq!(estimate("import pandas as pd", 0), (90, vec!["heavy analysis".to_owned()]));
        assert_eq!(estimate("import matplotlib.pyplot as plt", 0), (75, vec!["plotting".to_owned()]));
    }

    #[test]
    fn files_count_from_the_fourth_on_and_are_not_read() {
        assert_eq!(estimate("", 3), (60, vec![]));
        assert_eq!(estimate("", 5), (80, vec!["input files".to_owned()]));
    }

    #[test]
    fn the_sum_has_a_bound_and_a_part_of_a_name_is_none() {
        let all = "import requests, x\nimport torch\nimport pandas\nimport seaborn";
        let (seconds, fired) = estimate(all, 40);
        assert_eq!((seconds, fired.len()), (300, 5));
        assert_eq!(estimate("import pandastic; my_torch = torchlight", 0), (60, vec![]));
    }

    #[test]
    fn only_the_beginning_is_looked_at() {
        let far = format!("{}\nimport torch", "#".repeat(SCAN_BYTES_MAX));
        assert_eq!(estimate(&far, 0), (60, vec![]));
    }
}
