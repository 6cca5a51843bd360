"""The stages of a job side by side: decode, detect, crop, embed; the caller writes.

    children --pictures--> detect --faces--> crop --crops--> embed --parts--> (caller)

Each arrow is a bounded queue, each stage a thread that works outside of Python's lock most of the
time. Pictures lie in the decoders' slots until they are cropped, so a slow stage stops the
decoders and memory stays as it is. Batches and parts are made of pictures in their order, never
of what happens to be ready: the same pictures give the same parts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import islice
from typing import TypeVar

from embedder.decode import Refused, Unreadable
from embedder.decode_pool import Decoded, DecodePool, Lent, Task
from embedder.engine import Engine
from embedder.faces import Faces
from embedder.parts import Outcome, Part, parts
from embedder.prefetch import Ahead
from embedder.rows import cropped, refused

DETECT_BATCH = 16  # at most; more fill no device better and hold more pictures in memory
T = TypeVar("T")
Found = tuple[str, Decoded, Faces | None]


@contextmanager
def running(
    pool: DecodePool,
    tasks: Sequence[Task],
    engine: Engine,
    part_images: int,
    stopping: Callable[[], bool],
    advance: Callable[[], object],
) -> Iterator[Iterable[Part]]:
    """The parts of `tasks` while the stages run; leaving ends them all, and stops `pool`, which
    has the slots of `slots_each`."""
    batch = min(engine.batch, DETECT_BATCH)
    with ExitStack() as stack:

        def ahead(source: Iterable[T], size: int, name: str) -> Ahead[T]:
            stage = Ahead(source, size, name)
            stack.callback(stage.close)
            return stage

        decoded = ahead(_named(tasks, pool), batch, "decode")
        found = ahead(_detected(decoded, engine, batch), 1, "detect")
        outcomes = ahead(_cropped(found, engine), batch, "crop")
        finished = ahead(parts(outcomes, engine, part_images, stopping, advance), 1, "embed")
        # Before the stages are closed, who waits for a picture has to be woken.
        stack.callback(pool.stop)
        yield finished


def slots_each(batch: int, decoders: int) -> int:
    """Slots a decoder so that two whole batches can be lent at once, and one decoded ahead."""
    return 2 * -(-min(batch, DETECT_BATCH) // decoders) + 1


def _named(tasks: Sequence[Task], pool: DecodePool) -> Iterator[tuple[str, Decoded]]:
    for (_, sha256), decoded in zip(tasks, pool.decode(tasks), strict=True):
        yield sha256, decoded


def _detected(
    decoded: Iterable[tuple[str, Decoded]], engine: Engine, batch: int
) -> Iterator[list[Found]]:
    source = iter(decoded)
    while members := list(islice(source, batch)):
        pixels = [item.pixels for _, item in members if isinstance(item, Lent)]
        found = iter(engine.detect(pixels))
        yield [
            (sha256, item, next(found) if isinstance(item, Lent) else None)
            for sha256, item in members
        ]


def _cropped(found: Iterable[list[Found]], engine: Engine) -> Iterator[Outcome]:
    for batch in found:
        for sha256, item, faces in batch:
            if isinstance(item, Unreadable):
                yield sha256, item
            elif isinstance(item, Refused):
                yield refused(sha256, item)
            else:
                assert faces is not None
                outcome = cropped(engine.pack, sha256, item, faces)
                item.give_back()
                yield outcome
