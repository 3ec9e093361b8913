# One image for web, workers, beat, Flower and `manage.py migrate`; docker-compose.celery.yml says what each of them runs.

FROM python:3.12-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PATH=/opt/venv/bin:$PATH
RUN python -m venv /opt/venv
COPY requirements/celery.txt /tmp/celery.txt
RUN pip install --require-hashes --only-binary=:all: -r /tmp/celery.txt
WORKDIR /app
COPY . .
# As a development system, which needs to be told nothing. What it makes up for itself (var/) stays in this stage.
RUN python manage.py collectstatic --noinput

FROM python:3.12-slim
ENV DJANGO_DEBUG=0 PYTHONUNBUFFERED=1 PATH=/opt/venv/bin:$PATH
RUN groupadd --gid 10001 rms && useradd --uid 10001 --gid rms --no-create-home --home-dir /nonexistent rms
COPY --from=build /opt/venv /opt/venv
WORKDIR /app
COPY . .
COPY --from=build /app/static_collected static_collected
# The root file system may be read-only: byte code is made here, and volumes begin as these two folders.
RUN python -m compileall -q . && install -d -o rms -g rms logs var
USER 10001:10001
EXPOSE 8000
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "rms_backend.wsgi:application"]
