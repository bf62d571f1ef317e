// The addresses of previews: `applc-preview:/TARGET/FILE?source=URI&environment=NAME`.
//
// TARGET is the name of a target and FILE one of the files that it makes, so that the editor picks the language by
// its ending. `source` is the address of the appliance, and `environment`, which can be missing, that of `applc.toml`.
// In the protocol each value is percent-encoded once. VS Code decodes a query as a whole when it reads an address and
// encodes it as a whole when it writes one, so that a `&` in a value would be lost: the two functions here keep the
// encoded query as it is.

/** The scheme of previews. */
export const SCHEME = "applc-preview";

/** What an address says. */
export interface Preview {
  target: string;
  /** The name of the file; it may contain folders. */
  file: string;
  /** The address of the appliance, as the protocol writes it. */
  source: string;
  environment?: string;
}

/** The parts of an address as VS Code has them: the path is decoded, the query is not. */
export interface Parts {
  path: string;
  query: string;
}

/** Returns the address of a preview. */
export function previewParts(preview: Preview): Parts {
  const query = [`source=${encodeURIComponent(preview.source)}`];
  if (preview.environment !== undefined) {
    query.push(`environment=${encodeURIComponent(preview.environment)}`);
  }
  return { path: `/${preview.target}/${preview.file}`, query: query.join("&") };
}

/** Reads an address; undefined if it is not that of a preview. */
export function previewOf({ path, query }: Parts): Preview | undefined {
  const [, target, ...file] = path.split("/");
  const values = new URLSearchParams(query);
  const source = values.get("source");
  if (target === undefined || target === "" || source === null) {
    return undefined;
  }
  const environment = values.get("environment") ?? undefined;
  return { target, file: file.join("/"), source, ...(environment === undefined ? {} : { environment }) };
}

/** Writes an address for the protocol. */
export function toProtocol({ path, query }: Parts): string {
  return `${SCHEME}:${path.split("/").map(encodeURIComponent).join("/")}?${query}`;
}

/** Reads an address of the protocol. */
export function fromProtocol(uri: string): Parts {
  const [path = "", query = ""] = uri.slice(SCHEME.length + 1).split("?", 2);
  return { path: path.split("/").map(decodeURIComponent).join("/"), query };
}
