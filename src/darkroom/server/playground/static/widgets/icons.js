// @ts-check
// Line icons of our own, 20 by 20, drawn with the text's colour.

import { html } from "../vendor/preact.js";

const PATHS = {
  alert: "M10 3.2 18 17H2ZM10 8v4M10 14.4v.2",
  auto: "M10 3a7 7 0 1 0 0 14ZM10 3a7 7 0 0 1 0 14",
  back: "m12 5-5 5 5 5",
  brush: "M16.500 3.500 9 11M7.500 10.500c-2.500 0-3 2-3 3.500s-1 2-1.500 2c1 .8 2.500 1 3.500 1 2.500 0 4-1.500 4-3.500 0-1.700-1.300-3-3-3Z",
  check: "m4 10.5 4 4 8-9",
  close: "m5 5 10 10M15 5 5 15",
  code: "m7 6-4 4 4 4M13 6l4 4-4 4",
  copy: "M7 7h9v9H7ZM4 13V4h9",
  down: "m5 8 5 5 5-5",
  download: "M10 3v9m-4-3.5 4 4 4-4M4 16.5h12",
  edit: "m4 16 .8-3.4L13.3 4 16 6.7 7.4 15.200ZM11.500 6l2.600 2.600",
  forward: "m8 5 5 5-5 5",
  image: "M3 4h14v12H3ZM3 13.500l4-4 4 4 2.500-2.500 3.500 3.500M13 7.500v.1",
  info: "M10 3a7 7 0 1 0 .01 0ZM10 9v5M10 6.400v.2",
  key: "M12.500 3.500a4 4 0 1 0 .01 0ZM9.600 10.400 3.500 16.500M5.500 14.500l2 2",
  leave: "M11.500 3.500H4v13h7.500M8 10h9M13.500 6.500 17 10l-3.500 3.500",
  link: "M8.500 11.500a3 3 0 0 0 4.300 0l2.700-2.700a3 3 0 0 0-4.300-4.300l-1 1M11.500 8.500a3 3 0 0 0-4.300 0l-2.700 2.700a3 3 0 0 0 4.300 4.300l1-1",
  list: "M4 5.500h12M4 10h12M4 14.500h12",
  moon: "M16 11.800A6.500 6.500 0 0 1 8.200 4 6.500 6.500 0 1 0 16 11.800Z",
  chart: "M3.500 16.500h13M6 13.500v-4M10 13.500V5M14 13.500V8",
  compare: "M10 3v14M3.500 5h4v10h-4ZM12.500 5h4v10h-4Z",
  grid: "M3.500 3.500h5v5h-5ZM11.500 3.500h5v5h-5ZM3.500 11.500h5v5h-5ZM11.500 11.500h5v5h-5Z",
  history: "M4 6.500A7 7 0 1 1 3 10M3.500 3.500v3.500H7M10 6.500V10l2.500 2",
  plug: "M7 3v4M13 3v4M5 7h10v2.500a5 5 0 0 1-10 0ZM10 14.500V17",
  plus: "M10 4v12M4 10h12",
  recipe: "M5 3h7l3.500 3.500V17H5ZM12 3v3.500h3.500M8 10h5M8 13h5",
  retry: "M15.500 8A6 6 0 1 0 16 11.500M15.500 4v4h-4",
  search: "M9 3.500a5.500 5.500 0 1 0 .01 0ZM13 13l4 4",
  stop: "M6 6h8v8H6Z",
  studio: "M3 5h14v9H3ZM7 17h6M10 14v3",
  sun: "M10 7a3 3 0 1 0 .01 0ZM10 2.500v1.500M10 16v1.500M2.500 10H4M16 10h1.500M4.700 4.700l1 1M14.300 14.300l1 1M15.300 4.700l-1 1M5.700 14.300l-1 1",
  sliders: "M3 6h8M15 6h2M3 14h2M9 14h8M13 4v4M7 12v4",
  trash: "M4 6h12M8 6V4h4v2M5.500 6l.8 10.500h7.400L14.500 6M8.500 9v5M11.500 9v5",
  swap: "M4 7h11m-3-3 3 3-3 3M16 13H5m3-3-3 3 3 3",
};

/** @param {{ name: keyof typeof PATHS }} props */
export function Icon({ name }) {
  return html`<svg class="icon" viewBox="0 0 20 20" aria-hidden="true"><path d=${PATHS[name]} /></svg>`;
}
