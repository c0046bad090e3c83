//! `clipsight store`: what is kept in the data folder, and how it is forgotten.

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use super::args::{StoreArgs, StoreCommand};
use super::output::{Output, say};
use crate::escape::visible_path;
use crate::library::{Holdings, Store, data_dir};

const MEGABYTE: f64 = 1e6;

pub fn run(args: &StoreArgs, output: &mut Output) -> Result<()> {
    let folder = data_dir().context("there is no folder for application data: set CLIPSIGHT_DATA_DIR")?;
    let mut store = Store::keeper(Some(&folder));
    let done = perform(&args.command, &mut store);
    store.notes().iter().for_each(|note| say(note));
    let (holdings, forgotten) = done?;
    print(output, &holdings, forgotten)
}

/// What is there afterwards, and how many pictures were forgotten where that was asked for.
fn perform(command: &StoreCommand, store: &mut Store) -> Result<(Holdings, Option<usize>)> {
    let holdings = |store: &mut Store| store.holdings()?.context("there is no data folder");
    let forgotten = match command {
        StoreCommand::Where => None,
        StoreCommand::Prune => Some(store.prune()?),
        StoreCommand::Clear { everything } => {
            let before = holdings(store)?.pictures;
            store.clear(*everything)?;
            Some(before)
        }
    };
    Ok((holdings(store)?, forgotten))
}

fn print(output: &mut Output, holdings: &Holdings, forgotten: Option<usize>) -> Result<()> {
    let bytes = holdings.catalog_bytes + holdings.cache_bytes;
    let cached = &holdings.cached;
    let numbers = [
        ("bytes", bytes),
        ("pictures", holdings.pictures as u64),
        ("catalog_bytes", holdings.catalog_bytes),
        ("cache_bytes", holdings.cache_bytes),
        ("embeddings", cached.embeddings as u64),
        ("thumbnails", cached.thumbnails as u64),
        ("models", cached.models as u64),
    ];
    let forgotten_number = forgotten.map(|forgotten| ("forgotten", forgotten as u64));
    let numbers: Vec<(&str, u64)> = numbers.into_iter().chain(forgotten_number).collect();
    let line: Map<String, Value> = numbers
        .iter()
        .map(|(name, value)| (name.to_string(), json!(value)))
        .collect();
    let columns: Vec<&str> = std::iter::once("path")
        .chain(numbers.iter().map(|(name, _)| *name))
        .collect();
    let path = holdings.folder.display().to_string();
    let row = || {
        vec![
            std::iter::once(path.clone())
                .chain(numbers.iter().map(|(_, value)| value.to_string()))
                .collect(),
        ]
    };
    output.path_result(&holdings.folder, Value::Object(line), &columns, row, || {
        let forgot = forgotten.map_or(String::new(), |forgotten| {
            format!("{forgotten} pictures are forgotten.\n")
        });
        format!(
            "{forgot}{}\n  catalog  {:>9.1} MB  {} pictures\n  cache    {:>9.1} MB  {} embeddings of {} models, {} \
             thumbnails",
            visible_path(&holdings.folder),
            holdings.catalog_bytes as f64 / MEGABYTE,
            holdings.pictures,
            holdings.cache_bytes as f64 / MEGABYTE,
            cached.embeddings,
            cached.models,
            cached.thumbnails
        )
    })
}
