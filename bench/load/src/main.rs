//! Low-latency viewers by the thousand, on one thread: they are measured by what they measure, and shall cost little.
//!
//! `acehls-load viewers URL COUNT SECONDS PID`, `acehls-load blocked URL COUNT ROUNDS PID`. URL is a low-latency playlist,
//! PID the server's process. One JSON object on standard output.

mod blocked;
mod connection;
mod playlist;
mod process;
mod viewers;

use std::{error::Error, process::ExitCode, time::Duration};

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error>>;

const USAGE: &str = "usage: acehls-load viewers URL COUNT SECONDS PID | blocked URL COUNT ROUNDS PID";

fn main() -> ExitCode {
    match run() {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<String> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [what, url, count, amount, pid] = &arguments[..] else { return Err(USAGE.into()) };
    let target = connection::Target::parse(url)?;
    let (count, amount, pid) = (count.parse()?, amount.parse()?, pid.parse()?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let work = async {
        match what.as_str() {
            "viewers" => viewers::run(target, count, Duration::from_secs(amount), pid).await,
            "blocked" => blocked::run(target, count, amount, pid).await,
            _ => Err(USAGE.into()),
        }
    };
    tokio::task::LocalSet::new().block_on(&runtime, work)
}

/// The value in sorted `values` that `percent` of them do not exceed; 0 where there are none.
fn percentile(values: &[u64], percent: usize) -> u64 {
    let index = (values.len() * percent).div_ceil(100).saturating_sub(1);
    values.get(index).copied().unwrap_or_default()
}
