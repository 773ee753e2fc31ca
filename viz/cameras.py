"""Camera images, and the planner's grounding over them: now, and on the very image that the planner saw."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import cv2
import numpy as np
import rerun as rr
from numpy.typing import NDArray

from records import Grounding, Intent, StepRecord
from viz import paths
from viz.columns import ColumnLog

JPEG_QUALITY = 88
MAX_SIDE = 192
"""pixels; larger images are scaled down: live web viewers die of bytes"""
MAX_ALPHA = 0.72
"""of the hottest cell, so that the image stays visible"""
REMEMBERED = 128
"""steps whose images wait for the intent that came from them"""
UNSEEN = 0.5
"""probability of `none` from which a phrase counts as not in view"""

DOUBT = 0.1
"""probability of `none` from which the label names how sure the planner is"""

_PNG = (cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_NONE)
"""flat cells are smaller without a filter, heatmaps a twelfth larger, and both take half the time"""

Peak = tuple[float, float, str, paths.Rgb]
"""x, y in pixels, label, colour"""


class CameraLog:
    """Logs one episode's cameras."""

    def __init__(self, log: ColumnLog) -> None:
        self._log = log
        self._seen: OrderedDict[int, dict[str, bytes]] = OrderedDict()
        self._size: tuple[int, int] | None = None
        """height, width of the logged images; None until the first one"""
        self._shown: tuple[int, int] | None = None
        self._has_planner_images = False
        picture = rr.EncodedImage.from_fields(media_type="image/jpeg", draw_order=0.0)
        # Radii below nothing are screen points, so that the mark keeps its size.
        peaks = rr.Points2D.from_fields(radii=[-5.0], show_labels=True, draw_order=2.0)
        for camera in paths.CAMERAS:
            for path in (paths.camera_image(camera), paths.planner_image(camera)):
                log.log(path, picture, static=True)
            for path in (paths.camera_heat(camera), paths.planner_heat(camera)):
                log.log(path, png_layer(draw_order=1.0), static=True)
            for path in (paths.camera_peaks(camera), paths.planner_peaks(camera)):
                log.log(path, peaks, static=True)

    def log(self, record: StepRecord) -> None:
        """Images of this step when it has them, and the grounding of its intent when that is a new one."""
        if record.observation is not None:
            images = {"front": record.observation.front, "wrist": record.observation.wrist}
            encoded = {camera: self._encode(image) for camera, image in images.items()}
            self._seen[record.observation.step] = encoded
            while len(self._seen) > REMEMBERED:
                self._seen.popitem(last=False)
            for camera, jpeg in encoded.items():
                self._log.row(paths.camera_image(camera), rr.EncodedImage, blob=[jpeg])
        self._log_grounding(record.intent)

    def _encode(self, image: NDArray[np.uint8]) -> bytes:
        height, width = image.shape[:2]
        if max(height, width) > MAX_SIDE:
            scale = MAX_SIDE / max(height, width)
            size = (round(width * scale), round(height * scale))
            image = cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
        self._size = image.shape[:2]
        return encode_jpeg(image)

    def _log_grounding(self, intent: Intent | None) -> None:
        if self._size is None:
            return
        key = None if intent is None else (intent.generation, intent.step)
        if key == self._shown:
            return
        self._shown = key
        seen = None if intent is None else self._seen.get(intent.step)
        for camera in paths.CAMERAS:
            if seen is not None:
                self._log.row(paths.planner_image(camera), rr.EncodedImage, blob=[seen[camera]])
            elif self._has_planner_images:
                # Its image was dropped on the way: show none rather than another step's.
                self._log.row(paths.planner_image(camera), rr.EncodedImage, blob=[])
            heat, peaks = ground(intent.groundings if intent else (), camera, self._size)
            png = encode_png(heat)
            places = [(x, y) for x, y, _, _ in peaks]
            labels, colors = [label for _, _, label, _ in peaks], [color for *_, color in peaks]
            for path in (paths.camera_heat(camera), paths.planner_heat(camera)):
                self._log.row(path, rr.EncodedImage, blob=[png])
            for path in (paths.camera_peaks(camera), paths.planner_peaks(camera)):
                self._log.row(path, rr.Points2D, positions=places, labels=labels, colors=colors)
        self._has_planner_images = seen is not None


def ground(groundings: Sequence[Grounding], camera: str, size: tuple[int, int]) -> tuple[NDArray[np.uint8], list[Peak]]:
    """Heatmaps of all phrases as one transparent layer, one hue each, and their named peaks.

    A phrase's heat is scaled to its own peak and faded by the probability that nothing fits, so a phrase that
    the planner does not find in this camera leaves no heat; its label says so.

    Args:
        groundings: of one intent.
        camera: which heatmaps to take.
        size: height, width of the image underneath.

    Returns:
        RGBA layer, uint8 (height, width, 4), straight alpha, and the peaks.
    """
    height, width = size
    light = np.zeros((height, width, 3), dtype=np.float32)
    weight = np.zeros((height, width), dtype=np.float32)
    clear = np.ones((height, width), dtype=np.float32)
    peaks: list[Peak] = []
    for index, grounding in enumerate(groundings):
        heatmap = grounding.heatmaps.get(camera)
        if heatmap is None:
            continue
        color = paths.PHRASE_COLORS[index % len(paths.PHRASE_COLORS)]
        none = float(grounding.none.get(camera, 0.0))
        hottest = float(heatmap.max())
        heat = cv2.resize(heatmap / max(hottest, 1e-9), (width, height), interpolation=cv2.INTER_CUBIC)
        alpha = np.clip(heat, 0.0, 1.0).astype(np.float32) * MAX_ALPHA * (1.0 - none)
        # Coverage adds up like sheets of film; the colour is the mean of the phrases that cover a pixel.
        weight += alpha
        light += alpha[..., None] * np.asarray(color, dtype=np.float32)
        clear *= 1.0 - alpha
        if none >= UNSEEN:
            peaks.append((width / 2, height * (0.08 + 0.16 * index), f"no {grounding.phrase} in view", color))
        else:
            row, column = np.unravel_index(int(heatmap.argmax()), heatmap.shape)
            x, y = (column + 0.5) * width / heatmap.shape[1], (row + 0.5) * height / heatmap.shape[0]
            doubt = "" if none < DOUBT else f" {1 - none:.0%}"
            peaks.append((float(x), float(y), grounding.phrase + doubt, color))
    layer = np.zeros((height, width, 4), dtype=np.uint8)
    layer[..., :3] = np.round(light / np.maximum(weight, 1e-6)[..., None])
    layer[..., 3] = np.round(255.0 * (1.0 - clear))
    return layer, peaks


def encode_jpeg(rgb: NDArray[np.uint8]) -> bytes:
    """(H, W, 3) RGB to JPEG."""
    done, data = cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), (cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY))
    if not done:
        raise ValueError(f"an image of shape {rgb.shape} could not be encoded as JPEG")
    return data.tobytes()


def encode_png(image: NDArray[np.uint8]) -> bytes:
    """(H, W, 3) RGB or (H, W, 4) RGBA to PNG."""
    code = cv2.COLOR_RGBA2BGRA if image.shape[2] == 4 else cv2.COLOR_RGB2BGR
    done, data = cv2.imencode(".png", cv2.cvtColor(image, code), _PNG)
    if not done:
        raise ValueError(f"an image of shape {image.shape} could not be encoded as PNG")
    return data.tobytes()


def png_layer(draw_order: float) -> rr.EncodedImage:
    """A transparent layer over other images of the same view, without its picture."""
    # The 0.39 viewer may draw clear pixels black unless the layer as a whole says that it is not opaque.
    return rr.EncodedImage.from_fields(media_type="image/png", draw_order=draw_order, opacity=0.999)
