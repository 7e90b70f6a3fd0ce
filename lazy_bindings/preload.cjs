// Preloaded into jsii's Node.js by lazy_bindings, to skip work that synth does not need.
"use strict";

const Module = require("node:module");
const path = require("node:path");

// Replacements in the source of files whose path ends with `file`, made before Node.js compiles them.
const EDITS = [
  {
    file: path.join("@cdktf", "provider-aws", "lib", "index.js"),
    what: /^exports\.(\w+) = require\((".*?")\);$/gm,
    by: 'Object.defineProperty(exports, "$1", { enumerable: true, get: () => require($2) });',
    warn: true,
  },
  {
    // archiver loads three hundred modules, which only zipped assets need.
    file: path.join("cdktf", "lib", "private", "fs.js"),
    what: /require\("archiver"\);/,
    by: '(...options) => require("archiver")(...options);',
  },
  {
    // jsii computes a digest of the bindings' archive (24 MB) at every start: it reads 1 MiB at a time, not 16 KiB.
    file: path.join("lib", "program.js"),
    what: /Buffer\.alloc\(16384\)/,
    by: "Buffer.alloc(1048576)",
  },
];

const compile = Module.prototype._compile;

Module.prototype._compile = function (source, filename, ...rest) {
  // Half of each file is its source map, which is not used.
  const map = source.lastIndexOf("\n//# sourceMappingURL=data:");
  if (map !== -1) {
    source = source.slice(0, map);
  }
  for (const { file, what, by, warn } of EDITS) {
    if (filename.endsWith(path.sep + file)) {
      const edited = source.replace(what, by);
      if (warn && edited === source) {
        process.emitWarning(`synth will be slow: ${file} has another shape than expected`);
      }
      source = edited;
    }
  }
  return compile.call(this, source, filename, ...rest);
};

// cdktf calls the deprecated util.isArray: without this, Node.js prints a warning at every synth.
require("node:util").isArray = Array.isArray;

// cdktf captures a stack trace for every token. Its JavaScript frames are of no use to a Python program.
Error.captureStackTrace = () => {};
