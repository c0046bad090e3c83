//! How the fields of lists are called.

/// How a field with the picture's file is called, in lower case, with `_` for whatever parts words.
pub(super) const FILE_FIELDS: [&str; 26] = [
    "file",
    "file_name",
    "filename",
    "image",
    "image_path",
    "img_path",
    "imgpath",
    "img",
    "image_file",
    "image_name",
    "picture",
    "photo",
    "path",
    "filepath",
    "file_path",
    "img_file",
    "img_name",
    "relative_path",
    "filepaths",
    "filenames",
    "file_names",
    "image_paths",
    "images",
    "files",
    "image_id",
    "id",
];

/// How a field with what is said about it is called; the last ones often say something else.
pub(super) const CAPTION_FIELDS: [&str; 10] = [
    "caption",
    "captions",
    "text",
    "sentence",
    "sentences",
    "caption_text",
    "prompt",
    "title",
    "description",
    "comment",
];

pub(super) const WEAK_CAPTION_FIELDS: [&str; 3] = ["title", "description", "comment"];

/// How a field with its class is called: those first that hold names, which stand beside numbers in others.
pub(super) const LABEL_FIELDS: [&str; 12] = [
    "class_name",
    "label_name",
    "category_name",
    "label_text",
    "label",
    "labels",
    "class",
    "category",
    "target",
    "breed",
    "species",
    "class_label",
];

pub(super) const SIDE_FIELDS: [&str; 5] = ["split", "subset", "partition", "data_set", "set"];

/// Those of them that are called so for nothing else.
pub(super) const SURE_SIDE_FIELDS: [&str; 3] = ["split", "subset", "partition"];

/// Which of the fields a name means.
pub(super) fn place_of(header: &[String], names: &[&str]) -> Option<usize> {
    names
        .iter()
        .find_map(|name| header.iter().position(|field| field == name))
}

/// A field's name in one form.
pub(super) fn field_name(name: &str) -> String {
    let name = name.trim().trim_matches(['"', '\u{feff}']).to_lowercase();
    name.replace([' ', '-'], "_")
}
