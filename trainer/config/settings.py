"""Settings from the environment: where data lies and how the parts are run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from trainer.errors import ConfigError
from trainer.reasons import problems

REPO_ROOT = Path(__file__).resolve().parents[2]
_DNS_LABEL = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
_DNS_NAME = r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$"


def _empty_is_unset(value: Any) -> Any:
    return value or None


def _service_url(value: SecretStr | None) -> SecretStr | None:
    """Checked without showing it: a service's address may hold a password."""
    if value is None:
        return None
    try:
        parsed = urlsplit(value.get_secret_value())
        good = (
            parsed.scheme in ("http", "https", "ws", "wss") and parsed.hostname and parsed.port != 0
        )
    except ValueError:
        good = False
    if not good:
        raise ValueError("expected an address like http://localhost:8191")
    return value


ServiceUrl = Annotated[
    SecretStr | None, BeforeValidator(_empty_is_unset), AfterValidator(_service_url)
]


class Settings(BaseSettings):
    """Every setting is an environment variable. Without the prefix are `DATA_DIR` and, by the
    names they have elsewhere, the addresses of the operator's FlareSolverr and Chrome."""

    model_config = SettingsConfigDict(env_prefix="TRAINER_", frozen=True)

    data_dir: Path = Field(Path("/data"), validation_alias="DATA_DIR")
    embedder: Literal["process", "docker", "kubernetes"] = "process"
    embedder_python: Path = REPO_ROOT / ".venv-embedder" / "bin" / "python"
    embedder_image: str = "stash-sense-trainer-embedder:latest"
    embedder_memory: str = "4g"
    embedder_silence: float = Field(900.0, gt=0)  # seconds without a line: it hangs
    docker_url: str = "unix://var/run/docker.sock"
    kubernetes_namespace: str = Field("default", pattern=_DNS_LABEL)
    kubernetes_claim: Annotated[str | None, BeforeValidator(_empty_is_unset)] = Field(
        None, pattern=_DNS_NAME, max_length=253, validate_default=True
    )
    device: Literal["cpu", "cuda", "tensorrt"] = "cpu"
    precision: Literal["fp32", "fp16"] = "fp32"
    packages_dir: Path = REPO_ROOT / "var" / "packages"  # what the pack `demo` is made of
    model_pack: str = Field("sidecar", pattern=r"^[a-z0-9_-]+$")
    allow_demo_pack: bool = False  # its database names nobody right in a sidecar
    keep_releases: int = Field(8, ge=0)  # 0: all
    signing_key: Annotated[Path | None, BeforeValidator(_empty_is_unset)] = None
    index_storage: Literal["float32", "float8", "e4m3"] = "float32"
    index_minutes: float = Field(240.0, gt=0)  # an index; then no larger M is tried
    embed_shards: int = Field(1, ge=1, le=256)
    reports_pictures: bool = Field(
        False, description="The reports' page Review may show pictures, blurred until clicked."
    )
    keep_pictures_days: int = Field(30, ge=0, le=36_500)  # once embedded; 0: not at all
    allow_private_hosts: bool = False
    max_clock_jump_hours: float = Field(
        24.0, gt=0, description="Hours by which the clock may differ before a person is asked."
    )
    contact: str | None = None  # a URL or e-mail address of the operator, for the sources
    flaresolverr_url: ServiceUrl = Field(None, validation_alias="FLARESOLVERR_URL")
    chrome_cdp_url: ServiceUrl = Field(None, validation_alias="CHROME_CDP_URL")

    @field_validator("kubernetes_claim")
    @classmethod
    def _claim_on_a_cluster(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None and info.data.get("embedder") == "kubernetes":
            raise ValueError(
                "TRAINER_EMBEDDER=kubernetes needs TRAINER_KUBERNETES_CLAIM, the name of the "
                "PersistentVolumeClaim that holds DATA_DIR"
            )
        return value

    @classmethod
    def load(cls, data_dir: Path | None = None) -> Settings:
        """Read the environment; `data_dir` (from a flag) wins over `DATA_DIR`."""
        try:
            settings = cls()
        except ValidationError as error:
            found = problems(error, show_values=False)  # some are secrets
            raise ConfigError(f"bad environment: {found}; see docs/operations.md") from None
        chosen = (data_dir or settings.data_dir).expanduser().absolute()
        return settings.model_copy(update={"data_dir": chosen})
