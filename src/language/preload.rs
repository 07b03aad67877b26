//! Libraries that one entry has ready and programs of another name: rules as data, for advice alone.

use std::fmt;
use std::sync::Arc;

use aho_corasick::AhoCorasick;

use crate::domain::{LanguageId, SourceFile};

use super::estimate::is_word;
use super::raw::{RawPreload, RawPreloads};

/// How much of a main file is looked at, in bytes: what a program uses, it names at its beginning.
const SCAN_BYTES_MAX: usize = 64 << 10;

/// The rules, ready for use. Clones share them.
#[derive(Debug, Clone)]
pub struct Preloads(Arc<[Rule]>);

#[derive(Debug)]
struct Rule {
    raw: RawPreload,
    automaton: AhoCorasick,
}

/// A language that has what a program names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundPreload {
    /// That language.
    pub language: LanguageId,
    word: String,
}

impl fmt::Display for FoundPreload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { language, word } = self;
        write!(
            f,
            "the sources name {word}: the language {language} has it, with what is used most loaded before a program comes"
        )
    }
}

impl Preloads {
    /// Reads rules.
    ///
    /// # Errors
    /// What is wrong with one of them.
    pub(super) fn new(raw: RawPreloads) -> Result<Self, String> {
        let rule = |raw: RawPreload| {
            if raw.words.iter().any(String::is_empty) {
                return Err(format!("the preloads of {:?} have an empty word", raw.language));
            }
            let automaton = AhoCorasick::new(&raw.words).map_err(|error| error.to_string())?;
            Ok(Rule { raw, automaton })
        };
        raw.preloads.into_iter().map(rule).collect::<Result<Vec<_>, _>>().map(|rules| Self(rules.into()))
    }

    /// The first language that has what the main file of a program of another one names.
    #[must_use]
    pub fn find(&self, language: &LanguageId, files: &[SourceFile], main: &str) -> Option<FoundPreload> {
        let main = files.iter().find(|file| file.path == main)?;
        let text = &main.content[..main.content.len().min(SCAN_BYTES_MAX)];
        let language = language.as_str();
        self.0.iter().filter(|rule| rule.raw.instead_of.iter().any(|id| id == language)).find_map(|rule| {
            let mut hits = rule.automaton.find_overlapping_iter(text);
            let hit = hits.find(|hit| is_word(text, hit.start(), hit.end()))?;
            let word = rule.raw.words.get(hit.pattern().as_usize())?.clone();
            Some(FoundPreload { language: LanguageId::new(&rule.raw.language), word })
        })
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::language::Catalogue;

    fn found(language: &str, code: &str) -> Option<String> {
        let catalogue = Catalogue::load(None).unwrap();
        let content = Bytes::copy_from_slice(code.as_bytes());
        let main = SourceFile { path: "main.py".to_owned(), content, executable: false };
        let found = catalogue.preloads().find(&LanguageId::new(language), &[main], "main.py");
        found.map(|found| found.to_string())
    }

    #[test]
    fn a_program_is_told_which_language_has_what_it_names() {
        let told = found("python", "import os, pandas as pd").unwrap();
        assert!(told.contains("name pandas") && told.contains("python-data has it"), "{told}");
        assert_eq!(found("python", "import os # pandastic"), None);
        assert_eq!(found("python-data", "import pandas"), None, "it is there already");
        assert_eq!(found("javascript", "import pandas"), None);
    }

    #[test]
    fn every_language_that_a_rule_names_is_in_the_catalogue() {
        let catalogue = Catalogue::load(None).unwrap();
        for rule in catalogue.preloads().0.iter() {
            for id in rule.raw.instead_of.iter().chain([&rule.raw.language]) {
                assert!(catalogue.find(id).is_some(), "there is no {id}");
            }
        }
    }

    #[test]
    fn an_empty_word_is_refused() {
        let rule =
            RawPreload { language: "a".into(), instead_of: vec!["b".into()], words: vec![String::new()] };
        let error = Preloads::new(RawPreloads { preloads: vec![rule] }).unwrap_err();
        assert!(error.contains("an empty word"), "{error}");
    }
}
