// The program, and the language server that it is.

import { accessSync, constants, statSync } from "node:fs";
import { homedir } from "node:os";
import * as vscode from "vscode";
import { LanguageClient, RevealOutputChannelOn, type LanguageClientOptions } from "vscode-languageclient/node";

import { Plain } from "./languages.ts";
import { LENS, open } from "./preview.ts";
import { fromProtocol, SCHEME, toProtocol } from "./previewUri.ts";
import { findProgram, isAtLeast, versionIn, type Search } from "./program.ts";
import { run } from "./run.ts";

/** The oldest version of the program that the extension works with. */
const LEAST = "0.1.0";

/**
 * The languages of documents that the server is told about. Which files are overlays, and which other files are
 * appliances, is in the project file: the server says nothing of files that are neither.
 */
const LANGUAGES = ["appliance", "appliance-yaml", "json", "jsonc", "yaml"];

const SELECTOR = [
  ...LANGUAGES.map((language) => ({ language, scheme: "file" })),
  { language: "appliance", scheme: "untitled" },
  { language: "appliance-yaml", scheme: "untitled" },
  { pattern: "**/{applc.toml,target.toml,*.j2}", scheme: "file" },
  { scheme: SCHEME },
];

/** The program and its server, which is started again when the setting or the trust in the workspace changes. */
export class Server implements vscode.Disposable {
  readonly log = vscode.window.createOutputChannel("applc", { log: true });
  private readonly status = vscode.languages.createLanguageStatusItem("applc", [
    { language: "appliance" },
    { language: "appliance-yaml" },
    { language: "jsonc", pattern: "**/*.appliance.{json,jsonc}" },
    { language: "yaml", pattern: "**/*.appliance.{yaml,yml}" },
  ]);
  private program: string | undefined;
  private client: LanguageClient | undefined;
  private lens: vscode.Disposable | undefined;
  private plain: Plain | undefined;
  /** Starts and stops wait for each other. */
  private queue: Promise<void> = Promise.resolve();

  /** `extension` is the folder of the extension. */
  constructor(private readonly extension: vscode.Uri) {
    this.status.name = "applc";
  }

  /** The client of the server that runs. */
  get running(): LanguageClient | undefined {
    return this.client?.isRunning() ? this.client : undefined;
  }

  /** The program, if there is one. */
  get found(): string | undefined {
    return this.program;
  }

  /** The program; if there is none, the user is told, and it is undefined. */
  get required(): string | undefined {
    if (this.program === undefined) {
      void this.tellHowToGet(this.status.detail ?? "applc was not found");
    }
    return this.program;
  }

  /** Finds the program and starts the server; a server that runs is stopped before. */
  restart(): Promise<void> {
    this.queue = this.queue
      .then(() => this.stop())
      .then(() => this.start())
      .catch((error: unknown) => this.log.error(String(error)));
    return this.queue;
  }

  private async start(): Promise<void> {
    const search = find();
    if ("missing" in search) {
      return this.without(search.missing);
    }
    const printed = await run(search.program, ["--version"]);
    const version = versionIn(printed.stdout);
    if (version === undefined) {
      return this.without(`${search.program} is not the program applc: ${(printed.stderr || printed.stdout).trim()}`);
    }
    if (!isAtLeast(version, LEAST)) {
      return this.without(`${search.program} has version ${version}, and the extension requires ${LEAST} or newer`);
    }
    this.log.info(`applc ${version}: ${search.program}`);
    this.program = search.program;
    this.status.text = `applc ${version}`;
    this.status.detail = search.program;
    this.status.severity = vscode.LanguageStatusSeverity.Information;
    this.status.command = { title: "Show Log", command: "applc.showLog" };

    const client = new LanguageClient("applc", "applc", { command: search.program, args: ["lsp"] }, this.options());
    try {
      await client.start();
    } catch (error) {
      return this.without(`${search.program} has no language server: ${error}`);
    }
    this.client = client;
    // The client has it if the server says that it can run the command itself.
    if (!client.initializeResult?.capabilities.executeCommandProvider?.commands.includes(LENS)) {
      this.lens = vscode.commands.registerCommand(LENS, open);
    }
    this.plain?.dispose();
    this.plain = undefined;
  }

  private options(): LanguageClientOptions {
    return {
      documentSelector: SELECTOR,
      initializationOptions: () => vscode.workspace.getConfiguration("applc"),
      synchronize: { configurationSection: "applc" },
      outputChannel: this.log,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      // The server made the text of previews: it does not have to be told of it.
      middleware: {
        executeCommand: (command, args, next) => (command === LENS ? open(args[0]) : next(command, args)),
        didOpen: (document, next) => unlessPreview(document, () => next(document)),
        didChange: (change, next) => unlessPreview(change.document, () => next(change)),
        didClose: (document, next) => unlessPreview(document, () => next(document)),
      },
      uriConverters: {
        code2Protocol: (uri) => (uri.scheme === SCHEME ? toProtocol(uri) : uri.toString()),
        protocol2Code: (uri) =>
          uri.startsWith(`${SCHEME}:`)
            ? vscode.Uri.from({ scheme: SCHEME, ...fromProtocol(uri) })
            : vscode.Uri.parse(uri),
      },
    };
  }

  private async stop(): Promise<void> {
    const client = this.client;
    this.client = undefined;
    this.program = undefined;
    this.lens?.dispose();
    this.lens = undefined;
    await client?.dispose();
  }

  /** Goes on without a server, and says why. */
  private async without(why: string): Promise<void> {
    this.log.warn(why);
    this.status.text = "applc: not found";
    this.status.detail = why;
    this.status.severity = vscode.LanguageStatusSeverity.Warning;
    this.status.command = { title: "Settings", command: "workbench.action.openSettings", arguments: ["applc.path"] };
    this.plain ??= new Plain();
    void this.tellHowToGet(why);
  }

  private async tellHowToGet(why: string): Promise<void> {
    const install = "How to Install";
    const set = "Set Path";
    const chosen = await vscode.window.showWarningMessage(`applc: ${why}`, install, set);
    if (chosen === install) {
      // Packaging writes the name of the README in small letters.
      const files = await vscode.workspace.fs.readDirectory(this.extension);
      const name = files.map(([name]) => name).find((name) => name.toLowerCase() === "readme.md") ?? "README.md";
      const readme = vscode.Uri.joinPath(this.extension, name).with({ fragment: "install" });
      await vscode.commands.executeCommand("markdown.showPreview", readme);
    } else if (chosen === set) {
      await vscode.commands.executeCommand("workbench.action.openSettings", "applc.path");
    }
  }

  async dispose(): Promise<void> {
    await this.queue;
    await this.stop();
    this.plain?.dispose();
    this.status.dispose();
    this.log.dispose();
  }
}

async function unlessPreview(document: vscode.TextDocument, tell: () => Promise<void>): Promise<void> {
  if (document.uri.scheme !== SCHEME) {
    await tell();
  }
}

/** Finds the program with the settings, folders and trust of this window. */
function find(): Search {
  return findProgram({
    platform: process.platform,
    home: homedir(),
    path: process.env["PATH"] ?? "",
    setting: vscode.workspace.getConfiguration("applc").get("path", ""),
    folders: (vscode.workspace.workspaceFolders ?? []).map((folder) => folder.uri.fsPath),
    trusted: vscode.workspace.isTrusted,
    isProgram,
  });
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
