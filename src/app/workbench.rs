//! What the command line does with the engine without a daemon: images are made, looked at and proven here.

use std::sync::Arc;

use bytes::Bytes;
use tokio_util::sync::CancellationToken;

use crate::admission::{Admission, AdmissionConfig};
use crate::builds::{Builds, BuildsConfig};
use crate::config::Config;
use crate::domain::{
    Execution, ExecutionId, Isolation, Outcome, Sink, SinkClosed, SourceFile, StageKind, StreamKind, Tenant,
};
use crate::engine::{Engine, EngineError};
use crate::executor::{ExecuteError, Executor};
use crate::language::{Catalogue, LanguageSpec, PoolBounds, SmokeProgram};
use crate::packages::Packages;
use crate::pool::{PackagePools, PoolConfig};
use crate::record::Record;
use crate::tasks::Tasks;

/// One container runs a program while the next is made.
const POOL: PoolBounds = PoolBounds { min: 1, max: 2 };

/// The engine and the languages of the settings.
#[derive(Debug)]
pub struct Workbench {
    config: Config,
    engine: Arc<dyn Engine>,
}

/// An image that does not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// A program could not be run.
    #[error("{program}: {source}")]
    NotRun {
        /// Its name.
        program: String,
        /// Why.
        source: ExecuteError,
    },
    /// A program did something else.
    #[error("{program}: {message}\nexpected {expected:?}\n     got {stdout:?}\n  stderr {stderr:?}")]
    Different {
        /// Its name.
        program: String,
        /// The outcome's sentence.
        message: String,
        /// What it should have written.
        expected: String,
        /// What it wrote.
        stdout: String,
        /// What it complained about.
        stderr: String,
    },
}

impl Workbench {
    /// Connects to the engine of the settings.
    ///
    /// # Errors
    /// When its address makes no sense.
    pub fn new(config: Config) -> Result<Self, EngineError> {
        let engine = super::engine(&config)?;
        Ok(Self { config, engine })
    }

    /// The engine.
    #[must_use]
    pub fn engine(&self) -> &dyn Engine {
        &*self.engine
    }

    /// The languages.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.config.catalogue
    }

    /// Runs the smoke programs of a language in real sandboxes; returns how many.
    ///
    /// # Errors
    /// The first program that does not do what it should.
    pub async fn prove(&self, language: &LanguageSpec) -> Result<usize, ProofError> {
        let mut catalogue = self.config.catalogue.clone();
        catalogue.retain(&language.id);
        catalogue.set_pool(&language.id, POOL);
        let instance = format!("kiln-proof-{}", uuid::Uuid::new_v4().simple());
        let engine = Arc::clone(&self.engine);
        // What proves an image needs no network.
        let packages = PackagePools { languages: Vec::new(), ..self.config.pool.packages.clone() };
        let config = PoolConfig { networked: Vec::new(), packages, ..self.config.pool.clone() };
        let pools = Arc::new(super::make_pools(config, &catalogue, engine, super::AGENTS, &instance));
        let admission = Arc::new(Admission::new(AdmissionConfig { in_flight_max: 1, queued_max: 0 }));
        let record = Record::new(self.config.record, &catalogue);
        // What proves an image is compiled in it.
        let builds = Builds::open(BuildsConfig::NONE);
        let tasks = Tasks::default();
        let engine = Arc::clone(&self.engine);
        let packages = Packages::new(self.config.packages.clone(), Arc::clone(&pools), engine, tasks.clone());
        let executor = Executor::new(admission, Arc::clone(&pools), builds, packages, record);
        pools.start(&tasks);
        let mut result = Ok(language.smoke.len());
        for program in &language.smoke {
            if let Err(error) = prove_program(&executor, language, program).await {
                result = Err(error);
                break;
            }
        }
        pools.close().await;
        tasks.stop_maintenance().await;
        result
    }
}

async fn prove_program(
    executor: &Executor,
    language: &LanguageSpec,
    program: &SmokeProgram,
) -> Result<(), ProofError> {
    let main = SourceFile {
        path: language.main_file.clone(),
        content: Bytes::from(program.code.clone()),
        executable: false,
    };
    let execution = Execution {
        id: ExecutionId::random(),
        language: language.id.clone(),
        files: vec![main],
        main: language.main_file.clone(),
        args: Vec::new(),
        env: Vec::new(),
        stdin: Bytes::new(),
        artifacts: None,
        terminal: None,
        is_held: false,
        has_network: false,
        packages: None,
        limits: language.limits,
        estimate: None,
        // The second program runs in the first one's container: that it can be reset is part of the proof.
        isolation: Isolation::Tenant,
        tenant: Tenant::new(""),
        labels: Vec::new(),
        deadline: None,
    };
    let mut said = Said::default();
    let name = || program.name.clone();
    let report = executor.execute(&execution, &mut said, &CancellationToken::new()).await;
    let (report, _settlement) = report.map_err(|source| ProofError::NotRun { program: name(), source })?;
    if report.verdict.outcome == Outcome::Succeeded && said.stdout == program.expected_stdout {
        return Ok(());
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Err(ProofError::Different {
        program: name(),
        message: report.verdict.message,
        expected: text(&program.expected_stdout),
        stdout: text(&said.stdout),
        stderr: text(&said.stderr),
    })
}

/// What a program wrote; the compiler's words count as complaints.
#[derive(Default)]
struct Said {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

#[async_trait::async_trait]
impl Sink for Said {
    async fn started(&mut self, _id: ExecutionId) -> Result<(), SinkClosed> {
        Ok(())
    }

    async fn output(
        &mut self,
        stage: StageKind,
        stream: StreamKind,
        content: Bytes,
    ) -> Result<(), SinkClosed> {
        match (stage, stream) {
            (StageKind::Run, StreamKind::Stdout) => self.stdout.extend_from_slice(&content),
            _ => self.stderr.extend_from_slice(&content),
        }
        Ok(())
    }
}
