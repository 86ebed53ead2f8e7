//! A preprocessor of a page: conditional and repeated text.

use super::expression::evaluate;
use crate::error::{Error, Result};

/// Expands `#if A` (non-zero), `#else`, `#endif`, `#for i in A..B` and `#end` in `source`. `A` and `B` are expressions of
/// integers and names of `defines` (in `#for` without spaces); in a repeated line `$i` or `$i$` stands for the number.
/// `$(A)` in any line stands for the expression's value; loops' numbers are names in it. Blocks nest.
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
                out.push_str(&substituted(line, defines, loops)?);
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
    let condition = lines[at].trim().trim_start_matches("#if").trim();
    let taken = number(condition, defines, loops)? != 0;
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
    let value_of = |name: &str| {
        let bare = name.strip_prefix('$').unwrap_or(name);
        let looped = loops.iter().rev().find(|(known, _)| known == bare).map(|&(_, value)| value);
        looped.or_else(|| defines.iter().find(|(known, _)| *known == name).map(|&(_, value)| value))
    };
    evaluate(text, &value_of).ok_or_else(|| {
        Error::invalid(format!("a kernel's source has `{text}`, which has no value where it stands"))
    })
}

fn substituted(line: &str, defines: &[(&str, i64)], loops: &[(String, i64)]) -> Result<String> {
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("$(") {
        let end = closing(after).ok_or_else(|| stray(line))?;
        text.push_str(before);
        text.push_str(&number(&after[..end], defines, loops)?.to_string());
        rest = &after[end + 1..];
    }
    text.push_str(rest);
    for (name, value) in loops.iter().rev() {
        text = text.replace(&format!("${name}$"), &value.to_string());
        text = text.replace(&format!("${name}"), &value.to_string());
    }
    Ok(text)
}

/// The place of the parenthesis that closes one opened before `text`.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0;
    text.char_indices().find_map(|(at, c)| match c {
        '(' => {
            depth += 1;
            None
        }
        ')' if depth == 0 => Some(at),
        ')' => {
            depth -= 1;
            None
        }
        _ => None,
    })
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
    fn expressions_stand_for_their_values() {
        let source = "#for i in 0..N+1\n#if $i<N\nlet a$(i*S+(1-i)) = b_$i$_$(N);\n#endif\n#end";
        assert_eq!(
            preprocess(source, &[("N", 2), ("S", 5)]).expect("valid"),
            "let a1 = b_0_2;\nlet a5 = b_1_2;\n"
        );
    }

    #[test]
    fn unclosed_and_stray_lines_are_errors() {
        for source in [
            "#if A\nx",
            "#endif",
            "#for i in 0..2\nx",
            "#for i in 0..B\n#end",
            "#if B\n#endif",
            "$(A",
            "$(A+)",
        ] {
            assert!(preprocess(source, &[("A", 1)]).is_err(), "{source}");
        }
    }
}
