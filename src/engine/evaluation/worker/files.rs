//! Evaluations into files, and out of files of another machine.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::Task;
use crate::engine::choice::ModelChoice;
use crate::engine::evaluation::appraise::appraise_again;
use crate::engine::evaluation::files::{Writing, came_out, export, found_here};
use crate::engine::evaluation::revise::side_by_side;
use crate::engine::evaluation::workspace::JobResult;
use crate::engine::evaluation::{EvaluationEvent, ExportKind};
use crate::evaluation::read_evaluation;
use crate::progress::Progress;
use crate::table::Style;

impl Task<'_> {
    pub(super) fn export(
        &mut self,
        id: &str,
        kind: ExportKind,
        path: PathBuf,
        against: Option<String>,
        style: Style,
    ) -> JobResult {
        let evaluation = self.evaluations.open(id)?;
        let other = against.map(|other| self.evaluations.open(&other)).transpose()?;
        let compared = other
            .as_ref()
            .map(|other| side_by_side(other, &evaluation, &BTreeSet::new()))
            .transpose()?;
        let against = other.as_ref().zip(compared.as_ref());
        let against = against.map(|(other, compared)| (other.name.as_str(), compared));
        let kept = self.evaluations.listed();
        let vectors = match kind {
            ExportKind::Parquet => Some(self.vectors(&evaluation)?),
            _ => None,
        };
        // The dialog asked.
        let replace = true;
        let writing = Writing { replace, style };
        export(&evaluation, vectors, &kept, against, kind, &path, writing)?;
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
