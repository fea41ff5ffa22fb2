#!/bin/sh
# What the guide's charts call: /app/script.sh initContainers, /app/script.sh sidecar.
exec node /app/ip-manager.js "$@"
