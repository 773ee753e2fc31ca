"""A policy for a process of its own: what it is told to do, it does. Loaded by import path."""

from __future__ import annotations

import os
import time
from pathlib import Path
from types import SimpleNamespace


class ObedientPlanner:
    horizon = 8

    def plan(self, observation):
        if observation == "raise":
            raise ValueError("no such cube")
        if observation == "die":
            os._exit(3)
        if observation == "hang":
            time.sleep(3600)
        return f"intent for {observation}"


class ObedientRefiner:
    chunk_steps = 5

    def refine(self, observation, intent, start_step, committed, noise_seed):
        return observation, intent, start_step, noise_seed


def load(checkpoint: Path):
    if checkpoint.name == "broken":
        raise ValueError("The checkpoint broken is damaged.")
    if checkpoint.name == "fatal":
        os._exit(7)
    if checkpoint.is_dir():  # counts how often it was loaded, and fails the second time
        loads = checkpoint / "loads"
        before = loads.read_text() if loads.exists() else ""
        loads.write_text(before + "x")
        if before == "x":
            raise OSError("the disk is busy")
    return SimpleNamespace(planner=ObedientPlanner(), refiner=ObedientRefiner())
