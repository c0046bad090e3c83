//! Why a picture of an evaluation is answered as it is: heatmaps of what it shows and of what is answered, on one scale;
//! and those of another model beside them.

use image::RgbImage;

use super::appraise::{NOT_THE_SAME, is_same, label_of};
use super::{Beside, Explained};
use crate::clip::ViewRect;
use crate::engine::pictures::screen_image;
use crate::engine::protocol::ScreenImage;
use crate::engine::session::Session;
use crate::evaluation::Evaluation;
use crate::heatmap::{HeatMap, HeatmapMethod, Overlay, Ramp, Scale, Style, card, heat_maps};
use crate::library::{decode, fitted};

/// Longest side of what is shown, in pixels.
const SIDE: u32 = 640;
const OPACITY: f32 = 0.6;

/// What one model says of a picture.
pub struct Maps {
    /// What the evaluation is called.
    name: String,
    /// What is answered, and whether that is right.
    answered: String,
    right: bool,
    method: HeatmapMethod,
    /// The part of the picture that the model sees.
    view: ViewRect,
    /// Of the truth, and of the answer.
    both: Vec<HeatMap>,
    picture: RgbImage,
}

/// Heatmaps of the true class and of the answer.
///
/// # Errors
/// The picture is another one than was answered to, or cannot be read, or the device failed; in words.
pub fn maps(session: &mut Session, evaluation: &Evaluation, place: usize) -> Result<Maps, String> {
    let judged = evaluation
        .pictures
        .get(place)
        .ok_or_else(|| "There is no such picture".to_string())?;
    if !is_same(judged) {
        return Err(format!("{}: {NOT_THE_SAME}", judged.path.display()));
    }
    let picture = decode(&judged.path).map_err(|error| error.to_string())?;
    let model = &session.loaded.model;
    let method = HeatmapMethod::default_for(model.info().tower);
    let preprocessing = model.preprocessing().clone();
    let view = preprocessing.model_view(&picture).map_err(|error| error.to_string())?;
    let answer = &judged.answer;
    let taught = model.info().taught_classes.clone();
    let labels = [answer.truth, answer.answered()].map(|class| label_of(evaluation, class, &taught));
    let texts = session.classes(&labels, &evaluation.setup.templates);
    let texts = texts.map_err(|error| error.to_string())?;
    let (both, _) = texts.label_values();
    let (maps, _) = session
        .loaded
        .with_fallback(|model| heat_maps(model, method, &view, both))
        .map_err(|error| error.to_string())?;
    if maps.len() != 2 {
        return Err("The heatmaps could not be made".into());
    }
    Ok(Maps {
        name: evaluation.name.clone(),
        answered: evaluation.titles().swap_remove(answer.answered()),
        right: answer.right(),
        method,
        view: preprocessing.view_rect(picture.width(), picture.height()),
        both: maps,
        picture: fitted(&picture, SIDE),
    })
}

/// The maps of one model, or of two beside each other: all on one scale where they are made in one way.
pub fn drawn(own: &Maps, other: Option<&Maps>) -> Explained {
    let shared = other.filter(|other| other.method == own.method);
    let together: Vec<HeatMap> = shared
        .map(|other| own.both.iter().chain(&other.both).cloned().collect())
        .unwrap_or_default();
    let range = |maps: &Maps| match together.is_empty() {
        true => Scale::Absolute.range(&maps.both),
        false => Scale::Absolute.range(&together),
    };
    let both = |maps: &Maps| -> [ScreenImage; 2] {
        let overlay = Overlay {
            style: Style::Strength,
            signed: false,
            contour: None,
            ramp: Ramp::Viridis,
            opacity: OPACITY,
            range: range(maps),
            smooth: true,
        };
        [0, 1].map(|n| screen_image(overlay.blend(&own.picture, maps.view, &maps.both[n])))
    };
    let [truth, answer] = both(own);
    let beside = other.map(|other| {
        let [truth, answer] = both(other);
        Beside {
            name: other.name.clone(),
            answered: other.answered.clone(),
            right: other.right,
            truth,
            answer,
        }
    });
    Explained {
        truth,
        answer,
        picture: screen_image(own.picture.clone()),
        method: card(own.method).title.to_string(),
        beside,
    }
}
