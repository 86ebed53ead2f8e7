//! The catalogue and its downloads, against a server on this machine.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;

use matte::catalogue::download::{Go, Wanted, fetch};
use matte::catalogue::{ENTRIES, hash_of};

/// A folder of the test's own, cleared away afterwards.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("matte-models-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a temporary folder");
        Self(folder)
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).expect("the folder is there");
        let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
        entries.map(|entry| name(entry.expect("an entry"))).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // The system clears its temporary folder too.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// How the server answers a request.
#[derive(Clone, Copy)]
enum Answer {
    /// With the file, or the part of it that is asked for.
    Whole,
    /// With the whole file, whatever is asked for.
    NoRanges,
    /// With the file's announced length, but so many bytes only.
    Cut(usize),
    /// With an error.
    Status(u16),
    /// From another address.
    Elsewhere,
}

/// A server of one file. It gives the answers in turn, the last one again and again, and keeps the requests' ranges.
struct Server {
    address: String,
    ranges: Arc<Mutex<Vec<Option<usize>>>>,
}

impl Server {
    fn start(file: Vec<u8>, answers: &[Answer]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let ranges = Arc::new(Mutex::new(Vec::new()));
        let (answers, asked) = (answers.to_vec(), Arc::clone(&ranges));
        thread::spawn(move || {
            for (index, stream) in listener.incoming().enumerate() {
                let mut stream = stream.expect("a connection");
                let range = range_of(&mut BufReader::new(&stream));
                asked.lock().expect("the list").push(range);
                let answer = answers[index.min(answers.len() - 1)];
                // The client may hang up at any time.
                let _ = stream.write_all(&reply(answer, &file, range));
            }
        });
        Self { address: format!("{address}/model.tflite"), ranges }
    }

    fn ranges(&self) -> Vec<Option<usize>> {
        self.ranges.lock().expect("the list").clone()
    }
}

fn range_of(request: &mut impl BufRead) -> Option<usize> {
    let lines: Vec<_> = request.lines().map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
    let range =
        lines.iter().find_map(|line| line.to_lowercase().strip_prefix("range: bytes=").map(str::to_owned))?;
    range.strip_suffix('-').and_then(|first| first.parse().ok())
}

fn reply(answer: Answer, file: &[u8], range: Option<usize>) -> Vec<u8> {
    let close = "connection: close\r\n\r\n";
    let (first, limit) = match answer {
        Answer::Whole => (range.unwrap_or(0), file.len()),
        Answer::NoRanges => (0, file.len()),
        Answer::Cut(limit) => (range.unwrap_or(0), limit),
        Answer::Status(status) => {
            return format!("HTTP/1.1 {status} No\r\ncontent-length: 0\r\n{close}").into_bytes();
        }
        Answer::Elsewhere => {
            return format!("HTTP/1.1 302 Found\r\nlocation: /there\r\ncontent-length: 0\r\n{close}")
                .into_bytes();
        }
    };
    let rest = &file[first..];
    let status = match first {
        0 => "200 OK\r\n".to_owned(),
        _ => format!("206 Part\r\ncontent-range: bytes {first}-{}/{}\r\n", file.len() - 1, file.len()),
    };
    let head = format!("HTTP/1.1 {status}content-length: {}\r\n{close}", rest.len());
    [head.as_bytes(), &rest[..rest.len().min(limit)]].concat()
}

fn file() -> Vec<u8> {
    (0..300_000u32).map(|index| (index.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

fn wanted(server: &Server, file: &[u8]) -> Wanted {
    Wanted {
        address: server.address.clone(),
        bytes: file.len() as u64,
        sha256: hash_of(file),
        file: "model.tflite".into(),
    }
}

fn refusal(wanted: &Wanted, folder: &Folder) -> String {
    let error = fetch(wanted, &folder.0, |_| Go::On).expect_err("the transfer fails");
    assert!(!folder.names().contains(&"model.tflite".into()), "no half a model: {:?}", folder.names());
    format!("{error:#}")
}

#[test]
fn a_whole_file_comes_and_is_not_fetched_twice() {
    let (folder, file) = (Folder::new("whole"), file());
    let server = Server::start(file.clone(), &[Answer::Elsewhere, Answer::Whole]);
    let mut heard = Vec::new();
    let listen = |bytes| {
        heard.push(bytes);
        Go::On
    };
    let path = fetch(&wanted(&server, &file), &folder.0, listen).expect("the file comes");
    assert_eq!(fs::read(&path).expect("a file"), file);
    assert_eq!(folder.names(), ["model.tflite"]);
    assert!(heard.is_sorted() && heard.first() == Some(&0) && heard.last() == Some(&(file.len() as u64)));
    let requests = server.ranges().len();
    fetch(&wanted(&server, &file), &folder.0, |_| Go::On).expect("it is there");
    assert_eq!(server.ranges().len(), requests);
}

#[test]
fn a_cut_transfer_goes_on_where_it_ended() {
    let (folder, file) = (Folder::new("cut"), file());
    let server = Server::start(file.clone(), &[Answer::Cut(100_000), Answer::Cut(50_000), Answer::Whole]);
    fetch(&wanted(&server, &file), &folder.0, |_| Go::On).expect("the third transfer ends it");
    assert_eq!(server.ranges(), [None, Some(100_000), Some(150_000)]);
    assert_eq!(fs::read(folder.0.join("model.tflite")).expect("a file"), file);
}

#[test]
fn a_transfer_that_is_stopped_or_dies_goes_on_another_time() {
    let (folder, file) = (Folder::new("later"), file());
    let server = Server::start(file.clone(), &[Answer::Cut(70_000), Answer::Cut(0), Answer::Whole]);
    assert!(refusal(&wanted(&server, &file), &folder).contains("cut after 70000 of 300000 bytes"));
    let stop = |bytes| if bytes > 100_000 { Go::Stop } else { Go::On };
    let stopped = fetch(&wanted(&server, &file), &folder.0, stop).expect_err("it is stopped");
    assert!(format!("{stopped:#}").contains("stopped"), "{stopped:#}");
    fetch(&wanted(&server, &file), &folder.0, |_| Go::On).expect("the rest comes");
    let ranges = server.ranges();
    assert_eq!(ranges[..3], [None, Some(70_000), Some(70_000)]);
    assert!(ranges[3] > Some(100_000), "{ranges:?}");
    assert_eq!(fs::read(folder.0.join("model.tflite")).expect("a file"), file);
}

#[test]
fn a_server_without_ranges_sends_the_whole_again() {
    let (folder, file) = (Folder::new("ranges"), file());
    let server = Server::start(file.clone(), &[Answer::Cut(70_000), Answer::NoRanges]);
    fetch(&wanted(&server, &file), &folder.0, |_| Go::On).expect("the file comes");
    assert_eq!(server.ranges(), [None, Some(70_000)]);
    assert_eq!(fs::read(folder.0.join("model.tflite")).expect("a file"), file);
}

#[test]
fn another_file_of_the_same_size_is_refused() {
    let (folder, file) = (Folder::new("hash"), file());
    let mut other = file.clone();
    other[1234] ^= 1;
    let server = Server::start(other, &[Answer::Whole]);
    let wanted = wanted(&server, &file);
    assert!(refusal(&wanted, &folder).contains("is not the model"));
    let part = fs::metadata(folder.0.join("model.tflite.part")).expect("the lock's file");
    assert_eq!(part.len(), 0, "nothing of it is built upon");
}

#[test]
fn a_file_of_another_size_is_refused_before_it_comes() {
    for size in [10, 400_000] {
        let (folder, file) = (Folder::new("size"), file());
        let server = Server::start(vec![0; size], &[Answer::Whole]);
        let sentence = refusal(&wanted(&server, &file), &folder);
        assert!(sentence.contains(&format!("has {size} bytes, the model has 300000")), "{sentence}");
    }
}

#[test]
fn a_servers_refusal_and_a_missing_server_are_one_sentence() {
    let (folder, file) = (Folder::new("status"), file());
    for status in [403, 404, 500, 503] {
        let server = Server::start(file.clone(), &[Answer::Status(status)]);
        let sentence = refusal(&wanted(&server, &file), &folder);
        assert!(sentence.contains(&format!("answers with {status}")), "{sentence}");
    }
    let nobody = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let wanted = Wanted {
        address: format!("http://{nobody}/x"),
        ..wanted(&Server::start(vec![], &[Answer::Whole]), &file)
    };
    assert!(refusal(&wanted, &folder).contains("cannot be reached"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_said_and_leaves_nothing() {
    let (folder, file) = (Folder::new("full"), file());
    let server = Server::start(file.clone(), &[Answer::Whole]);
    std::os::unix::fs::symlink("/dev/full", folder.0.join("model.tflite.part")).expect("a link");
    assert!(refusal(&wanted(&server, &file), &folder).contains("there is no room"));
    assert_eq!(folder.names(), [""; 0]);
}

#[test]
fn two_programs_do_not_write_one_file() {
    let (folder, file) = (Folder::new("two"), file());
    let server = Server::start(file.clone(), &[Answer::Whole]);
    let wanted = wanted(&server, &file);
    let mut second = None;
    let meanwhile = |_| {
        second.get_or_insert_with(|| {
            format!("{:#}", fetch(&wanted, &folder.0, |_| Go::On).expect_err("it is locked"))
        });
        Go::On
    };
    fetch(&wanted, &folder.0, meanwhile).expect("the first one ends");
    assert!(second.is_some_and(|sentence| sentence.contains("another program")));
}

fn matte(data: &Path, arguments: &[&str]) -> std::process::Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_matte"));
    program.arg("models").args(arguments).env("XDG_DATA_HOME", data);
    program.output().expect("the program starts")
}

#[test]
fn the_list_names_every_model_with_its_license() {
    let folder = Folder::new("list");
    let output = matte(&folder.0, &[]);
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for entry in ENTRIES {
        let card = entry.card().expect("a card");
        assert!(text.contains(entry.name) && text.contains(&card.license) && text.contains(&card.origin));
        assert_eq!(text.contains(&format!("matte models get {}\n", entry.name)), !entry.is_carried());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn the_command_fetches_only_the_pinned_file() {
    let folder = Folder::new("get");
    let server = Server::start(vec![7; 508_786], &[Answer::Whole]);
    let output = matte(&folder.0, &["get", "mobilenet_v1_0.25_quant", "--from", &server.address]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("is not the model"), "{said}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("Apache-2.0"));
    let unknown = matte(&folder.0, &["get", "nobody"]);
    assert_eq!(unknown.status.code(), Some(2));

    let shared = std::env::var_os("MATTE_TEST_DATA").map_or_else(|| "../../shared".into(), PathBuf::from);
    let Ok(model) = fs::read(shared.join("models/reference/mobilenet_v1_0.25_224_quant.tflite")) else {
        return println!("SKIPPED: the model itself is not at hand; MATTE_TEST_DATA names its folder");
    };
    let server = Server::start(model.clone(), &[Answer::Cut(200_000), Answer::Whole]);
    let output = matte(&folder.0, &["get", "mobilenet_v1_0.25_quant", "--from", &server.address]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let path = folder.0.join("matte/models/mobilenet_v1_0.25_quant.tflite");
    assert_eq!(fs::read(path).expect("the model"), model);
    assert!(String::from_utf8_lossy(&matte(&folder.0, &[]).stdout).contains("in "));
}

#[test]
fn cards_of_downloads_describe_the_files_at_hand() {
    let shared = std::env::var_os("MATTE_TEST_DATA").map_or_else(|| "../../shared".into(), PathBuf::from);
    let Ok(folder) = fs::read_dir(shared.join("models/reference")) else {
        return println!("SKIPPED: the models are not at hand; MATTE_TEST_DATA names their folder");
    };
    let paths = folder.map(|entry| entry.expect("an entry").path());
    let hashes: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "tflite"))
        .map(|path| fs::read(path).expect("a model"))
        .map(|bytes| (bytes.len() as u64, hash_of(&bytes)))
        .collect();
    for entry in ENTRIES.iter().filter(|entry| !entry.is_carried()) {
        let card = entry.card().expect("a card");
        assert!(hashes.contains(&(card.bytes, card.sha256)), "{}", entry.name);
    }
}
