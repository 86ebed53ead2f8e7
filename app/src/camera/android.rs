//! Cameras of an Android device, through the NDK's Camera2: no Java, no copy but the one into the frame.
//!
//! The system fills a queue of [`QUEUE`] images; each time one arrives the feed's thread wakes, takes the newest
//! and gives the others back. Exposure, focus and white balance stay with the system.

use std::ffi::{CStr, CString, c_int, c_void};
use std::ptr::{self, NonNull};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use ndk::media::image_reader::{AcquireResult, Image, ImageFormat, ImageReader};
use ndk_sys as sys;

use super::device::Device;
use super::mode::Mode;
use super::spaced::{Lent, gathered, modes_of};
use super::{Info, Source};
use crate::pipeline::frame::{Color, Frame};
use crate::platform;
use crate::platform::turn::{Facing, orientation};

#[link(name = "camera2ndk")]
unsafe extern "C" {}

/// The images in the system's queue: one shown, one arriving, one being copied, one spare.
const QUEUE: i32 = 4;

/// How long a camera may be silent before it counts as broken.
const SILENCE: Duration = Duration::from_secs(5);

/// How often a change of the list is looked for.
pub const LOOK: Duration = Duration::from_secs(2);

/// What the list of cameras depends on: two equal ones mean an equal list. Opens no camera.
pub fn fingerprint() -> Vec<String> {
    let ids = Manager::new().and_then(|manager| manager.ids()).unwrap_or_default();
    ids.into_iter().map(|id| id.to_string_lossy().into_owned()).collect()
}

/// Why a camera cannot be opened now although it answers; the system tells that when it is opened.
pub fn hindrance(_: &Device) -> Option<String> {
    None
}

/// The cameras of this device, in the system's order: the back camera first, as a rule.
pub fn devices() -> Result<Vec<Device>> {
    let manager = Manager::new()?;
    let mut devices = Vec::new();
    for (index, id) in manager.ids()?.iter().enumerate() {
        let facing = manager.characteristics(id)?.facing();
        let side = match facing {
            Some(Facing::Front) => "Front camera",
            Some(Facing::Back) => "Back camera",
            None => "Camera",
        };
        let same = devices.iter().filter(|device: &&Device| device.name.starts_with(side)).count();
        let name = if same == 0 { side.into() } else { format!("{side} {}", same + 1) };
        let place = id.to_string_lossy().into_owned();
        devices.push(Device { index: u32::try_from(index)?, name, place, facing });
    }
    Ok(devices)
}

/// What a camera can deliver, in the order of size and rate.
pub fn modes(device: &Device) -> Result<Vec<Mode>> {
    let manager = Manager::new()?;
    Ok(manager.characteristics(&manager.id(device.index)?)?.modes())
}

/// Starts a camera in a mode of its list.
pub fn open(device: &Device, mode: Mode) -> Result<Box<dyn Source>> {
    let manager = Manager::new()?;
    let id = manager.id(device.index)?;
    let characteristics = manager.characteristics(&id)?;
    let facing = characteristics.facing().unwrap_or(Facing::Back);
    let sensor = characteristics.sensor_angle();
    drop(characteristics);
    let capture = Capture::start(manager, &id, mode).with_context(|| format!("the {}", device.name))?;
    Ok(Box::new(Live { capture, mode, facing, sensor, name: device.name.clone(), sequence: 0 }))
}

struct Live {
    capture: Capture,
    mode: Mode,
    facing: Facing,
    /// The sensor's angle against the screen, in degrees clockwise.
    sensor: i32,
    name: String,
    sequence: u64,
}

impl Source for Live {
    fn info(&self) -> Info {
        Info::of_camera(&self.name, self.mode)
    }

    fn next(&mut self) -> Result<Option<Frame>> {
        let image = self.capture.newest().with_context(|| format!("the {}", self.name))?;
        let mut frame = frame_of(&image).with_context(|| format!("the {} sent a picture", self.name))?;
        frame.orientation = orientation(self.sensor, platform::screen_turn(), self.facing);
        frame.sequence = self.sequence;
        self.sequence += 1;
        Ok(Some(frame))
    }
}

/// Copies an image out of the system's queue. Its chroma may be spaced in any way.
fn frame_of(image: &Image) -> Result<Frame> {
    let captured = arrival(image.timestamp()?);
    let (width, height) = (u32::try_from(image.width()?)?, u32::try_from(image.height()?)?);
    let plane = |index| -> Result<Lent<'_>> {
        Ok(Lent {
            bytes: image.plane_data(index)?,
            stride: usize::try_from(image.plane_row_stride(index)?)?,
            pixel_stride: usize::try_from(image.plane_pixel_stride(index)?)?,
        })
    };
    let (memory, planes) = gathered([plane(0)?, plane(1)?, plane(2)?], Vec::new());
    let mut frame = Frame::from_spaced_420(width, height, planes, memory)?;
    frame.color = Color::JPEG;
    frame.captured = captured;
    frame.copies = 1;
    Ok(frame)
}

/// The moment of a time stamp. The system counts it by the clock of [`Instant`] on most devices; where it
/// counts by another one, the picture is taken as captured now.
fn arrival(nanoseconds: i64) -> Instant {
    let now = Instant::now();
    let age = u64::try_from(monotonic().saturating_sub(nanoseconds))
        .ok()
        .map(Duration::from_nanos)
        .filter(|age| *age < Duration::from_secs(1));
    age.and_then(|age| now.checked_sub(age)).unwrap_or(now)
}

/// Nanoseconds of the monotonic clock.
fn monotonic() -> i64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the system fills the place it is given.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut time) };
    time.tv_sec.saturating_mul(1_000_000_000).saturating_add(time.tv_nsec)
}

/// An object of the system's that is ours to free.
struct Owned<T> {
    object: NonNull<T>,
    free: unsafe extern "C" fn(*mut T),
}

impl<T> Owned<T> {
    fn ptr(&self) -> *mut T {
        self.object.as_ptr()
    }
}

impl<T> Drop for Owned<T> {
    fn drop(&mut self) {
        // SAFETY: whoever made this gave the function that frees such objects; nobody else frees it.
        unsafe { (self.free)(self.ptr()) };
    }
}

/// The system's camera service.
struct Manager(Owned<sys::ACameraManager>);

impl Manager {
    fn new() -> Result<Self> {
        // SAFETY: takes nothing; gives a manager of ours or null.
        let manager = unsafe { sys::ACameraManager_create() };
        let object = NonNull::new(manager).context("the system's camera service does not answer")?;
        Ok(Self(Owned { object, free: sys::ACameraManager_delete }))
    }

    fn ids(&self) -> Result<Vec<CString>> {
        let mut list = ptr::null_mut();
        // SAFETY: the manager is ours, and the list goes to a place of its own.
        done(unsafe { sys::ACameraManager_getCameraIdList(self.0.ptr(), &mut list) }, "the list of cameras")?;
        // SAFETY: on success the list holds `numCameras` strings that end with zero, until it is deleted.
        let ids = unsafe {
            let count = usize::try_from((*list).numCameras).unwrap_or(0);
            (0..count).map(|index| CStr::from_ptr(*(*list).cameraIds.add(index)).to_owned()).collect()
        };
        // SAFETY: the list came from this manager and is not used any more.
        unsafe { sys::ACameraManager_deleteCameraIdList(list) };
        Ok(ids)
    }

    fn id(&self, index: u32) -> Result<CString> {
        let id = self.ids()?.into_iter().nth(index as usize);
        id.with_context(|| format!("camera {index} is no longer there"))
    }

    fn characteristics(&self, id: &CStr) -> Result<Characteristics> {
        let mut metadata = ptr::null_mut();
        // SAFETY: the manager is ours, the string ends with zero, the answer goes to a place of its own.
        let status =
            unsafe { sys::ACameraManager_getCameraCharacteristics(self.0.ptr(), id.as_ptr(), &mut metadata) };
        done(status, "the camera's description")?;
        let object = NonNull::new(metadata).context("the camera has no description")?;
        Ok(Characteristics(Owned { object, free: sys::ACameraMetadata_free }))
    }
}

/// What a camera is and can do.
struct Characteristics(Owned<sys::ACameraMetadata>);

impl Characteristics {
    fn facing(&self) -> Option<Facing> {
        let entry = self.entry(sys::acamera_metadata_tag::ACAMERA_LENS_FACING)?;
        // SAFETY: this tag's values are bytes.
        let values = unsafe { entry.values(entry.0.data.u8_) };
        match values.first()? {
            0 => Some(Facing::Front),
            1 => Some(Facing::Back),
            _ => None,
        }
    }

    fn sensor_angle(&self) -> i32 {
        let entry = self.entry(sys::acamera_metadata_tag::ACAMERA_SENSOR_ORIENTATION);
        // SAFETY: this tag's values are 32-bit integers.
        entry.and_then(|entry| unsafe { entry.values(entry.0.data.i32_) }.first().copied()).unwrap_or(0)
    }

    fn modes(&self) -> Vec<Mode> {
        use sys::acamera_metadata_tag as tag;
        let configurations = self.entry(tag::ACAMERA_SCALER_AVAILABLE_STREAM_CONFIGURATIONS);
        let durations = self.entry(tag::ACAMERA_SCALER_AVAILABLE_MIN_FRAME_DURATIONS);
        // SAFETY: the first tag's values are 32-bit integers, the second's 64-bit ones.
        let (configurations, durations) = unsafe {
            (
                configurations.as_ref().map_or(&[][..], |entry| entry.values(entry.0.data.i32_)),
                durations.as_ref().map_or(&[][..], |entry| entry.values(entry.0.data.i64_)),
            )
        };
        modes_of(configurations, durations)
    }

    fn entry(&self, tag: sys::acamera_metadata_tag) -> Option<Entry<'_>> {
        // SAFETY: an entry is plain data, valid when zero; the metadata are ours.
        unsafe {
            let mut entry = std::mem::zeroed::<sys::ACameraMetadata_const_entry>();
            let status = sys::ACameraMetadata_getConstEntry(self.0.ptr(), tag.0, &mut entry);
            (status == sys::camera_status_t::ACAMERA_OK).then_some(Entry(entry, std::marker::PhantomData))
        }
    }
}

/// A value of a description, alive as long as that.
struct Entry<'a>(sys::ACameraMetadata_const_entry, std::marker::PhantomData<&'a Characteristics>);

impl<'a> Entry<'a> {
    /// # Safety
    ///
    /// `first` is the member of this entry's data that its tag's type says.
    unsafe fn values<T>(&self, first: *const T) -> &'a [T] {
        if first.is_null() {
            return &[];
        }
        // SAFETY: the system lends `count` values of the tag's type until the description is freed.
        unsafe { std::slice::from_raw_parts(first, self.0.count as usize) }
    }
}

/// What the system's threads tell the feed's.
#[derive(Default)]
struct Bell {
    state: Mutex<Rung>,
    changed: Condvar,
}

#[derive(Default)]
struct Rung {
    arrived: bool,
    end: Option<String>,
}

impl Bell {
    fn ring(&self, change: impl FnOnce(&mut Rung)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.notify_all();
    }
}

/// A running capture. Its fields drop in the order in which the system wants them closed.
struct Capture {
    _session: Owned<sys::ACameraCaptureSession>,
    _request: Owned<sys::ACaptureRequest>,
    _target: Owned<sys::ACameraOutputTarget>,
    _outputs: Owned<sys::ACaptureSessionOutputContainer>,
    _output: Owned<sys::ACaptureSessionOutput>,
    _device: Opened,
    reader: ImageReader,
    _manager: Manager,
    bell: Arc<Bell>,
}

/// An open camera, and the bell that its callbacks ring until it is closed.
struct Opened {
    device: Owned<sys::ACameraDevice>,
    _bell: Arc<Bell>,
}

impl Capture {
    fn start(manager: Manager, id: &CStr, mode: Mode) -> Result<Self> {
        let bell = Arc::new(Bell::default());
        let (width, height) = (i32::try_from(mode.width)?, i32::try_from(mode.height)?);
        let mut reader = ImageReader::new(width, height, ImageFormat::YUV_420_888, QUEUE)
            .context("refuses the size of its pictures")?;
        let ringer = Arc::clone(&bell);
        reader.set_image_listener(Box::new(move |_| ringer.ring(|rung| rung.arrived = true)))?;
        let opened = opened(&manager, id, &bell)?;
        let window = reader.window()?;
        let surface = window.ptr().as_ptr();
        let camera = opened.device.ptr();
        // SAFETY: the surface lives as long as the reader, which drops after the output.
        let output = made(sys::ACaptureSessionOutput_free, "its output", |place| unsafe {
            sys::ACaptureSessionOutput_create(surface, place)
        })?;
        // SAFETY: takes nothing but the place for what it makes.
        let outputs = made(sys::ACaptureSessionOutputContainer_free, "its outputs", |place| unsafe {
            sys::ACaptureSessionOutputContainer_create(place)
        })?;
        // SAFETY: both were made above.
        done(unsafe { sys::ACaptureSessionOutputContainer_add(outputs.ptr(), output.ptr()) }, "its outputs")?;
        // SAFETY: the surface lives as long as the reader, which drops after the target.
        let target = made(sys::ACameraOutputTarget_free, "its target", |place| unsafe {
            sys::ACameraOutputTarget_create(surface, place)
        })?;
        let template = sys::ACameraDevice_request_template::TEMPLATE_RECORD;
        // SAFETY: the camera is open.
        let request = made(sys::ACaptureRequest_free, "its request", |place| unsafe {
            sys::ACameraDevice_createCaptureRequest(camera, template, place)
        })?;
        // SAFETY: both were made above.
        done(unsafe { sys::ACaptureRequest_addTarget(request.ptr(), target.ptr()) }, "its target")?;
        let callbacks = sys::ACameraCaptureSession_stateCallbacks {
            context: ptr::null_mut(),
            onClosed: None,
            onReady: None,
            onActive: None,
        };
        // SAFETY: the camera is open, the outputs were made above, and the callbacks, which are none, are copied.
        let session = made(sys::ACameraCaptureSession_close, "its session", |place| unsafe {
            sys::ACameraDevice_createCaptureSession(camera, outputs.ptr(), &callbacks, place)
        })?;
        let (mut requests, nothing) = ([request.ptr()], ptr::null_mut());
        // SAFETY: session and request were made above; the array holds as many requests as it says.
        let status = unsafe {
            sys::ACameraCaptureSession_setRepeatingRequest(
                session.ptr(),
                nothing,
                1,
                requests.as_mut_ptr(),
                ptr::null_mut(),
            )
        };
        done(status, "its stream")?;
        Ok(Self {
            _session: session,
            _request: request,
            _target: target,
            _outputs: outputs,
            _output: output,
            _device: opened,
            reader,
            _manager: manager,
            bell,
        })
    }

    /// The newest image, as soon as there is one; the older ones go back to the system.
    fn newest(&mut self) -> Result<Image> {
        let deadline = Instant::now() + SILENCE;
        loop {
            self.wait(deadline)?;
            match self.reader.acquire_latest_image()? {
                AcquireResult::Image(image) => return Ok(image),
                AcquireResult::NoBufferAvailable => {}
                AcquireResult::MaxImagesAcquired => bail!("kept more pictures than its queue has"),
            }
        }
    }

    fn wait(&self, deadline: Instant) -> Result<()> {
        let state = self.bell.state.lock().unwrap_or_else(PoisonError::into_inner);
        let left = deadline.saturating_duration_since(Instant::now());
        let (mut state, _) = self
            .bell
            .changed
            .wait_timeout_while(state, left, |rung| !rung.arrived && rung.end.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(end) = &state.end {
            bail!("{end}");
        }
        ensure!(std::mem::take(&mut state.arrived), "stopped sending pictures");
        Ok(())
    }
}

fn opened(manager: &Manager, id: &CStr, bell: &Arc<Bell>) -> Result<Opened> {
    let context = Arc::as_ptr(bell).cast_mut().cast::<c_void>();
    let mut callbacks = sys::ACameraDevice_StateCallbacks {
        context,
        onDisconnected: Some(on_disconnected),
        onError: Some(on_error),
    };
    let mut device = ptr::null_mut();
    // SAFETY: the manager is ours, the string ends with zero; the system copies the callbacks, and their
    // context, the bell, is held by `Opened` until the device is closed.
    let status =
        unsafe { sys::ACameraManager_openCamera(manager.0.ptr(), id.as_ptr(), &mut callbacks, &mut device) };
    done(status, "access")?;
    let object = NonNull::new(device).context("was opened without a device")?;
    Ok(Opened { device: Owned { object, free: close }, _bell: Arc::clone(bell) })
}

/// Closes a camera. No callback comes after this returns.
unsafe extern "C" fn close(device: *mut sys::ACameraDevice) {
    // SAFETY: the caller's.
    unsafe { sys::ACameraDevice_close(device) };
    log::debug!("a camera is closed");
}

unsafe extern "C" fn on_disconnected(context: *mut c_void, _: *mut sys::ACameraDevice) {
    // SAFETY: the context is the bell of an `Opened` that is not closed yet.
    let bell = unsafe { &*context.cast::<Bell>() };
    bell.ring(|rung| rung.end = Some("was taken by another program".into()));
}

unsafe extern "C" fn on_error(context: *mut c_void, _: *mut sys::ACameraDevice, error: c_int) {
    // SAFETY: the context is the bell of an `Opened` that is not closed yet.
    let bell = unsafe { &*context.cast::<Bell>() };
    let reason = match error {
        1 => "is in use by another program",
        2 => "cannot be opened: too many cameras are on",
        3 => "is switched off by the device's rules",
        _ => "failed",
    };
    bell.ring(|rung| rung.end = Some(reason.into()));
}

/// An object that a call of the system puts into the place it is given, and what frees it.
fn made<T>(
    free: unsafe extern "C" fn(*mut T),
    what: &str,
    make: impl FnOnce(*mut *mut T) -> sys::camera_status_t,
) -> Result<Owned<T>> {
    let mut object = ptr::null_mut();
    done(make(&mut object), what)?;
    let object = NonNull::new(object).with_context(|| format!("refuses {what}"))?;
    Ok(Owned { object, free })
}

fn done(status: sys::camera_status_t, what: &str) -> Result<()> {
    use sys::camera_status_t as S;
    match status {
        S::ACAMERA_OK => Ok(()),
        S::ACAMERA_ERROR_PERMISSION_DENIED => bail!("may not be used: the camera is not allowed"),
        S::ACAMERA_ERROR_CAMERA_IN_USE => bail!("is in use by another program"),
        S::ACAMERA_ERROR_MAX_CAMERA_IN_USE => bail!("cannot be opened: too many cameras are on"),
        S::ACAMERA_ERROR_CAMERA_DISABLED => bail!("is switched off by the device's rules"),
        S::ACAMERA_ERROR_CAMERA_DISCONNECTED => bail!("is no longer there"),
        other => bail!("refuses {what} (status {})", other.0),
    }
}
