"""The embedder in a container: one shard, no network, and a verdict from its report file."""

from __future__ import annotations

import time
from typing import Any

from airflow.providers.docker.exceptions import DockerContainerFailedException
from airflow.providers.docker.operators.docker import DockerOperator, fetch_logs
from docker.errors import APIError, ImageNotFound
from docker.types import DeviceRequest, Mount

from trainer.config.settings import Settings
from trainer.errors import ConfigError, StageFailed
from trainer.pipeline.context import RunContext
from trainer.staging.paths import run_id_from


class EmbedDockerOperator(DockerOperator):  # type: ignore[misc]
    """Runs the embedder's image over one shard as its `ContainerSpec` says.

    `key_name` is the shard. Containers that a killed task left under the same name are removed
    first. Raises `ConfigError` for a missing image or GPU runtime, `StageFailed` for a shard
    whose report says so. Never reads results out of the container itself.
    """

    ui_color = "#e6ecf5"

    def __init__(self, *, image: str, key_name: str | None = None, **kwargs: Any) -> None:
        fixed = {"auto_remove": "force", "mount_tmp_dir": False, "network_mode": "none"}
        super().__init__(image=image, **{**kwargs, **fixed})
        self.key_name = key_name

    def execute(self, context: Any) -> dict[str, Any]:
        from trainer.embedding.spec import container_spec
        from trainer.embedding.verdict import read_verdict
        from trainer.pipeline import record

        assert self.key_name is not None
        run = RunContext.open(Settings.load(), run_id_from(context["run_id"]))
        shard_dir = run.run.embed_shard(self.key_name)
        self._apply(run.settings, container_spec(run.settings, shard_dir / "job.json"))
        began = time.monotonic()
        self._require_image()
        self._reap_orphan()
        exit_error = self._run_container()
        manifest = read_verdict(shard_dir)  # raises StageFailed with the embedder's own reason
        if exit_error:
            raise StageFailed(f"embed {self.key_name}: {exit_error}")
        label = f"embed-{self.key_name}"
        record.step_done(run, label, seconds=round(time.monotonic() - began, 2))
        outcome = {"status": manifest.status, "counts": manifest.counts}
        return run.finish(label, {"shard": self.key_name, **outcome})

    def _apply(self, settings: Settings, spec: Any) -> None:
        self.spec = spec
        self.docker_url = settings.docker_url
        self.image, self.command, self.container_name = spec.image, spec.command, spec.name
        self.labels, self.environment, self.user = spec.labels, spec.environment, spec.user

    def _require_image(self) -> None:
        try:
            self.cli.inspect_image(self.image)
        except ImageNotFound:
            raise ConfigError(
                f"no image {self.image}: build it with `docker build -f Dockerfile.embedder "
                f"-t {self.image} .`, or set TRAINER_EMBEDDER=process"
            ) from None

    def _reap_orphan(self) -> None:
        """Remove what an earlier, killed try of this very shard left behind."""
        for orphan in self.cli.containers(all=True, filters={"name": f"^/{self.container_name}$"}):
            self.log.warning("removing container %s of an earlier try", self.container_name)
            self.cli.remove_container(orphan["Id"], force=True)

    def _host_config(self) -> Any:
        spec = self.spec
        mounts = [Mount(target, source, "bind", read_only=ro) for source, target, ro in spec.mounts]
        gpu = [DeviceRequest(count=-1, capabilities=[["gpu"]])] if spec.gpu else None
        return self.cli.create_host_config(
            mounts=mounts,
            network_mode=spec.network_mode,
            read_only=spec.read_only,
            cap_drop=spec.cap_drop,
            security_opt=spec.security_opt,
            tmpfs=spec.tmpfs,
            mem_limit=spec.mem_limit,
            device_requests=gpu,
        )

    def _run_container(self) -> str | None:
        """Run to the end with its lines in this task's log; None, or how it ended badly."""
        self.container = self.cli.create_container(
            self.image,
            command=self.command,
            name=self.container_name,
            environment=self.environment,
            labels=self.labels,
            user=self.user,
            host_config=self._host_config(),
        )
        try:
            lines = self.cli.attach(self.container["Id"], stdout=True, stderr=True, stream=True)
            self.cli.start(self.container["Id"])
            fetch_logs(lines, self.log)
            code = self.cli.wait(self.container["Id"])["StatusCode"]
            return None if code == 0 else f"the embedder's container ended with code {code}"
        except APIError as error:
            raise _explained(error) from error
        finally:
            self.cli.remove_container(self.container["Id"], force=True)


def _explained(error: APIError) -> Exception:
    """The one start error that people meet: a GPU was asked for and Docker knows none."""
    if "could not select device driver" in str(error):
        return ConfigError(
            "Docker cannot give the embedder a GPU: install the NVIDIA Container Toolkit and run "
            "`nvidia-ctk runtime configure`, or set TRAINER_DEVICE=cpu"
        )
    return DockerContainerFailedException(f"Docker refused the embedder: {error.explanation}")
