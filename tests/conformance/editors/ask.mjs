// Asks the tools behind plain editors about documents: vscode-json-languageservice, yaml-language-server and taplo.
//
//   node ask.mjs FOLDER < questions.json > answers.json
//
// FOLDER has the packages in `node_modules`. The input is `{"schemas": {PATTERN: PATH}, "documents": [...]}`. A document
// has `path`, whose ending says which tool reads it, `text`, and a list `ask` of `{"what", "line", "character"}`, where
// `what` is `hover` or `complete`. The answer to each is `{"errors": [{"line", "severity", "message"}], "answers": [...]}`.
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { messages, startTaplo, write } from "./taplo.mjs";

const packages = path.resolve(process.argv[2]);
const require = createRequire(path.join(packages, "package.json"));
const input = JSON.parse(readFileSync(0, "utf8"));

const uriOf = (file) => pathToFileURL(path.resolve(file)).href;
const endsWith = (...endings) => (document) => endings.some((ending) => document.path.endsWith(ending));

/** The tools are not to ask the network. */
const readUri = async (uri) => {
  if (!uri.startsWith("file:")) throw new Error(`asked for ${uri}`);
  return readFile(fileURLToPath(uri), "utf8");
};

const markup = (contents) => (Array.isArray(contents) ? contents.map(markup).join("\n") : (contents?.value ?? contents ?? ""));
const error = ({ range, severity, message }) => ({ line: range.start.line + 1, severity, message });
const byLine = (one, other) => one.line - other.line || (one.message < other.message ? -1 : 1);
const proposal = (item) => ({
  label: item.label,
  insert: item.textEdit?.newText ?? item.insertText ?? item.label,
  text: markup(item.documentation),
});

/** The library in VS Code and in vscode-json-language-server. */
async function json(documents) {
  const { getLanguageService, ClientCapabilities, TextDocument } = require("vscode-json-languageservice");
  const service = getLanguageService({
    schemaRequestService: readUri,
    workspaceContext: { resolveRelativePath: (relative, base) => new URL(relative, base).href },
    clientCapabilities: ClientCapabilities.LATEST,
  });
  const schemas = Object.entries(input.schemas).map(([pattern, file]) => ({ fileMatch: [pattern], uri: uriOf(file) }));
  service.configure({ validate: true, allowComments: true, schemas });
  return Promise.all(
    documents.map(async ({ path: file, text, ask = [] }) => {
      const document = TextDocument.create(uriOf(file), file.endsWith(".jsonc") ? "jsonc" : "json", 1, text);
      const parsed = service.parseJSONDocument(document);
      const settings = { comments: file.endsWith(".jsonc") ? "ignore" : "error", schemaRequest: "error", schemaValidation: "error" };
      const errors = await service.doValidation(document, parsed, settings);
      const answers = ask.map(async ({ what, ...position }) =>
        what === "hover"
          ? markup((await service.doHover(document, position, parsed))?.contents)
          : (await service.doComplete(document, position, parsed)).items.map(proposal),
      );
      return { errors: errors.map(error).sort(byLine), answers: await Promise.all(answers) };
    }),
  );
}

/** A language server: `send` sends it a message, and `receive` takes its messages. */
class Client {
  #pending = new Map();
  #published = new Map();
  #last = 0;

  constructor(send, settings, settled = (resolve) => resolve) {
    this.send = (message) => send({ jsonrpc: "2.0", ...message });
    this.settings = settings;
    this.settled = settled;
  }

  receive({ id, method, params, result, error }) {
    if (method === undefined) {
      const { resolve, reject } = this.#pending.get(id);
      return error ? reject(new Error(JSON.stringify(error))) : resolve(result);
    }
    if (method === "textDocument/publishDiagnostics") {
      this.#published.get(params.uri)?.(params.diagnostics);
    } else if (id !== undefined) {
      const items = method === "workspace/configuration" ? params.items : [];
      const value = method === "workspace/workspaceFolders" ? [] : items.map(({ section }) => this.settings[section] ?? {});
      this.send({ id, result: method.startsWith("workspace/") ? value : null });
    }
  }

  request(method, params) {
    this.#last += 1;
    const answer = new Promise((resolve, reject) => this.#pending.set(this.#last, { resolve, reject }));
    this.send({ id: this.#last, method, params });
    return answer;
  }

  async initialize(options = {}) {
    const documentation = { documentationFormat: ["markdown"], snippetSupport: true };
    await this.request("initialize", {
      processId: process.pid,
      rootUri: uriOf("."),
      workspaceFolders: null,
      capabilities: {
        workspace: { configuration: true, workspaceFolders: false },
        textDocument: { hover: { contentFormat: ["markdown"] }, completion: { completionItem: documentation } },
      },
      initializationOptions: options,
    });
    this.send({ method: "initialized", params: {} });
    this.send({ method: "workspace/didChangeConfiguration", params: { settings: this.settings } });
  }

  async about({ path: file, text, ask = [] }, languageId) {
    const uri = uriOf(file);
    const published = new Promise((resolve) => this.#published.set(uri, this.settled(resolve)));
    this.send({ method: "textDocument/didOpen", params: { textDocument: { uri, languageId, version: 1, text } } });
    const errors = await published;
    const answers = ask.map(async ({ what, ...position }) => {
      const params = { textDocument: { uri }, position };
      if (what === "hover") return markup((await this.request("textDocument/hover", params))?.contents);
      const items = await this.request("textDocument/completion", params);
      return (items?.items ?? items ?? []).map(proposal);
    });
    return { errors: errors.map(error).sort(byLine), answers: await Promise.all(answers) };
  }
}

/** The server in VS Code's extension, Neovim and Helix. */
async function yaml(documents) {
  const program = path.join(packages, "node_modules/yaml-language-server/bin/yaml-language-server");
  const server = spawn(process.execPath, [program, "--stdio"], { stdio: ["pipe", "pipe", "inherit"] });
  const schemas = {};
  for (const [pattern, file] of Object.entries(input.schemas)) (schemas[uriOf(file)] ??= []).push(pattern);
  const client = new Client(
    (message) => write(server.stdin, message),
    { yaml: { schemas, schemaStore: { enable: false }, validate: true, hover: true, completion: true, yamlVersion: "1.2" } },
  );
  messages(server.stdout, (message) => client.receive(message));
  await client.initialize();
  const answers = [];
  for (const document of documents) answers.push(await client.about(document, "yaml"));
  server.kill();
  return answers;
}

/** The server in Even Better TOML. */
async function toml(documents) {
  const rules = Object.entries(input.schemas).map(([pattern, file]) => [`.*${pattern.replaceAll(".", "\\.").replaceAll("*", ".*")}$`, uriOf(file)]);
  const section = { schema: { enabled: true, associations: Object.fromEntries(rules), catalogs: [], links: false }, completion: { maxKeys: 5 } };
  let client;
  const server = await startTaplo(packages, (message) => client.receive(message));
  // It publishes errors of syntax, of tables, and of the schema one after the other; of two of them none.
  const settled = (resolve) => {
    let count = 0;
    return (found) => {
      count += 1;
      if (found.length > 0 || count === 3) resolve(found);
    };
  };
  client = new Client((message) => server.send(message), { evenBetterToml: section }, settled);
  await client.initialize({ configurationSection: "evenBetterToml" });
  return Promise.all(documents.map((document) => client.about(document, "toml")));
}

const tools = [
  [json, endsWith(".json", ".jsonc")],
  [yaml, endsWith(".yaml", ".yml")],
  [toml, endsWith(".toml")],
];
const answers = new Map();
for (const [tool, isRead] of tools) {
  const documents = input.documents.filter(isRead);
  if (documents.length === 0) continue;
  const read = await tool(documents);
  documents.forEach((document, at) => answers.set(document, read[at]));
}
process.stdout.write(JSON.stringify(input.documents.map((document) => answers.get(document))), () => process.exit(0));
