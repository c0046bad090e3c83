//! A step of AdamW in one launch: moments, their corrections, decay and the change of a parameter.

use burn::tensor::{DType, Tensor};
use cubecl::prelude::*;

use super::{back, cubes, on_card, room};

/// Units of a group.
const UNITS: usize = 256;

/// What a step is made of, besides gradients.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// Decay of the first moment.
    pub beta_1: f32,
    /// Decay of the second moment.
    pub beta_2: f32,
    /// Added to the root of the second moment.
    pub epsilon: f32,
    /// What a parameter is multiplied by first.
    pub keep: f32,
    /// The learning rate.
    pub rate: f32,
    /// What the gradient is multiplied by first.
    pub shorten: f32,
    /// Steps until now, this one included.
    pub time: usize,
}

/// The parameter and both moments after a step, from the parameter, its gradient and the moments before; in f32.
pub fn step(value: &Tensor<1>, gradient: &Tensor<1>, moments: [&Tensor<1>; 2], how: &Step) -> Option<[Tensor<1>; 3]> {
    let [count] = value.dims();
    let (old, gradient) = (on_card(value)?, on_card(gradient)?);
    let [first, second] = moments.map(on_card);
    let (first, second) = (first?, second?);
    if [&old, &gradient, &first, &second].iter().any(|x| x.dtype != DType::F32) {
        return None;
    }
    let out = [(); 3].map(|()| room(&old, [count], DType::F32));
    let [new, new_first, new_second] = out.clone();
    let time = how.time as i32;
    adamw_kernel::launch(
        &old.client.clone(),
        cubes(count.div_ceil(UNITS)),
        CubeDim::new_1d(UNITS as u32),
        old.into_buffer_arg(),
        gradient.into_buffer_arg(),
        first.into_buffer_arg(),
        second.into_buffer_arg(),
        new.into_buffer_arg(),
        new_first.into_buffer_arg(),
        new_second.into_buffer_arg(),
        count,
        how.beta_1,
        how.beta_2,
        1.0 - how.beta_1,
        1.0 - how.beta_2,
        1.0 - how.beta_1.powi(time),
        1.0 - how.beta_2.powi(time),
        how.epsilon,
        how.keep,
        how.rate,
        how.shorten,
    );
    Some(out.map(back))
}

#[cube(launch)]
fn adamw_kernel(
    value: &[f32],
    gradient: &[f32],
    first: &[f32],
    second: &[f32],
    new: &mut [f32],
    new_first: &mut [f32],
    new_second: &mut [f32],
    count: usize,
    beta_1: f32,
    beta_2: f32,
    rest_1: f32,
    rest_2: f32,
    correction_1: f32,
    correction_2: f32,
    epsilon: f32,
    keep: f32,
    rate: f32,
    shorten: f32,
) {
    let place = ABSOLUTE_POS;
    if place >= count {
        terminate!();
    }
    let gradient = gradient[place] * shorten;
    let moment_1 = first[place] * beta_1 + gradient * rest_1;
    let moment_2 = second[place] * beta_2 + gradient * gradient * rest_2;
    new_first[place] = moment_1;
    new_second[place] = moment_2;
    let delta = moment_1 / correction_1 / (f32::sqrt(moment_2 / correction_2) + epsilon);
    new[place] = value[place] * keep - delta * rate;
}
