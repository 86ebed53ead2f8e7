//! The controls by their accessible labels: each is there, and asks for what it says.

use std::time::Duration;

use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT, Queryable};
use matte::app::{
    Backend, Choice, Command, Effect, Engine, Fetch, Found, Look, Precision, Preset, Purpose, Stage, State,
    Theme, View, offered,
};
use matte::camera::{Device, Encoding, Info, Mode, Position, Status};
use matte::catalogue::Shelf;
use matte::output::Outlet;
use matte::platform::permission::Permission;
use matte::platform::turn::Facing;
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
    state.engine.adapter = "First".into();
    state.engine.adapters = vec!["First".into(), "Second".into()];
    state
}

fn advanced() -> State {
    State { details: true, ..state() }
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

/// Where the middle of a control of the simple face is, in a window of this size.
pub fn middle_of(size: [f32; 2], label: &str) -> (i16, i16) {
    let harness = desk(size, state());
    let at = harness.get_by_label(label).rect().center();
    (at.x.round() as i16, at.y.round() as i16)
}

/// Where the clip's picture is in a window of this size: left, top, width and height.
pub fn picture_in(size: [f32; 2]) -> [u32; 4] {
    let place = desk(size, state()).state().picture;
    [place.left(), place.top(), place.width(), place.height()].map(|value| value.round() as u32)
}

/// What clicks on the controls with these labels, one after the other, ask for.
fn after_clicks(state: State, labels: &[&str]) -> Vec<Command> {
    let mut harness = desk([1280.0, 1600.0], state);
    for label in labels {
        harness.get_by_label(label).click();
        harness.run();
    }
    harness.into_state().asked
}

fn look(state: &State, change: impl FnOnce(&mut Look)) -> Command {
    let mut look = state.look.clone();
    change(&mut look);
    Command::Look(look)
}

#[test]
fn every_card_asks_for_its_preset() {
    for preset in Preset::ALL.into_iter().skip(1) {
        let expected = Command::Look(preset.applied(&state().look));
        assert_eq!(after_clicks(state(), &[preset.title()]), [expected], "{preset:?}");
    }
    assert_eq!(after_clicks(state(), &["Soft blur"]), [], "the chosen card asks for nothing");
}

#[test]
fn digits_choose_presets() {
    let keys = [egui::Key::Num2, egui::Key::Num3, egui::Key::Num4, egui::Key::Num5];
    for (key, preset) in keys.into_iter().zip(Preset::ALL.into_iter().skip(1)) {
        assert_eq!(after_key(state(), key), [Command::Look(preset.applied(&state().look))]);
    }
}

#[test]
fn every_effect_can_be_chosen() {
    for effect in Effect::ALL.into_iter().skip(1) {
        let expected = look(&state(), |look| look.effect = effect);
        assert_eq!(after_clicks(advanced(), &["Effect: Blur", effect.title()]), [expected], "{effect:?}");
    }
}

/// What has the label and does not fold: “Source” is a group too.
fn entries<'a>(
    harness: &'a Harness<'_, Desk>,
    label: &'a str,
) -> impl Iterator<Item = egui_kittest::Node<'a>> {
    let folds =
        |node: &egui_kittest::Node<'_>| node.accesskit_node().role() == egui::Role::DisclosureTriangle;
    harness.get_all_by_label(label).filter(move |node| !folds(node))
}

#[test]
fn every_view_can_be_chosen() {
    for view in View::ALL.into_iter().skip(1) {
        let mut harness = desk([1280.0, 1600.0], advanced());
        harness.get_by_label("View: Result").click();
        harness.run();
        entries(&harness, view.title()).last().expect("an entry").click();
        harness.run();
        assert_eq!(harness.into_state().asked, [look(&state(), |look| look.view = view)], "{view:?}");
    }
}

#[test]
fn switches_turn_what_they_name() {
    type Change = fn(&mut Look);
    let switches: [(&str, &str, Change); 9] = [
        ("", "Before and after", |look| look.wipe.on = true),
        ("", "Clean edges", |look| look.recovery = false),
        ("Framing and light", "Mirror", |look| look.mirror = true),
        ("Framing and light", "Follow me", |look| look.framing = true),
        ("Framing and light", "Look closely", |look| look.closely = false),
        ("Framing and light", "Help in the dark", |look| look.exposure = false),
        ("Edges and motion", "Steady over time", |look| look.smoothing.on = false),
        ("Edges and motion", "Follow the picture's edges", |look| look.refinement.on = false),
        ("Edges and motion", "Drop specks", |look| look.drop_small = false),
    ];
    for (group, label, change) in switches {
        let labels = if group.is_empty() { vec![label] } else { vec![group, label] };
        assert_eq!(after_clicks(advanced(), &labels), [look(&state(), change)], "{label}");
    }
}

#[test]
fn the_toggle_changes_what_runs_the_network() {
    let wanted = state().engine.wanted;
    let on_cpu = Engine { backend: Backend::Cpu, ..wanted };
    assert_eq!(after_clicks(state(), &["CPU"]), [Command::Engine(on_cpu)]);
    assert_eq!(after_key(state(), egui::Key::G), [Command::Engine(on_cpu)]);
    let half = Engine { precision: Precision::F16, ..wanted };
    assert_eq!(after_clicks(advanced(), &["Network", "16 bits"]), [Command::Engine(half)]);
}

#[test]
fn another_adapter_can_be_chosen() {
    assert_eq!(after_clicks(state(), &["Device: First", "Second"]), [Command::Adapter("Second".into())]);
}

#[test]
fn an_adapter_without_halves_offers_none() {
    let mut state = advanced();
    state.engine.half = false;
    let mut harness = desk([1280.0, 1600.0], state);
    harness.get_by_label("Network").click();
    harness.run();
    assert!(harness.query_by_label("16 bits").is_none());
}

#[test]
fn the_picker_lists_cameras_the_clip_and_files() {
    let mut state = state();
    let modes = vec![Mode { width: 640, height: 480, rate: 30.into(), encoding: Encoding::Yuyv }];
    let device = Device { index: 3, name: "Desk camera".into(), place: "usb-1".into(), facing: None };
    state.source.cameras = vec![Found { device, modes, fault: None }];
    for (label, expected) in [
        ("Desk camera", Command::Source(Choice::Camera(3, None))),
        ("Picture or video from a file…", Command::Browse(Some(Default::default()), Purpose::Source)),
        ("Look for cameras again", Command::FindCameras),
    ] {
        assert_eq!(after_clicks(state.clone(), &["Source: Bundled clip", label]), [expected], "{label}");
    }
}

#[test]
fn outputs_are_asked_for() {
    assert_eq!(after_clicks(state(), &["Snapshot"]), [Command::Snapshot]);
    assert_eq!(after_clicks(state(), &["Record"]), [Command::Record(true)]);
    let mut state = state();
    state.outputs.recording = Some("clip.mp4".into());
    let outlet = Outlet::Device("/dev/video9".into());
    state.outputs.cameras = vec![(outlet.clone(), "Matte".into()), (Outlet::PipeWire, "Matte".into())];
    assert_eq!(after_clicks(state.clone(), &["Stop recording"]), [Command::Record(false)]);
    let labels = ["Virtual camera: Virtual camera: off", "Matte (/dev/video9)"];
    assert_eq!(after_clicks(state.clone(), &labels), [Command::VirtualCamera(Some(outlet))]);
    let labels = ["Virtual camera: Virtual camera: off", "Matte (PipeWire)"];
    assert_eq!(after_clicks(state, &labels), [Command::VirtualCamera(Some(Outlet::PipeWire))]);
}

#[test]
fn where_no_virtual_camera_is_a_command_helps() {
    let mut state = state();
    state.outputs.hint = "load the module: sudo modprobe v4l2loopback".into();
    let mut harness = desk([1280.0, 1600.0], state);
    harness.get_by_label("Virtual camera: Virtual camera: off").click();
    harness.run();
    harness.get_by_label_contains("sudo modprobe v4l2loopback");
}

#[test]
fn hiding_is_one_key_or_one_button() {
    assert_eq!(after_key(state(), egui::Key::P), [Command::Hide(true)]);
    assert_eq!(after_clicks(state(), &["Hide me"]), [Command::Hide(true)]);
    let hidden = State { hidden: true, ..state() };
    assert_eq!(after_clicks(hidden, &["Show me"]), [Command::Hide(false)]);
}

#[test]
fn quality_theme_and_reset_are_in_their_groups() {
    let automatic = Command::Quality(true, 30.0);
    assert_eq!(after_clicks(advanced(), &["Performance", "Automatic quality"]), [automatic]);
    assert_eq!(after_clicks(advanced(), &["Program and keys", "Light"]), [Command::Theme(Theme::Light)]);
    assert_eq!(after_clicks(advanced(), &["Program and keys", "Reset everything"]), [Command::Reset]);
}

#[test]
fn the_report_names_what_was_measured() {
    let mut state = state();
    (1..=20).for_each(|value| state.figures.add(Stage::Network, value as f32));
    let report = ui::report(&state);
    for part in ["First", "Person, square", "network", "11.00", "20.00", "Blur"] {
        assert!(report.contains(part), "{part} in {report}");
    }
    let asked = after_clicks(State { details: true, ..state }, &["Performance", "Copy report"]);
    assert_eq!(asked, [Command::Tell("The report is on the clipboard".into())]);
}

#[test]
fn a_changed_value_has_a_way_back() {
    let mut changed = state();
    changed.look.strength = 0.2;
    let asked = after_clicks(changed, &["Reset Strength"]);
    assert_eq!(asked, [look(&state(), |_| {})]);
    let harness = desk([1280.0, 1600.0], state());
    assert!(harness.query_by_label("Reset Strength").is_none(), "the usual value needs none");
    let mut changed = advanced();
    changed.look.drop_small = false;
    assert_eq!(
        after_clicks(changed, &["Edges and motion", "Reset edges and motion"]),
        [look(&state(), |_| {})]
    );
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
    assert!((look.strength - state().look.strength - 0.05).abs() < 1e-4);
}

#[test]
fn tabs_reach_every_control_of_the_simple_face() {
    let mut harness = desk([1280.0, 1600.0], state());
    let mut reached = std::collections::BTreeSet::new();
    for _ in 0..40 {
        harness.key_press(egui::Key::Tab);
        harness.run();
        let focused = harness.query_all(egui_kittest::kittest::By::new().predicate(|node| node.is_focused()));
        reached.extend(focused.filter_map(|node| node.accesskit_node().label()));
    }
    for label in ["Soft blur", "Off", "Strength", "GPU", "CPU", "Snapshot", "Record", "Hide me", "Advanced"] {
        assert!(reached.contains(label), "{label} in {reached:?}");
    }
}

#[test]
fn a_tap_on_the_portrait_focuses_there() {
    let mut state = state();
    state.look.effect = Effect::Portrait;
    let mut harness = desk([1280.0, 800.0], state);
    let picture = harness.state().picture;
    let at = picture.min + picture.size() * egui::vec2(0.25, 0.75);
    harness.drag_at(at);
    harness.drop_at(at);
    harness.run();
    let asked = harness.into_state().asked;
    let Some(Command::Look(Look { focus: Some([x, y]), .. })) = asked.first() else {
        unreachable!("a focus is asked for, not {asked:?}")
    };
    assert!((x - 0.25).abs() < 0.01 && (y - 0.75).abs() < 0.01, "{x} {y}");
}

/// Fingers are at these places of the screen, or come or go there.
fn touch(harness: &Harness<'_, Desk>, phase: egui::TouchPhase, places: &[egui::Pos2]) {
    for (finger, &pos) in (1..).zip(places) {
        let (device_id, id) = (egui::TouchDeviceId(7), egui::TouchId(finger));
        harness.event(egui::Event::Touch { device_id, id, phase, pos, force: None });
    }
}

#[test]
fn two_fingers_strengthen_the_effect_and_focus_between_them() {
    for effect in [Effect::Blur, Effect::Portrait] {
        let mut state = state();
        (state.look.effect, state.look.strength) = (effect, 0.5);
        let mut harness = desk([1280.0, 800.0], state);
        let center = harness.state().picture.lerp_inside(egui::vec2(0.25, 0.5));
        let fingers = |apart: f32| [center - egui::vec2(apart, 0.0), center + egui::vec2(apart, 0.0)];
        // The first finger is a pointer as well.
        harness.drag_at(fingers(50.0)[0]);
        touch(&harness, egui::TouchPhase::Start, &fingers(50.0));
        harness.step();
        touch(&harness, egui::TouchPhase::Move, &fingers(60.0));
        harness.step();
        let mut looks = harness.state().asked.iter().filter_map(|command| match command {
            Command::Look(look) => Some(look),
            _ => None,
        });
        // Each of the two moves is told alone; the state stays as it was between them.
        let strengthened: f32 = looks.clone().map(|look| look.strength - 0.5).sum();
        assert!((strengthened - 1.2f32.log2()).abs() < 0.01, "{strengthened}");
        let look = looks.next_back().expect("a look is asked for");
        let focus = (effect == Effect::Portrait).then_some([0.25, 0.5]);
        assert_eq!(look.focus.map(|place| place.map(|part| (part * 100.0).round() / 100.0)), focus);
    }
}

#[test]
fn a_phone_has_a_button_that_switches_to_the_camera_at_the_other_side() {
    let found = |index, name: &str, facing| {
        let device = Device { index, name: name.into(), place: index.to_string(), facing: Some(facing) };
        Found { device, modes: Vec::new(), fault: None }
    };
    let mut state = state();
    state.source.cameras =
        vec![found(0, "Back camera", Facing::Back), found(1, "Front camera", Facing::Front)];
    for (shown, other, index) in [(0, "Front camera", 1), (1, "Back camera", 0)] {
        state.source.choice = Choice::Camera(shown, None);
        for size in [[360.0, 640.0], [640.0, 360.0]] {
            let mut harness = desk(size, state.clone());
            let button = harness.get_by_label(other).rect();
            assert!(
                button.height() >= 44.0 && harness.state().picture.contains_rect(button),
                "{size:?}: {button:?}"
            );
            harness.get_by_label(other).click();
            harness.run();
            assert_eq!(harness.state().asked, [Command::Source(Choice::Camera(index, None))]);
        }
    }
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
fn a_place_in_a_video_is_asked_for_by_pointer_and_keys() {
    let mut state = state();
    let length = Duration::from_secs(100);
    state.source.position = Some(Position { at: Duration::from_secs(50), length });
    let mut harness = desk([1280.0, 1600.0], state.clone());
    let rail = harness.get_by_label("Position").rect();
    harness.drag_at(rail.center());
    harness.run();
    let to = egui::pos2(rail.left() + rail.width() * 0.25, rail.center().y);
    harness.hover_at(to);
    harness.run();
    harness.drop_at(to);
    harness.run();
    let asked = harness.into_state().asked;
    let seconds = |command: Option<&Command>| match command {
        Some(Command::Seek(at)) => at.as_secs_f32(),
        _ => -1.0,
    };
    let at = seconds(asked.last());
    assert!((20.0..30.0).contains(&at), "{asked:?}");
    let mut harness = desk([1280.0, 1600.0], state);
    harness.get_by_label("Position").focus();
    harness.run();
    harness.key_press(egui::Key::ArrowRight);
    harness.run();
    let asked = harness.into_state().asked;
    let at = seconds(asked.first());
    assert!((at - 55.0).abs() < 0.01, "{asked:?}");
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
fn controls_stay_within_narrow_windows() {
    for state in [state(), advanced()] {
        let harness = desk([360.0, 640.0], state);
        for node in
            harness.query_all(egui_kittest::kittest::By::new().predicate(|node| node.label().is_some()))
        {
            let rect = node.rect();
            let label = node.accesskit_node().label();
            assert!(rect.left() >= 0.0 && rect.right() <= 360.5, "{label:?}: {rect:?}");
        }
    }
}

fn after_key(state: State, key: egui::Key) -> Vec<Command> {
    let mut harness = desk([1280.0, 800.0], state);
    harness.key_press(key);
    harness.run();
    harness.into_state().asked
}

#[test]
fn keys_do_what_the_list_says() {
    for (key, expected) in [
        (egui::Key::F, Command::Overlay(true)),
        (egui::Key::H, Command::Controls(false)),
        (egui::Key::A, Command::Details(true)),
        (egui::Key::S, Command::Snapshot),
        (egui::Key::R, Command::Record(true)),
        (egui::Key::Space, Command::Freeze(true)),
        (egui::Key::B, look(&state(), |look| look.wipe.on = true)),
        (egui::Key::M, look(&state(), |look| look.mirror = true)),
    ] {
        assert_eq!(after_key(state(), key), [expected], "{key:?}");
    }
}

#[test]
fn a_file_becomes_what_it_was_chosen_for() {
    let browser = |purpose| matte::app::Browser {
        folder: "/pictures".into(),
        folders: vec!["below".into()],
        files: vec!["room.png".into()],
        purpose,
    };
    let source = State { browser: Some(browser(Purpose::Source)), ..state() };
    let file = std::path::PathBuf::from("/pictures/room.png");
    assert_eq!(after_clicks(source, &["room.png"]), [Command::Source(Choice::File(file.clone()))]);
    let background = State { browser: Some(browser(Purpose::Background)), ..state() };
    let expected = look(&state(), |look| (look.effect, look.picture) = (Effect::Picture, Some(file)));
    assert_eq!(after_clicks(background, &["room.png"]), [expected]);
}

#[test]
fn a_notice_can_be_dismissed() {
    let notice = matte::app::Notice { text: "Camera 0 is in use by another program".into(), failure: true };
    let state = State { notice: Some(notice), ..state() };
    assert_eq!(after_clicks(state, &["Dismiss"]), [Command::Dismiss]);
}

#[test]
fn a_notice_goes_by_itself_unless_it_is_a_failure() {
    for failure in [false, true] {
        let notice = matte::app::Notice { text: "Saved picture.png".into(), failure };
        let mut harness = desk([800.0, 600.0], State { notice: Some(notice), ..state() });
        harness.run_steps(20);
        assert_eq!(harness.state().asked, [], "there is time to read it");
        harness.run_steps(24);
        assert_eq!(harness.state().asked.contains(&Command::Dismiss), !failure);
    }
}

#[test]
fn a_refused_camera_shows_why_and_a_button() {
    for (final_word, label) in [(false, "Allow the camera"), (true, "Open settings")] {
        let mut refused = state();
        refused.source.choice = Choice::Automatic;
        refused.permission = Permission::Denied { final_word };
        assert_eq!(after_clicks(refused, &[label]), [Command::AllowCamera]);
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
    let mut state = advanced();
    let away = matte::catalogue::ENTRIES.iter().map(|entry| !entry.is_carried());
    state.engine.models.iter_mut().zip(away).for_each(|(offered, away)| offered.here = !away);
    let index = state.engine.models.iter().position(|offered| offered.title == title);
    (state, index.expect("a model of the catalogue"))
}

/// A desk with the network's group unfolded.
fn network_desk(state: State) -> Harness<'static, Desk> {
    let mut harness = desk([1280.0, 1600.0], state);
    harness.get_by_label("Network").click();
    harness.run();
    harness
}

#[test]
fn the_picker_lists_models_by_task() {
    let (state, pose) = with_away("Body pose");
    let mut harness = network_desk(state);
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
    let mut harness = network_desk(state);
    assert!(harness.query_by_label_contains("Apache-2.0, © The MediaPipe Authors").is_some());
    harness.get_by_label("Fetch 0.8 MB").click();
    harness.run();
    assert_eq!(harness.into_state().asked, [Command::Fetch(hair)]);
}

#[test]
fn a_transfer_shows_how_far_it_is_and_can_be_stopped() {
    let (mut state, hair) = with_away("Hair");
    state.engine.fetch = Some(Fetch { model: hair, part: 0.4 });
    let mut harness = network_desk(state);
    assert!(harness.query_by_label_contains("Fetch 0.8 MB").is_none());
    harness.get_by_label("Stop").click();
    harness.run();
    assert_eq!(harness.into_state().asked, [Command::StopFetch]);
}

#[test]
fn every_class_has_a_box_to_check() {
    let mut state = advanced();
    state.engine.classes = vec![("cat".into(), false), ("person".into(), true)];
    assert_eq!(after_clicks(state.clone(), &["Network", "cat"]), [Command::Keep(0, true)]);
    assert_eq!(after_clicks(state, &["Network", "person"]), [Command::Keep(1, false)]);
}
