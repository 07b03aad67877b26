//! Each piece of advice comes where it should, and not where it should not.

use super::*;
use crate::domain::{
    ExecutionId, Exit, Placement, StageEvidence, StageOutput, Stored, Timings, Usage, Verdict,
};
use crate::language::Catalogue;

const SECOND: Duration = Duration::from_secs(1);

fn stage(usage: Usage) -> StageReport {
    let evidence = StageEvidence {
        exit: Exit::Code(0),
        killed: None,
        memory_kills: 0,
        dropped: [0, 0],
        stored: Stored::default(),
        usage,
    };
    StageReport { evidence, output: StageOutput::default() }
}

/// An execution with nothing to say of it.
fn report() -> Report {
    Report {
        id: ExecutionId::random(),
        verdict: Verdict { outcome: Outcome::Succeeded, message: String::new() },
        compile: None,
        run: Some(stage(Usage { wall: SECOND, cpu: Some(SECOND), peak_memory_bytes: 1 << 20 })),
        artifacts: Vec::new(),
        timings: Timings { run: SECOND, total: SECOND, ..Timings::default() },
        placement: Some(Placement {
            container: String::new(),
            image: String::new(),
            pool_hit: true,
            uses: 1,
            compile_cached: false,
        }),
        hints: Vec::new(),
        advice: Vec::new(),
        estimate: None,
    }
}

/// What is said of `report` in an image of Java's, the second of which is the fallback.
fn advice(report: &Report, image: usize, uncached: Option<Uncached>, is_slow: bool) -> String {
    let catalogue = Catalogue::load(None).unwrap();
    let language = catalogue.find("java").unwrap();
    let circumstances = Circumstances {
        language,
        image: &language.images[image],
        uncached,
        has_packages: false,
        starts_anew: image == 1,
    };
    circumstances.advice(&language.limits, report, is_slow).join("\n")
}

#[test]
fn where_all_is_well_nothing_is_said() {
    assert_eq!(advice(&report(), 0, Some(Uncached::First), true), "");
}

#[test]
fn a_fallback_image_and_a_pool_that_was_empty_are_always_told() {
    assert!(advice(&report(), 1, None, false).contains("kiln images build java"));
    let mut missed = report();
    missed.timings.lease = SECOND;
    missed.placement = missed.placement.map(|placement| Placement { pool_hit: false, ..placement });
    let advice = advice(&missed, 0, None, false);
    assert!(advice.contains("one came after 1.000 s") && advice.contains("languages.pools.java"), "{advice}");
}

#[test]
fn a_slow_one_is_told_which_part_to_change_and_a_fast_one_is_not() {
    let mut slow = report();
    slow.compile = Some(stage(Usage { wall: SECOND, ..Usage::default() }));
    slow.timings = Timings { queue: SECOND, compile: SECOND, run: SECOND, total: 3 * SECOND, ..slow.timings };
    let told = advice(&slow, 1, Some(Uncached::Off), true);
    for words in ["admission.in_flight", "compiling took 1.000 s", "(cache.mib)", "started anew"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    let fast = advice(&slow, 0, Some(Uncached::Off), false);
    assert_eq!(fast, "");
    slow.timings.total = 60 * SECOND;
    assert_eq!(advice(&slow, 0, Some(Uncached::Off), true), "", "parts that hardly count");
}

#[test]
fn each_reason_for_compiling_has_its_own_words() {
    let all = [
        Uncached::Language,
        Uncached::Differs,
        Uncached::Off,
        Uncached::First,
        Uncached::NotKept,
        Uncached::Held,
        Uncached::OtherImage,
    ];
    let words: std::collections::BTreeSet<_> = all.into_iter().map(reason).collect();
    assert_eq!(words.len(), all.len());
}

#[test]
fn a_limit_that_was_near_is_named_and_one_that_was_hit_or_far_is_not() {
    let limits = Catalogue::load(None).unwrap().find("java").unwrap().limits;
    let near = Usage {
        wall: limits.wall_time * TIME_NEAR_PERCENT / 100,
        cpu: Some(limits.cpu_time * TIME_NEAR_PERCENT / 100),
        peak_memory_bytes: limits.memory_bytes / 100 * MEMORY_NEAR_PERCENT + 100,
    };
    let far = Usage {
        wall: near.wall - Duration::from_millis(1),
        cpu: near.cpu.map(|cpu| cpu - Duration::from_millis(1)),
        peak_memory_bytes: near.peak_memory_bytes - 200,
    };
    let mut one = report();
    one.run = Some(stage(far));
    assert_eq!(advice(&one, 0, None, false), "");
    one.run = Some(stage(near));
    one.compile = Some(stage(Usage { cpu: Some(limits.compile_time), ..Usage::default() }));
    let told = advice(&one, 0, None, false);
    for name in ["limits.wall_time", "limits.cpu_time", "limits.memory_bytes", "limits.compile_time"] {
        assert!(told.contains(name), "{name}: {told}");
    }
    one.verdict.outcome = Outcome::WallTimeExceeded;
    assert_eq!(advice(&one, 0, None, false), "", "the outcome says it");
}
