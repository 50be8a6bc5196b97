// @ts-check
// Takes the drawn mask to the worker; of several orders for a proof only the newest is carried out.

/** @typedef {import("./worker.js").Answer} Answer @typedef {import("./worker.js").Order} Order @typedef {import("./convert.js").Convention} Convention */
/** @typedef {Exclude<Answer, { problem: string }>} Done */

export class Lab {
  #worker = new Worker("/static/mask/worker.js", { type: "module" });
  /** @type {Map<number, { resolve: (done: Done) => void, reject: (error: Error) => void }>} */
  #open = new Map();
  #number = 0;
  #busy = false;
  /** @type {(() => Promise<void>) | null} */
  #next = null;
  #broken = "";

  constructor() {
    this.#worker.addEventListener("message", (/** @type {MessageEvent<Answer>} */ { data }) => {
      const waiting = this.#open.get(data.number);
      this.#open.delete(data.number);
      if ("problem" in data) waiting?.reject(new Error(data.problem));
      else waiting?.resolve(data);
    });
    this.#worker.addEventListener("error", (event) => this.#fail(event.message));
  }

  /** The mask softened and measured, as soon as what was asked before is done; not at all when another is asked meanwhile. @param {() => { picture: HTMLCanvasElement, radius: number }} now @param {(done: Done) => void} show */
  proof(now, show) {
    this.#next = async () => {
      const { picture, radius } = now();
      try {
        show(await this.#order(picture, radius, null));
      } catch {
        // The page was closed, or memory is short: the drawn mask stays in sight as it is.
      }
    };
    void this.#run();
  }

  /** The mask as a PNG file. @param {HTMLCanvasElement} picture @param {number} radius @param {Convention} convention */
  file(picture, radius, convention) {
    return this.#order(picture, radius, convention);
  }

  close() {
    this.#worker.terminate();
    this.#fail("closed");
  }

  async #run() {
    if (this.#busy) return;
    this.#busy = true;
    while (this.#next) {
      const work = this.#next;
      this.#next = null;
      await work();
    }
    this.#busy = false;
  }

  /** @param {HTMLCanvasElement} picture @param {number} radius @param {Convention | null} convention @returns {Promise<Done>} */
  async #order(picture, radius, convention) {
    const bitmap = await createImageBitmap(picture);
    if (this.#broken) throw new Error(this.#broken);
    const number = ++this.#number;
    return new Promise((resolve, reject) => {
      this.#open.set(number, { resolve, reject });
      this.#worker.postMessage({ number, picture: bitmap, radius, convention }, [bitmap]);
    });
  }

  /** @param {string} why */
  #fail(why) {
    this.#broken = why;
    for (const { reject } of this.#open.values()) reject(new Error(why));
    this.#open.clear();
  }
}
