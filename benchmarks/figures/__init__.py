"""
The figures: each module measures the ones in its name (p1_p2_p3_drain.py: P1, P2 and P3) with

    measure(*, repeats: int, full: bool, say: Callable[[str], None]) -> list[Measured]
"""

import importlib
import pkgutil
import re
from collections.abc import Collection
from dataclasses import dataclass
from types import ModuleType

NAME = re.compile(r"((?:p\d+_)+)\w+")


class NoSuchFigure(LookupError):
    """
    Nobody measures it.
    """


@dataclass(frozen=True, kw_only=True)
class Run:
    """
    A module and the figures it measures.
    """

    module: str
    figures: tuple[str, ...]

    @property
    def title(self) -> str:
        return ", ".join(self.figures)

    def load(self) -> ModuleType:
        """
        Import it; Django must be set up by then.
        """
        return importlib.import_module(f"{__name__}.{self.module}")


def runs(only: Collection[str] = ()) -> list[Run]:
    """
    All modules in the order of their figures, or those that measure one of `only`.
    """
    found = [_run(module.name) for module in pkgutil.iter_modules(__path__) if NAME.fullmatch(module.name)]
    known = {figure for run in found for figure in run.figures}
    if unknown := set(only) - known:
        raise NoSuchFigure(
            f"Nobody measures {', '.join(sorted(unknown))}. There are: {', '.join(sorted(known))}."
        )
    wanted = [run for run in found if not only or set(run.figures) & set(only)]
    return sorted(wanted, key=lambda run: int(run.figures[0].removeprefix("P")))


def _run(module: str) -> Run:
    match = NAME.fullmatch(module)
    assert match is not None  # noqa: S101 - told to mypy; our caller has looked
    return Run(module=module, figures=tuple(match[1].strip("_").upper().split("_")))
