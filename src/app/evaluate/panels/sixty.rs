//! The accuracy on a folder without labels: a picture, what it may show, and an estimate that narrows with each answer.

use egui::{Button, ColorImage, Image, ProgressBar, RichText, Sense, TextureOptions, Ui, vec2};

use super::{Sheet, card, pictures, progress_ui, share, thousands};
use crate::app::command::{Command, FileDialog};
use crate::app::evaluate::sixty::{ENOUGH, Sharp, Sixty};
use crate::app::evaluate::{EvaluateCommand, Page, SixtyCommand};
use crate::app::shell::icons as icon;
use crate::app::shell::theme;
use crate::app::shell::widgets::{Chart, ChartLine, chart_ui, combo, note, primary_button, section};
use crate::app::state::State;
use crate::engine::evaluation::Guess;
use crate::fixed;

/// The longest side of the picture that is asked about.
const SIDE: f32 = 380.0;
/// Labels that have a key.
const KEYED: usize = 5;

pub fn sixty_ui(ui: &mut Ui, state: &State, page: &mut Sheet<'_>) {
    ui.horizontal(|ui| {
        if ui.button(format!("{}  Back", icon::ARROW_LEFT)).clicked() {
            page.want(EvaluateCommand::Open(Page::Setup));
        }
        ui.label(RichText::new("Accuracy without labels").font(theme::strong(theme::SIZE_HEADING)));
    });
    let words = "The program picks pictures: more where the model is unsure and where many pictures are (active testing, arXiv \
                 2103.05331). You say what each one shows. From these the accuracy on all of them is estimated, without bias, \
                 and its interval narrows with every answer.";
    ui.label(note(ui, words));
    ui.add_space(theme::GAP_SMALL);
    let Some(sixty) = state.evaluating.sixty() else {
        if let Some(reason) = state.evaluating.failed() {
            let colour = theme::palette(ui).error;
            ui.label(RichText::new(reason).color(colour));
        }
        return progress_ui(ui, state, page);
    };
    let wide = ui.available_width() > 720.0;
    if wide {
        ui.columns(2, |columns| {
            card(&mut columns[0], |ui| question_ui(ui, state, sixty, page));
            card(&mut columns[1], |ui| estimate_ui(ui, sixty, page));
        });
    } else {
        card(ui, |ui| question_ui(ui, state, sixty, page));
        card(ui, |ui| estimate_ui(ui, sixty, page));
    }
}

fn question_ui(ui: &mut Ui, state: &State, sixty: &Sixty, page: &mut Sheet<'_>) {
    let Some(guess) = sixty.wanted() else {
        ui.label("Every picture was asked about: the accuracy is known.");
        return back_ui(ui, sixty, page);
    };
    ui.label(section("What does it show?"));
    picture_ui(ui, state.evaluating.sharp(), guess, page);
    let labels = &sixty.guessed().labels;
    for (n, (label, probability)) in guess.best.iter().take(KEYED).enumerate() {
        let enter = if n == 0 { ", Enter" } else { "" };
        let text = format!("{}   {}", n + 1, labels[*label]);
        let button = Button::new(text)
            .shortcut_text(format!("{}{enter}", fixed::probability(*probability, 0)))
            .truncate();
        let room = vec2(ui.available_width(), theme::ROW_HEIGHT);
        if ui.add_sized(room, button).clicked() {
            page.want(EvaluateCommand::Sixty(SixtyCommand::Say(Some(*label))));
        }
    }
    ui.horizontal_wrapped(|ui| {
        if labels.len() > KEYED {
            combo("another label").selected_text("another label").show_ui(ui, |ui| {
                for (label, name) in labels.iter().enumerate() {
                    if ui.selectable_label(false, name).clicked() {
                        page.want(EvaluateCommand::Sixty(SixtyCommand::Say(Some(label))));
                    }
                }
            });
        }
        if ui.button("0   none of these").clicked() {
            page.want(EvaluateCommand::Sixty(SixtyCommand::Say(None)));
        }
        back_ui(ui, sixty, page);
    });
}

fn back_ui(ui: &mut Ui, sixty: &Sixty, page: &mut Sheet<'_>) {
    let back = Button::new("Take back").shortcut_text("Backspace");
    if ui.add_enabled(sixty.asked() > 0, back).clicked() {
        page.want(EvaluateCommand::Sixty(SixtyCommand::TakeBack));
    }
}

/// The small picture at once; sharp as soon as it is decoded for this size.
fn picture_ui(ui: &mut Ui, sharp: Option<&Sharp>, guess: &Guess, page: &mut Sheet<'_>) {
    let width = ui.available_width().min(SIDE);
    let side = (SIDE * ui.ctx().pixels_per_point()).ceil() as u32;
    let sharp = sharp.filter(|sharp| sharp.is_of(&guess.path, side));
    if sharp.is_none() {
        let sharpen = SixtyCommand::Sharpen(guess.path.clone(), side);
        page.want(EvaluateCommand::Sixty(sharpen));
    }
    let small = page.textures.file(&guess.path);
    let sharp = sharp.and_then(|sharp| sharp.image.as_ref()).map(|image| {
        let version = format!("{:?} {side}", guess.path);
        let draw = || ColorImage::from_rgb([image.width, image.height], &image.rgb);
        page.textures
            .drawn(ui.ctx(), "sixty", version, TextureOptions::LINEAR, draw)
    });
    match sharp.or(small) {
        Some(texture) => {
            let size = texture.size_vec2();
            let scale = (width / size.x).min(SIDE / size.y);
            let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), SIDE), Sense::hover());
            let at = egui::Rect::from_center_size(rect.center(), scale * size);
            Image::new(&texture).corner_radius(theme::RADIUS).paint_at(ui, at);
        }
        None => {
            let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), SIDE), Sense::hover());
            ui.painter().rect_filled(rect, theme::RADIUS, theme::palette(ui).raised);
            page.drawn.missing_files.push(guess.path.clone());
        }
    }
    let file = guess
        .path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    ui.label(note(ui, file));
}

fn estimate_ui(ui: &mut Ui, sixty: &Sixty, page: &mut Sheet<'_>) {
    ui.label(section("Estimated accuracy"));
    let palette = theme::palette(ui);
    let text = share(sixty.estimate());
    ui.label(RichText::new(text).font(theme::strong(26.0)));
    let guessed = sixty.guessed();
    let words = format!(
        "of {} with {} labels, from {}",
        pictures(guessed.pictures.len()),
        thousands(guessed.labels.len()),
        super::counted(sixty.asked(), "answer", "answers")
    );
    ui.label(note(ui, words));
    if guessed.unreadable > 0 {
        let text = format!("{} cannot be read, and do not count", pictures(guessed.unreadable));
        ui.label(RichText::new(text).color(palette.warning));
    }
    let most = ENOUGH.min(guessed.pictures.len());
    let bar = ProgressBar::new(sixty.asked() as f32 / most.max(1) as f32);
    ui.add(bar.desired_height(8.0));
    let told = if sixty.asked() < most {
        format!(
            "{} more for a good estimate; you can go on as long as you like",
            most - sixty.asked()
        )
    } else {
        "Enough for a good estimate; more answers narrow it further".into()
    };
    ui.label(note(ui, told));
    if sixty.resumed > 0 {
        let before = super::counted(sixty.resumed, "answer is", "answers are");
        ui.label(note(ui, format!("{before} from before; all are kept as you give them")));
    }
    way_ui(ui, sixty);
    if ui
        .add_enabled_ui(sixty.asked() > 0, |ui| primary_button(ui, "Save the labels\u{2026}"))
        .inner
        .on_hover_text("A list with a line for each answer, which Evaluate and Train read")
        .clicked()
    {
        page.drawn.commands.push(Command::Choose(FileDialog::EvaluationLabels));
    }
    anew_ui(ui, sixty, page);
}

/// Forgets all answers, once that is confirmed.
fn anew_ui(ui: &mut Ui, sixty: &Sixty, page: &mut Sheet<'_>) {
    let mut want = |command| page.want(EvaluateCommand::Sixty(command));
    if !sixty.asks_anew {
        let anew = ui.add_enabled(sixty.asked() > 0, Button::new("Begin anew\u{2026}"));
        if anew.clicked() {
            want(SixtyCommand::AskAnew(true));
        }
        return;
    }
    let answers = super::counted(sixty.asked(), "answer", "answers");
    let text = format!("{answers} will be forgotten. Save the labels first, if you want to keep them.");
    ui.label(RichText::new(text).color(theme::palette(ui).warning));
    ui.horizontal_wrapped(|ui| {
        if ui.button("Forget them and begin anew").clicked() {
            want(SixtyCommand::Anew);
        }
        if ui.button("Keep them").clicked() {
            want(SixtyCommand::AskAnew(false));
        }
    });
}

/// How the estimate and its interval went with the answers.
fn way_ui(ui: &mut Ui, sixty: &Sixty) {
    let points: Vec<[f64; 2]> = sixty.way().map(|(n, found)| [n as f64, found.mean]).collect();
    if points.len() < 2 {
        return;
    }
    let line = ChartLine {
        name: "estimate with its 95 % interval".into(),
        colour: theme::palette(ui).accent,
        points: points.into(),
        band: sixty
            .way()
            .map(|(n, found)| [n as f64, found.low, found.high])
            .collect(),
        ..ChartLine::default()
    };
    let chart = Chart {
        title: "On the way",
        across: "answers",
        up: "accuracy",
        height: 200.0,
        shares: true,
        whole: true,
        lines: vec![line],
        ..Chart::default()
    };
    chart_ui(ui, &chart);
}
