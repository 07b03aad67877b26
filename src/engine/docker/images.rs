//! Pulling and building images, with their progress as lines.

use std::collections::HashMap;

use bollard::Docker;
use bollard::query_parameters::{BuildImageOptionsBuilder, CreateImageOptionsBuilder};
use futures_util::StreamExt;

use super::translate::translate;
use crate::engine::EngineError;
use crate::engine::types::{BuildSpec, Progress};

pub(super) async fn pull(
    docker: &Docker,
    reference: &str,
    progress: Progress<'_>,
) -> Result<(), EngineError> {
    let options = CreateImageOptionsBuilder::default().from_image(reference).build();
    let mut steps = docker.create_image(Some(options), None, None);
    while let Some(step) = steps.next().await {
        let step = step.map_err(|error| translate("image pull", error))?;
        if let Some(message) = step.error_detail.and_then(|detail| detail.message) {
            return Err(EngineError::Image { message });
        }
        progress(&step.status.unwrap_or_default());
    }
    Ok(())
}

pub(super) async fn build(
    docker: &Docker,
    spec: &BuildSpec,
    progress: Progress<'_>,
) -> Result<(), EngineError> {
    let options = BuildImageOptionsBuilder::default()
        .t(&spec.reference)
        .buildargs(&HashMap::<String, String>::from_iter(spec.args.clone()))
        .labels(&HashMap::<String, String>::from_iter(spec.labels.clone()))
        .rm(true)
        .forcerm(true)
        .build();
    let context = bollard::body_full(spec.context.clone().into());
    let mut steps = docker.build_image(options, None, Some(context));
    let mut last_words = String::new();
    while let Some(step) = steps.next().await {
        let step = step.map_err(|error| match translate("image build", error) {
            // The engine's own summary names a command and a code; what that command said is worth more.
            EngineError::Image { message } => {
                EngineError::Image { message: format!("{message}\n{last_words}") }
            }
            other => other,
        })?;
        if let Some(message) = step.error_detail.and_then(|detail| detail.message) {
            return Err(EngineError::Image { message: format!("{message}\n{last_words}") });
        }
        let text = step.stream.or(step.status).unwrap_or_default();
        for line in text.lines().map(str::trim_end).filter(|line| !line.is_empty()) {
            progress(line);
            last_words = format!("{}{line}\n", tail(&last_words));
        }
    }
    Ok(())
}

/// The last lines of a build are what a person needs of a failed one.
fn tail(words: &str) -> &str {
    const LINES: usize = 12;
    let skip = words.lines().count().saturating_sub(LINES);
    words.splitn(skip + 1, '\n').last().unwrap_or(words)
}
