import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium, type Page } from "playwright-core";

const ARGUMENTS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

/** A browser with a profile of its own, and what went wrong in it. */
export class TestBrowser implements AsyncDisposable {
  readonly context: BrowserContext;
  /** Errors of pages and of their console, and requests to elsewhere. */
  readonly complaints: string[] = [];
  readonly #profile: string;

  private constructor(context: BrowserContext, profile: string) {
    this.context = context;
    this.#profile = profile;
    context.on("page", (page) => this.#watch(page));
    for (const page of context.pages()) this.#watch(page);
  }

  static async launch(
    options: {
      readonly width?: number;
      readonly colorScheme?: "dark" | "light";
      readonly timezone?: string;
      /** Lets scripts of the test in. */
      readonly bypassCSP?: boolean;
    } = {},
  ): Promise<TestBrowser> {
    const {
      width = 1_440,
      colorScheme = "light",
      timezone = "Europe/Berlin",
      bypassCSP = false,
    } = options;
    const profile = mkdtempSync(join(tmpdir(), "cronduit-browser-"));
    const context = await chromium.launchPersistentContext(profile, {
      executablePath: chromiumBinary(),
      args: ARGUMENTS,
      viewport: { width, height: 900 },
      colorScheme,
      timezoneId: timezone,
      locale: "en-GB",
      reducedMotion: "reduce",
      bypassCSP,
    });
    return new TestBrowser(context, profile);
  }

  /** A page at an address. */
  async open(url: string): Promise<Page> {
    const page = await this.context.newPage();
    await page.goto(url, { waitUntil: "load" });
    return page;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.context.close();
    rmSync(this.#profile, { recursive: true, force: true });
  }

  #watch(page: Page): void {
    page.on("pageerror", (error) => this.complaints.push(`error: ${error.message}`));
    page.on("console", (message) => {
      // A refused request is said to the user; Chromium notes each besides.
      const isAnswer = message.text().startsWith("Failed to load resource: the server responded");
      if (message.type() === "error" && !isAnswer) this.complaints.push(message.text());
    });
    page.on("request", (request) => {
      const { protocol, hostname } = new URL(request.url());
      if (/^https?:$/.test(protocol) && hostname !== "127.0.0.1")
        this.complaints.push(`request to ${request.url()}`);
    });
  }
}

let binary: string | undefined;

function chromiumBinary(): string {
  binary ??= findBinary() ?? installBinary();
  return binary;
}

function findBinary(): string | undefined {
  return ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((path) =>
    existsSync(path),
  );
}

function installBinary(): string {
  const canInstall = process.getuid?.() === 0 && existsSync("/etc/debian_version");
  if (canInstall) {
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    for (const args of [["update"], ["install", "-y", "--no-install-recommends", "chromium"]])
      spawnSync("apt-get", ["-qq", "-o", "DPkg::Lock::Timeout=120", ...args], {
        stdio: "ignore",
        timeout: 480_000,
        env,
      });
  }
  const found = findBinary();
  if (found !== undefined) return found;
  throw new Error("There is no Chromium. Install it (apt-get install chromium).");
}
