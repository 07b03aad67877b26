//! The `kiln` command: dispatch, nothing else.

use std::error::Error;
use std::process::ExitCode;

use clap::Parser;
use kiln::app::{self, App, Workbench};
use kiln::cli::{self, Arguments, Command, ConfigFile, ImagesCommand};
use kiln::config::Config;
use kiln::telemetry::{LogConfig, LogFormat, init_logging};

/// As timeout(1) and docker(1) have it for a failure of their own.
const EXIT_OWN_FAILURE: u8 = 125;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let failed = if matches!(arguments.command, Command::Run(_)) { EXIT_OWN_FAILURE } else { 1 };
    dispatch(arguments.command).await.unwrap_or_else(|error| {
        eprintln!("kiln: {error}");
        ExitCode::from(failed)
    })
}

async fn dispatch(command: Command) -> Result<ExitCode, Box<dyn Error>> {
    match command {
        Command::Serve(file) => serve(&file).await?,
        Command::Run(arguments) => return Ok(ExitCode::from(cli::run(*arguments).await?)),
        Command::Languages(arguments) => cli::languages(arguments).await?,
        Command::Pool(arguments) => cli::pool(arguments).await?,
        Command::Stats(arguments) => cli::stats(arguments).await?,
        Command::Health(arguments) => cli::health(arguments).await?,
        Command::Doctor(file) => return Ok(exit_code(cli::diagnose(&workbench(&file)?).await)),
        Command::Images(ImagesCommand::Build(arguments)) => {
            cli::build_images(&workbench(&arguments.config)?, &arguments).await?;
        }
        Command::Load(arguments) => return Ok(exit_code(cli::load(arguments).await?)),
    }
    Ok(ExitCode::SUCCESS)
}

async fn serve(file: &ConfigFile) -> Result<(), Box<dyn Error>> {
    let config = Config::load(file.config.as_deref())?;
    init_logging(&config.log)?;
    let engine = app::engine(&config)?;
    let app = App::bind(config, engine, app::AGENTS).await?;
    app.run(app::stop_signal()?).await?;
    Ok(())
}

fn workbench(file: &ConfigFile) -> Result<Workbench, Box<dyn Error>> {
    init_logging(&LogConfig { filter: "error".to_owned(), format: LogFormat::Text })?;
    Ok(Workbench::new(Config::load(file.config.as_deref())?)?)
}

fn exit_code(good: bool) -> ExitCode {
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
