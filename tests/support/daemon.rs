//! A real daemon on the real engine, for as long as a test needs it. Its end is checked: nothing may be left.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use kiln::proto::executor_client::ExecutorClient;
use kiln::proto::{ExecuteRequest, ExecuteResponse};
use tempfile::TempDir;
use tonic::Status;
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use super::process::Process;

/// A container's way to warmth on a machine that does much else.
const WARM_SECONDS_MAX: u64 = 120;

pub(crate) struct Daemon {
    process: Option<Process>,
    pub(crate) grpc: SocketAddr,
    pub(crate) http: SocketAddr,
    pub(crate) instance: String,
    log: Arc<Mutex<Vec<String>>>,
    /// What it keeps of what it compiled, unless the test has another place for that.
    _cache: TempDir,
    logger: Option<JoinHandle<()>>,
}

impl Daemon {
    /// Starts a daemon for these languages and waits until each has a warm container.
    pub(crate) async fn start(languages: &[&str]) -> Self {
        Self::start_with(languages, &[]).await
    }

    pub(crate) async fn start_with(languages: &[&str], settings: &[(&str, &str)]) -> Self {
        let daemon =
            Self::launch(&format!("kiln-test-{}", uuid::Uuid::new_v4().simple()), languages, settings);
        daemon.warm(languages).await;
        daemon
    }

    /// Starts a daemon under a name, without waiting for containers.
    pub(crate) fn launch(instance: &str, languages: &[&str], settings: &[(&str, &str)]) -> Self {
        let mut variables = BTreeMap::from([
            ("KILN__SERVER__INSTANCE", instance.to_owned()),
            ("KILN__LANGUAGES__ONLY", languages.join(",")),
            ("KILN__LOG__FORMAT", "json".to_owned()),
        ]);
        let cache = TempDir::new().unwrap();
        let _ = variables.insert("KILN__CACHE__DIRECTORY", cache.path().display().to_string());
        variables.extend(settings.iter().map(|(name, value)| (*name, (*value).to_owned())));
        let mut process = Process::start(instance, variables);
        let mut lines = BufReader::new(process.log()).lines().map_while(Result::ok);
        let mut log = Vec::new();
        let (grpc, http) = loop {
            let line =
                lines.next().unwrap_or_else(|| panic!("the daemon does not start: {}", log.join("\n")));
            let fields: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
            let address = |name: &str| fields["fields"][name].as_str().and_then(|text| text.parse().ok());
            let found = address("grpc_address").zip(address("http_address"));
            log.push(line);
            if let Some(found) = found {
                break found;
            }
        };
        let log = Arc::new(Mutex::new(log));
        let into = Arc::clone(&log);
        // A pipe that nobody reads would stop the daemon; the thread ends with it.
        let logger = std::thread::spawn(move || lines.for_each(|line| into.lock().unwrap().push(line)));
        let (grpc, http) = (process.reach(grpc), process.reach(http));
        Self {
            process: Some(process),
            grpc,
            http,
            instance: instance.to_owned(),
            log,
            _cache: cache,
            logger: Some(logger),
        }
    }

    /// Waits until each language has a warm container.
    pub(crate) async fn warm(&self, languages: &[&str]) {
        let mut health = HealthClient::new(self.channel().await);
        for language in languages {
            let service = format!("kiln.language.{language}");
            let waited = async {
                let mut changes = health.watch(HealthCheckRequest { service }).await?.into_inner();
                while let Some(change) = changes.message().await? {
                    if change.status() == ServingStatus::Serving {
                        return Ok(());
                    }
                }
                Err(Status::unavailable("the health stream ended"))
            };
            let waited = tokio::time::timeout(Duration::from_secs(WARM_SECONDS_MAX), waited).await;
            assert!(
                matches!(waited, Ok(Ok(()))),
                "{language} does not become warm ({waited:?}):\n{}",
                self.log()
            );
        }
    }

    pub(crate) async fn channel(&self) -> Channel {
        Channel::from_shared(format!("http://{}", self.grpc)).unwrap().connect().await.unwrap()
    }

    pub(crate) async fn client(&self) -> ExecutorClient<Channel> {
        ExecutorClient::new(self.channel().await)
            .max_decoding_message_size(64 << 20)
            .max_encoding_message_size(256 << 20)
    }

    pub(crate) async fn execute(&self, request: ExecuteRequest) -> Result<ExecuteResponse, Status> {
        self.client().await.execute(request).await.map(tonic::Response::into_inner)
    }

    /// Runs `code`; it must be served.
    pub(crate) async fn run(&self, language: &str, code: &str) -> ExecuteResponse {
        let served = self.execute(program(language, code)).await;
        served.unwrap_or_else(|status| panic!("{status}\n{}", self.log()))
    }

    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().join("\n")
    }

    /// What it has in memory.
    pub(crate) fn resident_bytes(&self) -> u64 {
        self.process.as_ref().map_or(0, Process::resident_bytes)
    }

    /// The most that it has had in memory while `work` was done, over what it had before.
    pub(crate) async fn grown_by<T>(&self, work: impl Future<Output = T>) -> (T, u64) {
        let process = self.process.as_ref().unwrap();
        process.forget_peak();
        let before = process.resident_bytes();
        let result = work.await;
        (result, process.peak_bytes().saturating_sub(before))
    }

    /// Kills it, without a chance to clean up.
    pub(crate) fn kill(mut self) {
        self.process.take().unwrap().kill();
    }

    /// Ends it as an operator does, and checks that nothing is left.
    pub(crate) fn stop(mut self) {
        let status = self.terminate();
        assert!(status.success(), "{status}:\n{}", self.log());
        assert_eq!(left(&self.instance), Vec::<String>::new(), "left behind:\n{}", self.log());
    }

    fn terminate(&mut self) -> std::process::ExitStatus {
        self.process.take().unwrap().terminate()
    }
}

impl Drop for Daemon {
    /// Only after a failed test; a good one has stopped it.
    fn drop(&mut self) {
        if self.process.is_some() {
            self.terminate();
            self.logger.take().map(JoinHandle::join);
            eprintln!("the daemon's log:\n{}", self.log());
        }
    }
}

/// A request with nothing but a program.
pub(crate) fn program(language: &str, code: &str) -> ExecuteRequest {
    ExecuteRequest { language: language.into(), code: code.into(), ..Default::default() }
}

/// What the run of a program wrote to stdout.
pub(crate) fn stdout(reply: &ExecuteResponse) -> String {
    let run = reply.run.as_ref().unwrap_or_else(|| panic!("it did not run: {reply:?}"));
    String::from_utf8_lossy(&run.stdout).into_owned()
}

/// Containers and volumes of an instance that the engine has.
pub(crate) fn left(instance: &str) -> Vec<String> {
    let label = format!("label=kiln.instance={instance}");
    let containers = docker(&["ps", "-aq", "--filter", &label]);
    let volumes = docker(&["volume", "ls", "-q", "--filter", &label]);
    containers.lines().chain(volumes.lines()).map(str::to_owned).collect()
}

/// The engine's own command.
pub(crate) fn docker(arguments: &[&str]) -> String {
    let output =
        Command::new("docker").args(arguments).output().expect("the docker command is there (make engine)");
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.success(),
        "docker {arguments:?}: {words}; `make engine images` brings up what the suite needs"
    );
    String::from_utf8(output.stdout).unwrap()
}
