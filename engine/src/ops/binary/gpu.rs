use super::BinaryKind;

impl BinaryKind {
    /// The WGSL expression of type Acc4 for `a ∘ b`, both of type Acc4.
    pub fn wgsl(self, a: &str, b: &str) -> String {
        let truth = |condition: String| format!("select(Acc4(0.0), Acc4(1.0), {condition})");
        match self {
            BinaryKind::Add => format!("{a} + {b}"),
            // Of two zeros atan2 is undefined in WGSL; it is 0 or π by the sign of b, with the sign of a.
            BinaryKind::Atan2 => {
                let negative =
                    |x: &str| format!("(bitcast<vec4<u32>>(vec4<f32>({x})) >= vec4<u32>(0x80000000u))");
                let zeros = format!("({a} == Acc4(0.0)) & ({b} == Acc4(0.0))");
                let half = format!("select(Acc4(0.0), Acc4(3.1415927), {})", negative(b));
                format!("select(atan2({a}, {b}), select({half}, -{half}, {}), {zeros})", negative(a))
            }
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
            BinaryKind::Maximum => format!("select({b}, {a}, {a} > {b})"),
            BinaryKind::Minimum => format!("select({b}, {a}, {a} < {b})"),
            BinaryKind::Mul => format!("{a} * {b}"),
            BinaryKind::NotEqual => format!("select(Acc4(1.0), Acc4(0.0), {a} == {b})"),
            // pow of a negative base is undefined in WGSL; for whole exponents the sign follows the exponent's parity.
            // Anything to the power of zero is one.
            BinaryKind::Pow => format!(
                "select(pow(abs({a}), {b}), Acc4(1.0), {b} == Acc4(0.0)) * select(Acc4(1.0), select(Acc4(1.0), Acc4(-1.0), fract({b} * 0.5) != Acc4(0.0)), {a} < Acc4(0.0))"
            ),
            BinaryKind::Prelu => format!("select({a} * {b}, {a}, {a} >= Acc4(0.0))"),
            BinaryKind::SquaredDifference => format!("({a} - {b}) * ({a} - {b})"),
            BinaryKind::Sub => format!("{a} - {b}"),
        }
    }
}
