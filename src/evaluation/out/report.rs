//! One page with everything of an evaluation, that needs no other file and no script.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use minijinja::{Environment, Value, context};

use super::pictures::relative;
use crate::evaluation::{
    BINS, Bin, Class, ClassMeasures, Evaluation, Fate, Fitted, Folded, Interval, Negatives, Part, PromptRow, Published,
    Retrieval, SideBySide, Verdict,
};
use crate::fixed::signed;
use crate::library::{THUMBNAIL_SIDE, decode_fitted, thumbnail_to_jpeg};

const TEMPLATE: &str = include_str!("../../../assets/report/evaluation.html");
/// Classes that the matrix shows by themselves.
const MATRIX: usize = 24;
/// Mistakes that are shown.
const MISTAKES: usize = 48;
const DASH: &str = "–";
/// The diagram's area: left, bottom, width and height.
const DIAGRAM: [f64; 4] = [40.0, 210.0, 280.0, 200.0];

/// The page; small versions of the mistakes are in it where `pictures` says so. `against` is another evaluation's name and
/// how this one stands to it.
///
/// # Errors
/// The template failed.
pub fn report(evaluation: &Evaluation, against: Option<(&str, &SideBySide)>, pictures: bool) -> Result<String, String> {
    let mut environment = Environment::new();
    let failed = |error: minijinja::Error| format!("the report cannot be made: {error}");
    // The name's ending has everything escaped.
    environment.add_template("evaluation.html", TEMPLATE).map_err(failed)?;
    let template = environment.get_template("evaluation.html").map_err(failed)?;
    template.render(values(evaluation, against, pictures)).map_err(failed)
}

fn values(evaluation: &Evaluation, against: Option<(&str, &SideBySide)>, pictures: bool) -> Value {
    let measures = &evaluation.measures;
    let calibration = &evaluation.calibration;
    let titles = evaluation.titles();
    // Captions are in no matrix.
    let class_titles = if evaluation.is_of_captions() {
        Vec::new()
    } else {
        titles.clone()
    };
    let folded = evaluation.confusion.folded(MATRIX);
    let bins = calibration.all.bins.iter().enumerate();
    let studied = evaluation.prompts.as_ref();
    context! {
        title => evaluation.name.clone(), note => evaluation.note.clone(), setup => setup(evaluation),
        problems => evaluation.problems.iter().map(problem).collect::<Vec<Value>>(), count => measures.count,
        notes => evaluation.notes.clone(),
        top1 => measures.top1.share_words(), top5 => measures.top5.share_words(),
        recall => percent(measures.macro_recall), precision => percent(measures.macro_precision),
        f1 => percent(measures.macro_f1), ece => decimals(calibration.all.ece),
        fitted => calibration.fitted.as_ref().map(temperature), published => evaluation.published.as_ref().map(published),
        negatives => evaluation.negatives.as_ref().map(negatives),
        retrieval => evaluation.retrieval.as_ref().map(retrieval),
        comparison => against.map(|(name, found)| comparison(name, found)),
        prompts => studied.map(|study| study.rows.iter().map(prompt).collect::<Vec<Value>>()),
        bins => bins.map(|(n, found)| bin(n, found)).collect::<Vec<Value>>(),
        names => names(&folded, &class_titles), matrix => matrix(&folded, &class_titles),
        folded => folded.classes.len() < class_titles.len(), shown => folded.classes.len(),
        classes => classes(evaluation, &class_titles), mistakes => mistakes(evaluation, &titles, pictures),
    }
}

fn setup(evaluation: &Evaluation) -> Value {
    let setup = &evaluation.setup;
    let templates = setup.templates.templates();
    context! {
        date => setup.date.clone(), folder => setup.folder.display().to_string(), data => setup.data.clone(),
        model => setup.model.name.clone(), identity => setup.model.identity.clone(),
        precision => setup.model.precision.clone(), preset => setup.preset.clone(), version => setup.version.clone(),
        part => part(setup.part), files => setup.model.files.iter().map(file).collect::<Vec<Value>>(),
        described => evaluation.classes.iter().filter(|class| class.is_called_otherwise()).map(called).collect::<Vec<Value>>(),
        templates => templates.into_iter().map(String::from).collect::<Vec<String>>(),
    }
}

fn part(part: Part) -> String {
    match part {
        Part::HeldOut => "held-out pictures".into(),
        Part::All => "all pictures".into(),
        Part::Side(side) => format!("the {} split", side.name()),
    }
}

fn file((name, hash): &(String, String)) -> Value {
    context! { name => name.clone(), hash => hash.clone() }
}

fn called(class: &Class) -> Value {
    context! { folder => class.folder.clone(), name => class.title().to_string(), texts => class.descriptions.clone() }
}

fn problem((path, reason): &(PathBuf, String)) -> Value {
    context! { path => path.display().to_string(), reason => reason.clone() }
}

fn temperature(found: &Fitted) -> Value {
    context! {
        before => decimals(found.before.ece), after => decimals(found.after.ece),
        temperature => decimals(found.temperature),
    }
}

fn published(found: &Published) -> Value {
    context! {
        share => percent(found.share), measure => found.measure.title(), set => found.set.clone(),
        source => found.source.clone(), date => found.date.clone(),
    }
}

fn negatives(found: &Negatives) -> Value {
    context! { auroc => decimals(found.auroc), count => found.count, fpr95 => words(found.mistaken().as_ref()) }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

fn decimals(value: f64) -> String {
    format!("{value:.3}")
}

fn words(share: Option<&Interval>) -> String {
    share.map_or(DASH.into(), Interval::share_words)
}

fn retrieval(found: &Retrieval) -> Vec<Value> {
    let row = |name: &str, shares: &[Interval; 3]| {
        context! { name => name, shares => shares.iter().map(Interval::share_words).collect::<Vec<String>>() }
    };
    vec![
        row("pictures that find a caption of theirs", &found.to_captions),
        row("captions that find their picture", &found.to_pictures),
    ]
}

fn comparison(name: &str, found: &SideBySide) -> Value {
    let fates = Fate::ALL.map(|fate| context! { name => fate.title(), count => found.places(fate).len() });
    context! { name => name.to_string(), words => found.overall.words(), fates => fates.to_vec() }
}

fn prompt(row: &PromptRow) -> Value {
    let band = row
        .nonsense
        .as_ref()
        .filter(|_| row.gain.is_some())
        .map_or(DASH.into(), |band| {
            let beside = row.beside_nonsense().map_or("", |beside| beside.title());
            format!(
                "{} to {} points: {beside}",
                signed(100.0 * band.low, 1),
                signed(100.0 * band.high, 1)
            )
        });
    let gain = row.gain.map_or(DASH.into(), |gain| match gain.verdict() {
        Verdict::NoDifferenceShown => format!("{}: no difference shown", gain.difference.difference_words()),
        _ => gain.difference.difference_words(),
    });
    context! { name => row.name.clone(), top1 => row.top1.share_words(), gain => gain, nonsense => band }
}

fn bin(n: usize, bin: &Bin) -> Value {
    let [left, bottom, width, height] = DIAGRAM;
    let share = bin.accuracy.map_or(0.0, |share| share.mean);
    let edge = |n: usize| n as f64 / BINS as f64;
    context! {
        x => format!("{:.1}", left + width * edge(n) + 1.0), width => format!("{:.1}", width / BINS as f64 - 2.0),
        y => format!("{:.1}", bottom - height * share), height => format!("{:.1}", height * share),
        range => format!("{:.2} to {:.2}", edge(n), edge(n + 1)), count => bin.count, accuracy => words(bin.accuracy.as_ref()),
        words => format!("{} answers, {} right", bin.count, words(bin.accuracy.as_ref())),
    }
}

fn names(folded: &Folded, titles: &[String]) -> Vec<String> {
    let own = folded.classes.iter().map(|class| titles[*class].clone());
    let other = (folded.classes.len() < titles.len()).then(|| "(other)".to_string());
    own.chain(other).collect()
}

fn matrix(folded: &Folded, titles: &[String]) -> Vec<Value> {
    let names = names(folded, titles);
    let rows = names.iter().zip(&folded.counts).enumerate();
    let row = |(n, (name, counts)): (usize, (&String, &Vec<u32>))| {
        let total = counts.iter().sum::<u32>().max(1);
        let cells = counts.iter().zip(&names).enumerate().map(|(m, (count, answer))| {
            let share = f64::from(*count) / f64::from(total);
            // Classes that are one line may be taken for each other: that cell is not of right answers alone.
            let is_right = n == m && n < folded.classes.len();
            let colour = if is_right { "53 105 200" } else { "200 80 40" };
            context! {
                count => if *count == 0 { String::new() } else { count.to_string() }, colour => colour,
                depth => format!("{:.2}", 0.75 * share.sqrt()), words => format!("{name} taken for {answer}: {count} of {total}"),
            }
        });
        context! { name => name.clone(), cells => cells.collect::<Vec<Value>>() }
    };
    rows.map(row).collect()
}

fn classes(evaluation: &Evaluation, titles: &[String]) -> Vec<Value> {
    let each = titles.iter().zip(&evaluation.measures.per_class);
    let class = |(name, found): (&String, &ClassMeasures)| {
        context! {
            name => name.clone(), count => found.count, recall => words(found.recall.as_ref()),
            precision => words(found.precision.as_ref()), f1 => decimals(found.f1),
        }
    };
    each.map(class).collect()
}

fn mistakes(evaluation: &Evaluation, titles: &[String], pictures: bool) -> Vec<Value> {
    let mut places: Vec<usize> = (0..evaluation.pictures.len())
        .filter(|n| !evaluation.pictures[*n].answer.right())
        .collect();
    let lead = |place: usize| {
        let answer = &evaluation.pictures[place].answer;
        answer.of_truth.probability - answer.confidence()
    };
    places.sort_by(|a, b| lead(*a).total_cmp(&lead(*b)).then(a.cmp(b)));
    let card = |place: usize| {
        let picture = &evaluation.pictures[place];
        let answer = &picture.answer;
        context! {
            picture => pictures.then(|| small(&picture.path)).flatten(), path => relative(picture, &evaluation.setup.folder),
            answer => titles[answer.answered()].clone(), confidence => percent(f64::from(answer.confidence())),
            truth => titles[answer.truth].clone(), probability => percent(f64::from(answer.of_truth.probability)),
            mark => evaluation.marks.get(&place).map(|marked| marked.mark.title()),
        }
    };
    places.into_iter().take(MISTAKES).map(card).collect()
}

fn small(path: &Path) -> Option<String> {
    let picture = decode_fitted(path, THUMBNAIL_SIDE).ok()?;
    Some(STANDARD.encode(thumbnail_to_jpeg(&picture)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluation::tests::made;

    #[test]
    fn the_page_holds_everything_and_nothing_that_runs() {
        let mut evaluation = made(&[0, 0, 1, 2], &[0, 1, 1, 0]);
        evaluation.name = "<script>alert(1)</script>".into();
        evaluation.classes[1].name = Some("T-shirt & \"jeans\"".into());
        let page = report(&evaluation, None, true).unwrap();
        assert!(
            page.contains("&lt;script&gt;alert(1)") && !page.contains("<script"),
            "{page}"
        );
        assert!(page.contains("T-shirt &amp; &quot;jeans&quot;"));
        assert!(page.contains(&evaluation.measures.top1.share_words()));
        assert!(!page.contains("http://") && !page.contains("src=\"/"));
        assert_eq!(page.matches("class=\"card\"").count(), 2);
        assert!(!page.contains("None of these") && !page.contains("{{"));
    }
}
