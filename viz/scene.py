"""The 3-D twin: every geom once per episode, then only the poses of bodies that moved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import rerun as rr
from numpy.typing import NDArray

from records import GeometryRecord
from viz import paths
from viz.columns import ColumnLog

CREASE = np.cos(np.deg2rad(40.0))
"""faces that meet at a sharper angle keep their edge"""
KEYFRAME_STEPS = 100
"""All poses are repeated this often, since a server at its memory limit forgets the oldest."""
MOVED = 2e-5
"""metres, and quaternion components: less is noise of the contact solver"""
PLANE_THICKNESS = 0.002


class SceneLog:
    """Logs one episode's scene.

    Args:
        log: of the episode.
        geometry: of the scene; geoms with no opacity are left out.
    """

    def __init__(self, log: ColumnLog, geometry: Sequence[GeometryRecord]) -> None:
        self._log = log
        self._bodies: dict[int, str] = {}
        self._last: NDArray[np.float64] | None = None
        self._keyframe = 0
        log.log("world", rr.ViewCoordinates.RIGHT_HAND_Z_UP, static=True)
        self._names: set[str] = set()
        self.add(geometry)

    def add(self, geometry: Sequence[GeometryRecord]) -> None:
        """More geoms, of bodies that are told apart by their index."""
        for record in geometry:
            if record.rgba[3] <= 0.0:
                continue
            body = self._bodies.setdefault(record.body_index, paths.body_path(record.body, record.body_index))
            path = f"{body}/{paths.escape(record.name) if record.name else record.kind}"
            while path in self._names:
                path += "_"
            self._names.add(path)
            self._log.log(path, *_shape(record), static=True)

    def log_poses(self, step: int, positions: NDArray[np.floating], quaternions: NDArray[np.floating]) -> None:
        """Poses of the bodies at the current time.

        Args:
            step: control step, to space the keyframes.
            positions: (B, 3) metres.
            quaternions: (B, 4) wxyz.
        """
        poses = np.concatenate((positions, quaternions), axis=1)
        last = self._last
        if last is None or last.shape != poses.shape or abs(step - self._keyframe) >= KEYFRAME_STEPS:
            self._keyframe = step
            moved = np.ones(len(poses), dtype=bool)
            self._last = last = poses.copy()
        else:
            moved = np.abs(poses - last).max(axis=1) > MOVED
            last[moved] = poses[moved]
        xyzw = np.roll(quaternions, -1, axis=1)
        for index, path in self._bodies.items():
            if index < len(poses) and moved[index]:
                self._log.row(path, rr.Transform3D, translation=[poses[index, :3]], quaternion=[xyzw[index]])


def _shape(record: GeometryRecord) -> tuple[Any, ...]:
    """The archetypes that draw a geom in the frame of its body."""
    w, x, y, z = record.quaternion
    color = [round(255 * c) for c in record.rgba]
    pose: dict[str, Any] = {"quaternions": [(x, y, z, w)], "colors": [color], "fill_mode": "solid"}
    a, b, c = record.size
    match record.kind:
        case "box":
            return (rr.Boxes3D(half_sizes=[(a, b, c)], centers=[record.position], **pose),)
        case "sphere":
            return (rr.Ellipsoids3D(half_sizes=[(a, a, a)], centers=[record.position], **pose),)
        case "ellipsoid":
            return (rr.Ellipsoids3D(half_sizes=[(a, b, c)], centers=[record.position], **pose),)
        case "cylinder":
            return (rr.Cylinders3D(lengths=[2 * b], radii=[a], centers=[record.position], **pose),)
        case "capsule":
            # Rerun's capsule starts at its first end, MuJoCo's is centred.
            start = np.asarray(record.position) - _rotate(record.quaternion, (0.0, 0.0, b))
            return (rr.Capsules3D(lengths=[2 * b], radii=[a], translations=[start], **pose),)
        case "plane":
            half = (a or 2.0, b or 2.0, PLANE_THICKNESS / 2)
            center = np.asarray(record.position) - _rotate(record.quaternion, (0.0, 0.0, PLANE_THICKNESS / 2))
            return (rr.Boxes3D(half_sizes=[half], centers=[center], **pose),)
        case "mesh":
            if record.vertices is None or record.faces is None:
                raise ValueError(f"mesh geom {record.name!r} has no vertices or no faces")
            vertices, normals = shade(record.vertices, record.faces)
            return (
                rr.Mesh3D(vertex_positions=vertices, vertex_normals=normals, albedo_factor=color),
                rr.InstancePoses3D(translations=[record.position], quaternions=[(x, y, z, w)]),
            )
    raise ValueError(f"unknown geom kind {record.kind!r} of {record.name!r}")


def shade(
    vertices: NDArray[np.floating], faces: NDArray[np.integer]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Unshared corners with normals: smooth where faces meet gently, sharp at creases.

    Args:
        vertices: (V, 3).
        faces: (F, 3).

    Returns:
        (3F, 3) corner positions in face order, and (3F, 3) unit normals.
    """
    corners = vertices[faces].astype(np.float64)
    area = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    flat = area / np.maximum(np.linalg.norm(area, axis=1, keepdims=True), 1e-12)
    # Vertices are joined by position: importers repeat them along seams.
    _, ids = np.unique(np.round(vertices, 6), axis=0, return_inverse=True)
    ids = ids.reshape(-1)[faces].reshape(-1)
    owner = np.arange(len(ids)) // 3
    order = np.argsort(ids, kind="stable")
    first = np.searchsorted(ids[order], ids)
    count = np.bincount(ids)[ids]
    # Every (corner, corner at the same vertex) pair, as two flat index arrays.
    corner = np.repeat(np.arange(len(ids)), count)
    within = np.arange(len(corner)) - np.repeat(np.cumsum(count) - count, count)
    neighbour = owner[order[first[corner] + within]]
    gentle = np.einsum("ij,ij->i", flat[owner[corner]], flat[neighbour]) > CREASE
    normals = np.zeros((len(ids), 3))
    np.add.at(normals, corner[gentle], area[neighbour[gentle]])
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    normals = np.where(length > 1e-12, normals / np.maximum(length, 1e-12), flat[owner])
    return corners.reshape(-1, 3).astype(np.float32), normals.astype(np.float32)


def _rotate(quaternion: tuple[float, float, float, float], vector: tuple[float, float, float]) -> NDArray[np.float64]:
    w, axis, v = quaternion[0], np.asarray(quaternion[1:]), np.asarray(vector)
    return v + 2 * np.cross(axis, np.cross(axis, v) + w * v)
