//! Bounds that the agent keeps without a container: those of a process, and the clock.

use std::time::Duration;

use kiln::wire::{Exit, HostMessage};

use crate::Place;
use crate::support::agent::shell;

#[tokio::test]
async fn a_process_has_its_bounds_and_cannot_raise_those_that_were_asked_for() {
    let mut place = Place::ready().await;
    let mut job =
        shell("ulimit -n; ulimit -Ss; ulimit -Hs; ulimit -f; ulimit -n 65 || ulimit -s 2048 || echo held");
    job.limits.open_files = 64;
    job.limits.stack_bytes = 1 << 20;
    job.limits.stack_bytes_max = 1 << 20;
    job.limits.file_bytes = 1 << 20;
    let result = place.agent.run(job, b"").await;
    // Sizes come in KiB, those of files in blocks of 512 bytes.
    assert_eq!(result.stdout(), "64\n1024\n1024\n2048\nheld\n", "{}", result.stderr());
}

#[tokio::test]
async fn a_stack_that_was_not_asked_for_may_be_raised() {
    let mut place = Place::ready().await;
    let mut job = shell("ulimit -Ss; ulimit -Ss 16384; ulimit -Ss");
    job.limits.stack_bytes = 8 << 20;
    let result = place.agent.run(job, b"").await;
    assert_eq!(result.stdout(), "8192\n16384\n", "{}", result.stderr());
}

#[tokio::test]
async fn time_in_which_nobody_reads_is_not_the_programs() {
    let mut place = Place::ready().await;
    // More than all the buffers on the way: it waits on a full pipe for longer than its wall time.
    let mut job = shell("head -c 1000000 /dev/zero; exit 5");
    job.run.wall_micros = 500_000;
    place.agent.send(&HostMessage::Run(job)).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(place.living() > 0, "it is not killed for what the daemon does");
    let result = place.agent.finish().await;
    assert_eq!((result.exit(), result.killed()), (Exit::Code(5), None));
    assert_eq!(result.output[&(1, 0)].len(), 1_000_000);
    let wall = result.run.map_or(0, |run| run.usage.wall_micros);
    assert!(wall > 1_500_000, "{wall}");
}

#[tokio::test]
async fn a_clock_that_stood_still_goes_on_when_there_is_a_reader() {
    let mut place = Place::ready().await;
    let mut job = shell("head -c 1000000 /dev/zero; sleep 1000");
    job.run.wall_micros = 500_000;
    place.agent.send(&HostMessage::Run(job)).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let result = place.agent.finish().await;
    assert_eq!(result.killed(), Some(kiln::wire::KillCause::WallTime));
}
