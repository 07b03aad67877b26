//! ExecuteStream, whole: input as it comes, signals, terminals, files of any size both ways, readers that stall.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use kiln::proto::execute_stream_request::Message as Say;
use kiln::proto::execute_stream_response::Message as Hear;
use kiln::proto::{
    Artifact, Cancel, CloseStdin, ExecuteRequest, ExecuteResponse, ExecuteStreamRequest,
    ExecuteStreamResponse, FilePiece, Limits, Outcome, Start, TerminalSize,
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status, Streaming};

use crate::support::daemon::{Daemon, program};

const MIB: usize = 1 << 20;

/// Both ends of one stream.
pub(crate) struct Call {
    says: Option<mpsc::Sender<ExecuteStreamRequest>>,
    hears: Streaming<ExecuteStreamResponse>,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    artifacts: Vec<Artifact>,
}

impl Call {
    pub(crate) async fn start(daemon: &Daemon, request: ExecuteRequest) -> Self {
        let (says, said) = mpsc::channel(1);
        let first = ExecuteStreamRequest { message: Some(Say::Execute(request)) };
        let said = tokio_stream::StreamExt::chain(tokio_stream::iter([first]), ReceiverStream::new(said));
        let hears = daemon.client().await.execute_stream(said).await.unwrap().into_inner();
        Self { says: Some(says), hears, stdout: Vec::new(), stderr: Vec::new(), artifacts: Vec::new() }
    }

    pub(crate) async fn say(&self, message: Say) {
        let message = ExecuteStreamRequest { message: Some(message) };
        self.says.as_ref().unwrap().send(message).await.unwrap();
    }

    /// Half-closes the stream.
    fn hush(&mut self) {
        self.says = None;
    }

    /// Hears one more message; the reply where it was the last.
    async fn hear(&mut self) -> Result<Option<ExecuteResponse>, Status> {
        match self.hears.message().await?.expect("a reply comes last").message.unwrap() {
            Hear::Stdout(bytes) => self.stdout.extend(bytes),
            Hear::Stderr(bytes) | Hear::CompileOutput(bytes) => self.stderr.extend(bytes),
            Hear::Artifact(artifact) => self.artifacts.push(artifact),
            Hear::ArtifactContent(bytes) => self.artifacts.last_mut().unwrap().content.extend(bytes),
            Hear::Started(_) => {}
            Hear::Finished(reply) => return Ok(Some(reply)),
        }
        Ok(None)
    }

    pub(crate) async fn until(&mut self, words: &str) {
        while !self.said().contains(words) {
            if let Some(reply) = self.hear().await.unwrap() {
                let stderr = String::from_utf8_lossy(&self.stderr);
                panic!("it ended with {:?}, {stderr:?}: {}", self.said(), reply.message);
            }
        }
    }

    pub(crate) fn said(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    pub(crate) async fn end(&mut self) -> Result<ExecuteResponse, Status> {
        loop {
            if let Some(reply) = self.hear().await? {
                return Ok(reply);
            }
        }
    }
}

#[tokio::test]
async fn input_comes_while_the_program_runs_and_its_end_is_told() {
    let daemon = Daemon::start(&["python", "cpp"]).await;
    let echo =
        "import sys\nfor line in sys.stdin:\n    print('got', line.strip(), flush=True)\nprint('end')\n";
    // Closed by a message, and by half-closing the stream.
    for by_message in [true, false] {
        let first = ExecuteRequest { stdin: b"zero\n".to_vec(), ..program("python", echo) };
        let mut call = Call::start(&daemon, first).await;
        call.until("got zero").await;
        call.say(Say::Stdin("one\ntw".into())).await;
        call.until("got one").await;
        call.say(Say::Stdin("o\n".into())).await;
        call.until("got two").await;
        if by_message {
            call.say(Say::CloseStdin(CloseStdin {})).await;
        } else {
            call.hush();
        }
        let reply = call.end().await.unwrap();
        assert_eq!(reply.outcome(), Outcome::Succeeded);
        assert_eq!(call.said(), "got zero\ngot one\ngot two\nend\n");
    }
    // Far more than there is room for, to a program that is compiled first.
    let sum = "#include <cstdio>\nint main() { long n = 0, s = 0; int c; while ((c = getchar()) != EOF) { n++; s += c; } \
               printf(\"%ld %ld\\n\", n, s); }\n";
    let mut call = Call::start(&daemon, program("cpp", sum)).await;
    let says = call.says.take().unwrap();
    let (sent, reply) = tokio::join!(
        async move {
            for _ in 0..64 {
                let piece = ExecuteStreamRequest { message: Some(Say::Stdin(vec![b'x'; MIB].into())) };
                says.send(piece).await.unwrap();
            }
            64 * MIB
        },
        async { call.end().await.unwrap() }
    );
    assert_eq!(reply.outcome(), Outcome::Succeeded);
    assert_eq!(call.said(), format!("{sent} {}\n", sent * usize::from(b'x')));
    daemon.stop();
}

#[tokio::test]
async fn signals_reach_the_program_even_where_it_does_not_read() {
    let daemon = Daemon::start(&["python"]).await;
    // By a write of its own: a handler's `print` may not come into the midst of another.
    let code = "import os, signal, time\n\
        def on(number, frame):\n    os.write(1, b'signal %d\\n' % number)\n\
        signal.signal(signal.SIGUSR1, on)\nsignal.signal(signal.SIGINT, on)\n\
        print('ready', flush=True)\nwhile True: time.sleep(1)\n";
    let mut call = Call::start(&daemon, program("python", code)).await;
    call.until("ready").await;
    // More than the window, so that some of it waits.
    call.say(Say::Stdin(vec![b'x'; 512 << 10].into())).await;
    call.say(Say::Signal(10)).await;
    call.until("signal 10").await;
    call.say(Say::Signal(2)).await;
    call.until("signal 2").await;
    call.say(Say::Signal(15)).await;
    let reply = call.end().await.unwrap();
    assert_eq!((reply.outcome(), reply.run.unwrap().signal), (Outcome::Signaled, 15));
    let mut call = Call::start(&daemon, program("python", code)).await;
    call.until("ready").await;
    call.say(Say::Cancel(Cancel {})).await;
    assert_eq!(call.end().await.unwrap().outcome(), Outcome::Cancelled);
    for (message, field) in [
        (Say::Signal(0), "signal"),
        (Say::Resize(TerminalSize { rows: 1, columns: 1 }), "resize"),
        (Say::Start(Start {}), "start"),
        (Say::File(FilePiece::default()), "file"),
        (Say::Execute(ExecuteRequest::default()), "execute"),
    ] {
        let mut call = Call::start(&daemon, program("python", code)).await;
        call.say(message).await;
        let status = call.end().await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{status}");
        assert!(status.message().starts_with(field), "{status}");
    }
    daemon.stop();
}

#[tokio::test]
async fn a_terminal_is_one_and_its_container_serves_again() {
    let one = [("KILN__LANGUAGES__POOLS__PYTHON__MIN", "1"), ("KILN__LANGUAGES__POOLS__PYTHON__MAX", "1")];
    let daemon = Daemon::start_with(&["python"], &one).await;
    // `input` alone would sleep through a signal that comes right before it reads.
    let code = "import os, select, signal, sys\n\
        woken, wake = os.pipe()\n\
        os.set_blocking(wake, False)\n\
        signal.set_wakeup_fd(wake)\n\
        print(all(os.isatty(fd) for fd in range(3)), os.get_terminal_size(), os.environ['TERM'], os.tcgetpgrp(0) == os.getpgrp())\n\
        signal.signal(signal.SIGWINCH, lambda *_: os.write(1, f'now {os.get_terminal_size()}\\n'.encode()))\n\
        print('ready', flush=True)\n\
        while True:\n\
        \x20   try:\n\
        \x20       while 0 not in select.select([0, woken], [], [])[0]:\n\
        \x20           os.read(woken, 64)\n\
        \x20       print('line', repr(input()), flush=True)\n\
        \x20   except EOFError:\n\
        \x20       break\n\
        \x20   except KeyboardInterrupt:\n\
        \x20       print('interrupted', flush=True)\n\
        print('end', file=sys.stderr)\n";
    for uses in 1..=3 {
        let terminal = Some(TerminalSize { rows: 30, columns: 100 });
        let mut call = Call::start(&daemon, ExecuteRequest { terminal, ..program("python", code) }).await;
        call.until("ready").await;
        let expected = "True os.terminal_size(columns=100, lines=30) xterm-256color True";
        assert!(call.said().contains(expected), "{}", call.said());
        call.say(Say::Stdin("hello\r".into())).await;
        call.until("line 'hello'").await;
        call.say(Say::Stdin("\x03".into())).await;
        call.until("interrupted").await;
        call.say(Say::Resize(TerminalSize { rows: 40, columns: 120 })).await;
        call.until("now os.terminal_size(columns=120, lines=40)").await;
        call.say(Say::CloseStdin(CloseStdin {})).await;
        call.say(Say::Stdin("too late".into())).await;
        let reply = call.end().await.unwrap();
        assert!(call.said().ends_with("end\r\n") && call.stderr.is_empty(), "{}", call.said());
        assert_eq!(reply.outcome(), Outcome::Succeeded);
        assert_eq!(reply.placement.unwrap().container_uses, uses, "{}", daemon.log());
    }
    let unary = ExecuteRequest {
        terminal: Some(TerminalSize { rows: 0, columns: 1 }),
        ..program("python", "print(1)")
    };
    let status = daemon.execute(unary).await.unwrap_err();
    assert!(status.message().contains("ExecuteStream's alone"), "{status}");
    daemon.stop();
}

/// Bytes that no cut or shift leaves as they are.
fn noise(bytes: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    std::iter::repeat_with(next).take(bytes).collect()
}

#[tokio::test]
async fn files_of_64_mib_go_in_and_come_out_whole_and_the_daemon_stays_small() {
    let daemon = Daemon::start(&["python"]).await;
    // So that what the daemon needs for any call is there.
    daemon.run("python", "print(1)").await;
    let content = noise(64 * MIB);
    let code = "import hashlib, os\n\
        data = open('in/large.bin', 'rb').read()\n\
        print(len(data), hashlib.sha256(data).hexdigest(), os.access('in/tool', os.X_OK), os.path.getsize('in/empty'))\n\
        os.makedirs('out/deep')\nos.rename('in/large.bin', 'out/deep/large.bin')\n";
    let request = ExecuteRequest {
        hold: true,
        artifacts: vec!["out/**".into()],
        limits: Some(Limits { memory_bytes: 512 << 20, ..Limits::default() }),
        ..program("python", code)
    };
    let piece = |path: &str, content: &[u8], executable| {
        Say::File(FilePiece { path: path.into(), content: content.to_vec().into(), executable })
    };
    let work = async {
        let mut call = Call::start(&daemon, request).await;
        for part in content.chunks(MIB) {
            call.say(piece("in/large.bin", part, false)).await;
        }
        call.say(piece("in/tool", b"#!/bin/sh\n", true)).await;
        call.say(piece("in/empty", b"", false)).await;
        call.say(Say::Start(Start {})).await;
        let reply = call.end().await.unwrap();
        (call, reply)
    };
    let ((call, reply), grown) = daemon.grown_by(work).await;
    assert_eq!(reply.outcome(), Outcome::Succeeded, "{}", String::from_utf8_lossy(&call.stderr));
    assert!(call.said().starts_with(&format!("{} ", content.len())) && call.said().ends_with(" True 0\n"));
    let [artifact] = call.artifacts.as_slice() else { panic!("one file: {:?}", reply.hints) };
    assert_eq!(
        (artifact.path.as_str(), artifact.size, artifact.truncated),
        ("out/deep/large.bin", 64 << 20, false)
    );
    assert!(artifact.content == content, "it is equal");
    assert!(grown < 24 * MIB as u64, "the daemon grew by {grown} bytes for files of 64 MiB");

    for (path, what) in [("../out", "\"..\""), ("main.py", "in the way"), ("a/", "an empty part")] {
        let mut call =
            Call::start(&daemon, ExecuteRequest { hold: true, ..program("python", "print(1)") }).await;
        call.say(piece(path, b"x", false)).await;
        let status = call.end().await.unwrap_err();
        assert!(status.code() == Code::InvalidArgument && status.message().contains(what), "{status}");
    }

    // Cancelled while its files come, it is never started, with half of them.
    let mut call = Call::start(&daemon, ExecuteRequest { hold: true, ..program("python", "print(1)") }).await;
    call.say(piece("half", b"x", false)).await;
    call.say(Say::Cancel(Cancel {})).await;
    let reply = call.end().await.unwrap();
    assert_eq!((reply.outcome(), reply.run), (Outcome::Cancelled, None));
    daemon.stop();
}

#[tokio::test]
async fn artifacts_are_what_was_asked_for_and_nothing_else() {
    let daemon = Daemon::start(&["python"]).await;
    let code = r#"
import os, socket, subprocess, sys
open('plot.png', 'wb').write(b'\x89PNG\xff')
open('same.png', 'rb').read()
open('changed.png', 'ab').write(b'!')
open('other.txt', 'w').write('not asked for')
os.makedirs('out/a/b')
open('out/a/b/deep.bin', 'wb').write(b'd' * 100)
open(b'out/new\nline', 'w').write('n')
open(b'out/\xff\xfe', 'w').write('odd')
os.symlink('/etc/passwd', 'out/passwd')
os.symlink('/etc', 'out/etc')
os.mkfifo('out/pipe')
os.link('plot.png', 'out/hard')
socket.socket(socket.AF_UNIX).bind('out/socket')
with open('out/sparse', 'wb') as f: f.truncate(10 << 20)
d = 'out/x'
for _ in range(60):
    os.mkdir(d); d += '/x'
    if len(d) > 3000: break
open('out/tool', 'w').write('#!/bin/sh'); os.chmod('out/tool', 0o755)
open('out/closed', 'w').write('closed'); os.chmod('out/closed', 0)
sys.exit(3)
"#;
    let file = |path: &str, content: &'static [u8]| kiln::proto::File {
        path: path.into(),
        content: content.into(),
        executable: false,
    };
    let request = ExecuteRequest {
        files: vec![file("same.png", b"same"), file("changed.png", b"old")],
        artifacts: vec!["*.png".into(), "out/**".into()],
        artifact_bytes: 1 << 20,
        ..program("python", code)
    };
    let reply = daemon.execute(request).await.unwrap();
    assert_eq!(reply.outcome(), Outcome::NonzeroExit, "{:?}", reply.run);
    let found: BTreeMap<Vec<u8>, &Artifact> = reply
        .artifacts
        .iter()
        .map(|artifact| {
            let odd = &artifact.path_bytes;
            (if odd.is_empty() { artifact.path.clone().into_bytes() } else { odd.clone() }, artifact)
        })
        .collect();
    let names: Vec<_> = found.keys().map(|name| String::from_utf8_lossy(name).into_owned()).collect();
    let expected = [
        "changed.png",
        "out/a/b/deep.bin",
        "out/closed",
        "out/hard",
        "out/new\nline",
        "out/sparse",
        "out/tool",
        "out/\u{fffd}\u{fffd}",
        "plot.png",
    ];
    assert_eq!(names, expected);
    assert_eq!(found[&b"plot.png"[..]].content, b"\x89PNG\xff");
    assert_eq!(found[&b"changed.png"[..]].content, b"old!");
    assert_eq!(found[&b"out/closed"[..]].content, b"closed");
    assert_eq!(found[&b"out/\xff\xfe"[..]].content, b"odd");
    let executable: Vec<_> = found.values().filter(|artifact| artifact.executable).map(|a| &a.path).collect();
    assert_eq!(executable, ["out/tool"]);
    let sparse = found[&b"out/sparse"[..]];
    assert!(sparse.truncated && sparse.size == 10 << 20 && sparse.content.len() < 1 << 20);
    let all: usize = reply.artifacts.iter().map(|artifact| artifact.content.len()).sum();
    assert_eq!(all, 1 << 20, "as much as was asked for");
    let hints = reply.hints.join("\n");
    assert!(hints.contains("4 artifacts are links, pipes or the like"), "{hints}");
    assert!(hints.contains("not all of the workspace was searched"), "{hints}");
    // A program that is killed has left what it had by then.
    let code = "open('a.txt', 'w').write('partial')\nwhile True: pass\n";
    let request = ExecuteRequest {
        artifacts: vec!["a.*".into()],
        limits: Some(Limits {
            wall_time: Some(Duration::from_millis(500).try_into().unwrap()),
            ..Limits::default()
        }),
        ..program("python", code)
    };
    let reply = daemon.execute(request).await.unwrap();
    assert_eq!(reply.outcome(), Outcome::WallTimeExceeded);
    assert_eq!(reply.artifacts[0].content, b"partial");
    // And the containers are clean again.
    let code = "import os\nprint(os.listdir())\n";
    assert_eq!(daemon.run("python", code).await.run.unwrap().stdout, b"['main.py']\n");
    for wrong in ["", "/etc/*", "a\0"] {
        let request = ExecuteRequest { artifacts: vec![wrong.into()], ..program("python", code) };
        assert_eq!(daemon.execute(request).await.unwrap_err().code(), Code::InvalidArgument);
    }
    daemon.stop();
}

#[tokio::test]
async fn a_plot_comes_back_saved_or_left_open() {
    let daemon = Daemon::start(&["python-data"]).await;
    let code = "import os\nimport matplotlib.pyplot as plt\n\
        plt.plot([1, 2, 3])\nplt.savefig('saved.png')\n\
        plt.figure()\nplt.plot([3, 2, 1])\nplt.show()\n\
        closed = plt.figure()\nplt.close(closed)\nos.chdir('/tmp')\nraise SystemExit(4)\n";
    let request = ExecuteRequest { artifacts: vec!["*.png".into()], ..program("python-data", code) };
    let reply = daemon.execute(request).await.unwrap();
    let run = reply.run.unwrap();
    assert_eq!(run.exit_code, 4, "{}", String::from_utf8_lossy(&run.stderr));
    let paths: Vec<_> = reply.artifacts.iter().map(|artifact| artifact.path.as_str()).collect();
    assert_eq!(paths, ["figure-2.png", "saved.png"]);
    assert!(reply.artifacts.iter().all(|artifact| artifact.content.starts_with(b"\x89PNG\r\n")));
    // Nobody asked: nothing is saved, and nothing shows.
    let look = "import os, matplotlib.pyplot as plt\nplt.figure()\nprint('KILN_OPEN_FIGURES' in os.environ, plt.Figure.savefig.__module__)\n";
    let run = daemon.run("python-data", look).await.run.unwrap();
    assert_eq!(String::from_utf8_lossy(&run.stdout), "False matplotlib.figure\n");
    daemon.stop();
}

#[tokio::test]
async fn a_caller_that_does_not_read_slows_nobody_else() {
    let daemon = Daemon::start(&["python"]).await;
    let flood = "import sys\nfor n in range(30000): print(n, 'x' * 100)\nprint('end', file=sys.stderr)\n";
    let limits = Some(Limits { output_bytes: 8 << 20, ..Limits::default() });
    let mut stalled = Call::start(&daemon, ExecuteRequest { limits, ..program("python", flood) }).await;
    stalled.until("x").await;
    let mut slowest = Duration::ZERO;
    for _ in 0..20 {
        let begun = Instant::now();
        daemon.run("python", "print(1)").await;
        slowest = slowest.max(begun.elapsed());
    }
    assert!(slowest < Duration::from_secs(10), "{slowest:?}");
    // It comes back, and everything is there in its order.
    let reply = stalled.end().await.unwrap();
    assert_eq!(reply.outcome(), Outcome::Succeeded);
    let expected: String = (0..30_000).map(|n| format!("{n} {}\n", "x".repeat(100))).collect();
    assert!(stalled.said() == expected);
    daemon.stop();
}
