//! A batch that fails is halved until the picture that fails is alone: one bad picture costs no other its embedding.

use crate::clip::{Error, Result};

/// What became of each item of a batch, in order.
///
/// # Errors
/// The model itself is gone: its device failed for good, or its files cannot be read again.
pub fn in_halves<T, R>(items: &[T], work: &mut impl FnMut(&[T]) -> Result<Vec<R>>) -> Result<Vec<Result<R>>> {
    if items.is_empty() {
        return Ok(Vec::new());
    }
    match work(items) {
        Ok(done) => Ok(done.into_iter().map(Ok).collect()),
        Err(error) if is_fatal(&error) => Err(error),
        Err(error) if items.len() == 1 => Ok(vec![Err(error)]),
        Err(_) => {
            let (first, second) = items.split_at(items.len() / 2);
            let mut done = in_halves(first, work)?;
            done.extend(in_halves(second, work)?);
            Ok(done)
        }
    }
}

/// Whether every other picture would fail of it, too.
fn is_fatal(error: &Error) -> bool {
    matches!(error, Error::Device(_) | Error::Read { .. } | Error::Checkpoint { .. })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn odd(n: i32) -> Error {
        Error::Computation {
            model: "m".into(),
            reason: format!("{n} is odd"),
        }
    }

    #[test]
    fn only_what_fails_alone_has_failed() {
        let mut passes = 0;
        let mut work = |items: &[i32]| {
            passes += 1;
            match items.iter().find(|n| **n % 2 == 1) {
                Some(n) => Err(odd(*n)),
                None => Ok(items.iter().map(|n| n * 10).collect()),
            }
        };
        let done = in_halves(&[2, 4, 6, 7, 8, 10, 12, 14], &mut work).unwrap();
        let told: Vec<String> = done
            .iter()
            .map(|one| one.as_ref().map_or_else(ToString::to_string, ToString::to_string))
            .collect();
        assert_eq!(
            told,
            [
                "20",
                "40",
                "60",
                "m failed while computing: 7 is odd",
                "80",
                "100",
                "120",
                "140"
            ]
        );
        assert_eq!(passes, 7, "the half that is well is computed at once");
    }

    #[test]
    fn a_device_that_is_gone_is_not_asked_again_and_again() {
        let mut passes = 0;
        let done = in_halves(&[1, 2, 3, 4], &mut |_: &[i32]| -> Result<Vec<i32>> {
            passes += 1;
            Err(Error::Device("gone".into()))
        });
        assert!(matches!(done, Err(Error::Device(_))));
        assert_eq!(passes, 1);
    }
}
