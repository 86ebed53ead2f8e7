use super::BinaryKind;

impl BinaryKind {
    /// The WGSL expression of type Acc4 for `a ∘ b`, both of type Acc4.
    pub fn wgsl(self, a: &str, b: &str) -> String {
        let truth = |condition: String| format!("select(Acc4(0.0), Acc4(1.0), {condition})");
        match self {
            BinaryKind::Add => format!("{a} + {b}"),
            BinaryKind::Atan2 => format!("atan2({a}, {b})"),
            BinaryKind::Div => format!("{a} / {b}"),
            BinaryKind::Equal => truth(format!("{a} == {b}")),
            BinaryKind::FloorDiv => format!("floor({a} / {b})"),
            BinaryKind::FloorMod => format!("{a} - floor({a} / {b}) * {b}"),
            BinaryKind::Greater => truth(format!("{a} > {b}")),
            BinaryKind::GreaterEqual => truth(format!("{a} >= {b}")),
            BinaryKind::Less => truth(format!("{a} < {b}")),
            BinaryKind::LessEqual => truth(format!("{a} <= {b}")),
            BinaryKind::LogicalAnd => {
                format!("{} * {}", truth(format!("{a} != Acc4(0.0)")), truth(format!("{b} != Acc4(0.0)")))
            }
            BinaryKind::LogicalOr => {
                format!("max({}, {})", truth(format!("{a} != Acc4(0.0)")), truth(format!("{b} != Acc4(0.0)")))
            }
            BinaryKind::Maximum => format!("max({a}, {b})"),
            BinaryKind::Minimum => format!("min({a}, {b})"),
            BinaryKind::Mul => format!("{a} * {b}"),
            BinaryKind::NotEqual => truth(format!("{a} != {b}")),
            // pow of a negative base is undefined in WGSL; for whole exponents the sign follows the exponent's parity.
            BinaryKind::Pow => format!(
                "pow(abs({a}), {b}) * select(Acc4(1.0), select(Acc4(1.0), Acc4(-1.0), fract({b} * 0.5) != Acc4(0.0)), {a} < Acc4(0.0))"
            ),
            BinaryKind::Prelu => format!("select({a} * {b}, {a}, {a} > Acc4(0.0))"),
            BinaryKind::SquaredDifference => format!("({a} - {b}) * ({a} - {b})"),
            BinaryKind::Sub => format!("{a} - {b}"),
        }
    }
}
