// The extension: the server, and commands. What the editor shows of an appliance comes from the server.

import * as vscode from "vscode";

import { check, compile, fixAll } from "./commands.ts";
import { Graphs } from "./graph.ts";
import { choose, goToOutput, goToSource } from "./preview.ts";
import { Server } from "./server.ts";

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const server = new Server(context.extensionUri);
  const graphs = new Graphs(server);
  const command = (name: string, action: () => unknown) =>
    vscode.commands.registerCommand(`applc.${name}`, action);
  context.subscriptions.push(
    server,
    graphs,
    command("showPreview", () => choose(server)),
    command("goToOutput", () => goToOutput(server)),
    command("goToSource", () => goToSource(server)),
    command("graph", () => graphs.show()),
    command("check", () => check(server)),
    command("compile", () => compile(server)),
    command("fixAll", () => fixAll()),
    command("restart", () => server.restart()),
    command("showLog", () => server.log.show()),
    vscode.workspace.onDidGrantWorkspaceTrust(() => server.restart()),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("applc.path")) {
        void server.restart();
      }
    }),
  );
  await server.restart();
}
