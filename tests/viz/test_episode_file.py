"""Episodes through the real Rerun process: each leaves an .rrd that reads back whole and opens by itself."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import numpy as np
import pytest
from rerun.chunk import RrdReader
from viz_episodes import make_geometry, make_grounding, make_intent, make_poses, make_record

from viz import BoundedSender, PortInUse, start_rerun
from viz import paths as p
from viz.process import serve

STEPS = 30
PHRASES = (make_grounding("red cube", 6, 18), make_grounding("bowl", 12, 4))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def rows(path: Path, static: bool = False) -> dict[str, int]:
    """Rows in time of every entity, or those for all times."""
    counts: dict[str, int] = {}
    for chunk in RrdReader(path).stream().collect().stream():
        if chunk.is_static != static:
            continue
        counts[chunk.entity_path] = counts.get(chunk.entity_path, 0) + chunk.num_rows
    return counts


def episode_messages(identifier: str, path: Path, blind: frozenset[int] = frozenset()) -> list[tuple]:
    messages: list[tuple] = [
        ("episode", identifier, f"{identifier}-1", "pick up the red cube", make_geometry(), str(path), None)
    ]
    intent = None
    for step in range(STEPS):
        if step in (4, 14, 24):
            intent = make_intent(step - 3, PHRASES)
        messages.append(("step", make_record(step, intent, with_images=step not in blind), *make_poses(step)))
    return [*messages, ("end", "success", "The red cube is up.")]


def feed(messages: list[tuple]) -> None:
    """The loop of the process, in this one."""

    class Inbox:
        def __init__(self) -> None:
            self.messages = iter(messages)

        def poll(self, _: float) -> bool:
            return True

        def recv(self) -> tuple:
            try:
                return next(self.messages)
            except StopIteration:
                raise EOFError from None

    serve(Inbox(), None)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def episode_rows(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, int], Path]:
    path = tmp_path_factory.mktemp("rerun") / "deep" / "e1.rrd"
    feed(episode_messages("e1", path, blind=frozenset({7, 8})))
    return rows(path), path


def test_every_expected_entity_is_there_with_its_steps(episode_rows: tuple[dict[str, int], Path]) -> None:
    counts, _ = episode_rows
    for path in (p.QUEUE_DEPTH, p.LATE, p.ACTION, p.PROPOSAL, p.stage("physics"), p.stage("render")):
        assert counts[f"/{path}"] == STEPS, path
    assert counts[f"/{p.STALENESS}"] == STEPS - 4
    assert counts[f"/{p.HAND}"] == STEPS
    assert counts[f"/{p.TAKEN}"] == STEPS - 1
    for path in (p.COARSE, p.REFINED, f"{p.TOKEN_GRID}/now", f"{p.TOKEN_PROBABILITIES}/now"):
        assert counts[f"/{path}"] == STEPS - 4, path
    for path in (
        p.TOKEN_BINS,
        p.TOKEN_TENSOR,
        f"{p.TOKEN_GRID}/steps",
        p.camera_heat("front"),
        p.planner_heat("wrist"),
    ):
        assert counts[f"/{path}"] >= 3, path
    for path in (f"{p.TOKEN_GRID}/cells", p.PLANNER_DURATION, p.REFINER_PERIOD, p.EVENTS):
        assert f"/{path}" in counts
    for path in (p.DRIVER_LANE, p.PLANNER_LANE, p.REFINER_LANE, p.OUTCOME_LANE, p.EPISODE, p.planner_image("front")):
        assert f"/{path}" in counts


def test_steps_without_images_keep_everything_else(episode_rows: tuple[dict[str, int], Path]) -> None:
    counts, _ = episode_rows
    for camera in p.CAMERAS:
        assert counts[f"/{p.camera_image(camera)}"] == STEPS - 2


def test_geometry_is_logged_once_and_only_bodies_that_move_get_more_poses(
    episode_rows: tuple[dict[str, int], Path],
) -> None:
    counts, path = episode_rows
    always = rows(path, static=True)
    for kind in ("box", "sphere", "capsule", "cylinder", "ellipsoid", "plane"):
        assert always[f"/{p.SCENE}/table/{kind}"] == 1
    assert always[f"/{p.SCENE}/red_bowl/bowl"] >= 1
    assert counts[f"/{p.SCENE}/table"] == 1
    assert counts[f"/{p.SCENE}/red_bowl"] == STEPS
    assert not any("unseen" in entity for entity in always)


def test_the_file_opens_by_itself_with_our_layout_and_three_timelines(
    episode_rows: tuple[dict[str, int], Path],
) -> None:
    _, path = episode_rows
    reader = RrdReader(path)
    assert [entry.application_id for entry in reader.recordings()] == [p.APPLICATION_ID]
    assert [entry.application_id for entry in reader.blueprints()] == [p.APPLICATION_ID]
    blueprint = reader.stream(store=reader.blueprints()[0]).collect()
    views = {chunk.entity_path.split("/")[1] for chunk in blueprint.stream()}
    assert {"view", "container", "viewport", "time_panel"} <= views
    timelines = set()
    for chunk in reader.stream().collect().stream():
        timelines.update(chunk.timeline_names)
    assert timelines == {p.STEP, p.SIM_TIME, p.WALL_TIME}
    assert path.stat().st_size / STEPS < 40_000  # bytes: live viewers die of them


def test_several_episodes_through_the_real_process_each_leave_their_file(tmp_path: Path) -> None:
    port = free_port()
    rerun = start_rerun(port, memory_limit="32MB")
    assert rerun.url == f"rerun+http://127.0.0.1:{port}/proxy"
    sender = BoundedSender(rerun.connect(), capacity=200, image_capacity=200)
    files = [tmp_path / f"{name}.rrd" for name in ("a", "b", "c")]
    for path in files[:2]:
        for message in episode_messages(path.stem, path):
            sender.send(message)
    for message in episode_messages("c", files[2])[:-1]:  # cut off: no "end" before the session goes
        sender.send(message)
    deadline = time.monotonic() + 60
    while sender.waiting and time.monotonic() < deadline:
        time.sleep(0.02)
    with socket.create_connection(("127.0.0.1", port), timeout=5):
        pass
    with pytest.raises(PortInUse, match=str(port)):
        start_rerun(port)
    sender.close(timeout=30)
    later = BoundedSender(rerun.connect(), capacity=200, image_capacity=200)  # of the session after this one
    files.append(tmp_path / "d.rrd")
    for message in episode_messages("d", files[3]):
        later.send(message)
    later.close(timeout=60)
    rerun.close()
    rerun.process.join(60)
    assert rerun.process.exitcode == 0
    assert (sender.dropped_images, sender.dropped_steps) == (0, 0)
    for path in files:
        assert rows(path)[f"/{p.HAND}"] == STEPS


def test_a_bad_message_does_not_end_the_view_of_later_ones(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    messages = episode_messages("e1", tmp_path / "e1.rrd")
    feed(
        [
            ("step", make_record(0), *make_poses(0)),
            messages[0],
            ("nonsense",),
            ("step", None, None, None),
            *messages[1:],
        ]
    )
    assert rows(tmp_path / "e1.rrd")[f"/{p.HAND}"] == STEPS
    assert "nonsense" in caplog.text


def test_a_branch_shows_where_the_hand_went_before(tmp_path: Path) -> None:
    path = tmp_path / "e2.rrd"
    (_, *rest), *steps = episode_messages("e2", path)
    hands = np.linspace((0.3, 0.0, 0.2), (0.5, 0.1, 0.3), 40, dtype=np.float32)
    feed([("episode", *rest[:-1], {"e1": hands, "e0": hands[::-1]}), *steps])
    assert rows(path, static=True)[f"/{p.BEFORE}"] == 1


def test_what_is_looked_at_meanwhile_does_not_end_the_episodes_file(tmp_path: Path) -> None:
    begin, *steps, end = episode_messages("e3", tmp_path / "e3.rrd")
    (_, *other), *seen = episode_messages("e0", tmp_path / "none")
    shown = [("shown episode", *other[:-2], None, None), *((f"shown {kind}", *rest) for kind, *rest in seen)]
    feed([begin, *steps[:10], *shown, *steps[10:], end])
    assert rows(tmp_path / "e3.rrd")[f"/{p.HAND}"] == STEPS
    assert not (tmp_path / "none").exists(), "what is shown is not kept"


def test_a_recording_tells_which_episode_it_is_of() -> None:
    assert p.recording_of("episode-003") != p.recording_of("episode-003"), "two cockpits may have the same episodes"
    assert p.episode_of(p.recording_of("episode-003")) == "episode-003"


def test_a_scene_in_which_nothing_was_asked_is_there_to_be_seen_and_has_no_outcome(tmp_path: Path) -> None:
    path = tmp_path / "scene.rrd"
    begin, step, *_ = episode_messages("scene-7", path)
    feed([begin, ("scene", *step[1:])])
    counts = rows(path)
    assert all(counts[f"/{p.camera_image(camera)}"] for camera in p.CAMERAS)
    assert not counts.keys() & {f"/{p.EPISODE}", f"/{p.EVENTS}", f"/{p.TAKEN}", f"/{p.OUTCOME_LANE}"}
