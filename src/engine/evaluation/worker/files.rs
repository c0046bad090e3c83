//! Evaluations into files, and out of files of another machine.

use std::collections::BTreeSet;
use std::path::Path;

use super::Task;
use crate::engine::choice::ModelChoice;
use crate::engine::evaluation::appraise::appraise_again;
use crate::engine::evaluation::files::{Writing, came_out, export, found_here};
use crate::engine::evaluation::revise::side_by_side;
use crate::engine::evaluation::workspace::JobResult;
use crate::engine::evaluation::{EvaluationEvent, EvaluationRequest, ExportKind};
use crate::evaluation::{Evaluation, read_evaluation};
use crate::progress::Progress;

/// The pictures that are left out of a file. The whole evaluation has them, with their marks.
fn left_out(evaluation: &Evaluation, kind: ExportKind, without_marked: bool) -> BTreeSet<usize> {
    if !without_marked || kind == ExportKind::Evaluation {
        return BTreeSet::new();
    }
    evaluation.marks.keys().copied().collect()
}

impl Task<'_> {
    pub(super) fn export(&mut self, request: EvaluationRequest) -> JobResult {
        let EvaluationRequest::Export {
            id,
            kind,
            path,
            against,
            without_marked,
            style,
        } = request
        else {
            return Ok(());
        };
        let evaluation = self.evaluations.open(&id)?;
        let left_out = left_out(&evaluation, kind, without_marked);
        let other = against.map(|other| self.evaluations.open(&other)).transpose()?;
        let compared = other
            .as_ref()
            .map(|other| side_by_side(other, &evaluation, &left_out))
            .transpose()?;
        let against = other.as_ref().zip(compared.as_ref());
        let against = against.map(|(other, compared)| (other.name.as_str(), compared));
        let kept = self.evaluations.listed();
        let vectors = match kind {
            ExportKind::Parquet => Some(self.vectors(&evaluation)?.without(&left_out)),
            _ => None,
        };
        // The dialog asked.
        let replace = true;
        let writing = Writing { replace, style };
        let nothing =
            || "Every picture is marked, and marked pictures are left out: nothing is left to write".to_string();
        let written = evaluation.without(&left_out).ok_or_else(nothing)?;
        export(&written, vectors.as_ref(), &kept, against, kind, &path, writing)?;
        self.evaluations.tell(EvaluationEvent::Exported(path));
        Ok(())
    }

    /// Opens one from a file: its pictures by their content, with the numbers that it has, and whether they come out here.
    pub(super) fn import(&mut self, file: &Path, pictures: &Path, open: &ModelChoice) -> JobResult {
        self.progress.at("Looking for the pictures", 0, 1);
        let found = found_here(read_evaluation(file)?, pictures);
        let mut says = vec![found.says.clone()];
        let mut kept = found.evaluation;
        match self.workspace.model_like(&kept, self.device, open) {
            None => says.push(format!(
                "{}, its model, is not here: the numbers are those of the file. Fetch the model, or open it, and open the \
                 evaluation again to see whether they come out",
                kept.setup.model.name
            )),
            Some(_) if found.here.is_empty() => {}
            Some(model) => {
                let device = self.device;
                let session = self.workspace.session(&model, device)?;
                let now = appraise_again(session, &kept, &found.here, model.clone(), self.progress)?;
                let places: Vec<usize> = now.vectors.here.iter().map(|place| found.here[*place]).collect();
                let all_read = places.len() == found.here.len();
                let answers: Vec<_> = now.evaluation.answers().collect();
                if all_read {
                    says.push(came_out(&kept, &places, &answers));
                }
                kept.setup.model.path = model.path().map(Path::to_path_buf);
            }
        }
        if self.evaluations.has(&kept.id) {
            // The one that is here keeps its own marks.
            kept.id = format!("{}-{:04x}", kept.id, fastrand::u16(..));
        }
        let id = kept.id.clone();
        self.evaluations.take(None, kept);
        self.evaluations.tell(EvaluationEvent::Imported { id, says });
        Ok(())
    }
}
