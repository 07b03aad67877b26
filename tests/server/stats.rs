//! The performance record, as operators see it: what was counted, when, and that it tells nothing of programs.

use kiln::proto::pool_client::PoolClient;
use kiln::proto::{GetStatsRequest, GetStatsResponse, LanguageStats, Outcome};
use tonic::Code;

use super::fake::{GOOD, Script, Step};
use super::{Server, bounded, request};

impl Server {
    async fn stats(&self, slowest: Option<u32>) -> GetStatsResponse {
        let asked = GetStatsRequest { language: "py".to_owned(), slowest };
        PoolClient::new(self.channel().await).get_stats(asked).await.unwrap().into_inner()
    }

    /// Asks until so many executions are in the record: it is written when their replies have left.
    async fn stats_of(&self, executions: u64) -> LanguageStats {
        bounded(async {
            loop {
                let language = self.stats(None).await.languages.remove(0);
                if language.executions >= executions {
                    return language;
                }
                tokio::task::yield_now().await;
            }
        })
        .await
    }
}

fn count(stats: &LanguageStats, outcome: Outcome) -> u64 {
    stats.outcomes.iter().filter(|counted| counted.outcome() == outcome).map(|counted| counted.count).sum()
}

#[tokio::test]
async fn what_was_executed_is_counted_once_with_where_its_time_went() {
    let server = Server::start(GOOD, &[]).await;
    assert_eq!(
        server.stats(None).await.languages[0],
        LanguageStats {
            language: "python".to_owned(),
            times: server.stats(None).await.languages[0].times.clone(),
            ..LanguageStats::default()
        }
    );
    let mut ids = Vec::new();
    for _ in 0..4 {
        ids.push(server.execute("exit 0").await.unwrap().execution_id);
    }
    let stats = server.stats_of(4).await;
    assert_eq!((stats.executions, count(&stats, Outcome::Succeeded)), (4, 4));
    assert!((stats.success_rate - 1.0).abs() < 1e-9);
    let parts: Vec<_> = stats.times.iter().map(|times| times.part.as_str()).collect();
    assert_eq!(parts, ["queue", "packages", "lease", "prepare", "compile", "run", "collect", "total"]);
    let total = stats.times.last().unwrap();
    let nanos = |time: &Option<prost_types::Duration>| {
        time.map_or(0, |time| time.seconds * 1_000_000_000 + i64::from(time.nanos))
    };
    assert!(
        nanos(&total.p50) > 0
            && nanos(&total.p50) <= nanos(&total.p90)
            && nanos(&total.p90) <= nanos(&total.p99)
    );
    let mut told: Vec<_> = stats.slowest.iter().map(|slow| slow.execution_id.clone()).collect();
    let times: Vec<_> = stats.slowest.iter().map(|slow| nanos(&slow.timings.unwrap().total)).collect();
    assert!(times.is_sorted_by(|one, next| one >= next), "{times:?}");
    told.sort_unstable();
    ids.sort_unstable();
    assert_eq!(told, ids);
    assert_eq!(server.stats(Some(1)).await.languages[0].slowest.len(), 1);
    server.stopped().await;
}

#[tokio::test]
async fn refusals_are_counted_apart_and_an_impossible_question_is_refused() {
    let server = Server::start(Script { image: false, ..GOOD }, &[]).await;
    assert_eq!(server.execute("exit 0").await.unwrap_err().code(), Code::FailedPrecondition);
    let stats = server.stats(None).await.languages.remove(0);
    assert_eq!(stats.executions, 0);
    assert!(stats.refusals.values().sum::<u64>() > 0, "{stats:?}");
    for asked in [
        GetStatsRequest { language: "cobol".to_owned(), slowest: None },
        GetStatsRequest { language: String::new(), slowest: Some(513) },
    ] {
        let refused = PoolClient::new(server.channel().await).get_stats(asked).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
    }
    server.stopped().await;
}

#[tokio::test]
async fn a_slow_execution_says_why_in_its_reply_and_in_the_record_which_holds_nothing_of_the_program() {
    // The first container is slow in coming, and whoever waited for it is told so.
    let server = Server::start(Script { create: Step::Waits, ..GOOD }, &[]).await;
    let mut asked = request("exit 0 a-secret-in-the-source");
    asked.args = vec!["a-secret-argument".to_owned()];
    let mut client = server.client().await;
    let (reply, ()) = tokio::join!(bounded(client.execute(asked)), async {
        server.pool_until(|pool| pool.waiting > 0).await;
        server.engine.release();
    });
    let reply = reply.unwrap().into_inner();
    let stats = server.stats_of(1).await;
    let [slow] = stats.slowest.as_slice() else { panic!("{stats:?}") };
    let hint = "no warm container was ready";
    assert!(reply.hints.iter().any(|told| told.contains(hint)), "{:?}", reply.hints);
    assert!(slow.hints.iter().any(|told| told.contains(hint)), "{slow:?}");
    assert_eq!((slow.execution_id.as_str(), stats.pool_hit_rate), (reply.execution_id.as_str(), 0.0));
    assert!(!format!("{stats:?}").contains("secret"), "{stats:?}");
    server.stopped().await;
}

fn resident_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}

#[tokio::test]
async fn figures_that_nobody_reads_do_not_pile_up() {
    /// As many as over a million executions leave. Kept one by one they take 256 MiB.
    const ROUNDS: u32 = 1600;
    const FIGURES: u32 = 10_000;
    let server = Server::start(GOOD, &[]).await;
    let recorded = metrics::histogram!("kiln_test_seconds");
    let before = resident_mib();
    let mut grown = 0;
    for _ in 0..ROUNDS {
        (0..FIGURES).for_each(|figure| recorded.record(f64::from(figure)));
        // The daemon's turn.
        tokio::task::yield_now().await;
        grown = grown.max(resident_mib().saturating_sub(before));
    }
    assert!(grown < 128, "{grown} MiB more are resident");
    let told = format!("kiln_test_seconds_count {}", ROUNDS * FIGURES);
    assert!(kiln::telemetry::metrics::handle().unwrap().render().contains(&told), "and nothing is lost");
    server.stopped().await;
}
