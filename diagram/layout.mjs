// Places the boxes, frames and lines of a graph in ELK's JSON: https://eclipse.dev/elk/documentation.html
// Reads it from standard input, and writes it with positions to standard output.
import ELK from "elkjs/lib/elk.bundled.js";

let text = "";
for await (const chunk of process.stdin) text += chunk;
process.stdout.write(JSON.stringify(await new ELK().layout(JSON.parse(text))));
