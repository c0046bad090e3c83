//! The map of the embeddings: what lies together looks alike to the model.

use egui::{Sense, Ui, WidgetInfo, vec2};

use super::Sheet;
use super::map_legend::legend_ui;
use super::map_points::points_ui;
use crate::app::evaluate::{EvaluateCommand, MapColour};
use crate::app::shell::icons as icon;
use crate::app::shell::widgets::{note, segmented_ui};
use crate::app::state::State;
use crate::engine::evaluation::{MapKind, Projection};

const LEGEND: f32 = 170.0;

pub fn map_page_ui(ui: &mut Ui, state: &State, page: &mut Sheet<'_>) {
    let evaluating = &state.evaluating;
    let Some(shown) = evaluating.shown() else { return };
    ui.horizontal_wrapped(|ui| {
        let kinds = [(MapKind::Pca, "PCA"), (MapKind::Tsne, "t-SNE")];
        if let Some(kind) = segmented_ui(ui, evaluating.map_kind().unwrap_or(MapKind::Pca), &kinds) {
            page.want(EvaluateCommand::Project(kind));
        }
        let colours = [
            (MapColour::Truth, "class"),
            (MapColour::Answer, "answer"),
            (MapColour::Correctness, "right or wrong"),
            (MapColour::Score, "probability"),
        ];
        if let Some(colour) = segmented_ui(ui, evaluating.map_colour(), &colours) {
            page.want(EvaluateCommand::ColourMap(colour));
        }
    });
    let Some(map) = evaluating.map() else {
        ui.spinner();
        return;
    };
    ui.horizontal_wrapped(|ui| {
        ui.label(note(ui, words(map, evaluating.map_is_stopped())));
        if map.done < 1.0 && !evaluating.map_is_stopped() {
            let stop = egui::Button::new(format!("{}  Stop", icon::STOP));
            if ui.add(stop).on_hover_text("The map stays as it is by then").clicked() {
                page.want(EvaluateCommand::StopMap);
            }
        }
    });
    ui.label(note(
        ui,
        "Wheel zooms, dragging moves; hold Shift and draw around pictures to see them alone. With the map in focus, arrows walk \
         from picture to picture, and Enter looks at one.",
    ));

    ui.horizontal_top(|ui| {
        let room = ui.available_size();
        let legend = if room.x > 480.0 { LEGEND } else { 0.0 };
        let (rect, response) = ui.allocate_exact_size(vec2(room.x - legend, room.y), Sense::click_and_drag());
        response.widget_info(|| WidgetInfo::labeled(egui::accesskit::Role::Image, true, "Map of the embeddings"));
        points_ui(ui, evaluating, shown, map, rect, response, page);
        if legend > 0.0 {
            ui.vertical(|ui| legend_ui(ui, evaluating, shown, page));
        }
    });
}

fn words(map: &Projection, stopped: bool) -> String {
    let done = 100.0 * map.done;
    match (map.kind, map.explained) {
        (MapKind::Pca, Some(explained)) => {
            format!(
                "The two directions in which pictures differ most: {:.0} % of their variance",
                100.0 * explained
            )
        }
        (MapKind::Pca, None) => "The two directions in which pictures differ most".into(),
        (MapKind::Tsne, _) if map.done < 1.0 && stopped => {
            format!("Neighbours stay neighbours; stopped at {done:.0} %")
        }
        (MapKind::Tsne, _) if map.done < 1.0 => format!("Neighbours stay neighbours; {done:.0} % done"),
        (MapKind::Tsne, _) => "Neighbours stay neighbours; distances between groups mean nothing".into(),
    }
}
