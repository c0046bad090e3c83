use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::*;
use crate::clip::Pixels;
use crate::library::{scan, unpack_samples};
use crate::progress::Unheard;

fn samples(folder: &Path) -> Vec<PathBuf> {
    let samples = unpack_samples(folder).unwrap();
    scan(&samples, &Unheard)
        .pictures
        .into_iter()
        .map(|found| found.path)
        .collect()
}

fn session() -> Session {
    let (model, device) = (ModelChoice::Starter, DeviceChoice::Cpu);
    Session::open(&model, device, Precision::Full, None, Box::new(|_| {})).unwrap()
}

/// A command that hangs is worse than one that fails: this one has a minute.
fn within_a_minute<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = bounded(1);
    std::thread::spawn(move || sender.send(work()));
    receiver.recv_timeout(Duration::from_secs(60)).expect("it hangs")
}

#[test]
fn a_device_that_fails_ends_the_work_also_while_decoders_wait_for_it() {
    let failed = within_a_minute(|| {
        let folder = tempfile::tempdir().unwrap();
        // More than the queue holds.
        let paths: Vec<PathBuf> = samples(folder.path()).into_iter().cycle().take(100).collect();
        let mut session = session();
        session.loaded.hooks.fault = Some(|_| Err(Error::Device("gone".into())));
        session
            .embed_pictures(&paths, |_, _| ControlFlow::Continue(()))
            .map_err(|error| error.to_string())
    });
    assert_eq!(failed.unwrap_err(), "the device failed while computing: gone");
}

#[test]
fn a_picture_that_the_model_cannot_look_at_is_named_and_costs_no_other_its_embedding() {
    fn dark(pixels: &Pixels) -> Result<()> {
        assert!(pixels.bytes.iter().any(|byte| *byte > 0), "too dark");
        Ok(())
    }
    let folder = tempfile::tempdir().unwrap();
    let black = folder.path().join("black.png");
    image::RgbImage::new(64, 64).save(&black).unwrap();
    let mut paths: Vec<PathBuf> = samples(folder.path()).into_iter().take(10).collect();
    paths.insert(3, black);
    let mut session = session();
    session.loaded.hooks.fault = Some(dark);
    let told = Arc::new(Mutex::new(Vec::new()));
    session
        .embed_pictures(&paths, |index, embedded| {
            told.lock().unwrap().push((index, embedded.err()));
            ControlFlow::Continue(())
        })
        .unwrap();
    let mut told = std::mem::take(&mut *told.lock().unwrap());
    told.sort();
    assert_eq!(told.len(), paths.len(), "each is heard of once");
    let failed: Vec<_> = told
        .into_iter()
        .filter_map(|(index, reason)| Some((index, reason?)))
        .collect();
    assert_eq!(failed.len(), 1, "{failed:?}");
    assert!(
        failed[0].0 == 3 && failed[0].1.contains("too dark") && failed[0].1.contains("Starter"),
        "{failed:?}"
    );
}
