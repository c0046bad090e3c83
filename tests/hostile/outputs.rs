//! What is written is whole, or not there.

use std::path::Path;
use std::process::Command;

use crate::program::Program;

const CAT: &str = "assets/samples/photos/cat.jpg";

/// A small file system in memory; none where this user may not mount one.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn new(kibibytes: usize) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let size = format!("size={kibibytes}k");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "clipsight-test"])
            .arg(folder.path())
            .output();
        mounted
            .is_ok_and(|output| output.status.success())
            .then(|| Self(folder))
    }

    fn fill(&self) {
        let mut size = 1 << 20;
        let mut n = 0;
        while size > 0 {
            let path = self.0.path().join(format!("filler-{n}"));
            if std::fs::write(&path, vec![1; size]).is_err() {
                let _ = std::fs::remove_file(&path);
                size /= 2;
            }
            n += 1;
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).output();
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|name| !name.starts_with("filler")).collect();
    names.sort();
    names
}

#[test]
fn a_full_disk_leaves_what_was_there() {
    let Some(disk) = SmallDisk::new(256) else {
        crate::skips::not_checked("no file system can be mounted here");
        return;
    };
    let at = |name: &str| disk.0.path().join(name);
    std::fs::write(at("o.png"), b"mine").unwrap();
    disk.fill();
    let program = Program::new();
    let args = |name: &str, option: &str| -> Vec<String> {
        let path = at(name).display().to_string();
        ["heatmap", CAT, "--label", "cat", option, &path, "--force"]
            .map(String::from)
            .to_vec()
    };
    for (name, option) in [("o.png", "--output"), ("raw.json", "--raw")] {
        let args = args(name, option);
        let output = program.run(&args.iter().map(String::as_str).collect::<Vec<_>>());
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{errors}");
        assert!(errors.contains("No space left") || errors.contains("full"), "{errors}");
        assert_eq!(errors.matches("os error 28").count(), 1, "{errors}");
    }
    assert_eq!(std::fs::read(at("o.png")).unwrap(), b"mine");
    assert_eq!(names(disk.0.path()), ["o.png"]);
}
