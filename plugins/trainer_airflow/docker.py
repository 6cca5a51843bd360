"""The embedder in a container: one shard, no network, the outcome from its report file."""

from __future__ import annotations

from typing import Any

from airflow.providers.docker.operators.docker import DockerOperator

from trainer.config.settings import Settings
from trainer.staging.lock import task_lock
from trainer.staging.paths import DataDir
from trainer_airflow.supervised import end_with_supervisor


class EmbedDockerOperator(DockerOperator):  # type: ignore[misc]
    """Runs the embedder's image over the shard `key_name`.

    Docker's operator has no words for a read-only root, dropped capabilities or a limit on
    processes, and takes the last log line for the result. So the container is made from its
    `ContainerSpec` by the one runner that `trainer build` uses too, which removes what a killed
    try left behind and judges by the report. Raises `ConfigError` for a missing image, daemon or
    GPU runtime, `StageFailed` for a shard that did not complete.
    """

    ui_color = "#e6ecf5"

    def __init__(self, *, image: str, key_name: str | None = None, **kwargs: Any) -> None:
        fixed = {"auto_remove": "force", "mount_tmp_dir": False, "network_mode": "none"}
        super().__init__(image=image, **{**kwargs, **fixed})
        self.key_name = key_name
        self._run_id: str | None = None

    def execute(self, context: Any) -> dict[str, Any]:
        """Embed the shard in a container; return the step's result. Holds the build lock."""
        from trainer.pipeline.run import run_step

        end_with_supervisor()
        settings = self._settings()
        data = DataDir(settings.data_dir)
        self._run_id = data.run(context["run_id"]).run_id
        with task_lock(data.lock):
            return run_step("embed", self._run_id, settings, key=self.key_name)

    def on_kill(self) -> None:
        """Stop the container: it is the Docker daemon's child and would go on without us."""
        if self._run_id is None or self.key_name is None:
            return
        import docker

        from trainer.embedding.docker_runner import stop_run
        from trainer.embedding.runner import read_job
        from trainer.embedding.spec import container_spec

        settings = self._settings()
        path = DataDir(settings.data_dir).run(self._run_id).embed_shard(self.key_name) / "job.json"
        spec = container_spec(settings, path, read_job(path))
        client = docker.DockerClient(base_url=settings.docker_url)
        try:
            stop_run(client, spec)
        finally:
            client.close()

    def _settings(self) -> Settings:
        return Settings.load().model_copy(update={"embedder": "docker"})
