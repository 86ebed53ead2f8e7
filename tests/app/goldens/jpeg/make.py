"""Makes the pictures in this folder and the planes that libjpeg-turbo decodes them to.

Wants Pillow (12) and libturbojpeg (2.1.5). A plane of luma is padded to an even number of columns or rows where chroma has
half of them, as `tjDecompressToYUV2` does with an alignment of 1.
"""

import ctypes
import pathlib

from PIL import Image

ACCURATE_DCT = 4096
here = pathlib.Path(__file__).parent
turbo = ctypes.CDLL("libturbojpeg.so.0")
turbo.tjInitDecompress.restype = ctypes.c_void_p
turbo.tjBufSizeYUV2.restype = ctypes.c_ulong


def planes(jpeg):
    handle = ctypes.c_void_p(turbo.tjInitDecompress())
    length = ctypes.c_ulong(len(jpeg))
    width, height, sampling, space = (ctypes.c_int() for _ in range(4))
    assert turbo.tjDecompressHeader3(handle, jpeg, length, *map(ctypes.byref, (width, height, sampling, space))) == 0
    out = ctypes.create_string_buffer(turbo.tjBufSizeYUV2(width, 1, height, sampling))
    assert turbo.tjDecompressToYUV2(handle, jpeg, length, out, width, 1, height, ACCURATE_DCT) == 0
    return out.raw


def make(name, picture, **options):
    path = here / f"{name}_{picture.width}x{picture.height}.jpg"
    picture.save(path, "JPEG", quality=85, **options)
    if not options.get("progressive"):
        path.with_suffix(".yuv").write_bytes(planes(path.read_bytes()))


face = Image.open(here / "../../../../assets/pictures/astronaut.jpg").convert("RGB").crop((150, 0, 350, 200))
for size in ((48, 32), (33, 17), (7, 5), (1, 1)):
    small = face.resize(size, Image.LANCZOS)
    for sampling, name in enumerate(("444", "422", "420")):
        make(name, small, subsampling=sampling)
    make("gray", small.convert("L"))
make("restarts", face.resize((61, 43), Image.LANCZOS), subsampling=2, restart_marker_blocks=3)
make("progressive", face.resize((33, 17), Image.LANCZOS), subsampling=0, progressive=True)
