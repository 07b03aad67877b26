//! An interpreter that was started once per container and forks those that wait.
//!
//! The parent is the language's plain command line, paused in its own start-up code like any standby, but root in the
//! container: it gives each child its uid. It never runs a program and reads nothing that one could have written. The agent
//! knows nothing of any language here either.

use std::io::{self, IoSlice, Read};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{
    AddressFamily, ControlMessage, MsgFlags, SockFlag, SockType, recv, sendmsg, socketpair,
};
use nix::unistd::{Gid, Pid, Uid, fchown, pipe2};

use crate::spawn::{self, JOB_NICE, JOB_OOM_SCORE, Process};
use crate::standby::{CONTROL_FD_MIN, CONTROL_VARIABLE, START_SECONDS_MAX, Standby};
use crate::wire::StandbySpec;

/// Tells the interpreter that it is to fork those that wait.
const FORKS_VARIABLE: &str = "KILN_STANDBY_FORKS";
/// What the parent answers when the child is the agent's.
const FORKED: u8 = b'F';
/// What comes with the child's streams.
const STREAMS: u8 = b'S';

/// The parent of a container's waiting interpreters, for the container's life.
pub(crate) struct Parent {
    /// Its streams are kept open, so that it is like any interpreter; nothing is expected from them.
    process: Process,
    /// Keeps messages apart.
    channel: OwnedFd,
}

impl Parent {
    /// Starts the interpreter as root. It says nothing until it is asked for a child.
    ///
    /// # Errors
    /// When its program is not there.
    pub(crate) fn start(spec: &StandbySpec, directory: &Path) -> io::Result<Self> {
        let (channel, theirs) =
            socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)?;
        // Without close-on-exec, and only until the fork below: the agent has one thread.
        let number = fcntl(&theirs, FcntlArg::F_DUPFD(CONTROL_FD_MIN))?;
        // SAFETY: `fcntl` has just made this descriptor and nobody else owns it.
        let inherited = unsafe { OwnedFd::from_raw_fd(number) };
        let mut env = spawn::environment(&spec.env);
        env.insert(CONTROL_VARIABLE.to_owned(), inherited.as_raw_fd().to_string());
        env.insert(FORKS_VARIABLE.to_owned(), "1".to_owned());
        let process = spawn::spawn_parent(&spec.argv, &env, directory, &spec.limits)?;
        Ok(Self { process, channel })
    }

    /// Its process, which stays when a job's are killed.
    pub(crate) fn pid(&self) -> Pid {
        self.process.pid
    }

    /// Has a child forked for a job of `uid`, and returns when it waits.
    ///
    /// # Errors
    /// When the parent is gone or does not answer in time, with what it said last. The container is worthless then, unless
    /// this was the first child.
    pub(crate) fn fork(&mut self, uid: Uid) -> io::Result<Standby> {
        self.try_fork(uid).map_err(|error| {
            let mut said = String::new();
            // The stream does not block: what is there is there.
            let _ = self
                .process
                .stderr
                .iter_mut()
                .try_for_each(|stderr| stderr.read_to_string(&mut said).map(|_| ()));
            io::Error::other(format!("the parent of the waiting interpreters: {error}; it said {said:?}"))
        })
    }

    fn try_fork(&mut self, uid: Uid) -> io::Result<Standby> {
        let (input, stdin) = pipe2(OFlag::O_CLOEXEC)?;
        let (stdout, output) = pipe2(OFlag::O_CLOEXEC)?;
        let (stderr, errors) = pipe2(OFlag::O_CLOEXEC)?;
        let (mut control, theirs) = UnixStream::pair()?;
        let request = format!("{uid} {JOB_NICE} {JOB_OOM_SCORE}");
        pass(&self.channel, request.as_bytes(), &[theirs.as_raw_fd()])?;
        // They come to the child alone, when it has another uid already, and nothing that shares its memory gets them.
        let streams = [&input, &output, &errors];
        for stream in streams {
            fchown(stream, Some(uid), Some(Gid::from_raw(uid.as_raw())))?;
        }
        pass(&control, &[STREAMS], &streams.map(AsRawFd::as_raw_fd))?;
        // Only the child holds them now, so that its end shows.
        drop((input, output, errors, theirs));

        control.set_read_timeout(Some(Duration::from_secs(START_SECONDS_MAX)))?;
        let [mut pid, mut holder] = [[0; size_of::<i32>()]; 2];
        control.read_exact(&mut pid)?;
        control.read_exact(&mut holder)?;
        let holder = Some(i32::from_le_bytes(holder)).filter(|pid| *pid > 0).map(Pid::from_raw);
        let process = Process {
            pid: Pid::from_raw(i32::from_le_bytes(pid)),
            stdin: Some(spawn::non_blocking(stdin)?),
            stdout: spawn::non_blocking(stdout)?,
            stderr: Some(spawn::non_blocking(stderr)?),
            terminal: None,
        };
        let standby = Standby::adopt(process, control)?.held_by(holder.into_iter().collect());
        self.await_forked()?;
        Ok(standby)
    }

    fn await_forked(&self) -> io::Result<()> {
        let mut fds = [PollFd::new(self.channel.as_fd(), PollFlags::POLLIN)];
        let timeout = PollTimeout::try_from(START_SECONDS_MAX as i32 * 1000).unwrap_or(PollTimeout::MAX);
        if poll(&mut fds, timeout)? == 0 {
            return Err(Errno::ETIMEDOUT.into());
        }
        let mut answer = [0];
        match recv(self.channel.as_raw_fd(), &mut answer, MsgFlags::empty())? {
            1 if answer == [FORKED] => Ok(()),
            _ => Err(io::Error::other("it does not follow the protocol")),
        }
    }
}

/// Sends `bytes`, and with them descriptors.
fn pass(socket: &impl AsRawFd, bytes: &[u8], descriptors: &[RawFd]) -> io::Result<()> {
    let passed = [ControlMessage::ScmRights(descriptors)];
    sendmsg::<()>(socket.as_raw_fd(), &[IoSlice::new(bytes)], &passed, MsgFlags::MSG_NOSIGNAL, None)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use nix::sys::prctl;
    use nix::sys::signal::{Signal, kill};
    use nix::sys::wait::{WaitStatus, waitpid};

    use super::*;

    /// Everything random that a program may show, on a line each; the last is the parent's and shared.
    const PROGRAM: &str = "import os, random, secrets, tempfile, uuid\n\
        print(random.random(), random.SystemRandom().random(), secrets.token_hex(), os.urandom(8).hex(), uuid.uuid4(), uuid.uuid1(),\n\
              tempfile.mktemp(), random.Random().random(), os.getpid(), os.getuid(), sep='\\n')\n";

    /// Leaves two things that say when they are finalised: one of its own, one that only the interpreter still holds then.
    const LEAVER: &str = r#"
TEXT = """
import os
class Kept:
    def __init__(self, name):
        self.name = name
    def __del__(self, write=os.write):
        write(1, self.name)
"""
exec(TEXT)
kept = Kept(b"own")
# In a namespace of its own: a function holds the one that it was made in.
exec(TEXT + "os._wrap_close.kept = Kept(b'held')", {})
"#;

    fn spec() -> StandbySpec {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../languages/python/standby");
        StandbySpec {
            argv: ["/usr/bin/python3", "main.py"].map(str::to_owned).to_vec(),
            env: vec![("PYTHONPATH".to_owned(), folder.to_owned())],
            limits: spawn::tests::limits(),
            forks: true,
            rest_micros: 0,
        }
    }

    /// Runs what waits, ends its holder, and returns what it said.
    fn run(standby: Standby) -> String {
        let pids = standby.pids();
        let process = standby.release(&[], &spawn::environment(&[])).unwrap();
        assert_eq!(waitpid(process.pid, None), Ok(WaitStatus::Exited(process.pid, 0)));
        let mut said = String::new();
        let _ = { process.stdout }.read_to_string(&mut said);
        assert_eq!(pids.len(), 2, "it has a holder");
        end(pids[1]);
        said
    }

    /// A holder does not end with what it was for.
    fn end(holder: Pid) {
        kill(holder, Signal::SIGKILL).unwrap();
        assert_eq!(waitpid(holder, None), Ok(WaitStatus::Signaled(holder, Signal::SIGKILL, false)));
    }

    fn directory(name: &str) -> std::path::PathBuf {
        let directory = std::env::temp_dir().join(format!("kiln-agent-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        directory
    }

    #[test]
    fn the_rehearsal_leaves_nothing_and_the_end_spares_only_the_interpreter() {
        prctl::set_child_subreaper(true).unwrap();
        let directory = directory("end");
        let mut parent = Parent::start(&spec(), &directory).unwrap();
        let standby = parent.fork(Uid::from_raw(1_879_100_010)).unwrap();
        assert_eq!(std::fs::read_dir(&directory).unwrap().count(), 0);
        std::fs::write(directory.join("main.py"), LEAVER).unwrap();
        assert_eq!(run(standby), "own");
        drop(parent);
        std::fs::remove_dir_all(directory).unwrap();
    }

    /// Root loads no module that somebody else has written; the program finds it.
    #[test]
    fn what_is_in_the_directory_of_packages_is_the_programs_alone() {
        prctl::set_child_subreaper(true).unwrap();
        for is_withheld in [true, false] {
            let directory = directory(if is_withheld { "withheld" } else { "found" });
            let packages = directory.join("base/lib").join(python_folder()).join("site-packages");
            std::fs::create_dir_all(&packages).unwrap();
            // `site` loads it by itself.
            let mark = directory.join("mark");
            let code = format!("open({:?}, 'w').close()", mark.display().to_string());
            std::fs::write(packages.join("usercustomize.py"), code).unwrap();
            std::fs::write(packages.join("brought.py"), "words = 'found'").unwrap();
            std::fs::write(
                directory.join("main.py"),
                format!(
                    "import brought, sys\nprint(brought.words, sys.path.index({:?}))",
                    packages.display().to_string()
                ),
            )
            .unwrap();
            let mut spec = spec();
            spec.env.push(("PYTHONUSERBASE".to_owned(), directory.join("base").display().to_string()));
            if is_withheld {
                spec.env.push(("KILN_STANDBY_PACKAGES".to_owned(), packages.display().to_string()));
            }
            let mut parent = Parent::start(&spec, &directory).unwrap();
            let standby = parent.fork(Uid::from_raw(1_879_100_020)).unwrap();
            assert_eq!(mark.exists(), !is_withheld);
            // Behind the program's own directory and the three of the standard library.
            assert_eq!(run(standby), "found 4\n");
            drop(parent);
            std::fs::remove_dir_all(directory).unwrap();
        }
    }

    /// `python3.11` or the like.
    fn python_folder() -> String {
        let words = ["-c", "import sys; print('python%d.%d' % sys.version_info[:2], end='')"];
        let output = std::process::Command::new("/usr/bin/python3").args(words).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    #[test]
    fn children_of_one_parent_share_no_randomness_and_no_user() {
        // The test's process has threads, but the parent is a program of its own, which has none.
        prctl::set_child_subreaper(true).unwrap();
        let directory = directory("forking");
        std::fs::write(directory.join("main.py"), PROGRAM).unwrap();
        let mut parent = Parent::start(&spec(), &directory).unwrap();
        let mut seen = BTreeSet::new();
        for number in 0..4 {
            let standby = parent.fork(Uid::from_raw(1_879_100_000 + number)).unwrap();
            let said = run(standby);
            assert_eq!(said.lines().count(), 10, "{said}");
            for line in said.lines() {
                assert!(seen.insert(line.to_owned()), "{line} came twice");
            }
        }
        // Its end is an error of the next child, not a wait without end.
        kill(parent.pid(), Signal::SIGKILL).unwrap();
        waitpid(parent.pid(), None).unwrap();
        assert!(parent.fork(Uid::from_raw(1_879_100_009)).is_err());
        std::fs::remove_dir_all(directory).unwrap();
    }
}
