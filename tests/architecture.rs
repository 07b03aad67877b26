//! The tree's own rules: who may import whom, how files begin, how long they are, and where some names may appear.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may panic, spawn and set its own clock"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const FILE_LINES_MAX: usize = 500;
const MAIN_LINES_MAX: usize = 60;

/// Module -> what of ours it may import. `tasks` and `telemetry` are leaves that everyone may use; a test module may
/// import what its subject may.
const IMPORTS: [(&str, &[&str]); 22] = [
    ("domain", &[]),
    ("wire", &[]),
    ("telemetry", &[]),
    ("tasks", &[]),
    ("proto", &[]),
    ("language", &["domain"]),
    ("engine", &["domain"]),
    ("images", &["engine", "language"]),
    ("builds", &["sandbox", "engine", "language", "domain", "tasks", "telemetry"]),
    ("sandbox", &["engine", "wire", "language", "domain"]),
    ("admission", &["domain", "telemetry"]),
    ("pool", &["sandbox", "engine", "images", "language", "domain", "admission", "tasks", "telemetry"]),
    ("packages", &["pool", "sandbox", "engine", "language", "domain", "tasks"]),
    ("record", &["language", "domain", "telemetry"]),
    (
        "executor",
        &["admission", "builds", "packages", "pool", "record", "sandbox", "language", "domain", "telemetry"],
    ),
    ("health", &["admission", "pool", "engine", "language", "domain"]),
    (
        "grpc",
        &[
            "executor",
            "admission",
            "packages",
            "pool",
            "record",
            "sandbox",
            "health",
            "language",
            "domain",
            "proto",
            "tasks",
            "telemetry",
        ],
    ),
    ("http", &["health", "pool"]),
    (
        "config",
        &["admission", "builds", "domain", "engine", "language", "packages", "pool", "record", "telemetry"],
    ),
    (
        "app",
        &[
            "admission",
            "builds",
            "config",
            "domain",
            "engine",
            "executor",
            "grpc",
            "health",
            "http",
            "language",
            "packages",
            "pool",
            "record",
            "tasks",
            "telemetry",
        ],
    ),
    ("cli", &["app", "engine", "images", "language", "proto"]),
    ("main", &["app", "cli", "config", "telemetry"]),
];

#[test]
fn nobody_imports_what_is_above() {
    let allowed: BTreeMap<_, _> = IMPORTS.into_iter().collect();
    let mut wrong = Vec::new();
    for (path, text) in sources("src") {
        let module = module_of(&path);
        if module == "lib" {
            continue;
        }
        let allowed =
            allowed.get(module.as_str()).unwrap_or_else(|| panic!("{module} is not in the import table"));
        for (number, line) in text.lines().enumerate() {
            for imported in imports(line) {
                if imported != module && !allowed.contains(&imported.as_str()) {
                    let place = format!("{}:{}", path.display(), number + 1);
                    wrong.push(format!(
                        "{place}: {module} must not import {imported} (see IMPORTS in tests/architecture.rs)"
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn the_table_has_no_cycle() {
    let allowed: BTreeMap<_, _> = IMPORTS.into_iter().collect();
    let mut placed: Vec<&str> = Vec::new();
    while placed.len() < allowed.len() {
        let next = allowed.iter().find(|(module, imports)| {
            !placed.contains(module) && imports.iter().all(|import| placed.contains(import))
        });
        let (module, _) = next.unwrap_or_else(|| panic!("a cycle is left among what is not in {placed:?}"));
        placed.push(module);
    }
}

#[test]
fn every_file_says_what_it_is_and_stays_readable() {
    let mut wrong = Vec::new();
    for (path, text) in ["src", "agent/src", "tests", "benches"].into_iter().flat_map(sources) {
        let shown = path.display();
        // What is there is run by Kiln, and shown to nobody.
        if path.starts_with("tests/differential") {
            continue;
        }
        if !text.starts_with("//! ") {
            wrong.push(format!("{shown}: does not begin with //! and what the file is"));
        }
        let (lines, most) = (
            text.lines().count(),
            if path.ends_with("src/main.rs") { MAIN_LINES_MAX } else { FILE_LINES_MAX },
        );
        // Of two mains, only the daemon's has the shorter bound.
        if lines > most && !path.starts_with("agent/") {
            wrong.push(format!("{shown}: {lines} lines, the most is {most}"));
        }
        if text.lines().any(|line| line.trim_start().starts_with("use ") && line.ends_with("::*;"))
            && !text.contains("mod tests")
            && !shown.to_string().ends_with("tests.rs")
        {
            wrong.push(format!("{shown}: imports with a glob"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn some_names_have_one_home() {
    let homes = [
        ("bollard::", "src/engine/docker"),
        ("tonic::Status", "src/grpc"),
        ("std::env::var", "src/config"),
        ("tokio::spawn(", "src/tasks.rs"),
        ("unsafe {", "agent/src"),
    ];
    let mut wrong = Vec::new();
    for (path, text) in ["src", "agent/src"].into_iter().flat_map(sources) {
        for (name, home) in homes {
            let is_client = name == "tonic::Status" && path.starts_with("src/cli");
            // The agent passes on the environment of the image it runs in.
            let is_agent = path.starts_with("agent") && name == "std::env::var";
            if text.contains(name) && !path.starts_with(home) && !is_client && !is_agent {
                wrong.push(format!("{}: {name} belongs into {home}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn nothing_in_rust_knows_a_language_by_name() {
    // Beside the folders are the tables that all languages share.
    let ids: Vec<String> = fs::read_dir(root().join("languages"))
        .unwrap()
        .map(Result::unwrap)
        .filter(|entry| entry.path().is_dir())
        .map(|entry| format!("\"{}\"", entry.file_name().to_string_lossy()))
        .collect();
    for (path, text) in sources("src") {
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let is_test = path.ends_with("tests.rs");
        for id in ids.iter().filter(|_| !is_test) {
            assert!(!code.contains(id.as_str()), "{} names the language {id}", path.display());
        }
    }
}

/// Documents whose promises rest on tests that they name: `docker file::test` below tests/docker, `server::test` and `agent::test` below those,
/// `module::test` below src, or a whole file.
#[test]
fn every_test_that_is_named_exists() {
    let mut wrong = Vec::new();
    for document in ["SPECIFICATION.md", "docs/complaints.md"] {
        let text = fs::read_to_string(root().join(document)).unwrap();
        let named: Vec<_> = text.split('`').skip(1).step_by(2).filter(|word| names_a_test(word)).collect();
        assert!(named.len() > 20, "{document} names only {named:?}");
        wrong.extend(
            named.iter().filter(|name| !has_test(name)).map(|name| format!("{document}: no test `{name}`")),
        );
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    for nothing in
        ["docker limits::no_such_test", "docker nothing", "server::no_such_test", "domain::execution"]
    {
        assert!(names_a_test(nothing) && !has_test(nothing), "{nothing} is found");
    }
}

fn names_a_test(word: &str) -> bool {
    word.starts_with("docker ") || word.contains("::")
}

/// Whether a test of that name is where the name says, or any test where it names a file.
fn has_test(name: &str) -> bool {
    let (folder, path) = match name.strip_prefix("docker ") {
        Some(path) => ("tests/docker", path),
        None => match name.split_once("::") {
            Some((suite @ ("server" | "agent"), path)) => {
                (if suite == "server" { "tests/server" } else { "tests/agent" }, path)
            }
            Some(("architecture", path)) => ("tests/architecture", path),
            _ => ("src", name),
        },
    };
    let parts: Vec<&str> = path.trim_end_matches("::*").split("::").filter(|part| *part != "*").collect();
    if tests_of(folder, &parts).iter().any(|text| text.contains("#[test]") || text.contains("#[tokio::test"))
    {
        return true;
    }
    let Some((test, parts)) = parts.split_last() else { return false };
    tests_of(folder, parts).iter().any(|text| is_test(text, test))
}

/// The files that a path of modules may mean.
fn tests_of(folder: &str, parts: &[&str]) -> Vec<String> {
    let place = parts.iter().fold(root().join(folder), |place, part| place.join(part));
    let files =
        [place.with_extension("rs"), place.join("main.rs"), place.join("mod.rs"), place.join("tests.rs")];
    files.iter().filter_map(|file| fs::read_to_string(file).ok()).collect()
}

/// Whether `text` has a function of that name right after an attribute that makes it a test.
fn is_test(text: &str, name: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let is_named = |line: &str| {
        line.strip_prefix("async ")
            .unwrap_or(line)
            .strip_prefix("fn ")
            .is_some_and(|rest| rest.strip_prefix(name).is_some_and(|rest| rest.starts_with('(')))
    };
    lines.iter().enumerate().any(|(number, line)| {
        let before = lines[..number].iter().rev().take_while(|before| before.starts_with("#["));
        is_named(line)
            && before
                .into_iter()
                .any(|before| before.starts_with("#[test]") || before.starts_with("#[tokio::test"))
    })
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below `folder`, by its path in the repository.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    collect(&root().join(folder), &mut found);
    found
}

fn collect(folder: &Path, found: &mut Vec<(PathBuf, String)>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            found.push((path.strip_prefix(root()).unwrap().to_owned(), text));
        }
    }
}

/// `src/pool/filler.rs` belongs to `pool`, `src/main.rs` to `main`.
fn module_of(path: &Path) -> String {
    let first = path.components().nth(1).unwrap().as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

/// The modules of ours that a line names.
fn imports(line: &str) -> Vec<String> {
    let code = line.split("//").next().unwrap_or_default();
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut named = Vec::new();
    for prefix in ["crate::", "kiln::"] {
        for (at, _) in code.match_indices(prefix) {
            if code[..at].ends_with(is_word) {
                continue;
            }
            let rest = &code[at + prefix.len()..];
            let words: Vec<&str> = match rest.strip_prefix('{') {
                Some(list) => list.split('}').next().unwrap_or_default().split(',').collect(),
                None => vec![rest],
            };
            named.extend(
                words.iter().map(|word| word.trim().chars().take_while(|c| is_word(*c)).collect::<String>()),
            );
        }
    }
    named.retain(|name| !name.is_empty() && name != "self");
    named
}
