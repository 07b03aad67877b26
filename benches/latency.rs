//! Kiln beside `docker exec`, `docker run` and the bare interpreter: the same program, side by side, round after round.
//!
//! Writes `docs/benchmarks.md` and `docs/benchmarks.svg`. Each round runs every way once, so that whatever the machine does
//! besides hits all of them alike. Kiln is asked when its pool is full, as in a daemon that is not saturated.
//!
//! `cargo bench --bench latency -- kiln` measures Kiln alone, with where its time went, and writes nothing.

use std::error::Error;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bollard::Docker;
use bollard::exec::{StartExecOptions, StartExecResults};
use bollard::models::ExecConfig;
use futures_util::StreamExt;
use kiln::proto::executor_client::ExecutorClient;
use kiln::proto::pool_client::PoolClient;
use kiln::proto::{ExecuteRequest, ExecuteResponse, GetPoolRequest, Outcome};
use tonic::transport::Channel;

const ROUNDS: usize = 50;
/// Not measured: page caches and branch predictors of all ways get their first look.
const WARM_UP: usize = 3;
const POLL: Duration = Duration::from_millis(20);
const GRPC: &str = "127.0.0.1:50971";
const HTTP: &str = "127.0.0.1:50972";

struct Language {
    id: &'static str,
    name: &'static str,
    image: &'static str,
    program: &'static str,
    argv: [&'static str; 3],
}

const LANGUAGES: [Language; 2] = [
    Language {
        id: "python",
        name: "Python",
        image: "kiln-executor-python:local",
        program: "print(\"hello\")",
        argv: ["python3", "-c", "print(\"hello\")"],
    },
    Language {
        id: "javascript",
        name: "JavaScript",
        image: "kiln-executor-javascript:local",
        program: "console.log(\"hello\")",
        argv: ["node", "-e", "console.log(\"hello\")"],
    },
];

/// The ways, in the order of the table.
const WAYS: [&str; 4] =
    ["Kiln, Execute over gRPC", "bare interpreter on the host", "docker exec by API", "docker run --rm"];

type Times = [Vec<Duration>; 4];

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let daemon = Daemon::start()?;
    if std::env::args().any(|argument| argument == "kiln") {
        return kiln_alone().await;
    }
    let result = measure_all().await;
    drop(daemon);
    let results = result?;
    let docker = Docker::connect_with_defaults()?;
    let engine = docker.version().await?.version.unwrap_or_default();
    let text = report(&results, &engine);
    let root = env!("CARGO_MANIFEST_DIR");
    std::fs::write(format!("{root}/docs/benchmarks.md"), &text)?;
    std::fs::write(format!("{root}/docs/benchmarks.svg"), picture(&results))?;
    println!("{text}");
    Ok(())
}

/// Medians of each part, in milliseconds.
async fn kiln_alone() -> Result<(), Box<dyn Error>> {
    let channel = connect().await?;
    for language in &LANGUAGES {
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            calm(language, &channel).await?;
            rounds.push(kiln(language, &channel).await?);
        }
        let median = |part: fn(&(Duration, ExecuteResponse)) -> Duration| {
            let mut times: Vec<_> = rounds.iter().map(part).collect();
            times.sort_unstable();
            percentile(&times, 50)
        };
        println!(
            "{:<12} client {:.2}, server {:.2}: prepare {:.2}, run {:.2} (CPU {:.2}), collect {:.2}",
            language.id,
            median(|round| round.0),
            median(|round| time(round.1.timings.and_then(|timings| timings.total))),
            median(|round| time(round.1.timings.and_then(|timings| timings.prepare))),
            median(|round| time(round.1.timings.and_then(|timings| timings.run))),
            median(|round| time(round.1.run.as_ref().and_then(|run| run.usage?.cpu_time))),
            median(|round| time(round.1.timings.and_then(|timings| timings.collect))),
        );
    }
    Ok(())
}

fn time(given: Option<prost_types::Duration>) -> Duration {
    given.and_then(|given| given.try_into().ok()).unwrap_or_default()
}

async fn measure_all() -> Result<Vec<Times>, Box<dyn Error>> {
    let channel = connect().await?;
    let docker = Docker::connect_with_defaults()?;
    let mut results = Vec::new();
    for language in &LANGUAGES {
        results.push(measure(language, &channel, &docker).await?);
    }
    Ok(results)
}

async fn measure(language: &Language, channel: &Channel, docker: &Docker) -> Result<Times, Box<dyn Error>> {
    let idle = Container::start(language.image)?;
    let bare = interpreter(language.argv[0])?;
    let mut times = Times::default();
    for round in 0..WARM_UP + ROUNDS {
        calm(language, channel).await?;
        let (kiln, _) = kiln(language, channel).await?;
        calm(language, channel).await?;
        let taken = [
            kiln,
            run(Command::new(&bare).args(&language.argv[1..]))?,
            exec(docker, &idle.0, &language.argv).await?,
            run(Command::new("docker")
                .args(["run", "--rm", "--network", "none", language.image])
                .args(language.argv))?,
        ];
        if round >= WARM_UP {
            for (times, taken) in times.iter_mut().zip(taken) {
                times.push(taken);
            }
        }
    }
    times.iter_mut().for_each(|times| times.sort_unstable());
    Ok(times)
}

/// Waits until the pool is full and nothing is made or removed, so that no way is measured beside another's aftermath.
async fn calm(language: &Language, channel: &Channel) -> Result<(), Box<dyn Error>> {
    let mut pool = PoolClient::new(channel.clone());
    loop {
        let reply = pool.get_pool(GetPoolRequest { language: language.id.to_owned() }).await?.into_inner();
        let pool = &reply.pools[0];
        if pool.warm == pool.min && pool.creating + pool.broken + pool.leased == 0 {
            return Ok(());
        }
        tokio::time::sleep(POLL).await;
    }
}

/// One Execute on a connection that is already there.
async fn kiln(language: &Language, channel: &Channel) -> Result<(Duration, ExecuteResponse), Box<dyn Error>> {
    let mut client = ExecutorClient::new(channel.clone());
    let request =
        ExecuteRequest { language: language.id.into(), code: language.program.into(), ..Default::default() };
    let begun = Instant::now();
    let reply = client.execute(request).await?.into_inner();
    let taken = begun.elapsed();
    assert_eq!(reply.outcome(), Outcome::Succeeded, "{}", reply.message);
    assert_eq!(reply.run.as_ref().map(|run| run.stdout.as_slice()), Some(&b"hello\n"[..]));
    Ok((taken, reply))
}

/// The three calls that every client of the engine makes: create, start and read to the end, inspect.
async fn exec(docker: &Docker, container: &str, argv: &[&str]) -> Result<Duration, Box<dyn Error>> {
    let begun = Instant::now();
    let config = ExecConfig {
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        cmd: Some(argv.iter().map(|&word| word.to_owned()).collect()),
        ..ExecConfig::default()
    };
    let exec = docker.create_exec(container, config).await?.id;
    let mut said = Vec::new();
    if let StartExecResults::Attached { mut output, .. } =
        docker.start_exec(&exec, None::<StartExecOptions>).await?
    {
        while let Some(piece) = output.next().await {
            said.extend_from_slice(&piece?.into_bytes());
        }
    }
    let code = docker.inspect_exec(&exec).await?.exit_code;
    let taken = begun.elapsed();
    assert_eq!((said.as_slice(), code), (&b"hello\n"[..], Some(0)));
    Ok(taken)
}

/// The first on the path that is a program rather than a script around one: a version manager's shim is much slower.
fn interpreter(name: &str) -> Result<PathBuf, Box<dyn Error>> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let is_binary = |path: &PathBuf| std::fs::read(path).is_ok_and(|bytes| bytes.starts_with(b"\x7fELF"));
    let found = std::env::split_paths(&path).map(|folder| folder.join(name)).find(is_binary);
    found.ok_or_else(|| format!("{name} is not on this machine").into())
}

fn run(command: &mut Command) -> Result<Duration, Box<dyn Error>> {
    let begun = Instant::now();
    let output = command.stdin(Stdio::null()).output()?;
    let taken = begun.elapsed();
    assert_eq!(output.stdout, b"hello\n", "{}", String::from_utf8_lossy(&output.stderr));
    Ok(taken)
}

async fn connect() -> Result<Channel, Box<dyn Error>> {
    let endpoint = Channel::from_shared(format!("http://{GRPC}"))?;
    let begun = Instant::now();
    loop {
        match endpoint.connect().await {
            Ok(channel) => return Ok(channel),
            Err(error) if begun.elapsed() > Duration::from_secs(30) => return Err(error.into()),
            Err(_) => tokio::time::sleep(POLL).await,
        }
    }
}

/// The daemon, ended with SIGTERM.
struct Daemon(Child);

impl Daemon {
    fn start() -> Result<Self, Box<dyn Error>> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kiln"));
        command.arg("serve").envs([
            ("KILN__SERVER__GRPC", GRPC),
            ("KILN__SERVER__HTTP", HTTP),
            ("KILN__LANGUAGES__ONLY", "python,javascript"),
            ("KILN__LOG__FILTER", "warn"),
        ]);
        Ok(Self(command.spawn()?))
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}

/// A container that does nothing, for `docker exec`.
struct Container(String);

impl Container {
    fn start(image: &str) -> Result<Self, Box<dyn Error>> {
        let arguments = ["run", "-d", "--rm", "--init", "--network", "none", image, "sleep", "infinity"];
        let output = Command::new("docker").args(arguments).output()?;
        let id = String::from_utf8(output.stdout)?.trim().to_owned();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(Self(id))
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        let _ = Command::new("docker").args(["rm", "-f", &self.0]).stdout(Stdio::null()).status();
    }
}

fn percentile(times: &[Duration], percent: usize) -> f64 {
    let at = (times.len() * percent).div_ceil(100).saturating_sub(1);
    times[at].as_secs_f64() * 1e3
}

fn report(results: &[Times], engine: &str) -> String {
    let cpus = std::thread::available_parallelism().map_or(1, usize::from);
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let mut text = format!(
        "# Benchmarks\n\n\
         The same program every way, {ROUNDS} rounds side by side in one run, milliseconds. `make bench` measures anew and writes \
         this page.\n\n\
         Machine: {cpus} CPUs, Linux {}, Docker Engine {engine}. Kiln runs each program in a container in which nothing ran before \
         (ONE_SHOT). Every way is measured when Kiln's pool is full; the container's replacement is made after the reply and \
         waited for. `docker exec` runs in \
         a container that is kept. The bare interpreter is the host's own, without any container.\n\n\
         ![Medians, logarithmic](benchmarks.svg)\n",
        kernel.trim()
    );
    for (language, times) in LANGUAGES.iter().zip(results) {
        let kiln = percentile(&times[0], 50);
        let _ = write!(
            text,
            "\n## {}: `{}`\n\n| way | p50 | p95 | max | p50 against Kiln |\n|---|---:|---:|---:|---:|\n",
            language.name, language.program
        );
        for (way, times) in WAYS.iter().zip(times) {
            let (p50, p95, max) = (percentile(times, 50), percentile(times, 95), percentile(times, 100));
            let _ = writeln!(text, "| {way} | {p50:.2} | {p95:.2} | {max:.2} | {:.1} x |", p50 / kiln);
        }
    }
    text
}

/// Horizontal bars of the medians on a logarithmic scale.
fn picture(results: &[Times]) -> String {
    const LEFT: f64 = 230.0;
    const DECADE: f64 = 150.0;
    const ROW: f64 = 22.0;
    let mut rows = String::new();
    let mut y = 10.0;
    for (language, times) in LANGUAGES.iter().zip(results) {
        let _ =
            write!(rows, "<text x=\"10\" y=\"{}\" font-weight=\"bold\">{}</text>", y + 14.0, language.name);
        y += ROW;
        for (number, (way, times)) in WAYS.iter().zip(times).enumerate() {
            let p50 = percentile(times, 50);
            // A tenth of a millisecond is the left end.
            let width = ((p50 / 0.1).log10() * DECADE).max(1.0);
            let colour = if number == 0 { "#d1495b" } else { "#8d99ae" };
            let _ = write!(
                rows,
                "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{way}</text>\
                 <rect x=\"{LEFT}\" y=\"{y}\" width=\"{width:.0}\" height=\"{}\" fill=\"{colour}\"/>\
                 <text x=\"{:.0}\" y=\"{}\">{p50:.1} ms</text>",
                LEFT - 8.0,
                y + 14.0,
                ROW - 5.0,
                LEFT + width + 6.0,
                y + 14.0
            );
            y += ROW;
        }
        y += ROW / 2.0;
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"860\" height=\"{y}\" font-family=\"sans-serif\" font-size=\"13\">\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>{rows}</svg>\n"
    )
}
