"""One stage of training in a process of its own: `python -m training.stage planner|refiner ...`.

`prepare` makes what the others share: the normalisation of proprioception, and every phrase encoded.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from policy.config import PolicyConfig
from policy.sentences import SentenceEncoder
from training.export import averaged, other_configuration
from training.files import read_tensors, whole, write_tensors
from training.frames import Frames
from training.loop import RunSettings, TrainingError
from training.sentences import KeptSentences
from training.shards import Shard, ShardLost, sharded

if TYPE_CHECKING:
    from training.phrases import PhraseBank
    from training.words.bank import WordBank


def normalisation(frames: Frames) -> tuple[Tensor, Tensor]:
    """Mean and spread (P,) of proprioception."""
    proprio = torch.from_numpy(frames.columns["proprio"])
    return proprio.mean(0), proprio.std(0).clamp_min(1e-2)


def parse(words: list[str] | None = None) -> argparse.Namespace:
    """Arguments of a stage."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("system", choices=("prepare", "planner", "refiner", "tokens", "words"))
    parser.add_argument("--data", type=Path, nargs="+", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=0)
    parser.add_argument("--rate", type=float, default=1.2e-3)
    parser.add_argument("--warmup", type=int, default=200, help="optimiser steps until the full rate")
    parser.add_argument("--muon", type=int, choices=(0, 1), default=0, help="1: Muon steps for matrices")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--start", type=Path, help="stage folder whose averaged weights to start from")
    parser.add_argument("--norm", type=Path, help="normalisation to keep (default: of the data)")
    parser.add_argument("--phrases", type=Path, help="folder of encoded phrases, as `prepare` leaves it")
    parser.add_argument("--ways", type=int, default=80, help="phrases of every goal, drawn from its templates")
    parser.add_argument("--planned", type=Path, help="planner tokens of every frame, for the refiner's curriculum")
    parser.add_argument("--planned-share", type=float, default=0.9)
    parser.add_argument("--max-age", type=int, default=44)
    parser.add_argument("--blocks", type=int, help="only the first blocks of each data set")
    parser.add_argument(
        "--old-sets", type=int, help="so many data sets are old, the others recent, and recent ones are used whole"
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--shards", type=int, default=1, help="processes that share every batch")
    parser.add_argument("--recent-share", type=float, default=0.0, help="of each batch, of all but the old data sets")
    parser.add_argument("--learns", default="", help="how the planner's parameters begin that learn, such as `head.`")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--save-every", type=int, default=250)
    return parser.parse_args(words)


def run(arguments: argparse.Namespace) -> None:
    """Do one stage; what it leaves in `--out` is whole or not there.

    Raises:
        TrainingError: training cannot go on, or what it starts from is of another configuration.
        ValueError: data set or file that cannot be used; names the field.
        WriteError: the disk is full.
    """
    arguments.out.mkdir(parents=True, exist_ok=True)
    config = PolicyConfig()
    for folder in filter(None, (arguments.out, arguments.start)):
        if difference := other_configuration(folder, config):
            raise TrainingError(f"{difference} Remove {folder} and what was made from it to make it again.")
    if arguments.system in ("planner", "refiner", "words"):
        details = {**vars(arguments), "config": config.to_dict()}
        with whole(arguments.out / "stage.json", 4096) as unfinished:
            unfinished.write_text(json.dumps(details, default=str, indent=1))
        work = _train
        if arguments.system == "words":
            from training.words.learn import LEARNS

            work, arguments.learns = _train_words, LEARNS
            _words(arguments)  # encodes them, once for all processes
        parameters = _model(arguments.system, config).named_parameters()
        size = sum(parameter.numel() for name, parameter in parameters if name.startswith(arguments.learns))
        if arguments.shards > 1:
            sharded(work, arguments.shards, size, arguments)
        else:
            work(None, arguments)
        return
    frames, _ = _open(arguments)
    mean, spread = _norm(arguments, frames)
    if arguments.system == "prepare":
        torch.set_num_threads(arguments.threads)
        _phrases(arguments.out / "phrases", arguments.ways)
        write_tensors({"mean": mean, "spread": spread}, arguments.out / "norm.safetensors")
        return
    from training.planner import plan_frames

    unfinished = arguments.out / "unfinished"
    plan_frames(config, frames, mean, spread, averaged(arguments.start), unfinished, arguments.threads)
    for name in ("anchors.npy", "tokens.npy"):
        (unfinished / name).replace(arguments.out / name)
    unfinished.rmdir()


def _train(shard: Shard | None, arguments: argparse.Namespace) -> None:
    """Train one system and write its averaged weights to `OUT/weights.safetensors`."""
    frames, recent = _open(arguments)
    mean, spread = _norm(arguments, frames)
    rank, count = _place(shard)
    settings = _settings(arguments, shard)
    start = averaged(arguments.start) if arguments.start else None
    common: dict[str, Any] = {
        "batch": arguments.batch // count,
        "seed": arguments.seed * count + rank,
        "recent": recent,
        "recent_share": arguments.recent_share,
    }
    if arguments.system == "planner":
        from training.planner import train_planner

        bank = _phrases(arguments.phrases, arguments.ways)
        common |= {"learns": arguments.learns}
        weights = train_planner(PolicyConfig(), frames, bank, mean, spread, arguments.out, settings, start, **common)
    else:
        from training.refiner import train_refiner

        if arguments.planned:
            common |= {"planned": np.load(arguments.planned, mmap_mode="r"), "planned_share": arguments.planned_share}
            anchors = arguments.planned.with_name("anchors.npy")
            common |= {"planned_anchors": np.load(anchors) if anchors.is_file() else None}
        common |= {"max_age": arguments.max_age}
        weights = train_refiner(PolicyConfig(), frames, mean, spread, arguments.out, settings, start, **common)
    if settings.leads:
        write_tensors({"mean": mean, "spread": spread}, arguments.out / "norm.safetensors")
        write_tensors(weights, arguments.out / "weights.safetensors")


def _open(arguments: argparse.Namespace) -> tuple[Frames, int]:
    """The frames, and the first row of those that are recent: of all data sets but the first, if nothing else is said.

    The first data set alone is no older than itself.
    """
    data, old = arguments.data, 1 if arguments.old_sets is None else arguments.old_sets
    whole = 0 if arguments.old_sets is None else len(data) - old
    frames = Frames.open(data, arguments.blocks, whole)
    return frames, len(Frames.open(data[:old], arguments.blocks)) if 0 < old < len(data) else 0


def _train_words(shard: Shard | None, arguments: argparse.Namespace) -> None:
    """Train what reads sentences and write all of the planner's weights to `OUT/weights.safetensors`."""
    from training.words.learn import SENTENCES, train_words

    frames, _ = _open(arguments)
    rank, count = _place(shard)
    settings, start = _settings(arguments, shard), averaged(arguments.start)
    weights = train_words(
        PolicyConfig(), frames, _words(arguments), arguments.out, settings, start,
        seed=arguments.seed * count + rank, sentences=SENTENCES // count,
    )  # fmt: skip
    if settings.leads:
        write_tensors(weights, arguments.out / "weights.safetensors")


def _place(shard: Shard | None) -> tuple[int, int]:
    return (shard.rank, shard.count) if shard else (0, 1)


def _settings(arguments: argparse.Namespace, shard: Shard | None) -> RunSettings:
    return RunSettings(
        arguments.steps, arguments.rate, arguments.warmup, save_every=arguments.save_every, threads=arguments.threads,
        muon=bool(arguments.muon), shard=shard,
    )  # fmt: skip


def _words(arguments: argparse.Namespace) -> WordBank:
    """Sentences of the lesson in words, encoded; kept in `--out`."""
    from training.words.bank import WordBank

    torch.set_num_threads(max(arguments.threads, arguments.shards))  # before there are processes to share the work
    with torch.inference_mode():
        return WordBank.build(KeptSentences(arguments.out / "phrases"), arguments.seed, arguments.ways)


def _phrases(folder: Path | None, ways: int) -> PhraseBank:
    """All phrases to train on, encoded; kept in `folder` if there is one."""
    from training.phrases import PhraseBank

    with torch.inference_mode():
        return PhraseBank.build(KeptSentences(folder) if folder else SentenceEncoder(), ways=ways)


def _norm(arguments: argparse.Namespace, frames: Frames) -> tuple[Tensor, Tensor]:
    if not arguments.norm:
        return normalisation(frames)
    norm, _ = read_tensors(arguments.norm)
    return norm["mean"], norm["spread"]


def _model(system: str, config: PolicyConfig) -> nn.Module:
    from policy.planner import PlannerModel
    from policy.refiner import RefinerModel

    return RefinerModel(config) if system == "refiner" else PlannerModel(config)


def main(words: list[str] | None = None) -> int:
    """Run a stage; what stops it is one sentence, the last line on stderr."""
    arguments = parse(words)
    try:
        run(arguments)
    except ShardLost:  # the other process has said why
        return 1
    except (TrainingError, ValueError, OSError) as error:
        print(f"{arguments.system}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
