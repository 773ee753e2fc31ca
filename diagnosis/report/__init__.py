"""One file for a colleague: what was evaluated, what failed, why, and how to see it again."""

from __future__ import annotations

from diagnosis.report.writing import write_report

__all__ = ["write_report"]
