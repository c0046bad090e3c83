//! Work on every core.

use rayon::prelude::*;

/// Does `work` in as many parts as there are cores, and puts the results together in their order.
///
/// # Errors
/// What `work` says; a panic in it goes on as one.
pub fn on_cores<T: Sync, R: Send, E: Send>(
    items: &[T],
    work: impl Fn(&[T]) -> Result<Vec<R>, E> + Sync,
) -> Result<Vec<R>, E> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    if items.len() < 2 || cores < 2 {
        // On one of the pool's threads: from another, every step of the work would wait to be handed over and back.
        return rayon::scope(|_| work(items));
    }
    let parts = items.par_chunks(items.len().div_ceil(cores));
    let done: Vec<Vec<R>> = parts.map(&work).collect::<Result<_, E>>()?;
    Ok(done.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_kept_and_an_error_is_heard() {
        let doubled = on_cores(&[1, 2, 3, 4, 5], |part| {
            Ok::<_, String>(part.iter().map(|n| 2 * n).collect())
        });
        assert_eq!(doubled.unwrap(), [2, 4, 6, 8, 10]);
        let failed = on_cores(&[1, 2, 3], |part| {
            if part.contains(&3) {
                Err("three")
            } else {
                Ok(part.to_vec())
            }
        });
        assert_eq!(failed.unwrap_err(), "three");
        let none = on_cores(&[], |part: &[u8]| Ok::<_, String>(part.to_vec()));
        assert!(none.unwrap().is_empty());
    }
}
