//! What only the activity's Java side can tell: the camera's permission, how the screen is turned and what covers it.

use anyhow::{Context, Result, ensure};
use jni::objects::{JObject, JString, JValue};
use jni::strings::JNIStr;
use jni::{Env, JavaVM, jni_sig, jni_str};

use winit::platform::android::activity::AndroidApp;

use super::{Word, running};

/// The camera's permission by its name in the system.
const CAMERA: &str = "android.permission.CAMERA";

/// The first system that knows of cutouts: Android 9.
const KNOWS_CUTOUTS: i32 = 28;

/// What the system says of the camera.
pub fn camera_word() -> Result<Word> {
    with_activity(|env, activity| {
        let name = env.new_string(CAMERA)?;
        let granted = env
            .call_method(
                activity,
                jni_str!("checkSelfPermission"),
                jni_sig!("(Ljava/lang/String;)I"),
                &[JValue::Object(&name)],
            )?
            .i()?
            == 0;
        let refused_once = env
            .call_method(
                activity,
                jni_str!("shouldShowRequestPermissionRationale"),
                jni_sig!("(Ljava/lang/String;)Z"),
                &[JValue::Object(&name)],
            )?
            .z()?;
        Ok(Word { granted, refused_once })
    })
}

/// Puts the system's question for the camera. The answer is there when the activity is resumed.
pub fn ask_for_camera() -> Result<()> {
    with_activity(|env, activity| {
        let name = env.new_string(CAMERA)?;
        let names = env.new_object_array(1, jni_str!("java/lang/String"), &name)?;
        let arguments = [JValue::Object(&names), JValue::Int(1)];
        env.call_method(
            activity,
            jni_str!("requestPermissions"),
            jni_sig!("([Ljava/lang/String;I)V"),
            &arguments,
        )?;
        Ok(())
    })
}

/// Opens the system's settings of this program.
pub fn open_settings() -> Result<()> {
    with_activity(|env, activity| {
        let package = env
            .call_method(activity, jni_str!("getPackageName"), jni_sig!("()Ljava/lang/String;"), &[])?
            .l()?;
        let scheme = env.new_string("package")?;
        let nothing = JObject::null();
        let uri = env
            .call_static_method(
                jni_str!("android/net/Uri"),
                jni_str!("fromParts"),
                jni_sig!("(Ljava/lang/String;Ljava/lang/String;Ljava/lang/String;)Landroid/net/Uri;"),
                &[JValue::Object(&scheme), JValue::Object(&package), JValue::Object(&nothing)],
            )?
            .l()?;
        let action: JString = env.new_string("android.settings.APPLICATION_DETAILS_SETTINGS")?;
        let intent = env.new_object(
            jni_str!("android/content/Intent"),
            jni_sig!("(Ljava/lang/String;Landroid/net/Uri;)V"),
            &[JValue::Object(&action), JValue::Object(&uri)],
        )?;
        let argument = [JValue::Object(&intent)];
        env.call_method(
            activity,
            jni_str!("startActivity"),
            jni_sig!("(Landroid/content/Intent;)V"),
            &argument,
        )?;
        Ok(())
    })
}

/// How the screen is turned, in degrees counter-clockwise: `Display.getRotation` in quarters.
pub fn screen_turn() -> Result<i32> {
    with_activity(|env, activity| {
        let windows = env
            .call_method(
                activity,
                jni_str!("getWindowManager"),
                jni_sig!("()Landroid/view/WindowManager;"),
                &[],
            )?
            .l()?;
        let display = env
            .call_method(&windows, jni_str!("getDefaultDisplay"), jni_sig!("()Landroid/view/Display;"), &[])?
            .l()?;
        Ok(90 * env.call_method(&display, jni_str!("getRotation"), jni_sig!("()I"), &[])?.i()?)
    })
}

/// What the system's bars and the screen's cutouts cover of the window, in pixels: left, top, right, bottom; none
/// before the window has been laid out.
pub fn bars() -> Result<Option<[i32; 4]>> {
    let system = running()?.config().sdk_version();
    with_activity(|env, activity| {
        let window = env
            .call_method(activity, jni_str!("getWindow"), jni_sig!("()Landroid/view/Window;"), &[])?
            .l()?;
        let view = env
            .call_method(&window, jni_str!("getDecorView"), jni_sig!("()Landroid/view/View;"), &[])?
            .l()?;
        let insets = env
            .call_method(
                &view,
                jni_str!("getRootWindowInsets"),
                jni_sig!("()Landroid/view/WindowInsets;"),
                &[],
            )?
            .l()?;
        if insets.is_null() {
            return Ok(None);
        }
        let sides = [
            jni_str!("getSystemWindowInsetLeft"),
            jni_str!("getSystemWindowInsetTop"),
            jni_str!("getSystemWindowInsetRight"),
            jni_str!("getSystemWindowInsetBottom"),
        ];
        let bars = four(env, &insets, sides)?;
        if system < KNOWS_CUTOUTS {
            return Ok(Some(bars));
        }
        let cutout = env
            .call_method(
                &insets,
                jni_str!("getDisplayCutout"),
                jni_sig!("()Landroid/view/DisplayCutout;"),
                &[],
            )?
            .l()?;
        if cutout.is_null() {
            return Ok(Some(bars));
        }
        let sides = [
            jni_str!("getSafeInsetLeft"),
            jni_str!("getSafeInsetTop"),
            jni_str!("getSafeInsetRight"),
            jni_str!("getSafeInsetBottom"),
        ];
        let cutouts = four(env, &cutout, sides)?;
        Ok(Some(std::array::from_fn(|side| bars[side].max(cutouts[side]))))
    })
}

/// The answers of four methods that give a number.
fn four(env: &mut Env<'_>, object: &JObject<'_>, methods: [&JNIStr; 4]) -> jni::errors::Result<[i32; 4]> {
    let mut numbers = [0; 4];
    for (number, method) in numbers.iter_mut().zip(methods) {
        *number = env.call_method(object, method, jni_sig!("()I"), &[])?.i()?;
    }
    Ok(numbers)
}

/// The virtual machine of an activity.
pub fn machine(app: &AndroidApp) -> Result<JavaVM> {
    let pointer = app.vm_as_ptr();
    ensure!(!pointer.is_null(), "the activity has no virtual machine");
    // SAFETY: the pointer is the virtual machine's that runs this process; it lives as long as the process.
    Ok(unsafe { JavaVM::from_raw(pointer.cast()) })
}

/// Calls into the activity's virtual machine from whatever thread this is.
fn with_activity<T>(call: impl FnOnce(&mut Env<'_>, &JObject<'_>) -> jni::errors::Result<T>) -> Result<T> {
    let app = running()?;
    let answer = machine(&app)?.attach_current_thread(|env| {
        // SAFETY: the activity's global reference is held by `app`, which outlives this call.
        let activity = unsafe { JObject::from_raw(env, app.activity_as_ptr().cast()) };
        call(env, &activity)
    });
    answer.context("the activity refused a call")
}
