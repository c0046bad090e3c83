//! Published data sets: what their classes are called, and the templates that their figures were measured with.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use crate::library::in_words;
use crate::zero_shot::TemplateSet;

use super::truth::Class;

/// Class names and templates by set (MIT, see `assets/prompts/SOURCE.md`).
const NAMES: &str = include_str!("../../assets/prompts/class_names.json");
const TEMPLATES: &str = include_str!("../../assets/prompts/templates.json");
/// What the package's own tests use.
const DUMMY: &str = "dummy";
/// A set is recognised where so many of the folders are called like its classes.
const ENOUGH: f64 = 0.8;
/// Fewer folders than this recognise nothing.
const LEAST: usize = 3;

static PRESETS: LazyLock<BTreeMap<String, Preset>> = LazyLock::new(|| {
    let read = |text: &str| -> BTreeMap<String, Vec<String>> { serde_json::from_str(text).unwrap_or_default() };
    let (mut names, templates) = (read(NAMES), read(TEMPLATES));
    let all: BTreeSet<String> = names.keys().chain(templates.keys()).cloned().collect();
    let preset = |name: String| {
        let of_set = templates
            .get(&name)
            .or_else(|| templates.get(name.trim_end_matches("_vtab")));
        let preset = Preset {
            names: names.remove(&name).unwrap_or_default(),
            templates: of_set.cloned().unwrap_or_default(),
            name,
        };
        (preset.name.clone(), preset)
    };
    all.into_iter().filter(|name| name != DUMMY).map(preset).collect()
});

/// A published data set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preset {
    /// What it is called, as CLIP_benchmark calls it.
    pub name: String,
    /// Its class names in its own order; none where only its templates are known.
    pub names: Vec<String>,
    /// Its templates; none where only its names are known.
    templates: Vec<String>,
}

impl Preset {
    /// The names of all sets.
    pub fn all() -> Vec<&'static str> {
        PRESETS.keys().map(String::as_str).collect()
    }

    /// The set of a name, whatever its capitals and hyphens.
    pub fn named(name: &str) -> Option<&'static Self> {
        let plain = |name: &str| -> String {
            name.chars()
                .filter(|c| c.is_alphanumeric())
                .flat_map(char::to_lowercase)
                .collect()
        };
        PRESETS.values().find(|preset| plain(&preset.name) == plain(name))
    }

    /// The set whose classes these folders are called like.
    pub fn recognised(classes: &[Class]) -> Option<&'static Self> {
        let folders: BTreeSet<String> = classes.iter().map(|class| in_words(&class.folder)).collect();
        if folders.len() < LEAST {
            return None;
        }
        let share = |preset: &&Self| {
            let names: BTreeSet<String> = preset.names.iter().map(|name| in_words(name)).collect();
            let found = folders.intersection(&names).count() as f64 / folders.len() as f64;
            // Of sets that have them all, the one with the fewest others.
            (found, found * folders.len() as f64 / names.len().max(1) as f64)
        };
        let likest = PRESETS.values().max_by(|a, b| {
            let (a, b) = (share(a), share(b));
            a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1))
        });
        likest.filter(|preset| share(preset).0 >= ENOUGH)
    }

    /// Whether these are all its classes, by their names: fewer make an easier task.
    pub fn has_all_of(&self, classes: &[Class]) -> bool {
        let own: BTreeSet<String> = self.names.iter().map(|name| in_words(name)).collect();
        let given: BTreeSet<String> = classes.iter().map(|class| in_words(class.title())).collect();
        classes.len() == self.names.len() && own == given
    }

    /// Its templates; `a photo of a {}.` where it has none of its own.
    pub fn templates(&self) -> TemplateSet {
        match self.templates.is_empty() {
            true => TemplateSet::One,
            false => TemplateSet::Own(
                self.templates
                    .iter()
                    .map(|template| template.replace("{c}", "{}"))
                    .collect(),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_known_by_name_and_by_their_folders() {
        assert_eq!(Preset::all().len(), 33, "{:?}", Preset::all());
        let pets = Preset::named("Pets").unwrap();
        assert_eq!(
            (pets.names.len(), pets.templates()),
            (37, TemplateSet::Own(vec!["a photo of a {}, a type of pet.".into()]))
        );
        assert_eq!(Preset::named("ImageNet-1k").unwrap().names.len(), 1000);
        assert!(Preset::named("caltech101_vtab").unwrap().templates().templates().len() > 30);
        let classes = |folders: &[&str]| {
            folders
                .iter()
                .map(|folder| Class::of_folder(*folder))
                .collect::<Vec<_>>()
        };
        let found = Preset::recognised(&classes(&["abyssinian", "american_bulldog", "Bengal", "Beagle"])).unwrap();
        assert_eq!(found.name, "pets");
        assert_eq!(Preset::recognised(&classes(&["banana", "carrots", "kiwi"])), None);
    }

    #[test]
    fn some_of_the_classes_are_another_task() {
        let pets = Preset::named("pets").unwrap();
        let mut classes: Vec<Class> = pets.names.iter().map(Class::of_folder).collect();
        assert!(pets.has_all_of(&classes));
        classes.pop();
        assert!(!pets.has_all_of(&classes));
        classes.push(Class::of_folder("zebra"));
        assert!(!pets.has_all_of(&classes));
    }

    #[test]
    fn every_template_has_a_place_for_the_name() {
        for name in Preset::all() {
            let set = Preset::named(name).unwrap().templates();
            assert!(set.templates().iter().all(|template| template.contains("{}")), "{name}");
        }
    }
}
