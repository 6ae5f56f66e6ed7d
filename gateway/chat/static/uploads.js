// @ts-check
// One file on its way up, with its progress. A broken line is tried again under the same id; a refusal is not.

const FILES = new URL("../files", import.meta.url).href;
const ATTEMPTS = 3;
const PAUSE_MS = 1500;
export const MOST_BYTES = 20_000_000;

/** @typedef {import("./types.js").Media & {id: string}} Stored */

export class Refused extends Error {
  /** @param {string} code @param {string} message */
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/**
 * Stores the file. Throws Refused with a machine's word.
 * @param {File} file @param {string} id @param {(share: number) => void} progress 0…1 @param {AbortSignal} signal
 * @returns {Promise<Stored>}
 */
export async function upload(file, id, progress, signal) {
  if (file.size > MOST_BYTES) throw new Refused("too_large", "");
  if (file.size === 0) throw new Refused("empty_file", "");
  for (let attempt = 1; ; attempt += 1) {
    const answer = await send(file, id, progress, signal);
    if (answer.status === 201 || answer.status === 200) return JSON.parse(answer.body);
    if (answer.status >= 400 && answer.status < 500) throw refusal(answer);
    if (attempt === ATTEMPTS || signal.aborted) throw new Refused("network", "");
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * attempt));
  }
}

/** XMLHttpRequest, because fetch does not tell how far an upload has come. Status 0: no answer. */
function send(
  /** @type {File} */ file,
  /** @type {string} */ id,
  /** @type {(share: number) => void} */ progress,
  /** @type {AbortSignal} */ signal,
) {
  return new Promise((/** @type {(answer: {status: number, body: string}) => void} */ resolve) => {
    const request = new XMLHttpRequest();
    const stop = () => request.abort();
    signal.addEventListener("abort", stop);
    request.open("POST", FILES);
    request.setRequestHeader("X-Client-Id", id);
    request.timeout = 120_000;
    request.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    request.onloadend = () => {
      signal.removeEventListener("abort", stop);
      resolve({ status: request.status, body: request.responseText });
    };
    const form = new FormData();
    form.append("file", file, file.name);
    request.send(form);
  });
}

const BY_STATUS = /** @type {Record<number, string>} */ ({ 413: "too_large", 415: "bad_type", 429: "throttled" });

/** @param {{status: number, body: string}} answer */
function refusal({ status, body }) {
  const ours = BY_STATUS[status];
  try {
    const { code, message } = JSON.parse(body).error;
    return new Refused(ours ?? code, message);
  } catch {
    return new Refused(ours ?? "unknown", "");
  }
}
