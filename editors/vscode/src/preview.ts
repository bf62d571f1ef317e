// The output of a target beside an appliance, renewed while it is edited, and the way between the two.
//
// All of it is standard protocol: the server makes the text (`workspace/textDocumentContent`) and says when it changes.
// Its code lenses list the previews of an appliance: they run `applc.preview` with the address of one. The definition
// of what is at a place of a preview is where the appliance says it, and the implementations of what is at a place of the
// appliance are the lines of output that it becomes.

import * as vscode from "vscode";

import { activeAppliance } from "./languages.ts";
import { fromProtocol, previewOf, previewParts, SCHEME } from "./previewUri.ts";
import type { Server } from "./server.ts";

/** The command of the lenses. Its argument is the address of a preview. */
export const LENS = "applc.preview";

/** A preview in a list of choices. */
interface Choice extends vscode.QuickPickItem {
  uri: string;
}

/** Shows a preview beside the editor. */
export async function open(uri: unknown): Promise<void> {
  const document = await vscode.workspace.openTextDocument(inEnvironment(addressOf(String(uri))));
  await vscode.window.showTextDocument(document, {
    viewColumn: vscode.ViewColumn.Beside,
    preserveFocus: true,
    preview: false,
  });
}

/** Lets the user choose among the previews of the appliance in the editor, and shows it. */
export async function choose(server: Server): Promise<void> {
  const document = activeAppliance();
  if (document === undefined || server.required === undefined) {
    return;
  }
  const choices = await previewsOf(document);
  const [only, ...others] = choices;
  if (only === undefined) {
    void vscode.window.showInformationMessage("The appliance has no preview: it has errors, or its targets do not support it.");
    return;
  }
  const chosen =
    others.length === 0
      ? only
      : await vscode.window.showQuickPick(choices, { title: "Preview Output", placeHolder: "Target and file" });
  if (chosen !== undefined) {
    await open(chosen.uri);
  }
}

/** The previews that the code lenses of an appliance lead to. */
async function previewsOf(document: vscode.TextDocument): Promise<Choice[]> {
  const all = Number.MAX_SAFE_INTEGER;
  const lenses = await vscode.commands.executeCommand<vscode.CodeLens[] | undefined>(
    "vscode.executeCodeLensProvider",
    document.uri,
    all,
  );
  return (lenses ?? []).flatMap(({ command }) => {
    const [uri] = command?.arguments ?? [];
    const preview = command?.command === LENS ? previewOf(addressOf(String(uri))) : undefined;
    return preview === undefined
      ? []
      : [{ label: preview.target, description: preview.file, detail: preview.environment, uri: String(uri) }];
  });
}

/** A place that another one leads to. */
export interface Leads {
  uri: vscode.Uri;
  range: vscode.Range;
}

/**
 * Where the place of the caret leads: in a preview, to the places of the appliance or its project that it comes from, else to
 * the lines of output that it becomes.
 */
export async function leadsFrom({ document, selection }: vscode.TextEditor): Promise<Leads[]> {
  const provider = document.uri.scheme === SCHEME ? "vscode.executeDefinitionProvider" : "vscode.executeImplementationProvider";
  const found = await vscode.commands.executeCommand<(vscode.Location | vscode.LocationLink)[] | undefined>(
    provider,
    document.uri,
    selection.active,
  );
  return (found ?? []).map((place) =>
    place instanceof vscode.Location
      ? { uri: place.uri, range: place.range }
      : { uri: place.targetUri, range: place.targetSelectionRange ?? place.targetRange },
  );
}

/** Goes where the place of the caret leads, or, if it leads to several places, where the user chooses. */
export async function follow(server: Server): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined || server.required === undefined) {
    return;
  }
  const isPreview = editor.document.uri.scheme === SCHEME;
  const places = await Promise.all((await leadsFrom(editor)).map(placeOf));
  const [only, ...others] = places;
  if (only === undefined) {
    const nowhere = isPreview ? "The appliance does not set this." : "No line of output comes from here.";
    void vscode.window.showInformationMessage(nowhere);
    return;
  }
  const title = isPreview ? "Go to Source" : "Go to Output";
  const place = others.length === 0 ? only : await vscode.window.showQuickPick(places, { title, matchOnDescription: true });
  if (place === undefined) {
    return;
  }
  // Where it is seen already, else beside.
  const shown = vscode.window.visibleTextEditors.find(({ document }) => document === place.document);
  await vscode.window.showTextDocument(place.document, {
    viewColumn: shown?.viewColumn ?? vscode.ViewColumn.Beside,
    selection: place.range,
    preview: false,
  });
}

/** A place in a list of choices. */
async function placeOf({ uri, range }: Leads) {
  const document = await vscode.workspace.openTextDocument(uri);
  const preview = uri.scheme === SCHEME ? previewOf(uri) : undefined;
  const file = preview === undefined ? vscode.workspace.asRelativePath(uri) : `${preview.target}: ${preview.file}`;
  return {
    label: document.lineAt(range.start.line).text.trim(),
    description: `${file}:${range.start.line + 1}`,
    document,
    range,
  };
}

/** The address of the same preview in the environment of the settings, if it is in none. */
function inEnvironment(uri: vscode.Uri): vscode.Uri {
  const preview = previewOf(uri);
  if (preview === undefined || preview.environment !== undefined) {
    return uri;
  }
  const settings = vscode.workspace.getConfiguration("applc", vscode.Uri.parse(preview.source));
  const environment = settings.get("environment", "");
  return environment === "" ? uri : uri.with(previewParts({ ...preview, environment }));
}

function addressOf(uri: string): vscode.Uri {
  return vscode.Uri.from({ scheme: SCHEME, ...fromProtocol(uri) });
}
