//! What is kept is told, and forgotten when that is asked for.

use crate::everything::Place;
use crate::program::Program;

#[test]
fn the_store_is_told_pruned_and_cleared() {
    let (place, program) = (Place::new(), Program::new());
    program.json(&["embed", place.pictures().to_str().unwrap()]);
    let held = |args: &[&str]| {
        let line = program.json(&[&["store"], args].concat()).remove(0);
        ["pictures", "embeddings"].map(|name| line[name].as_u64().unwrap())
    };
    assert_eq!(held(&["where"]), [20, 20]);
    std::fs::remove_dir_all(place.pictures().join("red")).unwrap();
    assert_eq!(held(&["prune"]), [15, 15]);
    let run = program.0.path().join("runs/mine");
    std::fs::create_dir_all(&run).unwrap();
    assert_eq!(held(&["clear"]), [0, 0]);
    assert_eq!(held(&["clear", "--everything"]), [0, 0]);
    assert!(run.is_dir(), "runs are never touched");
    assert_eq!(
        std::fs::read_dir(place.pictures()).unwrap().count(),
        3,
        "nor are originals"
    );
}
