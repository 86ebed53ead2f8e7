#!/usr/bin/env python3
"""Writes the goldens of resized models beside this file: what LiteRT answers after `resize_tensor_input`.

    python3 -m venv venv && venv/bin/pip install ai-edge-litert==2.3.0 numpy
    venv/bin/python resized.py

Each file is NAME_N×H×W.npz with in0, and out0, out1, … in the model's order. Inputs are multiples of 1/128 in [-1, 1).
"""
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

HERE = Path(__file__).resolve().parent
SHAPES = [("posenet_mobilenet_v1_075_257", [2, 33, 49, 3])]

for name, shape in SHAPES:
    interpreter = Interpreter(model_path=str(HERE / f"../../models/{name}.tflite"), num_threads=1)
    entry = interpreter.get_input_details()[0]["index"]
    interpreter.resize_tensor_input(entry, shape, strict=False)
    interpreter.allocate_tensors()
    values = (np.random.default_rng(1).integers(-128, 128, shape) / 128).astype(np.float32)
    interpreter.set_tensor(entry, values)
    interpreter.invoke()
    saved = {"in0": values}
    for i, detail in enumerate(interpreter.get_output_details()):
        saved[f"out{i}"] = interpreter.get_tensor(detail["index"])
        print(name, detail["name"], saved[f"out{i}"].shape)
    np.savez_compressed(HERE / f"{name}_{'x'.join(map(str, shape[:3]))}.npz", **saved)
