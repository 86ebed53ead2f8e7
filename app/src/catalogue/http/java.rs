//! Requests through `java.net.HttpURLConnection`, which every Java system has. It follows redirections by itself and
//! knows the system's certificates.

use std::io::{self, Read};

use anyhow::Result;
use jni::errors::Error;
use jni::objects::{JByteArray, JObject, JString, JValue};
use jni::refs::Global;
use jni::{Env, JavaVM, jni_sig, jni_str};

use super::{AGENT, Answer, PATIENCE};

/// The bytes that are taken from the system at once.
const PIECE: usize = 64 << 10;

/// Asks for a file from byte `first` on.
pub fn ask(machine: &JavaVM, address: &str, first: u64) -> Result<Answer> {
    let answer = machine.attach_current_thread(|env| {
        let connection = connection(env, address, first)?;
        let status = env.call_method(&connection, jni_str!("getResponseCode"), jni_sig!("()I"), &[])?.i()?;
        let length =
            env.call_method(&connection, jni_str!("getContentLengthLong"), jni_sig!("()J"), &[])?.j()?;
        let range = header(env, &connection, "content-range")?;
        let body: Box<dyn Read> = match status {
            200 | 206 => Box::new(Body::of(env, machine, &connection)?),
            _ => Box::new(io::empty()),
        };
        Ok::<_, Error>(Answer {
            status: u16::try_from(status).unwrap_or(0),
            length: u64::try_from(length).ok(),
            range,
            body,
        })
    })?;
    Ok(answer)
}

/// A connection that is set up and not made yet.
fn connection<'a>(env: &mut Env<'a>, address: &str, first: u64) -> jni::errors::Result<JObject<'a>> {
    let address = env.new_string(address)?;
    let url = env.new_object(
        jni_str!("java/net/URL"),
        jni_sig!("(Ljava/lang/String;)V"),
        &[JValue::Object(&address)],
    )?;
    let connection = env
        .call_method(&url, jni_str!("openConnection"), jni_sig!("()Ljava/net/URLConnection;"), &[])?
        .l()?;
    let [accept, send] = PATIENCE.map(|seconds| i32::try_from(1000 * seconds).unwrap_or(i32::MAX));
    env.call_method(&connection, jni_str!("setConnectTimeout"), jni_sig!("(I)V"), &[accept.into()])?;
    env.call_method(&connection, jni_str!("setReadTimeout"), jni_sig!("(I)V"), &[send.into()])?;
    set_header(env, &connection, "user-agent", AGENT)?;
    set_header(env, &connection, "accept-encoding", "identity")?;
    if first > 0 {
        set_header(env, &connection, "range", &format!("bytes={first}-"))?;
    }
    Ok(connection)
}

fn set_header(
    env: &mut Env<'_>,
    connection: &JObject<'_>,
    name: &str,
    value: &str,
) -> jni::errors::Result<()> {
    let (name, value) = (env.new_string(name)?, env.new_string(value)?);
    let arguments = [JValue::Object(&name), JValue::Object(&value)];
    env.call_method(
        connection,
        jni_str!("setRequestProperty"),
        jni_sig!("(Ljava/lang/String;Ljava/lang/String;)V"),
        &arguments,
    )?;
    Ok(())
}

fn header(env: &mut Env<'_>, connection: &JObject<'_>, name: &str) -> jni::errors::Result<Option<String>> {
    let name = env.new_string(name)?;
    let value = env
        .call_method(
            connection,
            jni_str!("getHeaderField"),
            jni_sig!("(Ljava/lang/String;)Ljava/lang/String;"),
            &[JValue::Object(&name)],
        )?
        .l()?;
    if value.is_null() {
        return Ok(None);
    }
    Ok(Some(env.cast_local::<JString>(value)?.try_to_string(env)?))
}

/// The bytes that follow a reply's head.
struct Body {
    machine: JavaVM,
    connection: Global<JObject<'static>>,
    stream: Global<JObject<'static>>,
    piece: Global<JByteArray<'static>>,
}

impl Body {
    fn of(env: &mut Env<'_>, machine: &JavaVM, connection: &JObject<'_>) -> jni::errors::Result<Self> {
        let stream = env.call_method(
            connection,
            jni_str!("getInputStream"),
            jni_sig!("()Ljava/io/InputStream;"),
            &[],
        )?;
        let stream = stream.l()?;
        let piece = JByteArray::new(env, PIECE)?;
        Ok(Self {
            machine: machine.clone(),
            connection: env.new_global_ref(connection)?,
            stream: env.new_global_ref(stream)?,
            piece: env.new_global_ref(piece)?,
        })
    }
}

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len().min(PIECE);
        if most == 0 {
            return Ok(0);
        }
        let read = self.machine.attach_current_thread(|env| {
            let arguments = [JValue::Object(&self.piece), 0.into(), i32::try_from(most).unwrap_or(0).into()];
            let count =
                env.call_method(&self.stream, jni_str!("read"), jni_sig!("([BII)I"), &arguments)?.i()?;
            // The end is told by a negative count.
            let count = usize::try_from(count).unwrap_or(0).min(most);
            self.piece.get_region(env, 0, bytemuck::cast_slice_mut(&mut buffer[..count]))?;
            Ok::<_, Error>(count)
        });
        read.map_err(io::Error::other)
    }
}

/// Whatever has not come is not wanted any more.
impl Drop for Body {
    fn drop(&mut self) {
        let closed = self.machine.attach_current_thread(|env| {
            env.call_method(&self.connection, jni_str!("disconnect"), jni_sig!("()V"), &[])?;
            Ok::<_, Error>(())
        });
        if let Err(error) = closed {
            log::debug!("a connection is not closed: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    //! On the machine of a Java that is installed here, against a server in this process.

    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;
    use std::thread;

    use jni::{InitArgsBuilder, JNIVersion};

    use super::super::{Reply, get_by};
    use super::*;

    /// The file that the server has.
    fn file() -> Vec<u8> {
        (0..200_000u32).map(|index| (index.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
    }

    /// Serves `/file` whole or from a byte on, `/moved` that leads there, and `/cut`, which ends early.
    fn serve() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                let lines: Vec<_> = BufReader::new(&stream)
                    .lines()
                    .map_while(Result::ok)
                    .take_while(|line| !line.is_empty())
                    .collect();
                // The client may hang up at any time.
                let _ = stream.write_all(&reply(&lines));
            }
        });
        address
    }

    fn reply(request: &[String]) -> Vec<u8> {
        let file = file();
        let has = |header: &str| request.iter().any(|line| line.eq_ignore_ascii_case(header));
        let polite = has(&format!("user-agent: {AGENT}")) && has("accept-encoding: identity");
        let range = request.iter().find_map(|line| {
            let line = line.to_lowercase();
            line.strip_prefix("range: bytes=")?.strip_suffix('-')?.parse::<usize>().ok()
        });
        let path = request.first().and_then(|line| line.split(' ').nth(1)).unwrap_or_default();
        let length = file.len();
        let (head, body) = match (path, range) {
            _ if !polite => ("400 No\r\ncontent-length: 0".into(), &[][..]),
            ("/moved", _) => ("302 Found\r\nlocation: /file\r\ncontent-length: 0".into(), &[][..]),
            ("/cut", _) => (format!("200 OK\r\ncontent-length: {length}"), &file[..70_000]),
            ("/file", None) => (format!("200 OK\r\ncontent-length: {length}"), &file[..]),
            ("/file", Some(first)) if first >= length => ("416 No\r\ncontent-length: 0".into(), &[][..]),
            ("/file", Some(first)) => {
                let span = format!("content-range: bytes {first}-{}/{length}", length - 1);
                (format!("206 Part\r\ncontent-length: {}\r\n{span}", length - first), &file[first..])
            }
            _ => ("404 No\r\ncontent-length: 0".into(), &[][..]),
        };
        [format!("HTTP/1.1 {head}\r\nconnection: close\r\n\r\n").as_bytes(), body].concat()
    }

    fn bytes_of(reply: Reply) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut body = reply.body;
        body.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    #[test]
    fn the_systems_connections_bring_files_and_the_rest_of_files() {
        let arguments = InitArgsBuilder::new().version(JNIVersion::V1_8).option("-Xint").build();
        let machine = match JavaVM::new(arguments.expect("arguments of a Java machine")) {
            Ok(machine) => machine,
            Err(error) => return eprintln!("SKIPPED: no Java is installed here: {error}"),
        };
        let server = serve();
        let get = |path: &str, first| {
            get_by(|address, first| ask(&machine, address, first), &format!("{server}/{path}"), first)
        };
        let refusal = |path: &str| match get(path, 0) {
            Ok(_) => "nothing".into(),
            Err(error) => format!("{error:#}"),
        };
        let total = Some(file().len() as u64);
        for (path, first) in [("file", 0), ("file", 150_000), ("moved", 0), ("moved", 1)] {
            let reply = get(path, first).expect("a reply");
            assert_eq!((reply.first, reply.total), (first, total), "{path} from {first}");
            assert!(bytes_of(reply).expect("a body") == file()[first as usize..], "{path} from {first}");
        }
        let anew = get("file", 200_000).expect("the part at hand is as long as the file");
        assert!(anew.first == 0 && bytes_of(anew).expect("a body") == file());
        let cut = get("cut", 0).expect("a head").body.read_to_end(&mut Vec::new());
        assert!(cut.map_or(true, |count| count == 70_000), "no more comes than was sent");
        assert!(refusal("nothing").contains("answers with 404"), "{}", refusal("nothing"));
        let nobody = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let address = format!("http://{}/file", nobody.expect("a port that was free"));
        let error = ask(&machine, &address, 0).err().expect("nobody listens there");
        assert!(format!("{error:#}").contains("onnect"), "{error:#}");
    }
}
