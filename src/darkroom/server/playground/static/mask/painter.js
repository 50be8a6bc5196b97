// @ts-check
// The mask painter: a dialog as large as the window, in which one paints where a picture may change.

import { html, render, useEffect, useRef, useState } from "../vendor/preact.js";
import { loadWords, t } from "../lib/words.js";
import { style } from "../views/index.js";
import { openFile, strokesOf } from "./files.js";
import { Foot } from "./foot.js";
import { Head } from "./head.js";
import { pressed, released } from "./keys.js";
import { Panel } from "./panel.js";
import { Grip, Rail } from "./rail.js";
import { Session } from "./session.js";
import { Stage } from "./stage.js";
import { thumbnailOf } from "./thumbnail.js";

/** @typedef {import("./model.js").Strokes} Strokes */
/**
 * What was painted: a PNG of the picture's size, transparent where it may change; a small one to lay
 * over the picture; the strokes, to go on from; and how much of the picture may change, 0 to 1.
 * @typedef {{ blob: Blob, thumbnail: string, mask: Strokes, share: number }} Painted
 * @typedef {{ src: string, width: number, height: number, mask?: Strokes | null, file?: Blob | null, name?: string }} Given
 */

/**
 * Paint a mask for a picture, going on from the strokes of before (`mask`) or from a mask file
 * (`file`, transparent may change). Null when it was closed without applying.
 * @param {Given} given @returns {Promise<Painted | null>} rejected when the picture cannot be shown
 */
export async function openPainter({ src, width, height, mask = null, file = null, name = "" }) {
  if (mask && (mask.width !== width || mask.height !== height)) {
    throw new RangeError("these strokes are for a picture of another size");
  }
  const [image, found] = await Promise.all([
    loaded(src), mask ?? (file && strokesOf(file, { width, height })), loadWords("mask"), style("mask"),
  ]);
  const session = new Session({ width, height, strokes: found });
  const before = /** @type {HTMLElement | null} */ (document.activeElement);
  const host = document.body.appendChild(document.createElement("div"));
  return new Promise((resolve) => {
    const done = (/** @type {Painted | null} */ painted) => {
      render(null, host);
      host.remove();
      session.close();
      before?.focus();
      resolve(painted);
    };
    render(html`<${Painter} session=${session} image=${image} name=${name} onDone=${done} />`, host);
  });
}

/** @param {string} src */
async function loaded(src) {
  const image = new Image();
  image.src = src;
  await image.decode();
  return image;
}

/** @param {{ session: Session, image: HTMLImageElement, name: string, onDone: (painted: Painted | null) => void }} props */
function Painter({ session, image, name, onDone }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const stage = useRef(/** @type {HTMLElement | null} */ (null));
  const [isLeaving, setLeaving] = useState(false);
  const [isOpen, setOpen] = useState(false);
  const [isBusy, setBusy] = useState(false);
  useEffect(() => {
    dialog.current?.showModal();
    stage.current?.focus();
    // On the window, for the keys to work wherever the focus has gone.
    const stop = new AbortController();
    addEventListener("keydown", (event) => keys.current?.(event), { signal: stop.signal });
    addEventListener("keyup", (event) => released(event, session), { signal: stop.signal });
    return () => stop.abort();
  }, []);
  const stay = () => {
    setLeaving(false);
    stage.current?.focus();
  };
  const leave = () => {
    if (isLeaving) stay();
    else if (session.drop()) return;
    else if (session.hasChanged.peek()) setLeaving(true);
    else onDone(null);
  };
  const apply = async () => {
    if (isBusy) return;
    setBusy(true);
    const painted = await finished(session);
    setBusy(false);
    if (painted) onDone(painted);
  };
  const keys = useRef(/** @type {((event: KeyboardEvent) => void) | null} */ (null));
  keys.current = (event) => {
    if (event.isComposing) return;
    if (event.key === "Escape") leave();
    else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) void apply();
    else if (!pressed(event, session, /** @type {HTMLElement} */ (stage.current))) return;
    event.preventDefault();
  };
  return html`
    <dialog
      class="mask" ref=${dialog} aria-label=${t("paint.title")} data-test="mask-painter"
      onCancel=${(/** @type {Event} */ event) => { event.preventDefault(); leave(); }} onClose=${() => onDone(null)}
      ...${dropping(session)}
    >
      <${Head}
        session=${session} isBusy=${isBusy} isLeaving=${isLeaving} onApply=${() => void apply()} onLeave=${leave}
        onDiscard=${() => onDone(null)} onStay=${stay}
      />
      <div class="mask-room">
        <${Rail} isOpen=${isOpen} onMore=${() => setOpen(!isOpen)} />
        <div class="mask-table">
          <${Stage} session=${session} image=${image} at=${stage} />
          ${session.problem.value && html`<p class="mask-problem" role="alert" data-test="mask-problem">${t(`paint.problem.${session.problem.value}`)}</p>`}
          <${Foot} session=${session} />
        </div>
        <${Grip} session=${session} />
        <${Panel} session=${session} name=${name} isOpen=${isOpen} />
      </div>
    </dialog>
  `;
}

/** The file and all that goes with it; null when there is something to say first. @param {Session} session @returns {Promise<Painted | null>} */
async function finished(session) {
  session.finish();
  session.drop();
  const mask = session.strokes.peek();
  try {
    const { blob, measure } = await session.toFile("alpha");
    if (blob && measure.most === 255) return { blob, thumbnail: thumbnailOf(session), mask, share: measure.share };
    session.problem.value = measure.most ? "soft" : "empty";
  } catch {
    session.problem.value = "failed";
  }
  return null;
}

/** A file dropped or pasted here is a mask, not one more input image. @param {Session} session */
function dropping(session) {
  const first = (/** @type {DataTransfer | null} */ data) => data?.files[0];
  const hold = (/** @type {DragEvent} */ event) => {
    event.preventDefault();
    event.stopPropagation();
  };
  return {
    onDragOver: hold,
    onDrop(/** @type {DragEvent} */ event) {
      hold(event);
      const file = first(event.dataTransfer);
      if (file) void openFile(session, file);
    },
    onPaste(/** @type {ClipboardEvent} */ event) {
      event.stopPropagation();
      const file = first(event.clipboardData);
      if (file) void openFile(session, file);
    },
  };
}
