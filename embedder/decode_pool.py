"""Decoding in child processes with memory and time limits: a crash costs one picture."""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
from collections.abc import Iterator, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

from embedder.decode import Decoded, Refused, decode_file

MEMORY_BYTES = 3 * 1024**3
SECONDS = 30.0
START_SECONDS = 60.0
Task = tuple[Path, str]


def child(pipe: Connection, memory_bytes: int) -> None:
    """Answer every (path, sha256) with what it decoded to, until the parent hangs up."""
    # The parent decides when to stop: a SIGTERM to the group must not look like a bad picture.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        pipe.send("ready")
        while True:
            path, sha256 = pipe.recv()
            pipe.send(decode_file(path, sha256))


class _Worker:
    """One child with at most one picture in hand."""

    def __init__(self, memory_bytes: int, seconds: float) -> None:
        self._memory_bytes = memory_bytes
        self._seconds = seconds
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(
            target=child, args=(theirs, self._memory_bytes), daemon=True
        )
        self._process.start()
        theirs.close()
        if not self._pipe.poll(START_SECONDS) or self._pipe.recv() != "ready":
            raise RuntimeError("a decoder process did not start; is there memory for it?")

    def submit(self, task: Task) -> None:
        self._task = task
        self._pipe.send(task)

    def result(self) -> Decoded:
        """The submitted picture; tried again once in a fresh child, then refused."""
        answer = self._answer()
        if isinstance(answer, str):
            self._restart()
            self._pipe.send(self._task)
            answer = self._answer()
        if isinstance(answer, str):
            self._restart()
            return Refused(answer)
        return answer

    def _answer(self) -> Decoded | str:
        if not self._pipe.poll(self._seconds):
            return "decoder_timeout"
        try:
            decoded: Decoded = self._pipe.recv()
        except (EOFError, ConnectionResetError):
            return "decoder_crashed"
        return decoded

    def _restart(self) -> None:
        self.close()
        self._start()

    def close(self) -> None:
        self._process.kill()
        self._process.join()
        self._pipe.close()


class DecodePool:
    """`size` children, each one picture ahead. Use as a context manager."""

    def __init__(
        self, size: int, memory_bytes: int = MEMORY_BYTES, seconds: float = SECONDS
    ) -> None:
        # Thread pools of numpy's BLAS would eat the children's address space.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        self._workers = [_Worker(memory_bytes, seconds) for _ in range(size)]

    def __enter__(self) -> DecodePool:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.close()

    def decode(self, tasks: Sequence[Task]) -> Iterator[Decoded]:
        """What `tasks` decode to, in their order. Exhaust it before the next call."""
        size = len(self._workers)
        for worker, task in zip(self._workers, tasks, strict=False):
            worker.submit(task)
        for index in range(len(tasks)):
            worker = self._workers[index % size]
            decoded = worker.result()
            if index + size < len(tasks):
                worker.submit(tasks[index + size])
            yield decoded
