//! The bounds of an execution: what was asked, what is the default, what is the ceiling.

use std::time::Duration;

/// Least memory a container can be given, in bytes: the agent, a standby interpreter and a program have to fit.
pub const MEMORY_BYTES_MIN: u64 = 16 * 1024 * 1024;
/// Shortest time limit that means anything to a scheduler.
const TIME_MIN: Duration = Duration::from_millis(1);

/// Settled bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Wall time of the run stage.
    pub wall_time: Duration,
    /// CPU time of the run stage, all processes.
    pub cpu_time: Duration,
    /// Wall and CPU time of the compile stage.
    pub compile_time: Duration,
    /// Memory of the container.
    pub memory_bytes: u64,
    /// Kept output per stream and stage.
    pub output_bytes: u64,
    /// Largest single file; as a ceiling also the size of the workspace.
    pub disk_bytes: u64,
    /// Processes and threads at once.
    pub processes: u64,
}

/// What a caller asked for; `None` means the default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LimitRequest {
    /// See [`Limits::wall_time`].
    pub wall_time: Option<Duration>,
    /// See [`Limits::cpu_time`].
    pub cpu_time: Option<Duration>,
    /// See [`Limits::compile_time`].
    pub compile_time: Option<Duration>,
    /// See [`Limits::memory_bytes`].
    pub memory_bytes: Option<u64>,
    /// See [`Limits::output_bytes`].
    pub output_bytes: Option<u64>,
    /// See [`Limits::disk_bytes`].
    pub disk_bytes: Option<u64>,
    /// See [`Limits::processes`].
    pub processes: Option<u64>,
}

/// A limit outside of its range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{given} is outside of {least} to {most}; ask for no more, or have the operator raise the ceiling")]
pub struct LimitError {
    /// Field of `Limits`.
    pub field: &'static str,
    /// What was asked, with its unit.
    pub given: String,
    /// The least allowed.
    pub least: String,
    /// The ceiling.
    pub most: String,
}

impl Limits {
    /// Settles a request: defaults where it is silent.
    ///
    /// # Errors
    /// Every field that is out of range, in the order of the fields.
    pub fn settle(request: &LimitRequest, default: &Self, most: &Self) -> Result<Self, Vec<LimitError>> {
        let mut errors = Vec::new();
        let mut time = |field, asked: Option<Duration>, default: Duration, most: Duration| {
            let given = asked.unwrap_or(default.min(most));
            if given < TIME_MIN || given > most {
                errors.push(LimitError {
                    field,
                    given: format!("{given:?}"),
                    least: format!("{TIME_MIN:?}"),
                    most: format!("{most:?}"),
                });
            }
            given
        };
        let wall_time = time("wall_time", request.wall_time, default.wall_time, most.wall_time);
        let cpu_time = time("cpu_time", request.cpu_time, default.cpu_time, most.cpu_time);
        let compile_time =
            time("compile_time", request.compile_time, default.compile_time, most.compile_time);
        let mut amount = |field, unit, asked: Option<u64>, default: u64, least: u64, most: u64| {
            let given = asked.unwrap_or(default.min(most));
            if given < least || given > most {
                errors.push(LimitError {
                    field,
                    given: format!("{given}{unit}"),
                    least: format!("{least}{unit}"),
                    most: format!("{most}{unit}"),
                });
            }
            given
        };
        let settled = Self {
            wall_time,
            cpu_time,
            compile_time,
            memory_bytes: amount(
                "memory_bytes",
                " bytes",
                request.memory_bytes,
                default.memory_bytes,
                MEMORY_BYTES_MIN,
                most.memory_bytes,
            ),
            output_bytes: amount(
                "output_bytes",
                " bytes",
                request.output_bytes,
                default.output_bytes,
                1,
                most.output_bytes,
            ),
            disk_bytes: amount(
                "disk_bytes",
                " bytes",
                request.disk_bytes,
                default.disk_bytes,
                1,
                most.disk_bytes,
            ),
            processes: amount("processes", "", request.processes, default.processes, 1, most.processes),
        };
        if errors.is_empty() { Ok(settled) } else { Err(errors) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(seconds: u64, bytes: u64) -> Limits {
        let time = Duration::from_secs(seconds);
        Limits {
            wall_time: time,
            cpu_time: time,
            compile_time: time,
            memory_bytes: bytes,
            output_bytes: bytes,
            disk_bytes: bytes,
            processes: 64,
        }
    }

    #[test]
    fn silence_means_the_default_even_where_the_ceiling_is_lower() {
        let settled = Limits::settle(&LimitRequest::default(), &limits(60, 1 << 30), &limits(30, 1 << 29));
        assert_eq!(settled, Ok(limits(30, 1 << 29)));
    }

    #[test]
    fn every_field_out_of_range_is_named_with_its_ceiling() {
        let request = LimitRequest {
            wall_time: Some(Duration::from_secs(999)),
            memory_bytes: Some(1),
            processes: Some(65),
            ..LimitRequest::default()
        };
        let errors = Limits::settle(&request, &limits(60, 1 << 30), &limits(60, 1 << 30)).unwrap_err();
        assert_eq!(
            errors.iter().map(|e| e.field).collect::<Vec<_>>(),
            ["wall_time", "memory_bytes", "processes"]
        );
        assert!(errors[0].to_string().contains("999s is outside of 1ms to 60s"), "{}", errors[0]);
    }
}
