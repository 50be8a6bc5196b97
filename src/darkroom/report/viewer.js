// Enlarges the images of a report: click or Enter opens, arrows turn, Esc closes.
"use strict";
{
  const viewer = document.getElementById("viewer");
  const large = viewer.querySelector("img");
  const text = viewer.querySelector(".text");
  const file = viewer.querySelector("a");
  const frames = [...document.querySelectorAll(".frame")];
  let at = 0;

  const show = (index) => {
    at = (index + frames.length) % frames.length;
    const shown = frames[at].querySelector("img");
    large.src = shown.src;
    large.alt = shown.alt;
    const price = frames[at].closest(".card").querySelector(".price strong").textContent;
    text.textContent = `${frames[at].dataset.card} · ${shown.alt} · ${price}`;
    file.hidden = !frames[at].dataset.link;
    if (frames[at].dataset.link) file.href = frames[at].dataset.link;
    else file.removeAttribute("href");
  };

  frames.forEach((frame, index) => frame.addEventListener("click", () => {
    show(index);
    viewer.showModal();
  }));
  for (const turn of viewer.querySelectorAll(".turn")) {
    turn.hidden = frames.length < 2;
    turn.addEventListener("click", () => show(at + Number(turn.dataset.turn)));
  }
  viewer.querySelector(".close").addEventListener("click", () => viewer.close());
  viewer.addEventListener("click", (event) => {
    if (event.target === viewer || event.target.tagName === "FIGURE") viewer.close();
  });
  viewer.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    show(at + step);
  });
  viewer.addEventListener("close", () => frames[at].focus());
}
