use super::Unary;

impl Unary {
    /// The WGSL statement that applies the function to `v: Acc4`.
    pub fn wgsl(self) -> String {
        let v = match self {
            Unary::Abs => "abs(v)",
            Unary::Ceil => "ceil(v)",
            Unary::Cos => "cos(v)",
            // Near zero the difference of the exponential and one has few digits.
            Unary::Elu => {
                "select(select(exp(v) - 1.0, v * (1.0 + v * (0.5 + v * Acc(1.0 / 6.0))), v > Acc4(-0.02)), v, v > Acc4(0.0))"
            }
            Unary::Exp => "exp(v)",
            Unary::Floor => "floor(v)",
            Unary::Gelu { .. } => "gelu(v)",
            Unary::HardSwish => "v * clamp(v * Acc(1.0 / 6.0) + 0.5, Acc4(0.0), Acc4(1.0))",
            Unary::LeakyRelu { alpha } => {
                return format!("  v = select(v * Acc({alpha:?}), v, v > Acc4(0.0));\n");
            }
            Unary::Log => "log(v)",
            Unary::LogicalNot => "select(Acc4(0.0), Acc4(1.0), v == Acc4(0.0))",
            Unary::Logistic => "1.0 / (1.0 + exp(-v))",
            Unary::Neg => "-v",
            Unary::Relu => "max(v, Acc4(0.0))",
            Unary::Relu0To1 => "clamp(v, Acc4(0.0), Acc4(1.0))",
            Unary::Relu6 => "clamp(v, Acc4(0.0), Acc4(6.0))",
            Unary::ReluN1To1 => "clamp(v, Acc4(-1.0), Acc4(1.0))",
            Unary::Round => "round(v)",
            Unary::Rsqrt => "inverseSqrt(v)",
            Unary::Sign => "sign(v)",
            Unary::Sin => "sin(v)",
            Unary::Sqrt => "sqrt(v)",
            Unary::Square => "v * v",
            // tanh overflows in some drivers' e²ˣ, and loses its digits near zero; beyond ±10 it is ±1 in f32.
            Unary::Tanh => "select(tanh(clamp(v, Acc4(-10.0), Acc4(10.0))), v, abs(v) < Acc4(5e-4))",
        };
        match self {
            Unary::Gelu { approximate: true } => {
                "  v = 0.5 * v * (1.0 + tanh(clamp(Acc(0.7978845608) * (v + Acc(0.044715) * v * v * v), Acc4(-10.0), Acc4(10.0))));\n".into()
            }
            Unary::Gelu { approximate: false } => ERF_GELU.into(),
            _ => format!("  v = {v};\n"),
        }
    }
}

/// ½ x (1 + erf(x/√2)) with erf by Abramowitz & Stegun 7.1.26 (absolute error 1.5e-7).
const ERF_GELU: &str = "  {
    let a = abs(v) * Acc(0.70710678);
    let t = 1.0 / (1.0 + Acc(0.3275911) * a);
    let poly = t * (Acc(0.254829592) + t * (Acc(-0.284496736) + t * (Acc(1.421413741) + t * (Acc(-1.453152027) + t * Acc(1.061405429)))));
    v = 0.5 * v * (1.0 + sign(v) * (1.0 - poly * exp(-a * a)));
  }
";
