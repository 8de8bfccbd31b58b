# Visavis in one image, built from this checkout: docker build -t visavis .
#
#   NODE_IMAGE      Debian 12 with Node 24 (or 20.19 and later)
#   VISAVIS_MODELS  bundled: fetched and checked into the image (about 540 MB), which then starts without any network;
#                   volume: fetched at the first start into the volume at /var/cache/visavis
#
# docker run --init --read-only --tmpfs /tmp --tmpfs /var/cache/visavis:uid=10001,gid=10001 … runs a bundled image (docs/deployment.md).
ARG NODE_IMAGE=node:24-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
ENV VISAVIS_CACHE=/var/cache/visavis
# Dependencies, mediasoup's worker and models change seldom: each has a layer that a change of the source leaves alone.
COPY package.json package-lock.json .npmrc models.lock.json ./
COPY scripts scripts
RUN node scripts/setup.mjs --only packages
RUN node scripts/setup.mjs --only dependencies
# The makers' own binary where it can be had and runs, else built from source: some minutes.
RUN node scripts/setup.mjs --only worker \
  && install -D -m 755 "$VISAVIS_CACHE"/mediasoup/mediasoup-worker-* bin/mediasoup-worker
ARG VISAVIS_MODELS=bundled
RUN case "$VISAVIS_MODELS" in \
    bundled) node scripts/setup.mjs --only models && mv "$VISAVIS_CACHE/models" models ;; \
    volume) mkdir models ;; \
    *) echo "VISAVIS_MODELS: expected bundled or volume, got \"$VISAVIS_MODELS\"" >&2; exit 1 ;; \
  esac
COPY tsconfig.json ./
COPY native native
COPY src src
COPY web-demo web-demo
RUN node scripts/setup.mjs --only build
# What serving needs: no development tools, and of onnxruntime the libraries of this platform only.
RUN npm prune --omit=dev --ignore-scripts \
  && cd node_modules/onnxruntime-node/bin/napi-v6 \
  && find . -mindepth 2 -maxdepth 2 -type d ! -path "./$(node -p 'process.platform + "/" + process.arch')" -exec rm -r {} +

FROM ${NODE_IMAGE}
# The codecs that the native addon is linked with; everything else needs only what the base image has.
RUN apt-get update \
  && apt-get install -y --no-install-recommends libvpx7 libopus0 \
  && rm -rf /var/lib/apt/lists/*
# A number of its own, so that "runAsNonRoot" of an orchestrator can check it and volumes have a stable owner.
RUN groupadd --gid 10001 visavis \
  && useradd --uid 10001 --gid visavis --home-dir /tmp --no-create-home --no-log-init --shell /usr/sbin/nologin visavis \
  && install -d -o visavis -g visavis /var/cache/visavis /var/lib/visavis
WORKDIR /app
COPY package.json models.lock.json LICENSE THIRD_PARTY.md ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/bin bin
COPY --from=build /app/native/build native/build
# The entry point links them into the cache, so that any volume or tmpfs may be mounted there.
COPY --from=build /app/models models
COPY scripts scripts
COPY deploy/docker deploy/docker
COPY assets assets
COPY --from=build /app/dist dist
# A read-only container needs two places to write: /tmp (also the HOME of npm, which may fetch models at the first start) and the cache; and a third,
# /var/lib/visavis, where avatars are to be made.
ENV NODE_ENV=production ORT_DISABLE_TELEMETRY=1 HOME=/tmp VISAVIS_CACHE=/var/cache/visavis VISAVIS_AVATARS=/var/lib/visavis/avatars VISAVIS_MEMORY_FOLDER=/var/lib/visavis/memory MEDIASOUP_WORKER_BIN=/app/bin/mediasoup-worker VISAVIS_HOST=0.0.0.0
USER 10001:10001
# Page and signalling; media of all visitors.
EXPOSE 7860/tcp 7861/udp 7861/tcp
STOPSIGNAL SIGTERM
# The start may have to fetch the models first.
HEALTHCHECK --interval=10s --timeout=5s --start-period=15m --retries=3 CMD ["node", "deploy/docker/healthcheck.mjs"]
# Start it with --init (compose.yaml: "init: true"): Node as process 1 does not reap the orphans of others.
ENTRYPOINT ["node", "deploy/docker/entrypoint.mjs"]
CMD ["serve"]
