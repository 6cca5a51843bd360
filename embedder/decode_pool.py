"""Decoding in child processes with memory and time limits: a crash costs one picture."""

from __future__ import annotations

import multiprocessing
import os
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from embedder.decode import DecodedImage, Refused, Unreadable
from embedder.decode_child import Answer, InSlot, child
from embedder.shared_memory import SharedSlots

MEMORY_BYTES = 3 * 1024**3
SECONDS = 30.0  # of a core, for one picture: on a busy machine they take longer
PATIENCE = 20  # times as long by the clock, then it hangs
START_SECONDS = 600.0
SLOTS = 4  # pictures that a child may have decoded, or in hand, and nobody has given back
_SLOW_DISK = "disk_too_slow"
_LOOK = 0.2  # seconds between looks at whether the pool is being closed
Task = tuple[Path, str]


class Closed(Exception):
    """The pool was closed while somebody waited for a picture."""


@dataclass(frozen=True)
class Lent(DecodedImage):
    """A picture whose pixels are the pool's: call `give_back` when they have been looked at."""

    give_back: Callable[[], None]


Decoded = Lent | Refused | Unreadable


class _Worker:
    """One child; its tasks are answered in their order."""

    def __init__(
        self, slots: int, memory_bytes: int, seconds: float, closing: threading.Event
    ) -> None:
        self._limit = memory_bytes
        self._seconds = seconds
        self._closing = closing
        self._memory = SharedSlots(slots)
        self._free: queue.SimpleQueue[int] = queue.SimpleQueue()
        for slot in range(slots):
            self._free.put(slot)
        self._in_hand: deque[tuple[Task, int]] = deque()
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=child, args=(theirs, self._memory, self._limit), daemon=True
        )
        self._process.start()
        theirs.close()
        self._ready = False

    def wait_until_started(self) -> None:
        """A child takes a second to start: all start at the same time, their tasks wait in the
        pipe. Raises `RuntimeError` for one that does not come up."""
        if self._ready:
            return
        started = self._pipe.poll(START_SECONDS)
        with suppress(EOFError, ConnectionResetError):
            self._ready = started and self._pipe.recv() == "ready"
        if not self._ready:
            raise RuntimeError("a decoder process did not start; is there memory for it?")

    def fill(self, tasks: Iterator[Task], wait: bool) -> None:
        """Hand tasks over while slots are free; `wait` for one where the child has no task."""
        while True:
            slot = self._slot(wait and not self._in_hand)
            if slot is None:
                return
            task = next(tasks, None)
            if task is None:
                self._free.put(slot)
                return
            self._in_hand.append((task, slot))
            with suppress(BrokenPipeError):  # `result` finds out
                self._pipe.send((slot, *task))

    def _slot(self, wait: bool) -> int | None:
        while not self._closing.is_set():
            try:
                return self._free.get(wait, _LOOK)
            except queue.Empty:
                if not wait:
                    return None
        raise Closed

    def result(self) -> Decoded:
        """The oldest task's outcome; tried again once in a fresh child, then refused."""
        answer = self._answer()
        if isinstance(answer, str):
            self._restart()
            answer = self._answer()
        ((path, _), slot) = self._in_hand.popleft()
        if isinstance(answer, str):
            self._restart()  # for the pictures after it
            answer = self._slow_disk(path) if answer == _SLOW_DISK else Refused(answer)
        if not isinstance(answer, InSlot):
            self._free.put(slot)
            return answer
        pixels = self._memory.pixels(slot, answer.shape)
        facts = (answer.phash, answer.width, answer.height, answer.taken_on)
        return Lent(pixels, *facts, lambda: self._free.put(slot))

    def _answer(self) -> Answer | str:
        self.wait_until_started()
        end, begun = time.monotonic() + PATIENCE * self._seconds, self._core_seconds()
        while not self._pipe.poll(min(_LOOK, self._seconds)):
            if self._closing.is_set():
                raise Closed
            if self._core_seconds() - begun >= self._seconds:
                return "decoder_timeout"
            if time.monotonic() >= end:
                return _SLOW_DISK if self._waits_for_disk() else "decoder_timeout"
        try:
            answer: Answer = self._pipe.recv()
        except (EOFError, ConnectionResetError):
            return "decoder_crashed"
        return answer

    def _core_seconds(self) -> float:
        """What the child has used so far; 0 where it is gone, which the pipe tells as well."""
        fields = self._stat()
        return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK") if fields else 0.0

    def _waits_for_disk(self) -> bool:
        """Is the child in the kernel's uninterruptible sleep, as who reads from a slow disk is?"""
        return self._stat()[:1] == ["D"]

    def _stat(self) -> list[str]:
        with suppress(OSError):
            return Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return []

    def _slow_disk(self, path: Path) -> Unreadable:
        """Not the picture's fault, so it is tried again by the next run."""
        seconds = PATIENCE * self._seconds
        message = f"{path}: not read within {seconds:.0f} s; look at its disk, and run again"
        return Unreadable(_SLOW_DISK, message)

    def _restart(self) -> None:
        self._end()
        self._start()
        for task, slot in self._in_hand:
            self._pipe.send((slot, *task))

    def _end(self) -> None:
        self._process.kill()
        self._process.join()
        self._pipe.close()

    def close(self) -> None:
        self._end()
        self._memory.close()


class DecodePool:
    """`size` children, each up to `slots` pictures ahead. Use as a context manager."""

    def __init__(
        self,
        size: int,
        slots: int = SLOTS,
        memory_bytes: int = MEMORY_BYTES,
        seconds: float = SECONDS,
    ) -> None:
        # Thread pools of numpy's BLAS would eat the children's address space.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        self._closing = threading.Event()
        self._workers = [_Worker(slots, memory_bytes, seconds, self._closing) for _ in range(size)]

    def __enter__(self) -> DecodePool:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        for worker in self._workers:
            worker.close()

    def wait_until_started(self) -> None:
        """Return when all children are there; without it the first pictures wait for them."""
        for worker in self._workers:
            worker.wait_until_started()

    def stop(self) -> None:
        """Whoever waits for a picture gets `Closed`."""
        self._closing.set()

    def decode(self, tasks: Sequence[Task]) -> Iterator[Decoded]:
        """What `tasks` decode to, in their order. Exhaust it before the next call.

        Pictures must be given back, else it waits for ever when all slots are lent.
        """
        size = len(self._workers)
        shares = [iter(tasks[number::size]) for number in range(size)]
        for index in range(len(tasks)):
            due = index % size
            for number, worker in enumerate(self._workers):
                worker.fill(shares[number], wait=number == due)
            yield self._workers[due].result()
