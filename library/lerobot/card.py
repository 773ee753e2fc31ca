"""The card of an exported data set: what is in it, what every column means, how it is read."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, Final

from library.files import write_whole
from records import CONTROL_HZ

_CARD: Final = """\
---
task_categories:
- robotics
tags:
- LeRobot
configs:
- config_name: default
  data_files: data/*/*.parquet
---
# Episodes of Libra Cockpit

LeRobotDataset v3.0, written by `libra export`: {episodes} episodes, {frames} frames at {hz} Hz ({minutes:.1f} minutes),
{tasks} different instructions. A simulated 7-joint arm on a tabletop; two cameras of {size} pixels.

| outcome | episodes |
|---|---|
{outcomes}

```python
from lerobot.datasets.lerobot_dataset import LeRobotDataset

dataset = LeRobotDataset("local/libra", root="path/to/this/folder", video_backend="pyav")
```

| column | meaning |
|---|---|
| `observation.state` | proprioception before the action: hand position (m), first two columns of its rotation matrix, finger opening (m), last gripper command, commanded minus measured position (m), seven joint angles (rad) |
| `observation.images.front`, `.wrist` | what the policy saw before the action |
| `action` | executed: a change of the hand's pose in [-1, 1] (1 is 2 cm or 0.1 rad a step, robot base frame), gripper -1 open to +1 closed |
| `commanded_action` | the same before clipping |
| `policy_action`, `policy_action_valid` | what the policy would have done, also while a human drove; not valid where it proposed nothing |
| `intervention` | a human drove, or steered the planner's tokens |
| `control_source` | `policy`, `human`, `expert` or `hold` |
| `planner.tokens` | the planner's bin for each action dimension at this step, -1 without an intent |
| `control_step` | in the episode's own record |
| `next.success`, `next.done` | at the last frame of an episode; no success where the end was trimmed away |

An episode goes from its first picture to its last, without what was trimmed away. Pictures of steps at which the arm was
told to hold, and nobody looked, were drawn afterwards from the recorded state.

`meta/episodes` also says for each episode, in columns that begin with `libra/`, its id in the library, outcome and who said
so, scene seed, the simulator's state before its first frame, objects moved by hand, and the checkpoint: with the actions
that is enough to simulate the episode again exactly.
"""  # noqa: E501


def write_card(root: Path, info: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    """Write `README.md` anew.

    Raises:
        OSError: it cannot be written.
    """
    outcomes = Counter(f"{row['libra/outcome']}" for row in rows)
    text = _CARD.format(
        episodes=info["total_episodes"],
        frames=info["total_frames"],
        tasks=info["total_tasks"],
        hz=CONTROL_HZ,
        minutes=info["total_frames"] / CONTROL_HZ / 60,
        size=info["features"]["observation.images.front"]["shape"][0],
        outcomes="\n".join(f"| {name} | {count} |" for name, count in sorted(outcomes.items())),
    )
    write_whole(root / "README.md", text.encode())
