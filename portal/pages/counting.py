"""What of its samples a study's own figures count, as pages say it; the rules stand in `samples.counted` of study.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from portal.facts import ComponentFacts, ContainerFacts


@dataclass(frozen=True)
class Uncounted:
    """Samples of which the study counts fewer. `missed`: what samples lack, in the rule's words, and how many lack it.

    >>> Uncounted.of_figures(9, 7, {"on a plate that was loaded.": 2, "raw": 0})
    Uncounted(samples=9, counted=7, missed=(('on a plate that was loaded', 2),))
    """

    samples: int
    counted: int
    missed: tuple[tuple[str, int], ...]

    @property
    def twice(self) -> bool:
        """Whether a sample misses more than one rule, so that the figures hold it more than once."""
        return sum(n for _, n in self.missed) > self.samples - self.counted

    @property
    def reason(self) -> str:
        """Why a sample is left out, as far as its plate or dataset tells: `not raw`, or `not raw or not with an image`."""
        return " or ".join(f"not {says}" for says, _ in self.missed)

    @classmethod
    def of(cls, facts: ComponentFacts | ContainerFacts) -> Uncounted | None:
        """None where every sample is counted."""
        return cls.of_figures(facts.samples, facts.counted, facts.not_counted)

    @classmethod
    def of_figures(cls, samples: int, counted: int, not_counted: Mapping[str, int]) -> Uncounted | None:
        missed = tuple((says.rstrip(" .;"), n) for says, n in not_counted.items() if n)
        return cls(samples, counted, missed) if missed else None
