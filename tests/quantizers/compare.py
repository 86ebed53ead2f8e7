#!/usr/bin/env python3
"""Compares `matte convert` with the official quantizer: sizes, what the outputs of pictures become, and times.

    python3 -m venv venv && venv/bin/pip install ai-edge-quantizer==0.10.0 ai-edge-litert==2.3.0 numpy pillow
    venv/bin/python compare.py --pictures FOLDER MODEL.tflite… [--matte PATH] [--rounds N] [--json FILE]

Of each model there are: the file as it is, what the official quantizer's recipe of dynamic ranges makes of it, and what
`matte convert` makes with weights of eight bits, with and without `--auto`. Each is run on every picture of the folder by
LiteRT, ours by Matte as well, and compared with the first on LiteRT. Masks are compared as IoU at one half, classes by the
share of pictures whose first stays, landmarks and key points by how many pixels of the input the worst moves on average
over the pictures, others as signal to noise. Times are medians of runs in turn, processor milliseconds on one thread.
"""
import argparse
import contextlib
import json
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from PIL import Image


def picture(path, shape, low, high):
    _, height, width, _ = shape
    pixels = np.asarray(Image.open(path).convert("RGB").resize((width, height), Image.BILINEAR), np.float32)
    return (pixels[None] / 255 * (high - low) + low).astype(np.float32)


class LiteRt:
    def __init__(self, path):
        self.interpreter = Interpreter(model_path=str(path), num_threads=1)
        self.interpreter.allocate_tensors()
        self.inputs = self.interpreter.get_input_details()
        self.outputs = self.interpreter.get_output_details()

    def run(self, values):
        self.interpreter.set_tensor(self.inputs[0]["index"], values)
        self.interpreter.invoke()
        return [self.interpreter.get_tensor(output["index"]) for output in self.outputs]

    def milliseconds(self):
        start = time.process_time()
        self.interpreter.invoke()
        return (time.process_time() - start) * 1e3


class Matte:
    """A process that is asked for runs."""

    def __init__(self, program, path, reference):
        command = [program, "bench", path, "--backend", "cpu", "--threads", "1", "--serve", reference]
        self.process = subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        ready = json.loads(self.process.stdout.readline())
        assert ready["ready"], ready

    def milliseconds(self):
        self.process.stdin.write("1\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())[0][1]

    def end(self):
        self.process.stdin.write("q\n")
        self.process.stdin.close()
        self.process.wait()


def official(source, target):
    from ai_edge_quantizer import quantizer, recipe

    # It tells its progress on both streams.
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
        made = quantizer.Quantizer(str(source))
        made.load_quantization_recipe(recipe.dynamic_wi8_afp32())
        target.write_bytes(bytes(made.quantize().quantized_model))


def by_matte(program, path, folder, inputs):
    """The outputs of each input, by `matte run`."""
    results = []
    for values in inputs:
        np.savez(folder / "in.npz", in0=values)
        subprocess.run([program, "run", path, folder / "in.npz", folder / "out.npz", "--backend", "cpu"], check=True, capture_output=True)
        arrays = np.load(folder / "out.npz")
        results.append([arrays[f"out{index}"] for index in range(len(arrays.files))])
    return results


def points(outputs, size):
    """Where key points are, in pixels of the input: landmarks as numbers, or the best cell of each heat map and its offset."""
    maps = next((output for output in outputs if output.ndim == 4 and output.shape[-1] == 17), None)
    if maps is None:
        largest = max(outputs, key=lambda output: output.size).reshape(-1, 3)
        return largest[:, :2]
    offsets = next(output for output in outputs if output.ndim == 4 and output.shape[-1] == 34)
    _, rows, columns, count = maps.shape
    stride = (size - 1) / (rows - 1)
    cells = [np.unravel_index(maps[0, :, :, point].argmax(), (rows, columns)) for point in range(count)]
    return np.array([[y * stride + offsets[0, y, x, k], x * stride + offsets[0, y, x, k + count]] for k, (y, x) in enumerate(cells)])


def confident(outputs):
    """Which key points are there at all."""
    maps = next((output for output in outputs if output.ndim == 4 and output.shape[-1] == 17), None)
    return slice(None) if maps is None else maps[0].max(axis=(0, 1)) > 0  # logits


def measure(plain, changed, size):
    """The name of the measure, and its value over all pictures."""
    first = plain[0]
    if len(first) == 1 and first[0].ndim == 4 and first[0].shape[-1] == 1:
        cuts = [(a[0] > 0.5, b[0] > 0.5) for a, b in zip(plain, changed)]
        both, either = sum((a & b).sum() for a, b in cuts), sum((a | b).sum() for a, b in cuts)
        return "IoU", float(both / max(1, either))
    if len(first) == 1 and first[0].size in (1000, 1001):
        same = [a[0].argmax() == b[0].argmax() for a, b in zip(plain, changed)]
        return "top-1", float(np.mean(same))
    if any(output.shape[-1] == 17 for output in first) or any(output.size == 1404 for output in first):
        shifts = []
        for a, b in zip(plain, changed):
            there = confident(a)
            moved = np.linalg.norm(points(a, size) - points(b, size), axis=1)[there]
            shifts.append(float(moved.max()) if moved.size else 0.0)
        return "pixels", float(np.mean(shifts))
    noise = [10 * np.log10((x**2).sum() / max(((x - y) ** 2).sum(), 1e-30)) for a, b in zip(plain, changed) for x, y in zip(a, b)]
    return "dB", float(np.min(noise))


def compared(source, pictures, program, rounds, folder):
    forms = {"as it is": source, "official": folder / "official.tflite", "matte": folder / "matte.tflite", "matte --auto": folder / "auto.tflite"}
    rows = []
    model = LiteRt(source)
    shape = model.inputs[0]["shape"]
    low, high = (-1.0, 1.0) if any(name in source.stem for name in ("mobilenet", "posenet")) else (0.0, 1.0)
    inputs = [picture(path, shape, low, high) for path in pictures]
    plain = [model.run(values) for values in inputs]
    official(source, forms["official"])
    for form, words in (("matte", []), ("matte --auto", ["--auto", "--calibrate", folder / "pictures", "--range", f"{low},{high}"])):
        command = [program, "convert", source, forms[form], "--weights", "int8", "--no-gpu", "--threads", "1", "--backend", "cpu", *words]
        subprocess.run(list(map(str, command)), check=True, capture_output=True)
    np.savez(folder / "reference.npz", in0=inputs[0], **{f"out{i}": output for i, output in enumerate(plain[0])})
    runners = {form: [LiteRt(path), Matte(program, path, folder / "reference.npz")] for form, path in forms.items()}
    times = {form: [[], []] for form in forms}
    for _ in range(rounds):
        for form, pair in runners.items():
            for index, runner in enumerate(pair):
                times[form][index].append(runner.milliseconds())
    for form, path in forms.items():
        litert, matte = runners[form]
        name, by_litert = measure(plain, [litert.run(values) for values in inputs], shape[1])
        _, by_us = measure(plain, by_matte(program, path, folder, inputs), shape[1])
        matte.end()
        medians = [statistics.median(measured) for measured in times[form]]
        size = path.stat().st_size
        rows.append({"model": source.stem, "form": form, "bytes": size, "smaller": source.stat().st_size / size, "measure": name,
                     "on_litert": by_litert, "on_matte": by_us, "litert_ms": medians[0], "matte_ms": medians[1]})
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", type=Path)
    parser.add_argument("--pictures", type=Path, required=True)
    parser.add_argument("--matte", default=Path(__file__).resolve().parents[2] / "target/release/matte")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    pictures = sorted(path for path in arguments.pictures.iterdir() if path.suffix in (".jpg", ".png"))
    assert pictures, "the folder has no pictures"
    rows = []
    print("| model | form | bytes | smaller by | on LiteRT | on Matte | LiteRT ms | Matte ms |\n|---|---|---|---|---|---|---|---|")
    for source in arguments.models:
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder)
            (folder / "pictures").mkdir()
            for path in pictures:
                (folder / "pictures" / path.name).symlink_to(path.resolve())
            for row in compared(source, pictures, arguments.matte, arguments.rounds, folder):
                rows.append(row)
                print("| {model} | {form} | {bytes} | {smaller:.2f} | {on_litert:.4f} {measure} | {on_matte:.4f} {measure} | {litert_ms:.2f} | {matte_ms:.2f} |".format(**row), flush=True)
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
