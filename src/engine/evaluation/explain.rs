//! Why a picture of an evaluation is answered as it is: heatmaps of what it shows and of what is answered, on one scale.

use super::Explained;
use super::appraise::Appraised;
use crate::engine::pictures::screen_image;
use crate::engine::session::Session;
use crate::heatmap::{HeatmapMethod, Overlay, Ramp, Scale, Style, card, heat_maps};
use crate::library::{decode, fitted};

/// Longest side of what is shown, in pixels.
const SIDE: u32 = 640;
const OPACITY: f32 = 0.6;

/// Heatmaps of the true class and of the answer.
///
/// # Errors
/// The picture cannot be read, or the device failed; in words.
pub fn explain(session: &mut Session, appraised: &Appraised, place: usize) -> Result<Explained, String> {
    let judged = appraised
        .evaluation
        .pictures
        .get(place)
        .ok_or_else(|| "There is no such picture".to_string())?;
    let picture = decode(&judged.path).map_err(|error| error.to_string())?;
    let model = &session.loaded.model;
    let method = HeatmapMethod::default_for(model.info().tower);
    let preprocessing = model.preprocessing().clone();
    let view = preprocessing.model_view(&picture).map_err(|error| error.to_string())?;
    let (texts, dim) = appraised.embedded.classes.label_values();
    let text = |class: usize| texts[class * dim..(class + 1) * dim].iter().copied();
    let both: Vec<f32> = text(judged.answer.truth)
        .chain(text(judged.answer.answered()))
        .collect();
    let (maps, _) = session
        .loaded
        .with_fallback(|model| heat_maps(model, method, &view, &both))
        .map_err(|error| error.to_string())?;
    let small = fitted(&picture, SIDE);
    let seen = preprocessing.view_rect(picture.width(), picture.height());
    let overlay = Overlay {
        style: Style::Strength,
        signed: false,
        contour: None,
        ramp: Ramp::Viridis,
        opacity: OPACITY,
        range: Scale::Absolute.range(&maps),
        smooth: true,
    };
    let drawn = |map| screen_image(overlay.blend(&small, seen, map));
    let [truth, answer] = maps.as_slice() else {
        return Err("The heatmaps could not be made".into());
    };
    Ok(Explained {
        truth: drawn(truth),
        answer: drawn(answer),
        picture: screen_image(small.clone()),
        method: card(method).title.to_string(),
    })
}
