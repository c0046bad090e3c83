//! Tables of models and sets, for papers and pages.

use serde::{Deserialize, Serialize};

use crate::escape::visible;
use crate::evaluation::{Evaluation, Interval};

/// A line of a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Row {
    pub model: String,
    /// The published set, else the folder's name.
    pub set: String,
    /// Pictures.
    pub count: usize,
    /// The share that is answered correctly.
    pub top1: Interval,
    /// The share whose truth is among the five best.
    pub top5: Interval,
    /// The mean of the classes' recalls; none where pictures have captions: then both shares are those that find one of
    /// theirs.
    pub macro_recall: Option<f64>,
    /// The expected calibration error.
    pub ece: Option<f64>,
}

impl Row {
    pub fn of(evaluation: &Evaluation) -> Self {
        let folder = &evaluation.setup.folder;
        let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.clone());
        let folder = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Self {
            model: evaluation.setup.model.name.clone(),
            set: evaluation.setup.preset.clone().unwrap_or(folder),
            count: evaluation.measures.count,
            top1: evaluation.measures.top1,
            top5: evaluation.measures.top5,
            macro_recall: (!evaluation.is_of_captions()).then_some(evaluation.measures.macro_recall),
            ece: (!evaluation.is_of_captions()).then_some(evaluation.calibration.all.ece),
        }
    }

    fn cells(&self) -> [String; 7] {
        let number = |text: Option<String>| text.unwrap_or_else(|| "-".into());
        [
            visible(&self.model),
            visible(&self.set),
            self.count.to_string(),
            share(&self.top1),
            share(&self.top5),
            number(self.macro_recall.map(|recall| format!("{:.1}", 100.0 * recall))),
            number(self.ece.map(|ece| format!("{ece:.3}"))),
        ]
    }
}

const HEADER: [&str; 7] = ["Model", "Set", "n", "Top-1 (%)", "Top-5 (%)", "Mean recall (%)", "ECE"];
const NOTE: &str =
    "In brackets: Wilson's 95 % interval. Of pictures with captions: those that find one of theirs (R@1, R@5).";

const UNPAIRED: &str =
    "Accuracies beside each other are not compared picture by picture here; evaluate --compare tests a difference.";

fn share(interval: &Interval) -> String {
    let [mean, low, high] = [interval.mean, interval.low, interval.high].map(|share| 100.0 * share);
    format!("{mean:.1} [{low:.1}, {high:.1}]")
}

fn header() -> Vec<String> {
    HEADER.iter().map(ToString::to_string).collect()
}

/// Models against sets: the top-1 accuracy of each model on each set, by the first row that has both.
fn of_all(rows: &[Row]) -> (Vec<String>, Vec<Vec<String>>) {
    let mut sets: Vec<&str> = Vec::new();
    let mut models: Vec<&str> = Vec::new();
    for row in rows {
        if !sets.contains(&row.set.as_str()) {
            sets.push(&row.set);
        }
        if !models.contains(&row.model.as_str()) {
            models.push(&row.model);
        }
    }
    sets.sort_unstable();
    models.sort_unstable();
    let cell = |model: &str, set: &str| {
        let found = rows.iter().find(|row| row.model == model && row.set == set);
        found.map_or_else(|| "-".into(), |row| share(&row.top1))
    };
    let line = |model: &&str| {
        let cells = sets.iter().map(|set| cell(model, set));
        std::iter::once(model.to_string()).chain(cells).collect()
    };
    let header = std::iter::once("Model").chain(sets.iter().copied());
    (header.map(String::from).collect(), models.iter().map(line).collect())
}

/// A table of models against sets with `booktabs`; of several rows of a model on a set, the first counts.
pub fn latex_of_all(rows: &[Row]) -> String {
    let (header, lines) = of_all(rows);
    latex_table("l", &header, &lines, &[]) + &format!("% {UNPAIRED}\n")
}

/// A table of models against sets in Markdown; of several rows of a model on a set, the first counts.
pub fn markdown_of_all(rows: &[Row]) -> String {
    let (header, lines) = of_all(rows);
    markdown_table(1, &header, &lines, &[]) + &format!("\n{UNPAIRED}\n")
}

/// A table with `booktabs`, and under its rows what was found of them together: differences with their tests.
pub fn latex(rows: &[Row], found: &[String]) -> String {
    let lines: Vec<Vec<String>> = rows.iter().map(|row| row.cells().to_vec()).collect();
    latex_table("ll", &header(), &lines, found)
}

fn latex_table(left: &str, header: &[String], lines: &[Vec<String>], found: &[String]) -> String {
    let line = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| escaped(cell)).collect();
        format!("{} \\\\\n", cells.join(" & "))
    };
    let right = "r".repeat(header.len() - left.len());
    let mut text = format!("% needs \\usepackage{{booktabs}}\n\\begin{{tabular}}{{{left}{right}}}\n\\toprule\n");
    text += &line(header);
    text += "\\midrule\n";
    for cells in lines {
        text += &line(cells);
    }
    if !found.is_empty() {
        text += "\\midrule\n";
    }
    for found in found {
        text += &format!("\\multicolumn{{{}}}{{l}}{{{}}} \\\\\n", header.len(), escaped(found));
    }
    text += "\\bottomrule\n\\end{tabular}\n";
    text + &format!("% {NOTE}\n")
}

fn escaped(text: &str) -> String {
    let escape = |c: char| match c {
        '&' | '%' | '$' | '#' | '_' | '{' | '}' => format!("\\{c}"),
        '~' => "\\textasciitilde{}".into(),
        '^' => "\\textasciicircum{}".into(),
        '\\' => "\\textbackslash{}".into(),
        c => c.to_string(),
    };
    text.chars().map(escape).collect()
}

/// A table in Markdown, and under it what was found of its rows together.
pub fn markdown(rows: &[Row], found: &[String]) -> String {
    let lines: Vec<Vec<String>> = rows.iter().map(|row| row.cells().to_vec()).collect();
    markdown_table(2, &header(), &lines, found)
}

fn markdown_table(left: usize, header: &[String], lines: &[Vec<String>], found: &[String]) -> String {
    let line = |cells: &[String]| {
        let cells: Vec<String> = cells
            .iter()
            .map(|cell| cell.replace('|', "\\|").replace('\n', " "))
            .collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let mut text = line(header);
    text += &format!("|{}{}\n", "---|".repeat(left), "--:|".repeat(header.len() - left));
    for cells in lines {
        text += &line(cells);
    }
    for found in found {
        text += &format!("\n{found}\n");
    }
    text + &format!("\n{NOTE}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_hold_any_name() {
        let row = Row {
            model: "my_model|50%".into(),
            set: "food & drinks".into(),
            count: 20,
            top1: Interval {
                mean: 0.5,
                low: 0.299,
                high: 0.701,
            },
            top5: Interval {
                mean: 1.0,
                low: 0.839,
                high: 1.0,
            },
            macro_recall: Some(0.5),
            ece: Some(0.1234),
        };
        let found = ["other_model: +5.0 points, p = 0.23".to_string()];
        let tex = latex(std::slice::from_ref(&row), &found);
        assert!(
            tex.contains("\\midrule\n\\multicolumn{7}{l}{other\\_model: +5.0 points, p = 0.23} \\\\\n\\bottomrule"),
            "{tex}"
        );
        assert!(
            tex.contains(
                "my\\_model|50\\% & food \\& drinks & 20 & 50.0 [29.9, 70.1] & 100.0 [83.9, 100.0] & 50.0 & 0.123 \\\\"
            ),
            "{tex}"
        );
        let mut other = row.clone();
        (other.model, other.top1.mean) = ("second".into(), 0.25);
        let mut elsewhere = row.clone();
        elsewhere.set = "cars".into();
        let all = [row.clone(), other, elsewhere];
        let page = markdown_of_all(&all);
        let lines: Vec<&str> = page.lines().take(4).collect();
        assert_eq!(
            lines,
            [
                "| Model | cars | food & drinks |",
                "|---|--:|--:|",
                "| my_model\\|50% | 50.0 [29.9, 70.1] | 50.0 [29.9, 70.1] |",
                "| second | - | 25.0 [29.9, 70.1] |"
            ]
        );
        assert!(latex_of_all(&all).contains("\\begin{tabular}{lrr}"));
        assert!(page.contains("not compared picture by picture"), "{page}");
        let page = markdown(&[row], &found);
        assert!(
            page.contains("\n\nother_model: +5.0 points, p = 0.23\n\nIn brackets"),
            "{page}"
        );
        assert!(
            page.contains("| my_model\\|50% | food & drinks | 20 | 50.0 [29.9, 70.1] |"),
            "{page}"
        );
    }
}
