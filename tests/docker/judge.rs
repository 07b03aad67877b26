//! One program on many cases: compiled once, each case judged by what happened.

use std::collections::BTreeMap;
use std::time::Duration;

use kiln::proto::judge_response::Message;
use kiln::proto::{
    Case, CaseVerdict, Comparison, Compiled, File, JudgeRequest, JudgeSummary, Limits, Outcome, Verdict,
};
use tonic::{Code, Status};

use crate::support::daemon::Daemon;

/// Reads a number and does what that says.
const PYTHON: &str = "import os, sys, time\n\
    what = sys.stdin.read().split()\n\
    if what[0] == 'square': print(int(what[1]) ** 2)\n\
    if what[0] == 'sleep': time.sleep(60)\n\
    if what[0] == 'spin':\n    while True: pass\n\
    if what[0] == 'exit': sys.exit(3)\n\
    if what[0] == 'kill': os.kill(os.getpid(), 9)\n\
    if what[0] == 'memory': b'x' * (1 << 30)\n\
    if what[0] == 'flood': sys.stdout.write('x' * (1 << 20))\n\
    if what[0] == 'file': print(open('case.txt').read(), sys.argv[1:])\n";

const CPP: &str =
    "#include <cstdio>\nint main() { int n; std::scanf(\"%d\", &n); std::printf(\"%d\\n\", n * n); }\n";

fn case(stdin: &str, expected: &str) -> Case {
    Case {
        name: stdin.to_owned(),
        stdin: stdin.as_bytes().to_vec(),
        expected_stdout: expected.as_bytes().to_vec(),
        ..Case::default()
    }
}

fn request(language: &str, code: &str, cases: Vec<Case>) -> JudgeRequest {
    JudgeRequest { language: language.into(), code: code.into(), cases, ..JudgeRequest::default() }
}

#[derive(Debug, Default)]
struct Judged {
    compiled: Option<Compiled>,
    verdicts: Vec<CaseVerdict>,
    summary: Option<JudgeSummary>,
}

impl Judged {
    /// Verdicts by the cases' names.
    fn by_name(&self) -> BTreeMap<&str, Verdict> {
        self.verdicts.iter().map(|judged| (judged.name.as_str(), judged.verdict())).collect()
    }
}

async fn judge(daemon: &Daemon, request: JudgeRequest) -> Result<Judged, Status> {
    let mut answers = daemon.client().await.judge(request).await?.into_inner();
    let mut judged = Judged::default();
    while let Some(answer) = answers.message().await? {
        assert!(judged.summary.is_none(), "the summary is the last");
        match answer.message.unwrap() {
            Message::Compiled(compiled) => {
                assert!(judged.verdicts.is_empty() && judged.compiled.is_none(), "it comes first, once");
                judged.compiled = Some(compiled);
            }
            Message::Verdict(verdict) => judged.verdicts.push(verdict),
            Message::Summary(summary) => judged.summary = Some(summary),
        }
    }
    Ok(judged)
}

#[tokio::test]
async fn each_case_is_judged_by_what_happened() {
    let daemon = Daemon::start(&["python"]).await;
    let limits = Limits {
        wall_time: Some(Duration::from_millis(1500).try_into().unwrap()),
        cpu_time: Some(Duration::from_millis(700).try_into().unwrap()),
        memory_bytes: 128 << 20,
        output_bytes: 64 << 10,
        ..Limits::default()
    };
    let file = File { path: "case.txt".into(), content: "of the case".into(), executable: false };
    let mut cases = vec![
        case("square 3", "9\n"),
        case("square 4", "15\n"),
        case("sleep", ""),
        case("spin", ""),
        case("exit", ""),
        case("kill", ""),
        case("memory", ""),
        case("flood", ""),
        case("nothing", ""),
    ];
    cases.push(Case { args: vec!["a b".into()], files: vec![file], ..case("file", "of the case ['a b']\n") });
    let request = JudgeRequest { limits: Some(limits), parallelism: 3, ..request("python", PYTHON, cases) };
    let judged = judge(&daemon, request).await.unwrap();
    assert!(judged.compiled.is_none(), "nothing is compiled");
    let expected = BTreeMap::from([
        ("square 3", Verdict::Accepted),
        ("square 4", Verdict::WrongAnswer),
        ("sleep", Verdict::TimeLimit),
        ("spin", Verdict::TimeLimit),
        ("exit", Verdict::RuntimeError),
        ("kill", Verdict::RuntimeError),
        ("memory", Verdict::MemoryLimit),
        ("flood", Verdict::OutputLimit),
        ("nothing", Verdict::Accepted),
        ("file", Verdict::Accepted),
    ]);
    assert_eq!(judged.by_name(), expected, "{:#?}", judged.verdicts);
    let summary = judged.summary.unwrap();
    assert_eq!((summary.accepted, summary.failed, summary.skipped), (3, 7, 0));
    assert_eq!((summary.verdict(), summary.first_failure), (Verdict::WrongAnswer, Some(1)));
    let message =
        |name: &str| judged.verdicts.iter().find(|judged| judged.name == name).unwrap().message.clone();
    assert!(message("square 4").contains("differs from byte 1"), "{}", message("square 4"));
    assert!(message("sleep").contains("wall time"), "{}", message("sleep"));
    assert!(judged.verdicts.iter().all(|judged| judged.run.as_ref().unwrap().stdout.is_empty()));
    daemon.stop();
}

#[tokio::test]
async fn a_program_is_compiled_once_for_all_its_cases() {
    let daemon = Daemon::start(&["cpp"]).await;
    for first in [true, false] {
        let cases: Vec<_> = (0..30).map(|n| case(&n.to_string(), &format!("{}\n", n * n))).collect();
        let request = JudgeRequest { parallelism: 3, return_output: true, ..request("cpp", CPP, cases) };
        let judged = judge(&daemon, request).await.unwrap();
        let compiled = judged.compiled.as_ref().unwrap();
        assert_eq!(compiled.outcome(), Outcome::Succeeded);
        assert_eq!((compiled.compile_cached, compiled.stage.is_some()), (!first, first));
        let summary = judged.summary.as_ref().unwrap();
        assert_eq!(
            (summary.accepted, summary.verdict(), summary.first_failure),
            (30, Verdict::Accepted, None)
        );
        assert!(judged.verdicts.iter().all(|judged| !judged.run.as_ref().unwrap().stdout.is_empty()));
    }
    daemon.stop();
    // Without a cache it is compiled once all the same.
    let daemon = Daemon::start_with(&["cpp"], &[("KILN__CACHE__MIB", "0")]).await;
    let dated = "#include <cstdio>\nint main() { std::puts(__DATE__ \" \" __TIME__); }\n";
    let cases = (0..6).map(|n| case(&n.to_string(), "")).collect();
    let judged =
        judge(&daemon, JudgeRequest { return_output: true, ..request("cpp", dated, cases) }).await.unwrap();
    assert!(!judged.compiled.unwrap().compile_cached);
    let said: std::collections::BTreeSet<_> =
        judged.verdicts.iter().map(|judged| judged.run.as_ref().unwrap().stdout.clone()).collect();
    assert_eq!((judged.verdicts.len(), said.len()), (6, 1), "all of one compilation");
    daemon.stop();
}

#[tokio::test]
async fn after_the_first_failure_nothing_more_is_run_where_that_is_asked() {
    let daemon = Daemon::start(&["python"]).await;
    let mut cases = vec![case("square 1", "1\n"), case("square 2", "wrong\n")];
    cases.extend((0..20).map(|_| case("sleep", "")));
    let request = JudgeRequest { stop_on_failure: true, parallelism: 2, ..request("python", PYTHON, cases) };
    let judged = judge(&daemon, request).await.unwrap();
    let summary = judged.summary.unwrap();
    assert_eq!((summary.accepted, summary.failed, summary.skipped), (1, 1, 20));
    assert_eq!((summary.verdict(), summary.first_failure), (Verdict::WrongAnswer, Some(1)));
    assert_eq!(judged.verdicts.len(), 2);
    daemon.stop();
}

#[tokio::test]
async fn what_does_not_compile_and_what_makes_no_sense_is_told() {
    let daemon = Daemon::start(&["cpp"]).await;
    let wrong = request("cpp", "int main() { return 0 }\n", vec![case("1", "1"), case("2", "2")]);
    let judged = judge(&daemon, wrong).await.unwrap();
    let compiled = judged.compiled.unwrap();
    assert_eq!(compiled.outcome(), Outcome::CompileFailed);
    assert!(String::from_utf8_lossy(&compiled.stage.unwrap().stderr).contains("error"));
    let summary = judged.summary.unwrap();
    assert_eq!((summary.skipped, summary.verdict(), judged.verdicts.len()), (2, Verdict::Unspecified, 0));

    let status = judge(&daemon, request("cpp", CPP, Vec::new())).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(status.message().contains("cases: there are 0 of them"), "{}", status.message());
    let file = File { path: "main.cpp/x".into(), ..File::default() };
    let odd =
        Case { files: vec![file], comparison: Comparison::Numeric.into(), tolerance: -1.0, ..case("1", "1") };
    let status = judge(&daemon, request("cpp", CPP, vec![odd])).await.unwrap_err();
    let words = status.message();
    assert!(words.contains("cases[0].tolerance") && words.contains("cases[0].files"), "{words}");
    daemon.stop();
}
