//! The repository's Rust files as tokens: what comments and strings say does not count.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::fs;
use std::path::{Path, PathBuf};

/// The repository's root.
pub fn root() -> PathBuf {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    crate_folder.parent().expect("a crate lies in the repository").to_path_buf()
}

/// One file: its place in the crate (`["ops", "conv2d", "cpu"]`; empty for `lib.rs`), its text, its tokens.
pub struct SourceFile {
    /// Relative to the repository's root.
    pub path: PathBuf,
    pub module: Vec<String>,
    pub text: String,
    pub tokens: TokenStream,
}

/// Every `.rs` file under `folder` (relative to the root), in the order of their paths.
pub fn files_under(folder: &str) -> Vec<SourceFile> {
    let base = root().join(folder);
    let mut paths = Vec::new();
    collect(&base, &mut paths);
    paths.sort();
    paths.iter().map(|path| read(path, &base)).collect()
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder is readable") {
        let path = entry.expect("the entry is readable").path();
        if path.is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            paths.push(path);
        }
    }
}

fn read(path: &Path, base: &Path) -> SourceFile {
    let text = fs::read_to_string(path).expect("the file is readable");
    let tokens = text.parse().unwrap_or_else(|error| panic_at(path, &error));
    let mut module: Vec<String> = path
        .strip_prefix(base)
        .expect("the file lies under the folder")
        .with_extension("")
        .iter()
        .map(|part| part.to_string_lossy().into_owned())
        .collect();
    module.pop_if(|last| matches!(last.as_str(), "mod" | "lib" | "main"));
    let path = path.strip_prefix(root()).expect("the file lies in the repository").to_path_buf();
    SourceFile { path, module, text, tokens }
}

#[expect(clippy::panic, reason = "a test's failure")]
fn panic_at(path: &Path, error: &dyn std::fmt::Display) -> TokenStream {
    panic!("{}: {error}", path.display())
}

/// A path that starts at the crate's root: the first name after `crate::`, or after enough `super::`, and its line.
#[derive(Debug, PartialEq)]
pub struct RootName {
    pub name: String,
    pub line: usize,
}

/// Every name that `tokens`, standing in `module`, takes from the crate's root.
pub fn root_names(tokens: TokenStream, module: &[String]) -> Vec<RootName> {
    let mut names = Vec::new();
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while at < trees.len() {
        let inline_module = match &trees[at..] {
            [TokenTree::Ident(keyword), TokenTree::Ident(name), TokenTree::Group(body), ..]
                if keyword == "mod" =>
            {
                Some((name.to_string(), body))
            }
            _ => None,
        };
        if let Some((name, body)) = inline_module {
            let inner = [module, &[name]].concat();
            names.extend(root_names(body.stream(), &inner));
            at += 3;
        } else if let Some((depth, after)) = climb(&trees, at, module.len()) {
            if depth == 0 {
                names.extend(first_names(&trees[after..]));
            }
            at = after;
        } else {
            if let TokenTree::Group(group) = &trees[at] {
                names.extend(root_names(group.stream(), module));
            }
            at += 1;
        }
    }
    names
}

/// Reads `crate::` or `super::super::` at `at`: how deep below the root it leads, and where the path goes on.
fn climb(trees: &[TokenTree], at: usize, depth: usize) -> Option<(usize, usize)> {
    if is_ident(trees.get(at)?, "crate") && is_path_separator(&trees[at + 1..]) {
        return Some((0, at + 3));
    }
    let (mut depth, mut after) = (depth, at);
    while trees.get(after).is_some_and(|tree| is_ident(tree, "super"))
        && is_path_separator(&trees[after + 1..])
    {
        depth = depth.saturating_sub(1);
        after += 3;
    }
    (after > at).then_some((depth, after))
}

/// Every first name of a path that starts with `start::`.
pub fn names_after(start: &str, tokens: TokenStream) -> Vec<RootName> {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    let mut names = Vec::new();
    for (at, tree) in trees.iter().enumerate() {
        match tree {
            TokenTree::Group(group) => names.extend(names_after(start, group.stream())),
            _ if is_ident(tree, start) && is_path_separator(&trees[at + 1..]) => {
                names.extend(first_names(&trees[at + 3..]));
            }
            _ => {}
        }
    }
    names
}

fn first_names(rest: &[TokenTree]) -> Vec<RootName> {
    match rest.first() {
        Some(TokenTree::Ident(ident)) => {
            vec![RootName { name: ident.to_string(), line: ident.span().start().line }]
        }
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
            let trees: Vec<TokenTree> = group.stream().into_iter().collect();
            trees.split(|tree| is_punct(tree, ',')).flat_map(first_names).collect()
        }
        _ => Vec::new(),
    }
}

/// Every identifier with what follows it, groups entered, in the order of the text.
pub fn for_each_ident(tokens: TokenStream, visit: &mut impl FnMut(&proc_macro2::Ident, Option<&TokenTree>)) {
    let trees: Vec<TokenTree> = tokens.into_iter().collect();
    for (at, tree) in trees.iter().enumerate() {
        match tree {
            TokenTree::Ident(ident) => visit(ident, trees.get(at + 1)),
            TokenTree::Group(group) => for_each_ident(group.stream(), visit),
            _ => {}
        }
    }
}

fn is_ident(tree: &TokenTree, name: &str) -> bool {
    matches!(tree, TokenTree::Ident(ident) if ident == name)
}

fn is_punct(tree: &TokenTree, punct: char) -> bool {
    matches!(tree, TokenTree::Punct(p) if p.as_char() == punct)
}

fn is_path_separator(trees: &[TokenTree]) -> bool {
    matches!(trees, [first, second, ..] if is_punct(first, ':') && is_punct(second, ':'))
}

#[test]
fn names_from_the_root_are_found_through_groups_supers_and_inline_modules() {
    let names = |text: &str, module: &[&str]| -> Vec<String> {
        let module: Vec<String> = module.iter().map(|part| part.to_string()).collect();
        let tokens = text.parse().expect("the text is Rust");
        root_names(tokens, &module).into_iter().map(|found| found.name).collect()
    };
    let cases: [(&str, &[&str], &[&str]); 8] = [
        ("use crate::graph::Node;", &["ops"], &["graph"]),
        ("use crate::{graph::{Node, Value}, tensor};", &["ops"], &["graph", "tensor"]),
        ("use super::super::plan::Plan;", &["ops", "conv2d"], &["plan"]),
        ("use super::Operand;", &["ops", "conv2d"], &[]),
        ("mod tests { use super::*; use super::super::gpu; }", &["plan"], &["gpu"]),
        ("fn f() { let x = crate::cpu::run(1); }", &["graph"], &["cpu"]),
        ("pub(crate) fn f() {} pub(in crate::ops) fn g() {}", &["ops"], &["ops"]),
        ("// crate::gpu\nconst S: &str = \"crate::gpu\";", &["ops"], &[]),
    ];
    for (text, module, expected) in cases {
        assert_eq!(names(text, module), expected, "{text}");
    }
}
