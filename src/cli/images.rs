//! `kiln images build`: makes each image available and proves it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::app::{ProofError, Workbench};
use crate::images::{BuildError, BuildOptions, Prepared, prepare};
use crate::language::LanguageSpec;

use super::args::BuildArguments;

/// Between two turns of the spinner.
const TICK: Duration = Duration::from_millis(120);

/// Why a language has no proven image.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// A name that is not in the catalogue.
    #[error("there is no language {name:?}; there are {known}")]
    Unknown {
        /// As given.
        name: String,
        /// The ids.
        known: String,
    },
    /// Some could not be made or proven; each was told when it happened.
    #[error("no proven image for {}", .languages.join(", "))]
    Failed {
        /// Their ids.
        languages: Vec<String>,
    },
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Build(#[from] BuildError),
    #[error("the image does not prove itself: {0}")]
    Proof(#[from] ProofError),
}

/// Builds or pulls what is asked for, one after the other, and says how each went.
///
/// # Errors
/// The languages that have no proven image at the end.
pub async fn build(bench: &Workbench, arguments: &BuildArguments) -> Result<(), ImageError> {
    let options = BuildOptions {
        base: arguments.base.clone(),
        extra_ca: arguments.extra_ca.clone(),
        rebuild: arguments.rebuild,
    };
    let mut failed = Vec::new();
    for language in chosen(bench, &arguments.languages)? {
        let begun = Instant::now();
        let bar = progress_bar(&language);
        let result = make(bench, &language, &options, arguments.missing, &bar).await;
        bar.finish_and_clear();
        let seconds = begun.elapsed().as_secs_f64();
        match result {
            Ok((prepared, proof)) => {
                let how = match &prepared {
                    Prepared::Present(_) => "was there",
                    Prepared::Built(_) => "built",
                    Prepared::Pulled(_) => "pulled",
                };
                let image = &prepared.image().reference;
                let proof = proof.map_or_else(String::new, |n| format!(", {n} smoke programs passed"));
                println!("{:<12} {image} {how}{proof} ({seconds:.1} s)", language.id);
            }
            Err(error) => {
                println!("{:<12} failed ({seconds:.1} s): {error}", language.id);
                failed.push(language.id.to_string());
            }
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(ImageError::Failed { languages: failed }) }
}

fn chosen(bench: &Workbench, names: &[String]) -> Result<Vec<Arc<LanguageSpec>>, ImageError> {
    let catalogue = bench.catalogue();
    if names.is_empty() {
        return Ok(catalogue.languages().to_vec());
    }
    let find = |name: &String| {
        catalogue.find(name).cloned().ok_or_else(|| {
            let known: Vec<_> = catalogue.languages().iter().map(|spec| spec.id.as_str()).collect();
            ImageError::Unknown { name: name.clone(), known: known.join(", ") }
        })
    };
    names.iter().map(find).collect()
}

async fn make(
    bench: &Workbench,
    language: &LanguageSpec,
    options: &BuildOptions,
    missing: bool,
    bar: &ProgressBar,
) -> Result<(Prepared, Option<usize>), Failure> {
    let show = |line: &str| bar.set_message(line.trim().to_owned());
    let prepared = prepare(bench.engine(), language, options, &show).await?;
    if missing && matches!(prepared, Prepared::Present(_)) {
        return Ok((prepared, None));
    }
    bar.set_message("running the smoke programs");
    let programs = bench.prove(language).await?;
    Ok((prepared, Some(programs)))
}

/// A line with the build's last words; nothing where nobody watches.
fn progress_bar(language: &LanguageSpec) -> ProgressBar {
    let bar = ProgressBar::new_spinner().with_prefix(language.id.to_string());
    bar.set_draw_target(ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{prefix:12} {spinner} {elapsed} {wide_msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(TICK);
    bar
}
