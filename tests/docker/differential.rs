//! A program cannot tell that its interpreter was started before it came: each program of `tests/differential/` gives the
//! same with a waiting interpreter and with a plain start in the same image, byte for byte.
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

/// Fewer programs than this would not be worth the claim.
const PROGRAMS_MIN: usize = 60;
/// Programs at the same time.
const CONCURRENCY: usize = 4;
/// Runs of a program, each way, before it is believed that it can tell.
const ATTEMPTS: usize = 3;

type Client = ExecutorClient<Channel>;
/// Outcome, exit code, signal, stdout, stderr.
type Facts = (i32, i32, i32, String, String);

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
    check("python", "#").await;
}

#[tokio::test]
async fn a_javascript_program_cannot_tell() {
    check("javascript", "//").await;
}

async fn check(language: &str, comment: &str) {
    let programs = programs(language, comment);
    assert!(programs.len() >= PROGRAMS_MIN, "only {} programs", programs.len());
    let without_standby = without_standby(language);
    let plain_settings = [("KILN__LANGUAGES__DIRECTORY", without_standby.path().to_str().unwrap())];
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
    let run = reply.run.as_ref().expect("interpreters run");
    let text = |bytes: &[u8]| without_accidents(&bytes.escape_ascii().to_string());
    (reply.outcome, run.exit_code, run.signal, text(&run.stdout), text(&run.stderr))
}

fn difference(plain: &Facts, waiting: &Facts) -> String {
    let lines = |facts: &Facts| {
        let text = format!("{:?}\\n{}\\n{}", (facts.0, facts.1, facts.2), facts.3, facts.4);
        text.split("\\n").map(str::to_owned).collect::<Vec<_>>()
    };
    let (plain, waiting) = (lines(plain), lines(waiting));
    let pairs = plain.iter().zip(&waiting).filter(|(plain, waiting)| plain != waiting);
    let shown = pairs.map(|(plain, waiting)| format!("  plain   {plain}\n  waiting {waiting}\n"));
    format!("{}  ({} and {} lines)", shown.collect::<String>(), plain.len(), waiting.len())
}

/// No two plain starts agree in addresses, nor in the process that Node's warnings name: `(node:123)`.
fn without_accidents(text: &str) -> String {
    let addresses = replaced(text, "at 0x", |c| c.is_ascii_hexdigit());
    replaced(&addresses, "(node:", |c| c.is_ascii_digit())
}

/// Without what follows each `mark` and belongs to it.
fn replaced(text: &str, mark: &str, belongs: fn(char) -> bool) -> String {
    let mut parts = text.split(mark);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| format!("{text}{mark}{}", part.trim_start_matches(belongs)))
}

fn programs(language: &str, comment: &str) -> Vec<(PathBuf, ExecuteRequest)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/differential").join(language);
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
        .into_iter()
        .map(|path| (path.clone(), request(language, comment, &std::fs::read(&path).unwrap())))
        .collect()
}

/// A program that is not UTF-8 travels as a file.
fn request(language: &str, comment: &str, source: &[u8]) -> ExecuteRequest {
    let prefix = format!("{comment} kiln: ");
    let lines = source.split(|byte| *byte == b'\n').take(2);
    let header = lines.filter_map(|line| {
        std::str::from_utf8(line).ok()?.trim_start_matches('\u{feff}').strip_prefix(&prefix)
    });
    let header: Header = header.map(|json| serde_json::from_str(json).unwrap()).next().unwrap_or_default();
    let main = if language == "python" { "main.py" } else { "main.js" };
    let file = |path: &str, content: &[u8]| File {
        path: path.into(),
        content: content.to_vec().into(),
        executable: false,
    };
    let mut files: Vec<_> = header.files.iter().map(|(path, text)| file(path, text.as_bytes())).collect();
    files.push(file(main, source));
    let stdin = if header.stdin_base64.is_empty() {
        header.stdin.into_bytes()
    } else {
        decode_base64(&header.stdin_base64)
    };
    ExecuteRequest {
        files,
        entrypoint: main.into(),
        args: header.args,
        env: header.env,
        stdin,
        ..program(language, "")
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

/// The language's own folder but for the standby.
fn without_standby(language: &str) -> tempfile::TempDir {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("languages").join(language);
    let to = tempfile::TempDir::new().unwrap();
    let folder = to.path().join(language);
    std::fs::create_dir(&folder).unwrap();
    let text = std::fs::read_to_string(from.join("language.toml")).unwrap();
    let mut spec: toml::Table = toml::from_str(&text).unwrap();
    assert!(spec.remove("standby").is_some(), "the language has no standby");
    std::fs::write(folder.join("language.toml"), toml::to_string(&spec).unwrap()).unwrap();
    to
}
