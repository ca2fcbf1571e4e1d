#!/bin/sh
# Installs the PostgreSQL server from Debian's packages. Needs root and the network.
set -eu
export DEBIAN_FRONTEND=noninteractive
apt-get update --quiet=2
apt-get install --quiet=2 --yes --no-install-recommends postgresql
