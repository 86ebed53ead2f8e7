//! Integer expressions of the preprocessor's lines: names, `+ - * /`, comparisons, `&&`, `||`, `!` and parentheses.

/// The value of `text`, whose names `value_of` knows; none where it is no expression, names something unknown or
/// overflows. Comparisons give 0 or 1.
pub fn evaluate(text: &str, value_of: &dyn Fn(&str) -> Option<i64>) -> Option<i64> {
    let mut parser = Parser { rest: text.trim_start(), value_of };
    let value = parser.binary(0)?;
    parser.rest.is_empty().then_some(value)
}

/// The binary operators, loosest first; a longer one stands before its prefix.
const LEVELS: [&[&str]; 5] =
    [&["||"], &["&&"], &["<=", ">=", "==", "!=", "<", ">"], &["+", "-"], &["*", "/"]];

struct Parser<'a> {
    rest: &'a str,
    value_of: &'a dyn Fn(&str) -> Option<i64>,
}

impl Parser<'_> {
    fn binary(&mut self, level: usize) -> Option<i64> {
        let Some(operators) = LEVELS.get(level) else { return self.unary() };
        let mut left = self.binary(level + 1)?;
        while let Some(operator) = operators.iter().find(|operator| self.rest.starts_with(**operator)) {
            self.skip(operator.len());
            left = apply(operator, left, self.binary(level + 1)?)?;
        }
        Some(left)
    }

    fn unary(&mut self) -> Option<i64> {
        match self.rest.chars().next()? {
            '-' => {
                self.skip(1);
                self.unary()?.checked_neg()
            }
            '!' => {
                self.skip(1);
                Some((self.unary()? == 0) as i64)
            }
            '(' => {
                self.skip(1);
                let value = self.binary(0)?;
                self.rest.starts_with(')').then(|| self.skip(1))?;
                Some(value)
            }
            _ => self.atom(),
        }
    }

    fn atom(&mut self) -> Option<i64> {
        let length = self
            .rest
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '$')
            .unwrap_or(self.rest.len());
        let word = &self.rest[..length];
        let value = word.parse().ok().or_else(|| (self.value_of)(word))?;
        self.skip(length);
        Some(value)
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest[bytes..].trim_start();
    }
}

fn apply(operator: &str, a: i64, b: i64) -> Option<i64> {
    Some(match operator {
        "||" => (a != 0 || b != 0) as i64,
        "&&" => (a != 0 && b != 0) as i64,
        "<=" => (a <= b) as i64,
        ">=" => (a >= b) as i64,
        "==" => (a == b) as i64,
        "!=" => (a != b) as i64,
        "<" => (a < b) as i64,
        ">" => (a > b) as i64,
        "+" => a.checked_add(b)?,
        "-" => a.checked_sub(b)?,
        "*" => a.checked_mul(b)?,
        _ => a.checked_div(b)?,
    })
}

#[cfg(test)]
mod tests {
    use super::evaluate;

    #[test]
    fn precedence_parentheses_and_names_are_those_of_arithmetic() {
        let value_of = |name: &str| [("A", 3), ("$i", 2)].iter().find(|(n, _)| *n == name).map(|&(_, v)| v);
        for (text, value) in [
            ("1 + 2*A", 7),
            ("(1+2) * A", 9),
            ("7-2-1", 4),
            ("$i*A < 6 || A >= 3 && !0", 1),
            ("-A + $i", -1),
            ("A != 3", 0),
            ("7 / A", 2),
        ] {
            assert_eq!(evaluate(text, &value_of), Some(value), "{text}");
        }
        for text in ["", "1 +", "B", "(1", "1 2", "1/0", "9223372036854775807+1"] {
            assert_eq!(evaluate(text, &value_of), None, "{text}");
        }
    }
}
