//! By what was measured, what it is called, and what was published of the same.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::clip::sha256_of_bytes;
use crate::engine::choice::ModelChoice;
use crate::engine::evaluation::EvaluationConfig;
use crate::engine::session::Session;
use crate::evaluation::{GroundTruth, ModelRef, Part, Preset, Published, Setup, Side, published};
use crate::zero_shot::TemplateSet;

/// What was published of the model on the set, where both are known and the task is the same: among all classes of the
/// set, and not on the pictures that others learn from.
pub(super) fn known_figure(config: &EvaluationConfig, truth: &GroundTruth) -> Option<Published> {
    let preset = Preset::named(config.preset.as_ref()?)?;
    match &config.model {
        ModelChoice::Path(path) if config.part != Part::Side(Side::Train) => published(path, preset, &truth.classes),
        _ => None,
    }
}

pub(super) fn named(config: &EvaluationConfig, model: &str) -> String {
    if !config.name.is_empty() {
        return config.name.clone();
    }
    let folder = std::path::absolute(&config.folder).unwrap_or_else(|_| config.folder.clone());
    let folder = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    format!("{model} on {folder}")
}

pub(super) fn setup(
    session: &Session,
    config: &EvaluationConfig,
    truth: &GroundTruth,
    templates: TemplateSet,
    contents: &[String],
) -> Setup {
    let info = session.loaded.model.info();
    let files = info.files.iter().map(|file| (file.name.clone(), file.sha256.clone()));
    let said = truth.pictures.iter().zip(contents).map(|(picture, content)| {
        let path = picture.path.strip_prefix(&truth.root).unwrap_or(&picture.path);
        let class = picture.class.map_or("", |class| &truth.classes[class].folder);
        format!("{}\t{class}\t{:?}\t{content}\n", path.display(), picture.captions)
    });
    Setup {
        folder: config.folder.clone(),
        wanted: config.wanted.clone(),
        part: config.part,
        templates,
        preset: config.preset.clone(),
        model: ModelRef {
            name: info.name.clone(),
            path: info.path.clone(),
            identity: info.identity.clone(),
            files: files.collect(),
            precision: format!("{}, {}", session.loaded.device.name, info.precision.name()),
        },
        data: sha256_of_bytes(said.collect::<String>().as_bytes()),
        date: now(),
        version: env!("CARGO_PKG_VERSION").into(),
    }
}

pub(super) fn identity(setup: &Setup) -> String {
    let digits: String = setup.date.chars().filter(char::is_ascii_digit).collect();
    let hash = sha256_of_bytes(format!("{} {}", setup.data, setup.model.identity).as_bytes());
    format!("{digits}-{}-{:04x}", &hash[..6], fastrand::u16(..))
}

/// This second, as `2026-11-26T17:05:00Z`.
fn now() -> String {
    let now = OffsetDateTime::now_utc().truncate_to_second();
    now.format(&Rfc3339).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::Class;

    #[test]
    fn a_figure_stands_beside_the_same_task_alone() {
        let truth = |count: usize| GroundTruth {
            classes: (0..count).map(|n| Class::of_folder(format!("kind {n}"))).collect(),
            ..GroundTruth::default()
        };
        let config = |model: ModelChoice, preset: Option<&str>, part: Part| EvaluationConfig {
            model,
            preset: preset.map(String::from),
            part,
            ..EvaluationConfig::default()
        };
        let known = || ModelChoice::Path("openai/clip-vit-base-patch32".into());
        let dtd = Some("dtd");
        let found = known_figure(&config(known(), dtd, Part::All), &truth(47)).unwrap();
        assert_eq!(found.set, "Describable Textures");
        // A model of which nothing is known, no set, pictures that others learn from, some of the classes.
        let none = [
            (config(ModelChoice::Starter, dtd, Part::All), 47),
            (config(known(), None, Part::All), 47),
            (config(known(), dtd, Part::Side(Side::Train)), 47),
            (config(known(), dtd, Part::All), 46),
        ];
        for (config, count) in none {
            assert_eq!(known_figure(&config, &truth(count)), None, "{config:?}");
        }
    }
}
