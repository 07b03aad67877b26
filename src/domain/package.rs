//! Packages that a program wants installed beside its language's own.

use std::fmt;

/// Requirements of one request.
pub const REQUIREMENTS_MAX: usize = 64;
/// Bytes of one requirement.
const REQUIREMENT_BYTES_MAX: usize = 200;

/// Requirements in the words of the language's installer, such as `requests==2.32`: sorted, none twice, at least one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PackageSet(Vec<String>);

/// A requirement that is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongRequirement {
    /// Its place in the request.
    pub index: usize,
    /// What is wrong.
    pub reason: String,
}

impl PackageSet {
    /// The same set for the same requirements in any order; `None` where there are none.
    ///
    /// # Errors
    /// The first that is not a name with a version.
    pub fn new(mut requirements: Vec<String>) -> Result<Option<Self>, WrongRequirement> {
        for (index, requirement) in requirements.iter().enumerate() {
            check(requirement).map_err(|reason| WrongRequirement { index, reason })?;
        }
        requirements.sort_unstable();
        requirements.dedup();
        Ok((!requirements.is_empty()).then_some(Self(requirements)))
    }

    /// The requirements.
    #[must_use]
    pub fn requirements(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Display for PackageSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

/// Names and versions alone: an installer takes options, paths and addresses as well, and each would reach for something
/// else than the operator's index.
fn check(requirement: &str) -> Result<(), String> {
    if requirement.is_empty() || requirement.len() > REQUIREMENT_BYTES_MAX {
        return Err(format!("a requirement has 1 to {REQUIREMENT_BYTES_MAX} bytes"));
    }
    let shape = "write a name and, if any, a version, such as \"requests==2.32\" or \"left-pad@1.3.0\"";
    let is_known = |c: char| c.is_ascii_alphanumeric() || "@/._-[]<>=!~^*+, ".contains(c);
    if let Some(odd) = requirement.chars().find(|c| !is_known(*c)) {
        return Err(format!("{odd:?} has no place in a requirement; {shape}"));
    }
    // A scope, as npm has them: "@scope/name".
    let name = match requirement.strip_prefix('@') {
        Some(scoped) => scoped.split_once('/').filter(|(scope, _)| is_name(scope)).map(|(_, name)| name),
        None => Some(requirement),
    };
    match name {
        Some(name) if name.starts_with(|c: char| c.is_ascii_alphanumeric()) && !name.contains('/') => Ok(()),
        _ => Err(shape.to_owned()),
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_requirements_makes_no_difference() {
        let set = |words: &[&str]| PackageSet::new(words.iter().map(|&word| word.to_owned()).collect());
        assert_eq!(set(&["b==2", "a"]), set(&["a", "b==2", "a"]));
        assert_eq!(set(&[]), Ok(None));
    }

    #[test]
    fn only_names_and_versions_are_requirements() {
        let good = [
            "requests==2.32",
            "numpy>=1.26,<2",
            "uvicorn[standard]~=0.30",
            "left-pad@^1.3.0",
            "@types/node@20",
            "a == 1.*",
        ];
        for requirement in good {
            assert_eq!(check(requirement), Ok(()), "{requirement}");
        }
        let bad = [
            "",
            "-r/etc/passwd",
            "--index-url=https://evil.example/simple",
            "./here",
            "/etc",
            "user/repository",
            "@scope",
            "@/name",
            "@scope/-name",
            "@a/b/c",
            "name @ https://evil.example/x.whl",
            "git+https://evil.example/x",
            "name;python_version<\"3\"",
            "na\nme",
            "npm:other@1",
            "n\u{e4}me",
        ];
        for requirement in bad {
            assert!(check(requirement).is_err(), "{requirement}");
        }
        assert!(check(&"a".repeat(REQUIREMENT_BYTES_MAX + 1)).is_err());
    }
}
