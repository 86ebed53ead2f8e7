#!/usr/bin/env python3
"""Writes odd_numbers.npz: models of one operator as bytes, NaN, infinities, denormals, single elements and none at all as
their inputs, and what LiteRT's reference kernels answer.

    pip install ai-edge-litert==2.3.0 numpy
    odd_numbers.py odd_numbers.npz

For each case the file holds NAME.model, NAME.in0, NAME.in1, … and NAME.out0. Cases that LiteRT refuses are left out.
"""
import sys

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter, OpResolverType

TYPES = {"float32": 0, "int32": 2, "bool": 6}
ODD = np.array(
    [np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-40, -1e-40, 1.5e-38, 1.0, -1.0, 0.5, -2.5, 3.5, 88.8, -104.0, 3e38, -3e38],
    np.float32,
)
FEW = ODD[[0, 1, 2, 3, 4, 5, 8, 9, 11, 12]]

UNARY = """ABS CEIL COS ELU EXP FLOOR GELU HARD_SWISH LEAKY_RELU LOG LOGISTIC NEG RELU RELU_0_TO_1 RELU6 RELU_N1_TO_1 ROUND
RSQRT SIGN SIN SQRT SQUARE TANH""".split()
BINARY = """ADD ATAN2 DIV EQUAL FLOOR_DIV FLOOR_MOD GREATER GREATER_EQUAL LESS LESS_EQUAL MAXIMUM MINIMUM MUL NOT_EQUAL POW PRELU
SQUARED_DIFFERENCE SUB""".split()
TRUTHS = "EQUAL GREATER GREATER_EQUAL LESS LESS_EQUAL NOT_EQUAL".split()
OPTIONS = {
    "GELU": ("GeluOptions", {}),
    "LEAKY_RELU": ("LeakyReluOptions", {"alpha": 0.25}),
    "ADD": ("AddOptions", {}),
    "DIV": ("DivOptions", {}),
    "MUL": ("MulOptions", {}),
    "SUB": ("SubOptions", {}),
    "SOFTMAX": ("SoftmaxOptions", {"beta": 1.0}),
    "L2_NORMALIZATION": ("L2NormOptions", {}),
    "MAX_POOL_2D": ("Pool2DOptions", {"strideW": 1, "strideH": 1, "filterWidth": 2, "filterHeight": 2}),
    "AVERAGE_POOL_2D": ("Pool2DOptions", {"strideW": 1, "strideH": 1, "filterWidth": 2, "filterHeight": 2}),
    "CONV_2D": ("Conv2DOptions", {"strideW": 1, "strideH": 1, "dilationWFactor": 1, "dilationHFactor": 1}),
    "DEPTHWISE_CONV_2D": (
        "DepthwiseConv2DOptions",
        {"strideW": 1, "strideH": 1, "dilationWFactor": 1, "dilationHFactor": 1, "depthMultiplier": 1},
    ),
    "FULLY_CONNECTED": ("FullyConnectedOptions", {}),
    "CONCATENATION": ("ConcatenationOptions", {"axis": 0}),
    "ARG_MAX": ("ArgMaxOptions", {"outputType": 2}),
    "ARG_MIN": ("ArgMinOptions", {"outputType": 2}),
    "RESIZE_BILINEAR": ("ResizeBilinearOptions", {}),
    "CUMSUM": ("CumsumOptions", {}),
} | {name: ("ReducerOptions", {"keepDims": False}) for name in "MEAN SUM REDUCE_MAX REDUCE_MIN REDUCE_PROD".split()}


def model(name, operands, shape, dtype):
    """The bytes of a model with one operator. An operand is (array, whether it is a constant)."""
    built = schema.ModelT()
    built.version, built.description = 3, "odd numbers"
    code = schema.OperatorCodeT()
    code.builtinCode = getattr(schema.BuiltinOperator, name)
    code.deprecatedBuiltinCode, code.version = min(code.builtinCode, 127), 1
    graph = schema.SubGraphT()
    graph.tensors, graph.inputs, graph.outputs = [], [], []
    built.buffers = [schema.BufferT()]

    def tensor(label, shape, dtype, data=None):
        made = schema.TensorT()
        made.name, made.shape, made.type, made.buffer = label, list(shape), TYPES[dtype], 0
        made.hasRank = True
        if data is not None:
            made.buffer = len(built.buffers)
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(data.tobytes(), np.uint8)
            built.buffers.append(buffer)
        graph.tensors.append(made)
        return len(graph.tensors) - 1

    operator = schema.OperatorT()
    operator.opcodeIndex, operator.inputs = 0, []
    for i, (array, constant) in enumerate(operands):
        index = tensor(f"in{i}", array.shape, array.dtype.name, array if constant else None)
        operator.inputs.append(index)
        if not constant:
            graph.inputs.append(index)
    graph.outputs = [tensor("out", shape, dtype)]
    operator.outputs = graph.outputs
    if name in OPTIONS:
        kind, fields = OPTIONS[name]
        operator.builtinOptionsType = getattr(schema.BuiltinOptions, kind)
        operator.builtinOptions = getattr(schema, kind + "T")()
        for field, value in fields.items():
            setattr(operator.builtinOptions, field, value)
        if kind in ("Pool2DOptions", "Conv2DOptions", "DepthwiseConv2DOptions"):
            operator.builtinOptions.padding = schema.Padding.VALID
    graph.operators = [operator]
    built.operatorCodes, built.subgraphs = [code], [graph]
    builder = flatbuffers.Builder(1024)
    builder.Finish(built.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def cases():
    real = lambda *numbers: np.array(numbers, np.float32)
    for name in UNARY:
        yield name, name, [(ODD, False)], ODD.shape, "float32"
        yield f"{name} of one", name, [(real(0.75), False)], (1,), "float32"
        yield f"{name} of a scalar", name, [(np.float32(0.75).reshape(()), False)], (), "float32"
        yield f"{name} of nothing", name, [(np.zeros((0,), np.float32), False)], (0,), "float32"
    left, right = (side.ravel() for side in np.meshgrid(FEW, FEW))
    for name in BINARY:
        dtype = "bool" if name in TRUTHS else "float32"
        second = name == "PRELU"
        if second:
            # One alpha a channel: the first operand is a column for each.
            left, right = np.tile(FEW.reshape(-1, 1), (1, len(FEW))).astype(np.float32), FEW.copy()
        if name == "FLOOR_DIV":
            # LiteRT refuses to divide by zero here.
            left, right = left[right != 0], right[right != 0]
        yield name, name, [(left, False), (right, second)], left.shape, dtype
        if not second:
            yield f"{name} of one", name, [(real(0.75), False), (real(-1.5), False)], (1,), dtype
            none = np.zeros((0, 3), np.float32)
            yield f"{name} of nothing", name, [(none, False), (none, False)], (0, 3), dtype
        left, right = (side.ravel() for side in np.meshgrid(FEW, FEW))
    rows = np.array(
        [
            [1, np.nan, 3, 2], [np.nan, 1, 2, 3], [np.inf, 1, 2, 3], [-np.inf, 1, 2, 3], [np.inf, -np.inf, 1, 2],
            [0.0, -0.0, 0.0, -0.0], [1e-40, -1e-40, 2e-40, 0], [3e38, 3e38, 1, 1], [-np.inf] * 4, [0, 0, 0, 0],
            [100, -100, 50, 0], [np.nan] * 4,
        ],
        np.float32,
    )
    axis = np.array([1], np.int32)
    for name in "MEAN SUM REDUCE_MAX REDUCE_MIN REDUCE_PROD".split():
        yield name, name, [(rows, False), (axis, True)], (len(rows),), "float32"
        yield f"{name} of one", name, [(real(0.75).reshape(1, 1), False), (axis, True)], (1,), "float32"
    for name in ["SOFTMAX", "LOG_SOFTMAX", "L2_NORMALIZATION"]:
        yield name, name, [(rows, False)], rows.shape, "float32"
        yield f"{name} of one", name, [(real(0.75).reshape(1, 1), False)], (1, 1), "float32"
    yield "CUMSUM", "CUMSUM", [(rows, False), (np.array(1, np.int32), True)], rows.shape, "float32"
    for name in ["ARG_MAX", "ARG_MIN"]:
        yield name, name, [(rows, False), (axis, True)], (len(rows),), "int32"
    field = ODD[:16].reshape(1, 4, 4, 1)
    for name in ["MAX_POOL_2D", "AVERAGE_POOL_2D"]:
        yield name, name, [(field, False)], (1, 3, 3, 1), "float32"
        yield f"{name} of one kind", name, [(np.ones((1, 2, 2, 1), np.float32), False)], (1, 1, 1, 1), "float32"
    weights = real(1, -1, 0.5, 2).reshape(1, 2, 2, 1)
    bias = real(0.25)
    yield "CONV_2D", "CONV_2D", [(field, False), (weights, True), (bias, True)], (1, 3, 3, 1), "float32"
    yield "DEPTHWISE_CONV_2D", "DEPTHWISE_CONV_2D", [(field, False), (weights, True), (bias, True)], (1, 3, 3, 1), "float32"
    weights = real(1, -1, 0.5, 2).reshape(1, 4)
    yield "FULLY_CONNECTED", "FULLY_CONNECTED", [(rows, False), (weights, True), (bias, True)], (len(rows), 1), "float32"
    size = np.array([5, 5], np.int32)
    yield "RESIZE_BILINEAR", "RESIZE_BILINEAR", [(field, False), (size, True)], (1, 5, 5, 1), "float32"
    none = np.zeros((0, 4), np.float32)
    yield "CONCATENATION of nothing", "CONCATENATION", [(none, False), (rows, False)], rows.shape, "float32"


def answer(content, given):
    """By the reference kernel or, for the few operators that have none, by the usual one without XNNPACK."""
    for kernels in [OpResolverType.BUILTIN_REF, OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES]:
        try:
            runtime = Interpreter(model_content=content, experimental_op_resolver_type=kernels, num_threads=1)
            break
        except ValueError as error:
            missing = error
    else:
        raise missing
    runtime.allocate_tensors()
    for detail, array in zip(runtime.get_input_details(), given):
        runtime.set_tensor(detail["index"], array)
    runtime.invoke()
    return runtime.get_tensor(runtime.get_output_details()[0]["index"])


def main():
    saved, refused = {}, []
    for label, name, operands, shape, dtype in cases():
        content = model(name, operands, shape, dtype)
        given = [array for array, constant in operands if not constant]
        try:
            result = answer(content, given)
        except (RuntimeError, ValueError) as error:
            refused.append(f"{label}: {str(error).splitlines()[0]}")
            continue
        saved[f"{label}.model"] = np.frombuffer(content, np.uint8)
        saved |= {f"{label}.in{i}": array for i, array in enumerate(given)}
        saved[f"{label}.out0"] = result
    np.savez_compressed(sys.argv[1], **saved)
    print(f"{len([name for name in saved if name.endswith('.model')])} cases")
    print("\n".join(refused))


main()
