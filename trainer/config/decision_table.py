"""What a person's decision may change in DATA_DIR, for one that is kept on an object store.

By the command's words; paths are relative to DATA_DIR, as in `trainer.config.step_files`. A command
that is here is made on the newest commit and pushed (`trainer.pipeline.decided`), as is the same
decision on a page of the reports.
"""

from __future__ import annotations

IMAGES = "images/**"
_STATE = ("state.db",)
_EXCLUSIONS = ("state.db", "exclusions.yaml")
_RELEASES = ("state.db", "releases/**", "export/**", "performers_*.db")
_CONFIG = ("sources.yaml", "gate.yaml", "config_history/**")

DECIDES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("exclude add", "exclude list", "exclude remove"), _EXCLUSIONS),
    "exclude purge": (*_EXCLUSIONS, *_RELEASES, "runs/**", "faces/**", IMAGES),
    **dict.fromkeys(
        ("reviews leave", "reviews ask", "reviews confirm", "reviews confirm-face"), _STATE
    ),
    **dict.fromkeys(("identity merge", "identity split", "identity undo"), _STATE),
    **dict.fromkeys(("pin", "unpin", "state accept"), _STATE),
    **dict.fromkeys(("rollback", "retention"), _RELEASES),
    **dict.fromkeys(("config set", "config unset", "config undo"), _CONFIG),
    "pictures prune": (IMAGES,),
    "export": (*_EXCLUSIONS, "export/**"),
    "delta make": ("export/**",),
}
