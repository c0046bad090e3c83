//! Finding a class by a name that somebody typed.
//!
//! Names are names: `Polish` and `polish` are two classes where both were taught. Only where nothing is called exactly
//! so do other spellings count, each looser than the one before, and only while they mean one class.

use unicode_normalization::UnicodeNormalization;

/// What a typed name means among classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// The class at this place.
    Class(usize),
    /// Several classes are called so but for their spelling; these are two of them.
    Ambiguous(usize, usize),
    /// No class is called so; the one at this place is spelled much alike, or shares a word.
    Close(usize),
    /// No class is called anything like it.
    Unknown,
}

/// Which of `classes` a name means.
pub fn find_class(classes: &[String], name: &str) -> Named {
    for spelling in [exact, caseless, words] {
        let wanted = spelling(name);
        let mut alike = (0..classes.len()).filter(|&place| spelling(&classes[place]) == wanted);
        match (alike.next(), alike.next()) {
            (Some(one), None) => return Named::Class(one),
            (Some(one), Some(other)) => return Named::Ambiguous(one, other),
            _ => {}
        }
    }
    closest(classes, name).map_or(Named::Unknown, Named::Close)
}

/// The same name, however its accents are stored.
fn exact(name: &str) -> String {
    name.trim().nfc().collect()
}

fn caseless(name: &str) -> String {
    exact(name).to_lowercase()
}

/// `running_shoes` and `Running-Shoes` as words; what has no words stays as it is.
fn words(name: &str) -> String {
    let spaced = caseless(name).replace(['-', '_'], " ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    if words.is_empty() {
        caseless(name)
    } else {
        words.join(" ")
    }
}

/// The class whose spelling is nearest, if a slip of the finger or a word in common leads to it.
fn closest(classes: &[String], name: &str) -> Option<usize> {
    let wanted = words(name);
    let near = |class: &String| {
        let class = words(class);
        let (distance, longest) = (
            edits(&wanted, &class),
            wanted.chars().count().max(class.chars().count()),
        );
        // Two letters changed places count as two.
        let slipped = distance <= longest / 3;
        let shares = wanted
            .split(' ')
            .any(|word| word.chars().count() > 2 && class.split(' ').any(|own| own == word));
        (slipped || shares).then_some(distance)
    };
    let near = classes
        .iter()
        .enumerate()
        .filter_map(|(place, class)| Some((near(class)?, place)));
    near.min().map(|(_, place)| place)
}

/// Letters that must be added, left out or exchanged to make one text of another (Levenshtein 1966).
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, to) in b.iter().enumerate() {
            let exchanged = diagonal + usize::from(from != *to);
            diagonal = row[j + 1];
            row[j + 1] = exchanged.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_class_is_found_under_its_folders_name_its_words_and_any_case() {
        let classes = classes(&["t-shirt", "dress", "running_shoes"]);
        for name in ["t-shirt", "t shirt", "T-Shirt", "T_SHIRT", " t  shirt "] {
            assert_eq!(find_class(&classes, name), Named::Class(0), "{name}");
        }
        assert_eq!(find_class(&classes, "Running shoes"), Named::Class(2));
        assert_eq!(find_class(&["été".to_string()], "e\u{301}te\u{301}"), Named::Class(0));
    }

    #[test]
    fn names_that_differ_in_spelling_alone_stay_apart() {
        let classes = classes(&["A-1", "a_1", "Polish", "polish", "series-737", "series-747"]);
        for (place, name) in classes.iter().enumerate() {
            assert_eq!(find_class(&classes, name), Named::Class(place), "{name}");
        }
        assert_eq!(
            find_class(&classes, "a-1"),
            Named::Class(0),
            "one is spelled so but for its case"
        );
        assert_eq!(find_class(&classes, "a 1"), Named::Ambiguous(0, 1));
        assert_eq!(find_class(&classes, "POLISH"), Named::Ambiguous(2, 3));
    }

    #[test]
    fn digits_are_names_and_near_misses_are_close() {
        let digits: Vec<String> = (0..10).map(|digit| digit.to_string()).collect();
        assert_eq!(find_class(&digits, "7"), Named::Class(7));
        assert_eq!(find_class(&digits, "12"), Named::Unknown);
        let classes = classes(&["t-shirt", "dress", "running shoes", "---"]);
        assert_eq!(find_class(&classes, "t-shrit"), Named::Close(0));
        assert_eq!(find_class(&classes, "red t shirt"), Named::Close(0));
        assert_eq!(find_class(&classes, "dres"), Named::Close(1));
        assert_eq!(find_class(&classes, "shoes"), Named::Close(2));
        assert_eq!(find_class(&classes, "---"), Named::Class(3));
        assert_eq!(find_class(&classes, "elephant"), Named::Unknown);
    }
}
