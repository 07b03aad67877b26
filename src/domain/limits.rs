//! The bounds of an execution: what was asked, what is the default, what is the ceiling.

use std::time::Duration;

/// Least memory a container can be given, in bytes: the agent, a standby interpreter and a program have to fit.
pub const MEMORY_BYTES_MIN: u64 = 16 * 1024 * 1024;
/// Fewest descriptors that an interpreter can start with.
pub const OPEN_FILES_MIN: u64 = 16;
/// Smallest stack, in bytes: the kernel puts a program's arguments there, a quarter of it at most.
pub const STACK_BYTES_MIN: u64 = 256 * 1024;
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
    /// What the files that a stage writes may take at one time; as a ceiling also the size of each writable directory.
    pub disk_bytes: u64,
    /// Files and directories that a stage may have made at one time; as a ceiling also the number each writable directory holds.
    pub inodes: u64,
    /// Largest single file.
    pub file_bytes: u64,
    /// Processes and threads at once.
    pub processes: u64,
    /// Descriptors of one process.
    pub open_files: u64,
    /// Stack of a process's first thread.
    pub stack_bytes: u64,
    /// How far the program may raise its stack by itself: not at all where the caller set it.
    pub stack_bytes_max: u64,
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
    /// See [`Limits::inodes`].
    pub inodes: Option<u64>,
    /// See [`Limits::file_bytes`].
    pub file_bytes: Option<u64>,
    /// See [`Limits::processes`].
    pub processes: Option<u64>,
    /// See [`Limits::open_files`].
    pub open_files: Option<u64>,
    /// See [`Limits::stack_bytes`].
    pub stack_bytes: Option<u64>,
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
    /// Settles a request: defaults where it is silent. What waits in a container needs `memory_bytes_min` itself.
    ///
    /// # Errors
    /// Every field that is out of range: times, then bytes, then counts.
    pub fn settle(
        request: &LimitRequest,
        default: &Self,
        most: &Self,
        memory_bytes_min: u64,
    ) -> Result<Self, Vec<LimitError>> {
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
        let mut bytes =
            |field, asked, default, least, most| amount(field, " bytes", asked, default, least, most);
        let settled = Self {
            wall_time,
            cpu_time,
            compile_time,
            memory_bytes: bytes(
                "memory_bytes",
                request.memory_bytes,
                default.memory_bytes,
                memory_bytes_min,
                most.memory_bytes,
            ),
            output_bytes: bytes(
                "output_bytes",
                request.output_bytes,
                default.output_bytes,
                1,
                most.output_bytes,
            ),
            disk_bytes: bytes("disk_bytes", request.disk_bytes, default.disk_bytes, 1, most.disk_bytes),
            file_bytes: bytes("file_bytes", request.file_bytes, default.file_bytes, 1, most.file_bytes),
            stack_bytes: bytes(
                "stack_bytes",
                request.stack_bytes,
                default.stack_bytes,
                STACK_BYTES_MIN,
                most.stack_bytes,
            ),
            stack_bytes_max: request.stack_bytes.unwrap_or(default.stack_bytes_max),
            inodes: amount("inodes", "", request.inodes, default.inodes, 1, most.inodes),
            processes: amount("processes", "", request.processes, default.processes, 1, most.processes),
            open_files: amount(
                "open_files",
                "",
                request.open_files,
                default.open_files,
                OPEN_FILES_MIN,
                most.open_files,
            ),
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
            inodes: 64,
            file_bytes: bytes,
            processes: 64,
            open_files: 64,
            stack_bytes: bytes,
            stack_bytes_max: u64::MAX,
        }
    }

    #[test]
    fn silence_means_the_default_even_where_the_ceiling_is_lower() {
        let settled = Limits::settle(&LimitRequest::default(), &limits(60, 1 << 30), &limits(30, 1 << 29), 1);
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
        let errors = Limits::settle(&request, &limits(60, 1 << 30), &limits(60, 1 << 30), 2).unwrap_err();
        assert_eq!(
            errors.iter().map(|e| e.field).collect::<Vec<_>>(),
            ["wall_time", "memory_bytes", "processes"]
        );
        assert!(errors[0].to_string().contains("999s is outside of 1ms to 60s"), "{}", errors[0]);
    }

    #[test]
    fn a_stack_that_was_asked_for_cannot_be_raised_by_the_program() {
        let default = limits(60, 1 << 30);
        let settle = |request| Limits::settle(&request, &default, &default, 1).unwrap();
        let asked = settle(LimitRequest { stack_bytes: Some(1 << 20), ..LimitRequest::default() });
        assert_eq!((asked.stack_bytes, asked.stack_bytes_max), (1 << 20, 1 << 20));
        let silent = settle(LimitRequest::default());
        assert_eq!((silent.stack_bytes, silent.stack_bytes_max), (1 << 30, u64::MAX));
    }
}
