//! Who may use whom: the engine's order of modules, the application's pipeline apart from its window, `wgpu` in one
//! place, `unsafe` in few.

use crate::snapshot;
use crate::source::{self, SourceFile};
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::collections::BTreeMap;

/// The engine's modules from the top down: a module uses only lines below its own.
const LINES: [&[&str]; 11] = [
    &["session"],
    &["quantize"],
    &["tune"],
    &["cpu", "gpu"],
    &["plan"],
    &["tflite", "passes"],
    &["graph"],
    &["ops"],
    &["schema", "gemm", "wgsl"],
    &["tensor", "simd", "pool", "store"],
    &["error"],
];

/// Where `unsafe` may stand, by the start of the path.
const UNSAFE_FOLDERS: [&str; 10] = [
    "engine/src/simd/",
    "engine/src/gemm/",
    "engine/src/schema/",
    "engine/src/pool/",
    "engine/src/cpu/",
    "engine/src/gpu/driver.rs",
    "app/src/platform/",
    "app/src/camera/android",
    "app/src/camera/v4l2/",
    "app/src/output/virtual_camera/loopback.rs",
];

fn line_of(module: &str) -> Option<usize> {
    LINES.iter().position(|line| line.contains(&module))
}

fn place(file: &SourceFile, line: usize) -> String {
    format!("{}:{line}", file.path.display())
}

#[test]
fn an_engine_module_uses_only_lines_below_its_own() {
    let files = source::files_under("engine/src");
    let reexports =
        files.iter().filter(|file| file.module.is_empty()).map(|file| reexports(file.tokens.clone()));
    let at_root: BTreeMap<String, String> =
        reexports.flatten().chain(files.iter().flat_map(macros)).collect();
    let mut wrong = Vec::new();
    for file in &files {
        let Some(own) = file.module.first() else { continue };
        let Some(own_line) = line_of(own) else {
            wrong.push(format!("{}: the module `{own}` has no line in LINES", file.path.display()));
            continue;
        };
        for found in source::root_names(file.tokens.clone(), &file.module) {
            let used = at_root.get(&found.name).unwrap_or(&found.name);
            match line_of(used) {
                _ if used == own => {}
                Some(line) if line > own_line => {}
                Some(_) => wrong.push(format!("{}: `{own}` uses `{used}`", place(file, found.line))),
                None => wrong.push(format!("{}: `{used}` is no module of LINES", place(file, found.line))),
            }
        }
    }
    assert!(wrong.is_empty(), "a module uses only lines below its own:\n{}", wrong.join("\n"));
}

/// `session` hands the caller's device, encoder and textures through to `gpu`: it names these types and makes nothing
/// of them.
#[test]
fn only_gpu_uses_wgpu() {
    let files = source::files_under("engine/src");
    let outside =
        |file: &&SourceFile| !["gpu", "session"].contains(&file.module.first().map_or("gpu", String::as_str));
    assert_no_crate(files.iter().filter(outside), &["wgpu"]);
    let handles = ["BufferBinding", "CommandEncoder", "Device", "Queue", "Texture", "TextureView"];
    let mut wrong = Vec::new();
    for file in files.iter().filter(|file| file.module.first().is_some_and(|module| module == "session")) {
        for found in source::names_after("wgpu", file.tokens.clone()) {
            if !handles.contains(&found.name.as_str()) {
                wrong.push(format!("{}: wgpu::{}", place(file, found.line), found.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{handles:?} are all that the session may name:\n{}", wrong.join("\n"));
}

#[test]
fn pipeline_and_camera_see_no_window() {
    let mut wrong = Vec::new();
    for folder in ["pipeline", "camera"] {
        let files = source::files_under("app/src");
        let files: Vec<&SourceFile> =
            files.iter().filter(|file| file.module.first().is_some_and(|module| module == folder)).collect();
        assert_no_crate(files.iter().copied(), &["winit", "egui", "egui_wgpu", "egui_winit"]);
        for file in files {
            for found in source::root_names(file.tokens.clone(), &file.module) {
                if ["app", "ui", "render", "cli"].contains(&found.name.as_str()) {
                    wrong.push(format!("{}: `{folder}` uses `{}`", place(file, found.line), found.name));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "the picture's way knows nothing of the window:\n{}", wrong.join("\n"));
}

/// What reaches another machine, and the only folder whose files may name it: a private module of the catalogue.
const NETWORK: [&str; 4] = ["ureq", "TcpStream", "TcpListener", "UdpSocket"];
const ON_THE_NETWORK: &str = "app/src/catalogue/http/";

/// The only files that may name the module that asks there: its parent, the shelf for the models' folder, a command of
/// the command line, and what a click in the window asks for.
const FETCHING: [&str; 4] = [
    "app/src/catalogue/mod.rs",
    "app/src/catalogue/shelf.rs",
    "app/src/cli/models.rs",
    "app/src/app/models.rs",
];

#[test]
fn the_network_is_reached_from_one_place_on_request() {
    let (mut wrong, mut reached) = (Vec::new(), 0);
    for file in source::files_under("engine/src").iter().chain(&source::files_under("app/src")) {
        let path = file.path.to_string_lossy().replace('\\', "/");
        let on_the_network = path.starts_with(ON_THE_NETWORK);
        source::for_each_ident(file.tokens.clone(), &mut |ident, _| {
            let reaches = NETWORK.iter().any(|name| ident == name);
            reached += usize::from(reaches);
            let fetches = ident == "download" && !FETCHING.contains(&path.as_str());
            if (reaches && !on_the_network) || fetches {
                wrong.push(format!("{}: {ident}", place(file, ident.span().start().line)));
            }
        });
        if file.text.contains("java/net/") && !on_the_network {
            wrong.push(format!("{path}: java.net"));
        }
    }
    assert!(reached > 0 && wrong.is_empty(), "these reach the network:\n{}", wrong.join("\n"));
}

#[test]
fn unsafe_stands_only_where_allowed_and_says_why_it_is_sound() {
    let mut wrong = Vec::new();
    let mut counts = BTreeMap::new();
    for file in source::files_under("engine/src").iter().chain(&source::files_under("app/src")) {
        let lines: Vec<&str> = file.text.lines().collect();
        source::for_each_ident(file.tokens.clone(), &mut |ident, next| {
            if ident != "unsafe" {
                return;
            }
            *counts.entry(file.path.to_string_lossy().replace('\\', "/")).or_insert(0) += 1;
            let line = ident.span().start().line;
            if !may_be_unsafe(file) {
                wrong.push(format!("{}: unsafe is not allowed here", place(file, line)));
            }
            if needs_a_reason(next) && !says_why(&lines, line) {
                wrong.push(format!("{}: no SAFETY comment", place(file, line)));
            }
        });
    }
    let count: usize = counts.values().sum();
    assert!(wrong.is_empty(), "{} of {count} uses of unsafe are wrong:\n{}", wrong.len(), wrong.join("\n"));
    let lines: String = counts.iter().map(|(file, count)| format!("| `{file}` | {count} |\n")).collect();
    let text = format!("| file | uses of `unsafe` |\n|---|---|\n{lines}| all | {count} |\n");
    snapshot::check("unsafe.md", &text);
}

fn may_be_unsafe(file: &SourceFile) -> bool {
    let path = file.path.to_string_lossy().replace('\\', "/");
    let cpu_kernel = path.starts_with("engine/src/ops/") && file.module.iter().any(|part| part == "cpu");
    cpu_kernel || UNSAFE_FOLDERS.iter().any(|folder| path.starts_with(folder))
}

/// A block and an implementation state why they are sound; a function states what its caller must hold.
fn needs_a_reason(next: Option<&TokenTree>) -> bool {
    match next {
        Some(TokenTree::Group(group)) => group.delimiter() == Delimiter::Brace,
        Some(TokenTree::Ident(ident)) => ident == "impl",
        _ => false,
    }
}

/// Whether a SAFETY comment stands on the line, or above it with only comments and the statement's start between.
fn says_why(lines: &[&str], line: usize) -> bool {
    lines[line.saturating_sub(12)..line].iter().any(|line| line.contains("SAFETY:"))
}

fn assert_no_crate<'a>(files: impl Iterator<Item = &'a SourceFile>, crates: &[&str]) {
    let mut wrong = Vec::new();
    for file in files {
        source::for_each_ident(file.tokens.clone(), &mut |ident, _| {
            if crates.iter().any(|name| ident == name) {
                wrong.push(format!("{}: {ident}", place(file, ident.span().start().line)));
            }
        });
    }
    assert!(wrong.is_empty(), "{crates:?} may not be named here:\n{}", wrong.join("\n"));
}

/// The names that `lib.rs` takes up from its modules, each with its module: `pub use error::{Error, Result};`.
fn reexports(tokens: TokenStream) -> Vec<(String, String)> {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let mut found = Vec::new();
    for statement in trees.split(|tree| matches!(tree, TokenTree::Punct(p) if p.as_char() == ';')) {
        let Some(start) = statement.iter().position(|tree| matches!(tree, TokenTree::Ident(i) if i == "use"))
        else {
            continue;
        };
        let mut names = Vec::new();
        source::for_each_ident(statement[start + 1..].iter().cloned().collect(), &mut |ident, _| {
            names.push(ident.to_string());
        });
        names.retain(|name| name != "crate" && name != "self");
        if let Some((module, names)) = names.split_first() {
            found.extend(names.iter().map(|name| (name.clone(), module.clone())));
        }
    }
    found
}

/// The macros that a file exports to the crate's root, with the file's module.
fn macros(file: &SourceFile) -> Vec<(String, String)> {
    let Some(module) = file.module.first() else { return Vec::new() };
    let trees: Vec<TokenTree> = file.tokens.clone().into_iter().collect();
    let named = |window: &[TokenTree]| match window {
        [TokenTree::Ident(keyword), _, TokenTree::Ident(name)] if keyword == "macro_rules" => {
            Some(name.to_string())
        }
        _ => None,
    };
    trees.windows(3).filter_map(named).map(|name| (name, module.clone())).collect()
}
