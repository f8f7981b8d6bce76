//! What a server says on stderr: lines for people, or a JSON object in each line and nothing else.

use std::fmt::Display;
use std::sync::OnceLock;

use anyhow::Result;
use tracing_subscriber::EnvFilter;

use super::args::LogFormat;

/// How this process logs; whoever begins first decides.
static FORMAT: OnceLock<LogFormat> = OnceLock::new();

/// Begins to log.
pub fn begin(format: LogFormat) {
    let filter = EnvFilter::try_from_env("OFFHOOK_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    let _ = FORMAT.set(format);
    // A second subscriber in one process (a test) is no reason to fail.
    let _ = match format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => {
            std::panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
            let json = builder.json().flatten_event(true).with_current_span(false).with_span_list(false);
            json.try_init()
        }
    };
}

/// Says something that people want to see at the start and at the end, and no log has a level for.
pub fn say(line: impl Display) {
    match is_json() {
        true => tracing::info!("{line}"),
        false => anstream::eprintln!("{line}"),
    }
}

/// Ends with an error, which is told once.
///
/// # Errors
/// The error, where nobody has been told of it yet.
pub fn failed(error: anyhow::Error) -> Result<u8> {
    if is_json() {
        tracing::error!("{error:#}");
        return Ok(2);
    }
    Err(error)
}

fn is_json() -> bool {
    FORMAT.get() == Some(&LogFormat::Json)
}
