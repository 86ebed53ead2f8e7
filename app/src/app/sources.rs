//! Choosing, opening and losing sources.

use std::path::PathBuf;

use anyhow::{Context, Result};

use super::{App, Browser, Choice, Event, Found, Purpose, waker};
use crate::camera::{
    self, Clip, Feed, Interest, LETTING_GO, Lost, Open, Seen, Source, Status, VIDEOS, Watch,
};

impl App {
    /// Opens another source. The last picture stays until the new one comes.
    pub(super) fn choose_source(&mut self, choice: Choice) {
        let open = match &choice {
            // The cameras are being listed; the list decides.
            Choice::Automatic => None,
            Choice::Camera(index, mode) => Some((self.open_camera)(*index, *mode)),
            Choice::Clip => Some(Box::new(|| Ok(Box::new(Clip::open()?) as Box<dyn Source>)) as Open),
            Choice::File(path) => {
                let path = path.clone();
                Some(Box::new(move || camera::open_file(&path)) as Open)
            }
        };
        self.state.source.choice = choice;
        if let Some(open) = open.filter(|_| self.wants_pictures()) {
            self.start_feed(open);
        }
    }

    /// Opens what is chosen, if cameras may be used or none is wanted.
    pub(super) fn open_source(&mut self) {
        if self.state.source.choice.is_camera() && !self.state.permission.allows() {
            return;
        }
        self.find_cameras();
        self.choose_source(self.state.source.choice.clone());
    }

    /// Lets go of the source, so that a camera is off. Its last picture stays.
    pub(super) fn close_source(&mut self) {
        if let Some(feed) = self.feed.take() {
            self.dropped_before += feed.dropped();
            feed.release(LETTING_GO);
        }
    }

    fn start_feed(&mut self, open: Open) {
        self.close_source();
        self.state.source.info = None;
        self.state.source.position = None;
        self.state.source.status = Status::Opening;
        self.state.figures.restart();
        self.shown_at = None;
        self.renewed = true;
        match Feed::start(open, waker(&self.proxy)) {
            Ok(feed) => {
                feed.read_as(self.state.source.reading);
                self.feed = Some(feed);
            }
            Err(error) => self.tell(format!("{error:#}"), true),
        }
    }

    /// Follows the feed's status; a camera that fails gives way to the clip, and says so.
    pub(super) fn source_changed(&mut self) {
        let Some(feed) = &self.feed else { return };
        let status = feed.status();
        self.state.source.info = feed.info();
        self.state.source.position = feed.position();
        if status == self.state.source.status {
            return;
        }
        self.state.source.status = status.clone();
        if let Status::Failed(sentence) = status {
            let device = self.camera().map(|camera| camera.device.clone());
            match (&self.state.source.choice, device) {
                (&Choice::Camera(_, mode), Some(device)) => {
                    self.tell(format!("{sentence}; it comes back by itself"), true);
                    self.lost = Some(Lost::of(device, mode));
                }
                _ => self.tell(sentence, true),
            }
            if self.state.source.choice != Choice::Clip {
                self.choose_source(Choice::Clip);
            }
            self.find_cameras();
        }
    }

    /// The camera that is chosen, if it is listed.
    fn camera(&self) -> Option<&Found> {
        let Choice::Camera(index, _) = self.state.source.choice else { return None };
        self.state.source.cameras.iter().find(|camera| camera.device.index == index)
    }

    /// Lists the cameras on a thread of its own, and from then on whenever some come or go.
    pub(super) fn find_cameras(&mut self) {
        if self.watch.is_none() {
            let proxy = self.proxy.clone();
            let tell = move |seen| {
                // The loop ends before its threads do; then nobody wants the list.
                let _ = proxy.send_event(Event::Cameras(seen));
            };
            match Watch::start(tell) {
                Ok(watch) => self.watch = Some(watch),
                Err(error) => self.tell(format!("{error:#}"), true),
            }
        }
        let own = match self.state.source.choice {
            Choice::Camera(index, _) => Some(index),
            _ => None,
        };
        if let Some(watch) = &self.watch {
            watch.look(Interest { own, waiting: self.lost.is_some() });
        }
    }

    pub(super) fn cameras_seen(&mut self, seen: Seen) {
        match seen.cameras {
            Ok(cameras) => self.state.source.cameras = cameras,
            Err(error) => self.tell(format!("{error:#}"), true),
        }
        if self.state.source.choice == Choice::Automatic {
            self.choose_camera();
        } else if let Some((index, mode)) =
            self.lost.as_mut().and_then(|lost| lost.returned(&self.state.source.cameras, seen.changed))
        {
            self.lost = None;
            self.state.notice = None;
            self.choose_source(Choice::Camera(index, mode));
            self.find_cameras();
        }
    }

    /// Takes the first camera that gives pictures, or else the clip, and says why.
    fn choose_camera(&mut self) {
        let cameras = &self.state.source.cameras;
        let working = cameras.iter().find(|camera| camera.fault.is_none());
        let choice = working.map_or(Choice::Clip, |camera| Choice::Camera(camera.device.index, None));
        if choice == Choice::Clip
            && let Some((device, fault)) =
                cameras.iter().find_map(|camera| Some((camera.device.clone(), camera.fault.clone()?)))
        {
            self.tell(fault, true);
            self.lost = Some(Lost::of(device, None));
        }
        self.choose_source(choice);
        self.find_cameras();
    }

    /// Shows a folder, or closes the browser.
    pub(super) fn browse(&mut self, folder: Option<PathBuf>, purpose: Purpose) {
        let Some(folder) = folder else {
            self.state.browser = None;
            return;
        };
        match listed(folder, purpose) {
            Ok(browser) => self.state.browser = Some(browser),
            Err(error) => self.tell(format!("{error:#}"), true),
        }
    }
}

/// A folder's content, sorted; an empty path means the user's pictures or home.
fn listed(folder: PathBuf, purpose: Purpose) -> Result<Browser> {
    let folder = if folder.as_os_str().is_empty() { first_folder() } else { folder };
    let folder =
        folder.canonicalize().with_context(|| format!("the folder {} cannot be opened", folder.display()))?;
    let entries =
        folder.read_dir().with_context(|| format!("the folder {} cannot be read", folder.display()))?;
    let (mut folders, mut files) = (Vec::new(), Vec::new());
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') {
            continue;
        }
        let path = entry.path();
        if path.is_dir() {
            folders.push(name);
        } else if shows(&path) {
            files.push(name);
        }
    }
    folders.sort();
    files.sort();
    Ok(Browser { folder, folders, files, purpose })
}

fn first_folder() -> PathBuf {
    let home = std::env::var_os("HOME").or_else(|| std::env::var_os("USERPROFILE")).map(PathBuf::from);
    let pictures = home.as_ref().map(|home| home.join("Pictures")).filter(|folder| folder.is_dir());
    pictures.or(home).unwrap_or_else(|| PathBuf::from("."))
}

/// What the browser lists: by the name's extension, as opening every file would take too long.
fn shows(path: &std::path::Path) -> bool {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    extension.is_some_and(|extension| {
        ["png", "jpg", "jpeg", "y4m", "tflite"].contains(&extension.as_str())
            || VIDEOS.contains(&extension.as_str())
    })
}
