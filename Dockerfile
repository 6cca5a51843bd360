# The trainer in one image: Airflow, Scrapy, merge and release, reports, the embedder, and the front
# page before them. For the CPU, or for an NVIDIA GPU (start it with `--gpus all`):
#   docker build --target cpu  -t stash-sense-trainer:latest .
#   docker build --target cuda -t stash-sense-trainer:cuda .
# For a release, BASE is given with its digest (python:3.11-slim-bookworm@sha256:...).
# A change of the code rebuilds the last layers only.
ARG BASE=python:3.11-slim-bookworm

FROM ${BASE} AS runtime
# Only what the base lacks; a base without apt lists must already have all of it.
RUN (command -v tini && command -v nginx && ldconfig -p | grep -q libnss_wrapper) >/dev/null \
    || (apt-get update \
        && apt-get install -y --no-install-recommends tini nginx-light libnss-wrapper openssl \
        && rm -rf /var/lib/apt/lists/*)
# A mirror, a proxy or certificates of the building machine; not kept in the image.
ARG PIP_CERT
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
ARG PIP_DEFAULT_TIMEOUT
WORKDIR /opt/trainer
COPY requirements.txt container/uv.txt container/python_packages.sh /build/
RUN /build/python_packages.sh .venv /build/requirements.txt
ENV PATH=/opt/trainer/.venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    PYTHONPATH=/opt/trainer:/opt/trainer/plugins \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DATA_DIR=/data \
    AIRFLOW_HOME=/airflow \
    AIRFLOW__CORE__LOAD_EXAMPLES=False \
    AIRFLOW__CORE__EXECUTOR=trainer_airflow.local_executor.LocalExecutor \
    AIRFLOW__CORE__PARALLELISM=5 \
    AIRFLOW__API__WORKERS=1 \
    AIRFLOW__USAGE_DATA_COLLECTION__ENABLED=False
RUN mkdir -p /airflow /data && chmod 0777 /airflow /data
VOLUME ["/data", "/airflow"]
EXPOSE 8080
# The front page answers for the reports and for Airflow.
HEALTHCHECK --interval=30s --timeout=20s --start-period=180s --retries=4 \
    CMD python -I container/health.py $((${TRAINER_FRONT_PORT:-8080} - 1))
# As root only until it has become PUID:PGID; any `--user` works as well.
ENTRYPOINT ["tini", "--", "/opt/trainer/container/entrypoint.sh"]
CMD ["python", "-m", "trainer.services", "all-in-one"]

FROM scratch AS code
COPY scrapy.cfg /
COPY container /container
COPY trainer /trainer
COPY scrapy_project /scrapy_project
COPY embedder /embedder
COPY reports /reports
COPY .streamlit /.streamlit
COPY plugins /plugins
COPY dags /dags
COPY deploy /deploy

FROM runtime AS cpu
ARG PIP_CERT
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
ARG PIP_DEFAULT_TIMEOUT
COPY embedder/requirements.txt /build/embedder.txt
RUN /build/python_packages.sh .venv-embedder /build/embedder.txt
COPY --from=code / /opt/trainer/
RUN python -m compileall -q trainer scrapy_project embedder reports plugins dags \
    && ln -s /opt/trainer/container/trainer /usr/local/bin/trainer

FROM runtime AS cuda
ARG PIP_CERT
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
ARG PIP_DEFAULT_TIMEOUT
COPY embedder/requirements-cuda.txt /build/embedder.txt
RUN /build/python_packages.sh .venv-embedder /build/embedder.txt
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
COPY --from=code / /opt/trainer/
RUN python -m compileall -q trainer scrapy_project embedder reports plugins dags \
    && ln -s /opt/trainer/container/trainer /usr/local/bin/trainer

# Without --target
FROM cpu
