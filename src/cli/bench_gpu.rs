//! The window's way to a GPU: the processor answers while the model is prepared there, then the GPU does.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::output::say;
use crate::clip::Precision;
use crate::engine::protocol::{
    AskedLabel, Event, InferenceRequest, Label, LabelId, Question, Request, Severity, TemplateSet,
};
use crate::engine::{Backend, DeviceChoice, Engine, EngineOptions, ModelChoice, adapters};

const LABELS: u64 = 8;
/// Longer than any driver compiles.
const PATIENCE: Duration = Duration::from_secs(300);

/// Seconds from the start of the engine, whose kernels the driver may have compiled for another process before.
pub struct Ready {
    /// To the first answer, by the processor.
    pub processor_s: f64,
    /// To the first answer by the GPU.
    pub gpu_s: f64,
}

/// Whether such a choice leads to a GPU here. Nothing is started for that.
pub fn has_gpu(device: DeviceChoice) -> bool {
    device != DeviceChoice::Cpu && adapters().iter().any(|adapter| adapter.is_real())
}

/// Measures both, once: whatever was compiled stays compiled in this process.
///
/// # Errors
/// There is no GPU, or it cannot be prepared.
pub fn ready(model: ModelChoice, device: DeviceChoice, precision: Precision) -> Result<Ready> {
    if !has_gpu(device) {
        bail!("there is no GPU here, or another device was chosen");
    }
    let options = EngineOptions {
        data_dir: None,
        model,
        device,
        precision,
    };
    let started = Instant::now();
    let mut engine = Engine::start(options, Arc::new(|| {}));
    engine.send(Request::Inference(InferenceRequest::Classify(Arc::new(question()))));
    let (mut on_gpu, mut on_processor, mut processor_s) = (false, 0, None);
    while started.elapsed() < PATIENCE {
        match engine.next_event() {
            Some(Event::Device { info, preparing }) => {
                on_gpu = info.gpu;
                on_processor += usize::from(!info.gpu && preparing.is_none());
                // Once when the model is loaded; again only where no GPU follows.
                if on_processor > 1 {
                    bail!("the GPU was not prepared");
                }
            }
            Some(Event::Answered { .. }) => {
                let now = started.elapsed().as_secs_f64();
                let processor_s = *processor_s.get_or_insert(now);
                if on_gpu {
                    return Ok(Ready {
                        processor_s,
                        gpu_s: now,
                    });
                }
            }
            Some(Event::Message {
                severity: Severity::Warning | Severity::Error,
                text,
                ..
            }) => say(&text),
            Some(_) => {}
            None => std::thread::sleep(Duration::from_micros(500)),
        }
    }
    bail!("waited in vain for an answer by the GPU")
}

fn question() -> Question {
    let labels = (0..LABELS).map(|n| AskedLabel {
        id: LabelId::known(n),
        label: Label::named(format!("label {n}")),
    });
    Question {
        generation: 1,
        labels: labels.collect(),
        templates: TemplateSet::One,
        none_bias: 0.0,
        model: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_processor_is_no_gpu_to_wait_for() {
        assert!(!has_gpu(DeviceChoice::Cpu));
        let refused = ready(ModelChoice::Starter, DeviceChoice::Cpu, Precision::Full);
        assert!(refused.is_err_and(|reason| reason.to_string().contains("no GPU")));
    }
}
