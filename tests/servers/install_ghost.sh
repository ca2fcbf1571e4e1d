#!/bin/sh
# Installs Ghost 5 from npm into a folder, for tests. Needs Node 20 with its headers, a C++
# compiler and the network; takes a minute or more, most of it for compiling SQLite.
set -eu
version=5.99.1
folder=$1
headers=$(dirname "$(dirname "$(command -v node)")")
mkdir -p "$folder"
cd "$folder"
npm install --silent --no-save --prefix "$folder/tools" yarn@1.22.22
npm pack --silent "ghost@$version" >/dev/null
rm -rf package
tar -xzf "ghost-$version.tgz"
cd package
# What only its developers need, part of it from git hosts, is neither wanted nor reachable.
node -e '
const fs = require("fs");
const manifest = JSON.parse(fs.readFileSync("package.json"));
delete manifest.devDependencies;
fs.writeFileSync("package.json", JSON.stringify(manifest, null, 2));
const entries = fs.readFileSync("yarn.lock", "utf8").split(/\n\n/);
const kept = entries.filter((entry) => !/codeload\.github\.com|resolved "https:\/\/github\.com/.test(entry));
fs.writeFileSync("yarn.lock", kept.join("\n\n"));
'
# Install scripts would download binaries from a git host; SQLite is compiled instead.
"$folder/tools/node_modules/.bin/yarn" install --production --ignore-scripts --non-interactive --silent
cd node_modules/sqlite3
../.bin/node-gyp rebuild --silent --nodedir="$headers"
touch "$folder/installed"
