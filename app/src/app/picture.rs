//! The picture's part of a frame: what to show next, and how it gets its mask.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use wgpu::{CommandEncoder, TextureView};

use super::draw::milliseconds;
use super::look::show_backdrop;
use super::screen::Screen;
use super::{App, Look, Stage};
use crate::camera::{Feed, Status};
use crate::pipeline::{Annotation, Frame, Gaze, Mask, Rect, Settings, Target, brightness};
use crate::segment::{Answer, Drawn, Segmenter, mask_texture};

/// The time until the window looks again for what a network found in a picture that stands still.
const FINDINGS: Duration = Duration::from_millis(4);

/// A frame that is shown for the first time.
pub struct Fresh {
    pub frame: Arc<Frame>,
    /// The mask that came with it, if it was made beside the display.
    mask: Option<(TextureView, Rect)>,
}

impl App {
    /// The source has a new frame: the network beside the display wants it, or else the display.
    pub(super) fn offer_frame(&mut self) {
        let (Some(feed), Some(Segmenter::Cpu(network))) = (&self.feed, &self.segmenter) else { return };
        if self.state.frozen && !self.again {
            return;
        }
        let Some(frame) = feed.latest() else { return };
        if self.offered.as_ref().is_none_or(|offered| !Arc::ptr_eq(offered, &frame)) {
            self.offered = Some(Arc::clone(&frame));
            self.dropped_before += u64::from(network.offer(frame, self.gaze));
        }
    }

    /// Lets a picture that does not move go through everything once more, with another look.
    pub(super) fn show_again(&mut self) {
        self.again = true;
        self.offered = None;
        self.offer_frame();
    }

    /// Uploads what is to be shown next, if it is new: the source's newest frame, or the one whose mask the
    /// processor has just made.
    pub(super) fn take_frame(&mut self) -> Option<Fresh> {
        match &self.segmenter {
            Some(Segmenter::Cpu(network)) => match network.take() {
                Some(Ok(answer)) => self.take_answer(answer),
                Some(Err(error)) => {
                    self.fail(&error);
                    None
                }
                None => None,
            },
            _ => self.take_newest(),
        }
    }

    fn take_newest(&mut self) -> Option<Fresh> {
        let again = std::mem::take(&mut self.again) || self.renewed || self.is_unfinished();
        let frozen = self.state.frozen && !self.renewed;
        let held = self.shown.clone().filter(|_| frozen && again);
        let frame = match held {
            Some(frame) => frame,
            None if frozen => return None,
            None => self.feed.as_ref()?.latest()?,
        };
        let same = self.shown.as_ref().is_some_and(|shown| Arc::ptr_eq(shown, &frame));
        if same && !again {
            return None;
        }
        let waited = milliseconds(frame.captured, Instant::now());
        if !self.upload(&frame) {
            return None;
        }
        self.state.figures.add(Stage::Capture, waited);
        Some(Fresh { frame, mask: None })
    }

    fn take_answer(&mut self, answer: Answer) -> Option<Fresh> {
        if !self.upload(&answer.frame) {
            return None;
        }
        self.state.figures.add(Stage::Capture, answer.waited);
        self.state.figures.add(Stage::Prepare, answer.prepare);
        self.state.figures.add(Stage::Network, answer.network);
        let (Some(screen), Some(Segmenter::Cpu(network))) = (&mut self.screen, &self.segmenter) else {
            return None;
        };
        self.drawn = Some(Drawn::new(&answer, self.drawn.take(), &screen.gpu.device, &screen.gpu.queue));
        let mask = (!answer.mask.is_empty())
            .then(|| (upload_mask(screen, network.mask_size(), &answer), answer.crop));
        Some(Fresh { frame: answer.frame, mask })
    }

    fn upload(&mut self, frame: &Arc<Frame>) -> bool {
        let Some(screen) = &mut self.screen else { return false };
        let start = Instant::now();
        if self.state.overlay {
            screen.pipeline.measure_next_frame();
        }
        if let Err(error) = screen.pipeline.upload(frame) {
            self.tell(format!("{error:#}"), true);
            return false;
        }
        self.gaze = gaze_at(frame, &self.state.look, self.gaze);
        self.state.figures.add(Stage::Upload, milliseconds(start, Instant::now()));
        self.state.figures.copies = frame.copies + 1;
        self.state.source.size = Some(screen.pipeline.picture_size());
        self.shown = Some(Arc::clone(frame));
        true
    }

    /// Records the picture into the target: the network for a frame that differs from what it saw last, the
    /// matte and the effect.
    pub(super) fn encode_picture(
        &mut self,
        encoder: &mut CommandEncoder,
        target: Target<'_>,
        fresh: Option<&Fresh>,
        settings: &Settings,
    ) -> Result<()> {
        let every = self.plan().every;
        let Some(screen) = &mut self.screen else { return Ok(()) };
        change_backdrop(screen, &self.state.look)?;
        if let Some(frame) = self.backdrop_feed.as_ref().and_then(Feed::fresh) {
            screen.pipeline.upload_backdrop(&frame)?;
        }
        let masks = self.state.engine.masks;
        let settings = if masks { *settings } else { settings.without_mask() };
        screen.pipeline.set_gaze(Gaze { closely: self.gaze.closely && masks, ..self.gaze });
        let renewed = fresh.is_some() && std::mem::take(&mut self.renewed);
        if renewed {
            screen.pipeline.forget();
        }
        let unfinished = matches!(&self.segmenter, Some(Segmenter::Gpu(network)) if network.is_unfinished());
        self.unseen += u32::from(fresh.is_some());
        let moved = |fresh: &Fresh| self.unseen >= every && self.pace.wants(&fresh.frame);
        let due = fresh.is_some_and(moved) || renewed || unfinished;
        let still = !due && (screen.pipeline.has_mask() || !masks);
        if !still && fresh.is_some() {
            self.unseen = 0;
        }
        if let Some(depth) = self.depth.as_mut().filter(|_| !still && fresh.is_some()) {
            // It sees the whole picture, whatever part of it the other network looks at.
            screen.pipeline.set_gaze(Gaze { closely: false, ..self.gaze });
            depth.look(&screen.pipeline, encoder)?;
            screen.pipeline.set_depth(depth.depth());
            screen.pipeline.set_gaze(Gaze { closely: self.gaze.closely && masks, ..self.gaze });
        }
        let recorded = match (fresh, &mut self.segmenter) {
            (Some(Fresh { mask: Some((view, crop)), .. }), _) => Ok(Some(Mask { view, crop: *crop })),
            (Some(_), Some(Segmenter::Gpu(network))) if !still => network.look(&screen.pipeline, encoder),
            _ => Ok(None),
        };
        let failure = match recorded {
            Ok(mask) => {
                screen.pipeline.encode(encoder, &settings, mask, target);
                None
            }
            Err(error) => {
                screen.pipeline.forget();
                screen.pipeline.encode(encoder, &settings, None, target);
                Some(error)
            }
        };
        let annotation = match (&self.segmenter, &self.drawn) {
            (Some(Segmenter::Gpu(network)), _) => network.annotation(),
            (Some(Segmenter::Cpu(_)), Some(drawn)) => drawn.annotation(),
            _ => Annotation::default(),
        };
        screen.pipeline.annotate(encoder, &settings, &annotation, target);
        if let Some(error) = failure {
            self.fail(&error);
        }
        Ok(())
    }

    /// Takes what the network on the GPU has sent to the processor.
    pub(super) fn take_findings(&mut self) {
        let Some(Segmenter::Gpu(network)) = &mut self.segmenter else { return };
        if let Err(error) = network.update() {
            self.fail(&error);
        }
    }

    /// Whether the picture that is shown has more to tell to the network.
    fn is_unfinished(&self) -> bool {
        matches!(&self.segmenter, Some(Segmenter::Gpu(network)) if network.is_unfinished())
    }

    /// After a submission: the network's small outputs start on their way. On a picture that stands still nothing else
    /// would make the window look for them.
    pub(super) fn submitted(&mut self) {
        let Some(Segmenter::Gpu(network)) = &mut self.segmenter else { return };
        network.submitted();
        let outstanding = network.is_waiting() || network.is_unfinished();
        if outstanding && self.state.source.status == Status::Still {
            let soon = Instant::now() + FINDINGS;
            self.repaint_at = Some(self.repaint_at.map_or(soon, |at| at.min(soon)));
        }
    }
}

/// How the network is to look at a frame: dark pictures are brightened, and that changes slowly.
fn gaze_at(frame: &Frame, look: &Look, before: Gaze) -> Gaze {
    let gamma = if look.exposure { Gaze::gamma_for(brightness(frame)) } else { 1.0 };
    let moved = before.gamma + 0.2 * (gamma - before.gamma);
    let gamma = if (moved - gamma).abs() < 0.01 { gamma } else { moved };
    Gaze { closely: look.closely, gamma }
}

fn change_backdrop(screen: &mut Screen, look: &Look) -> Result<()> {
    let wanted = (look.picture.clone(), look.backdrop);
    if screen.backdrop.as_ref() != Some(&wanted) {
        screen.backdrop = Some(wanted);
        show_backdrop(&mut screen.pipeline, look)?;
    }
    Ok(())
}

/// Copies a mask that the processor made to the GPU.
fn upload_mask(screen: &mut Screen, size: (u32, u32), answer: &Answer) -> TextureView {
    let kept = screen.mask.take().filter(|texture| (texture.width(), texture.height()) == size);
    let texture = kept.unwrap_or_else(|| mask_texture(&screen.gpu.device, size));
    answer.write(&screen.gpu.queue, &texture);
    let view = texture.create_view(&Default::default());
    screen.mask = Some(texture);
    view
}
