//! Keeps one language's pool at its target, in the background, and says how that goes.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::sync::OwnedSemaphorePermit;

use crate::engine::EngineError;
use crate::images;
use crate::sandbox::{Blueprint, Cold, Greeting, Lot, SandboxError, Warm};
use crate::telemetry::metrics;

use super::condition::Readiness;
use super::language_pool::LanguagePool;
use super::supplies::Supplies;

const RETRY_FIRST: Duration = Duration::from_millis(250);
const RETRY_LAST: Duration = Duration::from_secs(5);
/// One failed create may be bad luck; after this many in a row callers are told instead of kept waiting.
const FAILURES_TOLERATED: u32 = 2;

/// What became of a creation; `None` where the pool was closed meanwhile.
type Creation = BoxFuture<'static, Result<Option<(Warm, Greeting, Duration)>, SandboxError>>;

/// Why no blueprint can be had.
enum ProvisionError {
    NoImage,
    /// The pools are closed.
    Closed,
    Engine(EngineError),
}

/// Runs until the pool is closed and nothing is being made for it any more.
pub(super) async fn run(pool: Arc<LanguagePool>, supplies: Arc<Supplies>) {
    let mut creations: FuturesUnordered<Creation> = FuturesUnordered::new();
    let mut failures = 0_u32;
    while !(pool.closed.is_cancelled() && creations.is_empty()) {
        if pool.closed.is_cancelled() {
            // What is being made is driven to its end.
        } else if let Some(blueprint) = provision(&pool, &supplies).await {
            if pool.deficit() > 0 && !pool.is_awaited() {
                // Whoever comes meanwhile and finds nothing ends this by asking for more.
                tokio::select! {
                    () = supplies.traffic.quiet() => {}
                    () = pool.wanted() => {}
                    () = pool.closed.cancelled() => {}
                }
            }
            while pool.deficit() > 0 && !pool.closed.is_cancelled() {
                let Ok(slot) = Arc::clone(&pool.slots).try_acquire_owned() else {
                    pool.evict();
                    break;
                };
                pool.creating.fetch_add(1, Ordering::Relaxed);
                creations.push(create(&pool, &supplies, Arc::clone(&blueprint), slot));
            }
        } else {
            failures += 1;
            let _ = pool.closed.run_until_cancelled(tokio::time::sleep(pause(failures))).await;
            continue;
        }
        tokio::select! {
            () = pool.demand.notified() => {}
            () = pool.closed.cancelled(), if creations.is_empty() => {}
            Some(created) = creations.next() => {
                pool.creating.fetch_sub(1, Ordering::Relaxed);
                match created {
                    Ok(Some((warm, greeting, time))) => {
                        failures = 0;
                        accept(&pool, warm, greeting, time);
                    }
                    Ok(None) => {}
                    Err(error) => {
                        failures += 1;
                        fail(&pool, &supplies, &error, failures).await;
                        tokio::time::sleep(pause(failures)).await;
                    }
                }
            }
        }
    }
}

fn pause(failures: u32) -> Duration {
    (RETRY_FIRST * 2_u32.saturating_pow(failures.saturating_sub(1).min(10))).min(RETRY_LAST)
}

fn create(
    pool: &Arc<LanguagePool>,
    supplies: &Arc<Supplies>,
    blueprint: Arc<Blueprint>,
    slot: OwnedSemaphorePermit,
) -> Creation {
    let (supplies, graves, closed) = (Arc::clone(supplies), pool.graves.clone(), pool.closed.clone());
    let shared_slots = pool.shared_slots.clone();
    Box::pin(async move {
        let mut slots = vec![slot];
        if let Some(shared) = shared_slots {
            match closed.run_until_cancelled(shared.acquire_owned()).await {
                Some(Ok(shared)) => slots.push(shared),
                Some(Err(_)) | None => return Ok(None),
            }
        }
        let space = supplies.uid_space().await?;
        let lot = Lot::new(slots, supplies.uids.take(space).ok_or_else(SandboxError::no_uid)?);
        let begun = Instant::now();
        let cold = Cold::create(&*supplies.engine, blueprint, lot, graves).await?;
        tokio::select! {
            warm = cold.warm_up(&*supplies.engine) => {
                let (warm, greeting) = warm?;
                Ok(Some((warm, greeting, begun.elapsed())))
            }
            () = closed.cancelled() => Ok(None),
        }
    })
}

fn accept(pool: &LanguagePool, warm: Warm, greeting: Greeting, time: Duration) {
    let language = pool.spec.id.as_str();
    metrics::created(language, time);
    pool.census.created(time);
    tracing::debug!(language, container = warm.container().short(), ?time, "warm");
    let wants_standby = pool.spec.stands_by(&warm.blueprint().image);
    pool.stock.add_fresh(warm);
    let resettable = greeting.unresettable.is_empty();
    if pool.set_resettable(resettable) && !resettable {
        tracing::warn!(language, reason = greeting.unresettable, "containers of this image serve once only");
    }
    pool.condition.send_if_modified(|condition| {
        let news = condition.readiness != Readiness::Ready;
        condition.readiness = Readiness::Ready;
        if condition.toolchain.is_empty() && !greeting.toolchain.is_empty() {
            let (toolchain, standby, direct) = (&greeting.toolchain, greeting.standby, greeting.direct);
            tracing::info!(language, toolchain, standby, direct, "ready");
            condition.toolchain = greeting.toolchain;
            if let Some(blueprint) = &condition.blueprint {
                let blueprint = Blueprint { ask_version: false, ..Blueprint::clone(blueprint) };
                condition.blueprint = Some(Arc::new(blueprint));
            }
        }
        if wants_standby && !greeting.standby {
            condition.last_error =
                "the interpreter does not wait in this image; programs start it anew".to_owned();
        }
        condition.standby = greeting.standby;
        news
    });
}

async fn fail(pool: &LanguagePool, supplies: &Supplies, error: &SandboxError, failures: u32) {
    metrics::create_failed(pool.spec.id.as_str());
    tracing::warn!(language = %pool.spec.id, %error, failures, "a container could not be made");
    let outage = matches!(error, SandboxError::Engine(error) if error.is_outage());
    // What a container is made of may be gone: look at everything again.
    supplies.volume.forget().await;
    pool.condition.send_modify(|condition| {
        condition.last_error = error.to_string();
        condition.blueprint = None;
        if outage || failures > FAILURES_TOLERATED {
            condition.readiness = Readiness::Down;
        }
    });
}

/// The blueprint at hand, or a new one from what the engine has now.
async fn provision(pool: &LanguagePool, supplies: &Supplies) -> Option<Arc<Blueprint>> {
    let at_hand = pool.condition.borrow().blueprint.clone();
    if at_hand.is_some() {
        return at_hand;
    }
    match make_blueprint(pool, supplies).await {
        Ok(blueprint) => {
            let blueprint = Arc::new(blueprint);
            pool.condition.send_modify(|condition| {
                condition.blueprint = Some(Arc::clone(&blueprint));
                if condition.readiness == Readiness::NoImage {
                    condition.readiness = Readiness::Starting;
                    condition.last_error.clear();
                }
            });
            Some(blueprint)
        }
        Err(error) => {
            let (readiness, words) = match error {
                ProvisionError::Closed => return None,
                ProvisionError::NoImage => {
                    (Readiness::NoImage, format!("no image; run `kiln images build {}`", pool.spec.id))
                }
                ProvisionError::Engine(error) => (Readiness::Down, error.to_string()),
            };
            // It is tried again and again; only news is worth a line.
            pool.condition.send_if_modified(|condition| {
                let news = condition.readiness != readiness || condition.last_error != words;
                if news {
                    tracing::warn!(language = %pool.spec.id, reason = words, "no container can be made at present");
                    (condition.readiness, condition.last_error) = (readiness, words);
                }
                news
            });
            None
        }
    }
}

async fn make_blueprint(pool: &LanguagePool, supplies: &Supplies) -> Result<Blueprint, ProvisionError> {
    let engine = &supplies.engine;
    let info = supplies.engine_info().await.map_err(ProvisionError::Engine)?;
    let known = pool.condition.borrow().availability.clone();
    // Only a change is worth a line in the log.
    let found = images::Availability::look_up(&**engine, &pool.spec).await.map_err(ProvisionError::Engine)?;
    if known.as_ref() != Some(&found) {
        images::report(&pool.spec, &found);
    }
    let chosen = found.chosen().map(|(image, id)| (image.clone(), id.to_owned()));
    pool.condition.send_modify(|condition| condition.availability = Some(found));
    let (image, image_id) = chosen.ok_or(ProvisionError::NoImage)?;
    let volume = supplies.volume.ensure(engine, &info.arch, &image.reference).await;
    let volume = volume.map_err(ProvisionError::Engine)?;
    if let Some(network) = &pool.network {
        let opened = supplies.open_network(network, &image.reference, &volume).await;
        if !opened.map_err(ProvisionError::Engine)? {
            return Err(ProvisionError::Closed);
        }
    }
    Ok(Blueprint {
        network: pool.network.as_ref().map(|network| network.name.clone()),
        language: Arc::clone(&pool.spec),
        image,
        image_id,
        owner: supplies.owner.clone(),
        volume,
        cpu_millis: supplies.cpu_millis_max.min(info.cpus.saturating_mul(1000)),
        ask_version: pool.condition.borrow().toolchain.is_empty(),
    })
}
