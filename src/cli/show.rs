//! `kiln languages`, `kiln pool`, `kiln health`: what a daemon says of itself, as tables or JSON.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table};

use crate::proto::pool_client::PoolClient;
use crate::proto::{GetPoolRequest, GetPoolResponse, LanguagePool, ListLanguagesRequest};

use super::args::{PoolArguments, Query, Server};
use super::client::{CliError, connect, executor, serves, to_json};

/// Between two looks of `--watch`.
const WATCH_INTERVAL: Duration = Duration::from_secs(1);

/// Shows the languages.
///
/// # Errors
/// When the daemon does not answer.
pub async fn languages(arguments: Query) -> Result<(), CliError> {
    let mut client = executor(connect(&arguments.server).await?);
    let reply = client.list_languages(ListLanguagesRequest {}).await?.into_inner();
    if arguments.json {
        println!("{}", to_json("kiln.v1.ListLanguagesResponse", &reply)?);
        return Ok(());
    }
    let mut table = table(&["LANGUAGE", "ALIASES", "READY", "STANDBY", "IMAGE", "VERSION"]);
    for language in &reply.languages {
        let ready = if language.ready { "yes".to_owned() } else { format!("no: {}", language.last_error) };
        let standby = if language.standby { "yes" } else { "no" };
        let aliases = language.aliases.join(", ");
        table.add_row([&language.id, &aliases, &ready, standby, &language.image, &language.version]);
    }
    println!("{}", table.trim_fmt());
    Ok(())
}

/// Shows the pools, once or until interrupted.
///
/// # Errors
/// When the daemon does not answer.
pub async fn pool(arguments: PoolArguments) -> Result<(), CliError> {
    let mut client = PoolClient::new(connect(&arguments.query.server).await?);
    let mut ticks = tokio::time::interval(WATCH_INTERVAL);
    loop {
        ticks.tick().await;
        let reply = client.get_pool(GetPoolRequest::default()).await?.into_inner();
        if arguments.query.json {
            println!("{}", to_json("kiln.v1.GetPoolResponse", &reply)?);
            return Ok(());
        }
        if arguments.watch && std::io::stdout().is_terminal() {
            // Home, and clear to the end of the screen.
            print!("\x1b[H\x1b[J");
        }
        println!("{}", pool_table(&reply).trim_fmt());
        std::io::stdout().flush()?;
        if !arguments.watch {
            return Ok(());
        }
    }
}

fn pool_table(reply: &GetPoolResponse) -> Table {
    let heads = [
        "LANGUAGE",
        "MIN",
        "MAX",
        "TARGET",
        "WARM",
        "LEASED",
        "CREATING",
        "BROKEN",
        "WAITING",
        "USES",
        "HITS",
        "WAIT P50",
        "CREATE",
        "MEMORY",
        "LAST ERROR",
    ];
    let mut table = table(&heads);
    for column in 1..heads.len() - 1 {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for pool in &reply.pools {
        table.add_row([
            name(pool),
            pool.min.to_string(),
            pool.max.to_string(),
            pool.target.to_string(),
            pool.warm.to_string(),
            pool.leased.to_string(),
            pool.creating.to_string(),
            pool.broken.to_string(),
            pool.waiting.to_string(),
            pool.uses.to_string(),
            format!("{:.0}%", pool.hit_rate * 100.0),
            millis(pool.lease_wait_p50),
            millis(pool.create_time_mean),
            format!("{} MiB", pool.memory_bytes >> 20),
            pool.last_error.clone(),
        ]);
    }
    table
}

/// The language, and what its pool is for beside plain programs.
fn name(pool: &LanguagePool) -> String {
    let marks = [(pool.installs, "installer"), (pool.network && !pool.installs, "network")];
    let marks = marks.iter().filter(|(is_so, _)| *is_so).map(|(_, mark)| *mark);
    let words = std::iter::once(pool.language.as_str()).chain(marks);
    words.chain(pool.packages.iter().map(String::as_str)).collect::<Vec<_>>().join(" ")
}

/// Succeeds where the daemon serves.
///
/// # Errors
/// When it does not, with its state.
pub async fn health(arguments: Server) -> Result<(), CliError> {
    serves(connect(&arguments).await?).await
}

pub(super) fn table(heads: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(heads);
    table
}

fn millis(time: Option<prost_types::Duration>) -> String {
    let time = time.unwrap_or_default();
    format!("{:.1} ms", time.seconds as f64 * 1e3 + f64::from(time.nanos) / 1e6)
}
