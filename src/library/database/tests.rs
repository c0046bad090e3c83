use super::connect::{open_unchanging, opened};
use super::*;

const FIRST: Schema = Schema {
    file: "test.sqlite",
    migrations: &["CREATE TABLE a (x INTEGER);"],
    precious: true,
};
const SECOND: Schema = Schema {
    file: "test.sqlite",
    migrations: &["CREATE TABLE a (x INTEGER);", "ALTER TABLE a ADD COLUMN y INTEGER;"],
    precious: true,
};

fn fill(database: &mut Database) {
    database
        .write(|transaction| transaction.execute("INSERT INTO a (x) VALUES (7)", []).map(drop))
        .unwrap();
}

#[cfg(unix)]
#[test]
fn a_folder_whose_name_is_no_text_is_copied_and_read_like_any_other() {
    use std::os::unix::ffi::OsStrExt;
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join(std::ffi::OsStr::from_bytes(b"caf\xe9 %20?#"));
    fill(&mut Database::open(&folder, &FIRST).unwrap());
    Database::open(&folder, &SECOND).unwrap();
    let copy = folder.join("test.sqlite.version-1");
    let read = open_unchanging(&copy).unwrap();
    assert_eq!(read.query_row("SELECT x FROM a", [], |row| row.get::<_, i64>(0)), Ok(7));
    let names = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    let parts = names.filter(|name| name.to_string_lossy().contains("part-"));
    assert_eq!(parts.count(), 0);
}

#[test]
fn a_migration_is_preceded_by_a_whole_copy() {
    let folder = tempfile::tempdir().unwrap();
    fill(&mut Database::open(folder.path(), &FIRST).unwrap());
    let second = Database::open(folder.path(), &SECOND).unwrap();
    let sum = "SELECT sum(x) FROM a WHERE y IS NULL";
    assert_eq!(second.connection.query_row(sum, [], |row| row.get::<_, i64>(0)), Ok(7));
    let copy = Connection::open(folder.path().join("test.sqlite.version-1")).unwrap();
    assert_eq!(copy.query_row("SELECT x FROM a", [], |row| row.get::<_, i64>(0)), Ok(7));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = folder
            .path()
            .join("test.sqlite.version-1")
            .metadata()
            .unwrap()
            .permissions();
        assert_eq!(mode.mode() & 0o777, 0o600);
    }
    let older = Database::open(folder.path(), &FIRST).map(drop);
    assert!(
        matches!(older, Err(StoreError::Newer { found: 2, known: 1, .. })),
        "{older:?}"
    );
}

#[test]
fn opening_waits_for_no_writer_and_sees_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = Database::open(folder.path(), &FIRST).unwrap();
    fill(&mut writer);
    writer
        .connection
        .execute_batch("BEGIN IMMEDIATE; INSERT INTO a VALUES (8);")
        .unwrap();
    let started = std::time::Instant::now();
    let reader = Database::open(folder.path(), &FIRST).unwrap();
    let sum: i64 = reader
        .connection
        .query_row("SELECT sum(x) FROM a", [], |row| row.get(0))
        .unwrap();
    assert_eq!(sum, 7);
    assert!(
        started.elapsed() < Duration::from_millis(200),
        "{:?}",
        started.elapsed()
    );
}

#[test]
fn what_cannot_be_written_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    fill(&mut Database::open(folder.path(), &FIRST).unwrap());
    let path = folder.path().join(FIRST.file);
    let unchanging = opened(open_unchanging(&path)).unwrap();
    assert_eq!(
        unchanging.query_row("SELECT x FROM a", [], |row| row.get::<_, i64>(0)),
        Ok(7)
    );
    assert!(unchanging.execute("INSERT INTO a VALUES (1)", []).is_err());
}

#[cfg(unix)]
#[test]
fn folder_and_files_are_the_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let above = tempfile::tempdir().unwrap();
    let folder = above.path().join("data");
    std::fs::create_dir(&folder).unwrap();
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut database = Database::open(&folder, &FIRST).unwrap();
    fill(&mut database);
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    for file in files_of(&folder.join(FIRST.file)) {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[test]
fn what_is_no_database_is_damaged_and_what_is_no_file_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FIRST.file);
    std::fs::write(&path, b"this is no database at all, not even close to being one").unwrap();
    let damaged = Database::open(folder.path(), &FIRST).map(drop);
    assert_eq!(damaged, Err(StoreError::Damaged { file: path.clone() }));
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    let refused = Database::open(folder.path(), &FIRST).map(drop).unwrap_err();
    assert!(
        refused.to_string().ends_with("test.sqlite: it is not a file"),
        "{refused}"
    );
}
