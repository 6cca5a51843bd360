"""The cosines by which faces are judged; `measure_limits` finds those of a build."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

MIN_PERFORMERS = 50  # with two faces and more; fewer tell too little


@dataclass(frozen=True)
class FaceLimits:
    """Cosines, averaged over both models. The defaults stand in where too little is there to
    measure: set by hand with the pack `demo`."""

    agreement: float = 0.55  # a face and the mean of its performer's accepted ones
    pair: float = 0.55  # two faces that vouch for each other
    crowd: float = 0.45  # one face of several in an image, and the performer's accepted ones
    crowd_lead: float = 0.15  # over the next face of the image
    unsure: float = 0.65  # nearer to its own performer than this: not looked at any closer
    floor: float = 0.35  # two faces of one person are rarely further apart
    lead: float = 0.1  # another performer has to be this much nearer than its own
    other: float = 0.5  # and at least this near
    single: float = 0.55  # the only face of a performer: practically another one's
    one_person: dict[int, float] = field(default_factory=lambda: {2: 0.8, 3: 0.85, 4: 0.85})
    alike: float = 0.65  # means of two records' faces: hardly a stranger's
    far_apart: float = 0.20  # hardly the same person's
    measured: bool = False
    genuine_pairs: int = 0
    impostor_pairs: int = 0
    performers: int = 0

    def as_json(self) -> dict[str, Any]:
        """Rounded, for the run's record and the release."""
        values = asdict(self)
        values["one_person"] = {str(k): round(v, 4) for k, v in self.one_person.items()}
        return {k: round(v, 4) if isinstance(v, float) else v for k, v in values.items()}

    def describe(self) -> str:
        """Return one line about the limits: what they were measured on, or why they are built
        in."""
        if not self.measured:
            return (
                f"{self.performers} performers with several faces are too few to measure limits "
                f"of (at least {MIN_PERFORMERS} are needed): the built-in ones are used"
            )
        return (
            f"limits measured on {self.genuine_pairs:,} genuine and {self.impostor_pairs:,} "
            f"impostor pairs: agreement {self.agreement:.2f}, another performer {self.other:.2f}, "
            f"an only face {self.single:.2f}"
        )
