import { hkdfSync } from "node:crypto";
import { openBytes, sealBytes } from "../sealed-bytes.ts";
import { sha256 } from "./keyed-secret.ts";

/** A text that only this server can read. */
export interface Sealed {
  /** Which secret it was sealed by; says nothing of it. */
  readonly key: string;
  readonly text: string;
}

interface Key {
  readonly id: string;
  readonly bytes: Buffer;
}

/** Encrypts what this server has to read again, by keys made of its secrets: who has the store alone reads nothing. */
export class Sealer {
  readonly #present: Key;
  readonly #keys: ReadonlyMap<string, Key>;

  /** @param secrets The first seals; what others sealed can be read while they are rotated. */
  constructor([first, ...others]: readonly [string, ...string[]]) {
    this.#present = keyOf(first);
    this.#keys = new Map([this.#present, ...others.map(keyOf)].map((key) => [key.id, key]));
  }

  /** Whether there is another secret than that which seals. */
  get isRotating(): boolean {
    return this.#keys.size > 1;
  }

  /** @param place What it belongs to: elsewhere it can't be read. */
  seal(text: string, place: string): Sealed {
    return {
      key: this.#present.id,
      text: sealBytes(this.#present.bytes, Buffer.from(text), place),
    };
  }

  /** @returns `undefined` if it was sealed by another secret, for another place, or was changed */
  open({ key, text }: Sealed, place: string): string | undefined {
    const bytes = this.#keys.get(key)?.bytes;
    return bytes && openBytes(bytes, text, place)?.toString();
  }

  /** Seals by the present secret what another one sealed; what is so already, or can't be read, stays as it is. */
  renew(sealed: Sealed, place: string): Sealed {
    if (sealed.key === this.#present.id) return sealed;
    const text = this.open(sealed, place);
    return text === undefined ? sealed : this.seal(text, place);
  }
}

function keyOf(secret: string): Key {
  return {
    id: sha256(`cronduit seal ${secret}`).slice(0, 16),
    bytes: Buffer.from(hkdfSync("sha256", secret, "", "cronduit second factors", 32)),
  };
}
