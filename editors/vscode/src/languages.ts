// The languages of appliances, and what stands in for them where there is no program.

import * as vscode from "vscode";

/** The languages of appliances, with the language that shows one where there is no server. */
const PLAIN: ReadonlyMap<string, string> = new Map([
  ["appliance", "jsonc"],
  ["appliance-yaml", "yaml"],
]);

/** Whether a document is an appliance. */
export function isAppliance(document: vscode.TextDocument): boolean {
  return PLAIN.has(document.languageId);
}

/** The appliance in the editor that has the focus. */
export function activeAppliance(): vscode.TextDocument | undefined {
  const document = vscode.window.activeTextEditor?.document;
  return document !== undefined && isAppliance(document) ? document : undefined;
}

/**
 * Shows appliances as plain JSON or YAML while there is no server: the JSON Schema, which the extension contributes for
 * the names of appliances, then finds some of the errors. As long as there is a server, nothing else judges them.
 */
export class Plain implements vscode.Disposable {
  /** The documents that are shown plainly, with their languages. */
  private readonly shown = new Map<string, string>();
  private readonly opened: vscode.Disposable;

  constructor() {
    this.opened = vscode.workspace.onDidOpenTextDocument((document) => void this.show(document));
    for (const document of vscode.workspace.textDocuments) {
      void this.show(document);
    }
  }

  private async show(document: vscode.TextDocument): Promise<void> {
    const plain = PLAIN.get(document.languageId);
    if (plain !== undefined) {
      this.shown.set(document.uri.toString(), document.languageId);
      await vscode.languages.setTextDocumentLanguage(document, plain);
    }
  }

  /** Gives the documents their languages back, except those that got another one meanwhile. */
  dispose(): void {
    this.opened.dispose();
    for (const document of vscode.workspace.textDocuments) {
      const language = this.shown.get(document.uri.toString());
      if (language !== undefined && document.languageId === PLAIN.get(language)) {
        void vscode.languages.setTextDocumentLanguage(document, language);
      }
    }
  }
}
