// Preloaded into jsii's Node.js by lazy_bindings, to skip work that synth does not need.
"use strict";

const Module = require("node:module");
const path = require("node:path");
const { Readable } = require("node:stream");
const threads = require("node:worker_threads");

// An app with all stacks has 400. Without the first edit, Node.js loads more than 2,100 of the AWS provider alone.
const MANY_MODULES = 1000;

// Replacements in the source of files, made before Node.js compiles them.
const EDITS = [
  {
    // The bindings of a provider, of CDKTF (`require("./vpc")`) and of cdktn (`__importStar(require("./vpc/index"))`).
    file: /[\\/]@cdkt[fn][\\/]provider-[^\\/]+[\\/]lib[\\/]index\.js$/,
    what: /^exports\.(\w+) = (?:__importStar\()?require\((".*?")\)\)?;$/gm,
    by: 'Object.defineProperty(exports, "$1", { enumerable: true, get: () => require($2) });',
  },
  {
    // archiver loads three hundred modules, which only zipped assets need. cdktn has another library.
    file: /[\\/]cdktf[\\/]lib[\\/]private[\\/]fs\.js$/,
    what: /require\("archiver"\);/,
    by: '(...options) => require("archiver")(...options);',
  },
  {
    // jsii computes a digest of the bindings' archive (24 MB) at every start: it reads 1 MiB at a time, not 16 KiB.
    file: /[\\/]lib[\\/]program\.js$/,
    what: /Buffer\.alloc\(16384\)/,
    by: "Buffer.alloc(1048576)",
  },
];

const compile = Module.prototype._compile;
let modules = 0;

Module.prototype._compile = function (source, filename, ...rest) {
  // Half of each file is its source map, which is not used.
  const map = source.lastIndexOf("\n//# sourceMappingURL=data:");
  if (map !== -1) {
    source = source.slice(0, map);
  }
  for (const { file, what, by } of EDITS) {
    if (file.test(filename)) {
      source = source.replace(what, by);
    }
  }
  modules += 1;
  if (modules === MANY_MODULES) {
    process.emitWarning(`synth will be slow: Node.js loads more than ${modules} modules, the last one ${filename}`);
  }
  return compile.call(this, source, filename, ...rest);
};

// Lets jsii's worker complete the index of a package before the process ends (node_process.py).
const workers = new Set();
threads.Worker = class extends threads.Worker {
  constructor(...args) {
    super(...args);
    if (path.basename(String(args[0])) === "runtime-index-worker.js") {
      workers.add(this);
      this.once("exit", () => workers.delete(this));
    }
  }
};
const exit = process.exit;
process.exit = (...code) => {
  if (workers.size === 0) {
    exit.apply(process, code);
  }
  const ends = [...workers].map((worker) => new Promise((ended) => worker.once("exit", ended)));
  Promise.all(ends).then(() => exit.apply(process, code));
};

if (path.basename(process.argv[1] ?? "") === "program.js") {
  // jsii's runtime starts this program with an option, which the program looks for. Here, NODE_OPTIONS has it.
  process.execArgv.push("--preserve-symlinks");
  // Standard input and output are for what Python and the program say to each other.
  process.stdout.write = process.stderr.write.bind(process.stderr);
  Object.defineProperty(process, "stdin", { value: new Readable({ read() {} }) });
  // What this process starts gets the user's options alone, which come last.
  process.env.NODE_OPTIONS = process.env.NODE_OPTIONS.split(`${path.basename(__filename)}"`).pop().trim();
}

// cdktf calls the deprecated util.isArray: without this, Node.js prints a warning at every synth.
require("node:util").isArray = Array.isArray;

// cdktf captures a stack trace for every token. Its JavaScript frames are of no use to a Python program.
Error.captureStackTrace = () => {};
