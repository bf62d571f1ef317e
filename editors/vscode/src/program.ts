// Where the program applc is. Nothing here needs VS Code, so that the tests need none either.

import * as posix from "node:path/posix";
import * as win32 from "node:path/win32";

/** What the search depends on. */
export interface Surroundings {
  /** `process.platform`. */
  platform: string;
  /** The home folder of the user. */
  home: string;
  /** The value of `PATH`. */
  path: string;
  /** The setting `applc.path`; empty if it is not set. */
  setting: string;
  /** The folders of the workspace. */
  folders: readonly string[];
  /** Whether the user trusts the workspace. */
  trusted: boolean;
  /** Whether there is a file that can be executed. */
  isProgram(path: string): boolean;
}

/** The program, or why there is none. */
export type Search = { program: string } | { missing: string };

/** Environments of a workspace that package managers of Python and Node put programs into. */
const ENVIRONMENTS = [".venv", "venv"];

/**
 * Finds the program: the setting alone if there is one, else the environments of the workspace, the `PATH`, and
 * where `cargo install`, `pipx`, and `uv tool` put it, since an editor that was not started by a shell often lacks
 * these on its `PATH`.
 *
 * Nothing inside of a workspace that is not trusted is ever returned.
 */
export function findProgram(around: Surroundings): Search {
  const { join, delimiter, isAbsolute, sep } = around.platform === "win32" ? win32 : posix;
  const file = around.platform === "win32" ? "applc.exe" : "applc";
  const allowed = (path: string) => around.trusted || !around.folders.some((folder) => isInside(path, folder));
  // Some systems ignore the case of paths; where they do not, this is only too careful.
  const isInside = (path: string, folder: string) =>
    join(path).toLowerCase().startsWith(join(folder, sep).toLowerCase());

  if (around.setting !== "") {
    const candidates = expanded(around.setting);
    const program = candidates.find((path) => allowed(path) && around.isProgram(path));
    if (program !== undefined) {
      return { program };
    }
    return {
      missing: candidates.every(allowed)
        ? `the setting applc.path is ${around.setting}, which is not a program`
        : `the setting applc.path is ${around.setting}, which is in a folder that is not trusted`,
    };
  }

  const bin = around.platform === "win32" ? "Scripts" : "bin";
  const inWorkspace = around.folders.flatMap((folder) => [
    ...ENVIRONMENTS.map((environment) => join(folder, environment, bin, file)),
    join(folder, "node_modules", ".bin", file),
  ]);
  const onPath = around.path
    .split(delimiter)
    // A relative entry would be relative to whatever folder the editor was started in.
    .filter((entry) => isAbsolute(entry))
    .map((entry) => join(entry, file));
  const atHome = [join(around.home, ".cargo", "bin", file), join(around.home, ".local", "bin", file)];
  const program = [...inWorkspace, ...onPath, ...atHome].find((path) => allowed(path) && around.isProgram(path));
  return program === undefined
    ? { missing: "the program applc is neither in an environment of the workspace nor on the PATH" }
    : { program };

  // The paths that a setting can mean.
  function expanded(setting: string): string[] {
    if (setting.startsWith("~/") || setting.startsWith("~\\")) {
      return [join(around.home, setting.slice(2))];
    }
    if (isAbsolute(setting)) {
      return [join(setting)];
    }
    const relative = setting.replace(/^\$\{workspaceFolder\}[/\\]?/, "");
    return around.folders.map((folder) => join(folder, relative));
  }
}

/** Returns the version in what `applc --version` prints, such as `0.1.0`; undefined if it is another program. */
export function versionIn(output: string): string | undefined {
  return /^applc (\d+\.\d+\.\d+)/.exec(output)?.[1];
}

/** Whether a version is at least another one. Both are three numbers. */
export function isAtLeast(version: string, least: string): boolean {
  const numbers = (text: string) => text.split(".").map(Number);
  const [is, must] = [numbers(version), numbers(least)];
  for (let at = 0; at < must.length; at++) {
    const difference = (is[at] ?? 0) - (must[at] ?? 0);
    if (difference !== 0) {
      return difference > 0;
    }
  }
  return true;
}
