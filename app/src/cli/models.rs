//! `matte models`: what the catalogue holds, and fetching one of its models.

use std::fmt::Write as _;
use std::io::Write as _;

use anyhow::{Context, Result, anyhow};
use indicatif::{ProgressBar, ProgressStyle};

use super::arguments::{ModelsAction, ModelsArguments};
use super::bad_input;
use crate::catalogue::download::{Go, Wanted, fetch, models_folder};
use crate::catalogue::{Item, Place, Shelf, entry_of};

/// Lists, or fetches.
pub fn run(arguments: &ModelsArguments) -> Result<()> {
    match &arguments.action {
        None => list(),
        Some(ModelsAction::Get { name, from }) => get(name, from.as_deref()),
    }
}

fn list() -> Result<()> {
    let shelf = Shelf::new()?;
    let mut text = String::new();
    let mut task = None;
    for item in shelf.items() {
        let card = item.card.as_ref().context("every model of the catalogue has a card")?;
        if task != Some(card.task) {
            task = Some(card.task);
            text += &format!("{}\n", card.task.title());
        }
        describe(&mut text, item)?;
    }
    // A closed pipe, as of `head`, is no failure.
    let _ = std::io::stdout().write_all(text.as_bytes());
    Ok(())
}

fn describe(text: &mut String, item: &Item) -> Result<()> {
    let (Some(entry), Some(card)) = (item.entry, &item.card) else { return Ok(()) };
    let place = match &item.place {
        Place::Carried => "with the program".to_owned(),
        Place::File(path) => format!("in {}", path.display()),
        Place::Away => format!("to be fetched: matte models get {}", entry.name),
    };
    let megabytes = card.bytes as f64 / 1e6;
    writeln!(text, "  {}: {}", entry.name, card.title)?;
    writeln!(text, "    {}", card.about)?;
    writeln!(text, "    {}, © {}, from {}", card.license, card.copyright, card.origin)?;
    writeln!(text, "    {megabytes:.1} MB, {place}")?;
    if let (Some(address), Some(pinned)) = (&card.address, &card.pinned) {
        writeln!(text, "    {address}")?;
        writeln!(text, "    sha256 {}, pinned by {pinned}", card.sha256)?;
    }
    Ok(())
}

fn get(name: &str, from: Option<&str>) -> Result<()> {
    let entry = entry_of(name).map_err(bad_input)?;
    let card = entry.card()?;
    if entry.is_carried() {
        println!("{name} comes with the program");
        return Ok(());
    }
    let mut wanted = Wanted::of(entry)?;
    if let Some(address) = from {
        wanted.address = address.to_owned();
    }
    let folder =
        models_folder().ok_or_else(|| anyhow!("this user has no folder for models: HOME is not set"))?;
    println!("{name} is under {}, © {}, from {}", card.license, card.copyright, card.origin);
    let bar = ProgressBar::new(wanted.bytes).with_style(style());
    let path = fetch(&wanted, &folder, |bytes| {
        bar.set_position(bytes);
        Go::On
    })?;
    bar.finish_and_clear();
    println!("{}", path.display());
    Ok(())
}

fn style() -> ProgressStyle {
    let style =
        ProgressStyle::with_template("{bar:32} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left");
    style.unwrap_or_else(|_| ProgressStyle::default_bar())
}
