//! One language, validated: how its programs are compiled and run, in which image, within which limits.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::{LanguageId, Limits};

use super::estimate::Estimator;
use super::hints::HintTable;
use super::smoke::SmokeProgram;

/// Working directory of every program.
pub const WORKSPACE_DIR: &str = "/workspace";
/// Where compilers leave what they made, outside of the program's working directory.
pub const BUILD_DIR: &str = "/build";
/// Scratch space, and the program's HOME.
pub const TMP_DIR: &str = "/tmp";
/// In a compile command: the main file and every other file with its ending.
pub(super) const SOURCES: &str = "{sources}";
pub(super) const MAIN: &str = "{main}";
/// Names to what waits the directory whose content was written by nobody that it may trust.
const PACKAGES_VARIABLE: &str = "KILN_STANDBY_PACKAGES";
/// Where the agent's volume is mounted, read-only.
pub const MOUNT_DIR: &str = "/kiln";

/// Where an image comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageSource {
    /// Built from Kiln's own Dockerfile; never pulled.
    Local,
    /// Pulled by name, used as it is.
    Official,
}

impl ImageSource {
    /// As shown to people and in the API.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Official => "official",
        }
    }
}

/// An image that can run the language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageCandidate {
    /// Its name and tag.
    pub reference: String,
    /// Where it comes from.
    pub source: ImageSource,
    /// The compile command in this image, where it differs.
    pub compile: Option<Vec<String>>,
    /// Variables for this image, over the language's own.
    pub env: Vec<(String, String)>,
    /// Whether what the language's standby needs is in it.
    pub standby: bool,
    /// Where programs find installed packages; there can be none where this is `None`.
    pub packages: Option<String>,
}

/// How packages are installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installer {
    /// Gets the requirements as its arguments and writes a tar archive to its standard output.
    command: Vec<String>,
    /// The variable that names the index.
    pub index_env: String,
    /// The variable that names a file of certificate authorities.
    pub authorities_env: String,
    /// Globs of names at the top of the archive that are left out of a set.
    pub leave_out: Vec<String>,
    /// Words of an installer whose index does not answer.
    pub index_away: Vec<String>,
}

impl Installer {
    pub(super) fn new(
        command: Vec<String>,
        index_env: String,
        authorities_env: String,
        leave_out: Vec<String>,
        index_away: Vec<String>,
    ) -> Self {
        Self { command, index_env, authorities_env, leave_out, index_away }
    }
}

/// How an interpreter or a compiler waits for its program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standby {
    /// Variables that make the interpreter load the waiting file.
    pub env: Vec<(String, String)>,
    /// Whether one interpreter per container forks those that wait; else each is started anew.
    pub forks: bool,
    /// Names of variables, a trailing `*` matching any end, that an interpreter reads at its start: a request that
    /// sets one gets a fresh interpreter.
    pub plain_when_env: Vec<String>,
    /// How long a container that has served has to rest until it is started there.
    pub rest: Duration,
    /// Whether it sized itself by the memory limit at its start: a request with another one gets a fresh one.
    pub plain_when_memory_differs: bool,
}

impl Standby {
    /// Whether a program with this environment may use the waiting interpreter.
    #[must_use]
    pub fn serves(&self, env: &[(String, String)]) -> bool {
        let matches = |pattern: &String, name: &str| match pattern.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => pattern == name,
        };
        !env.iter().any(|(name, _)| self.plain_when_env.iter().any(|pattern| matches(pattern, name)))
    }
}

/// Everything that a run needs is what the compiler leaves in the build directory, and the same sources give the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildCache {
    /// Words in a source that make each of its builds different.
    pub never_with: Vec<String>,
}

/// How many containers a language has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolBounds {
    /// Kept warm when idle.
    pub min: u32,
    /// In existence at most.
    pub max: u32,
}

/// A language of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LanguageSpec {
    /// Its id, also its folder's name.
    pub id: LanguageId,
    /// Its name for people.
    pub name: String,
    /// Other names callers use, in lower case.
    pub aliases: Vec<String>,
    /// What `code` is saved as.
    pub main_file: String,
    /// Prints the toolchain's version.
    pub version: Vec<String>,
    compile: Option<Vec<String>>,
    run: Vec<String>,
    env: Vec<(String, String)>,
    /// Variables that a program gets beside those where its request asks for artifacts.
    pub artifacts_env: Vec<(String, String)>,
    /// In order of preference; at least one.
    pub images: Vec<ImageCandidate>,
    /// Links in its folder, as containers see that, and what they lead to.
    pub links: Vec<(String, String)>,
    compile_standby: Option<Standby>,
    standby: Option<Standby>,
    /// Whether what its compiler makes is good for the same sources again.
    pub build_cache: Option<BuildCache>,
    /// How packages are installed, where they can be.
    pub installer: Option<Installer>,
    /// Defaults of its limits.
    pub limits: Limits,
    /// The least memory that a request may ask for, in bytes.
    pub memory_bytes_min: u64,
    /// Its share of the pool.
    pub pool: PoolBounds,
    /// Programs that prove an image.
    pub smoke: Vec<SmokeProgram>,
    /// What the words and signals of programs that fail mean: its own rules, then those of all languages.
    pub hints: Arc<HintTable>,
    /// The wall time of a request that sets none.
    pub estimator: Arc<Estimator>,
}

impl LanguageSpec {
    #[expect(clippy::too_many_arguments, reason = "only the catalogue calls it, with the fields of one file")]
    pub(super) fn new(
        id: LanguageId,
        name: String,
        aliases: Vec<String>,
        main_file: String,
        version: Vec<String>,
        compile: Option<Vec<String>>,
        run: Vec<String>,
        env: Vec<(String, String)>,
        artifacts_env: Vec<(String, String)>,
        images: Vec<ImageCandidate>,
        links: Vec<(String, String)>,
        compile_standby: Option<Standby>,
        standby: Option<Standby>,
        build_cache: Option<BuildCache>,
        installer: Option<Installer>,
        limits: Limits,
        memory_bytes_min: u64,
        pool: PoolBounds,
        smoke: Vec<SmokeProgram>,
        hints: Arc<HintTable>,
        estimator: Arc<Estimator>,
    ) -> Self {
        Self {
            id,
            name,
            aliases,
            main_file,
            version,
            compile,
            run,
            env,
            artifacts_env,
            images,
            links,
            compile_standby,
            standby,
            build_cache,
            installer,
            limits,
            memory_bytes_min,
            pool,
            smoke,
            hints,
            estimator,
        }
    }

    /// The same language where what runs is its installer: nothing waits for it.
    #[must_use]
    pub fn installing(&self, limits: Limits, pool: PoolBounds) -> Option<Self> {
        let run = self.installer.as_ref()?.command.clone();
        let (compile_standby, standby) = (None, None);
        Some(Self { run, compile_standby, standby, limits, pool, ..self.clone() })
    }

    /// The same language in this image alone, in which packages have been installed.
    #[must_use]
    pub fn in_image(&self, image: ImageCandidate, pool: PoolBounds) -> Self {
        let mut standby = self.standby.clone();
        if let (Some(standby), Some(directory)) = (&mut standby, &image.packages) {
            standby.env.push((PACKAGES_VARIABLE.to_owned(), directory.clone()));
        }
        Self { images: vec![image], standby, pool, ..self.clone() }
    }

    /// Whether programs are compiled before they run.
    #[must_use]
    pub fn compiles(&self) -> bool {
        self.compile.is_some()
    }

    /// The compile command for `main` and the other files of its kind, in `image`.
    #[must_use]
    pub fn compile_argv(&self, image: &ImageCandidate, main: &str, paths: &[String]) -> Option<Vec<String>> {
        let template = image.compile.as_ref().or(self.compile.as_ref())?;
        Some(self.expand(template, main, paths))
    }

    /// Whether anything waits in `image` for a program.
    #[must_use]
    pub fn stands_by(&self, image: &ImageCandidate) -> bool {
        self.compile_standby(image).is_some() || self.standby(image).is_some()
    }

    /// How the compiler waits in `image`, if it can, and with which command: all but the sources, where it takes any, else for
    /// the language's main file.
    #[must_use]
    pub fn compile_standby(&self, image: &ImageCandidate) -> Option<(&Standby, Vec<String>)> {
        let standby = self.compile_standby.as_ref().filter(|_| image.standby)?;
        let template = image.compile.as_ref().or(self.compile.as_ref())?;
        let command = template.strip_suffix(&[SOURCES.to_owned()]).unwrap_or(template);
        Some((standby, self.expand(command, &self.main_file, &[])))
    }

    /// How the interpreter waits in `image`, if it can.
    #[must_use]
    pub fn standby(&self, image: &ImageCandidate) -> Option<&Standby> {
        self.standby.as_ref().filter(|_| image.standby)
    }

    /// The run command, without the program's own arguments.
    #[must_use]
    pub fn run_argv(&self, main: &str) -> Vec<String> {
        self.expand(&self.run, main, &[])
    }

    /// The environment of both stages in `image`, over the image's own; `{language}` is expanded.
    #[must_use]
    pub fn environment(&self, image: &ImageCandidate) -> Vec<(String, String)> {
        let home = ("HOME".to_owned(), TMP_DIR.to_owned());
        let own = self.env.iter().chain(&image.env);
        std::iter::once(home).chain(own.map(|(name, value)| (name.clone(), self.fill(value, "")))).collect()
    }

    /// What waits gets this over [`LanguageSpec::environment`].
    #[must_use]
    pub fn standby_environment(&self, standby: &Standby) -> Vec<(String, String)> {
        standby.env.iter().map(|(name, value)| (name.clone(), self.fill(value, ""))).collect()
    }

    /// `{sources}` becomes the main file and every other file with its ending.
    fn expand(&self, template: &[String], main: &str, paths: &[String]) -> Vec<String> {
        let ending = main.rsplit_once('.').map(|(_, ending)| ending);
        let like_main =
            |path: &&String| path.as_str() != main && path.rsplit_once('.').map(|(_, end)| end) == ending;
        let mut argv = Vec::new();
        for word in template {
            if word == SOURCES {
                argv.push(main.to_owned());
                argv.extend(paths.iter().filter(like_main).cloned());
            } else {
                argv.push(self.fill(word, main));
            }
        }
        argv
    }

    fn fill(&self, word: &str, main: &str) -> String {
        word.replace(MAIN, main)
            .replace("{build}", BUILD_DIR)
            .replace("{language}", &format!("{MOUNT_DIR}/languages/{}", self.id))
    }
}
