// Choosing the part of a picture that becomes the avatar, before anything is sent. The picture lies under a square
// window: drag it or click on what should be in the middle, zoom by slider, wheel or two fingers, or use the keys.

const form = document.querySelector("[data-avatar]");
const { avatar: file, x, y, size } = form.elements;
const choice = form.querySelector(".crop-choice");
const frame = choice.querySelector(".crop");
const zoom = choice.querySelector("input");
const picture = new Image();
const middle = { x: 0, y: 0 }; // of the window, in pixels of the picture
const fingers = new Map(); // where each pointer that is down was last
let moved = 0; // pixels since the first pointer came down: few are a click

const within = (value, least, most) => Math.min(Math.max(value, least), most);
const part = () => Math.min(picture.naturalWidth, picture.naturalHeight) / zoom.value;
const scale = () => frame.clientWidth / part();

// Keep the window on the picture, show it, and write down what it shows.
function show() {
  const half = part() / 2;
  middle.x = within(middle.x, half, picture.naturalWidth - half);
  middle.y = within(middle.y, half, picture.naturalHeight - half);
  picture.style.width = `${picture.naturalWidth * scale()}px`;
  picture.style.translate = `${(half - middle.x) * scale()}px ${(half - middle.y) * scale()}px`;
  size.value = Math.max(1, Math.floor(part()));
  x.value = within(Math.round(middle.x - half), 0, picture.naturalWidth - size.value);
  y.value = within(Math.round(middle.y - half), 0, picture.naturalHeight - size.value);
}

function move(across, down) {
  middle.x += across / scale();
  middle.y += down / scale();
  show();
}

function magnify(factor) {
  zoom.value = within(zoom.value * factor, zoom.min, zoom.max);
  show();
}

file.addEventListener("change", () => {
  const chosen = file.files[0];
  choice.hidden = true;
  x.value = y.value = size.value = "";
  file.setCustomValidity(chosen?.size > form.dataset.limit ? form.dataset.tooLarge : "");
  if (!chosen || !file.reportValidity()) return;
  const reader = new FileReader();
  reader.addEventListener("load", () => { picture.src = reader.result });
  reader.readAsDataURL(chosen); // the page's policy lets pictures come from data, not from blobs
});

// What the browser cannot show, the server judges by itself.
picture.addEventListener("load", () => {
  choice.hidden = false;
  zoom.value = 1;
  middle.x = picture.naturalWidth / 2;
  middle.y = picture.naturalHeight / 2;
  show();
});

frame.addEventListener("pointerdown", event => {
  frame.setPointerCapture(event.pointerId);
  if (!fingers.size) moved = 0;
  fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
});

frame.addEventListener("pointermove", event => {
  const before = fingers.get(event.pointerId);
  if (!before) return;
  const now = { x: event.clientX, y: event.clientY };
  const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
  if (other) {
    const far = (a, b) => Math.hypot(a.x - b.x, a.y - b.y) || 1;
    magnify(far(now, other) / far(before, other));
  }
  moved += Math.abs(now.x - before.x) + Math.abs(now.y - before.y);
  move((before.x - now.x) / fingers.size, (before.y - now.y) / fingers.size);
  fingers.set(event.pointerId, now);
});

frame.addEventListener("pointerup", event => {
  if (fingers.size === 1 && moved < 4) {
    const at = frame.getBoundingClientRect();
    move(event.clientX - at.left - at.width / 2, event.clientY - at.top - at.height / 2);
  }
});
frame.addEventListener("lostpointercapture", event => fingers.delete(event.pointerId));

frame.addEventListener("wheel", event => {
  event.preventDefault();
  magnify(1.1 ** -Math.sign(event.deltaY));
}, { passive: false });

frame.addEventListener("keydown", event => {
  const step = frame.clientWidth / 16;
  const act = {
    ArrowLeft: () => move(-step, 0), ArrowRight: () => move(step, 0),
    ArrowUp: () => move(0, -step), ArrowDown: () => move(0, step),
    "+": () => magnify(1.1), "=": () => magnify(1.1), "-": () => magnify(1 / 1.1),
  }[event.key];
  if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  act();
});

zoom.addEventListener("input", show);
addEventListener("resize", () => { if (!choice.hidden) show() });

picture.alt = "";
picture.draggable = false;
frame.append(picture);
