//! From the network's answer to the matte: who counts, and where their edges lie.

use std::cell::Cell;

use wgpu::{Buffer, Device, Queue, TextureFormat, TextureUsages, TextureView};

use super::gpu::{Image, Recorder};
use super::person::{Person, Saw, Wishes};
use super::prepare::Rect;
use super::refine::{Mask, Refine};
use super::settings::{Refinement, Settings};

/// What the matte was made of.
struct Known {
    mask: TextureView,
    crop: Rect,
    refinement: Refinement,
    framing: bool,
}

pub(super) struct Matting {
    person: Person,
    refine: Refine,
    nobody: Image,
    /// The last valid mask and the choices by which it became the matte.
    known: Option<Known>,
    /// Whether the network's input was cut from the picture as `person` says.
    saw_next: Cell<bool>,
}

impl Matting {
    pub fn new(device: &Device, queue: &Queue) -> Self {
        let usage = TextureUsages::TEXTURE_BINDING;
        Self {
            person: Person::new(device, queue),
            refine: Refine::new(device),
            nobody: Image::new(device, "nobody", (1, 1), TextureFormat::R8Unorm, usage),
            known: None,
            saw_next: Cell::new(false),
        }
    }

    /// The full-size matte that was recorded last, in red.
    pub fn matte(&self) -> &Image {
        self.refine.matte()
    }

    /// The mask that the matte was made of, or one without anybody.
    pub fn mask(&self) -> &TextureView {
        self.known.as_ref().map_or(&self.nobody.view, |known| &known.mask)
    }

    /// `struct Person` of `person.wgsl`.
    pub fn person(&self) -> &Buffer {
        self.person.buffer()
    }

    pub fn has_mask(&self) -> bool {
        self.known.is_some()
    }

    pub fn forget(&mut self, queue: &Queue) {
        self.known = None;
        self.refine.forget();
        self.person.forget(queue);
    }

    /// Whether the network may see the part around the people: remembers that it did.
    pub fn look(&self, closely: bool) -> bool {
        self.saw_next.set(closely && self.person.has_past() && self.known.is_some());
        self.saw_next.get()
    }

    /// Records the matte of a picture, of which the source has `source_size` pixels. `closely` says whether the
    /// network may see less than all of it.
    pub fn record(
        &mut self,
        recorder: &mut Recorder<'_>,
        (picture, source_size): (&Image, (u32, u32)),
        mask: Option<Mask<'_>>,
        settings: &Settings,
        closely: bool,
    ) {
        let saw_next = self.saw_next.take();
        let refinement = settings.refinement;
        let fresh = mask.is_some();
        let wishes = Wishes {
            drop_small: refinement.drop_small,
            closely,
            saw: match (fresh, saw_next) {
                (false, _) => Saw::Same,
                (true, true) => Saw::Next,
                (true, false) => Saw::Whole,
            },
            framing: settings.framing,
            pace: settings.framing_pace,
        };
        if settings.hidden {
            self.known = None;
        } else if let Some(Mask { view, crop }) = mask {
            let framing = settings.framing;
            self.known = Some(Known { mask: view.clone(), crop, refinement, framing });
        }
        let Some(known) = &mut self.known else {
            return self.refine.record_nobody(recorder, picture);
        };
        let changed = known.refinement != refinement || known.framing != settings.framing;
        if !fresh && !changed && self.refine.fits(picture) {
            return;
        }
        (known.refinement, known.framing) = (refinement, settings.framing);
        let mask = Mask { view: &known.mask, crop: known.crop };
        self.person.record(recorder, mask, source_size, wishes);
        let pair = (mask.view, self.person.buffer());
        self.refine.record(recorder, picture, pair, source_size, &refinement);
    }
}
