//! Who gets whose container, and when one is given up.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use kiln::proto::{ExecuteRequest, ExecuteResponse, Isolation, Outcome};
use tonic::{Code, Request};

use crate::fake::{GOOD, Script, Step};
use crate::{Server, bounded, request};

impl Server {
    /// Runs `code` for a tenant; returns the container and how often that has served.
    async fn place(&self, code: &str, isolation: Isolation, tenant: &str) -> (String, u32) {
        let execute = ExecuteRequest { isolation: isolation.into(), ..request(code) };
        let mut execute = Request::new(execute);
        if !tenant.is_empty() {
            execute.metadata_mut().insert("kiln-tenant", tenant.parse().unwrap());
        }
        let reply: ExecuteResponse =
            bounded(self.client().await.execute(execute)).await.unwrap().into_inner();
        assert_eq!(reply.outcome(), Outcome::Succeeded);
        let placement = reply.placement.unwrap();
        (placement.container_id, placement.container_uses)
    }

    /// Waits until no container runs a program or is reset.
    async fn settled(&self) {
        self.pool_until(|pool| pool.leased == 0 && pool.warm >= pool.min && pool.broken == 0).await;
    }
}

/// As many containers as there are tenants in these tests, and no more.
const ONE: [(&str, &str); 2] =
    [("KILN__LANGUAGES__POOLS__PYTHON__MIN", "1"), ("KILN__LANGUAGES__POOLS__PYTHON__MAX", "1")];

#[tokio::test]
async fn one_shot_gets_a_fresh_container_that_is_gone_afterwards() {
    let server = Server::start(GOOD, &[]).await;
    let mut seen = BTreeSet::new();
    for _ in 0..4 {
        let (container, uses) = server.place("hello", Isolation::OneShot, "").await;
        assert_eq!(uses, 1);
        assert!(seen.insert(container), "a container has served twice");
    }
    assert!(server.engine.log.resets.lock().unwrap().is_empty());
    server.stopped().await;
}

/// The engine has to start a process to kill one, and none where a container ends by itself.
#[tokio::test]
async fn a_container_is_killed_only_where_it_does_not_end_by_itself() {
    let kills = async |linger, code| {
        let server = Server::start(Script { linger, ..GOOD }, &ONE).await;
        for _ in 0..4 {
            let _ = server.execute(code).await;
        }
        let log = Arc::clone(&server.engine.log);
        server.stopped().await;
        (log.destroyed.load(Ordering::Relaxed), log.created.load(Ordering::Relaxed))
    };
    assert_eq!(kills(false, "hello").await.0, 0);
    let (destroyed, created) = kills(true, "hello").await;
    assert_eq!(destroyed, created);
    // Where the agent went, nobody is left to end it.
    assert!(kills(false, "break after start").await.0 >= 4);
}

#[tokio::test]
async fn a_tenant_gets_its_own_container_again_with_another_uid() {
    let server = Server::start(GOOD, &ONE).await;
    let (first, _) = server.place("hello", Isolation::Tenant, "a").await;
    for uses in 2..=10 {
        assert_eq!(server.place("hello", Isolation::Unspecified, "a").await, (first.clone(), uses));
    }
    server.settled().await;
    let uids = server.engine.log.resets.lock().unwrap().clone();
    assert_eq!(uids.iter().collect::<BTreeSet<_>>().len(), 10, "a uid comes twice: {uids:?}");
    assert_eq!(server.pool().await.resets, 10);
    server.stopped().await;
}

#[tokio::test]
async fn uids_of_another_daemon_are_left_to_it() {
    // The first uid is the name's number; a reset brings the next one.
    for (user_namespace, lowest, highest) in [(false, 0x7000_0000, 0x7fff_ffff), (true, 10_000, 59_999)] {
        let script = Script { user_namespace, names_taken: 3, ..GOOD };
        let server = Server::start(script, &ONE).await;
        server.place("hello", Isolation::Tenant, "a").await;
        server.settled().await;
        let names = server.engine.log.names.lock().unwrap().clone();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), 4, "{names:?}");
        let first: u32 = names[3].strip_prefix("kiln-").unwrap().parse().unwrap();
        assert!((lowest..=highest).contains(&first), "{first}");
        assert_eq!(*server.engine.log.resets.lock().unwrap(), [first + 1]);
        server.stopped().await;
    }
}

#[tokio::test]
async fn an_engine_may_be_in_a_user_namespace_and_not_say_so() {
    let server = Server::start(GOOD, &[ONE[0], ONE[1], ("KILN__POOL__NARROW_UIDS", "true")]).await;
    server.place("hello", Isolation::Tenant, "a").await;
    let names = server.engine.log.names.lock().unwrap().clone();
    let uids: Vec<u32> =
        names.iter().map(|name| name.strip_prefix("kiln-").unwrap().parse().unwrap()).collect();
    assert!(!uids.is_empty() && uids.iter().all(|uid| (10_000..60_000).contains(uid)), "{uids:?}");
    server.stopped().await;
}

#[tokio::test]
async fn nobody_gets_a_container_that_is_kept_for_another() {
    let server = Server::start(GOOD, &ONE).await;
    let mut owners: Vec<(String, &str)> = Vec::new();
    // One slot for all: whoever waits has the container of the one before given up.
    let asked = [
        (Isolation::Tenant, "a"),
        (Isolation::Tenant, "b"),
        (Isolation::Tenant, ""),
        (Isolation::Shared, "a"),
        (Isolation::OneShot, "a"),
        (Isolation::Tenant, "a"),
    ];
    for (isolation, tenant) in asked {
        let (container, uses) = server.place("hello", isolation, tenant).await;
        assert_eq!(uses, 1, "{isolation:?} of {tenant:?} got a used one");
        assert!(owners.iter().all(|(other, _)| *other != container));
        owners.push((container, tenant));
        server.settled().await;
    }
    server.stopped().await;
}

#[tokio::test]
async fn shared_containers_serve_anyone_who_shares() {
    let server = Server::start(GOOD, &ONE).await;
    let (first, _) = server.place("hello", Isolation::Shared, "a").await;
    assert_eq!(server.place("hello", Isolation::Shared, "b").await, (first, 2));
    server.stopped().await;
}

#[tokio::test]
async fn a_container_that_is_not_proven_clean_is_destroyed_and_the_reason_is_told() {
    let server = Server::start(GOOD, &ONE).await;
    let (first, _) = server.place("leave something", Isolation::Tenant, "a").await;
    let (second, uses) = server.place("hello", Isolation::Tenant, "a").await;
    assert_ne!(first, second);
    assert_eq!(uses, 1);
    let pool = server.pool().await;
    assert_eq!(pool.unclean, 1);
    assert!(pool.last_unclean.contains("as scripted"), "{}", pool.last_unclean);
    server.stopped().await;
}

#[tokio::test]
async fn one_container_that_serves_once_does_not_make_all_others_so() {
    let server = Server::start(Script { resettable: false, ..GOOD }, &ONE).await;
    let (first, _) = server.place("hello", Isolation::Tenant, "a").await;
    server.settled().await;
    server.engine.follow(GOOD);
    let (second, uses) = server.place("hello", Isolation::Tenant, "a").await;
    assert_ne!(first, second);
    assert_eq!(uses, 1);
    server.settled().await;
    let (third, uses) = server.place("hello", Isolation::Tenant, "a").await;
    assert_ne!(second, third);
    assert_eq!(uses, 1);
    server.settled().await;
    assert_eq!(server.place("hello", Isolation::Tenant, "a").await, (third, 2));
    server.stopped().await;
}

#[tokio::test]
async fn an_agent_that_dies_while_it_resets_costs_its_container_and_nothing_else() {
    let server = Server::start(Script { reset: Step::Fails, ..GOOD }, &ONE).await;
    let (first, _) = server.place("hello", Isolation::Tenant, "a").await;
    let (second, _) = server.place("hello", Isolation::Tenant, "a").await;
    assert_ne!(first, second);
    server.stopped().await;
}

#[tokio::test]
async fn a_reset_that_hangs_does_not_hold_up_the_end() {
    let server = Server::start(Script { reset: Step::Hangs, ..GOOD }, &[]).await;
    server.place("hello", Isolation::Tenant, "a").await;
    server.pool_until(|pool| pool.leased == 1).await;
    server.stopped().await;
}

#[tokio::test]
async fn a_container_serves_no_more_often_than_allowed() {
    let server = Server::start(GOOD, &[ONE[0], ONE[1], ("KILN__POOL__USES", "3")]).await;
    let mut uses = Vec::new();
    for _ in 0..7 {
        uses.push(server.place("hello", Isolation::Tenant, "a").await.1);
    }
    assert_eq!(uses, [1, 2, 3, 1, 2, 3, 1]);
    assert_eq!(server.engine.log.created.load(Ordering::Relaxed), 3);
    server.stopped().await;
}

#[tokio::test]
async fn a_tenant_without_a_proper_name_is_refused() {
    let server = Server::start(GOOD, &[]).await;
    let mut execute = Request::new(request("hello"));
    execute.metadata_mut().insert("kiln-tenant", "x".repeat(129).parse().unwrap());
    let status = bounded(server.client().await.execute(execute)).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    server.stopped().await;
}
