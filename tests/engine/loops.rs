//! Every loop of every kernel ends: `gpu` leaves out the counters that would end it by force.
//!
//! A loop is proved to end by its form. It has one counter, a variable of the function; it is left where the counter is not
//! below a bound, or not above one; nothing but the loop's end writes the counter, and adds a positive number to it or halves
//! it. Bounds do not change meanwhile: they are numbers, parameters, and variables that the loop does not write.

use crate::shaders::{parsed, variants};
use naga::{BinaryOperator, Block, Expression, Function, Handle, Literal, LocalVariable, Module, Statement};
use std::collections::BTreeSet;

/// What a loop compares and steps.
struct Loops<'a> {
    module: &'a Module,
    function: &'a Function,
}

impl Loops<'_> {
    fn expression(&self, handle: Handle<Expression>) -> &Expression {
        &self.function.expressions[handle]
    }

    /// The variable that an expression loads.
    fn loaded(&self, handle: Handle<Expression>) -> Option<Handle<LocalVariable>> {
        let Expression::Load { pointer } = *self.expression(handle) else { return None };
        self.variable(pointer)
    }

    fn variable(&self, pointer: Handle<Expression>) -> Option<Handle<LocalVariable>> {
        match *self.expression(pointer) {
            Expression::LocalVariable(variable) => Some(variable),
            _ => None,
        }
    }

    /// Checks the loops of a block; returns how many there are.
    fn check(&self, block: &Block) -> Result<usize, String> {
        let mut count = 0;
        for (statement, _) in block.span_iter() {
            count += match statement {
                Statement::Block(block) => self.check(block)?,
                Statement::If { accept, reject, .. } => self.check(accept)? + self.check(reject)?,
                Statement::Switch { cases, .. } => {
                    cases.iter().map(|case| self.check(&case.body)).sum::<Result<usize, String>>()?
                }
                Statement::Loop { body, continuing, break_if } => {
                    if break_if.is_some() {
                        return Err("a loop has a `break if`".into());
                    }
                    self.ends(body, continuing)?;
                    1 + self.check(body)? + self.check(continuing)?
                }
                _ => 0,
            };
        }
        Ok(count)
    }

    fn ends(&self, body: &Block, continuing: &Block) -> Result<(), String> {
        let first = body.span_iter().find(|(statement, _)| !matches!(statement, Statement::Emit(_)));
        let Some((Statement::If { condition, reject, .. }, _)) = first else {
            return Err("a loop does not begin with its condition".into());
        };
        if !matches!(reject.span_iter().next(), Some((Statement::Break, _))) {
            return Err("a loop goes on where its condition does not hold".into());
        }
        let Expression::Binary { op, left, right: bound_at } = *self.expression(*condition) else {
            return Err("a loop's condition is no comparison".into());
        };
        let (counter, upward) = match (op, self.loaded(left)) {
            (BinaryOperator::Less | BinaryOperator::LessEqual, Some(counter)) => (counter, true),
            (BinaryOperator::Greater, Some(counter)) => (counter, false),
            _ => return Err(format!("a loop's condition is {op:?}, and not of a variable")),
        };
        let mut written = BTreeSet::new();
        self.written(body, &mut written);
        if written.contains(&counter.index()) {
            return Err("a loop's body writes its counter".into());
        }
        self.written(continuing, &mut written);
        let mut bound = BTreeSet::new();
        self.read(bound_at, &mut bound)?;
        if !bound.is_disjoint(&written) {
            return Err("a loop changes its bound".into());
        }
        let steps: Vec<Handle<Expression>> = continuing
            .span_iter()
            .filter_map(|(statement, _)| match statement {
                Statement::Store { pointer, value } if self.variable(*pointer) == Some(counter) => {
                    Some(*value)
                }
                _ => None,
            })
            .collect();
        let [step] = steps[..] else { return Err(format!("a loop has {} steps", steps.len())) };
        match (upward, self.expression(step)) {
            (true, &Expression::Binary { op: BinaryOperator::Add, left, right })
                if self.loaded(left) == Some(counter) && self.is_positive(right) =>
            {
                Ok(())
            }
            (false, &Expression::Binary { op: BinaryOperator::Divide, left, right })
                if self.loaded(left) == Some(counter) && self.number(right) == Some(2) =>
            {
                match self.number(bound_at) {
                    Some(0) => Ok(()),
                    _ => Err("a halving loop does not end at zero".into()),
                }
            }
            _ => Err("a loop's step neither adds a positive number nor halves".into()),
        }
    }

    /// The variables that a block writes, by index; calls get none of them by pointer.
    fn written(&self, block: &Block, into: &mut BTreeSet<usize>) {
        for (statement, _) in block.span_iter() {
            match statement {
                Statement::Store { pointer, .. } => {
                    let mut pointer = *pointer;
                    while let Expression::AccessIndex { base, .. } | Expression::Access { base, .. } =
                        *self.expression(pointer)
                    {
                        pointer = base;
                    }
                    into.extend(self.variable(pointer).map(|variable| variable.index()));
                }
                Statement::Block(block) => self.written(block, into),
                Statement::If { accept, reject, .. } => {
                    self.written(accept, into);
                    self.written(reject, into);
                }
                Statement::Switch { cases, .. } => {
                    cases.iter().for_each(|case| self.written(&case.body, into))
                }
                Statement::Loop { body, continuing, .. } => {
                    self.written(body, into);
                    self.written(continuing, into);
                }
                Statement::Call { arguments, .. } => into.extend(
                    arguments.iter().filter_map(|&argument| self.variable(argument)).map(|v| v.index()),
                ),
                _ => {}
            }
        }
    }

    /// The variables that a bound reads; it may read nothing else that changes.
    fn read(&self, handle: Handle<Expression>, into: &mut BTreeSet<usize>) -> Result<(), String> {
        match *self.expression(handle) {
            Expression::Literal(_)
            | Expression::Constant(_)
            | Expression::Override(_)
            | Expression::FunctionArgument(_)
            // A call's result is made once, before the loop.
            | Expression::CallResult(_) => Ok(()),
            Expression::Load { pointer } => match self.uniform(pointer) {
                true => Ok(()),
                false => match self.variable(pointer) {
                    Some(variable) => {
                        into.insert(variable.index());
                        Ok(())
                    }
                    None => self.read(pointer, into),
                },
            },
            Expression::LocalVariable(variable) => {
                into.insert(variable.index());
                Ok(())
            }
            Expression::AccessIndex { base: part, .. } | Expression::Splat { value: part, .. } => {
                self.read(part, into)
            }
            Expression::Unary { expr, .. } | Expression::As { expr, .. } => self.read(expr, into),
            Expression::Binary { left, right, .. } => {
                self.read(left, into)?;
                self.read(right, into)
            }
            Expression::Math { arg, arg1, arg2, .. } => {
                [Some(arg), arg1, arg2].into_iter().flatten().try_for_each(|arg| self.read(arg, into))
            }
            Expression::Select { condition, accept, reject } => {
                [condition, accept, reject].into_iter().try_for_each(|part| self.read(part, into))
            }
            Expression::Compose { ref components, .. } => {
                components.iter().try_for_each(|&part| self.read(part, into))
            }
            ref other => Err(format!("a loop's bound reads {other:?}")),
        }
    }

    /// Whether a pointer leads into the uniform block.
    fn uniform(&self, pointer: Handle<Expression>) -> bool {
        match *self.expression(pointer) {
            Expression::AccessIndex { base, .. } => self.uniform(base),
            Expression::GlobalVariable(variable) => {
                self.module.global_variables[variable].space == naga::AddressSpace::Uniform
            }
            _ => false,
        }
    }

    /// A step is a positive number or a stride among the parameters: operators refuse strides of zero.
    fn is_positive(&self, handle: Handle<Expression>) -> bool {
        if let Expression::Load { pointer } = *self.expression(handle) {
            return self.parameter(pointer).is_some_and(|name| name.starts_with("stride"));
        }
        self.number(handle).is_some_and(|number| number > 0)
    }

    fn parameter(&self, pointer: Handle<Expression>) -> Option<&str> {
        let Expression::AccessIndex { base, index } = *self.expression(pointer) else { return None };
        let Expression::GlobalVariable(variable) = *self.expression(base) else { return None };
        let variable = &self.module.global_variables[variable];
        match &self.module.types[variable.ty].inner {
            naga::TypeInner::Struct { members, .. } if variable.space == naga::AddressSpace::Uniform => {
                members[index as usize].name.as_deref()
            }
            _ => None,
        }
    }

    fn number(&self, handle: Handle<Expression>) -> Option<i64> {
        let literal = |expression: &Expression| match *expression {
            Expression::Literal(Literal::I32(number)) => Some(i64::from(number)),
            Expression::Literal(Literal::U32(number)) => Some(i64::from(number)),
            _ => None,
        };
        match *self.expression(handle) {
            Expression::Constant(constant) => {
                literal(&self.module.global_expressions[self.module.constants[constant].init])
            }
            Expression::As { expr, .. } => self.number(expr),
            ref other => literal(other),
        }
    }
}

fn check(module: &Module) -> Result<usize, String> {
    let entries = module.entry_points.iter().map(|entry| &entry.function);
    let functions = module.functions.iter().map(|(_, function)| function).chain(entries);
    functions.map(|function| Loops { module, function }.check(&function.body)).sum()
}

#[test]
fn every_loop_of_every_kernel_ends() {
    let (mut seen, mut loops, mut wrong) = (BTreeSet::new(), 0, Vec::new());
    for variant in variants() {
        if seen.insert(variant.dispatch.shader.wgsl.clone()) {
            match parsed(&variant.dispatch.shader.wgsl, variant.dialect)
                .and_then(|(module, _)| check(&module))
            {
                Ok(count) => loops += count,
                Err(error) => wrong.push(format!("{}: {error}", variant.name)),
            }
        }
    }
    println!("{loops} loops of {} shaders end", seen.len());
    assert!(loops > 100, "only {loops} loops were seen");
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), seen.len(), wrong.join("\n"));
}

#[test]
fn loops_that_need_not_end_are_seen() {
    let kernel = |body: &str| {
        format!(
            "struct Params {{ stride_x: i32, n: i32 }}\n@group(0) @binding(0) var<uniform> params: Params;\n\
             var<workgroup> memory: array<i32, 4>;\n\
             @compute @workgroup_size(1) fn main() {{ var n = params.n; var sum = 0; {body} memory[0] = sum; }}"
        )
    };
    let verdict = |body: &str| {
        let module = naga::front::wgsl::parse_str(&kernel(body)).expect("it is WGSL");
        check(&module)
    };
    for body in [
        "for (var i = 0; i < n; i++) { sum += i; }",
        "for (var i = 0; i <= params.n; i += params.stride_x) { sum += i; }",
        "for (var i = n; i > 0; i /= 2) { sum += i; }",
    ] {
        assert_eq!(verdict(body), Ok(1), "{body}");
    }
    for body in [
        "loop { sum++; if sum > n { break; } }",
        "for (var i = 0; i < n; i++) { i = 0; }",
        "for (var i = 0; i < n; i++) { n++; }",
        "for (var i = 0; i < n; i += params.n) { sum++; }",
        "for (var i = 0; i < n; i -= 1) { sum++; }",
        "for (var i = n; i > 0; i /= 1) { sum++; }",
        "for (var i = 0; i < memory[0]; i++) { sum++; }",
        "while (sum != n) { sum++; }",
    ] {
        assert!(verdict(body).is_err(), "{body}");
    }
}
