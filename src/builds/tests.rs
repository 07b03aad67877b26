//! Who compiles, who waits, and what becomes of those who wait.

use std::time::Duration;

use futures_util::FutureExt;
use tokio::time::timeout;

use super::*;
use crate::engine::Owner;
use crate::language::Catalogue;

const MIB: u64 = 1 << 20;

fn builds() -> Builds {
    Builds::open(BuildsConfig { directory: None, bytes_max: MIB, build_bytes_max: MIB })
}

fn key() -> BuildKey {
    BuildKey::parse(&"ab".repeat(32)).unwrap()
}

fn blueprint() -> Arc<Blueprint> {
    let catalogue = Catalogue::load(None).unwrap();
    let language = Arc::clone(catalogue.find("cpp").unwrap());
    Arc::new(Blueprint {
        image: language.images[0].clone(),
        image_id: "sha256:1".to_owned(),
        language,
        owner: Owner { instance: "test".to_owned(), epoch: "1".to_owned() },
        volume: "volume".to_owned(),
        network: None,
        cpu_millis: 1000,
        ask_version: false,
    })
}

fn packed() -> PackedBuild {
    PackedBuild { content: "build".into(), crc32: crc32fast::hash(b"build") }
}

async fn lead(builds: &Builds) -> Lead {
    match builds.obtain(key(), &blueprint()).await {
        Obtained::Lead(lead) => lead,
        other => panic!("not the one to compile: {other:?}"),
    }
}

async fn obtain(builds: &Builds) -> Obtained {
    timeout(Duration::from_secs(30), builds.obtain(key(), &blueprint())).await.expect("nobody waits for ever")
}

#[tokio::test]
async fn one_compiles_and_the_others_get_what_it_made() {
    let builds = builds();
    let lead = lead(&builds).await;
    let (first, second, ()) = tokio::join!(obtain(&builds), obtain(&builds), async {
        tokio::task::yield_now().await;
        (lead.into_keep())(Some(packed()));
    });
    for obtained in [first, second, obtain(&builds).await] {
        assert!(matches!(obtained, Obtained::Found(BuildSource::Packed(build)) if build == packed()));
    }
}

#[tokio::test]
async fn where_it_does_not_compile_the_others_are_not_made_to_queue() {
    let builds = builds();
    let lead = lead(&builds).await;
    let (first, second, ()) = tokio::join!(obtain(&builds), obtain(&builds), async {
        tokio::task::yield_now().await;
        (lead.into_keep())(None);
    });
    assert!(matches!((first, second), (Obtained::Alone, Obtained::Alone)));
    assert!(matches!(obtain(&builds).await, Obtained::Lead(_)), "the next one tries again");
}

#[tokio::test]
async fn where_the_one_who_compiles_is_gone_another_takes_over() {
    let builds = builds();
    let lead = lead(&builds).await;
    let (next, ()) = tokio::join!(obtain(&builds), async {
        tokio::task::yield_now().await;
        drop(lead.into_keep());
    });
    assert!(matches!(next, Obtained::Lead(_)));
}

#[tokio::test]
async fn what_is_still_on_its_way_is_waited_for_at_the_end() {
    let builds = builds();
    for is_made in [true, false] {
        let lead = lead(&builds).await;
        let mut arrived = Box::pin(builds.arrived());
        assert_eq!((&mut arrived).now_or_never(), None);
        if is_made {
            (lead.into_keep())(None);
        } else {
            drop(lead);
        }
        timeout(Duration::from_secs(30), arrived).await.expect("nothing is on its way any more");
    }
}

#[tokio::test]
async fn a_damaged_build_is_dropped_and_compiled_again() {
    let directory = tempfile::tempdir().unwrap();
    let config =
        BuildsConfig { directory: Some(directory.path().to_owned()), bytes_max: MIB, build_bytes_max: MIB };
    let build = packed();
    let (store, _) = Store::open(config.directory.as_deref(), MIB);
    let file = store.file(&key(), build.content.len() as u64, build.crc32).unwrap();
    store::write(&file, &build.content).unwrap();
    let builds = Builds::open(config);
    assert!(matches!(obtain(&builds).await, Obtained::Found(BuildSource::Packed(found)) if found == build));
    std::fs::write(&file, "BUILD").unwrap();
    assert!(matches!(obtain(&builds).await, Obtained::Lead(_)));
}
