# The trainer: Airflow, Scrapy, merge and release, reports.
# `docker build -t stash-sense-trainer:latest .`
# For a release, BASE is given with its digest (python:3.11-slim-bookworm@sha256:...).
ARG BASE=python:3.11-slim-bookworm
FROM ${BASE}

RUN command -v tini >/dev/null \
    || (apt-get update && apt-get install -y --no-install-recommends tini \
        && rm -rf /var/lib/apt/lists/*)
RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin trainer \
    && mkdir -p /airflow /data && chown trainer:trainer /airflow /data

# A mirror, a proxy or certificates of the building machine; not kept in the image.
ARG PIP_CERT
ARG PIP_INDEX_URL
ARG PIP_EXTRA_INDEX_URL
ARG PIP_DEFAULT_TIMEOUT
WORKDIR /opt/trainer
COPY requirements.txt ./
RUN python3 -m venv .venv \
    && .venv/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements.txt \
    && rm -rf /root/.cache
# For TRAINER_EMBEDDER=process, where there is no Docker socket.
COPY embedder/requirements.txt embedder/requirements.txt
RUN python3 -m venv .venv-embedder \
    && .venv-embedder/bin/pip install --no-cache-dir --no-deps --require-hashes \
        -r embedder/requirements.txt \
    && rm -rf /root/.cache

COPY scrapy.cfg ./
COPY trainer trainer
COPY scrapy_project scrapy_project
COPY embedder embedder
COPY reports reports
COPY .streamlit .streamlit
COPY plugins plugins
COPY dags dags
ENV PATH=/opt/trainer/.venv/bin:$PATH \
    PYTHONPATH=/opt/trainer:/opt/trainer/plugins \
    PYTHONUNBUFFERED=1 \
    AIRFLOW_HOME=/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/trainer/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/opt/trainer/plugins \
    AIRFLOW__CORE__LOAD_EXAMPLES=False \
    AIRFLOW__CORE__EXECUTOR=LocalExecutor \
    AIRFLOW__CORE__PARALLELISM=4 \
    AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION=False \
    AIRFLOW__USAGE_DATA_COLLECTION__ENABLED=False
USER 10001:10001
EXPOSE 8080 8501
ENTRYPOINT ["tini", "--"]
CMD ["python", "-m", "trainer.services", "all-in-one"]
