"""
Writing docs/performance.md's tables between their markers, and its charts: `python -m benchmarks.pages [results.json …]`.

Of several files the later ones win, so a figure that was measured again alone takes its new place. What no file has
stays on the page as it is.
"""

import json
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from benchmarks import floor_process, systems
from benchmarks.outcome import RESULTS, short
from benchmarks.place import ROOT

PAGE = ROOT / "docs" / "performance.md"
IMAGES = ROOT / "docs" / "images"
TITLES = {**{system.name: system.title for system in systems.ALL}, **floor_process.TITLES}

Figures = dict[str, dict[str, Any]]


def publish(*paths: Path, page: Path = PAGE, images: Path = IMAGES) -> None:
    """
    Bring the page and its charts up to date with these results files.
    """
    figures: Figures = {}
    about: dict[str, Any] = {}
    for path in paths:
        read = json.loads(path.read_text())
        figures |= {figure["figure"]: figure for figure in read.pop("figures")}
        about = read
    text = page.read_text()
    for name, write in TABLES.items():
        if lines := write(figures, about):
            text = _between(text, name, "\n".join(lines))
    page.write_text(text)
    from benchmarks import charts  # noqa: PLC0415 - its library is there for those who draw

    charts.draw_all(figures, images=images, titles=TITLES)


def _between(text: str, name: str, lines: str) -> str:
    marker = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    if not marker.search(text):
        raise LookupError(f"The page has no <!-- {name} --> … <!-- /{name} -->.")
    return marker.sub(lambda found: f"{found[1]}{lines}\n{found[2]}", text)


# The tables


def _figures(figures: Figures, about: Mapping[str, Any]) -> list[str]:
    if not figures:
        return []
    rows = [_figure_row(figures[name]) for name in sorted(figures, key=_order)]
    return [
        "| figure | | measured [90 %] | at least / most | stretch | verdict |",
        "|---|---|---|---|---|---|",
        *rows,
        "",
        _made_on(about),
    ]


def _figure_row(figure: Mapping[str, Any]) -> str:
    target, found = figure["target"], figure["interval"]
    unit = target["unit"]
    stretch = "" if target["stretch"] is None else f"{target['stretch']:g}{unit}"
    reached = ", stretch reached" if figure["stretch_reached"] else ""
    bounds = f"[{short(found['low'])}..{short(found['high'])}]"
    return (
        f"| {figure['figure']} | {target['sentence']} | {short(found['middle'])}{unit} {bounds} "
        f"| {target['sense']} {target['bound']:g}{unit} | {stretch} | {figure['verdict']}{reached} |"
    )


def _made_on(about: Mapping[str, Any]) -> str:
    machine, versions = about["machine"], about["versions"]
    return (
        f"Measured {about['began'][:10]} at commit {about['commit']}: {machine['cores']} cores ({machine['processor']}), "
        f"{machine['memory_mib'] // 1024} GiB; Python {versions['python']}, Django {versions['django']}, Celery "
        f"{versions['celery']}, PostgreSQL {versions['postgresql']} with fsync, Valkey {versions['valkey']}, Huey "
        f"{versions['huey']}, Dramatiq {versions['dramatiq']}, Procrastinate {versions['procrastinate']}; "
        f"{about['repeats']} interleaved repeats."
    )


def _systems(figures: Figures, _about: Mapping[str, Any]) -> list[str]:
    if "P1" not in figures:
        return []
    systems = figures["P1"]["facts"]["systems"]
    latency = figures.get("P5 p50", {}).get("facts", {}).get("systems", {})
    rows = [
        _system_row(name, systems[name], latency.get(name))
        for name in sorted(systems, key=list(TITLES).index)
    ]
    return [
        "| system | CPU-ms per order | who pays | workers | PostgreSQL | Valkey | drain, orders/s | p50 / p99 ms at 20/s |",
        "|---|---|---|---|---|---|---|---|",
        *rows,
    ]


def _system_row(name: str, system: Mapping[str, Any], latency: Mapping[str, float] | None) -> str:
    runs = [run["by_part"] for run in system["runs"]]
    parts = [
        _middle([run[part] for run in runs if part in run])
        for part in ("cashier", "workers", "postgres", "broker")
    ]
    waits = f"{latency['p50_ms']:.0f} / {latency['p99_ms']:.0f}" if latency else ""
    cells = [
        TITLES[name],
        f"**{short(system['cpu_ms_per_order'])}**",
        *parts,
        f"{system['drained_per_second']:.0f}",
        waits,
    ]
    return f"| {' | '.join(cells)} |"


def _middle(values: list[float]) -> str:
    return short(sorted(values)[len(values) // 2]) if values else ""


def _memory(figures: Figures, _about: Mapping[str, Any]) -> list[str]:
    if "P9" not in figures:
        return []
    rows = [f"| {TITLES[name]} | {mib:.0f} |" for name, mib in figures["P9"]["facts"]["pss_mib"].items()]
    return ["| one node, two pool processes, after 200 orders | PSS, MiB |", "|---|---|", *rows]


def _webhook(figures: Figures, _about: Mapping[str, Any]) -> list[str]:
    if "P4" not in figures:
        return []
    paces = figures["P4"]["facts"]["requests_per_second"]
    rows = [f"| {mode} | {pace:.0f} |" for mode, pace in sorted(paces.items(), key=lambda pair: pair[1])]
    return ["| two web processes, the sender on the same cores | requests/s |", "|---|---|", *rows]


TABLES: dict[str, Callable[[Figures, Mapping[str, Any]], list[str]]] = {
    "figures": _figures,
    "systems": _systems,
    "memory": _memory,
    "webhook": _webhook,
}


def _order(figure: str) -> tuple[int, str]:
    return int(re.sub(r"\D.*", "", figure[1:])), figure


def main() -> None:
    named = [Path(argument) for argument in sys.argv[1:]] or sorted(RESULTS.glob("*.json"))[-1:]
    publish(*named)
    print(f"{PAGE.relative_to(ROOT)} and its charts are those of {', '.join(path.name for path in named)}.")  # noqa: T201


if __name__ == "__main__":
    main()
