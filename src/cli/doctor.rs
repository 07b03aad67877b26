//! `kiln doctor`: looks at everything Kiln needs, and says for each what is wrong and what mends it.

use crate::app::{AGENTS, Workbench};
use crate::engine::{EngineError, NO_CGROUP};
use crate::images::Availability;
use crate::language::LanguageSpec;

/// What was looked at and how it is.
struct Check {
    subject: String,
    state: State,
    finding: String,
    /// The command or change that mends it; empty where nothing is to mend.
    remedy: String,
}

#[derive(PartialEq, Eq)]
enum State {
    Good,
    /// It works, but not as well as it could.
    Fair,
    Bad,
}

impl Check {
    fn good(subject: &str, finding: String) -> Self {
        Self { subject: subject.to_owned(), state: State::Good, finding, remedy: String::new() }
    }

    fn bad(subject: &str, finding: String, remedy: &str) -> Self {
        Self { subject: subject.to_owned(), state: State::Bad, finding, remedy: remedy.to_owned() }
    }

    fn fair(subject: &str, finding: String, remedy: &str) -> Self {
        Self { subject: subject.to_owned(), state: State::Fair, finding, remedy: remedy.to_owned() }
    }

    fn print(&self) {
        let mark = match self.state {
            State::Good => "ok",
            State::Fair => "fair",
            State::Bad => "BAD",
        };
        println!("{mark:<5} {:<13} {}", self.subject, self.finding);
        if !self.remedy.is_empty() {
            println!("{:<19} mend it: {}", "", self.remedy);
        }
    }
}

/// Looks at everything and prints each finding when it is known. Returns whether Kiln can serve every language.
pub async fn diagnose(bench: &Workbench) -> bool {
    let mut sound = true;
    let mut tell = |check: Check| {
        sound &= check.state != State::Bad;
        check.print();
    };
    let info = match bench.engine().info().await {
        Ok(info) => info,
        Err(error) => {
            tell(engine_away(&error));
            return false;
        }
    };
    tell(Check::good("engine", format!("version {}, API {}", info.version, info.api_version)));
    if AGENTS.iter().any(|agent| agent.arch == info.arch) {
        tell(Check::good("architecture", info.arch));
    } else {
        let agents = AGENTS.iter().map(|agent| agent.arch).collect::<Vec<_>>().join(", ");
        let finding = format!("the engine is {}, this build has agents for {agents} only", info.arch);
        let remedy =
            format!("use a build of Kiln for {0}, or build one with KILN_AGENT_ARCHES={0}", info.arch);
        tell(Check::bad("architecture", finding, &remedy));
    }
    match info.cgroup_version.as_str() {
        "1" | "2" => tell(Check::good("cgroup", format!("version {}", info.cgroup_version))),
        NO_CGROUP => {
            let finding =
                "none: this engine does not bound memory, CPU and processes of containers at all".to_owned();
            let remedy = "for a rootless engine, boot the host with cgroup v2 and delegate its controllers to the engine's user";
            tell(Check::bad("cgroup", finding, remedy));
        }
        other => {
            let finding =
                format!("version {other:?} is not known; memory limits cannot be told from other kills");
            tell(Check::fair("cgroup", finding, "use a host with cgroup v1 or v2"));
        }
    }
    let gib = info.memory_bytes as f64 / f64::from(1 << 30);
    tell(Check::good(
        "machine",
        format!("{} CPUs, {gib:.1} GiB, {} storage", info.cpus, info.storage_driver),
    ));
    for language in bench.catalogue().languages() {
        tell(check_language(bench, language).await);
    }
    sound
}

fn engine_away(error: &EngineError) -> Check {
    let words = error.to_string();
    let remedy = if words.to_lowercase().contains("permission denied") {
        "add this user to the docker group, or run as root"
    } else {
        "start the engine (`make engine` in Kiln's source tree), or set DOCKER_HOST or engine.host"
    };
    Check::bad("engine", words, remedy)
}

/// An image is there, a container can be made of it, the agent answers in it, and programs do what they should.
async fn check_language(bench: &Workbench, language: &LanguageSpec) -> Check {
    let id = language.id.as_str();
    let build = format!("kiln images build {id}");
    let found = match Availability::look_up(bench.engine(), language).await {
        Ok(found) => found,
        Err(error) => return Check::bad(id, error.to_string(), "see to the engine first"),
    };
    let Some((image, _)) = found.chosen() else {
        return Check::bad(id, "no image".to_owned(), &build);
    };
    match bench.prove(language).await {
        Ok(programs) if Some(image) == language.images.first() => {
            Check::good(id, format!("{}, {programs} smoke programs passed", image.reference))
        }
        Ok(programs) => {
            let finding = format!("{} (a fallback), {programs} smoke programs passed", image.reference);
            Check::fair(id, finding, &build)
        }
        Err(error) => Check::bad(id, format!("{}: {error}", image.reference), &format!("{build} --rebuild")),
    }
}
