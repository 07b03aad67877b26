//! From a request to an [`Execution`], or to all that is wrong with it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tonic::Status;
use tonic_types::FieldViolation;

use crate::domain::{
    ArtifactRequest, Estimate, Execution, ExecutionId, Isolation, LimitRequest, Limits, PackageSet,
    REQUIREMENTS_MAX, SourceFile, Tenant, TerminalSize,
};
use crate::language::{Catalogue, LanguageSpec};
use crate::proto;

use super::status;

/// Bytes of one source text. The interpreter or compiler reads it whole; nobody writes more by hand.
const CODE_BYTES_MAX: usize = 16 << 20;
/// Files of one request: each costs the agent a handful of system calls before the program starts.
pub(super) const FILES_MAX: usize = 1_000;
/// Bytes of a path and of each of its parts, as Linux has them.
const PATH_BYTES_MAX: usize = 4_096;
const PATH_PART_BYTES_MAX: usize = 255;
/// Bytes of all arguments and variables together, under the frame's bound and the kernel's.
const ARGS_AND_ENV_BYTES_MAX: usize = 256 << 10;
/// Bytes of one argument or variable: the kernel's MAX_ARG_STRLEN, its NUL included.
const STRING_BYTES_MAX: usize = (128 << 10) - 1;
/// Globs of one request, and bytes of each.
const GLOBS_MAX: usize = 32;
const GLOB_BYTES_MAX: usize = 256;
/// Bytes of all artifacts of an execution: what a stream passes on, and what an answer holds unless more is asked for.
const ARTIFACT_BYTES_MAX: u64 = 256 << 20;
const ARTIFACT_BYTES_UNARY: u64 = 3 << 20;
const LABELS_MAX: usize = 32;
const LABEL_BYTES_MAX: usize = 256;

/// How a request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    /// One message each way.
    Unary,
    /// Messages both ways.
    Stream,
}

/// Validates requests against the catalogue and the operator's ceilings.
#[derive(Debug)]
pub(super) struct Validator {
    pub(super) catalogue: Catalogue,
    pub(super) ceilings: Limits,
}

impl Validator {
    /// The most a request may ask of a language. What is fixed when its containers are created can only be lowered.
    pub(super) fn ceilings(&self, language: &LanguageSpec) -> Limits {
        let own = &language.limits;
        Limits {
            disk_bytes: own.disk_bytes,
            inodes: own.inodes,
            file_bytes: own.file_bytes,
            processes: own.processes,
            open_files: own.open_files,
            ..self.ceilings
        }
    }

    /// The execution that a request asks for.
    pub(super) fn execution(
        &self,
        request: proto::ExecuteRequest,
        call: Call,
        tenant: Tenant,
        deadline: Option<Instant>,
    ) -> Result<Execution, Status> {
        if !request.session_id.is_empty() {
            return Err(status::not_served("session_id"));
        }
        let mut wrong = Wrong::default();
        let language = self.language(&request.language, &mut wrong);
        check_strings(&request.args, &request.env, &mut wrong);
        check_labels(&request.labels, &mut wrong);
        check_files(&request.files, &mut wrong);
        let isolation = isolation(request.isolation, &mut wrong);
        let packages = packages(request.packages, &mut wrong);
        let artifacts = artifacts(request.artifacts, request.artifact_bytes, call, &mut wrong);
        let terminal = request.terminal.map(|size| terminal(size, "terminal", &mut wrong));
        if call == Call::Unary {
            for (field, is_set) in [("terminal", terminal.is_some()), ("hold", request.hold)] {
                if is_set {
                    wrong.say(field, "it is ExecuteStream's alone".to_owned());
                }
            }
        }
        let Some(language) = language else { return Err(status::invalid(wrong.0)) };
        let (files, main) = sources(request.code, request.files, request.entrypoint, language, &mut wrong);
        let estimate = is_without_wall_time(request.limits.as_ref())
            .then(|| language.estimator.estimate(language.limits.wall_time, &files, &main));
        let limits = self.limits(request.limits.as_ref(), language, estimate.as_ref(), &mut wrong);
        match limits {
            Some(limits) if wrong.0.is_empty() => Ok(Execution {
                id: ExecutionId::random(),
                language: language.id.clone(),
                files,
                main,
                args: request.args,
                env: BTreeMap::from_iter(request.env).into_iter().collect(),
                stdin: request.stdin.into(),
                artifacts,
                terminal,
                is_held: request.hold,
                has_network: request.network,
                packages,
                limits,
                estimate: estimate.map(|estimate| Estimate { wall_time: limits.wall_time, ..estimate }),
                isolation,
                tenant,
                labels: BTreeMap::from_iter(request.labels).into_iter().collect(),
                deadline,
            }),
            _ => Err(status::invalid(wrong.0)),
        }
    }

    fn language(&self, name: &str, wrong: &mut Wrong) -> Option<&LanguageSpec> {
        let found = self.catalogue.find(name);
        if found.is_none() {
            let known: Vec<_> = self.catalogue.languages().iter().map(|spec| spec.id.as_str()).collect();
            let what =
                if name.is_empty() { "it is required".to_owned() } else { format!("{name:?} is not known") };
            wrong.say("language", format!("{what}; this server has {}", known.join(", ")));
        }
        found.map(|spec| &**spec)
    }

    fn limits(
        &self,
        asked: Option<&proto::Limits>,
        language: &LanguageSpec,
        estimate: Option<&Estimate>,
        wrong: &mut Wrong,
    ) -> Option<Limits> {
        let asked = asked.copied().unwrap_or_default();
        let mut time = |field: &str, given: Option<prost_types::Duration>| {
            let given = given.filter(|given| given.seconds != 0 || given.nanos != 0)?;
            let converted = Duration::try_from(given);
            converted.map_err(|_| wrong.say(&format!("limits.{field}"), "it is negative".to_owned())).ok()
        };
        let amount = |given: u64| (given != 0).then_some(given);
        let request = LimitRequest {
            wall_time: time("wall_time", asked.wall_time),
            cpu_time: time("cpu_time", asked.cpu_time),
            compile_time: time("compile_time", asked.compile_time),
            memory_bytes: amount(asked.memory_bytes),
            output_bytes: amount(asked.output_bytes),
            disk_bytes: amount(asked.disk_bytes),
            inodes: amount(asked.inodes),
            file_bytes: amount(asked.file_bytes),
            processes: amount(asked.processes),
            open_files: amount(asked.open_files),
            stack_bytes: amount(asked.stack_bytes),
        };
        let mut default = language.limits;
        if let Some(estimate) = estimate {
            // A program that is expected to take longer may compute for longer.
            default.cpu_time += estimate.wall_time.saturating_sub(default.wall_time);
            default.wall_time = estimate.wall_time;
        }
        let settled = Limits::settle(&request, &default, &self.ceilings(language), language.memory_bytes_min);
        settled
            .map_err(|errors| {
                for error in errors {
                    wrong.say(&format!("limits.{}", error.field), error.to_string());
                }
            })
            .ok()
    }
}

fn is_without_wall_time(asked: Option<&proto::Limits>) -> bool {
    asked.and_then(|asked| asked.wall_time).is_none_or(|time| time.seconds == 0 && time.nanos == 0)
}

fn packages(requirements: Vec<String>, wrong: &mut Wrong) -> Option<PackageSet> {
    if requirements.len() > REQUIREMENTS_MAX {
        wrong.say("packages", format!("there are {}; the most is {REQUIREMENTS_MAX}", requirements.len()));
        return None;
    }
    PackageSet::new(requirements).unwrap_or_else(|error| {
        wrong.say(&format!("packages[{}]", error.index), error.reason);
        None
    })
}

/// The globs and their bound; none where nothing is asked for.
fn artifacts(globs: Vec<String>, bytes: u64, call: Call, wrong: &mut Wrong) -> Option<ArtifactRequest> {
    if globs.len() > GLOBS_MAX {
        wrong.say("artifacts", format!("there are {} of them; the most is {GLOBS_MAX}", globs.len()));
    }
    for (index, glob) in globs.iter().enumerate() {
        if glob.is_empty() || glob.len() > GLOB_BYTES_MAX || glob.starts_with('/') || glob.contains('\0') {
            let what = format!("a glob is relative, without NUL, and has 1 to {GLOB_BYTES_MAX} bytes");
            wrong.say(&format!("artifacts[{index}]"), what);
        }
    }
    if bytes > ARTIFACT_BYTES_MAX {
        wrong.say("artifact_bytes", format!("{bytes} is over {ARTIFACT_BYTES_MAX}, the most"));
    }
    let default = match call {
        Call::Unary => ARTIFACT_BYTES_UNARY,
        Call::Stream => ARTIFACT_BYTES_MAX,
    };
    let bytes_max = if bytes == 0 { default } else { bytes };
    (!globs.is_empty()).then_some(ArtifactRequest { globs, bytes_max })
}

/// A terminal's size.
pub(super) fn terminal(size: proto::TerminalSize, field: &str, wrong: &mut Wrong) -> TerminalSize {
    let mut side = |name: &str, given: u32| {
        let fits = u16::try_from(given).ok().filter(|given| *given > 0);
        fits.unwrap_or_else(|| {
            wrong.say(&format!("{field}.{name}"), format!("{given} is outside of 1 to {}", u16::MAX));
            1
        })
    };
    TerminalSize { rows: side("rows", size.rows), columns: side("columns", size.columns) }
}

fn isolation(number: i32, wrong: &mut Wrong) -> Isolation {
    match proto::Isolation::try_from(number) {
        Ok(proto::Isolation::OneShot) => Isolation::OneShot,
        Ok(proto::Isolation::Unspecified | proto::Isolation::Tenant) => Isolation::Tenant,
        Ok(proto::Isolation::Shared) => Isolation::Shared,
        Err(_) => {
            wrong.say("isolation", format!("{number} is not one of its values"));
            Isolation::OneShot
        }
    }
}

/// What is wrong so far. A hostile request cannot make the answer long.
#[derive(Default)]
pub(super) struct Wrong(pub(super) Vec<FieldViolation>);

impl Wrong {
    const MOST: usize = 16;

    pub(super) fn say(&mut self, field: &str, description: String) {
        if self.0.len() < Self::MOST {
            self.0.push(FieldViolation::new(field, description));
        }
    }
}

/// All files and the path of the main one.
fn sources(
    code: String,
    files: Vec<proto::File>,
    entrypoint: String,
    language: &LanguageSpec,
    wrong: &mut Wrong,
) -> (Vec<SourceFile>, String) {
    let mut sources: Vec<SourceFile> = files
        .into_iter()
        .map(|file| SourceFile { path: file.path, content: file.content, executable: file.executable })
        .collect();
    match (code.is_empty(), entrypoint.is_empty()) {
        (true, true) => {
            let what = "it is empty; send the program's text, or name one of `files` as `entrypoint`";
            wrong.say("code", what.to_owned());
        }
        (false, false) => {
            wrong.say("entrypoint", "`code` is the main file already; send one of the two".to_owned())
        }
        (true, false) => {
            if !sources.iter().any(|file| file.path == entrypoint) {
                wrong.say("entrypoint", format!("{entrypoint:?} is not among `files`"));
            }
            // A leading dash would be an option to the compiler or interpreter.
            if entrypoint.starts_with('-') {
                wrong.say("entrypoint", format!("{entrypoint:?} begins with a dash"));
            }
            return (sources, entrypoint);
        }
        (false, true) => {
            if code.len() > CODE_BYTES_MAX {
                wrong.say("code", format!("it has {} bytes; the most is {CODE_BYTES_MAX}", code.len()));
            }
            let main = &language.main_file;
            if sources.iter().any(|file| file.path == *main || is_below(&file.path, main)) {
                wrong.say("files", format!("{main:?} is where `code` is saved; send one of the two"));
            }
            let main = SourceFile { path: main.clone(), content: Bytes::from(code), executable: false };
            sources.push(main);
        }
    }
    (sources, language.main_file.clone())
}

pub(super) fn check_files(files: &[proto::File], wrong: &mut Wrong) {
    if files.len() > FILES_MAX {
        wrong.say("files", format!("there are {} of them; the most is {FILES_MAX}", files.len()));
        return;
    }
    let mut paths = BTreeSet::new();
    for (index, file) in files.iter().enumerate() {
        let field = format!("files[{index}].path");
        if let Err(reason) = check_path(&file.path) {
            wrong.say(&field, format!("{:?} {reason}", shortened(&file.path)));
        } else if !paths.insert(file.path.as_str()) {
            wrong.say(&field, format!("{:?} comes twice", shortened(&file.path)));
        }
    }
    for path in &paths {
        let ancestors = path.match_indices('/').map(|(end, _)| &path[..end]);
        if let Some(file) = ancestors.into_iter().find(|ancestor| paths.contains(ancestor)) {
            wrong.say("files", format!("{:?} is both a file and a directory", shortened(file)));
        }
    }
}

/// Whether a path can name a file of the workspace and nothing else. Links cannot be expressed at all.
pub(super) fn check_path(path: &str) -> Result<(), String> {
    if path.is_empty() {
        return Err("is empty".to_owned());
    }
    if path.contains('\0') {
        return Err("contains NUL".to_owned());
    }
    if path.len() > PATH_BYTES_MAX {
        return Err(format!("has {} bytes; the most is {PATH_BYTES_MAX}", path.len()));
    }
    if path.starts_with('/') {
        return Err("is absolute; paths are relative to the workspace".to_owned());
    }
    for part in path.split('/') {
        match part {
            "" => return Err("has an empty part".to_owned()),
            "." | ".." => return Err(format!("contains {part:?}; write the path without it")),
            long if long.len() > PATH_PART_BYTES_MAX => {
                return Err(format!("has a part of {} bytes; the most is {PATH_PART_BYTES_MAX}", long.len()));
            }
            _ => {}
        }
    }
    Ok(())
}

pub(super) fn is_below(path: &str, directory: &str) -> bool {
    path.strip_prefix(directory).is_some_and(|rest| rest.starts_with('/'))
}

pub(super) fn check_strings(
    args: &[String],
    env: &std::collections::HashMap<String, String>,
    wrong: &mut Wrong,
) {
    for (index, arg) in args.iter().enumerate() {
        if arg.contains('\0') || arg.len() > STRING_BYTES_MAX {
            wrong.say(
                &format!("args[{index}]"),
                format!("it contains NUL or has over {STRING_BYTES_MAX} bytes"),
            );
        }
    }
    for (name, value) in env {
        let field = format!("env[{:?}]", shortened(name));
        if name.is_empty() || name.contains(['=', '\0']) {
            wrong.say(&field, "a variable's name is not empty and has neither `=` nor NUL".to_owned());
        }
        if value.contains('\0') || name.len() + value.len() >= STRING_BYTES_MAX {
            wrong.say(&field, format!("it contains NUL or has over {STRING_BYTES_MAX} bytes"));
        }
    }
    // What each string costs beside its bytes: a pointer, as execve counts.
    let cost = |bytes: usize| bytes + size_of::<usize>();
    let args: usize = args.iter().map(|arg| cost(arg.len())).sum();
    let env: usize = env.iter().map(|(name, value)| cost(name.len() + value.len())).sum();
    if args + env > ARGS_AND_ENV_BYTES_MAX {
        wrong.say("args", format!("args and env have over {ARGS_AND_ENV_BYTES_MAX} bytes together"));
    }
}

fn check_labels(labels: &std::collections::HashMap<String, String>, wrong: &mut Wrong) {
    if labels.len() > LABELS_MAX {
        wrong.say("labels", format!("there are {} of them; the most is {LABELS_MAX}", labels.len()));
    }
    if labels.iter().any(|(name, value)| name.len() > LABEL_BYTES_MAX || value.len() > LABEL_BYTES_MAX) {
        wrong.say("labels", format!("one has over {LABEL_BYTES_MAX} bytes"));
    }
}

/// As much of a hostile name as an error message needs.
pub(super) fn shortened(text: &str) -> String {
    text.chars().take(100).collect()
}

#[cfg(test)]
mod tests;
