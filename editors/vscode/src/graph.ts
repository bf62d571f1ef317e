// The picture of `applc graph` beside an appliance, renewed while it is edited. A click on a container leads to it.

import { randomBytes } from "node:crypto";
import { dirname } from "node:path";
import * as vscode from "vscode";

import { activeAppliance } from "./languages.ts";
import { run } from "./run.ts";
import type { Server } from "./server.ts";

/** How long after an edit the picture is drawn, in milliseconds. */
const PAUSE = 200;

/** The pictures, at most one for each appliance. */
export class Graphs implements vscode.Disposable {
  private readonly shown = new Map<string, Graph>();

  constructor(private readonly server: Server) {}

  /** Shows the picture of the appliance in the editor. */
  async show(): Promise<void> {
    const document = activeAppliance();
    if (document === undefined || this.server.required === undefined) {
      return;
    }
    const key = document.uri.toString();
    const graph = this.shown.get(key) ?? new Graph(document, this.server, () => this.shown.delete(key));
    this.shown.set(key, graph);
    graph.panel.reveal(undefined, true);
    await graph.draw();
  }

  dispose(): void {
    for (const graph of this.shown.values()) {
      graph.panel.dispose();
    }
  }
}

class Graph {
  readonly panel: vscode.WebviewPanel;
  /** The last picture, which stays while the appliance has errors. */
  private picture = "";
  private pause: NodeJS.Timeout | undefined;
  /** The number of the last drawing; a slower one that was begun before is dropped. */
  private last = 0;

  constructor(
    private readonly document: vscode.TextDocument,
    private readonly server: Server,
    closed: () => void,
  ) {
    const name = vscode.workspace.asRelativePath(document.uri);
    const place = { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true };
    this.panel = vscode.window.createWebviewPanel("applc.graph", `Start order of ${name}`, place, {
      enableScripts: true,
      localResourceRoots: [],
    });
    const listening = vscode.Disposable.from(
      vscode.workspace.onDidChangeTextDocument(({ document }) => {
        if (document === this.document) {
          clearTimeout(this.pause);
          this.pause = setTimeout(() => void this.draw(), PAUSE);
        }
      }),
      vscode.window.onDidChangeActiveColorTheme(() => void this.draw()),
      this.panel.webview.onDidReceiveMessage((id: unknown) => this.open(String(id))),
    );
    this.panel.onDidDispose(() => {
      clearTimeout(this.pause);
      listening.dispose();
      closed();
    });
  }

  /** Draws the text in the editor. */
  async draw(): Promise<void> {
    const program = this.server.found;
    if (program === undefined) {
      return;
    }
    const drawing = ++this.last;
    const isFile = this.document.uri.scheme === "file";
    // What is saved is read from its file, so that files beside it are found.
    const [name, text] =
      isFile && !this.document.isDirty ? [this.document.uri.fsPath, ""] : ["-", this.document.getText()];
    const folder = isFile ? dirname(this.document.uri.fsPath) : undefined;
    const outcome = await run(program, ["graph", name, "--format", "svg"], folder, text);
    if (drawing !== this.last) {
      return;
    }
    if (outcome.status === 0) {
      this.picture = outcome.stdout;
    } else if (outcome.status !== 1) {
      this.server.log.error(`applc graph: ${outcome.stderr}`);
    }
    this.panel.webview.html = page(this.picture, outcome.status === 0);
  }

  /** Selects a container in the editor of the appliance. */
  private async open(id: string): Promise<void> {
    const symbols = await vscode.commands.executeCommand<vscode.DocumentSymbol[] | undefined>(
      "vscode.executeDocumentSymbolProvider",
      this.document.uri,
    );
    const selection = containerIn(symbols ?? [], id) ?? mentionIn(this.document, id);
    const beside = vscode.window.visibleTextEditors.find((editor) => editor.document === this.document);
    await vscode.window.showTextDocument(this.document, {
      viewColumn: beside?.viewColumn ?? vscode.ViewColumn.One,
      ...(selection === undefined ? {} : { selection }),
    });
  }
}

/** The place of a container among the symbols of an appliance. */
function containerIn(symbols: readonly vscode.DocumentSymbol[], id: string): vscode.Range | undefined {
  for (const symbol of symbols) {
    const range = symbol.name === id ? symbol.selectionRange : containerIn(symbol.children ?? [], id);
    if (range !== undefined) {
      return range;
    }
  }
  return undefined;
}

/** The first place of a text that gives something an id, which stands in for symbols where the server has none. */
function mentionIn(document: vscode.TextDocument, id: string): vscode.Range | undefined {
  // An id has nothing that means something else in a pattern.
  const found = new RegExp(`\\bid["']?\\s*:\\s*["']?(${id})(?![A-Za-z0-9-])`, "d").exec(document.getText());
  const [start, end] = found?.indices?.[1] ?? [];
  return start === undefined || end === undefined
    ? undefined
    : new vscode.Range(document.positionAt(start), document.positionAt(end));
}

/** The page with a picture. Nothing but its own style and script has an effect in it, and nothing is loaded. */
function page(picture: string, isCurrent: boolean): string {
  const nonce = randomBytes(16).toString("base64");
  const { kind } = vscode.window.activeColorTheme;
  const isDark = kind === vscode.ColorThemeKind.Dark || kind === vscode.ColorThemeKind.HighContrast;
  const svg = picture
    .replace("<style>", `<style nonce="${nonce}">`)
    // The picture asks the system whether to be dark; here, the theme of the editor decides.
    .replace("@media(prefers-color-scheme:dark)", isDark ? "@media all" : "@media not all")
    .replaceAll('<g class="node', '<g tabindex="0" role="button" class="node');
  const last = picture === "" ? "" : " This is the last picture without them.";
  const note = isCurrent ? "" : `<p>The appliance has errors.${last}</p>`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'nonce-${nonce}'; script-src 'nonce-${nonce}'">
<title>Start order</title>
<style nonce="${nonce}">
  body { padding: 1rem; }
  svg { max-width: 100%; height: auto; }
  .stale svg { opacity: 0.5; }
  .node { cursor: pointer; }
  .node:hover .shape, .node:focus .shape { stroke-width: 3; }
  .node:focus { outline: none; }
</style>
</head>
<body class="${isCurrent ? "" : "stale"}">
${note}
${svg}
<script nonce="${nonce}">
  const editor = acquireVsCodeApi();
  const open = (event) => {
    const id = event.target.closest?.(".node")?.dataset.id;
    if (id !== undefined) editor.postMessage(id);
  };
  addEventListener("click", open);
  addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") open(event);
  });
</script>
</body>
</html>`;
}
