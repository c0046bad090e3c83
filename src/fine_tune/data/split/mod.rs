//! Training, validation and test: as folders and lists give them, else by seed, every class in each, copies on one side.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::{DataError, Dataset, Side, few};

/// The share of a class that is tested on, and that validates.
const TEST: f64 = 0.2;
const VALIDATION: f64 = 0.2;
/// With few shots, choosing by more pictures than were learnt from would be no few-shot learning (Zhou et al. 2022,
/// arXiv 2109.01134, uses as many).
const MAX_FEW_SHOT_VALIDATION: usize = 4;

/// Which examples of a dataset are on which side, by their places; class by class.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// To learn from.
    pub train: Vec<usize>,
    /// To choose by.
    pub validation: Vec<usize>,
    /// To measure with, once.
    pub test: Vec<usize>,
}

impl Split {
    /// Refuses a split in which a class has nothing to be learnt from.
    ///
    /// # Errors
    /// Names the classes.
    pub fn check(&self, dataset: &Dataset) -> Result<(), DataError> {
        let learnt: BTreeSet<usize> = self
            .train
            .iter()
            .filter_map(|place| dataset.examples[*place].class)
            .collect();
        let untaught = dataset
            .classes
            .iter()
            .enumerate()
            .filter(|(class, _)| !learnt.contains(class));
        let untaught: Vec<&str> = untaught.map(|(_, name)| name.as_str()).collect();
        if untaught.is_empty() {
            return Ok(());
        }
        Err(DataError(format!(
            "no picture of {} is on the training side: add some there, or take the class away",
            few(&untaught)
        )))
    }
}

/// Splits examples: those that were given a side stay there; a side that nothing was given to is drawn by seed from those
/// to learn from. `groups` names for each one the first that it is a copy of; `shots` are learnt from of each class, or all.
/// More shots of the same seed contain the fewer.
pub fn split(dataset: &Dataset, groups: &[usize], shots: Option<usize>, seed: u64) -> Split {
    let given = |place: usize| dataset.given.get(&dataset.examples[place].path).copied();
    let none = |side: Side| (0..groups.len()).all(|place| given(place) != Some(side));
    let drawn = Drawn {
        validation: none(Side::Validation),
        test: none(Side::Test),
    };
    let mut random = fastrand::Rng::with_seed(seed);
    let mut taken = HashMap::new();
    let mut split = Split::default();
    let mut classes = vec![Vec::new(); dataset.classes.len().max(1)];
    for place in 0..groups.len() {
        classes[dataset.examples[place].class.unwrap_or(0)].push(place);
    }
    for of_class in classes {
        let (open, fixed): (Vec<usize>, Vec<usize>) = of_class
            .into_iter()
            .partition(|&place| given(place).is_none_or(|side| side == Side::Train));
        let mut sides = drawn.draw(&open, groups, &mut taken, &mut random);
        sides.extend(fixed.into_iter().filter_map(|place| Some((place, given(place)?))));
        let on = |wanted: Side| -> Vec<usize> {
            sides
                .iter()
                .filter(|(_, side)| *side == wanted)
                .map(|(place, _)| *place)
                .collect()
        };
        let (mut train, mut validation) = (on(Side::Train), on(Side::Validation));
        if let (Some(shots), true) = (shots, dataset.has_classes()) {
            train.truncate(shots);
            if drawn.validation {
                validation.truncate(shots.clamp(1, MAX_FEW_SHOT_VALIDATION));
            }
        }
        split.test.extend(on(Side::Test));
        split.validation.extend(validation);
        split.train.extend(train);
    }
    if let (Some(shots), false) = (shots, dataset.has_classes()) {
        split.train.truncate(shots);
    }
    split
}

/// Which sides are drawn, and not given.
struct Drawn {
    validation: bool,
    test: bool,
}

/// Pictures that go to one side together, and the side to which copies of theirs in another class went.
struct Unit {
    members: Vec<usize>,
    bound: Option<Side>,
}

impl Drawn {
    /// Draws a side for each picture of a class.
    ///
    /// Copies stay together, across classes, too. But no side stays empty for that, least of all the one to learn from:
    /// where copies leave no other way, the largest group of them is split.
    fn draw(
        &self,
        members: &[usize],
        groups: &[usize],
        taken: &mut HashMap<usize, Side>,
        random: &mut fastrand::Rng,
    ) -> Vec<(usize, Side)> {
        let mut together: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        members
            .iter()
            .for_each(|&place| together.entry(groups[place]).or_default().push(place));
        let mut together: Vec<(usize, Vec<usize>)> = together.into_iter().collect();
        random.shuffle(&mut together);
        let bound = |first: &usize| taken.get(first).copied();
        let units = together.into_iter().map(|(first, members)| Unit {
            bound: bound(&first),
            members,
        });
        let mut units: Vec<Unit> = units.collect();
        loop {
            let sides = self.sides(&units);
            if self.every_side_has_some(&sides, members.len()) || !loosen(&mut units) {
                for (unit, side) in units.iter().zip(&sides) {
                    taken.entry(groups[unit.members[0]]).or_insert(*side);
                }
                let each = units.into_iter().zip(sides);
                return each
                    .flat_map(|(unit, side)| unit.members.into_iter().map(move |place| (place, side)))
                    .collect();
            }
        }
    }

    fn sides(&self, units: &[Unit]) -> Vec<Side> {
        let total: usize = units.iter().map(|unit| unit.members.len()).sum();
        let quota = |share: f64, wanted: bool| {
            let count = ((total as f64 * share).round() as usize).max(usize::from(total > 2));
            if wanted { count } else { 0 }
        };
        let mut rooms = [
            (Side::Test, quota(TEST, self.test), 0),
            (Side::Validation, quota(VALIDATION, self.validation), 0),
        ];
        let side = |unit: &Unit| {
            let count = unit.members.len();
            // A group that is larger than its side's share is let in where nothing smaller came before, up to a third.
            let has_room = |(_, quota, held): &(Side, usize, usize)| {
                held + count <= *quota || *held == 0 && *quota > 0 && 3 * count <= total
            };
            let side = unit
                .bound
                .or_else(|| rooms.iter().find(|room| has_room(room)).map(|(side, ..)| *side));
            let side = side.unwrap_or(Side::Train);
            rooms
                .iter_mut()
                .filter(|room| room.0 == side)
                .for_each(|room| room.2 += count);
            side
        };
        units.iter().map(side).collect()
    }

    /// Fewer than three pictures are all learnt from.
    fn every_side_has_some(&self, sides: &[Side], total: usize) -> bool {
        let has = |side: Side| sides.contains(&side);
        total < 3 || has(Side::Train) && (!self.test || has(Side::Test)) && (!self.validation || has(Side::Validation))
    }
}

/// Splits the largest group, or lets copies in other classes go their own way; false where nothing is left to loosen.
fn loosen(units: &mut Vec<Unit>) -> bool {
    let largest = (0..units.len())
        .filter(|&n| units[n].members.len() > 1)
        .max_by_key(|&n| units[n].members.len());
    if let Some(largest) = largest {
        let Unit { members, bound } = units.remove(largest);
        let single = |place| Unit {
            members: vec![place],
            bound,
        };
        units.splice(largest..largest, members.into_iter().map(single));
        return true;
    }
    let bound = units.iter().any(|unit| unit.bound.is_some());
    units.iter_mut().for_each(|unit| unit.bound = None);
    bound
}
