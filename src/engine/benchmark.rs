//! How fast a model embeds pictures here, for the page of models: on a thread of its own, one model at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::Events;
use super::choice::ModelChoice;
use super::device::DeviceChoice;
use super::loaded::Loaded;
use super::placement::place;
use super::protocol::{Event, ModelSpeed, Precision, Severity};
use super::threads::spawn;
use crate::clip::{Pixels, Result};
use crate::logging::{panic_text, place as log_place};

/// Batches are repeated so long.
const AT_LEAST: Duration = Duration::from_secs(3);

/// Measures models.
pub struct Benchmark {
    events: Events,
    running: Arc<AtomicBool>,
    device: DeviceChoice,
    precision: Precision,
}

impl Benchmark {
    /// Nothing is measured yet.
    pub fn new(events: Events, device: DeviceChoice, precision: Precision) -> Self {
        Self {
            events,
            running: Arc::default(),
            device,
            precision,
        }
    }

    /// From now on, models are measured elsewhere.
    pub fn use_device(&mut self, device: DeviceChoice) {
        self.device = device;
    }

    /// From now on, models are measured in this precision.
    pub fn use_precision(&mut self, precision: Precision) {
        self.precision = precision;
    }

    /// Measures a model; another one meanwhile is refused.
    pub fn measure(&self, choice: ModelChoice) {
        if self.running.swap(true, Ordering::SeqCst) {
            let text = "Another model is being measured; wait until it is done".into();
            self.events.message(Severity::Warning, text);
            return;
        }
        let (events, running) = (self.events.clone(), self.running.clone());
        let (device, precision) = (self.device, self.precision);
        spawn("benchmark", &self.events, move || {
            let work = std::panic::AssertUnwindSafe(|| measured(&choice, device, precision));
            let speed = match std::panic::catch_unwind(work) {
                Ok(Ok(speed)) => Ok(speed),
                Ok(Err(error)) => Err(error.to_string()),
                Err(panic) => Err(format!("{}; {}", panic_text(panic.as_ref()), log_place())),
            };
            if let Err(reason) = &speed {
                let text = format!("{} could not be measured: {reason}", choice.title());
                events.message(Severity::Error, text);
            }
            running.store(false, Ordering::SeqCst);
            events.send(Event::Measured(speed.ok()));
        });
    }
}

fn measured(choice: &ModelChoice, device: DeviceChoice, precision: Precision) -> Result<ModelSpeed> {
    let mut loaded = Loaded::open(choice, place(device, precision))?;
    let side = loaded.model.info().image_size as u32;
    let picture = image::RgbImage::from_fn(side, side, |x, y| image::Rgb([x as u8, y as u8, (x ^ y) as u8]));
    let batch: Vec<Pixels> = vec![loaded.model.preprocessing().normalise(&picture); loaded.batch()];
    // The first one compiles kernels and fills caches.
    loaded.embed_images(&batch)?;
    let (started, mut pictures) = (Instant::now(), 0);
    while started.elapsed() < AT_LEAST {
        loaded.embed_images(&batch)?;
        pictures += batch.len();
    }
    Ok(ModelSpeed {
        model: loaded.model.info().name.clone(),
        device: loaded.device.name.clone(),
        pictures_per_s: pictures as f32 / started.elapsed().as_secs_f32(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_starter_is_measured_and_a_model_that_is_not_there_says_so() {
        let (events, said) = Events::listened_to();
        let benchmark = Benchmark::new(events, DeviceChoice::Cpu, Precision::Full);
        let heard = || loop {
            if let Event::Measured(speed) = said.recv_timeout(Duration::from_secs(60)).unwrap() {
                return speed;
            }
        };
        benchmark.measure(ModelChoice::Starter);
        let speed = heard().unwrap();
        assert_eq!((speed.model.as_str(), speed.device.as_str()), ("Starter", "CPU"));
        assert!(speed.pictures_per_s > 0.0);
        benchmark.measure(ModelChoice::Path("/no/such/model".into()));
        assert_eq!(heard(), None);
    }
}
