//! What a model would need of this machine, and how fast it would be: measured where it was seen, else estimated.

use std::collections::BTreeMap;

use super::state::{Models, Only, Order};
use crate::engine::protocol::CachedModel;
use crate::hub::{CatalogueEntry, catalogue};

/// Computing takes about this share of the weights besides them.
const WORK_SHARE: f64 = 0.3;
/// The program itself, with its thumbnails.
const PROGRAM_BYTES: f64 = 400e6;
/// A model that needs more than this share of the memory makes the machine slow for everything else.
const MEMORY_SHARE: f64 = 0.6;
/// Billions of operations of the starter's image tower for a picture (EfficientNet-Lite0, Tan and Le 2019: 407 million
/// multiplications with their sums).
const STARTER_GFLOPS: f32 = 0.8;
/// What the starter calls itself.
pub const STARTER: &str = "Starter";

/// How many pictures a second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Speed {
    /// As seen here.
    Measured(f32),
    /// From another model that was seen here, by what both have to compute.
    Estimated(f32),
}

impl Speed {
    /// In words.
    pub fn words(self) -> String {
        let number = |speed: f32| match speed {
            speed if speed >= 10.0 => format!("{speed:.0}/s"),
            speed => format!("{speed:.1}/s"),
        };
        match self {
            Self::Measured(speed) => format!("{}, measured", number(speed)),
            Self::Estimated(speed) => format!("about {}", number(rounded(speed))),
        }
    }
}

/// About the memory that a model needs, in bytes.
pub fn needed_bytes(weights: u64) -> u64 {
    (weights as f64 * (1.0 + WORK_SHARE) + PROGRAM_BYTES) as u64
}

/// Whether a model of this size fits; none where the machine does not tell.
pub fn fits(weights: u64, machine: Option<u64>) -> Option<bool> {
    machine.map(|machine| needed_bytes(weights) as f64 <= MEMORY_SHARE * machine as f64)
}

/// Under which name a speed is remembered.
pub fn speed_key(model: &str, device: &str) -> String {
    format!("{model} on {device}")
}

/// Two digits: more would change with every picture.
pub fn rounded(speed: f32) -> f32 {
    if !speed.is_finite() || speed <= 0.0 {
        return 0.0;
    }
    let unit = 10f32.powf(speed.log10().floor() - 1.0);
    (speed / unit).round() * unit
}

/// How fast a model was seen to be on a device.
pub fn measured(name: &str, device: &str, speeds: &BTreeMap<String, f32>) -> Option<Speed> {
    let seen = |name: &str| speeds.get(&speed_key(name, device)).filter(|speed| **speed > 0.0);
    let speed = seen(short_name(name)).or_else(|| seen(name))?;
    Some(Speed::Measured(*speed))
}

/// How fast a model of the catalogue is on a device.
pub fn speed(entry: &CatalogueEntry, device: &str, speeds: &BTreeMap<String, f32>) -> Option<Speed> {
    if let Some(speed) = measured(&entry.name, device, speeds) {
        return Some(speed);
    }
    let seen = |name: &str| match measured(name, device, speeds)? {
        Speed::Measured(speed) | Speed::Estimated(speed) => Some(speed),
    };
    // The nearest in what it computes tells most.
    let others = catalogue()
        .iter()
        .map(|other| (short_name(&other.name), other.image_gflops));
    let others = others.chain([(STARTER, STARTER_GFLOPS)]);
    let known = others.filter_map(|(name, gflops)| Some((seen(name)?, gflops)));
    let distance = |gflops: f32| (gflops / entry.image_gflops).ln().abs();
    let (speed, gflops) = known.min_by(|a, b| distance(a.1).total_cmp(&distance(b.1)))?;
    Some(Speed::Estimated(speed * gflops / entry.image_gflops))
}

/// A name of the Hub without its owner, as a model calls itself.
fn short_name(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// The models of the catalogue that pass, in order.
pub fn listed(models: &Models) -> Vec<&'static CatalogueEntry> {
    let Only {
        many_languages,
        here,
        licence,
    } = models.only();
    let mut entries: Vec<&CatalogueEntry> = catalogue()
        .iter()
        .filter(|entry| !many_languages || entry.languages != "English")
        .filter(|entry| !here || models.find(&entry.name).is_some())
        .filter(|entry| licence.as_ref().is_none_or(|licence| entry.licence == *licence))
        .collect();
    let accuracy = |entry: &CatalogueEntry| std::cmp::Reverse((10.0 * entry.imagenet_top1) as i32);
    match models.order() {
        Order::Size => entries.sort_by_key(|entry| entry.parameters),
        Order::Accuracy => entries.sort_by_key(|entry| accuracy(entry)),
        Order::Fits => entries.sort_by_key(|entry| {
            let too_large = fits(entry.bytes(), models.machine_bytes()) == Some(false);
            (models.find(&entry.name).is_none(), too_large, accuracy(entry))
        }),
    }
    entries
}

/// Models that are here and not in the catalogue. Their licences and languages are not known, so that none of them passes
/// where one is asked for.
pub fn others_here(models: &Models) -> Vec<&CachedModel> {
    let only = models.only();
    if only.many_languages || only.licence.is_some() {
        return Vec::new();
    }
    let is_known = |name: &str| catalogue().iter().any(|entry| entry.name == name);
    let others = models.here().iter().filter(|model| !is_known(&model.name));
    others.collect()
}

/// Whether the starter passes: it reads English, and comes with the program rather than under a licence of the list.
pub fn starter_is_listed(models: &Models) -> bool {
    let only = models.only();
    !only.many_languages && only.licence.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::models::ModelsCommand;

    fn entry(part: &str) -> &'static CatalogueEntry {
        catalogue().iter().find(|entry| entry.name.contains(part)).unwrap()
    }

    #[test]
    fn a_speed_is_measured_where_it_was_seen_and_else_follows_from_the_nearest_model() {
        let mut speeds = BTreeMap::from([(speed_key(STARTER, "CPU"), 80.0)]);
        let large = entry("clip-vit-large-patch14");
        let from_starter = speed(large, "CPU", &speeds);
        assert_eq!(
            from_starter,
            Some(Speed::Estimated(80.0 * STARTER_GFLOPS / large.image_gflops))
        );
        assert_eq!(speed(large, "another device", &speeds), None);
        let base = entry("CLIP-ViT-B-16-DataComp");
        speeds.insert(speed_key("CLIP-ViT-B-16-DataComp.XL-s13B-b90K", "CPU"), 4.0);
        assert_eq!(speed(base, "CPU", &speeds), Some(Speed::Measured(4.0)));
        let nearer = speed(large, "CPU", &speeds);
        assert_eq!(
            nearer,
            Some(Speed::Estimated(4.0 * base.image_gflops / large.image_gflops))
        );
        assert_eq!(Speed::Estimated(0.866).words(), "about 0.9/s");
        assert_eq!(Speed::Measured(212.0).words(), "212/s, measured");
    }

    #[test]
    fn what_is_too_large_for_the_machine_comes_last() {
        let mut models = Models::default();
        models.machine_has(2_000_000_000);
        let names: Vec<&str> = listed(&models).iter().map(|entry| entry.name.as_str()).collect();
        let place = |part: &str| names.iter().position(|name| name.contains(part)).unwrap();
        assert!(place("vit-large") > place("TinyCLIP-ViT-8M"), "{names:?}");
        assert_eq!(fits(entry("vit-large").bytes(), Some(2_000_000_000)), Some(false));
        assert_eq!(fits(entry("TinyCLIP-ViT-8M").bytes(), Some(2_000_000_000)), Some(true));
        assert_eq!(fits(1, None), None);
    }

    #[test]
    fn what_is_not_in_the_catalogue_passes_no_filter_on_what_is_not_known_of_it() {
        let mut models = Models::default();
        models.are_here(vec![CachedModel {
            name: "somebody/a-clip".into(),
            folder: "/m".into(),
            bytes: 1,
        }]);
        let passes = |models: &mut Models, only| {
            models.update(ModelsCommand::List(only));
            (others_here(models).len(), starter_is_listed(models))
        };
        let (here, licence) = (true, Some("MIT".into()));
        let only = Only::default;
        assert_eq!(passes(&mut models, only()), (1, true));
        assert_eq!(passes(&mut models, Only { here, ..only() }), (1, true));
        assert_eq!(passes(&mut models, Only { licence, ..only() }), (0, false));
        let many_languages = true;
        assert_eq!(
            passes(
                &mut models,
                Only {
                    many_languages,
                    ..only()
                }
            ),
            (0, false)
        );
    }

    #[test]
    fn models_are_listed_by_language_licence_and_place() {
        let mut models = Models::default();
        let names = |models: &Models| -> Vec<String> { listed(models).iter().map(|e| e.name.clone()).collect() };
        models.update(ModelsCommand::List(Only {
            many_languages: true,
            ..Only::default()
        }));
        assert_eq!(names(&models), ["google/siglip2-base-patch32-256"]);
        models.update(ModelsCommand::List(Only {
            here: true,
            ..Only::default()
        }));
        assert!(names(&models).is_empty());
        models.are_here(vec![CachedModel {
            name: "openai/clip-vit-base-patch32".into(),
            folder: "/m".into(),
            bytes: 1,
        }]);
        assert_eq!(names(&models), ["openai/clip-vit-base-patch32"]);
        models.update(ModelsCommand::List(Only::default()));
        assert_eq!(
            names(&models)[0],
            "openai/clip-vit-base-patch32",
            "what is here comes first"
        );
        models.update(ModelsCommand::SortBy(Order::Size));
        assert!(names(&models)[0].contains("TinyCLIP-ViT-8M"));
    }
}
