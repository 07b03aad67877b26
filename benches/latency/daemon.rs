//! The daemon that is measured: started, asked, ended with SIGTERM.

use std::collections::BTreeMap;
use std::error::Error;
use std::ops::Deref;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use kiln::proto::executor_client::ExecutorClient;
use kiln::proto::pool_client::PoolClient;
use kiln::proto::{
    ExecuteRequest, ExecuteResponse, GetPoolRequest, Isolation, LanguagePool, ListLanguagesRequest, Outcome,
    Placement,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tonic::Status;
use tonic::transport::{Channel, Endpoint};

use crate::programs::OUTPUT;
use crate::throughput::cpu_busy;

const POLL: Duration = Duration::from_millis(20);
/// So many looks in a row must find the pool full: between two steps of a refill nothing is under way for a moment.
const CALM_LOOKS: u32 = 3;
/// Languages where what waits goes on to warm up once it can be used.
const WARMS_UP: [&str; 1] = ["java"];
/// So much work of all CPUs in so much time is none; a machine that never rests is not waited for.
const IDLE_LOOK: Duration = Duration::from_millis(100);
const IDLE_BUSY_MAX: Duration = Duration::from_millis(20);
const IDLE_WAIT_MAX: Duration = Duration::from_secs(3);
/// Compiled, sent along while it is put into the engine, and once more for good measure.
const KEEP_ROUNDS: u32 = 4;
/// Longest wait for a full pool, in seconds.
const CALM_SECONDS_MAX: u64 = 120;
const GRPC: &str = "127.0.0.1:50971";
const HTTP: &str = "127.0.0.1:50972";
/// The daemon to measure, instead of the one that was built with the benchmark.
const DAEMON_VARIABLE: &str = "KILN_BENCH_DAEMON";
/// The one that `make release` builds, as `make bench` names it.
const PROFILED: &str = "target/profiled/kiln";
/// The daemon's name on its engine.
pub(crate) const INSTANCE: &str = "kiln-bench";

/// Which daemon is measured, for the page.
pub(crate) fn named() -> String {
    match std::env::var(DAEMON_VARIABLE) {
        Ok(daemon) if daemon == PROFILED => format!("`{PROFILED}`, which `make release` builds by profile"),
        Ok(_) => "another build than this tree's".to_owned(),
        Err(_) => "what `cargo build --release` builds".to_owned(),
    }
}

/// A daemon of the benchmark's own.
pub(crate) struct Daemon {
    process: Process,
    by_port: Caller,
    by_socket: Caller,
    begun: Instant,
    /// What it keeps of what it compiled: of this run alone.
    _cache: tempfile::TempDir,
    /// Where its socket is.
    _folder: tempfile::TempDir,
}

/// Ends with this.
struct Process(Child);

/// A connection to the daemon.
pub(crate) struct Caller {
    channel: Channel,
}

/// By its port, unless something else is said.
impl Deref for Daemon {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.by_port
    }
}

impl Daemon {
    /// Starts one, with more settings than the usual, and waits until it takes connections.
    pub(crate) async fn start(settings: &[(&str, &str)]) -> Result<Self, Box<dyn Error>> {
        let begun = Instant::now();
        // Another build can be measured with the same benchmark.
        let daemon = std::env::var_os(DAEMON_VARIABLE).unwrap_or_else(|| env!("CARGO_BIN_EXE_kiln").into());
        let mut command = Command::new(daemon);
        let (cache, folder) = (tempfile::tempdir()?, tempfile::tempdir()?);
        let socket = format!("unix:{}", folder.path().join("kiln.sock").display());
        command.arg("serve").env("KILN__SERVER__GRPC", format!("{GRPC},{socket}")).envs([
            ("KILN__SERVER__HTTP", HTTP),
            ("KILN__SERVER__INSTANCE", INSTANCE),
            ("KILN__LOG__FILTER", "warn"),
        ]);
        command.env("KILN__CACHE__DIRECTORY", cache.path());
        let mut process = Process(command.envs(settings.iter().copied()).spawn()?);
        let endpoint = Channel::from_shared(format!("http://{GRPC}"))?;
        let channel = loop {
            match endpoint.connect().await {
                Ok(channel) => break channel,
                Err(_) if begun.elapsed() < Duration::from_secs(30) && process.0.try_wait()?.is_none() => {
                    tokio::time::sleep(POLL).await;
                }
                Err(error) => return Err(error.into()),
            }
        };
        let by_port = Caller { channel };
        let by_socket = Caller { channel: Endpoint::try_from(socket)?.connect().await? };
        Ok(Self { process, by_port, by_socket, begun, _cache: cache, _folder: folder })
    }

    /// By its socket.
    pub(crate) fn by_socket(&self) -> &Caller {
        &self.by_socket
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.process.0.id()
    }

    /// Time since it was started.
    pub(crate) fn age(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Resident memory, in bytes.
    pub(crate) fn resident_bytes(&self) -> Result<u64, Box<dyn Error>> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.0.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? * 1024)
    }

    /// The buckets of a histogram by language: upper bound in seconds and how many took at most that.
    pub(crate) async fn buckets(
        &self,
        name: &str,
    ) -> Result<BTreeMap<String, Vec<(f64, u64)>>, Box<dyn Error>> {
        let mut stream = TcpStream::connect(HTTP).await?;
        stream.write_all(b"GET /metrics HTTP/1.0\r\nHost: localhost\r\n\r\n").await?;
        let mut text = String::new();
        stream.read_to_string(&mut text).await?;
        let start = format!("{name}_bucket{{");
        let mut found = BTreeMap::<String, Vec<(f64, u64)>>::new();
        for line in text.lines().filter(|line| line.starts_with(&start)) {
            let bound = label(line, "le").ok_or("a bucket without a bound")?.parse()?;
            let count = line.rsplit(' ').next().unwrap_or_default().parse()?;
            let language = label(line, "language").ok_or("a bucket without a language")?;
            found.entry(language.to_owned()).or_default().push((bound, count));
        }
        Ok(found)
    }
}

impl Caller {
    pub(crate) async fn pool(&self, language: &str) -> Result<LanguagePool, Box<dyn Error>> {
        let mut client = PoolClient::new(self.channel.clone());
        let reply = client.get_pool(GetPoolRequest { language: language.to_owned() }).await?.into_inner();
        reply.pools.into_iter().next().ok_or_else(|| format!("there is no pool of {language}").into())
    }

    /// Waits until the pool is full, with a container that nothing ran in, nothing is made, reset or removed, and what waits has
    /// warmed up, so that no way is measured beside another's aftermath.
    pub(crate) async fn calm(&self, language: &str) -> Result<(), Box<dyn Error>> {
        let is_full = |pool: &LanguagePool| pool.warm >= pool.min && pool.fresh > 0;
        self.until(language, is_full).await?;
        let begun = Instant::now();
        while WARMS_UP.contains(&language) {
            let busy = cpu_busy()?;
            tokio::time::sleep(IDLE_LOOK).await;
            if cpu_busy()? - busy <= IDLE_BUSY_MAX || begun.elapsed() > IDLE_WAIT_MAX {
                break;
            }
        }
        Ok(())
    }

    /// Waits until nothing is made, reset or removed, however many containers that leaves.
    pub(crate) async fn settled(&self, language: &str) -> Result<(), Box<dyn Error>> {
        self.until(language, |_| true).await
    }

    async fn until(
        &self,
        language: &str,
        is_good: impl Fn(&LanguagePool) -> bool,
    ) -> Result<(), Box<dyn Error>> {
        let begun = Instant::now();
        let mut looks = 0;
        while looks < CALM_LOOKS {
            let pool = self.pool(language).await?;
            let is_busy = pool.creating + pool.broken + pool.leased + pool.waiting > 0;
            looks = if is_busy || !is_good(&pool) { 0 } else { looks + 1 };
            if begun.elapsed() > Duration::from_secs(CALM_SECONDS_MAX) {
                return Err(format!("the pool of {language} does not come to rest: {pool:?}").into());
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }

    /// What the toolchain in the language's image says of itself.
    pub(crate) async fn version(&self, language: &str) -> Result<String, Box<dyn Error>> {
        let mut client = ExecutorClient::new(self.channel.clone());
        let reply = client.list_languages(ListLanguagesRequest {}).await?.into_inner();
        let found = reply.languages.into_iter().find(|entry| entry.id == language);
        Ok(found.ok_or_else(|| format!("there is no {language}"))?.version)
    }

    /// One Execute on a connection that is already there; the output is checked.
    pub(crate) async fn execute(
        &self,
        language: &str,
        code: &str,
        isolation: Isolation,
    ) -> Result<(Duration, ExecuteResponse), Box<dyn Error>> {
        let mut client = ExecutorClient::new(self.channel.clone());
        let request = ExecuteRequest {
            language: language.into(),
            code: code.into(),
            isolation: isolation.into(),
            ..Default::default()
        };
        let begun = Instant::now();
        let reply = client.execute(request).await?.into_inner();
        let taken = begun.elapsed();
        let said = reply.run.as_ref().map(|run| run.stdout.as_slice());
        if reply.outcome() != Outcome::Succeeded || said != Some(OUTPUT) {
            return Err(format!("{language}: {}: {said:?}", reply.message).into());
        }
        Ok((taken, reply))
    }

    /// One Execute that may be refused.
    pub(crate) async fn try_execute(&self, language: &str, code: &str) -> Result<ExecuteResponse, Status> {
        let request = ExecuteRequest { language: language.into(), code: code.into(), ..Default::default() };
        let mut client = ExecutorClient::new(self.channel.clone());
        Ok(client.execute(request).await?.into_inner())
    }

    /// Has a program compiled, and its build put to where containers find it: a second use asks for that.
    pub(crate) async fn keep(&self, language: &str, code: &str) -> Result<(), Box<dyn Error>> {
        for _ in 0..KEEP_ROUNDS {
            self.calm(language).await?;
            self.execute(language, code, Isolation::Tenant).await?;
        }
        Ok(())
    }
}

fn label<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(&format!("{name}=\""))?;
    rest.split('"').next()
}

/// Whether what ran had been compiled before.
pub(crate) fn is_cached(reply: &ExecuteResponse) -> bool {
    reply.placement.as_ref().is_some_and(|placement| placement.compile_cached)
}

/// Whether a program found a container that had served before.
pub(crate) fn is_reused(reply: &ExecuteResponse) -> bool {
    reply.placement.as_ref().is_some_and(|placement: &Placement| placement.container_uses > 1)
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}
