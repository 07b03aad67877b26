//! The performance record as the API's messages.

use std::time::SystemTime;

use crate::proto;
use crate::record::{LanguageRecord, PARTS, SlowExecution};

use super::convert;

pub(super) fn language(record: LanguageRecord) -> proto::LanguageStats {
    let outcomes = record.outcomes.into_iter();
    let times = PARTS.iter().zip(&record.times).map(|(part, times)| proto::PartTimes {
        part: (*part).to_owned(),
        p50: Some(convert::duration(times.p50)),
        p90: Some(convert::duration(times.p90)),
        p99: Some(convert::duration(times.p99)),
    });
    proto::LanguageStats {
        language: record.language.to_string(),
        executions: record.executions,
        success_rate: record.success_rate,
        outcomes: outcomes
            .map(|(outcome, count)| proto::OutcomeCount { outcome: convert::outcome(outcome).into(), count })
            .collect(),
        refusals: record.refusals.into_iter().map(|(fault, count)| (fault.to_owned(), count)).collect(),
        pool_hit_rate: record.pool_hit_rate,
        cached_builds_rate: record.cached_builds_rate,
        times: times.collect(),
        slowest: record.slowest.into_iter().map(slow).collect(),
    }
}

fn slow(execution: SlowExecution) -> proto::SlowExecution {
    proto::SlowExecution {
        execution_id: execution.id.to_string(),
        ended_at: Some(timestamp(execution.ended)),
        outcome: convert::outcome(execution.outcome).into(),
        timings: Some(convert::timings(&execution.timings)),
        hints: execution.advice,
    }
}

/// A clock that stands before 1970 tells no time.
pub(super) fn timestamp(time: SystemTime) -> prost_types::Timestamp {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    prost_types::Timestamp {
        seconds: since.as_secs().cast_signed(),
        nanos: since.subsec_nanos().cast_signed(),
    }
}
