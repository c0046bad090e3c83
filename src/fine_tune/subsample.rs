//! Some of many pictures, so that no class is left out.
//!
//! A side of a split lies class by class. Whoever looks at a part of it, for want of time or memory, takes that part
//! here: its first pictures would be those of the first classes alone.

use std::collections::BTreeMap;

/// `count` of `places`, by seed: the classes take turns, each with its pictures in random order, so that no class comes a
/// second time before every class came once, and the largest share of a class is one picture more than the smallest (as
/// long as it has pictures). With more classes than `count`, it is one picture of each class: none is left out. Pictures
/// without a class are one class.
///
/// What comes first in the answer is again such a part.
pub fn stratified(places: &[usize], class_of: impl Fn(usize) -> Option<usize>, count: usize, seed: u64) -> Vec<usize> {
    stratified_usable(places, class_of, count, seed, |_| true)
}

/// [`stratified`] of places that turn out to be `usable`, which is asked of no more than are needed: the next of the same
/// class stands in for one that is not.
pub fn stratified_usable(
    places: &[usize],
    class_of: impl Fn(usize) -> Option<usize>,
    count: usize,
    seed: u64,
    mut usable: impl FnMut(usize) -> bool,
) -> Vec<usize> {
    let mut random = fastrand::Rng::with_seed(seed ^ 0x5eed_0f5e_ed0f);
    let mut classes: BTreeMap<Option<usize>, Vec<usize>> = BTreeMap::new();
    for &place in places {
        classes.entry(class_of(place)).or_default().push(place);
    }
    let mut classes: Vec<Vec<usize>> = classes.into_values().collect();
    random.shuffle(&mut classes);
    classes.iter_mut().for_each(|class| random.shuffle(class));
    let wanted = count.max(classes.len());
    let mut waiting: Vec<_> = classes.into_iter().map(Vec::into_iter).collect();
    let mut chosen = Vec::new();
    loop {
        let before = chosen.len();
        for class in &mut waiting {
            if chosen.len() == wanted {
                return chosen;
            }
            chosen.extend(class.find(|&place| usable(place)));
        }
        if chosen.len() == before {
            return chosen;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Places of so many pictures of each class, class by class as a split has them, and their classes.
    fn side(counts: &[usize]) -> (Vec<usize>, Vec<usize>) {
        let labels = counts.iter().enumerate().flat_map(|(class, count)| vec![class; *count]);
        let labels: Vec<usize> = labels.collect();
        ((0..labels.len()).collect(), labels)
    }

    fn of_each(chosen: &[usize], labels: &[usize], classes: usize) -> Vec<usize> {
        let count = |class: usize| chosen.iter().filter(|&&place| labels[place] == class).count();
        (0..classes).map(count).collect()
    }

    #[test]
    fn every_class_is_in_every_part_and_no_class_rules() {
        // As Food-101 is split: of 512 pictures the first three classes were all that was seen.
        let (places, labels) = side(&[200; 101]);
        for count in [512, 200, 101, 64, 1] {
            let chosen = stratified(&places, |place| Some(labels[place]), count, 0);
            assert_eq!(chosen.len(), count.max(101));
            let each = of_each(&chosen, &labels, 101);
            let (least, most) = (each.iter().min().unwrap(), each.iter().max().unwrap());
            assert!(*least >= 1 && most - least <= 1, "{count}: {each:?}");
            let first = stratified(&chosen, |place| Some(labels[place]), 101, 1);
            assert!(of_each(&first, &labels, 101).iter().all(|count| *count == 1));
        }
    }

    #[test]
    fn classes_of_any_size_are_there_and_nothing_is_twice() {
        let (places, labels) = side(&[1, 50, 3, 200]);
        let mut chosen = stratified(&places, |place| Some(labels[place]), 20, 7);
        assert_eq!(of_each(&chosen, &labels, 4), [1, 8, 3, 8]);
        chosen.sort();
        chosen.dedup();
        assert_eq!(chosen.len(), 20);
        assert_eq!(stratified(&places, |place| Some(labels[place]), 999, 7).len(), 254);
    }

    #[test]
    fn what_cannot_be_used_is_replaced_by_the_next_of_its_class() {
        let (places, labels) = side(&[3; 120]);
        // Two of three pictures of each class are broken.
        let chosen = stratified_usable(&places, |place| Some(labels[place]), 100, 5, |place| place % 3 == 1);
        assert_eq!(of_each(&chosen, &labels, 120), [1; 120]);
        assert!(chosen.iter().all(|place| place % 3 == 1));
        // A class of which nothing can be used leaves its room to the others.
        let mut asked = 0;
        let some = stratified_usable(
            &places[..9],
            |place| Some(labels[place]),
            5,
            5,
            |place| {
                asked += 1;
                place >= 3
            },
        );
        assert_eq!(of_each(&some, &labels, 3)[0], 0);
        assert_eq!((some.len(), asked), (5, 8), "no more is asked than is needed");
    }

    #[test]
    fn the_seed_decides() {
        let (places, labels) = side(&[30, 30]);
        let with = |seed| stratified(&places, |place| Some(labels[place]), 10, seed);
        assert_eq!(with(3), with(3));
        assert_ne!(with(3), with(4));
        // Captions have no class: any of them.
        let pairs = stratified(&places, |_| None, 10, 3);
        assert_eq!(pairs.len(), 10);
        assert!(pairs.iter().any(|place| *place >= 30), "{pairs:?}");
        assert!(stratified(&[], |_| None, 10, 3).is_empty());
    }
}
