//! A container that waits for its program, and how one is made.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::timeout;

use crate::engine::{ContainerId, ContainerSpec, Engine, EngineError, Owner, Tmpfs};
use crate::language::{BUILD_DIR, ImageCandidate, LanguageSpec, MOUNT_DIR, Standby, TMP_DIR, WORKSPACE_DIR};
use crate::wire::{AgentMessage, DirectOffer, HostMessage, MAGIC, Setup, StandbySpec, VERSION};

use super::busy::Busy;
use super::error::SandboxError;
use super::handle::{Graves, Handle, Lot};
use super::plan::job_limits;
use super::session::Session;
use super::uids::UidSpace;

/// Where the agent is in its volume.
const AGENT_PATH: &str = "/kiln/agent";
/// How many blocks of uids may turn out to be another daemon's: all that an engine in a user namespace has.
const NAMES_TRIED_MAX: u32 = UidSpace::NARROW.blocks();
/// Bounds of the handshake, in seconds: an exec on a busy engine, and an interpreter's start on a busy machine.
const HELLO_SECONDS_MAX: u64 = 30;
pub(super) const READY_SECONDS_MAX: u64 = 60;
/// Processes that are not the program's: PID 1, the agent, an interpreter that forks those that wait, two that hold the memory of
/// an interpreter and of a compiler, and a spare for a fork that has not become a job yet.
const OWN_PROCESSES: u64 = 6;

/// Everything that a language's containers have in common.
#[derive(Debug, Clone)]
pub struct Blueprint {
    /// The language.
    pub language: Arc<LanguageSpec>,
    /// The image in use.
    pub image: ImageCandidate,
    /// Its content digest.
    pub image_id: String,
    /// Whose containers these are.
    pub owner: Owner,
    /// The agent's volume.
    pub volume: String,
    /// The network that they are in, if any.
    pub network: Option<String>,
    /// CPU quota in thousandths.
    pub cpu_millis: u32,
    /// Whether the toolchain's version is still to be asked.
    pub ask_version: bool,
}

/// What a fresh agent said of its container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Greeting {
    /// The toolchain's version; empty where it was not asked.
    pub toolchain: String,
    /// Whether an interpreter waits.
    pub standby: bool,
    /// Why containers like this one cannot serve twice; empty where they can.
    pub unresettable: String,
    /// Whether it is spoken to without the engine between.
    pub direct: bool,
}

/// A container in which nothing is of an earlier job, its agent attached.
pub struct Warm {
    handle: Handle,
    session: Session,
    blueprint: Arc<Blueprint>,
    /// Since when it has been ready.
    since: Instant,
    /// The build of the program that waits in it, if one does.
    program: Option<String>,
}

impl fmt::Debug for Warm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Warm").field("container", &self.handle.container).finish_non_exhaustive()
    }
}

/// How well a container serves a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fitness {
    /// Another program waits in it.
    ForAnother,
    /// None does.
    Plain,
    /// The program itself waits in it.
    Waiting,
}

/// A container without its agent.
#[derive(Debug)]
pub struct Cold {
    handle: Handle,
    blueprint: Arc<Blueprint>,
    uid: u32,
}

impl Cold {
    /// Makes a container. Must be driven to its end: a container that the engine makes for nobody is found only by its label.
    ///
    /// # Errors
    /// The engine's.
    pub async fn create(
        engine: &dyn Engine,
        blueprint: Arc<Blueprint>,
        mut lot: Lot,
        graves: Graves,
    ) -> Result<Self, SandboxError> {
        for _ in 0..NAMES_TRIED_MAX {
            let uid = lot.next_uid().ok_or_else(SandboxError::no_uid)?;
            match engine.create(&container_spec(&blueprint, lot.container_name(), uid)).await {
                Ok(container) => {
                    let memory_bytes = blueprint.language.limits.memory_bytes;
                    return Ok(Self {
                        handle: Handle::new(container, memory_bytes, lot, graves),
                        blueprint,
                        uid,
                    });
                }
                // These uids are those of another daemon's container.
                Err(EngineError::NameTaken { .. }) => {
                    lot = lot.with_other_uids().ok_or_else(SandboxError::no_uid)?;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(SandboxError::no_uid())
    }

    /// Attaches its agent and waits until that is ready. On any error, or when dropped, the container is buried.
    ///
    /// # Errors
    /// The engine's, or a handshake that failed.
    pub async fn warm_up(self, engine: &dyn Engine) -> Result<(Warm, Greeting), SandboxError> {
        let Self { mut handle, blueprint, uid } = self;
        let pipe = engine.attach(&handle.container, &[AGENT_PATH, "agent"]).await?;
        let mut session = Session::new(pipe);
        let offer = hello(&mut session).await?;
        let direct = session.go_direct(offer).await;
        session.writer.send(&[HostMessage::Setup(setup(&blueprint, uid))]).await?;
        let seconds = READY_SECONDS_MAX;
        let ready = timeout(Duration::from_secs(seconds), session.reader.receive()).await;
        match ready.map_err(|_| SandboxError::Silent { what: "get ready", seconds })?? {
            AgentMessage::Ready { toolchain, standby, unresettable, .. } => {
                handle.resettable = unresettable.is_empty();
                handle.has_agent = true;
                let warm = Warm { handle, session, blueprint, since: Instant::now(), program: None };
                Ok((warm, Greeting { toolchain, standby, unresettable, direct }))
            }
            other => Err(unexpected(&other)),
        }
    }
}

fn setup(blueprint: &Blueprint, uid: u32) -> Setup {
    let language = &blueprint.language;
    let env = language.environment(&blueprint.image);
    let waiting = |standby: &Standby, argv| StandbySpec {
        argv,
        env: [env.clone(), language.standby_environment(standby)].concat(),
        limits: job_limits(&language.limits, blueprint.cpu_millis),
        forks: standby.forks,
        rest_micros: standby.rest.as_micros() as u64,
    };
    let compile_standby =
        language.compile_standby(&blueprint.image).map(|(standby, argv)| waiting(standby, argv));
    let standby = language
        .standby(&blueprint.image)
        .map(|standby| waiting(standby, language.run_argv(&language.main_file)));
    let version_argv = if blueprint.ask_version { language.version.clone() } else { Vec::new() };
    Setup {
        workspace: WORKSPACE_DIR.to_owned(),
        build: BUILD_DIR.to_owned(),
        uid,
        compile_standby,
        standby,
        version_argv,
        env,
    }
}

impl Warm {
    /// One that has served and is proven clean.
    pub(super) fn again(
        handle: Handle,
        session: Session,
        blueprint: Arc<Blueprint>,
        program: Option<String>,
    ) -> Self {
        Self { handle, session, blueprint, since: Instant::now(), program }
    }

    /// How well it serves a program that comes from the build `wanted`: best where that waits in it, worst where another does, which
    /// somebody may ask for.
    #[must_use]
    pub fn fitness(&self, wanted: Option<&str>) -> Fitness {
        match self.program.as_deref() {
            None => Fitness::Plain,
            Some(waiting) if wanted == Some(waiting) => Fitness::Waiting,
            Some(_) => Fitness::ForAnother,
        }
    }

    /// Whether nothing has run in it.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        self.handle.uses == 0
    }

    /// How long it has waited for a job.
    #[must_use]
    pub fn idle(&self) -> Duration {
        self.since.elapsed()
    }

    /// Whether the agent still holds its end of the stream; costs no message.
    #[must_use]
    pub fn is_alive(&mut self) -> bool {
        self.handle.has_agent &= self.session.is_quiet();
        self.handle.has_agent
    }

    /// Age of the container.
    #[must_use]
    pub fn age(&self) -> Duration {
        Instant::now() - self.handle.born
    }

    /// The engine's id.
    #[must_use]
    pub fn container(&self) -> &ContainerId {
        &self.handle.container
    }

    /// What it was made of.
    #[must_use]
    pub fn blueprint(&self) -> &Arc<Blueprint> {
        &self.blueprint
    }

    /// Starts its next use.
    #[must_use]
    pub fn begin(mut self) -> Busy {
        self.handle.uses += 1;
        Busy::new(self.handle, self.session, self.blueprint)
    }
}

async fn hello(session: &mut Session) -> Result<DirectOffer, SandboxError> {
    let seconds = HELLO_SECONDS_MAX;
    let first = timeout(Duration::from_secs(seconds), session.reader.receive()).await;
    match first.map_err(|_| SandboxError::Silent { what: "say hello", seconds })?? {
        AgentMessage::Hello { magic: MAGIC, version: VERSION, direct } => Ok(direct),
        other => Err(unexpected(&other)),
    }
}

pub(super) fn unexpected(message: &AgentMessage) -> SandboxError {
    SandboxError::Malformed { reason: format!("{message:?} is out of order"), last_words: String::new() }
}

fn container_spec(blueprint: &Blueprint, name: String, uid: u32) -> ContainerSpec {
    let limits = &blueprint.language.limits;
    let tmpfs = |path: &str, owner| Tmpfs {
        path: path.to_owned(),
        bytes: limits.disk_bytes,
        inodes: limits.inodes,
        owner,
    };
    ContainerSpec {
        name,
        image: blueprint.image.reference.clone(),
        argv: vec![AGENT_PATH.to_owned(), "init".to_owned()],
        owner: blueprint.owner.clone(),
        language: blueprint.language.id.to_string(),
        network: blueprint.network.clone(),
        memory_bytes: limits.memory_bytes,
        cpu_millis: blueprint.cpu_millis,
        processes: limits.processes + OWN_PROCESSES,
        tmpfs: vec![tmpfs(WORKSPACE_DIR, Some(uid)), tmpfs(BUILD_DIR, Some(uid)), tmpfs(TMP_DIR, None)],
        shm_bytes: limits.disk_bytes,
        volume: blueprint.volume.clone(),
        volume_path: MOUNT_DIR.to_owned(),
    }
}
