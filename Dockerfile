# The server with its offline embedder and the client of Weaviate. Every package that is installed has to be in
# constraints.txt, with a hash of its file; deploy/image/install enforces it.

FROM python:3.13.9-slim-trixie AS base

FROM base AS build
WORKDIR /src
COPY .ci/bootstrap.txt constraints.txt ./
RUN python -m venv /build \
    && /build/bin/pip install --no-cache-dir --disable-pip-version-check \
        --require-hashes --only-binary :all: --requirement bootstrap.txt
COPY clients/python clients/python
RUN cd clients/python && /build/bin/hatchling build -t wheel -d /src/dist
COPY pyproject.toml README.md LICENSE ./
COPY server server
RUN /build/bin/hatchling build -t wheel -d dist
COPY deploy/image/install deploy/image/
RUN python -m venv --without-pip /app \
    && UV_NO_CACHE=1 deploy/image/install /build/bin/uv /app/bin/python dist constraints.txt

FROM base
# A new volume takes its owner from the folder that it is mounted over.
RUN useradd --system --uid 10001 --no-create-home groundwire \
    && install --directory --owner=groundwire --mode=0700 /data /credentials
COPY --from=build /app /app
COPY deploy/image/health.py /usr/local/lib/groundwire/
ENV PATH=/app/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    XDG_CACHE_HOME=/tmp \
    XDG_STATE_HOME=/tmp
USER 10001
WORKDIR /data
# Without a configuration the server listens on the container's loopback only. docker-compose.yml mounts one.
ENTRYPOINT ["groundwire"]
CMD ["serve"]
