# The server with its offline embedder. Every installed package has to match the hashes in constraints.txt.

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
RUN python -m venv --without-pip /app \
    && /build/bin/uv pip install --no-cache --python /app/bin/python --only-binary :all: --compile-bytecode \
        --constraint constraints.txt dist/groundwire-*.whl "$(ls dist/groundwire_server-*.whl)[local]"

FROM base
RUN useradd --system --uid 10001 --no-create-home groundwire \
    && install --directory --owner=groundwire --mode=0700 /data
COPY --from=build /app /app
ENV PATH=/app/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    XDG_CACHE_HOME=/tmp \
    GROUNDWIRE_STORES__MAIN__FOLDER=/data
USER 10001
VOLUME /data
# No port is exposed: the server listens on the container's loopback only.
ENTRYPOINT ["groundwire"]
CMD ["serve"]
