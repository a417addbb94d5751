// Light or dark: as the system has it, unless the user has chosen.

import { byId } from "./dom.js";

const KEPT = "groundwire.theme";

export function offerThemes() {
  const root = document.documentElement;
  const kept = sessionStorage.getItem(KEPT);
  if (kept === "light" || kept === "dark") root.dataset.theme = kept;
  const button = byId("theme-button");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const name = () => button.setAttribute("aria-label", isDark() ? "Use light colours" : "Use dark colours");
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    sessionStorage.setItem(KEPT, root.dataset.theme);
    name();
  });
  system.addEventListener("change", name);
  name();
}
