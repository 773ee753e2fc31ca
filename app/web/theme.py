"""Gradio's variables in the cockpit's palette: dark whatever the browser prefers, system fonts, no network."""

from __future__ import annotations

from typing import Final

from gradio.themes import Base

FONT: Final = ("Inter Variable", "Inter", "ui-sans-serif", "system-ui", "Segoe UI", "Roboto", "sans-serif")
MONO: Final = ("ui-monospace", "SF Mono", "Cascadia Code", "Menlo", "Consolas", "monospace")

_COLORS: Final = {
    "body_background_fill": "#0b0d12",
    "body_text_color": "#e6e9ef",
    "body_text_color_subdued": "#8c95a6",
    "background_fill_primary": "#12151c",
    "background_fill_secondary": "#12151c",
    "block_background_fill": "transparent",
    "block_border_color": "transparent",
    "block_label_background_fill": "transparent",
    "block_label_text_color": "#8c95a6",
    "block_title_text_color": "#8c95a6",
    "border_color_primary": "#252b37",
    "border_color_accent": "#7c87ff",
    "color_accent_soft": "#1d2140",
    "input_background_fill": "#171b24",
    "input_background_fill_focus": "#171b24",
    "input_border_color": "#2b3240",
    "input_border_color_focus": "#7c87ff",
    "input_placeholder_color": "#667085",
    "button_primary_background_fill": "#6672f5",
    "button_primary_background_fill_hover": "#7883ff",
    "button_primary_text_color": "#ffffff",
    "button_primary_border_color": "#7883ff",
    "button_secondary_background_fill": "#1a1f29",
    "button_secondary_background_fill_hover": "#232936",
    "button_secondary_text_color": "#e6e9ef",
    "button_secondary_border_color": "#2b3240",
    "slider_color": "#ff9e1a",
}


class CockpitTheme(Base):
    """The cockpit's palette; finer work is in `assets/web/*.css`."""

    def __init__(self) -> None:
        super().__init__(font=FONT, font_mono=MONO, spacing_size="sm", radius_size="md", text_size="sm")
        # Both modes alike: the page is dark even in a browser that asks for light.
        super().set(**_COLORS, **{f"{name}_dark": value for name, value in _COLORS.items()})
