//! Results as CLIP_benchmark writes them, under its own names.

use serde_json::{Value, json};

use crate::evaluation::Evaluation;

pub fn clip_benchmark(evaluation: &Evaluation) -> Value {
    let set = super::Row::of(evaluation).set;
    let (task, metrics) = match &evaluation.retrieval {
        Some(found) => (
            "zeroshot_retrieval",
            json!({
                "image_retrieval_recall@5": found.to_pictures[1].mean,
                "text_retrieval_recall@5": found.to_captions[1].mean,
            }),
        ),
        None => (
            "zeroshot_classification",
            json!({
                "acc1": evaluation.measures.top1.mean,
                "acc5": evaluation.measures.top5.mean,
                "mean_per_class_recall": evaluation.measures.macro_recall,
            }),
        ),
    };
    json!({
        "dataset": set,
        "model": evaluation.setup.model.name,
        "pretrained": evaluation.setup.model.identity,
        "task": task,
        "metrics": metrics,
        "language": "en",
    })
}
