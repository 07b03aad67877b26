//! Looks candidates up in the engine, in their order.

use crate::engine::{Engine, EngineError};
use crate::language::{ImageCandidate, LanguageSpec};

/// What the engine has of a language's candidates, in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Availability {
    /// Each candidate, with its content digest where the engine has it.
    pub candidates: Vec<(ImageCandidate, Option<String>)>,
}

impl Availability {
    /// Asks the engine for every candidate.
    ///
    /// # Errors
    /// The engine's.
    pub async fn look_up(engine: &dyn Engine, language: &LanguageSpec) -> Result<Self, EngineError> {
        let mut candidates = Vec::new();
        for candidate in &language.images {
            let facts = engine.image(&candidate.reference).await?;
            candidates.push((candidate.clone(), facts.map(|facts| facts.id)));
        }
        Ok(Self { candidates })
    }

    /// Whether the engine has this one.
    #[must_use]
    pub fn has(&self, candidate: &ImageCandidate) -> bool {
        self.candidates.iter().any(|(known, id)| id.is_some() && known == candidate)
    }

    /// The first that is there, and its content digest.
    #[must_use]
    pub fn chosen(&self) -> Option<(&ImageCandidate, &str)> {
        self.candidates.iter().find_map(|(candidate, id)| Some((candidate, id.as_deref()?)))
    }
}

/// Logs the choice, and the fallback where there is one.
pub fn report(language: &LanguageSpec, found: &Availability) {
    let first = language.images.first();
    match found.chosen().map(|(image, _)| image) {
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
