//! Icons and the thumbnails of the effect cards, drawn from shapes.

use egui::{Color32, CornerRadius, Painter, Pos2, Rect, Shape, Stroke, pos2, vec2};

use super::theme::{self, line, muted};

const SKIN: Color32 = Color32::from_rgb(226, 190, 165);
const SHIRT: Color32 = Color32::from_rgb(88, 120, 158);
const WALL: Color32 = Color32::from_rgb(58, 66, 80);
const WOOD: Color32 = Color32::from_rgb(120, 92, 70);
const LEAF: Color32 = Color32::from_rgb(74, 124, 92);
const LAMP: Color32 = Color32::from_rgb(236, 200, 128);

/// What a thumbnail shows behind the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scene {
    /// A room, as it is.
    Room,
    /// The room, out of focus.
    Blurred,
    /// One color.
    Plain(Color32),
    /// Hills under a sky.
    Landscape,
    /// The pattern that stands for nothing.
    Checkers,
    /// The mask: the person in white on black.
    Mask,
}

/// A person before a scene, filling the rectangle.
pub fn thumbnail(painter: &Painter, rect: Rect, scene: Scene, round: u8) {
    let painter = painter.with_clip_rect(rect.intersect(painter.clip_rect()));
    let corner = CornerRadius::same(round);
    match scene {
        Scene::Room => room(&painter, rect),
        Scene::Blurred => blurred(&painter, rect),
        Scene::Plain(color) => _ = painter.rect_filled(rect, corner, color),
        Scene::Landscape => landscape(&painter, rect),
        Scene::Checkers => checkers(&painter, rect),
        Scene::Mask => _ = painter.rect_filled(rect, corner, Color32::BLACK),
    }
    if scene == Scene::Mask {
        person(&painter, rect, Color32::WHITE, Color32::WHITE);
    } else {
        person(&painter, rect, SKIN, SHIRT);
    }
}

/// A person: head and shoulders.
fn person(painter: &Painter, rect: Rect, head: Color32, body: Color32) {
    let unit = rect.height();
    let center = rect.center().x;
    let shoulders =
        Rect::from_center_size(pos2(center, rect.bottom() + unit * 0.10), vec2(unit * 0.92, unit * 0.74));
    painter.rect_filled(shoulders, CornerRadius::same((unit * 0.30) as u8), body);
    let neck = Rect::from_center_size(pos2(center, rect.top() + unit * 0.66), vec2(unit * 0.17, unit * 0.3));
    painter.rect_filled(neck, CornerRadius::same((unit * 0.08) as u8), head);
    painter.circle_filled(pos2(center, rect.top() + unit * 0.42), unit * 0.2, head);
}

fn room(painter: &Painter, rect: Rect) {
    painter.rect_filled(rect, CornerRadius::ZERO, WALL);
    let at = |x: f32, y: f32| pos2(rect.left() + rect.width() * x, rect.top() + rect.height() * y);
    painter.rect_filled(Rect::from_min_max(at(0.06, 0.30), at(0.34, 0.36)), CornerRadius::ZERO, WOOD);
    painter.rect_filled(Rect::from_min_max(at(0.06, 0.62), at(0.34, 0.68)), CornerRadius::ZERO, WOOD);
    for (x, color) in [(0.09, LEAF), (0.14, LAMP), (0.19, SHIRT), (0.24, LEAF)] {
        painter.rect_filled(Rect::from_min_max(at(x, 0.12), at(x + 0.04, 0.30)), CornerRadius::ZERO, color);
    }
    painter.circle_filled(at(0.84, 0.28), rect.height() * 0.12, LAMP);
    painter.line_segment([at(0.84, 0.38), at(0.84, 1.0)], Stroke::new(1.5, WOOD));
}

fn blurred(painter: &Painter, rect: Rect) {
    painter.rect_filled(rect, CornerRadius::ZERO, WALL);
    let at = |x: f32, y: f32| pos2(rect.left() + rect.width() * x, rect.top() + rect.height() * y);
    for (x, y, radius, color) in [
        (0.14, 0.30, 0.40, LEAF),
        (0.24, 0.66, 0.34, WOOD),
        (0.84, 0.30, 0.44, LAMP),
        (0.76, 0.9, 0.34, WOOD),
    ] {
        glow(painter, at(x, y), rect.height() * radius, color);
    }
}

/// A disc that fades to its rim.
fn glow(painter: &Painter, center: Pos2, radius: f32, color: Color32) {
    let mut mesh = egui::Mesh::default();
    let steps = 24;
    mesh.colored_vertex(center, color.gamma_multiply(0.9));
    for step in 0..steps {
        let angle = step as f32 / steps as f32 * std::f32::consts::TAU;
        mesh.colored_vertex(center + radius * vec2(angle.cos(), angle.sin()), Color32::TRANSPARENT);
    }
    for step in 0..steps {
        mesh.add_triangle(0, 1 + step, 1 + (step + 1) % steps);
    }
    painter.add(Shape::mesh(mesh));
}

fn landscape(painter: &Painter, rect: Rect) {
    painter.rect_filled(rect, CornerRadius::ZERO, Color32::from_rgb(112, 156, 196));
    let at = |x: f32, y: f32| pos2(rect.left() + rect.width() * x, rect.top() + rect.height() * y);
    painter.circle_filled(at(0.84, 0.24), rect.height() * 0.10, LAMP);
    let far = vec![
        at(0.0, 0.72),
        at(0.22, 0.30),
        at(0.44, 0.66),
        at(0.72, 0.36),
        at(1.0, 0.72),
        at(1.0, 1.0),
        at(0.0, 1.0),
    ];
    painter.add(Shape::Path(egui::epaint::PathShape {
        points: far,
        closed: true,
        fill: Color32::from_rgb(78, 112, 128),
        stroke: egui::epaint::PathStroke::NONE,
    }));
    painter.rect_filled(Rect::from_min_max(at(0.0, 0.74), at(1.0, 1.0)), CornerRadius::ZERO, LEAF);
}

fn checkers(painter: &Painter, rect: Rect) {
    painter.rect_filled(rect, CornerRadius::ZERO, Color32::from_gray(96));
    let side = rect.height() / 6.0;
    let columns = (rect.width() / side).ceil() as usize;
    for (row, column) in (0..6).flat_map(|row| (0..columns).map(move |column| (row, column))) {
        if (row + column) % 2 == 0 {
            let corner = rect.min + side * vec2(column as f32, row as f32);
            painter.rect_filled(
                Rect::from_min_size(corner, vec2(side, side)),
                CornerRadius::ZERO,
                Color32::from_gray(132),
            );
        }
    }
}

/// The program's mark: a person, half on the ground and half cut out.
pub fn mark(painter: &Painter, rect: Rect) {
    painter.rect_filled(rect, CornerRadius::same((rect.height() * 0.26) as u8), theme::accent());
    let inner = rect.shrink(rect.height() * 0.1);
    person(&painter.with_clip_rect(inner), inner, theme::on_accent(), theme::on_accent());
}

/// Two handles at the middle of the wipe line.
pub fn wipe_handle(painter: &Painter, center: Pos2, lively: bool) {
    let radius = if lively { 17.0 } else { 15.0 };
    painter.circle(center, radius, Color32::from_black_alpha(170), Stroke::new(1.5, theme::LIGHT_TEXT));
    for side in [-1.0, 1.0] {
        let tip = center + vec2(side * 8.5, 0.0);
        let back = side * -4.5;
        painter.add(Shape::convex_polygon(
            vec![tip, tip + vec2(back, -4.5), tip + vec2(back, 4.5)],
            theme::LIGHT_TEXT,
            Stroke::NONE,
        ));
    }
}

/// A camera, as the mark of a source that is on.
pub fn camera(painter: &Painter, rect: Rect, color: Color32) {
    let body = Rect::from_min_max(
        pos2(rect.left(), rect.top() + rect.height() * 0.22),
        pos2(rect.left() + rect.width() * 0.68, rect.bottom() - rect.height() * 0.22),
    );
    painter.rect_filled(body, CornerRadius::same(3), color);
    let (right, middle) = (rect.right(), rect.center().y);
    let lens = vec![
        pos2(body.right() + 2.0, middle),
        pos2(right, body.top() + 1.0),
        pos2(right, body.bottom() - 1.0),
    ];
    painter.add(Shape::convex_polygon(lens, color, Stroke::NONE));
}

/// An arrow that turns back: to the usual value.
pub fn back(painter: &Painter, center: Pos2, color: Color32) {
    let radius = 4.5;
    let arc = |part: f32| {
        let angle = -2.4 + part * 4.9;
        center + radius * vec2(angle.cos(), angle.sin())
    };
    let points: Vec<_> = (0..=16).map(|step| arc(step as f32 / 16.0)).collect();
    let tip = points[0];
    painter.add(Shape::line(points, Stroke::new(1.4, color)));
    let head = vec![tip + vec2(-2.2, -2.6), tip + vec2(2.8, -1.0), tip + vec2(-1.6, 2.4)];
    painter.add(Shape::convex_polygon(head, color, Stroke::NONE));
}

/// An eye with a stroke through it: hidden.
pub fn hidden(painter: &Painter, center: Pos2, size: f32, color: Color32) {
    let stroke = Stroke::new(size * 0.09, color);
    let lid = |sign: f32| -> Vec<Pos2> {
        (0..=12)
            .map(|step| {
                let part = step as f32 / 6.0 - 1.0;
                center + size * vec2(0.5 * part, sign * 0.3 * (1.0 - part * part))
            })
            .collect()
    };
    painter.add(Shape::line(lid(1.0), stroke));
    painter.add(Shape::line(lid(-1.0), stroke));
    painter.circle_filled(center, size * 0.13, color);
    painter.line_segment([center + size * vec2(-0.42, 0.42), center + size * vec2(0.42, -0.42)], stroke);
}

/// A triangle that points right when closed and down when open.
pub fn chevron(painter: &Painter, center: Pos2, openness: f32) {
    let turn = egui::emath::Rot2::from_angle(openness * std::f32::consts::FRAC_PI_2);
    let points = [vec2(-2.0, -4.0), vec2(2.5, 0.0), vec2(-2.0, 4.0)].map(|p| center + turn * p);
    painter.line_segment([points[0], points[1]], Stroke::new(1.5, muted()));
    painter.line_segment([points[1], points[2]], Stroke::new(1.5, muted()));
}

/// A hairline under a heading.
pub fn hairline(painter: &Painter, from: Pos2, width: f32) {
    painter.line_segment([from, from + vec2(width, 0.0)], Stroke::new(1.0, line()));
}
