//! The API against the real daemon: bad input of every kind, deadlines, streams, reflection, real clients.

use std::process::Command;
use std::time::{Duration, Instant};

use kiln::proto::{
    ExecuteRequest, ExecuteStreamRequest, File, Limits, ListLanguagesRequest, Outcome,
    execute_stream_request, execute_stream_response,
};
use tokio::net::{TcpStream, UnixListener};
use tonic::{Code, Request};
use tonic_types::StatusExt;

use crate::support::daemon::{Daemon, program};

fn file(path: &str) -> File {
    File { path: path.into(), ..Default::default() }
}

#[tokio::test]
async fn bad_input_of_each_kind_gets_its_clear_error_and_the_daemon_goes_on() {
    let daemon = Daemon::start(&["python"]).await;
    let good = || program("python", "print(1)");
    let with_file = |path: &str| ExecuteRequest { files: vec![file(path)], ..good() };
    let limits = Limits { memory_bytes: 1 << 50, ..Default::default() };
    let cases = [
        ("language", program("cobol", "x"), "\"cobol\" is not known; this server has python"),
        ("files[0].path", with_file("/etc/passwd"), "is absolute"),
        ("files[0].path", with_file("../x"), "contains \"..\""),
        ("files[0].path", with_file("a\0b"), "contains NUL"),
        ("code", program("python", ""), "it is empty"),
        ("code", program("python", &"#".repeat(17 << 20)), "the most is 16777216"),
        ("request", program("python", &"#".repeat(100 << 20)), "larger than 67108864 bytes"),
        (
            "limits.memory_bytes",
            ExecuteRequest { limits: Some(limits), ..good() },
            "is outside of 16777216 bytes to 2147483648",
        ),
        (
            "files",
            ExecuteRequest { files: (0..10_000).map(|n| file(&n.to_string())).collect(), ..good() },
            "there are 10000",
        ),
    ];
    for (field, request, words) in cases {
        let status = daemon.execute(request).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{field}: {status}");
        let details = status.get_error_details();
        let violation =
            &details.bad_request().unwrap_or_else(|| panic!("{field}: no details")).field_violations[0];
        assert_eq!(violation.field, field);
        assert!(violation.description.contains(words), "{field}: {}", violation.description);
    }
    // A link cannot be expressed; what is sent as its target is a file like any other.
    let odd = ExecuteRequest { files: vec![file("link -> /etc/passwd")], ..good() };
    assert_eq!(daemon.execute(odd).await.unwrap().outcome(), Outcome::Succeeded);
    assert_eq!(daemon.execute(good()).await.unwrap().outcome(), Outcome::Succeeded);
    daemon.stop();
}

#[tokio::test]
async fn the_deadline_kills_the_program_and_gives_the_container_back() {
    let daemon = Daemon::start_with(&["python"], &[("KILN__LANGUAGES__POOLS__PYTHON__MAX", "3")]).await;
    for _ in 0..6 {
        let begun = Instant::now();
        let mut late = Request::new(program("python", "while True: pass"));
        late.set_timeout(Duration::from_millis(700));
        let status = daemon.client().await.execute(late).await.unwrap_err();
        // tonic's client has a timer of its own, with a code of its own.
        assert!(matches!(status.code(), Code::DeadlineExceeded | Code::Cancelled), "{status}");
        assert!(begun.elapsed() < Duration::from_secs(20));
    }
    assert_eq!(daemon.run("python", "print(1)").await.outcome(), Outcome::Succeeded);
    daemon.stop();
}

#[tokio::test]
async fn a_stream_shows_output_while_the_program_runs() {
    let daemon = Daemon::start(&["python"]).await;
    let code = "import time\nprint('first', flush=True)\ntime.sleep(1)\nprint('second')";
    let first = ExecuteStreamRequest {
        message: Some(execute_stream_request::Message::Execute(program("python", code))),
    };
    let mut answers =
        daemon.client().await.execute_stream(tokio_stream::iter([first])).await.unwrap().into_inner();
    let mut seen = Vec::new();
    while let Some(answer) = answers.message().await.unwrap() {
        use execute_stream_response::Message;
        match answer.message.unwrap() {
            Message::Stdout(content) => seen.push((Instant::now(), content)),
            Message::Finished(reply) => assert_eq!(reply.outcome(), Outcome::Succeeded),
            Message::Started(_) => {}
            other => panic!("{other:?}"),
        }
    }
    let [(early, first), (late, second)] = &seen[..] else { panic!("{seen:?}") };
    assert_eq!((first.as_slice(), second.as_slice()), (&b"first\n"[..], &b"second\n"[..]));
    assert!(*late - *early > Duration::from_millis(500), "the first line was held back");
    daemon.stop();
}

#[tokio::test]
async fn every_reply_says_where_the_time_went_and_where_it_ran() {
    let daemon = Daemon::start(&["python"]).await;
    let reply = daemon.run("python", "print(1)").await;
    let placement = reply.placement.unwrap();
    assert!(placement.pool_hit && placement.container_uses == 1 && placement.container_id.len() == 64);
    let timings = reply.timings.unwrap();
    let nanos = |time: Option<prost_types::Duration>| {
        time.map(|time| time.seconds * 1_000_000_000 + i64::from(time.nanos))
    };
    let total = nanos(timings.total).unwrap();
    assert!(nanos(timings.run).unwrap() > 0 && total > nanos(timings.run).unwrap());
    assert!(reply.run.unwrap().usage.unwrap().peak_memory_bytes > 0);

    let languages =
        daemon.client().await.list_languages(ListLanguagesRequest {}).await.unwrap().into_inner().languages;
    assert_eq!(languages.len(), 1);
    assert!(
        languages[0].ready && languages[0].standby && languages[0].version.starts_with("Python 3."),
        "{languages:?}"
    );
    daemon.stop();
}

/// By a port, and by a socket in the file system, of which clients of different origin send different things as the host's name.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_example_clients_do_what_they_show() {
    let daemon = Daemon::start(&["python", "javascript", "cpp"]).await;
    let folder = tempfile::TempDir::new().unwrap();
    let socket = folder.path().join("kiln.sock");
    let (listener, grpc) = (UnixListener::bind(&socket).unwrap(), daemon.grpc);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut daemon = TcpStream::connect(grpc).await.unwrap();
                // Either side may hang up whenever it likes.
                let _ = tokio::io::copy_bidirectional(&mut client, &mut daemon).await;
            });
        }
    });
    for address in [grpc.to_string(), format!("unix:{}", socket.display())] {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/examples.sh");
        let output = Command::new(script).arg(&address).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (said, complained) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{address}: {said}\n{complained}\n{}", daemon.log());
    }
    daemon.stop();
}
