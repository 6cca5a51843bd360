"""Settings from the environment: where data lies and how the parts are run."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from trainer.errors import ConfigError

REPO_ROOT = Path(__file__).resolve().parents[2]


class Settings(BaseSettings):
    """Every setting is an environment variable; `DATA_DIR` is the only one without a prefix."""

    model_config = SettingsConfigDict(env_prefix="TRAINER_", frozen=True)

    data_dir: Path = Field(Path("/data"), validation_alias="DATA_DIR")
    embedder: Literal["process", "docker"] = "process"
    embedder_python: Path = REPO_ROOT / ".venv-embedder" / "bin" / "python"
    embedder_image: str = "stash-sense-trainer-embedder:latest"
    embedder_memory: str = "4g"
    docker_url: str = "unix://var/run/docker.sock"
    device: Literal["cpu", "cuda"] = "cpu"
    packages_dir: Path = REPO_ROOT / "var" / "packages"  # what the pack `demo` is made of
    model_pack: str = Field("demo", pattern=r"^[a-z0-9_-]+$")
    embed_shards: int = Field(1, ge=1, le=256)
    allow_private_hosts: bool = False
    contact: str | None = None  # a URL or e-mail address of the operator, for the sources

    @classmethod
    def load(cls, data_dir: Path | None = None) -> Settings:
        """Read the environment; `data_dir` (from a flag) wins over `DATA_DIR`."""
        try:
            settings = cls()
        except ValidationError as error:
            problems = "; ".join(f"{e['loc'][0]}: {e['msg']}" for e in error.errors())
            raise ConfigError(f"bad environment: {problems}") from None
        chosen = (data_dir or settings.data_dir).expanduser().absolute()
        return settings.model_copy(update={"data_dir": chosen})
