//! The `kiln` command against a real daemon.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Output, Stdio};

use kiln::proto::{ExecuteRequest, Limits, Outcome};

use crate::support::daemon::{Daemon, program};
use crate::support::process::{self, Variables};

fn kiln(daemon: &Daemon, arguments: &[&str]) -> Output {
    let server = format!("http://{}", daemon.grpc);
    Command::new(env!("CARGO_BIN_EXE_kiln")).args(arguments).env("KILN_SERVER", server).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[tokio::test]
async fn a_person_gets_the_programs_own_output_and_exit_code() {
    let daemon = Daemon::start(&["python"]).await;
    let directory = tempfile::TempDir::new().unwrap();
    let path = |name: &str| directory.path().join(name).display().to_string();
    let write = |name: &str, content: &str| std::fs::write(directory.path().join(name), content).unwrap();
    write("hello.py", "import sys\nprint('hello', sys.argv[1], input())\nsys.exit(3)");
    write("input", "there\n");
    write("sleep.py", "import time\ntime.sleep(1000)");
    write("kill.py", "import os\nos.kill(os.getpid(), 15)");

    let output = kiln(&daemon, &["run", &path("hello.py"), "--arg", "-x", "--stdin", &path("input")]);
    assert_eq!((text(&output.stdout).as_str(), output.status.code()), ("hello -x there\n", Some(3)));
    let output = kiln(&daemon, &["run", &path("sleep.py"), "--limit-time", "300ms"]);
    assert_eq!(output.status.code(), Some(124));
    assert!(
        text(&output.stderr).contains("killed after 300ms, the wall time limit"),
        "{}",
        text(&output.stderr)
    );
    assert_eq!(kiln(&daemon, &["run", &path("kill.py")]).status.code(), Some(128 + 15));
    assert_eq!(kiln(&daemon, &["run", &path("missing.py")]).status.code(), Some(125));
    assert_eq!(kiln(&daemon, &["run", &path("input")]).status.code(), Some(125));
    let output = kiln(&daemon, &["run", "-l", "python", "-", "--stdin", "-"]);
    assert_eq!(output.status.code(), Some(125));
    assert!(text(&output.stderr).contains("cannot both come from"), "{}", text(&output.stderr));

    let output = kiln(&daemon, &["run", &path("hello.py"), "--arg", "x", "--json"]);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["outcome"], "OUTCOME_NONZERO_EXIT");
    assert_eq!(json["run"]["exitCode"], 1, "there was no input");
    // The container of the program before is proven clean, and is not for one that wants its own.
    for _ in 0..2 {
        let output = kiln(&daemon, &["run", &path("hello.py"), "--isolation", "one-shot", "--json"]);
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(json["placement"]["containerUses"], 1);
    }
    daemon.stop();
}

#[tokio::test]
async fn a_person_can_talk_to_a_program_and_gets_its_files() {
    let daemon = Daemon::start(&["python"]).await;
    let directory = tempfile::TempDir::new().unwrap();
    let file = directory.path().join("talk.py");
    let code = "import os, sys\nfor line in sys.stdin: print('got', line.strip(), flush=True)\n\
                os.mkdir('out')\nopen('out/a.txt', 'w').write('kept')\nprint(os.isatty(1))\n";
    std::fs::write(&file, code).unwrap();
    let (file, out) = (file.display().to_string(), directory.path().join("results"));
    let start = |more: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kiln"));
        command.args(["run", &file, "--artifact", "out/*", "--artifacts-to"]).arg(&out).args(more);
        command.env("KILN_SERVER", format!("http://{}", daemon.grpc));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap()
    };
    let mut child = start(&["-i"]);
    let (mut input, mut lines) =
        (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()).lines());
    for word in ["one", "two"] {
        writeln!(input, "{word}").unwrap();
        // The answer comes although the input is still open.
        assert_eq!(lines.next().unwrap().unwrap(), format!("got {word}"));
    }
    drop(input);
    assert_eq!(lines.next().unwrap().unwrap(), "False");
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(std::fs::read_to_string(out.join("out/a.txt")).unwrap(), "kept");

    let mut child = start(&["--tty"]);
    child.stdin.take().unwrap().write_all(b"three\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).ends_with("got three\r\nTrue\r\n"), "{:?}", text(&output.stdout));
    daemon.stop();
}

#[tokio::test]
async fn tables_for_people_and_json_for_programs() {
    let daemon = Daemon::start(&["python"]).await;
    for command in ["languages", "pool"] {
        let table = kiln(&daemon, &[command]);
        assert!(table.status.success() && text(&table.stdout).contains("python"), "{}", text(&table.stderr));
        let json: serde_json::Value =
            serde_json::from_slice(&kiln(&daemon, &[command, "--json"]).stdout).unwrap();
        assert!(json.is_object(), "{json}");
    }
    assert!(kiln(&daemon, &["health"]).status.success());
    daemon.stop();
}

#[tokio::test]
async fn stats_say_what_executions_took_and_what_to_change() {
    let daemon = Daemon::start_with(&["python"], &[("KILN__RECORD__SLOW_MS", "50")]).await;
    let nothing = kiln(&daemon, &["stats"]);
    assert!(text(&nothing.stdout).contains("nothing was executed"), "{}", text(&nothing.stdout));
    let near = ExecuteRequest {
        limits: Some(Limits {
            wall_time: Some(prost_types::Duration { seconds: 1, nanos: 0 }),
            ..Limits::default()
        }),
        // What it holds stays with it.
        ..program("python", "import time\ntime.sleep(0.85)\nprint('a-secret-output') # a-secret-source")
    };
    let slow = daemon.execute(near).await.unwrap();
    assert!(slow.hints.iter().any(|hint| hint.contains("limits.wall_time")), "{:?}", slow.hints);
    assert_eq!(daemon.run("python", "raise SystemExit(3)").await.outcome(), Outcome::NonzeroExit);

    // The record is written when the reply has left.
    let json = loop {
        let output = kiln(&daemon, &["stats", "py", "--json"]);
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        if json["languages"][0]["executions"] == "2" {
            break json;
        }
    };
    let python = &json["languages"][0];
    assert_eq!(
        (python["successRate"].as_f64(), &python["slowest"][0]["outcome"]),
        (Some(0.5), &"OUTCOME_SUCCEEDED".into())
    );
    assert_eq!(python["slowest"][0]["executionId"], slow.execution_id.as_str());
    assert!(!json.to_string().contains("secret"), "{json}");

    let table = kiln(&daemon, &["stats", "--slowest", "1"]);
    let said = text(&table.stdout);
    for words in ["p50", "p99", "COMPILE MS", "50%", "limits.wall_time", slow.execution_id.as_str()] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(said.contains("SUCCEEDED 1, NONZERO_EXIT 1"), "{said}");
    daemon.stop();
}

#[tokio::test]
async fn load_counts_and_compares() {
    let daemon = Daemon::start(&["python"]).await;
    let directory = tempfile::TempDir::new().unwrap();
    let file = directory.path().join("programs.jsonl");
    let good = r#"{"language": "python", "name": "good", "code": "print(1)", "expect": {"outcome": "SUCCEEDED", "exit_code": 0, "stdout": "1\n"}}"#;
    let echo = r#"{"language": "python", "name": "echo", "code": "print(input())", "stdin": "x\n", "expect": {"stdout": "x\n"}}"#;
    let wrong = r#"{"language": "python", "name": "wrong", "code": "print(1)", "expect": {"stdout": "2\n"}}"#;
    let arguments = ["load", "--programs", file.to_str().unwrap(), "--concurrency", "2"];

    std::fs::write(&file, format!("{good}\n{echo}\n")).unwrap();
    let output = kiln(&daemon, &arguments);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stdout));
    std::fs::write(&file, format!("{good}\n{wrong}\n")).unwrap();
    let output = kiln(&daemon, &arguments);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stdout).contains("wrong: python wrong: stdout \"1\\n\" instead of"),
        "{}",
        text(&output.stdout)
    );
    daemon.stop();
}

#[test]
fn doctor_proves_a_language_without_a_daemon() {
    let doctor = |variables: &[(&str, &str)]| {
        let mut settings = Variables::from([("KILN__LANGUAGES__ONLY", "python".to_owned())]);
        settings.extend(variables.iter().map(|(name, value)| (*name, (*value).to_owned())));
        let name = format!("kiln-test-{}", uuid::Uuid::new_v4().simple());
        process::kiln(&["doctor"], &settings, &name).output().unwrap()
    };
    let output = doctor(&[]);
    let said = text(&output.stdout);
    assert!(output.status.success(), "{said}{}", text(&output.stderr));
    assert!(said.contains("ok    python") && said.contains("smoke programs passed"), "{said}");

    let output = doctor(&[("KILN__ENGINE__HOST", "unix:///no/such/socket")]);
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("BAD   engine") && said.contains("mend it: start the engine"), "{said}");
}
