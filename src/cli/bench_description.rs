//! How long the window waits for other numbers where somebody describes a class: of pictures that are embedded already.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::bench::median;
use super::bench_store::fill;
use crate::clip::{ModelInfo, Precision};
use crate::engine::evaluation::{EvaluationConfig, EvaluationEvent, EvaluationRequest, Wanted};
use crate::engine::protocol::{Event, Request, Severity};
use crate::engine::{Backend, DeviceChoice, Engine, EngineOptions, ModelChoice};

const PICTURES: usize = 10_000;
const CLASSES: usize = 100;
const REPEATS: usize = 3;
/// Longer than anything takes that goes on at all.
const PATIENCE: Duration = Duration::from_secs(120);

/// From a changed description of one class of 100 to the measures of 10,000 pictures, in milliseconds: from the request until
/// the window is told, evaluations being kept meanwhile.
pub fn changed_description_ms(
    folder: &Path,
    samples: &[PathBuf],
    choice: &ModelChoice,
    info: &ModelInfo,
) -> Result<f64> {
    let (pictures, data) = (folder.join("pictures-described"), folder.join("data-described"));
    let place = |n: usize| pictures.join(format!("thing number {}/{n:05}.jpg", n % CLASSES));
    fill(&pictures, &data, samples, info, (0..PICTURES).map(place).collect())?;
    let options = EngineOptions {
        data_dir: Some(data),
        model: choice.clone(),
        device: DeviceChoice::Cpu,
        precision: Precision::Full,
    };
    let mut engine = Engine::start(options, Arc::new(|| {}));
    engine.send(Request::Evaluation(EvaluationRequest::Evaluate {
        generation: 1,
        config: Box::new(EvaluationConfig {
            folder: pictures,
            wanted: Wanted::to_measure(),
            model: choice.clone(),
            ..EvaluationConfig::default()
        }),
    }));
    let evaluation = told(&mut engine, |event| match event {
        EvaluationEvent::Evaluated { evaluation, .. } => Some(evaluation),
        _ => None,
    })?;
    let evaluation = evaluation.map_err(anyhow::Error::msg)?;
    let mut times = Vec::new();
    for n in 0..REPEATS {
        told(&mut engine, |event| {
            matches!(event, EvaluationEvent::Idle).then_some(())
        })?;
        let mut class = evaluation.classes[n].clone();
        class.descriptions = vec![format!("a thing as nobody has seen it before, number {n}")];
        let begun = Instant::now();
        let id = evaluation.id.clone();
        engine.send(Request::Evaluation(EvaluationRequest::Call { id, class }));
        told(&mut engine, |event| {
            matches!(event, EvaluationEvent::Changed(_)).then_some(())
        })?;
        times.push(1_000.0 * begun.elapsed().as_secs_f64());
    }
    Ok(median(times))
}

/// The first of what evaluating says that is asked for.
fn told<T>(engine: &mut Engine, pick: impl Fn(EvaluationEvent) -> Option<T>) -> Result<T> {
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        match engine.next_event() {
            Some(Event::Evaluation(event)) => {
                if let Some(found) = pick(event) {
                    return Ok(found);
                }
            }
            Some(Event::Message {
                severity: Severity::Error,
                text,
                ..
            }) => bail!(text),
            Some(_) => {}
            None => std::thread::sleep(Duration::from_millis(1)),
        }
    }
    bail!("evaluating says nothing")
}
