//! Up to where a taught classifier lifts pictures like those that it was taught with, so that "none of these" does not
//! take them where the names of the classes say little to the model ([`Lift`](crate::clip::Lift)).

use burn::tensor::Device;

use crate::clip::{Classifier, Flats, LiftSize};
use crate::evaluation::dot;
use crate::fine_tune::Result;
use crate::fine_tune::context::Context;
use crate::fine_tune::rows::{matrix, tensor};

/// The share of taught pictures that may be odd ones: what they need, or how unlike the others they are, decides
/// nothing.
const ODD: f64 = 0.02;
/// How far above "none of these" pictures are lifted, as a cosine.
const ABOVE: f32 = 0.02;
/// The least distance between a likeness that lifts nothing and one that lifts everything.
const LEAST_STEP: f32 = 0.005;
/// With fewer pictures of a class, the mean of the others says little about one of them.
const LEAST_OTHERS: usize = 2;
/// With fewer likenesses, their spread is hardly known: what is least alike is then told by other classes, too.
const FEW: usize = 12;
/// Of the way from the likeness of pictures of other classes to that of their own: where few pictures were taught, nothing
/// is lifted below the first, and everything from the second on.
const FEW_BETWEEN: (f32, f32) = (0.1, 0.4);

/// Adds the means of the classes' features to the tensors, and says up to where pictures like these are lifted; nothing
/// where they win by themselves, or where no picture was held out by which to tell what is like them.
///
/// What is less like its class than the taught pictures are is not lifted. Emulated on photographs of food and of
/// clothes with the starter: "none of these" takes 0 to 6 % of new pictures of 2 to 20 taught classes (untaught: 45 to
/// 96 %), and 71 to 100 % of pictures of another kind (untaught: 85 to 99 %); other food beside taught food is lifted
/// often, too. With one or two pictures of each of a few classes it takes 1 to 15 % of new pictures
/// (untaught: 18 to 87 %) and, on the mean, 61 to 100 % of another kind; where what is least alike was told by the spread
/// alone, it was 49 to 100 %, and in single runs next to none.
///
/// # Errors
/// The device failed.
pub fn lift(context: &Context, classifier: &Classifier, tensors: &mut Flats) -> Result<Option<LiftSize>> {
    let (own, other) = likeness(context);
    let Some(between) = between(&own, &other) else {
        return Ok(None);
    };
    let (missing, none) = beside_none(context, classifier)?;
    if at(&missing, 1.0 - ODD).is_none_or(|missing| missing <= 0.0) {
        return Ok(None);
    }
    tensors.insert("means".into(), matrix(&means(context)));
    Ok(Some(LiftSize {
        floor: (most_none(&none).unwrap_or(1.0) + ABOVE).min(1.0),
        between,
    }))
}

/// The likeness below which nothing is lifted, and that from which on everything is.
fn between(own: &[f32], other: &[f32]) -> Option<(f32, f32)> {
    match at(other, 0.5) {
        Some(strangers) if own.len() < FEW => {
            let way = own.iter().sum::<f32>() / own.len() as f32 - strangers;
            let full = at(own, ODD)?.min(strangers + FEW_BETWEEN.1 * way);
            Some(((strangers + FEW_BETWEEN.0 * way).min(full - LEAST_STEP), full))
        }
        _ => {
            let full = least_likeness(own, other)?;
            let step = (0.5 * (at(own, 0.5)? - full)).max(LEAST_STEP);
            Some((full - step, full))
        }
    }
}

/// How much a picture must be like a taught class to count as one of it: as much as nearly every one that was taught.
/// Few pictures say little about the least like: then less is enough, as far as pictures of the other classes are less
/// alike.
fn least_likeness(own: &[f32], other: &[f32]) -> Option<f32> {
    let least = at(own, ODD)?;
    let Some((mean, reach)) = predicted(own) else {
        return Some(least);
    };
    let strangers = at(other, 1.0 - ODD).unwrap_or(mean - reach);
    Some(least.min((mean - reach).max(strangers)))
}

/// The cosine with "none of these" that hardly a picture of the taught classes exceeds.
fn most_none(none: &[f32]) -> Option<f32> {
    let most = at(none, 1.0 - ODD)?;
    Some(predicted(none).map_or(most, |(mean, reach)| most.max(mean + reach)))
}

/// The mean of values, and how far from it another one may lie on one side.
fn predicted(values: &[f32]) -> Option<(f32, f32)> {
    if values.len() < 2 {
        return None;
    }
    let count = values.len() as f32;
    let mean = values.iter().sum::<f32>() / count;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / (count - 1.0);
    Some((mean, student(count - 1.0) * (variance * (1.0 + 1.0 / count)).sqrt()))
}

/// About the number of deviations within which 95 % of all values lie below (Student's t, one-sided).
fn student(freedom: f32) -> f32 {
    1.645 + 1.524 / freedom + 1.42 / freedom.powi(2)
}

/// By how much the best class of each picture falls short of "none of these", and the cosine of that; both sorted.
fn beside_none(context: &Context, classifier: &Classifier) -> Result<(Vec<f32>, Vec<f32>)> {
    let none = context.none_embedding()?;
    let device = Device::flex();
    let (mut missing, mut cosines) = (Vec::new(), Vec::new());
    for set in [&context.train, &context.validation] {
        if set.is_empty() {
            continue;
        }
        let (features, embeddings) = (tensor(&set.features, &device), tensor(&set.embeddings, &device));
        let rows = classifier.answers(features, embeddings, None)?;
        for (row, embedding) in rows.iter().zip(&set.embeddings) {
            let best = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let cosine = dot(embedding, &none);
            missing.push(cosine - best);
            cosines.push(cosine);
        }
    }
    Ok((sorted(missing), sorted(cosines)))
}

/// How much pictures are like the class that they are of, and like the nearest other one; both sorted. The first are of
/// those that were held out, and of each that was learnt from against the others of its class.
fn likeness(context: &Context) -> (Vec<f32>, Vec<f32>) {
    let sums = sums(context);
    let means = means(context);
    let (mut own, mut other) = (Vec::new(), Vec::new());
    for (set, learnt_from) in [(&context.train, true), (&context.validation, false)] {
        for (feature, label) in set.features.iter().zip(&set.labels) {
            let (sum, count) = &sums[*label];
            if learnt_from && *count > LEAST_OTHERS {
                let left: Vec<f32> = sum.iter().zip(feature).map(|(sum, own)| sum - own).collect();
                own.push(dot(&unit(left), feature));
            } else if !learnt_from && *count > 0 {
                own.push(dot(&means[*label], feature));
            }
            let others = means.iter().enumerate().filter(|(class, _)| class != label);
            other.extend(others.map(|(_, mean)| dot(mean, feature)).reduce(f32::max));
        }
    }
    (sorted(own), sorted(other))
}

/// The sum of the unit features of each class that was learnt from, and their number.
fn sums(context: &Context) -> Vec<(Vec<f32>, usize)> {
    let train = &context.train;
    let width = train.features.first().map_or(0, Vec::len);
    let mut sums = vec![(vec![0.0; width], 0); context.classes.len()];
    for (feature, label) in train.features.iter().zip(&train.labels) {
        let (sum, count) = &mut sums[*label];
        sum.iter_mut().zip(feature).for_each(|(sum, value)| *sum += value);
        *count += 1;
    }
    sums
}

fn means(context: &Context) -> Vec<Vec<f32>> {
    sums(context).into_iter().map(|(sum, _)| unit(sum)).collect()
}

fn unit(values: Vec<f32>) -> Vec<f32> {
    let length = dot(&values, &values).sqrt().max(f32::MIN_POSITIVE);
    values.into_iter().map(|value| value / length).collect()
}

fn sorted(mut values: Vec<f32>) -> Vec<f32> {
    values.sort_by(f32::total_cmp);
    values
}

/// The value below which a share of sorted ones lies.
fn at(sorted: &[f32], share: f64) -> Option<f32> {
    let last = sorted.len().checked_sub(1)?;
    sorted.get((last as f64 * share).round() as usize).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_pictures_say_what_is_least_alike_and_few_leave_room_for_more() {
        let many = sorted((0..100).map(|n| 0.6 + 0.002 * n as f32).collect());
        let least = least_likeness(&many, &[0.3]).unwrap();
        assert!((0.59..=0.61).contains(&least), "{least}");
        let few = [0.7, 0.75, 0.8];
        let least = least_likeness(&few, &[0.3]).unwrap();
        assert!((0.55..0.65).contains(&least), "{least}");
        assert_eq!(
            least_likeness(&few, &[0.68]).unwrap(),
            0.68,
            "no less than pictures of other classes are alike"
        );
        assert_eq!(least_likeness(&few, &[0.9]).unwrap(), 0.7);
        assert_eq!(least_likeness(&[], &[0.3]), None);
        assert!(most_none(&few).unwrap() > 0.85 && most_none(&many).unwrap() < 0.81);
        assert_eq!(most_none(&[0.4]), Some(0.4));
    }

    #[test]
    fn few_pictures_are_told_apart_by_what_others_are_like() {
        let near = |found: Option<(f32, f32)>, expected: (f32, f32)| {
            let (low, full) = found.unwrap();
            assert!(
                (low - expected.0).abs() < 1e-5 && (full - expected.1).abs() < 1e-5,
                "{low} {full}"
            );
        };
        // Whether three likenesses happen to lie close together or far apart says nothing of the next.
        near(between(&[0.79, 0.8, 0.81], &[0.3, 0.4, 0.5]), (0.44, 0.56));
        near(between(&[0.6, 0.8, 1.0], &[0.3, 0.4, 0.5]), (0.44, 0.56));
        // What was taught is lifted itself, and a class that is like another one asks for more.
        near(between(&[0.5, 1.0], &[0.4]), (0.435, 0.5));
        near(between(&[0.8, 0.8], &[0.79]), (0.789, 0.794));
        near(between(&[0.7], &[]), (0.695, 0.7));
        assert_eq!(between(&[], &[0.3]), None);
        let many = sorted((0..100).map(|n| 0.6 + 0.002 * n as f32).collect());
        let (low, full) = between(&many, &[0.3]).unwrap();
        assert!(low < full && (0.59..=0.61).contains(&full), "{low} {full}");
    }
}
