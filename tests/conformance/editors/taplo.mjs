// The server in Even Better TOML. As a program, it speaks on standard input and output:
//
//   node taplo.mjs FOLDER
//
// FOLDER has the package in `node_modules`.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

/** Starts it. It is not to ask the network: it wants the catalog of SchemaStore. */
export async function startTaplo(packages, onMessage) {
  const require = createRequire(path.join(packages, "package.json"));
  globalThis.fetch = async (address) => {
    throw new Error(`asked for ${address.url ?? address}`);
  };
  const { TaploLsp } = require("@taplo/lsp");
  return TaploLsp.initialize(
    {
      cwd: () => process.cwd(),
      envVar: () => undefined,
      envVars: () => [],
      findConfigFile: () => undefined,
      glob: () => [],
      isAbsolute: path.isAbsolute,
      now: () => new Date(),
      readFile: (file) => readFile(file),
      writeFile: async () => {},
      stdErrAtty: () => false,
      stdin: async () => new Uint8Array(),
      stdout: async (bytes) => bytes.length,
      stderr: async (bytes) => (process.env.DEBUG && process.stderr.write(bytes), bytes.length),
      // As in Even Better TOML; it is also asked about addresses that are not those of files.
      urlToFilePath: (url) => decodeURIComponent(url).slice("file://".length),
      fetch: { fetch: () => Promise.reject(new Error("no network")), Headers, Request, Response },
    },
    { onMessage },
  );
}

/** Calls `receive` for each message of a stream. */
export function messages(stream, receive) {
  let buffer = Buffer.alloc(0);
  stream.on("data", (chunk) => {
    buffer = Buffer.concat([buffer, chunk]);
    for (;;) {
      const end = buffer.indexOf("\r\n\r\n");
      if (end < 0) return;
      const length = Number(/Content-Length: (\d+)/i.exec(buffer.subarray(0, end).toString())[1]);
      if (buffer.length < end + 4 + length) return;
      const message = JSON.parse(buffer.subarray(end + 4, end + 4 + length).toString());
      buffer = buffer.subarray(end + 4 + length);
      receive(message);
    }
  });
}

/** Writes a message to a stream. */
export function write(stream, message) {
  const body = Buffer.from(JSON.stringify(message));
  stream.write(`Content-Length: ${body.length}\r\n\r\n`);
  stream.write(body);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const server = await startTaplo(path.resolve(process.argv[2]), (message) => write(process.stdout, message));
  messages(process.stdin, (message) => server.send(message));
}
