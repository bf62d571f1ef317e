// The targets that an appliance can be compiled for.

import { dirname } from "node:path";
import * as vscode from "vscode";

import { run } from "./run.ts";

/** The targets of the setting `applc.targets`, else those that the program has. */
export async function targetsOf(program: string, document: vscode.TextDocument): Promise<string[]> {
  const chosen = vscode.workspace.getConfiguration("applc", document).get<string[]>("targets", []);
  if (chosen.length > 0) {
    return chosen;
  }
  const folder = document.uri.scheme === "file" ? dirname(document.uri.fsPath) : undefined;
  const { stdout } = await run(program, ["targets"], folder);
  return stdout.split("\n").flatMap((line) => /^(\S+) {2,}\S/.exec(line)?.[1] ?? []);
}
