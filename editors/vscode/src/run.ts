// Runs the program.

import { execFile } from "node:child_process";

/** What a run printed, and its exit status; the status is undefined if the program could not be started. */
export interface Outcome {
  status: number | undefined;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end, with a text as its standard input. It is stopped after ten seconds. */
export function run(program: string, args: readonly string[], folder?: string, input = ""): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { cwd: folder, timeout: 10_000, maxBuffer: 64 * 1024 * 1024, windowsHide: true };
    const child = execFile(program, [...args], options, (error, stdout, stderr) => {
      const status = error === null ? 0 : typeof error.code === "number" ? error.code : undefined;
      resolve({ status, stdout, stderr: status === undefined ? `${stderr}${error?.message}` : stderr });
    });
    // A program that ends before it has read everything closes the pipe.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(input);
  });
}
