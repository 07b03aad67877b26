//! One installation: the installer's run, its archive, the layer.

use std::collections::BTreeMap;
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use tempfile::NamedTempFile;
use tokio::fs::File;
use tokio::io::AsyncWriteExt;
use tokio::task::spawn_blocking;

use crate::domain::{
    Execution, ExecutionId, Isolation, Outcome, PackageSet, Sink, SinkClosed, SourceFile, StageKind,
    StageOutput, StageReport, StreamKind, Tenant, Verdict, judge,
};
use crate::engine::{LAYER_LABEL, Layer};
use crate::language::{ImageCandidate, ImageSource, LanguageSpec, WORKSPACE_DIR};
use crate::pool::{Lease, PackageImage, Settlement};
use crate::sandbox::{Blueprint, BuildSource, Extent, Plan, SandboxError};

use super::error::PackagesError;
use super::layer;
use super::{Installed, Set, Shared};

/// The operator's certificate authorities, in the installer's workspace.
const AUTHORITIES_FILE: &str = "authorities.pem";
/// The end of what an installer says is what a caller is told.
const LAST_WORDS_BYTES: usize = 4 << 10;
const LAST_WORDS_LINES: usize = 6;
const LINE_CHARS_MAX: usize = 400;

impl Shared {
    /// The language in the image `reference`, which is made unless the engine has it from an earlier run.
    pub(super) async fn install(
        &self,
        blueprint: &Blueprint,
        packages: &PackageSet,
        reference: &str,
    ) -> Installed {
        let language = &blueprint.language;
        let no_place = || PackagesError::NoPlace {
            language: language.id.to_string(),
            image: blueprint.image.reference.clone(),
        };
        let directory = blueprint.image.packages.clone().ok_or_else(no_place)?;
        let is_new = self.engine.image(reference).await.map_err(broken)?.is_none();
        if is_new {
            let layer = self.archive(language, packages, &directory).await?;
            let labels = BTreeMap::from([
                (LAYER_LABEL.to_owned(), packages.to_string()),
                self.pools.owner().lasting_label(),
            ]);
            let layer = Layer {
                base: blueprint.image.reference.clone(),
                reference: reference.to_owned(),
                labels,
                archive: layer.path().to_owned(),
            };
            self.engine.add_layer(self.pools.owner(), &layer).await.map_err(broken)?;
        }
        let image = ImageCandidate {
            reference: reference.to_owned(),
            source: ImageSource::Local,
            ..blueprint.image.clone()
        };
        let language = Arc::new(language.in_image(image, self.pools.set_bounds()));
        let image = Arc::new(PackageImage { language, packages: packages.clone() });
        Ok(Set { image, is_new })
    }

    /// Runs the installer; what it made, ready for the engine.
    async fn archive(
        &self,
        language: &LanguageSpec,
        packages: &PackageSet,
        directory: &str,
    ) -> Result<NamedTempFile, PackagesError> {
        let Lease { warm, ticket, .. } = self.pools.lease_installer(&language.id).await?;
        let installing = Arc::clone(warm.blueprint());
        let execution = self.execution(&installing, packages);
        let source = BuildSource::Compiler { keep_bytes_max: 0 };
        let plan = Plan::new(&execution, &installing, &source, Extent::Whole).map_err(broken)?;
        let archive = new_file(self.config.directory.as_deref()).await?;
        let mut sink = ArchiveSink::into(archive.path()).await.map_err(broken)?;
        let cancel = self.tasks.cancellation();
        let run = warm.begin().run(execution.id, &plan, &*self.engine, &mut sink, None, &cancel);
        let (ran, result, disposition) = run.await;
        drop(Settlement::new(ticket, disposition));
        match result {
            Ok(()) => {}
            Err(SandboxError::CallerGone) => {
                return Err(PackagesError::Broken { reason: sink.failure() });
            }
            Err(error) => return Err(broken(error)),
        }
        let report = ran.run.map(|evidence| StageReport { evidence, output: StageOutput::default() });
        let verdict = judge(None, report.as_ref(), &execution.limits);
        if verdict.outcome != Outcome::Succeeded {
            return Err(refusal(&installing.language, packages, &verdict, &sink.words()));
        }
        sink.finish().await.map_err(broken)?;
        let layer = new_file(self.config.directory.as_deref()).await?;
        let (from, to) = (archive.reopen().map_err(broken)?, layer.reopen().map_err(broken)?);
        let leave_out = language.installer.as_ref().map(|installer| installer.leave_out.clone());
        let (directory, leave_out) = (directory.to_owned(), leave_out.unwrap_or_default());
        let rewritten = spawn_blocking(move || {
            layer::rewrite(io::BufReader::new(from), io::BufWriter::new(to), &directory, &leave_out)
        });
        let refused = |error: layer::LayerError| PackagesError::Refused {
            packages: packages.to_string(),
            reason: error.to_string(),
        };
        rewritten.await.map_err(broken)?.map_err(refused)?;
        Ok(layer)
    }

    fn execution(&self, blueprint: &Blueprint, packages: &PackageSet) -> Execution {
        let language = &blueprint.language;
        let mut env = Vec::new();
        let mut files = Vec::new();
        if let Some(installer) = &language.installer {
            let index = self.config.index.get(&language.id);
            env.extend(index.map(|index| (installer.index_env.clone(), index.clone())));
            if let Some(authorities) = &self.config.authorities {
                let path = format!("{WORKSPACE_DIR}/{AUTHORITIES_FILE}");
                env.push((installer.authorities_env.clone(), path));
                let (path, content) = (AUTHORITIES_FILE.to_owned(), authorities.clone());
                files.push(SourceFile { path, content, executable: false });
            }
        }
        Execution {
            id: ExecutionId::random(),
            language: language.id.clone(),
            files,
            main: language.main_file.clone(),
            args: packages.requirements().to_vec(),
            env,
            stdin: Bytes::new(),
            limits: language.limits,
            estimate: None,
            artifacts: None,
            terminal: None,
            is_held: false,
            has_network: true,
            packages: None,
            isolation: Isolation::OneShot,
            tenant: Tenant::new(""),
            labels: Vec::new(),
            deadline: None,
        }
    }
}

fn broken(error: impl std::fmt::Display) -> PackagesError {
    PackagesError::Broken { reason: error.to_string() }
}

/// Removed when it is dropped; for the daemon alone.
async fn new_file(directory: Option<&Path>) -> Result<NamedTempFile, PackagesError> {
    let directory = directory.map_or_else(std::env::temp_dir, Path::to_owned);
    let made = spawn_blocking(move || {
        DirBuilder::new().recursive(true).mode(0o700).create(&directory)?;
        NamedTempFile::with_prefix_in("packages-", &directory)
    });
    made.await.map_err(broken)?.map_err(broken)
}

/// What a caller is told of an installer that has failed.
fn refusal(language: &LanguageSpec, packages: &PackageSet, verdict: &Verdict, words: &str) -> PackagesError {
    let packages = packages.to_string();
    let lines: Vec<_> = words.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let away = language.installer.iter().flat_map(|installer| &installer.index_away);
    let is_away = |line: &&&str| away.clone().any(|word| line.contains(word.as_str()));
    let setting = match verdict.outcome {
        Outcome::WallTimeExceeded | Outcome::CpuTimeExceeded => Some("packages.install_seconds"),
        Outcome::MemoryExceeded | Outcome::OutputExceeded | Outcome::DiskExceeded => Some("packages.set_mib"),
        _ => None,
    };
    if let Some(setting) = setting {
        let reason = format!("of its installer, {}; the operator's bound is {setting}", verdict.message);
        return PackagesError::Refused { packages, reason };
    }
    if let Some(line) = lines.iter().rfind(is_away) {
        let reason = line.chars().take(LINE_CHARS_MAX).collect();
        return PackagesError::IndexAway { packages, reason };
    }
    let last = lines[lines.len().saturating_sub(LAST_WORDS_LINES)..].join("\n");
    let mib = language.limits.output_bytes >> 20;
    let ended = &verdict.message;
    let reason = format!(
        "of its installer, for a set of {mib} MiB at most (packages.set_mib), {ended}; it says\n{last}"
    );
    PackagesError::Refused { packages, reason }
}

/// Takes an archive from standard output into a file, and the last words from standard error.
struct ArchiveSink {
    file: File,
    failure: Option<io::Error>,
    words: Vec<u8>,
}

impl ArchiveSink {
    async fn into(path: &Path) -> io::Result<Self> {
        Ok(Self { file: File::create(path).await?, failure: None, words: Vec::new() })
    }

    fn words(&self) -> String {
        String::from_utf8_lossy(&self.words).into_owned()
    }

    fn failure(&self) -> String {
        self.failure.as_ref().map_or_else(String::new, ToString::to_string)
    }

    async fn finish(mut self) -> io::Result<()> {
        self.file.flush().await
    }
}

#[async_trait]
impl Sink for ArchiveSink {
    async fn started(&mut self, _id: ExecutionId) -> Result<(), SinkClosed> {
        Ok(())
    }

    async fn output(
        &mut self,
        _stage: StageKind,
        stream: StreamKind,
        content: Bytes,
    ) -> Result<(), SinkClosed> {
        match stream {
            StreamKind::Stdout => {
                let written = self.file.write_all(&content).await;
                written.map_err(|error| {
                    self.failure = Some(error);
                    SinkClosed
                })
            }
            StreamKind::Stderr => {
                self.words.extend_from_slice(&content);
                let surplus = self.words.len().saturating_sub(LAST_WORDS_BYTES);
                self.words.drain(..surplus);
                Ok(())
            }
        }
    }
}
