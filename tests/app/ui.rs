//! The controls by their accessible labels: each is there, and asks for what it says.

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use matte::app::{Backend, Choice, Command, Effect, Engine, Fetch, Found, Look, Precision, State, offered};
use matte::camera::{Device, Encoding, Info, Mode, Status};
use matte::catalogue::Shelf;
use matte::platform::permission::Permission;
use matte::ui;

struct Desk {
    state: State,
    asked: Vec<Command>,
    picture: egui::Rect,
}

fn state() -> State {
    let engine = Engine { backend: Backend::Gpu, precision: Precision::F32, threads: 2, model: 0 };
    let models = offered(&Shelf::new().expect("a whole catalogue"));
    let mut state = State::new(Look::default(), Choice::Clip, engine, models);
    state.source.status = Status::Live;
    state.source.info = Some(Info { name: "Bundled clip".into(), detail: "848×480".into(), live: false });
    state.source.size = Some((848, 480));
    state.engine.half = true;
    state.engine.running = Some(engine);
    state
}

fn desk(size: [f32; 2], state: State) -> Harness<'static, Desk> {
    let desk = Desk { state, asked: Vec::new(), picture: egui::Rect::NOTHING };
    let mut harness = Harness::builder().with_size(size).with_context_setup(ui::theme::apply).build_ui_state(
        |ui, desk: &mut Desk| {
            let shown = ui::show(&desk.state, ui);
            desk.picture = shown.picture;
            desk.asked.extend(shown.commands);
        },
        desk,
    );
    harness.run();
    harness
}

/// What a click on the control with this label asks for.
fn after_click(state: State, label: &str) -> Vec<Command> {
    let mut harness = desk([1280.0, 1000.0], state);
    harness.get_by_label(label).click();
    harness.run();
    harness.into_state().asked
}

fn look(state: &State, change: impl FnOnce(&mut Look)) -> Command {
    let mut look = state.look.clone();
    change(&mut look);
    Command::Look(look)
}

#[test]
fn every_card_asks_for_its_effect() {
    for (label, effect) in [
        ("Picture", Effect::Picture),
        ("Color", Effect::Color),
        ("Cut-out", Effect::CutOut),
        ("Mask", Effect::Mask),
        ("Off", Effect::Off),
    ] {
        let expected = look(&state(), |look| look.effect = effect);
        assert_eq!(after_click(state(), label), [expected], "{label}");
    }
    assert_eq!(after_click(state(), "Blur"), [], "the chosen card asks for nothing");
}

#[test]
fn switches_turn_what_they_name() {
    let expected = look(&state(), |look| look.wipe.on = true);
    assert_eq!(after_click(state(), "Before and after"), [expected]);
    let expected = look(&state(), |look| look.mirror = true);
    assert_eq!(after_click(state(), "Mirror"), [expected]);
    let unfolded = State { details: true, ..state() };
    let expected = look(&state(), |look| look.smoothing.on = false);
    assert_eq!(after_click(unfolded.clone(), "Steady over time"), [expected]);
    let expected = look(&state(), |look| look.refinement.on = false);
    assert_eq!(after_click(unfolded, "Follow the picture's edges"), [expected]);
    assert_eq!(after_click(state(), "EDGES AND MOTION"), [Command::Details(true)]);
}

#[test]
fn the_toggle_changes_what_runs_the_network() {
    let wanted = state().engine.wanted;
    let on_cpu = Engine { backend: Backend::Cpu, ..wanted };
    assert_eq!(after_click(state(), "CPU"), [Command::Engine(on_cpu)]);
    let half = Engine { precision: Precision::F16, ..wanted };
    assert_eq!(after_click(state(), "16 bits"), [Command::Engine(half)]);
}

#[test]
fn an_adapter_without_halves_offers_none() {
    let mut state = state();
    state.engine.half = false;
    let harness = desk([1280.0, 1000.0], state);
    assert!(harness.query_by_label("16 bits").is_none());
}

#[test]
fn the_picker_lists_cameras_the_clip_and_files() {
    let mut state = state();
    let modes = vec![Mode { width: 640, height: 480, rate: 30.into(), encoding: Encoding::Yuyv }];
    let device = Device { index: 3, name: "Desk camera".into(), place: "usb-1".into() };
    state.source.cameras = vec![Found { device, modes, fault: None }];
    for (label, expected) in [
        ("Desk camera", Command::Source(Choice::Camera(3, None))),
        ("Picture or clip from a file…", Command::Browse(Some(Default::default()))),
        ("Look for cameras again", Command::FindCameras),
    ] {
        let mut harness = desk([1280.0, 1000.0], state.clone());
        harness.get_by_label("Source: Bundled clip").click();
        harness.run();
        harness.get_by_label(label).click();
        harness.run();
        assert_eq!(harness.into_state().asked, [expected], "{label}");
    }
}

#[test]
fn arrow_keys_move_a_slider_that_has_the_focus() {
    let mut harness = desk([1280.0, 1000.0], state());
    harness.get_by_label("Strength").focus();
    harness.run();
    harness.key_press(egui::Key::ArrowRight);
    harness.run();
    let asked = harness.into_state().asked;
    let Some(Command::Look(look)) = asked.first() else { unreachable!("a look is asked for, not {asked:?}") };
    assert!((look.blur - state().look.blur - 0.05).abs() < 1e-4);
}

#[test]
fn the_wipe_line_follows_the_pointer() {
    let mut state = state();
    state.look.wipe.on = true;
    let mut harness = desk([1280.0, 800.0], state);
    let picture = harness.state().picture;
    let to = egui::pos2(picture.left() + picture.width() * 0.25, picture.center().y);
    harness.drag_at(picture.center());
    harness.run();
    harness.hover_at(to);
    harness.run();
    harness.drop_at(to);
    harness.run();
    let asked = harness.into_state().asked;
    let last = asked.iter().rev().find_map(|command| match command {
        Command::Look(look) => Some(look.wipe.value),
        _ => None,
    });
    assert!(last.is_some_and(|at| (at - 0.25).abs() < 0.02), "{asked:?}");
}

#[test]
fn the_picture_keeps_its_shape_and_room_at_every_size() {
    for size in [[360.0, 640.0], [800.0, 600.0], [1280.0, 800.0], [1920.0, 1080.0], [3840.0, 2160.0]] {
        let harness = desk(size, state());
        let picture = harness.state().picture;
        let aspect = picture.width() / picture.height();
        assert!((aspect - 848.0 / 480.0).abs() < 0.01, "{size:?}: {picture:?}");
        assert!(picture.width() >= 0.5 * size[0].min(size[1]), "{size:?}: {picture:?}");
        let window = egui::Rect::from_min_size(egui::Pos2::ZERO, size.into());
        assert!(window.contains_rect(picture), "{size:?}: {picture:?}");
    }
}

#[test]
fn keys_show_and_hide_figures_and_controls() {
    for (key, expected) in [(egui::Key::F, Command::Overlay(true)), (egui::Key::H, Command::Controls(false))]
    {
        let mut harness = desk([1280.0, 800.0], state());
        harness.key_press(key);
        harness.run();
        assert_eq!(harness.into_state().asked, [expected]);
    }
}

#[test]
fn a_notice_can_be_dismissed() {
    let notice = matte::app::Notice { text: "Camera 0 is in use by another program".into(), failure: true };
    let state = State { notice: Some(notice), ..state() };
    assert_eq!(after_click(state, "Dismiss"), [Command::Dismiss]);
}

#[test]
fn a_refused_camera_shows_why_and_a_button() {
    for (final_word, label) in [(false, "Allow the camera"), (true, "Open settings")] {
        let mut refused = state();
        refused.source.choice = Choice::Automatic;
        refused.permission = Permission::Denied { final_word };
        assert_eq!(after_click(refused, label), [Command::AllowCamera]);
    }
    let mut unconcerned = state();
    unconcerned.permission = Permission::Denied { final_word: false };
    assert!(
        desk([360.0, 640.0], unconcerned).query_by_label("Allow the camera").is_none(),
        "the clip needs none"
    );
}

/// A state whose models that are fetched are all still away, and the index of the one with this title.
fn with_away(title: &str) -> (State, usize) {
    let mut state = state();
    let away = matte::catalogue::ENTRIES.iter().map(|entry| !entry.is_carried());
    state.engine.models.iter_mut().zip(away).for_each(|(offered, away)| offered.here = !away);
    let index = state.engine.models.iter().position(|offered| offered.title == title);
    (state, index.expect("a model of the catalogue"))
}

#[test]
fn the_picker_lists_models_by_task() {
    let (state, pose) = with_away("Body pose");
    let mut harness = desk([1280.0, 1400.0], state.clone());
    harness.get_by_label("Model: Person, square").click();
    harness.run();
    for group in ["Segmentation", "Faces", "Boxes", "Classification", "Depth"] {
        assert!(harness.query_all_by_label(group).next().is_some(), "{group}");
    }
    harness.get_by_role_and_label(egui::accesskit::Role::Button, "Body pose").click();
    harness.run();
    assert_eq!(harness.into_state().asked, [Command::Model(pose)]);
}

#[test]
fn a_model_shows_its_license_before_it_is_fetched() {
    let (mut state, hair) = with_away("Hair");
    state.engine.shown = Some(hair);
    let mut harness = desk([1280.0, 1400.0], state);
    assert!(harness.query_by_label_contains("Apache-2.0, © The MediaPipe Authors").is_some());
    harness.get_by_label("Fetch 0.8 MB").click();
    harness.run();
    assert_eq!(harness.into_state().asked, [Command::Fetch(hair)]);
}

#[test]
fn a_transfer_shows_how_far_it_is_and_can_be_stopped() {
    let (mut state, hair) = with_away("Hair");
    state.engine.fetch = Some(Fetch { model: hair, part: 0.4 });
    let mut harness = desk([1280.0, 1400.0], state);
    assert!(harness.query_by_label_contains("Fetch 0.8 MB").is_none());
    harness.get_by_label("Stop").click();
    harness.run();
    assert_eq!(harness.into_state().asked, [Command::StopFetch]);
}

#[test]
fn every_class_has_a_box_to_check() {
    let mut state = state();
    state.engine.classes = vec![("cat".into(), false), ("person".into(), true)];
    assert_eq!(after_click(state.clone(), "cat"), [Command::Keep(0, true)]);
    assert_eq!(after_click(state, "person"), [Command::Keep(1, false)]);
}
