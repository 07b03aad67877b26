//! What a failed program's last words and its signal are known to mean: rules as data, never a ground for an outcome.

use super::evidence::Exit;
use super::limits::Limits;
use super::verdict::bytes;

/// Hints of this kind in one reply, at most.
const HINTS_MAX: usize = 3;

/// One thing that is known. Both conditions must hold where both are there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HintRule {
    /// Part of what the program wrote last to stderr.
    pub stderr: Option<String>,
    /// What ended it.
    pub signal: Option<i32>,
    /// What it means. `{memory}`, `{disk}`, `{file}` and `{stack}`, `{inodes}`, `{processes}` and `{open_files}` are the
    /// limits that held.
    pub text: String,
}

impl HintRule {
    fn holds(&self, exit: Exit, last_words: &[u8]) -> bool {
        let wrote = |words: &String| {
            !words.is_empty() && last_words.windows(words.len()).any(|window| window == words.as_bytes())
        };
        self.stderr.as_ref().is_none_or(wrote)
            && self.signal.is_none_or(|signal| exit == Exit::Signal(signal))
    }

    fn fill(&self, limits: &Limits) -> String {
        [
            ("{memory}", bytes(limits.memory_bytes)),
            ("{disk}", bytes(limits.disk_bytes)),
            ("{file}", bytes(limits.file_bytes)),
            ("{stack}", bytes(limits.stack_bytes)),
            ("{inodes}", limits.inodes.to_string()),
            ("{processes}", limits.processes.to_string()),
            ("{open_files}", limits.open_files.to_string()),
        ]
        .iter()
        .fold(self.text.clone(), |text, (name, value)| text.replace(name, value))
    }
}

/// What `rules`, in their order, say of a stage that did not end well.
pub fn hints<'a>(
    rules: impl IntoIterator<Item = &'a HintRule>,
    exit: Exit,
    last_words: &[u8],
    limits: &Limits,
) -> Vec<String> {
    let fitting = rules.into_iter().filter(|rule| rule.holds(exit, last_words));
    fitting.map(|rule| rule.fill(limits)).take(HINTS_MAX).collect()
}
