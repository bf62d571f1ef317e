// Marks in a preview what the place of the caret in the appliance becomes, and in the appliance where the place of the caret
// in a preview comes from, as long as both are seen.

import * as vscode from "vscode";

import { isAppliance } from "./languages.ts";
import { type Leads, leadsFrom } from "./preview.ts";
import { SCHEME } from "./previewUri.ts";

/** How long after the last move of the caret the other side is marked, in milliseconds. */
const PAUSE = 100;

/** The marks of the window. */
export class Links implements vscode.Disposable {
  private readonly mark = vscode.window.createTextEditorDecorationType({
    backgroundColor: new vscode.ThemeColor("editor.wordHighlightStrongBackground"),
    overviewRulerColor: new vscode.ThemeColor("editorOverviewRuler.wordHighlightStrongForeground"),
    overviewRulerLane: vscode.OverviewRulerLane.Center,
  });
  private pause: NodeJS.Timeout | undefined;
  private readonly listening = vscode.Disposable.from(
    vscode.window.onDidChangeTextEditorSelection(() => this.later()),
    vscode.window.onDidChangeVisibleTextEditors(() => this.later()),
    vscode.workspace.onDidChangeTextDocument(() => this.later()),
  );

  private later(): void {
    clearTimeout(this.pause);
    this.pause = setTimeout(() => void this.show(), PAUSE);
  }

  private async show(): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    const others = vscode.window.visibleTextEditors.filter((other) => other !== editor && areLinked(editor, other));
    const leads: Leads[] = editor !== undefined && others.length > 0 ? await leadsFrom(editor) : [];
    for (const other of vscode.window.visibleTextEditors) {
      const ranges = others.includes(other)
        ? leads.filter(({ uri }) => uri.toString() === other.document.uri.toString()).map(({ range }) => range)
        : [];
      other.setDecorations(this.mark, ranges);
      const [first] = ranges;
      if (first !== undefined) {
        // Its line: a far column would scroll to the side.
        const start = first.start.with({ character: 0 });
        other.revealRange(new vscode.Range(start, start), vscode.TextEditorRevealType.InCenterIfOutsideViewport);
      }
    }
  }

  dispose(): void {
    clearTimeout(this.pause);
    this.listening.dispose();
    this.mark.dispose();
  }
}

/** Whether the caret in one editor can lead to another one: from a preview to any file, or from an appliance to a preview. */
function areLinked(one: vscode.TextEditor | undefined, other: vscode.TextEditor): boolean {
  if (one?.document.uri.scheme === SCHEME) {
    return other.document.uri.scheme !== SCHEME;
  }
  return one !== undefined && isAppliance(one.document) && other.document.uri.scheme === SCHEME;
}
