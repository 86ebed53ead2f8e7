//! A preprocessor of a page: conditional and repeated text.

use crate::error::{Error, Result};

/// Expands `#if NAME` (non-zero), `#if !NAME`, `#else`, `#endif`, `#for i in A..B` and `#end` in `source`. `A` and `B`
/// are integers or names of `defines`; in a repeated line `$i` or `$i$` stands for the number. Blocks nest.
pub fn preprocess(source: &str, defines: &[(&str, i64)]) -> Result<String> {
    let lines: Vec<&str> = source.lines().collect();
    let mut out = String::with_capacity(source.len());
    let end = block(&lines, 0, defines, &mut Vec::new(), &mut out)?;
    match end == lines.len() {
        true => Ok(out),
        false => Err(stray(lines[end])),
    }
}

fn stray(line: &str) -> Error {
    Error::invalid(format!("a kernel's source has a stray or unclosed `{}`", line.trim()))
}

/// Expands lines from `at` up to the line that closes the block; returns that line's index.
fn block(
    lines: &[&str],
    mut at: usize,
    defines: &[(&str, i64)],
    loops: &mut Vec<(String, i64)>,
    out: &mut String,
) -> Result<usize> {
    while let Some(&line) = lines.get(at) {
        let mut words = line.split_whitespace();
        match words.next() {
            Some("#if") => at = conditional(lines, at, defines, loops, out)?,
            Some("#for") => at = repeated(lines, at, defines, loops, out)?,
            Some("#else" | "#endif" | "#end") => return Ok(at),
            _ => {
                out.push_str(&substituted(line, loops));
                out.push('\n');
                at += 1;
            }
        }
    }
    Ok(at)
}

fn conditional(
    lines: &[&str],
    at: usize,
    defines: &[(&str, i64)],
    loops: &mut Vec<(String, i64)>,
    out: &mut String,
) -> Result<usize> {
    let name = lines[at].trim().trim_start_matches("#if").trim();
    let (name, wanted) = match name.strip_prefix('!') {
        Some(name) => (name, false),
        None => (name, true),
    };
    let taken = (number(name, defines, loops)? != 0) == wanted;
    let mut unused = String::new();
    let mut end = block(lines, at + 1, defines, loops, if taken { &mut *out } else { &mut unused })?;
    if lines.get(end).is_some_and(|line| line.trim() == "#else") {
        end = block(lines, end + 1, defines, loops, if taken { &mut unused } else { out })?;
    }
    match lines.get(end).is_some_and(|line| line.trim() == "#endif") {
        true => Ok(end + 1),
        false => Err(stray(lines[at])),
    }
}

fn repeated(
    lines: &[&str],
    at: usize,
    defines: &[(&str, i64)],
    loops: &mut Vec<(String, i64)>,
    out: &mut String,
) -> Result<usize> {
    let parts: Vec<&str> = lines[at].split_whitespace().collect();
    let [_, name, "in", range] = parts[..] else { return Err(stray(lines[at])) };
    let (low, high) = range.split_once("..").ok_or_else(|| stray(lines[at]))?;
    let (low, high) = (number(low, defines, loops)?, number(high, defines, loops)?);
    let mut unused = String::new();
    let end = {
        loops.push((name.to_string(), low));
        let end = block(lines, at + 1, defines, loops, &mut unused)?;
        loops.pop();
        end
    };
    if lines.get(end).is_none_or(|line| line.trim() != "#end") {
        return Err(stray(lines[at]));
    }
    for value in low..high {
        loops.push((name.to_string(), value));
        block(lines, at + 1, defines, loops, out)?;
        loops.pop();
    }
    Ok(end + 1)
}

fn number(text: &str, defines: &[(&str, i64)], loops: &[(String, i64)]) -> Result<i64> {
    let named =
        || loops.iter().rev().find(|(name, _)| text.strip_prefix('$') == Some(name)).map(|&(_, value)| value);
    let defined = || defines.iter().find(|(name, _)| *name == text).map(|&(_, value)| value);
    text.parse()
        .ok()
        .or_else(named)
        .or_else(defined)
        .ok_or_else(|| Error::invalid(format!("a kernel's source names `{text}`, which is not defined")))
}

fn substituted(line: &str, loops: &[(String, i64)]) -> String {
    let mut text = line.to_string();
    for (name, value) in loops.iter().rev() {
        text = text.replace(&format!("${name}$"), &value.to_string());
        text = text.replace(&format!("${name}"), &value.to_string());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::preprocess;

    #[test]
    fn blocks_nest_and_names_are_replaced() {
        let source = "#for i in 0..N\n#if WIDE\nlet a_$i$_x = $i;\n#else\nlet b$i = 0;\n#endif\n#end\nlast";
        assert_eq!(
            preprocess(source, &[("N", 2), ("WIDE", 1)]).expect("valid"),
            "let a_0_x = 0;\nlet a_1_x = 1;\nlast\n"
        );
        assert_eq!(preprocess(source, &[("N", 1), ("WIDE", 0)]).expect("valid"), "let b0 = 0;\nlast\n");
    }

    #[test]
    fn unclosed_and_stray_lines_are_errors() {
        for source in ["#if A\nx", "#endif", "#for i in 0..2\nx", "#for i in 0..B\n#end", "#if B\n#endif"] {
            assert!(preprocess(source, &[("A", 1)]).is_err(), "{source}");
        }
    }
}
