//! Hands on a display: a pointer that presses and drags, keys, files that are dropped, and what a window manager does.
//!
//! Speaks X11. Presses go through the XTEST extension, so that programs cannot tell them from a person's; files are
//! dropped by the XDND protocol, version 5.

use std::error::Error;
use std::io::IoSlice;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use x11rb::CURRENT_TIME;
use x11rb::connection::{Connection, RequestConnection};
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    Atom, AtomEnum, ClientMessageEvent, ConfigureWindowAux, ConnectionExt, CreateWindowAux, EventMask,
    InputFocus, PropMode, SelectionNotifyEvent, SelectionRequestEvent, Window, WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

type Done<T = ()> = Result<T, Box<dyn Error>>;

/// The codes of XTEST's FakeInput.
const KEY_PRESS: u8 = 2;
const KEY_RELEASE: u8 = 3;
const BUTTON_PRESS: u8 = 4;
const BUTTON_RELEASE: u8 = 5;
const MOTION: u8 = 6;

/// Between two moves of a hand: programs take several events of one frame for one.
const MOMENT: Duration = Duration::from_millis(60);

/// How long a program may take to answer.
const PATIENCE: Duration = Duration::from_secs(120);

/// A connection to a display, and the program's window there.
pub struct Hands {
    server: RustConnection,
    root: Window,
    window: Window,
    fake_input: u8,
    /// A window of the hands' own, which covers and gives files.
    own: Window,
}

impl Hands {
    /// Waits for the only window of the display and takes it in hand.
    pub fn on(display: &str) -> Done<Self> {
        let (server, number) = RustConnection::connect(Some(display))?;
        let root = server.setup().roots[number].root;
        let fake_input = server.query_extension(b"XTEST")?.reply()?.major_opcode;
        let window = until("a window", || {
            let children = server.query_tree(root)?.reply()?.children;
            let shown = |window: &&Window| {
                server
                    .get_property(false, **window, AtomEnum::WM_NAME, AtomEnum::ANY, 0, 64)
                    .is_ok_and(|cookie| cookie.reply().is_ok_and(|name| name.value == b"Matte"))
            };
            Ok(children.iter().find(shown).copied())
        })?;
        let own = server.generate_id()?;
        let aux = CreateWindowAux::new().override_redirect(1).background_pixel(0x0040_4040);
        let class = WindowClass::INPUT_OUTPUT;
        server.create_window(0, own, root, 0, 0, 4096, 4096, 0, class, 0, &aux)?;
        let hands = Self { server, root, window, fake_input, own };
        hands.focus()?;
        Ok(hands)
    }

    fn focus(&self) -> Done {
        self.server.set_input_focus(InputFocus::PARENT, self.window, CURRENT_TIME)?.check()?;
        Ok(())
    }

    fn fake(&self, kind: u8, detail: u8, at: (i16, i16)) -> Done {
        let mut request = [0; 36];
        (request[0], request[1], request[2]) = (self.fake_input, 2, 9);
        (request[4], request[5]) = (kind, detail);
        request[12..16].copy_from_slice(&self.root.to_ne_bytes());
        request[24..26].copy_from_slice(&at.0.to_ne_bytes());
        request[26..28].copy_from_slice(&at.1.to_ne_bytes());
        self.server.send_request_without_reply(&[IoSlice::new(&request)], Vec::new())?.check()?;
        sleep(MOMENT);
        Ok(())
    }

    /// Moves the pointer to a place of the screen and presses there.
    pub fn click(&self, at: (i16, i16)) -> Done {
        self.press(at)?;
        self.release(at)
    }

    /// Moves the pointer to a place of the screen and presses there, until [`Hands::release`].
    pub fn press(&self, at: (i16, i16)) -> Done {
        self.fake(MOTION, 0, at)?;
        self.fake(BUTTON_PRESS, 1, at)
    }

    /// Moves the pointer from a place of the screen to another.
    pub fn glide(&self, from: (i16, i16), to: (i16, i16)) -> Done {
        for step in 1..=4 {
            let between = |a: i16, b: i16| a + (b - a) * step / 4;
            self.fake(MOTION, 0, (between(from.0, to.0), between(from.1, to.1)))?;
        }
        Ok(())
    }

    /// Lets go of the pointer's button.
    pub fn release(&self, at: (i16, i16)) -> Done {
        self.fake(BUTTON_RELEASE, 1, at)
    }

    /// Presses a key by the letter or digit on it.
    pub fn key(&self, letter: char) -> Done {
        let setup = self.server.setup();
        let (first, count) = (setup.min_keycode, setup.max_keycode - setup.min_keycode + 1);
        let map = self.server.get_keyboard_mapping(first, count)?.reply()?;
        let mut keys = map.keysyms.chunks(map.keysyms_per_keycode.into());
        let index = keys.position(|symbols| symbols.contains(&u32::from(letter))).ok_or("no such key")?;
        let code = first + u8::try_from(index)?;
        self.fake(KEY_PRESS, code, (0, 0))?;
        self.fake(KEY_RELEASE, code, (0, 0))
    }

    /// Gives the window another size.
    pub fn resize(&self, (width, height): (u32, u32)) -> Done {
        let size = ConfigureWindowAux::new().width(width).height(height);
        self.server.configure_window(self.window, &size)?.check()?;
        Ok(())
    }

    /// Minimizes the window as a window manager does, or shows it again.
    pub fn show(&self, shown: bool) -> Done {
        let state = self.atom("_NET_WM_STATE")?;
        let hidden = self.atom("_NET_WM_STATE_HIDDEN")?;
        let states: &[Atom] = if shown { &[] } else { &[hidden] };
        self.server
            .change_property32(PropMode::REPLACE, self.window, state, AtomEnum::ATOM, states)?
            .check()?;
        if !shown {
            self.server.unmap_window(self.window)?.check()?;
            return Ok(());
        }
        self.server.map_window(self.window)?.check()?;
        sleep(MOMENT);
        self.focus()
    }

    /// Lays another window over the program's, or takes it away.
    pub fn cover(&self, covered: bool) -> Done {
        if covered {
            self.server.map_window(self.own)?.check()?;
        } else {
            self.server.unmap_window(self.own)?.check()?;
        }
        Ok(())
    }

    /// Closes the window as its button does.
    pub fn close(&self) -> Done {
        let (kind, delete) = (self.atom("WM_PROTOCOLS")?, self.atom("WM_DELETE_WINDOW")?);
        self.tell(kind, [delete, CURRENT_TIME, 0, 0, 0])
    }

    /// Drops a file on a place of the screen.
    pub fn drop_file(&self, file: &Path, (x, y): (i16, i16)) -> Done {
        let selection = self.atom("XdndSelection")?;
        let (copy, list) = (self.atom("XdndActionCopy")?, self.atom("text/uri-list")?);
        let place = u32::from(x.cast_unsigned()) << 16 | u32::from(y.cast_unsigned());
        self.server.set_selection_owner(self.own, selection, CURRENT_TIME)?.check()?;
        self.tell(self.atom("XdndEnter")?, [self.own, 5 << 24, list, 0, 0])?;
        self.tell(self.atom("XdndPosition")?, [self.own, 0, place, CURRENT_TIME, copy])?;
        self.serve("XdndStatus", file)?;
        self.tell(self.atom("XdndDrop")?, [self.own, 0, CURRENT_TIME, 0, 0])?;
        self.serve("XdndFinished", file)
    }

    /// Answers questions for the file's name until the program sends a message of this kind.
    fn serve(&self, kind: &str, file: &Path) -> Done {
        let kind = self.atom(kind)?;
        until("an answer to what was dropped", || match self.server.poll_for_event()? {
            Some(Event::ClientMessage(message)) if message.type_ == kind => Ok(Some(())),
            Some(Event::SelectionRequest(request)) => self.give(&request, file).map(|()| None),
            _ => Ok(None),
        })
    }

    fn give(&self, request: &SelectionRequestEvent, file: &Path) -> Done {
        let text = format!("file://{}\r\n", file.display());
        let SelectionRequestEvent { requestor, property, target, selection, time, .. } = *request;
        self.server.change_property8(PropMode::REPLACE, requestor, property, target, text.as_bytes())?;
        let notice = SelectionNotifyEvent {
            response_type: x11rb::protocol::xproto::SELECTION_NOTIFY_EVENT,
            sequence: 0,
            time,
            requestor,
            selection,
            target,
            property,
        };
        self.server.send_event(false, requestor, EventMask::NO_EVENT, notice)?.check()?;
        Ok(())
    }

    fn tell(&self, kind: Atom, data: [u32; 5]) -> Done {
        let message = ClientMessageEvent::new(32, self.window, kind, data);
        self.server.send_event(false, self.window, EventMask::NO_EVENT, message)?.check()?;
        Ok(())
    }

    fn atom(&self, name: &str) -> Done<Atom> {
        Ok(self.server.intern_atom(false, name.as_bytes())?.reply()?.atom)
    }
}

/// Asks again and again until there is an answer.
pub fn until<T>(what: &str, mut ask: impl FnMut() -> Done<Option<T>>) -> Done<T> {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask()? {
            return Ok(answer);
        }
        if start.elapsed() > PATIENCE {
            return Err(format!("{what} did not come within {PATIENCE:?}").into());
        }
        sleep(Duration::from_millis(10));
    }
}
