//! An engine that follows a script, and agents that do what the program's text says.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt;
use kiln::engine::{
    Access, AgentPipe, BuildSpec, ContainerId, ContainerSpec, Engine, EngineError, EngineInfo, Fate, Fencing,
    ImageFacts, Layer, Network, Owner, Piece, Progress, Volume, VolumeFile,
};
use kiln::wire::{
    AgentMessage, CgroupVersion, DIRECT_TOKEN_BYTES, Decoder, DirectOffer, Ending, Exit, HostMessage,
    KillCause, MAGIC, Stage, StageReport, Stored, Stream, Usage, VERSION, encode,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::watch;
use tokio_util::io::ReaderStream;

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Works,
    Fails,
    /// Works once [`FakeEngine::release`] was called.
    Waits,
    /// Does not end.
    Hangs,
}

/// The steps of a container's life that a test can script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Script {
    pub(crate) ping: Step,
    pub(crate) create: Step,
    pub(crate) attach: Step,
    pub(crate) hello: Step,
    pub(crate) ready: Step,
    pub(crate) run: Step,
    pub(crate) reset: Step,
    /// Whether the agent takes its container for one that can be proven clean.
    pub(crate) resettable: bool,
    pub(crate) image: bool,
    /// The engine's architecture.
    pub(crate) arch: &'static str,
    /// Whether the engine says that it maps uids.
    pub(crate) user_namespace: bool,
    /// Whether containers go on when their agent is left.
    pub(crate) linger: bool,
    /// How many names turn out to be another daemon's.
    pub(crate) names_taken: usize,
}

pub(crate) const GOOD: Script = Script {
    ping: Step::Works,
    create: Step::Works,
    attach: Step::Works,
    hello: Step::Works,
    ready: Step::Works,
    run: Step::Works,
    reset: Step::Works,
    resettable: true,
    image: true,
    arch: kiln::app::AGENTS[0].arch,
    user_namespace: false,
    linger: false,
    names_taken: 0,
};

/// What the agents were told and did.
#[derive(Debug, Default)]
pub(crate) struct Log {
    pub(crate) kills: AtomicU32,
    pub(crate) runs: AtomicU32,
    pub(crate) created: AtomicU32,
    pub(crate) destroyed: AtomicU32,
    /// The uid of each reset.
    pub(crate) resets: Mutex<Vec<u32>>,
    /// The names that containers were to have.
    pub(crate) names: Mutex<Vec<String>>,
}

#[derive(Debug)]
pub(crate) struct FakeEngine {
    script: watch::Sender<Script>,
    released: Arc<watch::Sender<bool>>,
    containers: Mutex<BTreeSet<String>>,
    volumes: Mutex<BTreeSet<String>>,
    /// The agent that was put into a volume last.
    pub(crate) agent: Mutex<Vec<u8>>,
    pub(crate) log: Arc<Log>,
}

impl FakeEngine {
    pub(crate) fn new(script: Script) -> Arc<Self> {
        Arc::new(Self {
            script: watch::Sender::new(script),
            released: Arc::new(watch::Sender::new(false)),
            containers: Mutex::default(),
            volumes: Mutex::default(),
            agent: Mutex::default(),
            log: Arc::default(),
        })
    }

    /// What happens from now on.
    pub(crate) fn follow(&self, script: Script) {
        let _ = self.script.send_replace(script);
    }

    /// Lets everything that waits go on.
    pub(crate) fn release(&self) {
        let _ = self.released.send_replace(true);
    }

    /// Containers and volumes that exist.
    pub(crate) fn left(&self) -> (usize, usize) {
        (self.containers.lock().unwrap().len(), self.volumes.lock().unwrap().len())
    }

    async fn step(&self, step: Step) -> Result<(), EngineError> {
        take(step, &self.released)
            .await
            .map_err(|()| EngineError::Unavailable { reason: "as scripted".to_owned() })
    }
}

async fn take(step: Step, released: &watch::Sender<bool>) -> Result<(), ()> {
    match step {
        Step::Works => Ok(()),
        Step::Fails => Err(()),
        Step::Waits => {
            let _ = released.subscribe().wait_for(|released| *released).await;
            Ok(())
        }
        Step::Hangs => std::future::pending().await,
    }
}

#[async_trait]
impl Engine for FakeEngine {
    async fn ping(&self) -> Result<(), EngineError> {
        let ping = self.script.borrow().ping;
        self.step(ping).await
    }

    async fn info(&self) -> Result<EngineInfo, EngineError> {
        Ok(EngineInfo {
            version: "fake".into(),
            api_version: "1.41".into(),
            arch: self.script.borrow().arch.into(),
            cpus: 2,
            memory_bytes: 1 << 34,
            cgroup_version: "2".into(),
            storage_driver: "none".into(),
            user_namespace: self.script.borrow().user_namespace,
        })
    }

    async fn image(&self, reference: &str) -> Result<Option<ImageFacts>, EngineError> {
        Ok(self
            .script
            .borrow()
            .image
            .then(|| ImageFacts { id: reference.to_owned(), labels: BTreeMap::new() }))
    }

    async fn pull(&self, _: &str, _: Progress<'_>) -> Result<(), EngineError> {
        Ok(())
    }

    async fn build(&self, _: &BuildSpec, _: Progress<'_>) -> Result<(), EngineError> {
        Ok(())
    }

    async fn fill_volume(&self, volume: &Volume, _: &str, files: Vec<VolumeFile>) -> Result<(), EngineError> {
        let is_agent = |file: &VolumeFile| file.path == "agent" && file.access == Access::Execute;
        if let Some(agent) = files.into_iter().find(is_agent) {
            *self.agent.lock().unwrap() = agent.content;
        }
        self.volumes.lock().unwrap().insert(volume.name.clone());
        Ok(())
    }

    async fn add_layer(&self, _: &Owner, _: &Layer) -> Result<(), EngineError> {
        Ok(())
    }

    async fn layers(&self, _: &Owner) -> Result<Vec<String>, EngineError> {
        Ok(Vec::new())
    }

    async fn remove_layer(&self, _: &str) -> Result<(), EngineError> {
        Ok(())
    }

    async fn open_network(&self, network: &Network, _: &Fencing) -> Result<(), EngineError> {
        self.volumes.lock().unwrap().insert(network.name.clone());
        Ok(())
    }

    async fn close_network(&self, network: &Network, _: &Fencing) -> Result<(), EngineError> {
        self.volumes.lock().unwrap().remove(&network.name);
        Ok(())
    }

    async fn create(&self, spec: &ContainerSpec) -> Result<ContainerId, EngineError> {
        let Script { create, names_taken, .. } = *self.script.borrow();
        self.step(create).await?;
        let asked = {
            let mut names = self.log.names.lock().unwrap();
            names.push(spec.name.clone());
            names.len()
        };
        if asked <= names_taken {
            return Err(EngineError::NameTaken { name: spec.name.clone() });
        }
        let number = self.log.created.fetch_add(1, Ordering::Relaxed);
        let id = format!("fake-container-{number:04}");
        self.containers.lock().unwrap().insert(id.clone());
        Ok(ContainerId(id))
    }

    async fn attach(&self, id: &ContainerId, _: &[&str]) -> Result<AgentPipe, EngineError> {
        let script = *self.script.borrow();
        self.step(script.attach).await?;
        assert!(self.containers.lock().unwrap().contains(&id.0), "attached to a container that is gone");
        let (host_in, agent_in) = tokio::io::duplex(1 << 20);
        let (agent_out, host_out) = tokio::io::duplex(1 << 20);
        let agent = FakeAgent {
            input: agent_in,
            output: agent_out,
            decoder: Decoder::default(),
            log: Arc::clone(&self.log),
        };
        tokio::spawn(agent.live(script, Arc::clone(&self.released)));
        let output = ReaderStream::new(host_out).map(|piece| Ok(Piece::Stdout(piece.unwrap())));
        let fate = Box::pin(async { Fate { words: "its script said so".to_owned(), is_for_memory: false } });
        let reach = Box::new(|_, _| Box::pin(async { None }) as _);
        Ok(AgentPipe { input: Box::pin(host_in), output: Box::pin(output), fate, reach })
    }

    async fn resize(&self, _: &ContainerId, _: u64) -> Result<(), EngineError> {
        Ok(())
    }

    async fn gone_within(&self, id: &ContainerId, _: Duration) -> Result<bool, EngineError> {
        let leaves = !self.script.borrow().linger;
        if leaves {
            self.containers.lock().unwrap().remove(&id.0);
        }
        Ok(leaves)
    }

    async fn destroy(&self, id: &ContainerId) -> Result<(), EngineError> {
        self.log.destroyed.fetch_add(1, Ordering::Relaxed);
        self.containers.lock().unwrap().remove(&id.0);
        Ok(())
    }

    async fn owned(&self, _: &Owner, _: bool) -> Result<Vec<ContainerId>, EngineError> {
        Ok(Vec::new())
    }

    async fn remove_volumes(&self, _: &Owner, others: bool) -> Result<usize, EngineError> {
        if others {
            return Ok(0);
        }
        Ok(std::mem::take(&mut *self.volumes.lock().unwrap()).len())
    }
}

struct FakeAgent {
    input: DuplexStream,
    output: DuplexStream,
    decoder: Decoder,
    log: Arc<Log>,
}

impl FakeAgent {
    /// Ends when the daemon hangs up or the script says so; both close the streams.
    async fn live(mut self, script: Script, released: Arc<watch::Sender<bool>>) {
        if take(script.hello, &released).await.is_err() {
            return;
        }
        let direct = DirectOffer { descriptor: 0, token: [0; DIRECT_TOKEN_BYTES] };
        self.send(&AgentMessage::Hello { magic: MAGIC, version: VERSION, direct }).await;
        let Some(HostMessage::Setup(_)) = self.receive().await else { return };
        if take(script.ready, &released).await.is_err() {
            return;
        }
        let toolchain = "fake 1".to_owned();
        let cgroup = CgroupVersion::V2;
        let unresettable = if script.resettable { "" } else { "as scripted" }.to_owned();
        self.send(&AgentMessage::Ready { cgroup, toolchain, standby: true, unresettable }).await;
        let mut code = String::new();
        loop {
            match self.receive().await {
                Some(HostMessage::File { content, .. }) => code = String::from_utf8(content).unwrap(),
                Some(HostMessage::Run(_)) => {
                    if take(script.run, &released).await.is_err() {
                        return;
                    }
                    self.log.runs.fetch_add(1, Ordering::Relaxed);
                    if self.run(&code).await.is_break() {
                        return;
                    }
                }
                Some(HostMessage::Reset { uid, program }) => {
                    if take(script.reset, &released).await.is_err() {
                        return;
                    }
                    self.log.resets.lock().unwrap().push(uid);
                    let answer = match code.as_str() {
                        "leave something" => AgentMessage::Unclean("as scripted".to_owned()),
                        _ => {
                            AgentMessage::Clean { standby: true, program: program.is_some(), reset_micros: 1 }
                        }
                    };
                    self.send(&answer).await;
                }
                Some(_) => {}
                None => return,
            }
        }
    }

    /// The program's text says what it does. A break ends the agent.
    async fn run(&mut self, code: &str) -> ControlFlow<()> {
        match code {
            "break before start" => return ControlFlow::Break(()),
            "garbage" => {
                self.write(&[0xff; 32]).await;
                return ControlFlow::Break(());
            }
            _ => self.send(&AgentMessage::Started(Stage::Run)).await,
        }
        match code {
            "break after start" => return ControlFlow::Break(()),
            "hang" => {
                while let Some(message) = self.receive().await {
                    if message == HostMessage::Kill {
                        self.log.kills.fetch_add(1, Ordering::Relaxed);
                        self.end(Exit::Signal(9), Some(KillCause::Host)).await;
                        return ControlFlow::Continue(());
                    }
                }
                return ControlFlow::Break(());
            }
            "outlive kills" => {
                while let Some(message) = self.receive().await {
                    if message == HostMessage::Kill {
                        self.log.kills.fetch_add(1, Ordering::Relaxed);
                    }
                }
                return ControlFlow::Break(());
            }
            "flood" => {
                for _ in 0..64 {
                    self.say(&vec![b'x'; 64 * 1024]).await;
                }
            }
            other => self.say(other.as_bytes()).await,
        }
        self.end(Exit::Code(0), None).await;
        ControlFlow::Continue(())
    }

    async fn say(&mut self, bytes: &[u8]) {
        let content = bytes.to_vec();
        self.send(&AgentMessage::Output { stage: Stage::Run, stream: Stream::Stdout, content }).await;
    }

    async fn end(&mut self, exit: Exit, killed: Option<KillCause>) {
        let (ending, usage) = (Ending::Exited(exit), Usage::default());
        let report = StageReport {
            stage: Stage::Run,
            ending,
            killed,
            oom_kills: 0,
            dropped: [0, 0],
            stored: Stored::default(),
            usage,
        };
        self.send(&AgentMessage::Ended(report)).await;
        self.send(&AgentMessage::Finished).await;
    }

    async fn receive(&mut self) -> Option<HostMessage> {
        loop {
            if let Some(message) = self.decoder.decode().unwrap() {
                return Some(message);
            }
            let mut buffer = vec![0; 64 * 1024];
            match self.input.read(&mut buffer).await.unwrap_or(0) {
                0 => return None,
                bytes => self.decoder.push(&buffer[..bytes]),
            }
        }
    }

    async fn send(&mut self, message: &AgentMessage) {
        self.write(&encode(message).unwrap()).await;
    }

    /// A daemon that has hung up does not hear it.
    async fn write(&mut self, bytes: &[u8]) {
        let _ = self.output.write_all(bytes).await;
    }
}
