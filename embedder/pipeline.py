"""The stages of a job side by side: decode, detect, crop, embed; the caller writes.

    children --pictures--> detect --faces--> crop --crops--> embed --parts--> (caller)

Each arrow is a bounded queue, each stage a thread that works outside of Python's lock most of the
time. Pictures lie in the decoders' slots until they are cropped, so a slow stage stops the
decoders and memory stays as it is. Batches and parts are made of pictures in their order, never
of what happens to be ready: the same pictures give the same parts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from contextlib import ExitStack, contextmanager
from itertools import islice
from typing import TypeVar

from embedder.decode import Refused, Unreadable
from embedder.decode_pool import Decoded, DecodePool, Lent, Task
from embedder.engine import Engine
from embedder.faces import Faces
from embedder.parts import Arrival, Outcome, Part, parts
from embedder.prefetch import Prefetch
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
    further: Sequence[tuple[Engine, Set[str]]] = (),
    first: Set[str] | None = None,
) -> Iterator[Iterable[Part]]:
    """The parts of `tasks` while the stages run; leaving ends them all, and stops `pool`, which
    has the slots of `slots_each`.

    `further`: engines that detect alike, each with the pictures (sha256) that it embeds; `first`:
    those of `engine`, None: all of them.
    """
    wanted = [(engine, {sha for _, sha in tasks} if first is None else first), *further]
    batch = min(engine.batch, DETECT_BATCH)
    with ExitStack() as stack:

        def prefetch(source: Iterable[T], size: int, name: str) -> Prefetch[T]:
            stage = Prefetch(source, size, name)
            stack.callback(stage.close)
            return stage

        decoded = prefetch(_named(tasks, pool), batch, "decode")
        found = prefetch(_detected(decoded, engine, batch), 1, "detect")
        outcomes = prefetch(_cropped(found, wanted), batch, "crop")
        engines = [each for each, _ in wanted]
        finished = prefetch(parts(outcomes, engines, part_images, stopping, advance), 1, "embed")
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


def _cropped(
    found: Iterable[list[Found]], wanted: Sequence[tuple[Engine, Set[str]]]
) -> Iterator[Arrival]:
    for batch in found:
        for sha256, item, faces in batch:
            numbers = [number for number, (_, own) in enumerate(wanted) if sha256 in own]
            if isinstance(item, Unreadable):
                yield Arrival(numbers[0], (sha256, item), last=True)
                continue
            outcomes = [_outcome(wanted[number][0], sha256, item, faces) for number in numbers]
            if isinstance(item, Lent):
                item.give_back()
            for number, outcome in zip(numbers, outcomes, strict=True):
                yield Arrival(number, outcome, number == numbers[-1])


def _outcome(engine: Engine, sha256: str, item: Refused | Lent, faces: Faces | None) -> Outcome:
    if isinstance(item, Refused):
        return refused(sha256, item)
    assert faces is not None
    return cropped(engine.pack, sha256, item, faces)
