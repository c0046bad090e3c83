//! Tables of models and sets, for papers and pages.

use crate::escape::visible;
use crate::evaluation::{Evaluation, Interval};

/// A line of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The model.
    pub model: String,
    /// The set.
    pub set: String,
    /// Pictures.
    pub count: usize,
    /// Accuracy.
    pub top1: Interval,
    /// The share whose truth is among the five best.
    pub top5: Interval,
    /// The mean of the classes' recalls.
    pub macro_recall: f64,
    /// The expected calibration error.
    pub ece: f64,
}

impl Row {
    /// Of an evaluation.
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
            macro_recall: evaluation.measures.macro_recall,
            ece: evaluation.calibration.all.ece,
        }
    }

    fn cells(&self) -> [String; 7] {
        let share = |interval: &Interval| {
            let [mean, low, high] = [interval.mean, interval.low, interval.high].map(|share| 100.0 * share);
            format!("{mean:.1} [{low:.1}, {high:.1}]")
        };
        [
            visible(&self.model),
            visible(&self.set),
            self.count.to_string(),
            share(&self.top1),
            share(&self.top5),
            format!("{:.1}", 100.0 * self.macro_recall),
            format!("{:.3}", self.ece),
        ]
    }
}

const HEADER: [&str; 7] = ["Model", "Set", "n", "Top-1 (%)", "Top-5 (%)", "Mean recall (%)", "ECE"];
const NOTE: &str = "In brackets: Wilson's 95 % interval.";

/// A table with `booktabs`.
pub fn latex(rows: &[Row]) -> String {
    let line = |cells: Vec<String>| format!("{} \\\\\n", cells.join(" & "));
    let mut text = String::from("% needs \\usepackage{booktabs}\n\\begin{tabular}{llrrrrr}\n\\toprule\n");
    text += &line(HEADER.iter().map(|cell| escaped(cell)).collect());
    text += "\\midrule\n";
    for row in rows {
        text += &line(row.cells().iter().map(|cell| escaped(cell)).collect());
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

/// A table in Markdown.
pub fn markdown(rows: &[Row]) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut text = line(HEADER.iter().map(ToString::to_string).collect());
    text += "|---|---|--:|--:|--:|--:|--:|\n";
    for row in rows {
        text += &line(row.cells().iter().map(|cell| cell.replace('|', "\\|")).collect());
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
            macro_recall: 0.5,
            ece: 0.1234,
        };
        let tex = latex(std::slice::from_ref(&row));
        assert!(
            tex.contains(
                "my\\_model|50\\% & food \\& drinks & 20 & 50.0 [29.9, 70.1] & 100.0 [83.9, 100.0] & 50.0 & 0.123 \\\\"
            ),
            "{tex}"
        );
        let page = markdown(&[row]);
        assert!(
            page.contains("| my_model\\|50% | food & drinks | 20 | 50.0 [29.9, 70.1] |"),
            "{page}"
        );
    }
}
