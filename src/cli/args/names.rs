//! Values that are names, and texts that must say something.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use crate::clip::Precision;
use crate::fine_tune::FineTuneMethod;
use crate::heatmap::HeatmapMethod;

/// Takes one of the names that values have.
pub fn one_of<T: Copy + Send + Sync + 'static>(
    all: &'static [T],
    name: fn(T) -> &'static str,
) -> impl TypedValueParser<Value = T> {
    let names = PossibleValuesParser::new(all.iter().map(|value| name(*value)));
    names.try_map(move |text| {
        let named = all.iter().find(|value| name(**value) == text);
        named.copied().ok_or("not one of the names")
    })
}

/// Takes a method of fine-tuning; help tells about each.
pub fn learning_method() -> impl TypedValueParser<Value = FineTuneMethod> {
    let named = |method: FineTuneMethod| PossibleValue::new(method.name()).help(method.about());
    let names = PossibleValuesParser::new(FineTuneMethod::all().map(named));
    names.try_map(|text| FineTuneMethod::from_name(&text).ok_or("not one of the names"))
}

/// Precision as it is chosen; elsewhere it is named after its type, `f32` or `f16`.
pub fn precision_name(precision: Precision) -> &'static str {
    match precision {
        Precision::Full => "full",
        Precision::Half => "half",
    }
}

/// A label with something to see in it.
pub fn label(text: &str) -> Result<String, String> {
    if crate::zero_shot::visible(text).trim().is_empty() {
        return Err("a label needs a name".into());
    }
    Ok(text.to_string())
}

/// Takes a method of heatmaps.
pub fn method(name: &str) -> Result<HeatmapMethod, String> {
    HeatmapMethod::from_name(name).ok_or_else(|| {
        let names: Vec<&str> = HeatmapMethod::all().map(HeatmapMethod::name).collect();
        format!("there is no such method; there are {}", names.join(", "))
    })
}
