//! bench
use super::{Common, args::BenchArgs, output::Output};
/// Runs
pub fn run(_: &BenchArgs, _: &Common, _: &mut Output) -> anyhow::Result<()> {
    Ok(())
}
