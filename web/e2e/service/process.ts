import { execFile, spawn } from "node:child_process";
import { chmod, mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");
const PYTHON = process.env.VOUCHERGRAPH_PYTHON ?? join(ROOT, ".venv/bin/python");
const START_MS = 60_000;
const STOP_MS = 15_000;

// Each view of an order asks its providers; what is not known is found out within moments.
const SETTINGS = {
  VOUCHERGRAPH_PORT: "0",
  VOUCHERGRAPH_LIVE_STATUS_SECONDS: "0",
  VOUCHERGRAPH_NOT_FOUND_GAP_SECONDS: "0.2",
  STARSHIP_SETTLING_SECONDS: "0.2",
};

export interface Running {
  directory: string;
  stop: () => Promise<void>;
}

/** What the service writes once it answers. */
export interface Ready {
  graphql: string;
  console: string;
  simulators: Record<string, string>;
  clients: Record<string, { key: string; secret: string }>;
}

/** The service in sandbox mode, in a directory of its own, ready. */
export async function start(): Promise<Running> {
  const directory = await mkdtemp(join(tmpdir(), "vg-e2e-"));
  // PostgreSQL runs as another user where we are root, and must reach its data.
  await chmod(directory, 0o755);
  const log = await open(join(directory, "log"), "w");
  const child = spawn(PYTHON, ["-m", "app", "serve"], {
    cwd: directory,
    env: environment(directory),
    stdio: ["ignore", log.fd, log.fd],
  });
  await log.close();
  const ended = new Promise<void>((done) => child.once("close", () => done()));
  child.once("error", () => undefined);

  async function stop(): Promise<void> {
    if (child.pid && child.exitCode === null) {
      child.kill("SIGTERM");
      const late = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
      await ended;
      clearTimeout(late);
    }
    await rm(directory, { recursive: true, force: true });
  }

  const end = Date.now() + START_MS;
  while (!(await readyOf(directory).catch(() => null))) {
    if (!child.pid || child.exitCode !== null || Date.now() > end) {
      const said = await readFile(join(directory, "log"), "utf8");
      await stop();
      throw new Error(`the service did not start (${PYTHON}):\n${said.slice(-2000)}`);
    }
    await pause(100);
  }
  return { directory, stop };
}

export async function readyOf(directory: string): Promise<Ready> {
  return JSON.parse(await readFile(join(directory, "ready.json"), "utf8")) as Ready;
}

/** One command of the program, beside the running service. A command that fails is no error. */
export async function command(
  directory: string,
  words: string[],
  settings: Record<string, string> = {},
): Promise<string> {
  const options = { cwd: directory, env: { ...environment(directory), ...settings } };
  return promisify(execFile)(PYTHON, ["-m", "app", ...words], options).then(
    ({ stdout }) => stdout,
    ({ stdout }: { stdout?: string }) => stdout ?? "",
  );
}

/** Nothing of this machine's own settings reaches the program. */
function environment(directory: string): NodeJS.ProcessEnv {
  const kept = ["PATH", "HOME", "TMPDIR", "XDG_RUNTIME_DIR"].flatMap((name) =>
    process.env[name] === undefined ? [] : [[name, process.env[name]]],
  );
  return {
    ...Object.fromEntries(kept),
    ...SETTINGS,
    PYTHONPATH: ROOT,
    VOUCHERGRAPH_DATA_DIR: join(directory, "data"),
    VOUCHERGRAPH_READY_FILE: join(directory, "ready.json"),
  };
}
