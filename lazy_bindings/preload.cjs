// Loaded into jsii's Node.js by lazy_bindings: the AWS bindings' index requires its modules on first use, not at start.
"use strict";

const Module = require("node:module");
const path = require("node:path");

const INDEX = path.join("@cdktf", "provider-aws", "lib", "index.js");
const EAGER_EXPORT = /^exports\.(\w+) = require\((".*?")\);$/gm;
const LAZY_EXPORT = 'Object.defineProperty(exports, "$1", { enumerable: true, get: () => require($2) });';

const compile = Module.prototype._compile;

Module.prototype._compile = function (source, filename, ...rest) {
  // Half of each file is its source map, which nobody reads.
  const map = source.lastIndexOf("\n//# sourceMappingURL=data:");
  if (map !== -1) {
    source = source.slice(0, map);
  }
  if (filename.endsWith(INDEX)) {
    const lazy = source.replace(EAGER_EXPORT, LAZY_EXPORT);
    if (lazy === source) {
      process.emitWarning(`synth will be slow: ${INDEX} has another shape than expected`);
    }
    source = lazy;
  }
  return compile.call(this, source, filename, ...rest);
};

// cdktf calls the deprecated util.isArray, and Node.js would warn of it at every synth.
require("node:util").isArray = Array.isArray;

// cdktf takes a stack trace for every token, of frames that mean nothing to a Python program.
Error.stackTraceLimit = 0;
