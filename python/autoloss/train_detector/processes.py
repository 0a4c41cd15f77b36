"""One process, or several that torchrun started."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

import torch
import torch.distributed as distributed
from torch import Tensor

Value = TypeVar("Value")


@dataclass(frozen=True)
class Processes:
    """This process's number among how many; 0 of 1 without torchrun."""

    rank: int = 0
    world: int = 1
    local_rank: int = 0

    @classmethod
    def from_environment(cls) -> Processes:
        """What torchrun says."""
        names = ("RANK", "WORLD_SIZE", "LOCAL_RANK")
        if "RANK" not in os.environ or "WORLD_SIZE" not in os.environ:
            return cls()
        return cls(*(int(os.environ.get(name, 0)) for name in names))

    @property
    def first(self) -> bool:
        """Whether this is the process that writes."""
        return self.rank == 0

    def start(self, device: torch.device) -> None:
        """Joins the others: NCCL between GPUs, Gloo between CPUs."""
        if self.world > 1:
            if device.type == "cuda":
                torch.cuda.set_device(device)
            distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")

    def stop(self) -> None:
        """Leaves the others."""
        if self.world > 1 and distributed.is_initialized():
            distributed.destroy_process_group()

    def gathered(self, value: Value) -> list[Value]:
        """The values of all processes, on all of them."""
        if self.world == 1:
            return [value]
        values: list[Value | None] = [None] * self.world
        distributed.all_gather_object(values, value)
        return [each for each in values if each is not None]

    def agree(self, tensors: Iterable[Tensor]) -> None:
        """Gives every process the first one's values."""
        if self.world > 1:
            for tensor in tensors:
                distributed.broadcast(tensor, 0)

    def any(self, value: bool, device: torch.device) -> bool:
        """Whether it is so on some process."""
        if self.world == 1:
            return value
        flag = torch.tensor(float(value), device=device)
        distributed.all_reduce(flag, op=distributed.ReduceOp.MAX)
        return bool(flag.item() > 0)
