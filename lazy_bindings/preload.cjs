// Loaded into jsii's Node.js by lazy_bindings: what synth does not need is not loaded, read or kept.
"use strict";

const Module = require("node:module");
const path = require("node:path");

// In a file whose path ends so, one piece of the source is replaced before Node.js compiles it.
const EDITS = [
  {
    file: path.join("@cdktf", "provider-aws", "lib", "index.js"),
    what: /^exports\.(\w+) = require\((".*?")\);$/gm,
    by: 'Object.defineProperty(exports, "$1", { enumerable: true, get: () => require($2) });',
    warn: true,
  },
  {
    // Three hundred modules that only a zipped asset uses.
    file: path.join("cdktf", "lib", "private", "fs.js"),
    what: /require\("archiver"\);/,
    by: '(...options) => require("archiver")(...options);',
  },
  {
    // jsii digests the bindings' archive (24 MB) at every start: in chunks of 1 MiB instead of 16 KiB.
    file: path.join("lib", "program.js"),
    what: /Buffer\.alloc\(16384\)/,
    by: "Buffer.alloc(1048576)",
  },
];

const compile = Module.prototype._compile;

Module.prototype._compile = function (source, filename, ...rest) {
  // Half of each file is its source map, which nobody reads.
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

// cdktf calls the deprecated util.isArray, and Node.js would warn of it at every synth.
require("node:util").isArray = Array.isArray;

// cdktf takes a stack trace for every token, of frames that mean nothing to a Python program.
Error.captureStackTrace = () => {};
