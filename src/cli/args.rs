//! What can be typed after `kiln`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::proto::Isolation;

/// Runs untrusted programs in warm containers.
#[derive(Debug, Parser)]
#[command(name = "kiln", version, about, arg_required_else_help = true)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the daemon
    Serve(ConfigFile),
    /// Run a program and exit with its exit code (124 time limit, 125 Kiln's own failure, 128+n signal)
    Run(Box<RunArguments>),
    /// Show the languages a server knows
    Languages(Query),
    /// Show the pools of warm containers
    Pool(PoolArguments),
    /// Show what executions took since the daemon's start, and what was slow
    Stats(StatsArguments),
    /// Exit with 0 where the daemon serves
    Health(Server),
    /// Check the engine, the images and the agent; say what is wrong and what mends it
    Doctor(ConfigFile),
    /// Make executor images available
    #[command(subcommand)]
    Images(ImagesCommand),
    /// Drive a server with programs and check what it answers
    Load(LoadArguments),
}

/// Where the settings are.
#[derive(Debug, Args)]
pub struct ConfigFile {
    /// Settings; without this, kiln.toml where there is one. Variables KILN__SECTION__KEY win over both
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Where the daemon is.
#[derive(Debug, Args)]
pub struct Server {
    /// The daemon's gRPC address, or its socket: unix:/run/kiln/kiln.sock
    #[arg(long, env = "KILN_SERVER", default_value = "http://127.0.0.1:50051", value_name = "URL")]
    pub server: String,
    /// For an https:// address: the certificate authorities that its certificate has to come from, as PEM
    #[arg(long, env = "KILN_CA", value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// Instead of failing where no daemon serves yet, ask again for this long at most
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub wait: Option<Duration>,
}

/// A question to a daemon.
#[derive(Debug, Args)]
pub struct Query {
    /// Where to ask.
    #[command(flatten)]
    pub server: Server,
    /// Print the reply as proto3 JSON
    #[arg(long)]
    pub json: bool,
}

/// `kiln run`.
#[derive(Debug, Args)]
pub struct RunArguments {
    /// The program's file; - reads it from standard input and needs --language
    pub file: PathBuf,
    /// Its language, by id or alias; without this, told from the file's ending
    #[arg(short, long)]
    pub language: Option<String>,
    /// A file for the program's standard input; - passes on this command's
    #[arg(long, value_name = "FILE")]
    pub stdin: Option<PathBuf>,
    /// An argument for the program; may come several times
    #[arg(long = "arg", value_name = "ARG", allow_hyphen_values = true)]
    pub args: Vec<String>,
    /// A variable for the program; may come several times
    #[arg(long = "env", value_name = "NAME=VALUE", value_parser = parse_variable)]
    pub env: Vec<(String, String)>,
    /// Wall time of the run, such as 500ms, 10s or 2m
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub limit_time: Option<Duration>,
    /// CPU time of the run
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub limit_cpu: Option<Duration>,
    /// Time of the compilation
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub limit_compile: Option<Duration>,
    /// Memory, such as 256MiB
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub limit_memory: Option<u64>,
    /// Kept output per stream, such as 64KiB
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub limit_output: Option<u64>,
    /// What its files may take together
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub limit_disk: Option<u64>,
    /// Files and directories that it may make
    #[arg(long, value_name = "COUNT")]
    pub limit_inodes: Option<u64>,
    /// Size of a single file
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub limit_file: Option<u64>,
    /// Processes and threads at once
    #[arg(long, value_name = "COUNT")]
    pub limit_processes: Option<u64>,
    /// Open files of a process
    #[arg(long, value_name = "COUNT")]
    pub limit_open_files: Option<u64>,
    /// Stack of a process's first thread
    #[arg(long, value_name = "SIZE", value_parser = parse_size)]
    pub limit_stack: Option<u64>,
    /// Pass on standard input as it comes, to its end
    #[arg(short, long, conflicts_with_all = ["stdin", "json"])]
    pub interactive: bool,
    /// Give the program a terminal, this one's size; implies --interactive
    #[arg(short, long, conflicts_with_all = ["stdin", "json"])]
    pub tty: bool,
    /// Have a package installed, such as 'requests==2.32'; may be repeated
    #[arg(long, value_name = "REQUIREMENT")]
    pub package: Vec<String>,
    /// Let the program use the network
    #[arg(long)]
    pub network: bool,
    /// What else its container may run, before and after it; where this is not said, as with tenant
    #[arg(long)]
    pub isolation: Option<Policy>,
    /// Return files that the program leaves and this glob matches, such as '*.png'; may be repeated
    #[arg(long, value_name = "GLOB")]
    pub artifact: Vec<String>,
    /// Where such files are written; those that are there already are replaced
    #[arg(long, value_name = "DIRECTORY", default_value = ".")]
    pub artifacts_to: PathBuf,
    /// Print the whole reply as proto3 JSON instead of the program's output
    #[arg(long)]
    pub json: bool,
    /// After the end, say on standard error what happened and how long it took
    #[arg(short, long)]
    pub verbose: bool,
    /// Where to run it.
    #[command(flatten)]
    pub server: Server,
}

/// Whether a container serves again: `Isolation` as it is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Policy {
    /// Nothing before and nothing after
    OneShot,
    /// Programs of the same tenant, each after a verified reset
    Tenant,
    /// Anybody's programs, each after a verified reset
    Shared,
}

impl From<Policy> for Isolation {
    fn from(policy: Policy) -> Self {
        match policy {
            Policy::OneShot => Self::OneShot,
            Policy::Tenant => Self::Tenant,
            Policy::Shared => Self::Shared,
        }
    }
}

/// `kiln pool`.
#[derive(Debug, Args)]
pub struct PoolArguments {
    /// Where to ask.
    #[command(flatten)]
    pub query: Query,
    /// Show it again every second until interrupted
    #[arg(long, conflicts_with = "json")]
    pub watch: bool,
}

/// `kiln stats`.
#[derive(Debug, Args)]
pub struct StatsArguments {
    /// Only this language, by id or alias
    pub language: Option<String>,
    /// How many of the slowest recent executions of each language to show
    #[arg(long, default_value_t = 5, value_name = "COUNT")]
    pub slowest: u16,
    /// Where to ask.
    #[command(flatten)]
    pub query: Query,
}

/// `kiln images`.
#[derive(Debug, Subcommand)]
pub enum ImagesCommand {
    /// Build or pull the images of all languages, or of those named, and prove each with its smoke programs
    Build(BuildArguments),
}

/// `kiln images build`.
#[derive(Debug, Args)]
pub struct BuildArguments {
    /// Languages by id or alias; none means all
    pub languages: Vec<String>,
    /// The base image, where the Dockerfiles' own cannot be had
    #[arg(long, value_name = "IMAGE")]
    pub base: Option<String>,
    /// More certificate authorities to trust during the build, as PEM: for networks that re-sign TLS
    #[arg(long, value_name = "FILE")]
    pub extra_ca: Option<PathBuf>,
    /// Build or pull even where the engine has the image
    #[arg(long)]
    pub rebuild: bool,
    /// Leave an image that is there and up to date as it is, without proving it again
    #[arg(long, conflicts_with = "rebuild")]
    pub missing: bool,
    /// Settings.
    #[command(flatten)]
    pub config: ConfigFile,
}

/// `kiln load`.
#[derive(Debug, Args)]
pub struct LoadArguments {
    /// Programs, one JSON object a line: {"language", "name", "code", "stdin"?, "expect": {"outcome"?, "exit_code"?, "stdout"?}?}
    #[arg(long, value_name = "FILE.jsonl")]
    pub programs: PathBuf,
    /// Executions at the same time
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub concurrency: u16,
    /// Instead of each program once, go round for this long at 1, 2, 4, ... up to the concurrency
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub duration: Option<Duration>,
    /// Only programs of this language
    #[arg(short, long)]
    pub language: Option<String>,
    /// Print the result as JSON
    #[arg(long)]
    pub json: bool,
    /// What to drive.
    #[command(flatten)]
    pub server: Server,
}

fn parse_variable(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').ok_or_else(|| format!("{text:?} has no `=`"))?;
    Ok((pair.0.to_owned(), pair.1.to_owned()))
}

fn parse_time(text: &str) -> Result<Duration, String> {
    let (amount, unit) = split_unit(text);
    let seconds = match unit {
        "ms" => 0.001,
        "s" | "" => 1.0,
        "m" => 60.0,
        _ => return Err(format!("{text:?} is not a time such as 500ms, 10s or 2m")),
    };
    let amount: f64 =
        amount.parse().map_err(|_| format!("{text:?} is not a time such as 500ms, 10s or 2m"))?;
    Duration::try_from_secs_f64(amount * seconds).map_err(|error| error.to_string())
}

fn parse_size(text: &str) -> Result<u64, String> {
    let (amount, unit) = split_unit(text);
    let bytes = match unit {
        "" | "B" => 1,
        "KiB" | "K" => 1 << 10,
        "MiB" | "M" => 1 << 20,
        "GiB" | "G" => 1_u64 << 30,
        _ => return Err(format!("{text:?} is not a size such as 64KiB, 256MiB or 1GiB")),
    };
    let amount: u64 = amount.parse().map_err(|_| format!("{text:?} is not a size such as 256MiB"))?;
    amount.checked_mul(bytes).ok_or_else(|| format!("{text:?} is too large"))
}

fn split_unit(text: &str) -> (&str, &str) {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    text.split_at(digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        <Arguments as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn times_and_sizes_have_units() {
        assert_eq!(parse_time("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse_time("1.5s"), Ok(Duration::from_millis(1500)));
        assert!(parse_time("5h").is_err() && parse_time("s").is_err());
        assert_eq!(parse_size("256MiB"), Ok(256 << 20));
        assert!(parse_size("256MB").is_err() && parse_size("99999999999999999999").is_err());
        assert!(parse_size("999999999999GiB").is_err());
    }
}
