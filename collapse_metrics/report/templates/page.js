"use strict";
// One film: a slider, a play button, one visible frame.
function startFilm(film) {
  const frames = [...film.querySelectorAll("[data-frame]")];
  const controls = film.querySelector(".controls");
  if (!controls) return;
  const slider = controls.querySelector("input");
  const button = controls.querySelector("[data-play]");
  let timer = null;

  function show(index) {
    frames.forEach((frame, k) => { frame.hidden = k !== index; });
    const { step, verdict } = frames[index].dataset;
    slider.value = String(index);
    slider.setAttribute("aria-valuetext", `step ${step}, ${verdict}`);
  }

  function stop() {
    clearInterval(timer);
    timer = null;
    button.textContent = "Play";
    button.setAttribute("aria-pressed", "false");
  }

  function play() {
    if (Number(slider.value) === frames.length - 1) show(0);
    button.textContent = "Pause";
    button.setAttribute("aria-pressed", "true");
    timer = setInterval(() => {
      const next = Number(slider.value) + 1;
      show(next);
      if (next === frames.length - 1) stop();
    }, 350);
  }

  slider.addEventListener("input", () => { stop(); show(Number(slider.value)); });
  button.addEventListener("click", () => { if (timer === null) play(); else stop(); });
  controls.hidden = false;
  show(frames.length - 1);
}

document.querySelectorAll("[data-film]").forEach(startFilm);

// What is folded away on the screen is part of the printed page.
const folded = [];
addEventListener("beforeprint", () => {
  document.querySelectorAll("details:not([open])").forEach((fold) => { fold.open = true; folded.push(fold); });
});
addEventListener("afterprint", () => { folded.splice(0).forEach((fold) => { fold.open = false; }); });

document.documentElement.dataset.ready = "yes";
