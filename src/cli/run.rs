//! `kiln run`: streams a program's output and ends as the program did.

use std::io::{Read, Write};
use std::path::Path;
use std::time::Instant;

use tonic::Streaming;

use crate::proto::{
    ExecuteRequest, ExecuteResponse, ExecuteStreamResponse, Isolation, Limits, ListLanguagesRequest, Outcome,
    execute_stream_response,
};

use super::args::RunArguments;
use super::artifacts::ArtifactWriter;
use super::client::{CliError, connect, executor, language_ready, to_json};
use super::says::Says;

/// As timeout(1) has it.
const EXIT_TIME: u8 = 124;
/// As timeout(1) and docker(1) have it.
const EXIT_OWN_FAILURE: u8 = 125;

/// Runs the file; returns the exit code.
///
/// # Errors
/// What kept it from running; the exit code is 125 then.
pub async fn run(arguments: RunArguments) -> Result<u8, CliError> {
    let wait_end = arguments.server.wait.map(|wait| Instant::now() + wait);
    let mut client = executor(connect(&arguments.server).await?);
    let language = match &arguments.language {
        Some(language) => language.clone(),
        None => {
            let known = client.list_languages(ListLanguagesRequest {}).await?.into_inner().languages;
            let ending = arguments.file.extension().and_then(|ending| ending.to_str());
            let of = |name: &str| {
                Path::new(name).extension().and_then(|ending| ending.to_str()).map(str::to_owned)
            };
            let found = known
                .iter()
                .find(|language| ending.is_some() && of(&language.main_file).as_deref() == ending);
            let hint = || CliError::Usage("the file's ending names no language; use --language".to_owned());
            found.ok_or_else(hint)?.id.clone()
        }
    };
    if let Some(end) = wait_end {
        language_ready(&mut client, &language, end).await?;
    }
    let request = request(&arguments, language)?;
    if arguments.json {
        let reply = client.execute(request).await?.into_inner();
        println!("{}", to_json("kiln.v1.ExecuteResponse", &reply)?);
        return Ok(exit_code(&reply));
    }
    let says = Says::new(&arguments)?;
    let answers = client.execute_stream(says.after(request)).await?.into_inner();
    let reply = forward(answers, ArtifactWriter::into(arguments.artifacts_to.clone())).await?;
    // Before anything else is said: raw, it would come out as stairs.
    drop(says);
    if arguments.verbose || !matches!(reply.outcome(), Outcome::Succeeded | Outcome::NonzeroExit) {
        eprintln!("kiln: {}", reply.message);
    }
    if arguments.verbose {
        eprintln!("kiln: {}", summary(&reply));
        reply.hints.iter().for_each(|hint| eprintln!("kiln: {hint}"));
    }
    Ok(exit_code(&reply))
}

fn request(arguments: &RunArguments, language: String) -> Result<ExecuteRequest, CliError> {
    let terminal = Path::new("-");
    if arguments.file == terminal && arguments.stdin.as_deref() == Some(terminal) {
        let words = "the program and its input cannot both come from standard input; name a file for one";
        return Err(CliError::Usage(words.to_owned()));
    }
    let code = read(&arguments.file)?;
    let code =
        String::from_utf8(code).map_err(|_| CliError::Usage("the program's file is not UTF-8".to_owned()))?;
    let stdin = arguments.stdin.as_deref().map(read).transpose()?.unwrap_or_default();
    // Under a day, as every limit: the conversion cannot fail.
    let time = |time: Option<std::time::Duration>| time.and_then(|time| time.try_into().ok());
    Ok(ExecuteRequest {
        language,
        code,
        artifacts: arguments.artifact.clone(),
        packages: arguments.package.clone(),
        network: arguments.network,
        isolation: arguments.isolation.map_or(Isolation::Unspecified, Isolation::from).into(),
        args: arguments.args.clone(),
        env: arguments.env.iter().cloned().collect(),
        stdin,
        limits: Some(Limits {
            wall_time: time(arguments.limit_time),
            cpu_time: time(arguments.limit_cpu),
            compile_time: time(arguments.limit_compile),
            memory_bytes: arguments.limit_memory.unwrap_or(0),
            output_bytes: arguments.limit_output.unwrap_or(0),
            disk_bytes: arguments.limit_disk.unwrap_or(0),
            inodes: arguments.limit_inodes.unwrap_or(0),
            file_bytes: arguments.limit_file.unwrap_or(0),
            processes: arguments.limit_processes.unwrap_or(0),
            open_files: arguments.limit_open_files.unwrap_or(0),
            stack_bytes: arguments.limit_stack.unwrap_or(0),
        }),
        ..ExecuteRequest::default()
    })
}

fn read(path: &Path) -> Result<Vec<u8>, CliError> {
    let failed = |source| CliError::Read { path: path.display().to_string(), source };
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).map_err(failed)?;
        return Ok(bytes);
    }
    std::fs::read(path).map_err(failed)
}

async fn forward(
    mut answers: Streaming<ExecuteStreamResponse>,
    mut artifacts: ArtifactWriter,
) -> Result<ExecuteResponse, CliError> {
    use execute_stream_response::Message;
    while let Some(answer) = answers.message().await? {
        match answer.message {
            Some(Message::Stdout(bytes)) => write(&mut std::io::stdout(), &bytes)?,
            Some(Message::Stderr(bytes) | Message::CompileOutput(bytes)) => {
                write(&mut std::io::stderr(), &bytes)?
            }
            Some(Message::Finished(reply)) => return Ok(reply),
            Some(Message::Artifact(artifact)) => artifacts.begin(&artifact)?,
            Some(Message::ArtifactContent(bytes)) => artifacts.write(&bytes)?,
            Some(Message::Started(_)) | None => {}
        }
    }
    Err(CliError::Status(tonic::Status::data_loss("the stream ended before the program")))
}

fn write(to: &mut impl Write, bytes: &[u8]) -> std::io::Result<()> {
    to.write_all(bytes)?;
    to.flush()
}

fn summary(reply: &ExecuteResponse) -> String {
    let timings = reply.timings.unwrap_or_default();
    let millis = |time: Option<prost_types::Duration>| {
        let time = time.unwrap_or_default();
        time.seconds as f64 * 1e3 + f64::from(time.nanos) / 1e6
    };
    let parts = [
        ("packages", timings.packages),
        ("lease", timings.lease),
        ("prepare", timings.prepare),
        ("compile", timings.compile),
        ("run", timings.run),
        ("collect", timings.collect),
        ("total", timings.total),
    ];
    let parts: Vec<_> = parts.iter().map(|(name, time)| format!("{name} {:.2} ms", millis(*time))).collect();
    parts.join(", ")
}

fn exit_code(reply: &ExecuteResponse) -> u8 {
    let stage = reply.run.as_ref().or(reply.compile.as_ref());
    match reply.outcome() {
        Outcome::WallTimeExceeded | Outcome::CpuTimeExceeded => EXIT_TIME,
        Outcome::Succeeded | Outcome::NonzeroExit | Outcome::CompileFailed => {
            stage.and_then(|stage| u8::try_from(stage.exit_code).ok()).unwrap_or(1)
        }
        Outcome::Signaled | Outcome::MemoryExceeded | Outcome::OutputExceeded | Outcome::DiskExceeded => {
            // A program that wrote too much may have ended by itself all the same.
            let signal = stage.map_or(0, |stage| stage.signal);
            if signal == 0 { 1 } else { u8::try_from(128 + signal).unwrap_or(u8::MAX) }
        }
        Outcome::Cancelled | Outcome::Unspecified => EXIT_OWN_FAILURE,
    }
}
