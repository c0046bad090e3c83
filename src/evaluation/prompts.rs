//! Which words do better, and whether they do better than nonsense.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::interval::Interval;
use super::paired::Comparison;
use super::random::Random;
use crate::zero_shot::TemplateSet;

/// Templates of nonsense.
pub const DRAWS: usize = 100;
/// The share of draws that lies in the band.
const BAND: f64 = 0.95;
/// Gains that differ by less are the same.
const ROUNDING: f64 = 1e-9;
/// The place of the name.
const HOLE: &str = "{}";

/// Prompts of several kinds on the same pictures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PromptStudy {
    /// The kinds; the first is what the others are measured against.
    pub rows: Vec<PromptRow>,
}

/// One kind of prompts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PromptRow {
    pub name: String,
    pub templates: TemplateSet,
    /// The share of the pictures that is answered correctly with it.
    pub top1: Interval,
    /// Its gain over the first; none for the first itself.
    pub gain: Option<Comparison>,
    /// The gain of as many templates of nonsense.
    pub nonsense: Option<Nonsense>,
    /// The pictures that are answered incorrectly with it, by their places.
    #[serde(default)]
    pub wrong: Vec<usize>,
}

/// What random words gain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Nonsense {
    /// The gain of each draw, sorted.
    pub gains: Vec<f64>,
    /// The lower end of the band in which 95 % of other draws would lie.
    pub low: f64,
    /// The upper end of the band.
    pub high: f64,
}

impl Nonsense {
    /// Of the gains of draws of so many templates each; none of none.
    ///
    /// Ensembles are drawn from one pool of [`DRAWS`] templates, whose mean is off by as much as that of so many templates
    /// always is. What another draw would gain, from templates that nobody has seen, varies by both: the spread of the draws
    /// is widened by `sqrt(1 + templates / DRAWS)`, about its middle.
    pub fn of(mut gains: Vec<f64>, templates: usize) -> Option<Self> {
        gains.sort_by(f64::total_cmp);
        let at = |share: f64| {
            gains
                .get(((gains.len().checked_sub(1)?) as f64 * share).round() as usize)
                .copied()
        };
        let wider = match templates {
            // Each draw is a template of its own.
            0 | 1 => 1.0,
            several => (1.0 + several as f64 / DRAWS as f64).sqrt(),
        };
        let middle = gains.iter().sum::<f64>() / gains.len().max(1) as f64;
        let end = |share: f64| Some(middle + wider * (at(share)? - middle));
        Some(Self {
            low: end((1.0 - BAND) / 2.0)?,
            high: end((1.0 + BAND) / 2.0)?,
            gains,
        })
    }
}

/// A gain beside what nonsense gains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BesideNonsense {
    /// Above the band in which 95 % of the draws lie.
    Better,
    /// Within it.
    Luck,
    /// Below it.
    Worse,
}

impl BesideNonsense {
    /// As it is called in the window and in reports.
    pub fn title(self) -> &'static str {
        match self {
            Self::Better => "better than nonsense",
            Self::Luck => "no more than luck",
            Self::Worse => "worse than nonsense",
        }
    }
}

impl PromptRow {
    /// How the gain stands to what nonsense gains; none for the kind that the others are measured against.
    pub fn beside_nonsense(&self) -> Option<BesideNonsense> {
        let (gain, nonsense) = (self.gain?.difference.mean, self.nonsense.as_ref()?);
        Some(if gain > nonsense.high + ROUNDING {
            BesideNonsense::Better
        } else if gain < nonsense.low - ROUNDING {
            BesideNonsense::Worse
        } else {
            BesideNonsense::Luck
        })
    }

    /// Whether as much is gained by nonsense: then it is luck.
    pub fn is_luck(&self) -> bool {
        self.beside_nonsense() == Some(BesideNonsense::Luck)
    }
}

/// The kinds that are studied: the bare name, one template, seven, eighty, the set's own, yours; each once.
pub fn kinds(of_set: Option<(&str, Vec<String>)>, own: &TemplateSet) -> Vec<(String, TemplateSet)> {
    let mut kinds = vec![
        ("bare name".to_string(), TemplateSet::Bare),
        ("one template".to_string(), TemplateSet::One),
        ("7 templates".to_string(), TemplateSet::Seven),
        ("80 templates".to_string(), TemplateSet::Eighty),
    ];
    if let Some((name, templates)) = of_set {
        kinds.push((format!("templates of {name}"), TemplateSet::Own(templates)));
    }
    kinds.push(("yours".to_string(), own.clone()));
    let mut there: BTreeSet<Vec<String>> = BTreeSet::new();
    kinds.retain(|(_, set)| there.insert(set.templates().iter().map(ToString::to_string).collect()));
    kinds
}

/// Templates of nonsense: those of `like` with a random word in place of each word, of as many letters (after WaffleCLIP,
/// Roth et al. 2023, arXiv 2306.07282). The same for a seed.
pub fn nonsense(like: &[&str], seed: u64) -> Vec<String> {
    let mut random = Random::seeded(seed);
    let spoken: Vec<&&str> = like.iter().filter(|template| template.trim() != HOLE).collect();
    let mut drawn = |_| match spoken.len() {
        0 => HOLE.to_string(),
        count => garbled(spoken[random.below(count)], &mut random),
    };
    (0..DRAWS).map(&mut drawn).collect()
}

/// Letters become others; what is no letter, and the place of the name, stay.
fn garbled(template: &str, random: &mut Random) -> String {
    let mut letter = |c: char| match c {
        c if c.is_alphabetic() => char::from(b'a' + random.below(26) as u8),
        c => c,
    };
    let parts: Vec<String> = template
        .split(HOLE)
        .map(|part| part.chars().map(&mut letter).collect())
        .collect();
    parts.join(HOLE)
}

/// For each draw, which of the templates of nonsense form its ensemble of so many.
pub fn ensembles(templates: usize, seed: u64) -> Vec<Vec<usize>> {
    if templates <= 1 {
        return (0..DRAWS).map(|draw| vec![draw]).collect();
    }
    let mut random = Random::seeded(seed);
    (0..DRAWS)
        .map(|_| (0..templates).map(|_| random.below(DRAWS)).collect())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonsense_has_the_length_of_sense_and_keeps_the_name() {
        let drawn = nonsense(&["a photo of a {}.", "{}"], 7);
        assert_eq!(drawn.len(), DRAWS);
        for template in &drawn {
            let lengths: Vec<usize> = template.split(' ').map(str::len).collect();
            assert_eq!(lengths, [1, 5, 2, 1, 3], "{template}");
            assert!(template.ends_with(" {}.") && !template.contains("photo"));
        }
        assert_eq!(drawn, nonsense(&["a photo of a {}.", "{}"], 7));
        assert_eq!(drawn.iter().collect::<BTreeSet<_>>().len(), DRAWS);
        assert_eq!(nonsense(&["{}"], 7)[0], "{}");
    }

    #[test]
    fn a_gain_inside_the_band_is_luck() {
        let row = |gain: f64| {
            let right = (1000.0 * gain) as usize;
            let before = vec![0.0; 1000];
            let after: Vec<f64> = (0..1000).map(|n| f64::from(u8::from(n < right))).collect();
            PromptRow {
                name: "x".into(),
                templates: TemplateSet::One,
                top1: Interval {
                    mean: 0.5,
                    low: 0.4,
                    high: 0.6,
                },
                gain: Comparison::of(&before, &after),
                nonsense: Nonsense::of((0..100).map(|n| f64::from(n) / 1000.0).collect(), 1),
                wrong: Vec::new(),
            }
        };
        assert!(row(0.05).is_luck() && !row(0.2).is_luck());
        assert_eq!(row(0.2).beside_nonsense(), Some(BesideNonsense::Better));
        // What gains less than nonsense is no luck.
        assert_eq!(row(0.001).beside_nonsense(), Some(BesideNonsense::Worse));
        let nonsense = row(0.0).nonsense.unwrap();
        assert!((nonsense.low - 0.002).abs() < 1e-12 && (nonsense.high - 0.097).abs() < 1e-12);
        assert_eq!(Nonsense::of(Vec::new(), 1), None);
        assert_eq!(
            Nonsense::of(vec![0.0], 1).map(|band| (band.low, band.high)),
            Some((0.0, 0.0))
        );
    }

    #[test]
    fn the_band_holds_what_other_nonsense_gains_however_many_templates_a_draw_has() {
        const TEMPLATES: usize = 80;
        const POOLS: usize = 400;
        let mut random = Random::seeded(11);
        let mut inside = [0usize; 2];
        for pool in 0..POOLS {
            // What a template gains: the sum of twelve uniform numbers is about normal.
            let mut gain = || (0..12).map(|_| random.number() as f64 / u64::MAX as f64).sum::<f64>() - 6.0;
            let own: Vec<f64> = (0..DRAWS).map(|_| gain()).collect();
            let other = (0..TEMPLATES).map(|_| gain()).sum::<f64>() / TEMPLATES as f64;
            let draws = ensembles(TEMPLATES, pool as u64);
            let mean = |draw: &Vec<usize>| draw.iter().map(|place| own[*place]).sum::<f64>() / TEMPLATES as f64;
            let gains: Vec<f64> = draws.iter().map(mean).collect();
            for (wide, templates) in [1, TEMPLATES].into_iter().enumerate() {
                let band = Nonsense::of(gains.clone(), templates).unwrap();
                inside[wide] += usize::from(other >= band.low && other <= band.high);
            }
        }
        let [narrow, wide] = inside.map(|count| count as f64 / POOLS as f64);
        assert!(narrow < 0.9 && (0.9..0.98).contains(&wide), "{narrow} {wide}");
    }

    #[test]
    fn each_kind_is_studied_once() {
        let names = |set, own: TemplateSet| kinds(set, &own).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        assert_eq!(names(None, TemplateSet::One).len(), 4);
        let own = TemplateSet::Own(vec!["{} on a plate".into()]);
        assert_eq!(names(Some(("pets", vec!["a pet {}".into()])), own).len(), 6);
        assert_eq!(ensembles(7, 1).len(), DRAWS);
        assert!(ensembles(7, 1).iter().all(|draw| draw.len() == 7));
    }
}
