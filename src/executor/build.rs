//! Where an execution's build comes from.

use tokio::sync::oneshot;

use crate::builds::{BuildKey, Builds, Lead, Obtained};
use crate::domain::{Execution, KeepBuild, PackedBuild, Uncached};
use crate::pool::Pools;
use crate::sandbox::{Blueprint, BuildSource, Disposition, SandboxError};

/// Where an execution's build comes from, as far as is known before there is a container.
pub(super) struct Build {
    pub(super) source: BuildSource,
    /// Whoever waits for what this execution compiles.
    pub(super) lead: Option<Lead>,
    pub(super) key: Option<BuildKey>,
    /// Digest of the image that the key is about.
    pub(super) image_id: String,
    /// Why it is compiled, where it is.
    pub(super) uncached: Uncached,
}

impl Build {
    /// Looks for a build of the same sources; waits where one is being made.
    pub(super) async fn obtain(builds: &Builds, pools: &Pools, execution: &Execution) -> Self {
        let mut build = Self::own(0, Uncached::Held);
        // What it is compiled from is not all there yet.
        if execution.is_held {
            return build;
        }
        // Until the language's first container is made nothing is known of its image.
        build.uncached = Uncached::OtherImage;
        let Some(blueprint) = pools.blueprint(&execution.language) else { return build };
        build.uncached =
            if blueprint.language.build_cache.is_some() { Uncached::Differs } else { Uncached::Language };
        let Some(key) = BuildKey::of(execution, &blueprint) else { return build };
        match builds.obtain(key, &blueprint).await {
            Obtained::Found(source) => build.source = source,
            Obtained::Lead(lead) => {
                build = Self::own(builds.build_bytes_max(), Uncached::First);
                build.lead = Some(lead);
            }
            Obtained::Alone if builds.keeps_any() => build.uncached = Uncached::NotKept,
            Obtained::Alone => build.uncached = Uncached::Off,
        }
        build.key = Some(key);
        build.image_id.clone_from(&blueprint.image_id);
        build
    }

    fn own(keep_bytes_max: u64, uncached: Uncached) -> Self {
        let source = BuildSource::Compiler { keep_bytes_max };
        Self { source, lead: None, key: None, image_id: String::new(), uncached }
    }

    /// The same, unless the container is made of another image: then it compiles for itself.
    pub(super) fn fit_for(self, blueprint: &Blueprint) -> Self {
        if self.key.is_none() || self.image_id == blueprint.image_id {
            self
        } else {
            Self::own(0, Uncached::OtherImage)
        }
    }

    /// What a judgement has compiled before, for one more of its cases.
    pub(super) async fn again(builds: &Builds, pools: &Pools, execution: &Execution, built: &Built) -> Self {
        let mut build = Self::own(0, Uncached::NotKept);
        let blueprint = pools.blueprint(&execution.language);
        build.source = match (built.key, blueprint, &built.packed) {
            (Some(key), Some(blueprint), packed) if blueprint.image_id == built.image_id => {
                let found = builds.find(key, &blueprint).await;
                found.or_else(|| packed.clone().map(BuildSource::Packed)).unwrap_or(build.source)
            }
            (_, _, Some(packed)) => BuildSource::Packed(packed.clone()),
            _ => build.source,
        };
        (build.key, build.image_id) = (built.key, built.image_id.clone());
        build
    }

    /// The same, and the result is wanted here whether or not it is kept.
    pub(super) fn wanted(mut self, bytes_max: u64) -> Self {
        if let BuildSource::Compiler { keep_bytes_max } = &mut self.source {
            *keep_bytes_max = bytes_max;
        }
        self
    }

    /// What was found, for the cases that follow.
    pub(super) fn into_found(self) -> Built {
        let packed = match self.source {
            BuildSource::Packed(packed) => Some(packed),
            BuildSource::Shelf { .. } | BuildSource::Compiler { .. } => None,
        };
        Built { key: self.key, image_id: self.image_id, packed }
    }

    /// What is to take the build that is made: whoever waits for it, and the caller where it is `wanted` here.
    pub(super) fn take_keep(&mut self, wanted: bool) -> (Option<KeepBuild>, Kept) {
        let lead = self.lead.take().map(Lead::into_keep);
        if !wanted {
            return (lead, Kept(None));
        }
        let (sender, receiver) = oneshot::channel();
        let keep: KeepBuild = Box::new(move |packed| {
            if let Some(lead) = lead {
                lead(packed.clone());
            }
            let _ = sender.send(packed);
        });
        (Some(keep), Kept(Some(receiver)))
    }
}

/// A build that may come from a container.
pub(super) struct Kept(Option<oneshot::Receiver<Option<PackedBuild>>>);

impl Kept {
    /// What came; waits for the rest of it. `None` where the compiler made nothing to run, or nobody wants it.
    ///
    /// # Errors
    /// Where the container fails at this: nothing is known of what the compiler made.
    pub(super) async fn collect(
        self,
        disposition: &mut Disposition,
        key: Option<BuildKey>,
        image_id: &str,
    ) -> Result<Option<Built>, SandboxError> {
        let (Some(receiver), Disposition::Used(used)) = (self.0, disposition) else { return Ok(None) };
        used.collect().await?;
        let packed = receiver.await.ok().flatten();
        Ok(Some(Built { key, image_id: image_id.to_owned(), packed }))
    }
}

/// What was compiled once for many cases. Empty in a language that does not compile; where a build could not be kept each
/// case compiles for itself.
#[derive(Debug, Default)]
pub(super) struct Built {
    key: Option<BuildKey>,
    image_id: String,
    packed: Option<PackedBuild>,
}
