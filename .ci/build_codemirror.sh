#!/bin/sh
# Makes codemirror.js and its licences from the packages of npm, in the versions named here: one file,
# fetched from nobody. Needs node and npm, which nothing else of Relance does.
#
#   sh .ci/build_codemirror.sh
set -eu
static=$(cd "$(dirname "$0")/../engine/console/static" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat > package.json <<'PACKAGES'
{
  "private": true,
  "dependencies": {
    "@codemirror/commands": "6.11.1",
    "@codemirror/language": "6.13.1",
    "@codemirror/lint": "6.9.8",
    "@codemirror/state": "6.7.6",
    "@codemirror/view": "6.43.15",
    "@lezer/highlight": "1.2.5",
    "@lezer/markdown": "1.8.1",
    "esbuild": "0.28.2"
  }
}
PACKAGES
# The language is made of the parser alone: the ready package brings HTML, CSS and JavaScript with it.
cat > entry.js <<'ENTRY'
import {Language, defineLanguageFacet, syntaxHighlighting, HighlightStyle} from "@codemirror/language";
import {parser} from "@lezer/markdown";
export {tags} from "@lezer/highlight";
export {EditorState} from "@codemirror/state";
export {EditorView, keymap, drawSelection, highlightActiveLine, lineNumbers} from "@codemirror/view";
export {defaultKeymap, history, historyKeymap} from "@codemirror/commands";
export {lintGutter, setDiagnostics} from "@codemirror/lint";
export {syntaxHighlighting, HighlightStyle};
export const markdown = new Language(defineLanguageFacet(), parser, [], "markdown");
ENTRY
npm install --silent --no-audit --no-fund --ignore-scripts
node node_modules/esbuild/install.js
node_modules/.bin/esbuild entry.js --bundle --minify --format=iife --global-name=codemirror \
  --target=es2020 --legal-comments=none --outfile=codemirror.js
cp codemirror.js "$static/codemirror.js"
{
  echo "codemirror.js is made of these packages by .ci/build_codemirror.sh; all stand under the MIT licence."
  for folder in node_modules/@codemirror/* node_modules/@lezer/* node_modules/@marijn/* \
      node_modules/style-mod node_modules/w3c-keyname node_modules/crelt; do
    [ -f "$folder/LICENSE" ] || continue
    printf '\n--- %s %s\n\n' "${folder#node_modules/}" \
      "$(node -p "require('./$folder/package.json').version")"
    cat "$folder/LICENSE"
  done
} > "$static/codemirror.LICENSE.txt"
ls -l "$static/codemirror.js"
