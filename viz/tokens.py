"""The planner's tokens as pictures that a person can read at once: the chosen bins, and all their probabilities.

A picture is a few layers, so that a step costs little: a frame (names, scale, lines) once, small cell images per
intent that Rerun enlarges, and a curtain that says how far the tokens are consumed per step.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import rerun as rr
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from records import ACTION_NAMES, CHUNK_STEPS, Intent, StepRecord
from viz import paths
from viz.cameras import encode_png, png_layer
from viz.columns import ColumnLog

LEFT, TOP, RIGHT, BOTTOM = 78, 28, 66, 26
"""margins in pixels: names of the dimensions, title, colour scale, steps"""
COLUMNS_WIDTH = 768
"""pixels of all columns together"""
BIN = 3
"""pixels of a bin's height, the lowest of which marks it when chosen"""
GAP = 3
"""pixels under each dimension"""
PICTURE_WIDTH = LEFT + COLUMNS_WIDTH + RIGHT
PICTURE_HEIGHT = TOP + len(ACTION_NAMES) * (10 * BIN + GAP) + BOTTOM
"""with the usual 10 bins"""

BACKGROUND = (17, 20, 24)
INK = (205, 210, 216)
FAINT = (140, 146, 154)
MARK = (255, 255, 255)
NEGATIVE, ZERO, POSITIVE = (44, 123, 229), (176, 180, 186), (245, 146, 30)
"""a diverging scale, blue to orange, that is told apart with every common colour blindness"""
DIM = 0.66
"""darkness over the slices that are already consumed"""
_TITLES = {
    paths.TOKEN_GRID: "chosen bins: colour = value, brightness = probability, mark = bin",
    paths.TOKEN_PROBABILITIES: "all bins: brightness = probability (square root), white = chosen",
}


class TokenLog:
    """Logs one episode's token pictures."""

    def __init__(self, log: ColumnLog) -> None:
        self._log = log
        self._shown: tuple[int, int] | None = None
        self._frame: tuple[int, int] | None = None

    def log(self, record: StepRecord) -> None:
        """Tokens of the intent in use when it is a new one, and how far they are consumed."""
        intent = record.intent
        key = None if intent is None else (intent.generation, intent.step)
        if key != self._shown:
            self._shown = key
            self._log_intent(intent)
        if intent is not None:
            # Steps over which the arm held use up no row, so the runtime says which row is due.
            now = record.step - intent.step if record.token_row is None else record.token_row
            start = now + record.chunk.start_step - record.step if record.chunk is not None else None
            self._log_now(intent, now, start)

    def _log_intent(self, intent: Intent | None) -> None:
        log = self._log.log
        if intent is None:
            for path in (paths.TOKEN_GRID, paths.TOKEN_PROBABILITIES, paths.TOKEN_BINS, paths.TOKEN_TENSOR):
                log(path, rr.Clear(recursive=True))
            return
        length, _, bins = intent.probabilities.shape
        if self._frame != (length, bins):
            self._frame = (length, bins)
            for path, title in _TITLES.items():
                frame = rr.EncodedImage.from_fields(blob=_frame(length, bins, title))
                log(f"{path}/frame", frame, png_layer(draw_order=2.0), static=True)
                place = rr.Transform3D(translation=(LEFT, TOP, 0), scale=(COLUMNS_WIDTH / length, 1, 1))
                log(f"{path}/cells", place, static=True)
                enlarged = rr.EncodedImage.from_fields(
                    media_type="image/png", draw_order=0.0, magnification_filter="nearest"
                )
                log(f"{path}/cells", enlarged, static=True)
                place = rr.Transform3D(translation=(LEFT, TOP, 0), scale=(COLUMNS_WIDTH / length, _rows(bins) / 2, 1))
                log(f"{path}/consumed", place, png_layer(draw_order=1.0), static=True)
                place = rr.Transform3D(translation=(0, TOP + _rows(bins), 0))
                log(f"{path}/steps", place, png_layer(draw_order=3.0), static=True)
                now = rr.LineStrips2D.from_fields(
                    colors=[MARK, paths.REFINED_COLOR, paths.REFINED_COLOR], radii=[1.2, 2.2, 2.2], draw_order=4.0
                )
                log(f"{path}/now", now, static=True)
        first = _draw_first(intent.step)
        for path, cells in ((paths.TOKEN_GRID, draw_grid(intent)), (paths.TOKEN_PROBABILITIES, draw_all(intent))):
            self._log.row(f"{path}/cells", rr.EncodedImage, blob=[encode_png(cells)])
            self._log.row(f"{path}/steps", rr.EncodedImage, blob=[first])
        # The numbers behind the pictures, for whoever exports or queries.
        log(paths.TOKEN_BINS, rr.Tensor(intent.tokens, dim_names=("step", "dimension")))
        probabilities = np.asarray(intent.probabilities, dtype=np.float16)
        names = ("step", "dimension", "bin")
        log(paths.TOKEN_TENSOR, rr.Tensor(probabilities, dim_names=names, value_range=(0.0, 1.0)))

    def _log_now(self, intent: Intent, consumed: int, chunk_start: int | None) -> None:
        """Dim the consumed columns, mark now with a white line, bracket the refiner's chunk in its colour."""
        length, _, bins = intent.probabilities.shape
        bottom, column = TOP + _rows(bins), COLUMNS_WIDTH / length
        consumed = min(max(consumed, 0), length)
        curtain = _curtain(length, consumed)
        now = LEFT + column * consumed
        strips = [[(now, TOP - 5), (now, bottom + 2)]]
        if chunk_start is not None and chunk_start + CHUNK_STEPS > 0 and chunk_start < length:
            left = LEFT + column * max(chunk_start, 0)
            right = LEFT + column * min(chunk_start + CHUNK_STEPS, length)
            for y in (TOP - 4, bottom):
                strips.append([(left, y), (right, y)])
        for path in (paths.TOKEN_GRID, paths.TOKEN_PROBABILITIES):
            self._log.row(f"{path}/consumed", rr.EncodedImage, blob=[curtain])
            self._log.row(f"{path}/now", rr.LineStrips2D, strips=strips)


def bin_values(bins: int) -> NDArray[np.float64]:
    """(N,) signed value in [-1, 1] at the centre of each of N equal bins."""
    return (2.0 * np.arange(bins) + 1.0) / bins - 1.0


def colors_of(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Signed values in [-1, 1], any shape, to colours of the diverging scale, (..., 3) in 0-255."""
    strength = np.sqrt(np.abs(np.clip(values, -1.0, 1.0)))[..., None]
    end = np.where((values < 0)[..., None], np.asarray(NEGATIVE, float), np.asarray(POSITIVE, float))
    return (1.0 - strength) * np.asarray(ZERO, float) + strength * end


def draw_grid(intent: Intent) -> NDArray[np.uint8]:
    """The chosen bins. Rows are dimensions, columns control steps, colour is the value, brightness the probability.

    A white mark in each cell stands at the height of its bin (bottom -1, top +1), so that no one depends on colour.

    Returns:
        RGB, uint8 (D * (N * BIN + GAP), L, 3), to be enlarged in width.
    """
    bins = intent.probabilities.shape[2]
    tokens = intent.tokens.astype(int)
    chosen = np.take_along_axis(intent.probabilities, tokens[..., None], axis=2)[..., 0]
    cells = _shades(bins)[tokens, _share(chosen)]
    return _stack(np.repeat(cells[:, :, None], bins * BIN, axis=2), tokens, mark_rows=2)


def draw_all(intent: Intent) -> NDArray[np.uint8]:
    """All probabilities: each dimension is a band of N bins (bottom -1, top +1), brightness is the probability.

    Returns:
        RGB, uint8 (D * (N * BIN + GAP), L, 3), to be enlarged in width; a white line under the chosen bins.
    """
    bins = intent.probabilities.shape[2]
    # The square root lifts rare bins out of the dark: 1 % is still to be seen.
    weight = _share(np.sqrt(np.clip(intent.probabilities[..., ::-1], 0.0, 1.0)))
    cells = _shades(bins)[np.arange(bins)[::-1], weight]
    return _stack(np.repeat(cells, BIN, axis=2), intent.tokens.astype(int), mark_rows=1)


def draw_curtain(length: int, consumed: int) -> NDArray[np.uint8]:
    """RGBA, uint8 (2, L, 4): dark over the consumed columns, clear over those to come."""
    curtain = np.zeros((2, length, 4), dtype=np.uint8)
    curtain[:, :consumed] = (*BACKGROUND, round(255 * DIM))
    return curtain


def _stack(bands: NDArray[np.uint8], tokens: NDArray[np.int_], mark_rows: int) -> NDArray[np.uint8]:
    """(L, D, N * BIN, 3) bands over each other with marked chosen bins and gaps, rows first."""
    length, dimensions, height, _ = bands.shape
    rows = np.empty((dimensions, height + GAP, length, 3), np.uint8)
    rows[:, :height] = bands.transpose(1, 2, 0, 3)
    rows[:, height:] = BACKGROUND
    step, dimension = np.meshgrid(np.arange(length), np.arange(dimensions), indexing="ij")
    for row in range(mark_rows):
        rows[dimension, height - 1 - BIN * tokens - row, step] = MARK
    return rows.reshape(-1, length, 3)


def _share(values: NDArray[np.floating]) -> NDArray[np.int_]:
    """Of 1, in steps of 1/255, as `_shades` knows them."""
    return np.rint(255 * np.clip(values, 0.0, 1.0)).astype(int)


@lru_cache(maxsize=4)
def _shades(bins: int) -> NDArray[np.uint8]:
    """(N, 256, 3) colour of every bin, from the background (0) to its own (255): brightness is probability."""
    background = np.asarray(BACKGROUND, float)
    weight = np.linspace(0.0, 1.0, 256)[None, :, None]
    return np.rint(background + weight * (colors_of(bin_values(bins))[:, None] - background)).astype(np.uint8)


def _rows(bins: int) -> int:
    """Pixels of all dimensions together."""
    return len(ACTION_NAMES) * (bins * BIN + GAP)


@lru_cache(maxsize=256)
def _curtain(length: int, consumed: int) -> bytes:
    """PNG of `draw_curtain`."""
    return encode_png(draw_curtain(length, consumed))


@lru_cache(maxsize=4)
def _frame(length: int, bins: int, title: str) -> bytes:
    """PNG of what is the same for every intent of this shape, clear where the cells are."""
    rows, band = _rows(bins), bins * BIN + GAP
    image = Image.new("RGBA", (PICTURE_WIDTH, TOP + rows + BOTTOM), (*BACKGROUND, 255))
    draw = ImageDraw.Draw(image)
    right = LEFT + COLUMNS_WIDTH
    draw.rectangle((LEFT, TOP, right - 1, TOP + rows - 1), fill=(0, 0, 0, 0))
    for column in range(1, length):
        x = LEFT + round(column * COLUMNS_WIDTH / length)
        draw.line((x, TOP, x, TOP + rows - 1), fill=(*BACKGROUND, 255))
    draw.text((LEFT, 4), title, fill=INK, font=_font(14))
    draw.text((right, 12), "chunk", fill=paths.REFINED_COLOR, font=_font(14), anchor="rm")
    for d, name in enumerate(ACTION_NAMES):
        draw.text((LEFT - 9, TOP + d * band + band // 2 - 1), name, fill=INK, font=_font(17), anchor="rm")
    bounds = np.linspace(TOP + rows - GAP, TOP, bins + 1)
    for value, low, high in zip(bin_values(bins), bounds[:-1], bounds[1:], strict=True):
        color = tuple(int(c) for c in colors_of(np.array(value)))
        draw.rectangle((right + 14, high + 1, right + 26, low - 1), fill=color)
    for text, y in (("+1", TOP + 8), ("0", TOP + rows // 2), ("-1", TOP + rows - 12)):
        draw.text((right + 33, y), text, fill=INK, font=_font(15), anchor="lm")
    every = 8 if length > 24 else 4
    for column in range(every, length + 1, every):
        place = LEFT + column * COLUMNS_WIDTH / length, TOP + rows + BOTTOM // 2 + 1
        draw.text(place, f"+{column}", fill=FAINT, font=_font(15), anchor="mm")
    return encode_png(np.array(image))


def _draw_first(step: int) -> bytes:
    """PNG of what stands before the steps under the columns: the step of the intent's observation."""
    picture = np.zeros((BOTTOM, LEFT, 4), np.uint8)
    right = LEFT - 9
    for letter in (*map(_letter, reversed(str(step))), _letter("step ")):
        left = max(0, right - letter.shape[1])
        picture[:, left:right] = letter[:, left - right :]
        right = left
    return encode_png(picture)


@lru_cache(maxsize=16)
def _letter(text: str) -> NDArray[np.uint8]:
    """(BOTTOM, W, 4) of it in ink: to set text costs ten times what it costs to put letters beside each other."""
    width = round(_font(14).getlength(text))
    image = Image.new("RGBA", (width, BOTTOM), (*INK, 0))
    ImageDraw.Draw(image).text((0, BOTTOM // 2 + 1), text, fill=INK, font=_font(14), anchor="lm")
    return np.array(image)


@lru_cache(maxsize=8)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
