//! A program cannot tell Kiln's way of compiling and starting it from the plain one: each program of `tests/differential/`
//! gives the same with both in the same image, byte for byte, the compiler's messages included.
//!
//! A program's first line may hold its request: `# kiln: {"args": [], "stdin": "", "stdin_base64": "", "env": {}, "files": {}}`.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use futures_util::StreamExt;
use futures_util::stream;
use kiln::proto::executor_client::ExecutorClient;
use kiln::proto::{ExecuteRequest, ExecuteResponse, File};
use serde::Deserialize;
use tonic::transport::Channel;

use crate::support::daemon::{Daemon, program};

/// Programs at the same time.
const CONCURRENCY: usize = 4;
/// Runs of a program, each way, before it is believed that it can tell.
const ATTEMPTS: usize = 3;

type Client = ExecutorClient<Channel>;
/// Whether a character belongs to an accident of one run, such as an address.
type Belongs = fn(char) -> bool;
/// Of the reply: the outcome, and of each stage exit code, signal, stdout, stderr.
type Facts = (i32, [Option<(i32, i32, String, String)>; 2]);

/// What is compared for a language.
struct Comparison {
    language: &'static str,
    comment: &'static str,
    main: &'static str,
    /// Fewer programs than this would not be worth the claim.
    programs_min: usize,
    /// Makes the plain way of the language's entry.
    plain: fn(&mut toml::Table),
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Header {
    args: Vec<String>,
    stdin: String,
    stdin_base64: String,
    env: HashMap<String, String>,
    files: BTreeMap<String, String>,
}

#[tokio::test]
async fn a_python_program_cannot_tell() {
    check(Comparison {
        language: "python",
        comment: "#",
        main: "main.py",
        programs_min: 60,
        plain: without_standby,
    })
    .await;
}

#[tokio::test]
async fn a_javascript_program_cannot_tell() {
    check(Comparison {
        language: "javascript",
        comment: "//",
        main: "main.js",
        programs_min: 60,
        plain: without_standby,
    })
    .await;
}

#[tokio::test]
async fn a_java_program_cannot_tell() {
    check(Comparison {
        language: "java",
        comment: "//",
        main: "Main.java",
        programs_min: 50,
        plain: |entry| {
            assert!(entry.remove("compile_standby").is_some(), "its compiler has no standby");
            without_standby(entry);
        },
    })
    .await;
}

#[tokio::test]
async fn a_cpp_program_cannot_tell() {
    check(Comparison {
        language: "cpp",
        comment: "//",
        main: "main.cpp",
        programs_min: 40,
        plain: compiled_as_in_the_official_image,
    })
    .await;
}

#[tokio::test]
async fn a_rust_program_cannot_tell() {
    check(Comparison {
        language: "rust",
        comment: "//",
        main: "main.rs",
        programs_min: 20,
        plain: compiled_as_in_the_official_image,
    })
    .await;
}

/// The image has no go command; what can be told apart is whether the linker writes the tables for debuggers.
#[tokio::test]
async fn a_go_program_cannot_tell() {
    check(Comparison {
        language: "go",
        comment: "//",
        main: "main.go",
        programs_min: 20,
        plain: |entry| {
            let script = "sed 's/ -w / /' /opt/kiln/bin/kiln-go-build >/tmp/plain && sh /tmp/plain \"$@\"";
            let command = ["sh", "-c", script, "plain", "{build}/main", "{sources}"];
            entry.insert("compile".to_owned(), toml::Value::from(command.to_vec()));
        },
    })
    .await;
}

async fn check(comparison: Comparison) {
    let language = comparison.language;
    let programs = programs(&comparison);
    assert!(programs.len() >= comparison.programs_min, "only {} programs", programs.len());
    let plain_entry = plain_entry(&comparison);
    let plain_settings = [("KILN__LANGUAGES__DIRECTORY", plain_entry.path().to_str().unwrap())];
    let plain = Daemon::start_with(&[language], &plain_settings).await;
    let waiting = Daemon::start(&[language]).await;
    let (plain_client, waiting_client) = (plain.client().await, waiting.client().await);
    let differences: Vec<String> = stream::iter(programs)
        .map(|(path, request)| {
            let (mut plain, mut waiting) = (plain_client.clone(), waiting_client.clone());
            async move {
                let told = tell(&mut plain, &mut waiting, &request).await;
                told.map(|difference| format!("{}:\n{difference}", path.display()))
            }
        })
        .buffer_unordered(CONCURRENCY)
        .filter_map(|difference| async { difference })
        .collect()
        .await;
    assert!(differences.is_empty(), "{} programs can tell:\n{}", differences.len(), differences.join("\n"));
    plain.stop();
    waiting.stop();
}

/// How a program tells the two apart, if it can: no answer of one start is an answer of the other. A single difference may be
/// the scheduler's, where a program has threads or timers.
async fn tell(plain: &mut Client, waiting: &mut Client, request: &ExecuteRequest) -> Option<String> {
    let (mut plain_seen, mut waiting_seen) = (Vec::new(), Vec::new());
    for _ in 0..ATTEMPTS {
        let (plain, waiting) = tokio::join!(plain.execute(request.clone()), waiting.execute(request.clone()));
        plain_seen.push(facts(&plain.unwrap().into_inner()));
        waiting_seen.push(facts(&waiting.unwrap().into_inner()));
        if plain_seen.iter().any(|seen| waiting_seen.contains(seen)) {
            return None;
        }
    }
    Some(difference(&plain_seen[0], &waiting_seen[0]))
}

/// All that a program can show of itself.
fn facts(reply: &ExecuteResponse) -> Facts {
    let text = |bytes: &[u8]| without_accidents(&bytes.escape_ascii().to_string());
    let stages = [reply.compile.as_ref(), reply.run.as_ref()].map(|stage| {
        stage.map(|stage| (stage.exit_code, stage.signal, text(&stage.stdout), text(&stage.stderr)))
    });
    (reply.outcome, stages)
}

fn difference(plain: &Facts, waiting: &Facts) -> String {
    let lines = |facts: &Facts| {
        let mut text = facts.0.to_string();
        for (exit_code, signal, stdout, stderr) in facts.1.iter().flatten() {
            text += &format!("\\n{exit_code} {signal}\\n{stdout}\\n{stderr}");
        }
        text.split("\\n").map(str::to_owned).collect::<Vec<_>>()
    };
    let (plain, waiting) = (lines(plain), lines(waiting));
    let pairs = plain.iter().zip(&waiting).filter(|(plain, waiting)| plain != waiting);
    let shown = pairs.map(|(plain, waiting)| format!("  plain   {plain}\n  waiting {waiting}\n"));
    format!("{}  ({} and {} lines)", shown.collect::<String>(), plain.len(), waiting.len())
}

/// No two plain starts agree in addresses, in the process or thread that Node's warnings and Rust's panics name (`(node:123)`,
/// `thread 'main' (123)`), or in the names of the compilers' temporary files.
fn without_accidents(text: &str) -> String {
    let accidents: [(&str, Belongs); 9] = [
        ("at 0x", |c| c.is_ascii_hexdigit()),
        ("  0x", |c| c.is_ascii_hexdigit()),
        ("(0x", |c| c.is_ascii_hexdigit()),
        (", 0x", |c| c.is_ascii_hexdigit()),
        ("(node:", |c| c.is_ascii_digit()),
        ("\\' (", |c| c.is_ascii_digit()),
        ("/tmp/cc", |c| c.is_ascii_alphanumeric()),
        ("/build/rustc", |c| c.is_ascii_alphanumeric()),
        ("pid=", |c| c.is_ascii_digit()),
    ];
    accidents.into_iter().fold(text.to_owned(), |text, (mark, belongs)| replaced(&text, mark, belongs))
}

/// Without what follows each `mark` and belongs to it.
fn replaced(text: &str, mark: &str, belongs: Belongs) -> String {
    let mut parts = text.split(mark);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| format!("{text}{mark}{}", part.trim_start_matches(belongs)))
}

fn programs(comparison: &Comparison) -> Vec<(PathBuf, ExecuteRequest)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/differential").join(comparison.language);
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
        .into_iter()
        .map(|path| (path.clone(), request(comparison, &std::fs::read(&path).unwrap())))
        .collect()
}

/// A program that is not UTF-8 travels as a file.
fn request(comparison: &Comparison, source: &[u8]) -> ExecuteRequest {
    let prefix = format!("{} kiln: ", comparison.comment);
    let lines = source.split(|byte| *byte == b'\n').take(2);
    let header = lines.filter_map(|line| {
        std::str::from_utf8(line).ok()?.trim_start_matches('\u{feff}').strip_prefix(&prefix)
    });
    let header: Header = header.map(|json| serde_json::from_str(json).unwrap()).next().unwrap_or_default();
    let file = |path: &str, content: &[u8]| File {
        path: path.into(),
        content: content.to_vec().into(),
        executable: false,
    };
    let mut files: Vec<_> = header.files.iter().map(|(path, text)| file(path, text.as_bytes())).collect();
    files.push(file(comparison.main, source));
    let stdin = if header.stdin_base64.is_empty() {
        header.stdin.into_bytes()
    } else {
        decode_base64(&header.stdin_base64)
    };
    ExecuteRequest {
        files,
        entrypoint: comparison.main.into(),
        args: header.args,
        env: header.env,
        stdin,
        ..program(comparison.language, "")
    }
}

fn decode_base64(text: &str) -> Vec<u8> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let bits = text.bytes().filter_map(|byte| ALPHABET.iter().position(|known| *known == byte));
    let mut bytes = Vec::new();
    let (mut held, mut count) = (0_u32, 0);
    for value in bits {
        held = held << 6 | value as u32;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((held >> count) as u8);
        }
    }
    bytes
}

/// The language's own folder, but its programs are compiled and started the plain way.
fn plain_entry(comparison: &Comparison) -> tempfile::TempDir {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("languages").join(comparison.language);
    let to = tempfile::TempDir::new().unwrap();
    let folder = to.path().join(comparison.language);
    std::fs::create_dir(&folder).unwrap();
    let text = std::fs::read_to_string(from.join("language.toml")).unwrap();
    let mut entry: toml::Table = toml::from_str(&text).unwrap();
    (comparison.plain)(&mut entry);
    std::fs::write(folder.join("language.toml"), toml::to_string(&entry).unwrap()).unwrap();
    to
}

fn without_standby(entry: &mut toml::Table) {
    assert!(entry.remove("standby").is_some(), "the language has no standby");
}

/// There the toolchain has its plain command line.
fn compiled_as_in_the_official_image(entry: &mut toml::Table) {
    let images = entry["images"].as_array().unwrap();
    let official = images.iter().find(|image| image["source"].as_str() == Some("official")).unwrap();
    let plain = official["compile"].clone();
    assert_ne!(entry["compile"], plain, "there is nothing to compare");
    entry.insert("compile".to_owned(), plain);
}
