"""The embedder as a pod: the same job and image as in Docker, the outcome from its report file."""

from __future__ import annotations

import time
from typing import Any

from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from airflow.sdk.exceptions import AirflowException

from trainer.config.jobs import EmbedJob
from trainer.config.settings import Settings
from trainer.embedding.pod import CONTAINER, DEADLINE_SECONDS, STOP_SECONDS, pod_manifest
from trainer.embedding.pod_names import pod_labels
from trainer.embedding.spec import LABEL, ContainerSpec, container_spec, prepare_directories
from trainer.errors import ConfigError
from trainer.reasons import in_words, reason
from trainer.staging.lock import task_lock
from trainer.staging.manifest import StageManifest
from trainer.staging.paths import RUN_MANIFEST, DataDir
from trainer_airflow.pod_end import PodEnd, refusal
from trainer_airflow.supervised import end_with_supervisor

START_SECONDS = 1800  # a node with a GPU may have to be added, and the image is large
GONE = ("Succeeded", "Failed")

# What the manifest says, too: the provider's defaults would win over it.
_FIXED: dict[str, Any] = {
    "base_container_name": CONTAINER,
    "random_name_suffix": False,
    "durable": True,  # a worker that died finds its pod again
    "deferrable": False,  # the report is read where the task runs
    "do_xcom_push": False,
    "on_finish_action": "delete_pod",
    "on_kill_action": "delete_pod",
    "automount_service_account_token": False,
    "active_deadline_seconds": DEADLINE_SECONDS,
    "termination_grace_period": STOP_SECONDS,
    "termination_message_policy": "FallbackToLogsOnError",
    "startup_timeout_seconds": START_SECONDS,
    "log_events_on_failure": True,
    "log_pod_spec_on_failure": False,
}


class EmbedPodOperator(KubernetesPodOperator):  # type: ignore[misc]
    """Runs the embedder's image over the shard `key_name` in its own pod.

    Airflow's workers must have the claim `TRAINER_KUBERNETES_CLAIM` mounted at DATA_DIR. Raises
    `ConfigError` for a job or setting that cannot work, `StageFailed` for a shard that did not
    complete, and Airflow's own exceptions for what another try may cure: a pod that was evicted,
    never started, or met its deadline. `RetryLater` for one that ran out of memory.
    """

    ui_color = "#e6ecf5"

    def __init__(self, *, key_name: str | None = None, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, **_FIXED})
        self.key_name = key_name

    def execute(self, context: Any) -> dict[str, Any]:
        """Embed the shard in a pod; return the step's result. Holds the build lock."""
        end_with_supervisor()
        settings = self._settings()
        from trainer.pipeline.stored import stored

        data = DataDir(settings.data_dir)
        run_id = data.run(context["run_id"]).run_id
        with task_lock(data.lock), stored(settings, run_id, "embed", self.key_name):
            return self._embed(settings, context)

    def _embed(self, settings: Settings, context: Any) -> dict[str, Any]:
        from trainer.embedding.changed_images import remove_changed
        from trainer.runs import update as run_record
        from trainer.runs.context import RunContext

        assert self.key_name is not None
        began = time.monotonic()
        run = RunContext.open(settings, context["run_id"])
        self.prepare(run.run.run_id)
        manifest = self._run_pod(context)
        remove_changed(self._job, manifest)
        self.log.info("embed %s: %s", self.key_name, in_words(manifest.counts))
        label = f"embed-{self.key_name}"
        run_record.step_done(run, label, seconds=round(time.monotonic() - began, 2))
        return run.finish(
            label,
            {"shard": self.key_name, "status": manifest.status, "counts": manifest.counts},
        )

    def prepare(self, run_id: str) -> ContainerSpec:
        """Read the shard's job and lay down the pod that `build_pod_request_obj` returns."""
        from trainer.embedding.runner import read_job

        settings = self._settings()
        assert self.key_name is not None and settings.kubernetes_claim is not None
        shard = DataDir(settings.data_dir).run(run_id).embed_shard(self.key_name)
        self._job_path = shard / "job.json"
        self._job: EmbedJob = read_job(self._job_path)
        self._spec = container_spec(settings, self._job_path, self._job)
        self.pod_template_dict = pod_manifest(
            self._spec,
            data_dir=settings.data_dir,
            claim=settings.kubernetes_claim,
            namespace=settings.kubernetes_namespace,
        )
        self.labels = self.pod_template_dict["metadata"]["labels"]
        return self._spec

    def get_or_create_pod(self, pod_request_obj: Any, context: Any) -> Any:
        """Before a new pod: an old report says nothing, and no earlier run's pod goes on.

        The report stays where a pod of ours still runs: it may be writing it now.
        """
        namespace = pod_request_obj.metadata.namespace
        running = self.find_pod(namespace, context=context)
        if running is None or running.status.phase in GONE:
            prepare_directories(self._spec)
            (self._job.report_dir / RUN_MANIFEST).unlink(missing_ok=True)
            self._reap_orphans(namespace)
        return super().get_or_create_pod(pod_request_obj, context)

    def _reap_orphans(self, namespace: str) -> None:
        """Delete pods of this shard that an earlier run left; the shard's lock awaits their end."""
        wanted = pod_labels(self._spec.identity_labels)
        selector = [f"{key}={value}" for key, value in sorted(wanted.items())]
        selector.append(f"{LABEL}.run_id!={self.labels[f'{LABEL}.run_id']}")
        found = self.client.list_namespaced_pod(namespace, label_selector=",".join(selector))
        for pod in found.items:
            self.log.info("removing %s, left by an earlier build", pod.metadata.name)
            self.pod_manager.delete_pod(pod)

    def _run_pod(self, context: Any) -> StageManifest:
        """The pod's whole life; what it wrote counts, not how it ended."""
        from kubernetes.client.exceptions import ApiException
        from kubernetes.config import ConfigException

        from trainer.embedding.runner import result_of

        report_dir = self._job.report_dir
        try:
            super().execute(context)
        except ConfigException as error:
            raise ConfigError(
                f"no way to the cluster: {reason(error)}; run Airflow in it, or give the "
                "connection "
                f"{self.kubernetes_conn_id} a kubeconfig"
            ) from None
        except ApiException as error:
            raise refusal(error, self._settings().kubernetes_namespace) or error from None
        except AirflowException as error:
            if not PodEnd.of(self.remote_pod).is_final and not (report_dir / RUN_MANIFEST).exists():
                raise
            self.log.warning("the pod failed, its report decides: %s", error)
        said, limit = PodEnd.of(self.remote_pod).last_words, self._settings().embedder_memory
        return result_of(self._job_path, self._job, said, limit)

    @staticmethod
    def _settings() -> Settings:
        settings = Settings.load()
        if settings.kubernetes_claim is None:
            raise ConfigError(
                "TRAINER_KUBERNETES_CLAIM is not set where this task runs; set it there"
            )
        return settings
