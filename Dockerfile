# `npm run image` bundles the programs into .build/image and builds this. What is in the image is
# described in scripts/image/description.ts; a test holds the two against each other.

# The digest is of the index, from which --platform chooses. Dependabot moves it.
FROM docker.io/library/node:24-bookworm-slim@sha256:6f7b03f7c2c8e2e784dcf9295400527b9b1270fd37b7e9a7285cf83b6951452d
# The copy of ping has neither the setuid bit nor a file capability: with those it would not be run
# where all capabilities are dropped.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends iproute2 iputils-ping \
 && cp /bin/ping /usr/local/bin/ping && rm /bin/ping \
 && rm -rf /var/lib/apt/lists/*
COPY .build/image/app/ /app/
WORKDIR /app
USER 1000:1000
# Not the base's: charts give the whole command line as `args`.
ENTRYPOINT []
CMD ["node", "--optimize-for-size", "--max-semi-space-size=1", "/app/forwarder.js"]
