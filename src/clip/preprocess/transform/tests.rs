use super::*;

fn parse(json: &str) -> Result<Preprocessing> {
    Preprocessing::from_hugging_face(serde_json::from_str(json).unwrap(), 224)
}

fn clip() -> Preprocessing {
    parse("{}").unwrap()
}

#[test]
fn any_shape_becomes_the_square() {
    for (width, height) in [(1, 1), (5_000, 1), (1, 5_000), (224, 224), (3, 500), (640, 479)] {
        let view = clip()
            .model_view(&RgbImage::from_pixel(width, height, image::Rgb([200, 100, 50])))
            .unwrap();
        assert_eq!(view.dimensions(), (224, 224), "{width} x {height}");
        assert_eq!(view.get_pixel(112, 112).0, [200, 100, 50], "{width} x {height}");
    }
}

#[test]
fn a_picture_without_pixels_is_an_error() {
    assert!(clip().model_view(&RgbImage::new(0, 10)).is_err());
}

#[test]
fn the_view_of_a_wide_picture_is_its_middle() {
    let rect = clip().view_rect(448, 224);
    assert_eq!((rect.left, rect.width), (0.25, 0.5));
    assert_eq!((rect.top, rect.height), (0.0, 1.0));
}

#[test]
fn a_shifted_view_reaches_the_edges_and_no_further() {
    let picture = RgbImage::from_fn(448, 224, |x, _| image::Rgb([(x / 2) as u8; 3]));
    let rect = |x: f32| clip().view_rect_at(448, 224, Shift { x, y: 0.7 });
    assert_eq!((rect(-1.0).left, rect(0.0).left, rect(1.0).left), (0.0, 0.25, 0.5));
    assert_eq!((rect(9.0).left, rect(1.0).top), (0.5, 0.0));
    let view = clip().model_view_at(&picture, Shift { x: 1.0, y: 0.0 }).unwrap();
    assert_eq!(view.get_pixel(223, 0).0[0], 223);
    assert_eq!(view.get_pixel(0, 0).0[0], 112);
}

#[test]
fn a_square_larger_than_the_picture_is_padded_with_black() {
    let preprocessing = parse(r#"{"do_resize": false}"#).unwrap();
    let view = preprocessing
        .model_view(&RgbImage::from_pixel(100, 101, image::Rgb([255; 3])))
        .unwrap();
    assert_eq!(view.get_pixel(61, 112).0, [0; 3]);
    assert_eq!(view.get_pixel(62, 112).0, [255; 3]);
    assert_eq!(view.get_pixel(112, 61).0, [0; 3]);
    assert_eq!(view.get_pixel(112, 62).0, [255; 3]);
}

#[test]
fn whole_patches_keep_the_aspect_ratio_and_stay_within_their_number() {
    let preprocessing =
        Preprocessing::for_any_aspect(serde_json::json!({"max_num_patches": 256, "resample": 2}), 16).unwrap();
    // From transformers' own function.
    for ((width, height), expected) in [
        ((640, 480), (288, 224)),
        ((480, 640), (224, 288)),
        ((1000, 1000), (256, 256)),
        ((1, 1), (112, 112)),
        ((5000, 1), (4096, 16)),
        ((1920, 1080), (336, 192)),
        ((33, 50), (208, 304)),
    ] {
        let view = preprocessing.model_view(&RgbImage::new(width, height)).unwrap();
        assert_eq!(view.dimensions(), expected, "{width} x {height}");
        let rect = preprocessing.view_rect(width, height);
        assert_eq!((rect.left, rect.top, rect.width, rect.height), (0.0, 0.0, 1.0, 1.0));
    }
    let wide = RgbImage::from_fn(300, 100, |x, _| image::Rgb([if x / 100 == 1 { 200 } else { 0 }; 3]));
    let square = preprocessing.square_view(&wide, 50).unwrap();
    assert_eq!(square.dimensions(), (50, 50));
    assert!(square.pixels().filter(|pixel| pixel.0[0] == 200).count() > 40 * 50);
    assert!(Preprocessing::for_any_aspect(serde_json::json!({"patch_size": 14}), 16).is_err());
    assert!(Preprocessing::for_any_aspect(serde_json::json!({"max_num_patches": 0}), 16).is_err());
}

#[test]
fn sizes_come_in_several_forms_and_others_are_named() {
    for size in ["224", r#"{"height": 224, "width": 224}"#, "[224, 224]"] {
        assert!(parse(&format!(r#"{{"crop_size": {size}}}"#)).is_ok(), "{size}");
    }
    let error = parse(r#"{"size": {"longest_edge": 224}}"#).unwrap_err().to_string();
    assert!(
        error.contains("longest_edge") && error.contains("shortest_edge"),
        "{error}"
    );
}

#[test]
fn one_mean_for_all_channels_is_each_channels_mean() {
    let black = RgbImage::new(224, 224);
    let values = |preprocessing: Preprocessing| preprocessing.pixels(&black).unwrap().values();
    let one = parse(r#"{"image_mean": 0.5, "image_std": 0.8}"#).unwrap();
    let three = parse(r#"{"image_mean": [0.5, 0.5, 0.5], "image_std": [0.8, 0.8, 0.8]}"#).unwrap();
    assert_eq!(values(one), values(three));
    let open_clip: OpenClipPreprocessing = serde_json::from_str(r#"{"mean": 0.5, "std": 0.5}"#).unwrap();
    let open_clip = Preprocessing::from_open_clip(&open_clip, 224).unwrap();
    assert!(values(open_clip).iter().all(|value| *value == -1.0));
    for mean in ["[0.5, 0.5]", "\"half\""] {
        let error = parse(&format!(r#"{{"image_mean": {mean}}}"#)).unwrap_err().to_string();
        assert!(error.contains("preprocessor_config.json"), "{error}");
    }
}

#[test]
fn a_size_that_does_not_fit_the_tower_is_an_error() {
    assert!(parse(r#"{"crop_size": 192}"#).is_err());
    assert!(parse(r#"{"do_center_crop": false}"#).is_err());
    assert!(parse(r#"{"resample": 9}"#).is_err());
}
