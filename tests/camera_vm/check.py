"""Checks what the emulated machine left: `check.py out FOLDER RAW`. Prints a line for each fact and ends with 1 if one fails.

`check.py raw PICTURE.y4m OUT.yuyv` makes a raw picture of 320×240 from a square one in 4:4:4.
"""

import pathlib
import re
import statistics
import sys

# The bars that vivid draws: 75 % of white, yellow, cyan, green, magenta, red, blue, black.
BARS = [(191, 191, 191), (191, 191, 0), (0, 191, 191), (0, 191, 0), (191, 0, 191), (191, 0, 0), (0, 0, 191), (0, 0, 0)]

# SHA-256 of the planes that libjpeg-turbo (2.1.5, accurate DCT, no upsampling) decodes the two pictures to:
# tjDecompressToYUV2 with an alignment of 1.
PICTURES = {
    "2892fae1f303d991d97d36477acc4b942cd344b893185e32826673b8efc79e60",
    "2d383ef8cf083cc0c5c041d4c27ba9dc66f11344c28556c93287d2913830ff01",
}

failures = 0


def fact(name, holds, seen):
    global failures
    failures += not holds
    print(f"{'ok  ' if holds else 'FAIL'} {name}: {seen}")


def says(folder, name):
    path = folder / f"{name}.txt"
    return path.read_text(errors="replace").strip() if path.exists() else "nothing was written"


def planes(path):
    """Header words and the planes of the only frame."""
    header, data = path.read_bytes().split(b"\n", 1)
    words = header.decode().split(" ")
    value = {word[0]: word[1:] for word in words[1:] if word[0] in "WHC"}
    width, height = int(value["W"]), int(value["H"])
    across, down = {"420jpeg": (2, 2), "422": (2, 1), "444": (1, 1), "mono": (0, 0)}[value["C"]]
    full = "XCOLORRANGE=FULL" in words
    sizes = [(width, height)] + ([(-(-width // across), -(-height // down))] * 2 if across else [])
    result, at = [], 0
    for columns, rows in sizes:
        result.append((columns, data[at : at + columns * rows]))
        at += columns * rows
    return width, height, (across, down), full, result


def color(frame, x, y):
    """Red, green and blue at a pixel by BT.601, 0 to 255."""
    _, _, (across, down), full, layers = frame
    luma = layers[0][1][y * layers[0][0] + x]
    if across:
        blue, red = (plane[(y // down) * columns + x // across] for columns, plane in layers[1:])
    else:
        blue = red = 128
    scale, low, chroma = (1, 0, 1) if full else (255 / 219, 16, 255 / 224)
    y, u, v = (luma - low) * scale, (blue - 128) * chroma, (red - 128) * chroma
    rgb = (y + 1.402 * v, y - 0.344136 * u - 0.714136 * v, y + 1.772 * u)
    return [min(max(value, 0), 255) for value in rgb]


def check_colors(folder, name):
    path = folder / f"{name}.frame"
    if not path.exists():
        return fact(f"colors of {name}", False, says(folder, name))
    frame = planes(path)
    width, height, (across, _), _, _ = frame
    worst = 0
    for bar, want in enumerate(BARS):
        got = color(frame, width * (2 * bar + 1) // 16, height * 3 // 4)
        if not across:
            # vivid weighs the colors of a gray picture by BT.709.
            want = [0.2126 * want[0] + 0.7152 * want[1] + 0.0722 * want[2]] * 3
        worst = max([worst] + [abs(a - b) for a, b in zip(got, want)])
    fact(f"colors of {name}", worst <= 0.02 * 255, f"off by at most {worst / 2.55:.2f} %")


def check_rate(folder, name):
    sentence = says(folder, name)
    found = re.search(r"([\d.]+) FPS, \d+ lost", sentence)
    fact(f"rate of {name}", bool(found) and float(found[1]) >= 28, sentence.splitlines()[0])


def check_ages(folder, names):
    """A camera is open within a moment, no frame that was taken is older than two periods of its camera, and none was copied twice."""
    worst, opened = [], []
    for name in names:
        sentence = says(folder, name)
        found = re.search(r" at ([\d.]+) FPS, .* after (\d+) ms: .*ms old and at most ([\d.]+) ms, .* ([\d.]+) copies", sentence)
        if not found:
            return fact("ages", False, f"{name}: {sentence}")
        rate, first, oldest, copies = map(float, found.groups())
        opened.append(first)
        worst.append((oldest * rate / 1000, f"{oldest} ms of {name}", copies))
    periods, oldest, _ = max(worst)
    fact("opened", statistics.median(opened) < 600, f"the first picture after {statistics.median(opened)} ms, in the median")
    fact("ages", periods <= 2, f"at most {periods:.2f} periods ({oldest}) in {len(worst)} recordings")
    fact("copies", max(copies for _, _, copies in worst) <= 1, "at most one of a frame before its upload")


def check(folder, raw):
    listed = says(folder, "list")
    modes = [line for line in listed.splitlines() if line.startswith("    ")]
    taken = [line.strip() for line in modes if "*" in line]
    fact("list", "camera 0: vivid" in listed and "12.50" in listed and len(taken) == 1, f"{len(modes)} lines of modes; taken: {taken}")
    check_rate(folder, "yuyv")
    check_rate(folder, "nv12")
    for name in ("yuyv", "nv12", "UYVY", "NV21", "I420", "RGB", "BGR", "gray"):
        check_colors(folder, name)
    fraction = says(folder, "fraction")
    fact("a rate that is a fraction", "at 12.50 FPS" in fraction and "exit 0" in fraction, fraction.splitlines()[0])
    fact("padded rows", "exit 0" in says(folder, "padded"), says(folder, "padded").splitlines()[0])
    changes = says(folder, "modes")
    times = [int(found) for found in re.findall(r"(\d+) ms after its choice", changes)]
    seen = f"{len(times)} changes, each shown after at most {max(times)} ms" if times else changes
    fact("another mode", len(times) > 5 and "exit 0" in changes and max(times) < 1000, seen)
    for name, file, word in [
        ("no such mode", "none", "no such mode"),
        ("no permission", "forbidden", "join the group “video”"),
        ("listed while busy", "busy", "in use by another program"),
        ("opened while busy", "refused", "in use by another program"),
        ("unplugged", "unplugged", "no camera was found"),
        ("unloaded", "unplugged", "unloaded"),
        ("short frames", "short", "cannot be read: a picture of 320×240 in YUYV has 153600 bytes, but 1000 came"),
        ("stalled", "stalled", "has sent no picture for a while"),
    ]:
        sentence = says(folder, file)
        line = next((line for line in sentence.splitlines() if word in line), sentence)
        fact(name, word in sentence, line.strip())
    sentence = says(folder, "replugged")
    back = "100 frames" in sentence and "was unplugged; waiting for it" in sentence and "exit 0" in sentence
    fact("plugged in again", back, next((line for line in sentence.splitlines() if "frames of" in line), sentence))
    sums_file = folder / "mjpeg.sums"
    sums = {line.split()[0] for line in sums_file.read_text().splitlines()} if sums_file.exists() else set()
    fact("MJPEG, bit for bit", bool(sums) and sums <= PICTURES, says(folder, "mjpeg").splitlines()[0])
    frame = folder / "raw.frame"
    same = False
    if frame.exists():
        _, _, _, _, layers = planes(frame)
        luma, blue, red = (plane for _, plane in layers)
        wanted = pathlib.Path(raw).read_bytes()
        same = luma == wanted[0::2] and blue == wanted[1::4] and red == wanted[3::4]
    fact("YUYV of a picture, bit for bit", same, says(folder, "raw").splitlines()[0])
    names = ["yuyv", "nv12", "fraction", "padded", "replugged", "mjpeg", "raw"]
    names += ["pipeline"] * check_pipeline(folder, pathlib.Path(raw).read_bytes())
    check_ages(folder, names)


def check_pipeline(folder, raw):
    """The astronaut before an even background: her face as it was, the corner in the effect's color. Tells whether
    there was a GPU to draw with."""
    path = folder / "pipeline.frame"
    sentence = says(folder, "pipeline")
    if sentence.startswith("SKIPPED"):
        print(sentence)
        return False
    if not path.exists():
        fact("the pipeline without a window", False, sentence)
        return True
    frame = planes(path)
    corner = max(abs(a - b) for a, b in zip(color(frame, 6, 6), (46, 92, 84)))
    luma = frame[4][0][1]
    places = [y * 320 + x for y in range(60, 80) for x in range(130, 150)]
    face = sum(abs(luma[at] - raw[2 * at]) for at in places) / len(places)
    seen = f"background off by {corner / 2.55:.2f} %, face by {face / 2.55:.2f} % in the mean; {sentence.splitlines()[0]}"
    fact("the pipeline without a window", max(corner, face) <= 0.02 * 255, seen)
    return True


def raw_from(frame):
    """The upper three quarters of a square 4:4:4 picture as YUYV, 320×240, each pixel the nearest one."""
    width, _, _, _, layers = frame
    luma, blue, red = (plane for _, plane in layers)
    result = bytearray()
    for y in range(240):
        row = y * width // 320 * width
        for x in range(0, 320, 2):
            at, after = row + x * width // 320, row + (x + 1) * width // 320
            result += bytes((luma[at], blue[at], luma[after], red[at]))
    return result


if sys.argv[1] == "raw":
    # The word FRAME stands before the samples.
    path = pathlib.Path(sys.argv[2])
    path.write_bytes(path.read_bytes().replace(b"\nFRAME\n", b"\n", 1))
    pathlib.Path(sys.argv[3]).write_bytes(raw_from(planes(path)))
else:
    check(pathlib.Path(sys.argv[2]), sys.argv[3])
    sys.exit(failures > 0)
