// The extension: the server, and commands. What the editor shows of an appliance comes from the server.

import * as vscode from "vscode";

import { check, compile, fixAll } from "./commands.ts";
import { Graphs } from "./graph.ts";
import { Links } from "./links.ts";
import { choose, follow } from "./preview.ts";
import { Server } from "./server.ts";

let server: Server | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const running = new Server(context.extensionUri);
  server = running;
  const graphs = new Graphs(running);
  const command = (name: string, action: () => unknown) =>
    vscode.commands.registerCommand(`applc.${name}`, action);
  context.subscriptions.push(
    graphs,
    new Links(),
    command("showPreview", () => choose(running)),
    command("goToOutput", () => follow(running)),
    command("goToSource", () => follow(running)),
    command("graph", () => graphs.show()),
    command("check", () => check(running)),
    command("compile", () => compile(running)),
    command("fixAll", () => fixAll()),
    command("restart", () => running.restart()),
    command("showLog", () => running.log.show()),
    vscode.workspace.onDidGrantWorkspaceTrust(() => running.restart()),
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration("applc.path")) {
        void running.restart();
      }
    }),
  );
  await running.restart();
}

export async function deactivate(): Promise<void> {
  await server?.dispose();
}
