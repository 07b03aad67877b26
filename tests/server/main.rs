//! The whole server in process over a fake engine: refusals, cancellation, faults and shutdown, without Docker.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test may panic, spawn and set its own clock"
)]

mod agents;
mod fake;
mod reuse;
mod socket;
mod stats;

use std::collections::HashMap;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use fake::{FakeEngine, GOOD, Script, Step};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use kiln::app::{AGENTS, App, AppError};
use kiln::config::{Addresses, Config};
use kiln::pool::AgentBinary;
use kiln::proto::executor_client::ExecutorClient;
use kiln::proto::pool_client::PoolClient;
use kiln::proto::{
    Cancel, ExecuteRequest, ExecuteResponse, ExecuteStreamRequest, File, GetPoolRequest, LanguagePool,
    Outcome, execute_stream_request, execute_stream_response,
};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt;

/// Far above anything that is not stuck.
const STUCK: Duration = Duration::from_secs(30);

struct Server {
    engine: Arc<FakeEngine>,
    grpc: Addresses,
    http: SocketAddr,
    shutdown: Option<oneshot::Sender<()>>,
    running: JoinHandle<Result<(), AppError>>,
}

impl Server {
    async fn start(script: Script, settings: &[(&str, &str)]) -> Self {
        Self::start_with(script, settings, AGENTS).await
    }

    async fn start_with(script: Script, settings: &[(&str, &str)], agents: &'static [AgentBinary]) -> Self {
        let engine = FakeEngine::new(script);
        let mut variables = HashMap::from([
            ("KILN__SERVER__GRPC", "127.0.0.1:0"),
            ("KILN__SERVER__HTTP", "127.0.0.1:0"),
            ("KILN__LANGUAGES__ONLY", "python"),
            ("KILN__CACHE__MIB", "0"),
        ]);
        variables.extend(settings.iter().copied());
        let variables =
            variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let config = Config::from_sources(None, variables).unwrap();
        let app = App::bind(config, Arc::clone(&engine) as _, agents).await.unwrap();
        let (grpc, http) = app.addresses().unwrap();
        let (shutdown, asked) = oneshot::channel::<()>();
        let running = tokio::spawn(app.run(async {
            let _ = asked.await;
        }));
        Self { engine, grpc, http, shutdown: Some(shutdown), running }
    }

    async fn channel(&self) -> Channel {
        Channel::from_shared(format!("http://{}", self.grpc)).unwrap().connect().await.unwrap()
    }

    async fn client(&self) -> ExecutorClient<Channel> {
        ExecutorClient::new(self.channel().await)
    }

    /// Sends deadlines but leaves it to the server to keep them; tonic's channel would answer first.
    fn timerless_client(&self) -> ExecutorClient<Client<HttpConnector, tonic::body::Body>> {
        let client = Client::builder(TokioExecutor::new()).http2_only(true).build_http();
        ExecutorClient::with_origin(client, format!("http://{}", self.grpc).parse().unwrap())
    }

    async fn execute(&self, code: &str) -> Result<ExecuteResponse, Status> {
        bounded(self.client().await.execute(request(code))).await.map(tonic::Response::into_inner)
    }

    async fn pool(&self) -> LanguagePool {
        let reply = PoolClient::new(self.channel().await).get_pool(GetPoolRequest::default()).await.unwrap();
        reply.into_inner().pools.remove(0)
    }

    /// Asks until the pool is as it should be.
    async fn pool_until(&self, is_so: impl Fn(&LanguagePool) -> bool) {
        bounded(async {
            while !is_so(&self.pool().await) {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    /// Asks it to end; `stopped` waits for that.
    fn stop(&mut self) {
        self.shutdown.take().unwrap().send(()).unwrap();
    }

    /// Waits for the end and checks that nothing is left.
    async fn stopped(mut self) {
        if self.shutdown.is_some() {
            self.stop();
        }
        bounded(&mut self.running).await.unwrap().unwrap();
        assert_eq!(self.engine.left(), (0, 0), "containers and volumes are left");
    }
}

fn request(code: &str) -> ExecuteRequest {
    ExecuteRequest { language: "python".into(), code: code.into(), ..Default::default() }
}

fn first_message(code: &str) -> ExecuteStreamRequest {
    ExecuteStreamRequest { message: Some(execute_stream_request::Message::Execute(request(code))) }
}

async fn bounded<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(STUCK, work).await.expect("it is stuck")
}

/// Lets other tasks run until it is so.
async fn until(is_so: impl Fn() -> bool) {
    bounded(async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_full_queue_is_told_with_a_hint_when_to_come_back() {
    let server =
        Server::start(GOOD, &[("KILN__ADMISSION__IN_FLIGHT", "1"), ("KILN__ADMISSION__QUEUED", "0")]).await;
    let mut client = server.client().await;
    let running = tokio::spawn(async move { client.execute(request("hang")).await });
    until(|| server.engine.log.runs.load(Ordering::Relaxed) == 1).await;
    let refused = server.execute("hello").await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted, "{refused}");
    assert!(refused.get_error_details().retry_info().is_some());
    running.abort();
    // The client that went away gives its place back.
    bounded(async { while server.execute("hello").await.is_err() {} }).await;
    server.stopped().await;
}

#[tokio::test]
async fn a_container_that_breaks_before_the_start_is_replaced_once_and_nobody_notices() {
    let server =
        Server::start(Script { run: Step::Fails, ..GOOD }, &[("KILN__LANGUAGES__POOLS__PYTHON__MIN", "1")])
            .await;
    server.pool_until(|pool| pool.warm == 1).await;
    server.engine.follow(GOOD);
    let reply = server.execute("hello").await.unwrap();
    assert_eq!(reply.run.unwrap().stdout, b"hello");
    server.stopped().await;
}

#[tokio::test]
async fn a_container_that_breaks_twice_is_the_callers_to_retry() {
    let server = Server::start(GOOD, &[]).await;
    let lost = server.execute("break before start").await.unwrap_err();
    assert_eq!(lost.code(), Code::Unavailable, "{lost}");
    assert!(lost.get_error_details().retry_info().is_some());
    assert_eq!(server.engine.log.runs.load(Ordering::Relaxed), 2);
    server.stopped().await;
}

#[tokio::test]
async fn a_program_that_has_started_is_never_run_again() {
    let server = Server::start(GOOD, &[]).await;
    let lost = server.execute("break after start").await.unwrap_err();
    assert_eq!(lost.code(), Code::Unavailable, "{lost}");
    assert_eq!(server.engine.log.runs.load(Ordering::Relaxed), 1);
    server.stopped().await;
}

#[tokio::test]
async fn an_agent_that_talks_nonsense_is_our_defect_and_says_where_to_look() {
    let server = Server::start(GOOD, &[]).await;
    let defect = server.execute("garbage").await.unwrap_err();
    assert_eq!(defect.code(), Code::Internal, "{defect}");
    assert!(defect.message().contains("under execution "), "{defect}");
    server.stopped().await;
}

#[tokio::test]
async fn a_client_that_vanishes_costs_nothing() {
    let server = Server::start(GOOD, &[]).await;
    let mut client = server.client().await;
    let running = tokio::spawn(async move { client.execute(request("hang")).await });
    until(|| server.engine.log.runs.load(Ordering::Relaxed) == 1).await;
    running.abort();
    until(|| server.engine.log.kills.load(Ordering::Relaxed) == 1).await;
    server.pool_until(|pool| pool.leased == 0 && pool.warm == pool.min).await;
    server.stopped().await;
}

#[tokio::test]
async fn the_callers_deadline_ends_the_program_before_the_reply() {
    let server = Server::start(GOOD, &[]).await;
    server.pool_until(|pool| pool.warm > 0).await;
    let mut late = Request::new(request("hang"));
    late.metadata_mut().insert("grpc-timeout", "300m".parse().unwrap());
    let status = bounded(server.timerless_client().execute(late)).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
    assert_eq!(server.engine.log.kills.load(Ordering::Relaxed), 1);
    server.stopped().await;
}

#[tokio::test]
async fn a_deadline_is_told_as_one_before_the_kill_is_confirmed() {
    let server = Server::start(GOOD, &[]).await;
    server.pool_until(|pool| pool.warm > 0).await;
    let mut late = Request::new(request("outlive kills"));
    late.metadata_mut().insert("grpc-timeout", "300m".parse().unwrap());
    let status = bounded(server.timerless_client().execute(late)).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
    assert!(status.message().contains("is being killed"), "{status}");
    assert_eq!(server.engine.log.kills.load(Ordering::Relaxed), 1);
    server.stopped().await;
}

#[tokio::test]
async fn a_deadline_in_the_past_runs_nothing() {
    let server = Server::start(GOOD, &[]).await;
    let mut late = Request::new(request("hello"));
    late.metadata_mut().insert("grpc-timeout", "0n".parse().unwrap());
    let status = bounded(server.timerless_client().execute(late)).await.unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status}");
    assert_eq!(server.engine.log.runs.load(Ordering::Relaxed), 0);
    server.stopped().await;
}

#[tokio::test]
async fn a_request_over_the_size_bound_is_told_the_bound() {
    let server = Server::start(GOOD, &[("KILN__SERVER__REQUEST_MIB", "1")]).await;
    let mut client = server.client().await;
    let file = File { path: "big".into(), content: vec![0; 2 << 20].into(), executable: false };
    let large = ExecuteRequest { files: vec![file], ..request("hello") };
    let status = bounded(client.execute(large.clone())).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    assert!(status.message().contains("larger than 1048576 bytes"), "{status}");
    assert!(status.get_error_details().bad_request().is_some());
    let first = ExecuteStreamRequest { message: Some(execute_stream_request::Message::Execute(large)) };
    let status = bounded(client.execute_stream(tokio_stream::iter([first]))).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    assert!(server.execute("hello").await.is_ok(), "the daemon goes on");
    server.stopped().await;
}

#[tokio::test]
async fn a_missing_image_names_the_command_that_mends_it() {
    let server = Server::start(Script { image: false, ..GOOD }, &[]).await;
    let status = server.execute("hello").await.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition, "{status}");
    assert!(status.message().contains("kiln images build python"), "{status}");
    server.engine.follow(GOOD);
    bounded(async { while server.execute("hello").await.is_err() {} }).await;
    server.stopped().await;
}

#[tokio::test]
async fn an_engine_that_dies_is_told_and_its_return_is_noticed() {
    let server = Server::start(Script { create: Step::Fails, ..GOOD }, &[]).await;
    let status = server.execute("hello").await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status}");
    assert!(status.get_error_details().retry_info().is_some());
    let health = get(server.http, "/health").await;
    assert!(health.starts_with("HTTP/1.1 503") && health.contains(r#""status":"unhealthy""#), "{health}");
    server.engine.follow(GOOD);
    bounded(async { while server.execute("hello").await.is_err() {} }).await;
    let health = get(server.http, "/health").await;
    assert!(health.starts_with("HTTP/1.1 200") && health.contains(r#""status":"healthy""#), "{health}");
    server.stopped().await;
}

/// The look at it comes every five seconds, and a container that is there needs no engine.
#[tokio::test]
async fn an_engine_that_does_not_answer_is_told_before_anybody_needs_it() {
    let server = Server::start(GOOD, &[]).await;
    assert!(server.execute("hello").await.is_ok());
    for (ping, words) in [(Step::Fails, "as scripted"), (Step::Works, r#""status":"healthy""#)] {
        server.engine.follow(Script { ping, ..GOOD });
        bounded(async { while !get(server.http, "/health").await.contains(words) {} }).await;
    }
    server.stopped().await;
}

#[tokio::test]
async fn health_has_every_entry_from_the_first_call_on() {
    let server = Server::start(Script { create: Step::Waits, ..GOOD }, &[]).await;
    let mut health = HealthClient::new(server.channel().await);
    let of = |service: &str| HealthCheckRequest { service: service.to_owned() };
    for service in ["", "kiln.v1.Executor", "kiln.v1.Pool", "kiln.language.python"] {
        let reply = bounded(health.check(of(service))).await.unwrap().into_inner();
        assert_eq!(reply.status(), ServingStatus::NotServing, "{service:?}");
    }
    server.engine.release();
    let mut changes = health.watch(of("kiln.language.python")).await.unwrap().into_inner();
    bounded(async { while changes.message().await.unwrap().unwrap().status() != ServingStatus::Serving {} })
        .await;
    server.stopped().await;
}

#[tokio::test]
async fn a_pool_that_stays_empty_is_told_after_the_longest_wait() {
    let script = Script { hello: Step::Hangs, ..GOOD };
    let server = Server::start(script, &[("KILN__POOL__LEASE_WAIT_SECONDS", "1")]).await;
    let status = server.execute("hello").await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted, "{status}");
    server.stopped().await;
}

#[tokio::test]
async fn shutdown_finishes_what_runs_and_refuses_what_comes() {
    let mut server = Server::start(Script { run: Step::Waits, ..GOOD }, &[]).await;
    server.pool_until(|pool| pool.warm == pool.min).await;
    let mut client = server.client().await;
    let running = tokio::spawn(async move { client.execute(request("hello")).await });
    server.pool_until(|pool| pool.leased == 1).await;
    server.stop();
    bounded(async { while !get(server.http, "/readyz").await.starts_with("HTTP/1.1 503") {} }).await;
    let refused = server.execute("late").await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable, "{refused}");
    assert!(get(server.http, "/livez").await.starts_with("HTTP/1.1 200"));
    server.engine.release();
    assert_eq!(bounded(running).await.unwrap().unwrap().into_inner().run.unwrap().stdout, b"hello");
    server.stopped().await;
}

#[tokio::test]
async fn shutdown_kills_what_does_not_end_in_time() {
    let server = Server::start(GOOD, &[("KILN__SERVER__SHUTDOWN_SECONDS", "1")]).await;
    let mut client = server.client().await;
    let running = tokio::spawn(async move { client.execute(request("hang")).await });
    until(|| server.engine.log.runs.load(Ordering::Relaxed) == 1).await;
    server.stopped().await;
    assert_eq!(bounded(running).await.unwrap().unwrap().into_inner().outcome(), Outcome::Cancelled);
}

#[tokio::test]
async fn a_stream_brings_output_as_it_comes_and_then_the_end() {
    let server = Server::start(GOOD, &[]).await;
    let mut answers = server
        .client()
        .await
        .execute_stream(tokio_stream::iter([first_message("flood")]))
        .await
        .unwrap()
        .into_inner();
    let (mut started, mut bytes, mut finished) = (0, 0, None);
    while let Some(answer) = bounded(answers.message()).await.unwrap() {
        assert!(finished.is_none(), "something comes after the end");
        match answer.message.unwrap() {
            execute_stream_response::Message::Started(_) => started += 1,
            execute_stream_response::Message::Stdout(content) => bytes += content.len(),
            execute_stream_response::Message::Finished(reply) => finished = Some(reply),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((started, bytes), (1, 4 << 20));
    let run = finished.unwrap().run.unwrap();
    assert!(run.stdout.is_empty(), "what was sent is not sent again");
    server.stopped().await;
}

#[tokio::test]
async fn a_reader_that_stalls_does_not_hold_up_others() {
    let server = Server::start(GOOD, &[]).await;
    let mut client = server.client().await;
    let stalled = client.execute_stream(tokio_stream::iter([first_message("flood")])).await.unwrap();
    for _ in 0..3 {
        assert!(server.execute("hello").await.is_ok());
    }
    drop(stalled);
    server.pool_until(|pool| pool.leased == 0).await;
    server.stopped().await;
}

#[tokio::test]
async fn a_stream_can_be_cancelled_and_refuses_what_is_not_served() {
    use execute_stream_request::Message;
    let server = Server::start(GOOD, &[]).await;
    let say = |message| ExecuteStreamRequest { message: Some(message) };

    let both = tokio_stream::iter([first_message("hang"), say(Message::Cancel(Cancel {}))]);
    let mut answers = server.client().await.execute_stream(both).await.unwrap().into_inner();
    let finished = loop {
        let answer = bounded(answers.message()).await.unwrap().expect("the end is told");
        if let Some(execute_stream_response::Message::Finished(reply)) = answer.message {
            break reply;
        }
    };
    assert_eq!(finished.outcome(), Outcome::Cancelled);

    for (messages, code) in [
        (vec![first_message("hang"), say(Message::Signal(65))], Code::InvalidArgument),
        (vec![first_message("hang"), first_message("hang")], Code::InvalidArgument),
        (vec![say(Message::Cancel(Cancel {}))], Code::InvalidArgument),
        (vec![], Code::InvalidArgument),
    ] {
        let status = bounded(async {
            let mut answers =
                server.client().await.execute_stream(tokio_stream::iter(messages)).await?.into_inner();
            while answers.message().await?.is_some() {}
            Ok::<(), Status>(())
        });
        assert_eq!(status.await.unwrap_err().code(), code);
    }
    server.stopped().await;
}

/// Every way a step can go, times every step; the client gives up in the middle; nothing may be left.
#[tokio::test]
async fn however_a_step_goes_and_whenever_the_client_leaves_nothing_is_left() {
    let with: [fn(Step) -> Script; 5] = [
        |create| Script { create, ..GOOD },
        |attach| Script { attach, ..GOOD },
        |hello| Script { hello, ..GOOD },
        |ready| Script { ready, ..GOOD },
        |run| Script { run, ..GOOD },
    ];
    for (number, script) in with.iter().enumerate() {
        for step in [Step::Works, Step::Fails, Step::Waits, Step::Hangs] {
            // A create that never returns cannot be: the engine's adapter bounds it.
            if (number, step) == (0, Step::Hangs) {
                continue;
            }
            let server = Server::start(script(step), &[("KILN__SERVER__SHUTDOWN_SECONDS", "1")]).await;
            let mut client = server.client().await;
            let leaver = tokio::spawn(async move { client.execute(request("hang")).await });
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
            leaver.abort();
            server.engine.release();
            let Server { engine, shutdown, running, .. } = server;
            shutdown.unwrap().send(()).unwrap();
            let ended = tokio::time::timeout(Duration::from_secs(20), running).await;
            ended.unwrap_or_else(|_| panic!("step {number}, {step:?}: it does not end")).unwrap().unwrap();
            assert_eq!(engine.left(), (0, 0), "step {number}, {step:?}");
        }
    }
}

/// One HTTP request, answered whole.
async fn get(address: SocketAddr, path: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream
        .write_all(format!("GET {path} HTTP/1.1\r\nhost: kiln\r\nconnection: close\r\n\r\n").as_bytes())
        .await
        .unwrap();
    let mut text = String::new();
    bounded(stream.read_to_string(&mut text)).await.unwrap();
    text
}
