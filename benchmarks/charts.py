"""
The charts of the README and docs/performance.md, drawn from a results file.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")

from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from benchmarks.floor_process import BATCH

OURS = "ours"
OURS_COLOUR, OTHERS_COLOUR, FLOOR_COLOUR = "#c2410c", "#475569", "#94a3b8"
# Text stays text, and the same results give the same file.
mpl.rcParams.update(
    {
        "svg.fonttype": "none",
        "svg.hashsalt": "rms",
        "font.size": 10,
        "axes.spines.top": False,
        "axes.spines.right": False,
    }
)
NO_DATE = {"Date": None, "Creator": None}
WIDTH_INCHES = 8
LEFT_OUT = 1.12  # room for the number beside the longest bar


def draw_all(figures: Mapping[str, Mapping[str, Any]], *, images: Path, titles: Mapping[str, str]) -> None:
    """
    Draw each chart for which there is a figure in the results; `titles` names the systems.
    """
    if "P1" in figures:
        systems = figures["P1"]["facts"]["systems"]
        draw(
            images / "cpu-per-order.svg",
            title="CPU per paid order with its six effects, all processes",
            values={titles[name]: system["cpu_ms_per_order"] for name, system in systems.items()},
            unit="ms, less is better",
            ours=titles[OURS],
            floors=[titles[floor] for floor in BATCH],
        )
    if "P4" in figures:
        draw(
            images / "webhook.svg",
            title="Payments taken in by the webhook, two web processes",
            values=figures["P4"]["facts"]["requests_per_second"],
            unit="requests a second, more is better",
            ours=OURS,
        )
    if "P5 p50" in figures:
        systems = figures["P5 p50"]["facts"]["systems"]
        draw_groups(
            images / "latency.svg",
            title="From the payment to the last of six effects, at 20 orders a second",
            groups={
                titles[name]: {"p50": one["p50_ms"], "p99": one["p99_ms"]} for name, one in systems.items()
            },
            unit="ms, less is better",
            ours=titles[OURS],
        )


def draw(
    path: Path, *, title: str, values: Mapping[str, float], unit: str, ours: str, floors: Sequence[str] = ()
) -> None:
    """
    Horizontal bars, the smallest value on top, ours and the floors in colours of their own.
    """
    names = sorted(values, key=lambda name: values[name], reverse=True)
    figure, axes = plt.subplots(figsize=(WIDTH_INCHES, 0.6 + 0.42 * len(names)))
    colours = [
        OURS_COLOUR if name == ours else FLOOR_COLOUR if name in floors else OTHERS_COLOUR for name in names
    ]
    bars = axes.barh(names, [values[name] for name in names], color=colours)
    axes.bar_label(bars, labels=[_shown(values[name]) for name in names], padding=4)
    axes.set_title(f"{title} ({unit})", loc="left")
    _save(path, axes, highest=max(values.values()))
    plt.close(figure)


def draw_groups(
    path: Path, *, title: str, groups: Mapping[str, Mapping[str, float]], unit: str, ours: str
) -> None:
    """
    For each name several values beside one another: the median and the slowest in a hundred.
    """
    names = list(groups)
    kinds = list(next(iter(groups.values())))
    figure, axes = plt.subplots(figsize=(WIDTH_INCHES, 0.6 + 0.6 * len(names)))
    height = 0.8 / len(kinds)
    for number, kind in enumerate(kinds):
        places = [row + (number - (len(kinds) - 1) / 2) * -height for row in range(len(names))]
        colours = [OURS_COLOUR if name == ours else OTHERS_COLOUR for name in names]
        bars = axes.barh(
            places,
            [groups[name][kind] for name in names],
            height=height * 0.9,
            color=colours,
            alpha=1 - 0.45 * number,
        )
        axes.bar_label(bars, labels=[f"{kind} {_shown(groups[name][kind])}" for name in names], padding=4)
    axes.set_yticks(range(len(names)), names)
    axes.set_title(f"{title} ({unit})", loc="left")
    _save(path, axes, highest=max(max(group.values()) for group in groups.values()))
    plt.close(figure)


def _save(path: Path, axes: Axes, *, highest: float) -> None:
    axes.set_xlim(0, highest * LEFT_OUT)
    axes.xaxis.set_visible(False)
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(left=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure: Any = axes.figure
    figure.savefig(path, format="svg", metadata=NO_DATE, bbox_inches="tight")


def _shown(value: float) -> str:
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"  # noqa: PLR2004 - three digits
