//! Looks candidates up in the engine, in their order.

use crate::engine::{Engine, EngineError};
use crate::language::{ImageCandidate, LanguageSpec};

/// What the engine has of a language's candidates, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Availability {
    /// Each candidate and whether the engine has it.
    pub candidates: Vec<(ImageCandidate, bool)>,
}

impl Availability {
    /// Asks the engine for every candidate.
    ///
    /// # Errors
    /// The engine's.
    pub async fn look_up(engine: &dyn Engine, language: &LanguageSpec) -> Result<Self, EngineError> {
        let mut candidates = Vec::new();
        for candidate in &language.images {
            let there = engine.image(&candidate.reference).await?.is_some();
            candidates.push((candidate.clone(), there));
        }
        Ok(Self { candidates })
    }

    /// Whether the engine has this one.
    #[must_use]
    pub fn has(&self, candidate: &ImageCandidate) -> bool {
        self.candidates.iter().any(|(known, there)| *there && known == candidate)
    }

    /// The first that is there.
    #[must_use]
    pub fn chosen(&self) -> Option<&ImageCandidate> {
        self.candidates.iter().find(|(_, there)| *there).map(|(candidate, _)| candidate)
    }
}

/// Logs the choice, and the fallback where there is one.
pub fn report(language: &LanguageSpec, found: &Availability) {
    let first = language.images.first();
    match found.chosen() {
        Some(image) if Some(image) == first => {
            tracing::info!(language = %language.id, image = image.reference, "image chosen");
        }
        Some(image) => {
            let preferred = first.map_or("", |image| image.reference.as_str());
            tracing::warn!(language = %language.id, image = image.reference, preferred, "fallback image chosen");
        }
        None => {
            let tried: Vec<_> = language.images.iter().map(|image| image.reference.as_str()).collect();
            tracing::warn!(language = %language.id, ?tried, "no image; run `kiln images build {}`", language.id);
        }
    }
}
