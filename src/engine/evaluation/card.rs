//! A failure as a picture to take away: what the model saw, what speaks for truth and answer, and the numbers.

use std::io::Cursor;
use std::path::PathBuf;

use image::{ImageFormat, Rgb, RgbImage};

use super::Explained;
use crate::engine::protocol::ScreenImage;
use crate::evaluation::Evaluation;
use crate::heatmap::{side_by_side, write_line};

const PAPER: Rgb<u8> = Rgb([255; 3]);
const MARGIN: u32 = 14;
const LINE: u32 = 24;
/// Narrower cards have no room for words.
const LEAST_WIDTH: u32 = 720;

/// The card of a picture, as the bytes of a PNG.
///
/// # Errors
/// It cannot be encoded.
pub fn card_png(evaluation: &Evaluation, place: usize, explained: &Explained) -> Result<Vec<u8>, String> {
    let mut bytes = Cursor::new(Vec::new());
    let drawn = card(evaluation, place, explained);
    drawn
        .write_to(&mut bytes, ImageFormat::Png)
        .map_err(|error| error.to_string())?;
    Ok(bytes.into_inner())
}

/// What a card's file is called: by its place in the gallery, then as the picture is.
pub fn card_name(evaluation: &Evaluation, n: usize, place: usize) -> PathBuf {
    let path = &evaluation.pictures[place].path;
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    format!("{:03}-{stem}.png", n + 1).into()
}

fn card(evaluation: &Evaluation, place: usize, explained: &Explained) -> RgbImage {
    let images: Vec<RgbImage> = shown(explained).into_iter().filter_map(rgb).collect();
    let row = side_by_side(&images, MARGIN);
    let lines = lines(evaluation, place, explained);
    let width = (row.width() + 2 * MARGIN).max(LEAST_WIDTH);
    let height = row.height() + 3 * MARGIN + LINE * lines.len() as u32;
    let mut out = RgbImage::from_pixel(width, height, PAPER);
    image::imageops::replace(&mut out, &row, i64::from(MARGIN), i64::from(MARGIN));
    let below = row.height() + 2 * MARGIN;
    for (n, line) in lines.iter().enumerate() {
        write_line(&mut out, line, MARGIN, below + LINE * n as u32);
    }
    out
}

fn shown(explained: &Explained) -> Vec<&ScreenImage> {
    let own = [&explained.picture, &explained.truth, &explained.answer];
    let beside = explained
        .beside
        .iter()
        .flat_map(|beside| [&beside.truth, &beside.answer]);
    own.into_iter().chain(beside).collect()
}

fn rgb(image: &ScreenImage) -> Option<RgbImage> {
    RgbImage::from_raw(image.width as u32, image.height as u32, image.rgb.clone())
}

fn lines(evaluation: &Evaluation, place: usize, explained: &Explained) -> Vec<String> {
    let titles = evaluation.titles();
    let judged = &evaluation.pictures[place];
    let answer = &judged.answer;
    let (truth, answered) = (&titles[answer.truth], &titles[answer.answered()]);
    let verdict = if answer.right() {
        format!("{truth}: answered correctly")
    } else {
        format!("{truth}, answered {answered}")
    };
    let best: Vec<String> = (answer.best.iter())
        .map(|best| format!("{} {:.1} %", titles[best.class], 100.0 * best.probability))
        .collect();
    let mut lines = vec![
        verdict,
        format!(
            "{answered} {:.1} %, {truth} {:.1} % (place {})",
            100.0 * answer.confidence(),
            100.0 * answer.of_truth.probability,
            answer.rank + 1
        ),
        format!("Closest texts: {}", best.join(", ")),
        format!(
            "Heatmaps of {truth}, then of {answered}: {}, on one scale",
            explained.method
        ),
    ];
    if let Some(beside) = &explained.beside {
        lines.push(format!(
            "Then those of {}, which answers {}",
            beside.name, beside.answered
        ));
    }
    if let Some(marked) = evaluation.marks.get(&place) {
        let note = if marked.note.is_empty() {
            String::new()
        } else {
            format!(": {}", marked.note)
        };
        lines.push(format!("Marked: {}{note}", marked.mark.title()));
    }
    let file = judged.path.file_name().unwrap_or_default().to_string_lossy();
    lines.push(format!(
        "{file}   {}, {}",
        evaluation.setup.model.name,
        evaluation.setup.templates.title()
    ));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::made;

    #[test]
    fn a_card_holds_three_pictures_and_its_words() {
        let grey = |shade: u8| ScreenImage {
            width: 300,
            height: 200,
            rgb: vec![shade; 300 * 200 * 3],
        };
        let explained = Explained {
            picture: grey(90),
            truth: grey(120),
            answer: grey(150),
            method: "Class activation".into(),
            beside: None,
        };
        let evaluation = made(3, [(0, 1), (1, 1)]);
        let png = card_png(&evaluation, 0, &explained).unwrap();
        let read = image::load_from_memory(&png).unwrap().to_rgb8();
        assert_eq!(read.width(), 3 * 300 + 4 * MARGIN);
        let shades: Vec<u8> = (0..3)
            .map(|n| read.get_pixel(MARGIN + 10 + n * (300 + MARGIN), 50).0[0])
            .collect();
        assert_eq!(shades, [90, 120, 150]);
        let below = (200 + 2 * MARGIN..read.height()).flat_map(|y| (0..400).map(move |x| (x, y)));
        assert!(
            below.filter(|(x, y)| read.get_pixel(*x, *y).0[0] < 90).count() > 300,
            "words are written"
        );
        assert_eq!(lines(&evaluation, 0, &explained)[0], "class 0, answered class 1");
        assert_eq!(card_name(&evaluation, 4, 0), PathBuf::from("005-0.png"));
    }
}
