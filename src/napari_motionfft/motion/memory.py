"""Run within the memory there is: smaller blocks of frames, then the CPU."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import torch

from napari_motionfft.motion.device import describe_device, frames_per_block
from napari_motionfft.motion.frames import box_shape
from napari_motionfft.motion.job import Job

Result = TypeVar("Result")


def within_memory(run: Callable[[Job], Result], job: Job) -> tuple[Result, Job, list[str]]:
    """Run; when memory runs out, again with smaller blocks, then on the CPU.

    Returns
    -------
    result, the job that gave it, notes for the user

    Raises
    ------
    MemoryError
        Even one frame at a time on the CPU does not fit.
    """
    notes: list[str] = []
    while True:
        try:
            return run(job), job, notes
        except (RuntimeError, MemoryError) as error:
            # torch.OutOfMemoryError is a RuntimeError; the host's allocator raises a plain one
            if not out_of_memory(error):
                raise
        # only here, the handler left, does its traceback not keep the tensors alive
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        if job.block > 1:
            job = replace(job, block=max(1, job.block // 4))
            notes.append("Memory ran out: smaller blocks of frames were used.")
        elif job.device.type != "cpu":
            notes.append(f"{describe_device(job.device)} ran out of memory: the CPU was used.")
            cpu = torch.device("cpu")
            job = replace(job, device=cpu, block=frames_per_block(box_shape(job.box), cpu))
        else:
            raise MemoryError("not enough memory for this stack: choose a smaller region")


def out_of_memory(error: Exception) -> bool:
    """Whether an error means that memory ran out, on whatever device."""
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    told = str(error).lower()
    return any(sign in told for sign in ("out of memory", "not enough memory", "alloc"))
