use std::sync::Arc;

use super::*;
use crate::app::settings::Measure;
use crate::engine::protocol::{AskedLabel, Label, PictureFile, Scoring, TemplateSet};
use crate::table::Style;
use crate::zero_shot::score;

const SCORING: Scoring = Scoring {
    logit_scale: 100.0,
    logit_bias: None,
};

const A: PictureId = 70;
const B: PictureId = 8;
const C: PictureId = -9;

fn of(scored: &[(PictureId, &str, [f32; 3])]) -> Pictures {
    let mut pictures = Pictures::default();
    for (id, path, cosines) in scored {
        let file = PictureFile {
            id: *id,
            path: path.into(),
        };
        let mut picture = Picture::new(file, &[]);
        picture.scores = Some(Arc::new(score(cosines, SCORING, 0.0)));
        pictures.push(picture);
    }
    pictures
}

fn pictures() -> Pictures {
    of(&[
        (A, "a.jpg", [0.30, 0.10, 0.05]),
        (B, "b.jpg", [0.20, 0.21, 0.05]),
        (C, "c.jpg", [0.10, 0.12, 0.50]),
    ])
}

fn question() -> Question {
    let label = |(number, name): (u64, &str)| AskedLabel {
        id: LabelId::known(number),
        label: Label::named(name),
    };
    Question {
        generation: 1,
        labels: [(7, "cat, black"), (5, "dog")].map(label).into(),
        templates: TemplateSet::One,
        none_bias: 0.0,
        model: None,
    }
}

const LENS: Lens = Lens {
    measure: Measure::Probability,
    scoring: SCORING,
    none: true,
    alone: false,
};

fn arranged(sort: Sort, filter: &Filter, lens: Lens) -> Arranged {
    let (pictures, question) = (pictures(), question());
    let arranging = Arranging {
        pictures: &pictures,
        question: Some(&question),
        filter,
        sort,
        lens,
        alike: None,
    };
    arranging.arrange()
}

fn sorted(sort: Sort, filter: &Filter) -> Vec<PictureId> {
    arranged(sort, filter, LENS).order
}

#[test]
fn every_order_puts_the_right_picture_first() {
    let all = Filter::default();
    assert_eq!(sorted(Sort::Name, &all), [A, B, C]);
    assert_eq!(sorted(Sort::Score, &all), [A, B, C]);
    assert_eq!(sorted(Sort::Margin, &all), [B, A, C]);
    assert_eq!(sorted(Sort::Label, &all), [A, B, C]);
}

#[test]
fn the_order_is_that_of_the_numbers_that_are_shown() {
    // The first has the higher cosine, the second the higher share.
    let pictures = of(&[(A, "a.jpg", [0.50, 0.49, 0.05]), (B, "b.jpg", [0.30, 0.10, 0.05])]);
    let question = question();
    let first = |measure| {
        let arranging = Arranging {
            pictures: &pictures,
            question: Some(&question),
            filter: &Filter::default(),
            sort: Sort::Score,
            lens: Lens { measure, ..LENS },
            alike: None,
        };
        arranging.arrange().order[0]
    };
    assert_eq!(first(Measure::Probability), B);
    assert_eq!((first(Measure::Cosine), first(Measure::Logit)), (A, A));
}

#[test]
fn pictures_of_one_label_alone_stand_in_the_order_of_their_ranks_whoever_wins_them() {
    // "None of these" wins the second, whose cosine is the highest.
    let mut pictures = Pictures::default();
    for (id, path, cosines) in [
        (A, "a.jpg", [0.30, 0.1]),
        (B, "b.jpg", [0.40, 0.5]),
        (C, "c.jpg", [0.20, 0.1]),
    ] {
        let file = PictureFile { id, path: path.into() };
        let mut picture = Picture::new(file, &[]);
        picture.scores = Some(Arc::new(score(&cosines, SCORING, 0.0)));
        pictures.push(picture);
    }
    let question = Question {
        labels: question().labels[..1].into(),
        ..question()
    };
    let arranging = Arranging {
        pictures: &pictures,
        question: Some(&question),
        filter: &Filter::default(),
        sort: Sort::Score,
        lens: Lens {
            measure: Measure::Cosine,
            alone: true,
            ..LENS
        },
        alike: None,
    };
    let arranged = arranging.arrange();
    assert_eq!(arranged.order, [B, A, C]);
    assert!(
        arranged
            .order
            .iter()
            .zip(1..)
            .all(|(id, rank)| arranged.ranks[id] == rank)
    );
    assert_eq!(arranged.spread.map(|spread| spread.range), Some((0.2, 0.4)));
}

#[test]
fn the_closest_calls_are_bounded_by_their_lead() {
    let close = Filter {
        bound: Some(0.05),
        ..Filter::default()
    };
    assert_eq!(sorted(Sort::Margin, &close), [B]);
    let spread = arranged(Sort::Margin, &Filter::default(), LENS).spread.unwrap();
    assert!(
        (spread.range.0 - 0.01).abs() < 1e-6 && spread.range.1 > 0.1,
        "{spread:?}"
    );
}

#[test]
fn what_none_of_these_wins_is_counted_apart_and_not_at_all_where_it_is_hidden() {
    let all = Filter::default();
    let shown = arranged(Sort::Name, &all, LENS);
    assert_eq!(
        (
            shown.wins[&LabelId::known(7)],
            shown.wins[&LabelId::known(5)],
            shown.none_wins
        ),
        (1, 1, 1)
    );
    let hidden = arranged(Sort::Name, &all, Lens { none: false, ..LENS });
    assert_eq!((hidden.wins[&LabelId::known(5)], hidden.none_wins), (2, 0));
}

#[test]
fn the_slider_goes_as_far_as_the_numbers_do() {
    let cosine = Lens {
        measure: Measure::Cosine,
        ..LENS
    };
    let spread = arranged(Sort::Name, &Filter::default(), cosine).spread.unwrap();
    assert_eq!(spread.range, (0.21, 0.30));
    assert_eq!((spread.bins[0], spread.bins[BINS - 1]), (1, 1));
    assert_eq!(spread.bins.iter().sum::<u32>(), 2);
}

#[test]
fn filters_keep_what_was_asked_for() {
    let none = Filter {
        label: Some(None),
        ..Filter::default()
    };
    assert_eq!(sorted(Sort::Name, &none), [C]);
    let second = Filter {
        label: Some(Some(LabelId::known(5))),
        ..Filter::default()
    };
    assert_eq!(sorted(Sort::Name, &second), [B]);
    let unasked = Filter {
        label: Some(Some(LabelId::known(6))),
        ..Filter::default()
    };
    assert!(sorted(Sort::Name, &unasked).is_empty());
    let named = Filter {
        name: "a.j".into(),
        ..Filter::default()
    };
    assert_eq!(sorted(Sort::Name, &named), [A]);
    let sure = Filter {
        bound: Some(0.9),
        ..Filter::default()
    };
    assert_eq!(sorted(Sort::Name, &sure), [A]);
    // "None of these" wins the third, which has no number, whatever the slider says.
    let any = Filter {
        bound: Some(0.0),
        ..Filter::default()
    };
    assert_eq!(sorted(Sort::Name, &any), [A, B]);
}

#[test]
fn csv_has_a_line_a_picture_and_quotes_commas() {
    let text = csv(&pictures(), &[A, C], &question(), LENS, Style::default());
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(lines[0].contains("\"cat, black (probability)\""));
    assert!(lines[1].starts_with("a.jpg,\"cat, black\","));
    assert!(lines[2].starts_with("c.jpg,none of these,"));
}
