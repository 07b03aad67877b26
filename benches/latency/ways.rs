//! One program every way, side by side, round after round.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bollard::Docker;
use kiln::proto::Isolation;

use crate::daemon::{Caller, Daemon, is_cached, is_reused};
use crate::engine::{self, Container};
use crate::order;
use crate::programs::{OUTPUT, Program, SOURCE};
use crate::statistics::Times;

/// In the order of the tables.
pub(crate) const WAYS: [&str; WAYS_COUNT] = [
    "Kiln, reuse",
    "Kiln, reuse, by a Unix socket",
    "Kiln, ONE_SHOT",
    "bare toolchain on the host",
    "docker exec by API",
    "docker run --rm",
    "Kiln, same source again",
];
const WAYS_COUNT: usize = 7;
pub(crate) const REUSE: usize = 0;
pub(crate) const SOCKET: usize = 1;
pub(crate) const ONE_SHOT: usize = 2;
pub(crate) const HOST: usize = 3;
pub(crate) const EXEC: usize = 4;
const RUN: usize = 5;
pub(crate) const AGAIN: usize = 6;

/// Not measured: page caches and branch predictors of all ways get their first look.
const WARM_UP: usize = 2;

/// Kiln and the bare toolchain take turns, each with so many one after the other; the first of each turn are not measured.
const TURNS: usize = 4;
const TURN_PER_ROUNDS: usize = 4;

/// What was measured of a program.
pub(crate) struct Row {
    /// By `WAYS`; without times for those that are not measured.
    pub(crate) times: [Times; WAYS_COUNT],
    /// With reuse and bare, one after the other; the second without times where the host lacks something.
    pub(crate) in_a_row: [Times; 2],
    /// What the host lacks.
    pub(crate) host_lacks: Option<String>,
    /// The host's toolchain and the image's, in their own words.
    pub(crate) versions: [String; 2],
    /// Of the executions with reuse, those in a container that had served before.
    pub(crate) reused: usize,
}

/// Runs `program` every way, `rounds` times or as often as it says itself.
pub(crate) async fn measure(
    program: &Program,
    rounds: usize,
    daemon: &Daemon,
    docker: &Docker,
) -> Result<Row, Box<dyn Error>> {
    let image = program.image();
    let idle = Container::start(&image)?;
    let folder = tempfile::tempdir()?;
    let tools = toolchain(program, folder.path());
    let host_lacks = tools.as_ref().err().cloned();
    let on_host_version = tools.as_ref().map(|tools| version(&tools[0])).unwrap_or_default();
    let versions = [on_host_version, daemon.version(program.language).await?];
    let mut times: [Vec<Duration>; WAYS_COUNT] = Default::default();
    let same = new_text(program);
    if program.is_compiled() {
        daemon.keep(program.language, &same).await?;
    }
    let ways: Vec<usize> = (0..WAYS_COUNT)
        .filter(|way| match *way {
            SOCKET => program.p50_ms_max.is_some(),
            HOST => tools.is_ok(),
            AGAIN => program.is_compiled(),
            _ => true,
        })
        .collect();
    let mut reused = 0;
    for round in 0..WARM_UP + rounds {
        let order = order::of_round(round, ways.len()).into_iter().map(|place| ways[place]);
        for way in order {
            // What looks whether all is calm goes the same way as what is measured, and leaves it as warm.
            let caller: &Caller = if way == SOCKET { daemon.by_socket() } else { daemon };
            caller.calm(program.language).await?;
            let text = if way == AGAIN { same.clone() } else { new_text(program) };
            let time = match (way, &tools) {
                (REUSE | SOCKET | ONE_SHOT | AGAIN, _) => {
                    let (time, is_reused) = by_kiln(way, program, &text, caller).await?;
                    reused += usize::from(way == REUSE && is_reused && round >= WARM_UP);
                    time
                }
                (HOST, Ok(tools)) => on_host(program, tools, &folder.path().join(round.to_string()))?,
                (EXEC, _) => by_exec(docker, &idle, &with_text(program.container, &text)).await?,
                (RUN, _) => by_run(&image, &with_text(program.container, &text))?,
                _ => unreachable!("it is none of the ways"),
            };
            if round >= WARM_UP {
                times[way].push(time);
            }
        }
    }
    let turn = WARM_UP + rounds.div_ceil(TURN_PER_ROUNDS);
    let in_a_row = in_a_row(program, turn, daemon, tools.ok().as_deref()).await?;
    Ok(Row { times: times.map(Times::new), in_a_row: in_a_row.map(Times::new), host_lacks, versions, reused })
}

/// The next as soon as the last is over: with reuse, and bare where the host has the toolchain.
async fn in_a_row(
    program: &Program,
    turn: usize,
    daemon: &Daemon,
    tools: Option<&[PathBuf]>,
) -> Result<[Vec<Duration>; 2], Box<dyn Error>> {
    let (mut kiln, mut host) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        daemon.calm(program.language).await?;
        for number in 0..turn {
            let (time, _) = daemon.execute(program.language, &new_text(program), Isolation::Tenant).await?;
            kiln.extend((number >= WARM_UP).then_some(time));
        }
        let Some(tools) = tools else { continue };
        daemon.calm(program.language).await?;
        for number in 0..turn {
            let folder = tempfile::tempdir()?;
            let time = on_host(program, tools, &folder.path().join("program"))?;
            host.extend((number >= WARM_UP).then_some(time));
        }
    }
    Ok([kiln, host])
}

/// The program's text with a number that it never had.
fn new_text(program: &Program) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    program.text(u64::try_from(now.as_nanos()).unwrap_or(u64::MAX))
}

fn with_text(argv: &[&str], text: &str) -> Vec<String> {
    argv.iter().map(|word| word.replace(SOURCE, text)).collect()
}

/// Tells too whether the container had served before.
async fn by_kiln(
    way: usize,
    program: &Program,
    text: &str,
    caller: &Caller,
) -> Result<(Duration, bool), Box<dyn Error>> {
    let isolation = if way == ONE_SHOT { Isolation::OneShot } else { Isolation::Tenant };
    let (time, reply) = caller.execute(program.language, text, isolation).await?;
    let is_reused = is_reused(&reply);
    if way == ONE_SHOT && is_reused {
        return Err("a ONE_SHOT execution came to a container that had served before".into());
    }
    if way == AGAIN && !is_cached(&reply) {
        return Err("the same source was compiled again".into());
    }
    Ok((time, is_reused))
}

fn by_run(image: &str, argv: &[String]) -> Result<Duration, Box<dyn Error>> {
    let mut command = Command::new("docker");
    command.args(["run", "--rm", "--network", "none", image]).args(argv);
    run(&mut command)
}

async fn by_exec(docker: &Docker, idle: &Container, argv: &[String]) -> Result<Duration, Box<dyn Error>> {
    let begun = Instant::now();
    let (said, code) = engine::exec(docker, &idle.0, argv).await?;
    let taken = begun.elapsed();
    if (said.as_slice(), code) != (OUTPUT, Some(0)) {
        return Err(format!("docker exec: {code:?}, {}", String::from_utf8_lossy(&said)).into());
    }
    Ok(taken)
}

/// The host's commands one after the other, in a folder that has the program and nothing else.
fn on_host(program: &Program, tools: &[PathBuf], folder: &Path) -> Result<Duration, Box<dyn Error>> {
    std::fs::create_dir(folder)?;
    let text = new_text(program);
    std::fs::write(folder.join(program.file), &text)?;
    let mut taken = Duration::ZERO;
    for (step, (argv, tool)) in program.host.iter().zip(tools).enumerate() {
        let mut command = Command::new(tool);
        command.args(with_text(&argv[1..], &text)).current_dir(folder);
        taken += if step + 1 == program.host.len() { run(&mut command)? } else { compile(&mut command)? };
    }
    Ok(taken)
}

fn run(command: &mut Command) -> Result<Duration, Box<dyn Error>> {
    let begun = Instant::now();
    let output = command.stdin(Stdio::null()).output()?;
    let taken = begun.elapsed();
    if output.stdout != OUTPUT {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(said.lines().last().unwrap_or("it said nothing").to_owned().into());
    }
    Ok(taken)
}

fn compile(command: &mut Command) -> Result<Duration, Box<dyn Error>> {
    let begun = Instant::now();
    let output = command.stdin(Stdio::null()).output()?;
    let taken = begun.elapsed();
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    Ok(taken)
}

/// The programs that the host's commands begin with, tried once; or what the host lacks.
fn toolchain(program: &Program, folder: &Path) -> Result<Vec<PathBuf>, String> {
    let tools: Result<Vec<_>, _> = program.host.iter().map(|argv| find(argv[0])).collect();
    let tools = tools?;
    on_host(program, &tools, &folder.join("trial")).map_err(|error| error.to_string())?;
    Ok(tools)
}

/// The first on the path that is a program rather than a script around one: a version manager's shim is much slower.
pub(crate) fn find(name: &str) -> Result<PathBuf, String> {
    if name.starts_with("./") {
        return Ok(name.into());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_binary = |path: &PathBuf| std::fs::read(path).is_ok_and(|bytes| bytes.starts_with(b"\x7fELF"));
    let found = std::env::split_paths(&path).map(|folder| folder.join(name)).find(is_binary);
    let found = found.ok_or_else(|| format!("there is no {name}"))?;
    // rustup's is a program, and a shim all the same.
    let is_shim = found.canonicalize().is_ok_and(|path| path.ends_with("rustup"));
    if !is_shim {
        return Ok(found);
    }
    let output =
        Command::new(&found).args(["--print", "sysroot"]).output().map_err(|error| error.to_string())?;
    Ok(Path::new(String::from_utf8_lossy(&output.stdout).trim()).join("bin").join(name))
}

fn version(tool: &Path) -> String {
    let output = Command::new(tool).arg("--version").output();
    let said = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    said.lines().next().unwrap_or_default().to_owned()
}
