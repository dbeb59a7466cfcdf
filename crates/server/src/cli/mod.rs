//! The command line: what the program can be asked to do.

use std::{future::Future, path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use clap::{Parser, Subcommand};

use crate::{app::App, config::Config, descriptors, http, telemetry};

mod demo;
mod doctor;
mod fake_engine;
mod output;
mod package;
mod port;
mod signals;
mod systemd;
mod validate;

use output::{complain, hand_out};
use signals::Signals;

/// AceStream channels as HLS, for any browser, phone or television.
#[derive(Debug, Parser)]
#[command(name = "acehls", version, arg_required_else_help = false)]
struct Arguments {
    /// The configuration file, instead of /etc/acehls/acehls.toml.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Read the configuration, print what is in force, and end.
    #[arg(long)]
    check: bool,

    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve channels from an AceStream engine (what happens without a command, too).
    Serve,
    /// Show the whole path with three channels of its own: server, fake engine and web app in one process.
    ///
    /// What it stores is gone with it. It listens on the next port that is free, from `PORT` on, or 8000.
    Demo,
    /// Be an AceStream engine that plays clips in a loop, with every failure on request.
    FakeEngine(fake_engine::Arguments),
    /// Turn a transport stream into an HLS folder: playlist.m3u8 and its segments.
    Package(package::Arguments),
    /// Look whether everything is there that the server needs, and say what to do.
    Doctor,
    /// Look whether a playlist keeps to the standard, and its segments with it; follow it for a while.
    Validate(validate::Arguments),
    /// Print the `OpenAPI` document of the HTTP API.
    Openapi,
}

/// Do what the command line says.
#[must_use]
pub fn run() -> ExitCode {
    match Arguments::parse().run() {
        Ok(code) => code,
        Err(error) => {
            complain(&format!("acehls: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

impl Arguments {
    fn run(self) -> anyhow::Result<ExitCode> {
        let config = || Config::load(self.config.as_deref());
        if self.check {
            hand_out(toml::to_string(&config()?).context("writing the configuration")?.trim_end())?;
            return Ok(ExitCode::SUCCESS);
        }
        match self.command.unwrap_or(Command::Serve) {
            Command::Serve => wait_for(serve(config()?)).map(done),
            Command::Demo => wait_for(demo::run(config()?)).map(done),
            Command::FakeEngine(arguments) => wait_for(fake_engine::run(arguments)).map(done),
            Command::Package(arguments) => package::run(&arguments).map(done),
            Command::Doctor => wait_for(async { Ok(doctor::run(config()).await) }),
            Command::Validate(arguments) => wait_for(async { Ok(validate::run(arguments).await) }),
            Command::Openapi => {
                hand_out(&http::document().to_pretty_json().context("writing the OpenAPI document")?)?;
                Ok(ExitCode::SUCCESS)
            }
        }
    }
}

fn done((): ()) -> ExitCode {
    ExitCode::SUCCESS
}

/// Run `work` to its end on all cores.
fn wait_for<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("starting the runtime")?;
    let result = runtime.block_on(work);
    // What still reads a file on the blocking pool keeps nobody.
    runtime.shutdown_background();
    result
}

async fn serve(config: Config) -> anyhow::Result<()> {
    telemetry::start(&config.log)?;
    descriptors::raise();
    let signals = Signals::listen()?;
    let app = App::load(config).await?;
    systemd::notify("READY=1");
    Box::pin(signals.run(|stop| app.run(stop))).await
}
