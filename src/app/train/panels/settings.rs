//! The settings of a method: one value each, or several to try.

use std::path::PathBuf;

use egui::{Align, CollapsingHeader, Id, Layout, RichText, Slider, TextEdit, Ui};

use super::names;
use super::setup::configured;
use super::trials::values;
use crate::app::shell::icons as icon;
use crate::app::shell::status::thousands;
use crate::app::shell::theme;
use crate::app::shell::widgets::{checkbox, combo, icon_button, labelled, note, segmented_ui, short};
use crate::app::train::TrainCommand;
use crate::engine::training::{Architecture, Choice, Field, FineTuneMethod, RunConfig, TrainedPart, trials};

/// Settings over more orders of magnitude than this are dragged by factors.
const WIDE: f64 = 1e3;
/// Room for the name of a setting.
const NAME_WIDTH: f32 = 150.0;
/// Room for several values.
const VALUES_WIDTH: f32 = 170.0;

pub fn settings_ui(ui: &mut Ui, draft: &RunConfig, wanted: &mut Vec<TrainCommand>) {
    if draft.method == FineTuneMethod::Contrastive {
        part_ui(ui, draft, wanted);
    }
    if draft.method == FineTuneMethod::Scratch {
        let shapes = [
            (Architecture::Vit, "Vision Transformer"),
            (Architecture::ModifiedResNet, "Modified ResNet"),
        ];
        if let Some(architecture) = segmented_ui(ui, draft.hyper.architecture, &shapes) {
            wanted.push(configured(draft, |config| config.hyper.architecture = architecture));
        }
    }
    if Field::of(draft.method).any(Field::searchable) {
        search_ui(ui, draft, wanted);
    }
    let (basic, advanced): (Vec<&Field>, Vec<&Field>) =
        Field::of(draft.method).partition(|field| field.is_basic_for(draft.method));
    for field in basic {
        field_ui(ui, draft, field, wanted);
    }
    if !advanced.is_empty() {
        CollapsingHeader::new("Advanced").show(ui, |ui| {
            for field in advanced {
                field_ui(ui, draft, field, wanted);
            }
        });
    }
    if Field::of(draft.method).next().is_none() {
        ui.label(note(ui, "This method has no settings."));
    }
    if matches!(
        draft.method,
        FineTuneMethod::LinearProbe | FineTuneMethod::TipAdapter | FineTuneMethod::TipAdapterF
    ) {
        ui.label(note(ui, "Its strengths are chosen on the validation set."));
    }
}

fn part_ui(ui: &mut Ui, draft: &RunConfig, wanted: &mut Vec<TrainCommand>) {
    ui.horizontal(|ui| {
        ui.label("Trained part");
        combo("part").selected_text(draft.hyper.part.title()).show_ui(ui, |ui| {
            for part in TrainedPart::ALL {
                if ui.selectable_label(draft.hyper.part == part, part.title()).clicked() {
                    wanted.push(configured(draft, |config| config.hyper.part = part));
                }
            }
        });
        let usual = RunConfig::new(draft.method, PathBuf::new()).hyper.part;
        let name = format!("Trained part: back to {}", usual.title());
        if draft.hyper.part != usual && icon_button(ui, icon::ARROW_COUNTER_CLOCKWISE, &name, false).clicked() {
            wanted.push(configured(draft, |config| config.hyper.part = usual));
        }
    });
}

/// Whether several values are tried, and how many trials that makes.
fn search_ui(ui: &mut Ui, draft: &RunConfig, wanted: &mut Vec<TrainCommand>) {
    let mut searches = !draft.search.is_empty();
    if checkbox(ui, &mut searches, "Try several values").changed() {
        let search = if searches {
            Choice::usual(draft.method)
        } else {
            Vec::new()
        };
        wanted.push(configured(draft, |config| config.search = search));
    }
    let text = match trials(draft) {
        Err(error) => RichText::new(error.to_string()).color(theme::palette(ui).error),
        Ok(trials) if trials.len() > 1 => {
            let count = thousands(trials.len());
            note(
                ui,
                format!("{count} trials, one after the other; the best on validation is kept."),
            )
        }
        Ok(_) => note(ui, "One trial; each setting can have several values."),
    };
    ui.label(text);
    ui.add_space(theme::GAP_SMALL);
}

fn field_ui(ui: &mut Ui, draft: &RunConfig, field: &Field, wanted: &mut Vec<TrainCommand>) {
    let searched = draft.search.iter().find(|choice| choice.name == field.name);
    ui.horizontal_wrapped(|ui| {
        let left = Layout::left_to_right(Align::Center);
        ui.allocate_ui_with_layout(egui::vec2(NAME_WIDTH, theme::ROW_HEIGHT), left, |ui| {
            ui.set_width(NAME_WIDTH);
            ui.add(egui::Label::new(names::title(draft.method, field)).truncate());
        });
        match searched {
            Some(choice) => values_ui(ui, draft, field, choice, wanted),
            None => value_ui(ui, draft, field, wanted),
        }
        if field.searchable() && several_ui(ui, names::title(draft.method, field), searched.is_some()) {
            wanted.push(configured(draft, |config| toggle(config, field)));
        }
        reset_ui(ui, draft, field, wanted);
    });
    let (low, high) = field.range;
    let meaning = field.meaning_for(draft.method);
    ui.label(note(ui, format!("{meaning}. From {} to {}.", short(low), short(high))));
    ui.add_space(theme::GAP_SMALL);
}

/// Back to the method's own value.
fn reset_ui(ui: &mut Ui, draft: &RunConfig, field: &Field, wanted: &mut Vec<TrainCommand>) {
    let usual = RunConfig::new(draft.method, PathBuf::new()).hyper;
    let value = field.get(&usual);
    let is_usual = (field.get(&draft.hyper) - value).abs() <= f64::EPSILON * value.abs();
    if is_usual {
        return;
    }
    let name = format!("{}: back to {}", names::title(draft.method, field), short(value));
    if icon_button(ui, icon::ARROW_COUNTER_CLOCKWISE, &name, false).clicked() {
        wanted.push(configured(draft, |config| {
            // What goes by epochs went by them because they were set.
            if field.name == "epochs" {
                config.hyper.steps_a_shot = usual.steps_a_shot;
                config.hyper.epochs = usual.epochs;
            } else {
                field.set(&mut config.hyper, value);
            }
        }));
    }
}

fn several_ui(ui: &mut Ui, title: &str, searched: bool) -> bool {
    let name = if searched {
        format!("{title}: one value")
    } else {
        format!("{title}: several values")
    };
    icon_button(ui, icon::LIST_PLUS, &name, searched).clicked()
}

/// One value becomes a list of one, and the other way round.
fn toggle(config: &mut RunConfig, field: &Field) {
    let known = config.search.len();
    config.search.retain(|choice| choice.name != field.name);
    if config.search.len() == known {
        config.search.push(Choice {
            name: field.name.into(),
            values: vec![field.get(&config.hyper)],
        });
    }
}

fn value_ui(ui: &mut Ui, draft: &RunConfig, field: &Field, wanted: &mut Vec<TrainCommand>) {
    let (low, high) = field.range;
    let mut value = field.get(&draft.hyper);
    let slider = Slider::new(&mut value, low..=high)
        .logarithmic(is_wide(low, high))
        .smallest_positive(1e-9)
        .custom_formatter(|value, _| short(value));
    let slider = if field.whole { slider.integer() } else { slider };
    if ui.add(slider).changed() {
        wanted.push(configured(draft, |config| field.set(&mut config.hyper, value)));
    }
}

/// Whether a range is dragged by factors. Shares are not: a quarter stands at a quarter.
fn is_wide(low: f64, high: f64) -> bool {
    let is_share = low == 0.0 && high <= 1.0;
    !is_share && high / low.max(1e-9) > WIDE
}

/// Values with commas between them. What is half typed stays as it is while it is written.
fn values_ui(ui: &mut Ui, draft: &RunConfig, field: &Field, choice: &Choice, wanted: &mut Vec<TrainCommand>) {
    let id = Id::unique(("values to try", field.name));
    let typed = ui.data(|data| data.get_temp::<String>(id));
    let mut text = typed.unwrap_or_else(|| values(&choice.values));
    let wrong = values_of(&text, field).is_none();
    let edit = TextEdit::singleline(&mut text)
        .char_limit(crate::escape::MAX_NAME_CHARACTERS)
        .id(id)
        .desired_width(VALUES_WIDTH)
        .text_color_opt(wrong.then(|| theme::palette(ui).error));
    let edited = labelled(
        ui.add(edit),
        &format!("{}: values to try", names::title(draft.method, field)),
    );
    let edited = edited.on_hover_text("Values to try, with commas between them");
    if edited.changed()
        && let Some(values) = values_of(&text, field)
    {
        wanted.push(configured(draft, |config| {
            let searched = config.search.iter_mut().filter(|choice| choice.name == field.name);
            searched.for_each(|choice| choice.values.clone_from(&values));
        }));
    }
    if edited.has_focus() {
        ui.data_mut(|data| data.insert_temp(id, text));
    } else {
        ui.data_mut(|data| data.remove::<String>(id));
    }
}

fn values_of(text: &str, field: &Field) -> Option<Vec<f64>> {
    let (low, high) = field.range;
    let value = |part: &str| part.trim().parse().ok().filter(|value| (low..=high).contains(value));
    text.split(',').map(value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_dragged_evenly_and_rates_by_factors() {
        assert!(!is_wide(0.0, 0.9) && !is_wide(0.0, 1.0));
        assert!(is_wide(1e-9, 1.0) && is_wide(0.0, 1e4) && is_wide(1.0, 100_000.0));
    }

    #[test]
    fn values_are_numbers_within_the_range() {
        let rank = Field::of(FineTuneMethod::Lora)
            .find(|field| field.name == "rank")
            .unwrap();
        assert_eq!(values_of("2, 4 ,8", rank), Some(vec![2.0, 4.0, 8.0]));
        for wrong in ["", "2,", "2; 4", "0", "2, x"] {
            assert_eq!(values_of(wrong, rank), None, "{wrong}");
        }
    }
}
