import { dirname, normalize } from "node:path";
import type { FSWatcher } from "chokidar";
import { type FilePlaces, namedFiles, wantedAt } from "../folder/file-places.ts";

/** Hears of files that changed. */
export interface FolderNews {
  /** A file that may have changed. */
  readonly onPath: (path: string) => void;
  /** Anything may have changed. */
  readonly onAnything: () => void;
}

/** Watches folders by what the system tells. It may tell too little, so whoever uses this looks from time to time as well. */
export class FolderWatcher {
  readonly #places: FilePlaces;
  readonly #news: FolderNews;
  #watcher: FSWatcher | undefined;

  constructor(places: FilePlaces, news: FolderNews) {
    this.#places = places;
    this.#news = news;
  }

  async start(): Promise<void> {
    const { watch } = await import("chokidar");
    const places = this.#places;
    const watcher = watch(this.#folders(), {
      ignoreInitial: true,
      depth: 0,
      // Whoever watches files is kept alive by something else.
      persistent: false,
      ignored: (path, stats) => stats?.isFile() === true && wantedAt(places, path) === undefined,
    });
    watcher.on("all", (_, path) => {
      if (wantedAt(places, path)) this.#news.onPath(path);
      else this.#news.onAnything();
    });
    // Too many watched files, or a folder that was taken away: the regular look finds what is missed.
    watcher.on("error", () => this.#news.onAnything());
    this.#watcher = watcher;
    await new Promise<void>((resolve) => watcher.once("ready", () => resolve()));
  }

  /** Watches the folders anew: one that was deleted and made again is another one. */
  async again(): Promise<void> {
    await this.stop();
    await this.start();
    // Something may have changed before they were watched.
    this.#news.onAnything();
  }

  async stop(): Promise<void> {
    await this.#watcher?.close();
    this.#watcher = undefined;
  }

  /** Files that editors replace by others are seen in their folder. */
  #folders(): string[] {
    const named = namedFiles(this.#places).map(({ path }) => dirname(path));
    return [...new Set([...this.#places.jobsDirs.map((dir) => normalize(dir)), ...named])];
  }
}
