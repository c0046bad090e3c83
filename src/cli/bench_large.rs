//! How long a large picture takes to be sharp: in the window over the engine, as it is used.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use egui::Context;
use image::RgbImage;

use super::bench::{median, ms};
use super::frames::{frame, input};
use crate::app::App;
use crate::app::command::Command;
use crate::app::explore::ExploreCommand;
use crate::app::settings::Settings;
use crate::clip::Precision;
use crate::engine::{DeviceChoice, Engine, EngineOptions, ModelChoice};

const REPEATS: usize = 5;
/// 24 megapixels.
const SIZE: (u32, u32) = (6_000, 4_000);
/// Between two frames, as on a screen of 60 Hz, whose frame takes part of it.
const PAUSE: Duration = Duration::from_millis(8);
/// Longer than anything takes that goes on at all.
const PATIENCE: Duration = Duration::from_secs(300);

/// From asking for a picture of 24 megapixels to the end of the first frame that shows it sharp, as a median: decoding
/// from the disk, scaling, handing over, laying the frame out with its textures. What the card does is left out.
pub fn large_sharp_ms() -> Result<f64> {
    let folder = tempfile::tempdir()?;
    let pictures = folder.path().join("pictures");
    write_pictures(&pictures)?;
    let options = EngineOptions {
        data_dir: Some(folder.path().join("data")),
        model: ModelChoice::Starter,
        device: DeviceChoice::Cpu,
        precision: Precision::Full,
    };
    let settings = Settings {
        folders: vec![pictures],
        ..Settings::default()
    };
    let ctx = Context::default();
    let engine = Engine::start(options, Arc::new(|| {}));
    let app = App::new(&ctx, settings, Box::new(engine));
    let mut window = Window { ctx, app, frames: 0 };
    window.until("the pictures", |app| {
        let explore = app.state().explore();
        explore.is_scanned() && explore.indexed() > REPEATS && explore.inspected().picture.is_some()
    })?;
    let selected = window.app.state().explore().selected();
    let listed = window.app.state().explore().pictures().iter();
    let others: Vec<_> = listed
        .map(|picture| picture.file.id)
        .filter(|id| Some(*id) != selected)
        .collect();
    let mut times = Vec::new();
    for picture in others {
        let started = Instant::now();
        let open = ExploreCommand::OpenLarge(Some(picture));
        window.app.execute(Command::Explore(open));
        window.until("a sharp picture", |app| {
            app.state().explore().inspected().picture.is_some()
        })?;
        times.push(ms(started));
    }
    Ok(median(times))
}

/// One more than is measured: the first is inspected before.
fn write_pictures(folder: &Path) -> Result<()> {
    std::fs::create_dir(folder)?;
    let first = folder.join("0.jpg");
    let noise = |x: u32, y: u32| image::Rgb([(x * 7 + y * 3) as u8, (x ^ y) as u8, (x / 9 + y) as u8]);
    RgbImage::from_fn(SIZE.0, SIZE.1, noise).save(&first)?;
    for number in 1..=REPEATS {
        std::fs::copy(&first, folder.join(format!("{number}.jpg")))?;
    }
    Ok(())
}

/// A window that no card draws.
struct Window {
    ctx: Context,
    app: App,
    frames: usize,
}

impl Window {
    /// Lays frames out until one began with this done.
    fn until(&mut self, what: &str, done: impl Fn(&App) -> bool) -> Result<()> {
        let started = Instant::now();
        loop {
            frame(&self.ctx, &mut self.app, input(self.frames, Vec::new()));
            self.frames += 1;
            // What the events brought was drawn in the same frame.
            if done(&self.app) {
                return Ok(());
            }
            ensure!(started.elapsed() < PATIENCE, "waited in vain for {what}");
            std::thread::sleep(PAUSE);
        }
    }
}
