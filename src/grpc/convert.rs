//! From Kiln's own types to the API's messages.

use std::time::Duration;

use crate::domain::{
    Artifact, ArtifactHead, Estimate, Exit, KillCause, Limits, Outcome, Report, StageEvidence, StageReport,
    Timings,
};
use crate::health::LanguageHealth;
use crate::language::ImageCandidate;
use crate::pool::{PoolSnapshot, Purpose, Readiness};
use crate::proto;

pub(super) fn response(report: Report) -> proto::ExecuteResponse {
    proto::ExecuteResponse {
        execution_id: report.id.to_string(),
        outcome: outcome(report.verdict.outcome).into(),
        message: report.verdict.message,
        compile: report.compile.map(stage),
        run: report.run.map(stage),
        artifacts: report.artifacts.into_iter().map(artifact).collect(),
        timings: Some(timings(&report.timings)),
        placement: report.placement.map(|placement| proto::Placement {
            container_id: placement.container,
            image: placement.image,
            pool_hit: placement.pool_hit,
            container_uses: placement.uses,
            compile_cached: placement.compile_cached,
        }),
        hints: [report.advice, report.hints].concat(),
        estimate: report.estimate.map(estimate),
    }
}

fn estimate(estimate: Estimate) -> proto::Estimate {
    let rules = estimate.fired.iter().map(|rule| format!("{}: {} s", rule.name, rule.added.as_secs()));
    proto::Estimate { wall_time: Some(duration(estimate.wall_time)), rules: rules.collect() }
}

/// A file with as many of its bytes as there are.
fn artifact(artifact: Artifact) -> proto::Artifact {
    let Artifact { head, content } = artifact;
    let truncated = head.size > content.len() as u64;
    proto::Artifact { content, truncated, ..artifact_head(head) }
}

/// A file whose bytes follow.
pub(super) fn artifact_head(head: ArtifactHead) -> proto::Artifact {
    let ArtifactHead { path, size, executable, sent } = head;
    let (path, path_bytes) = match String::from_utf8(path) {
        Ok(path) => (path, Vec::new()),
        Err(odd) => (String::from_utf8_lossy(odd.as_bytes()).into_owned(), odd.into_bytes()),
    };
    proto::Artifact { path, content: Vec::new(), size, truncated: sent < size, path_bytes, executable }
}

pub(super) fn outcome(outcome: Outcome) -> proto::Outcome {
    match outcome {
        Outcome::Succeeded => proto::Outcome::Succeeded,
        Outcome::NonzeroExit => proto::Outcome::NonzeroExit,
        Outcome::Signaled => proto::Outcome::Signaled,
        Outcome::CompileFailed => proto::Outcome::CompileFailed,
        Outcome::WallTimeExceeded => proto::Outcome::WallTimeExceeded,
        Outcome::CpuTimeExceeded => proto::Outcome::CpuTimeExceeded,
        Outcome::MemoryExceeded => proto::Outcome::MemoryExceeded,
        Outcome::OutputExceeded => proto::Outcome::OutputExceeded,
        Outcome::DiskExceeded => proto::Outcome::DiskExceeded,
        Outcome::Cancelled => proto::Outcome::Cancelled,
    }
}

pub(super) fn stage(report: StageReport) -> proto::Stage {
    let evidence = report.evidence;
    let (exit_code, signal) = match evidence.exit {
        Exit::Code(code) => (code, 0),
        Exit::Signal(signal) => (0, signal),
    };
    proto::Stage {
        exit_code,
        signal,
        stdout: report.output.stdout,
        stderr: report.output.stderr,
        stdout_truncated: evidence.dropped[0] > 0,
        stderr_truncated: evidence.dropped[1] > 0,
        usage: Some(proto::Usage {
            wall_time: Some(duration(evidence.usage.wall)),
            cpu_time: evidence.usage.cpu.map(duration),
            peak_memory_bytes: evidence.usage.peak_memory_bytes,
        }),
        evidence: Some(self::evidence(&evidence)),
    }
}

fn evidence(evidence: &StageEvidence) -> proto::Evidence {
    let killed_at = match evidence.killed {
        None => proto::KillCause::Unspecified,
        Some(KillCause::WallTime) => proto::KillCause::WallTime,
        Some(KillCause::CpuTime) => proto::KillCause::CpuTime,
        Some(KillCause::Output) => proto::KillCause::Output,
        Some(KillCause::Disk) => proto::KillCause::Disk,
        Some(KillCause::Inodes) => proto::KillCause::Inodes,
        Some(KillCause::Caller) => proto::KillCause::Caller,
    };
    proto::Evidence {
        memory_kills: evidence.memory_kills,
        killed_at: killed_at.into(),
        stdout_dropped_bytes: evidence.dropped[0],
        stderr_dropped_bytes: evidence.dropped[1],
        disk_bytes: evidence.stored.bytes,
        inodes: evidence.stored.inodes,
    }
}

pub(super) fn timings(timings: &Timings) -> proto::Timings {
    proto::Timings {
        queue: Some(duration(timings.queue)),
        packages: Some(duration(timings.packages)),
        lease: Some(duration(timings.lease)),
        prepare: Some(duration(timings.prepare)),
        compile: Some(duration(timings.compile)),
        run: Some(duration(timings.run)),
        collect: Some(duration(timings.collect)),
        total: Some(duration(timings.total)),
    }
}

pub(super) fn language(health: &LanguageHealth, most: &Limits) -> proto::Language {
    let (spec, condition) = (&health.spec, &health.condition);
    let candidate = |candidate: &ImageCandidate| proto::ImageCandidate {
        reference: candidate.reference.clone(),
        source: candidate.source.label().to_owned(),
        available: condition.availability.as_ref().is_some_and(|found| found.has(candidate)),
    };
    proto::Language {
        id: spec.id.to_string(),
        name: spec.name.clone(),
        aliases: spec.aliases.clone(),
        version: condition.toolchain.clone(),
        main_file: spec.main_file.clone(),
        images: spec.images.iter().map(candidate).collect(),
        image: health.pool.image.clone(),
        ready: condition.readiness == Readiness::Ready,
        standby: condition.standby,
        default_limits: Some(limits(&spec.limits)),
        max_limits: Some(limits(most)),
        last_error: condition.last_error.clone(),
        min_memory_bytes: spec.memory_bytes_min,
    }
}

fn limits(limits: &Limits) -> proto::Limits {
    proto::Limits {
        wall_time: Some(duration(limits.wall_time)),
        cpu_time: Some(duration(limits.cpu_time)),
        compile_time: Some(duration(limits.compile_time)),
        memory_bytes: limits.memory_bytes,
        output_bytes: limits.output_bytes,
        disk_bytes: limits.disk_bytes,
        processes: limits.processes,
        inodes: limits.inodes,
        file_bytes: limits.file_bytes,
        open_files: limits.open_files,
        stack_bytes: limits.stack_bytes,
    }
}

pub(super) fn pool(pool: PoolSnapshot) -> proto::LanguagePool {
    let totals = pool.totals;
    proto::LanguagePool {
        language: pool.language,
        network: pool.has_network,
        installs: pool.purpose == Purpose::Installing,
        packages: match pool.purpose {
            Purpose::Packages(packages) => packages.requirements().to_vec(),
            Purpose::Programs | Purpose::Installing => Vec::new(),
        },
        min: pool.min,
        max: pool.max,
        target: pool.target,
        warm: pool.warm,
        leased: pool.leased,
        creating: pool.creating,
        broken: pool.broken,
        waiting: pool.waiting,
        uses: totals.uses,
        hit_rate: if totals.uses == 0 { 0.0 } else { totals.hits as f64 / totals.uses as f64 },
        lease_wait_p50: Some(duration(totals.wait_p50)),
        created: totals.created,
        create_time_mean: Some(duration(totals.create_mean)),
        fresh: pool.fresh,
        resets: totals.resets,
        reset_time_mean: Some(duration(totals.reset_mean)),
        unclean: totals.unclean,
        last_unclean: totals.last_unclean,
        memory_bytes: pool.memory_bytes,
        image: pool.image,
        last_error: pool.last_error,
    }
}

/// Bounded far below what the message can hold: every duration here is under a ceiling of a day.
pub(super) fn duration(time: Duration) -> prost_types::Duration {
    prost_types::Duration { seconds: time.as_secs().cast_signed(), nanos: time.subsec_nanos().cast_signed() }
}
