"""The pipeline's small parts: working ahead, halving batches, slots that come back."""

from __future__ import annotations

import hashlib
import io
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from embedder.batches import Batches, is_out_of_memory
from embedder.decode import KEPT_SIDE, MAX_SIDE, DecodedImage, Refused, decode_bytes
from embedder.decode_pool import Closed, DecodePool, Lent, Task
from embedder.jpeg import halving
from embedder.prefetch import Prefetch
from tests.waiting import DEADLINE


def test_ahead_keeps_order_and_works_no_further_than_its_size() -> None:
    taken: list[int] = []
    full = threading.Event()

    def numbers() -> Iterator[int]:
        for number in range(20):
            taken.append(number)
            if number == 3:
                full.set()
            yield number

    stage = Prefetch(numbers(), 3, "numbers")
    assert full.wait(DEADLINE)
    assert taken == [0, 1, 2, 3]  # three waiting, one in hand
    assert list(stage) == list(range(20))
    stage.close()


def test_an_error_comes_after_the_items_before_it() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise ValueError("no more")

    stage = Prefetch(broken(), 5, "broken")
    got: list[int] = []
    with pytest.raises(ValueError, match="no more"):
        for item in stage:
            got.append(item)
    assert got == [1]
    stage.close()


def test_closing_ends_a_stage_that_nobody_reads() -> None:
    ended = threading.Event()

    def endless() -> Iterator[int]:
        try:
            while True:
                yield 1
        finally:
            ended.set()

    stage = Prefetch(endless(), 2, "endless")
    stage.close()
    assert ended.wait(DEADLINE)


class Device:
    """Doubles numbers, in batches of at most `room`."""

    def __init__(self, room: int, message: str = "CUDA failure 2: out of memory") -> None:
        self.room, self.message = room, message
        self.sizes: list[int] = []

    def __call__(self, batch: Sequence[int]) -> list[int]:
        self.sizes.append(len(batch))
        if len(batch) > self.room:
            raise RuntimeError(self.message)
        return [2 * number for number in batch]


def test_a_batch_is_halved_until_it_fits_and_stays_so(caplog) -> None:
    batches, device = Batches(16), Device(5)
    assert batches.run(device, list(range(20))) == [2 * number for number in range(20)]
    assert device.sizes == [16, 8, 4, 4, 4, 4, 4]
    assert batches.run(device, [1, 2, 3]) == [2, 4, 6]
    assert batches.size == 4
    assert [line.split(" (")[0] for line in caplog.messages] == [
        "out of memory: batches of 8 from now on",
        "out of memory: batches of 4 from now on",
    ]


def test_a_batch_of_one_that_does_not_fit_and_other_errors_are_raised() -> None:
    with pytest.raises(RuntimeError, match="out of memory"):
        Batches(4).run(Device(0), [1, 2, 3])
    device = Device(2, "Invalid input shape")
    with pytest.raises(RuntimeError, match="Invalid"):
        Batches(4).run(device, [1, 2, 3])
    assert device.sizes == [3]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (MemoryError(), True),
        (RuntimeError("Failed to allocate memory for requested buffer of size 9"), True),
        (RuntimeError("CUDNN_STATUS_ALLOC_FAILED"), True),
        (RuntimeError("std::bad_alloc"), True),
        (RuntimeError("Got invalid dimensions for input"), False),
        (ValueError("the points coincide"), False),
    ],
)
def test_what_counts_as_out_of_memory(error: Exception, expected: bool) -> None:
    assert is_out_of_memory(error) is expected


def _jpeg(width: int, height: int, **options: object) -> bytes:
    """A smooth picture, darker to the left, redder to the bottom."""
    across = np.linspace(0, 255, width)[None, :, None]
    down = np.linspace(0, 255, height)[:, None, None]
    pixels = np.broadcast_to(across * [1, 1, 0] * 0.5 + down * [1, 0, 0] * 0.5, (height, width, 3))
    buffer = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(buffer, "JPEG", **options)
    return buffer.getvalue()


def _decoded(content: bytes) -> DecodedImage:
    decoded = decode_bytes(content)
    assert isinstance(decoded, DecodedImage), decoded
    return decoded


@pytest.mark.parametrize(
    "options", [{}, {"progressive": True}, {"subsampling": 0}, {"subsampling": 2, "quality": 40}]
)
def test_the_short_way_gives_pillows_pixels(options: dict[str, object]) -> None:
    content = _jpeg(211, 173, **options)
    expected = np.asarray(Image.open(io.BytesIO(content)))
    assert (_decoded(content).pixels == expected).all()


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((1000, 1500), (1000, 1500)),
        ((2 * KEPT_SIDE - 1, 900), (2 * KEPT_SIDE - 1, 900)),
        ((2 * KEPT_SIDE, 900), (KEPT_SIDE, 450)),
        ((5200, 3000), (1300, 750)),
        ((301, 6000), (76, 1500)),
    ],
)
def test_large_jpegs_are_decoded_smaller_and_remember_their_size(
    size: tuple[int, int], expected: tuple[int, int]
) -> None:
    image = _decoded(_jpeg(*size, quality=90))
    assert (image.width, image.height) == size
    assert image.pixels.shape[1::-1] == expected
    assert max(image.pixels.shape) <= MAX_SIDE
    content = Image.open(io.BytesIO(_jpeg(*size, quality=90)))
    reference = np.asarray(content.resize(expected, Image.Resampling.BOX), np.int16)
    assert np.abs(reference - image.pixels).mean() < 2


def test_other_formats_are_shrunk_too_and_strips_are_refused() -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (6000, 700), (10, 200, 30)).save(buffer, "PNG")
    image = _decoded(buffer.getvalue())
    assert image.pixels.shape == (175, 1500, 3)
    assert image.pixels[50, 50].tolist() == [10, 200, 30]
    strip = decode_bytes(_jpeg(20_000, 60))
    assert strip == Refused("too_narrow", 20_000, 60)


def test_halvings() -> None:
    assert [halving(number) for number in (0, 1, 2, 3, 4, 7, 8, 30)] == [1, 1, 2, 2, 4, 4, 8, 8]


def _tasks(directory: Path, count: int) -> list[Task]:
    tasks = []
    for number in range(count):
        content = _jpeg(60 + number, 50)
        digest = hashlib.sha256(content).hexdigest()
        (directory / digest).write_bytes(content)
        tasks.append((directory / digest, digest))
    return tasks


def test_slots_that_are_given_back_are_used_again(tmp_path: Path) -> None:
    tasks = _tasks(tmp_path, 12)
    widths = []
    with DecodePool(2, slots=1) as pool:
        for image in pool.decode(tasks):
            assert isinstance(image, Lent)
            widths.append(image.pixels.shape[1])
            assert (image.pixels == _decoded(tasks[len(widths) - 1][0].read_bytes()).pixels).all()
            image.give_back()
    assert widths == list(range(60, 72))


def test_a_pool_that_is_stopped_wakes_who_waits_for_a_slot(tmp_path: Path) -> None:
    with DecodePool(1, slots=2) as pool:
        images = pool.decode(_tasks(tmp_path, 5))
        assert isinstance(next(images), Lent) and isinstance(next(images), Lent)
        waker = threading.Timer(0.3, pool.stop)  # nobody gives a slot back
        waker.start()
        with pytest.raises(Closed):
            next(images)
        waker.join()
