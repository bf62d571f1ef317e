// Commands that run the program in a terminal, and the one that applies all fixes.

import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import * as vscode from "vscode";

import { activeAppliance } from "./languages.ts";
import type { Server } from "./server.ts";
import { targetsOf } from "./targets.ts";

/** Checks the appliances of the folder that the active file is in, else of the first folder. */
export async function check(server: Server): Promise<void> {
  const program = server.required;
  const active = vscode.window.activeTextEditor?.document.uri;
  const folder =
    (active && vscode.workspace.getWorkspaceFolder(active)) ?? vscode.workspace.workspaceFolders?.[0];
  if (program !== undefined && folder !== undefined) {
    await inTerminal(program, ["check"], folder.uri.fsPath);
  }
}

/** Compiles the project of the active appliance, or, where it is in none, the appliance for a chosen target. */
export async function compile(server: Server): Promise<void> {
  const program = server.required;
  const document = activeAppliance();
  if (program === undefined || document === undefined) {
    return;
  }
  await document.save();
  const file = document.uri.fsPath;
  if (isInProject(file)) {
    return inTerminal(program, ["compile"], dirname(file));
  }
  const target = await vscode.window.showQuickPick(targetsOf(program, document), {
    title: "Compile",
    placeHolder: "Target",
  });
  if (target === undefined) {
    return;
  }
  const [folder] =
    (await vscode.window.showOpenDialog({
      title: "Folder for the output",
      openLabel: "Compile",
      canSelectFiles: false,
      canSelectFolders: true,
      defaultUri: vscode.Uri.file(dirname(file)),
    })) ?? [];
  if (folder !== undefined) {
    await inTerminal(program, ["compile", file, "--target", target, "--output", join(folder.fsPath, "/")], dirname(file));
  }
}

/** Applies the fixes that the server offers for the whole document. */
export async function fixAll(): Promise<void> {
  await vscode.commands.executeCommand("editor.action.codeAction", { kind: "source.fixAll.applc", apply: "first" });
}

/** Whether a folder above a file, up to the root of its repository, has a project file. */
function isInProject(file: string): boolean {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    if (existsSync(join(folder, "applc.toml"))) {
      return true;
    }
    if (existsSync(join(folder, ".git")) || folder === dirname(folder)) {
      return false;
    }
  }
}

/** Runs the program as a task, whose terminal shows its findings, with links to their places. */
async function inTerminal(program: string, args: string[], folder: string): Promise<void> {
  const [name = ""] = args;
  const task = new vscode.Task(
    { type: "process" },
    vscode.TaskScope.Workspace,
    name,
    "applc",
    new vscode.ProcessExecution(program, args, { cwd: folder }),
  );
  task.presentationOptions = { reveal: vscode.TaskRevealKind.Always, clear: true };
  await vscode.tasks.executeTask(task);
}
